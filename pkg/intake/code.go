package intake

import (
	"time"

	"omgevingsloket-id/pkg/application"
	"omgevingsloket-id/pkg/secret"
)

const (
	// DraftLifetime is how long a draft waits for its applicant.
	DraftLifetime = 72 * time.Hour
	// CodeLifetime is how long the code in the mail is right.
	CodeLifetime = time.Hour
	// CodeTries is how many wrong codes a mail's code survives.
	CodeTries = 5
	// CodesPerDraft is how many mails with a code one draft may ask for.
	CodesPerDraft = 5
)

// CodeVerdict is what the rule says of one mailed code.
type CodeVerdict string

// The verdicts.
const (
	CodeRight   CodeVerdict = "right"
	CodeWrong   CodeVerdict = "wrong"
	CodeExpired CodeVerdict = "expired"
	CodeSpent   CodeVerdict = "spent" // too many wrong ones: ask for a new mail
)

// JudgeCode decides on a mailed code, with the try already counted.
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
