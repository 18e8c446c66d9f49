package intake

import (
	"time"

	"omgevingsloket-id/pkg/application"
	"omgevingsloket-id/pkg/errs"
)

// The functions below judge changes of an application before its submission.
// stored is the row in the store, a the application as the applicant changed
// it. Each returns the application after the change, or errs.ErrConflict when
// the change is not possible. Submission is application.Application.Submit.

// Renew replaces the code of a draft, CodesPerDraft times at most.
func Renew(stored application.Application, codeHash string, expires time.Time) (application.Application, error) {
	if stored.State != application.Draft || stored.CodesSent >= CodesPerDraft {
		return application.Application{}, errs.ErrConflict
	}
	stored.CodeHash, stored.CodeExpires, stored.CodeFailures = codeHash, expires, 0
	stored.CodesSent++
	return stored, nil
}

// Unmailed is the CodeHash of a draft whose mail is not sent: the latest code of its
// mailbox is the right one. It is the hash of no code.
const Unmailed = "unmailed"

// Waits returns a draft for which a new mail was asked too early. It differs from
// Renew only in the code, which stays; an expired one becomes Unmailed. So an
// applicant cannot see whether others have mails sent to the address.
func Waits(stored application.Application, expires, now time.Time) (application.Application, error) {
	code := stored.CodeHash
	if !now.Before(stored.CodeExpires) {
		code = Unmailed
	}
	return Renew(stored, code, expires)
}

// Confirm judges a mailed code, with the try already counted. CodeRight
// confirms the address and uses up the code.
func Confirm(stored application.Application, codeHash string, now time.Time) (application.Application, CodeVerdict, error) {
	if stored.State != application.Draft || !stored.Open(now) {
		return application.Application{}, "", errs.ErrConflict
	}
	verdict := JudgeCode(stored, codeHash, now)
	if verdict == CodeRight {
		stored.State, stored.CodeHash = application.EmailConfirmed, ""
	}
	return stored, verdict, nil
}

// Answer stores the answers and the password hash in a confirmed application,
// if its version is still a.Version.
func Answer(stored, a application.Application) (application.Application, error) {
	if stored.State != application.EmailConfirmed || stored.Version != a.Version {
		return application.Application{}, errs.ErrConflict
	}
	stored.Answers, stored.PasswordHash = a.Answers, a.PasswordHash
	stored.Version++
	return stored, nil
}

// Attach raises the version of a confirmed application for a new document.
func Attach(stored application.Application, now time.Time) (application.Application, error) {
	if stored.State != application.EmailConfirmed || !stored.Open(now) {
		return application.Application{}, errs.ErrConflict
	}
	stored.Version++
	return stored, nil
}
