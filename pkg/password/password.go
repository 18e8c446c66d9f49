// Package password defines which passwords may be chosen (Policy), and how
// they are hashed and compared, with a limit on concurrent computations
// (Hasher).
//
// A password is the whole text as typed, in Unicode normalization form NFKC,
// never trimmed or truncated. Nothing here depends on the kinds of characters,
// the age of the password, or a hint (NIST SP 800-63B-4 §3.1.1.2).
package password

import (
	"strings"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

const (
	// MinLength is the least length of a new password, in code points after
	// normalization.
	MinLength = 12
	// MaxLength is the greatest length, counted in the same way.
	MaxLength = 256

	// MaxBytes is the greatest length in bytes as received: MaxLength code
	// points of four bytes. It is checked before anything else.
	MaxBytes = 1024
)

// Problem is a reason why a password cannot be chosen. Its value is stable and
// can be part of a text key. It is an error, so that Hash can return it.
type Problem string

const (
	// TooShort means fewer code points than the policy's minimum.
	TooShort Problem = "too_short"
	// TooLong means more than MaxLength code points or MaxBytes bytes.
	TooLong Problem = "too_long"
	// Common means a word of the lists or built from one or two of them, also
	// with digits for letters or with a year after it.
	Common Problem = "common"
	// AboutYou means built from the user's own address, name or organization,
	// or from the name of this service.
	AboutYou Problem = "about_you"
	// Repetitive means the same few characters, or the same short piece, again
	// and again.
	Repetitive Problem = "repetitive"
	// Sequence means mostly steps along the alphabet, the digits or a keyboard row.
	Sequence Problem = "sequence"
	// WasLeaked means that it is on the operator's list of leaked passwords.
	WasLeaked Problem = "leaked"
	// NotText means invalid UTF-8, or a NUL byte.
	NotText Problem = "not_text"
)

// Error returns the name of the problem, without the password.
func (p Problem) Error() string { return "password: " + string(p) }

// normalise returns the form in which a password is counted and hashed, or
// TooLong or NotText. NFKC may lengthen a text up to elevenfold, so the bytes
// are limited before it.
func normalise(typed string) (string, error) {
	if len(typed) > MaxBytes {
		return "", TooLong
	}
	if !utf8.ValidString(typed) || strings.IndexByte(typed, 0) >= 0 {
		return "", NotText
	}
	return norm.NFKC.String(typed), nil
}
