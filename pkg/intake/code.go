package intake

import (
	"strings"
	"time"

	"omgevingsloket-id/pkg/application"
	"omgevingsloket-id/pkg/limit"
	"omgevingsloket-id/pkg/secret"
)

const (
	// DraftLifetime is how long an application can be worked on.
	DraftLifetime = 72 * time.Hour
	// CodeLifetime is how long a mailed code is valid.
	CodeLifetime = time.Hour
	// CodeTries is the most tries of one mailed code.
	CodeTries = 5
	// CodesPerDraft is the most mails with a code for one draft.
	CodesPerDraft = 5
)

// CodeVerdict is the verdict on a mailed code.
type CodeVerdict string

// The verdicts.
const (
	CodeRight   CodeVerdict = "right"
	CodeWrong   CodeVerdict = "wrong"
	CodeExpired CodeVerdict = "expired"
	CodeSpent   CodeVerdict = "spent" // too many tries: the applicant needs a new mail
)

// Hashes returns the two hashes of a typed code as one text: as the code of this
// application, and as the latest code of its mailbox.
func Hashes(own, mailbox string) string { return own + "." + mailbox }

// Comparable reports whether a code typed in the draft, with the try already counted,
// is compared with any code.
func Comparable(a application.Application, now time.Time) bool {
	return a.CodeFailures <= CodeTries && now.Before(a.CodeExpires)
}

// JudgeCode judges a mailed code, with the try already counted. codeHash is its
// own hash, or both Hashes of it. The latest code that was mailed to the address is
// right too, for limit.MailboxTries tries: if it was asked for in another browser, it
// may have been too early to mail a code of this application.
func JudgeCode(a application.Application, codeHash string, now time.Time) CodeVerdict {
	own, mailbox, _ := strings.Cut(codeHash, ".")
	switch {
	case a.CodeFailures > CodeTries:
		return CodeSpent
	case !now.Before(a.CodeExpires):
		return CodeExpired
	case a.Taken || a.CodeHash == "":
		return CodeWrong
	case a.MailboxCode != "" && a.MailboxTries <= limit.MailboxTries && secret.Text(a.MailboxCode).Equal(mailbox):
		return CodeRight
	case !secret.Text(a.CodeHash).Equal(own):
		return CodeWrong
	}
	return CodeRight
}
