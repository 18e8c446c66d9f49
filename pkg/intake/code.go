package intake

import (
	"time"

	"omgevingsloket-id/pkg/application"
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

// JudgeCode judges a mailed code, with the try already counted.
func JudgeCode(a application.Application, codeHash string, now time.Time) CodeVerdict {
	switch {
	case a.CodeFailures > CodeTries:
		return CodeSpent
	case !now.Before(a.CodeExpires):
		return CodeExpired
	case a.Taken || a.CodeHash == "" || !secret.Text(a.CodeHash).Equal(codeHash):
		return CodeWrong
	}
	return CodeRight
}
