// Package password owns what a password is here: which ones may be chosen
// (Policy), how they are turned into something that may be stored and compared
// (Hasher), and how many of those expensive computations may run at once.
//
// A password is the whole text as typed, in Unicode normalisation form NFKC:
// never trimmed, never cut off, so that the same text typed on another keyboard
// logs in and a difference at the last character does not. Nothing here depends
// on which characters it is made of, on its age, or on a hint (NIST SP 800-63B-4
// §3.1.1.2).
package password

import (
	"strings"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

const (
	// MinLength is the least length of a new password, in code points after
	// normalisation.
	MinLength = 12
	// MaxLength is the greatest, counted alike.
	MaxLength = 256

	// MaxBytes is the most that is looked at, in bytes as received: MaxLength
	// code points of four bytes. It is compared before anything else is done.
	MaxBytes = 1024
)

// Problem is one reason why a password cannot be chosen. Its value is a stable
// name, fit for a message key. It is an error, so that Hash can return it.
type Problem string

const (
	// TooShort means fewer code points than the policy's minimum.
	TooShort Problem = "too_short"
	// TooLong means more than MaxLength code points or MaxBytes bytes.
	TooLong Problem = "too_long"
	// Common means known or built from one or two much-used words, also when written
	// with digits for letters or with a year behind it.
	Common Problem = "common"
	// AboutYou means built from the user's own address, name or organisation, or from
	// the name of this service.
	AboutYou Problem = "about_you"
	// Repetitive means the same few characters, or the same short piece, over and over.
	Repetitive Problem = "repetitive"
	// Sequence means mostly steps along the alphabet, the digits or a keyboard row.
	Sequence Problem = "sequence"
	// NotText means invalid UTF-8, or a NUL byte.
	NotText Problem = "not_text"
)

// Error names the problem and nothing of the password.
func (p Problem) Error() string { return "password: " + string(p) }

// normalise gives the form in which a password is counted and hashed. The error
// is TooLong or NotText. NFKC may lengthen a text (at most elevenfold), which is
// why the bytes are capped before it.
func normalise(typed string) (string, error) {
	if len(typed) > MaxBytes {
		return "", TooLong
	}
	if !utf8.ValidString(typed) || strings.IndexByte(typed, 0) >= 0 {
		return "", NotText
	}
	return norm.NFKC.String(typed), nil
}
