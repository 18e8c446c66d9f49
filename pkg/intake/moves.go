package intake

import (
	"time"

	"omgevingsloket-id/pkg/application"
	"omgevingsloket-id/pkg/errs"
)

// The functions below judge what happens to an application before it is sent.
// stored is the application as it is kept, a what the applicant works on. Each
// returns the application as it is afterwards, or errs.ErrConflict when that is
// not possible now. Sending it is application.Application.Submit.

// Renew puts another code into a draft, CodesPerDraft times at most.
func Renew(stored application.Application, codeHash string, expires time.Time) (application.Application, error) {
	if stored.State != application.Draft || stored.CodesSent >= CodesPerDraft {
		return application.Application{}, errs.ErrConflict
	}
	stored.CodeHash, stored.CodeExpires, stored.CodeFailures = codeHash, expires, 0
	stored.CodesSent++
	return stored, nil
}

// Confirm judges a code from the mail, with the try already counted: CodeRight
// makes the address confirmed and spends the code.
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

// Answer keeps the answers and the password of a confirmed application of the
// version that the applicant saw.
func Answer(stored, a application.Application) (application.Application, error) {
	if stored.State != application.EmailConfirmed || stored.Version != a.Version {
		return application.Application{}, errs.ErrConflict
	}
	stored.Answers, stored.PasswordHash = a.Answers, a.PasswordHash
	stored.Version++
	return stored, nil
}

// Attach makes room for a document in a confirmed application.
func Attach(stored application.Application, now time.Time) (application.Application, error) {
	if stored.State != application.EmailConfirmed || !stored.Open(now) {
		return application.Application{}, errs.ErrConflict
	}
	stored.Version++
	return stored, nil
}
