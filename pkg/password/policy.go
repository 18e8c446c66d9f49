package password

import (
	"errors"
	"unicode/utf8"
)

// Policy decides which passwords may be chosen. The zero Policy is
// recommended. It requires a length and refuses what is easy to guess as a
// whole; it has no rules on kinds of characters.
type Policy struct {
	// MinLength in code points; 0 means the constant MinLength. Less than
	// eight counts as eight (NIST SP 800-63B-4 §3.1.1.2).
	MinLength int
	// Extra, if not nil, is the operator's own list: true refuses the password
	// as Common. It is called with the password in NFKC as typed (which
	// filters of leaked passwords contain) and with simpler forms: in lower
	// case without accents, without the digits and signs around it, with
	// letters for digits, and one piece of a repetition.
	Extra func(candidate string) bool
	// Leaks, if not nil, has the passwords that are known from elsewhere.
	Leaks *Leaks
}

// Leaked reports whether a password is known from elsewhere, for a password that
// is in use already. Check refuses it as WasLeaked. Without a list, and when the
// list cannot be read, it is false.
func (p Policy) Leaked(password string) bool {
	return p.Leaks != nil && p.Leaks.Has(password)
}

// Context holds the user's own words; a password made of them alone is
// AboutYou. Fields may be empty. At most 256 bytes of each are used.
type Context struct {
	Email        string
	GivenName    string
	FamilyName   string
	Organisation string
}

const leastLength = 8

// Check returns every reason why password cannot be chosen; nil if it can. Its
// work is linear in the length of the password, and at most MaxBytes are read.
func (p Policy) Check(password string, about Context) []Problem {
	text, err := normalise(password)
	if problem, refused := errors.AsType[Problem](err); refused {
		return []Problem{problem}
	}
	length := utf8.RuneCountInString(text)
	if length > MaxLength {
		return []Problem{TooLong}
	}
	var problems []Problem
	if length < p.Least() {
		problems = append(problems, TooShort)
	}
	folded := fold(text)
	hit := look(folded, about.words())
	if hit.common || p.extra(text, folded) {
		problems = append(problems, Common)
	} else if p.Leaked(text) {
		problems = append(problems, WasLeaked)
	}
	if hit.aboutYou {
		problems = append(problems, AboutYou)
	}
	if pattern := monotony(folded); pattern != "" {
		problems = append(problems, pattern)
	}
	return problems
}

// Least returns the fewest code points of a password.
func (p Policy) Least() int {
	if p.MinLength == 0 {
		return MinLength
	}
	return max(p.MinLength, leastLength)
}

// extra reports whether the operator's list refuses the password. The number
// of calls does not depend on the password.
func (p Policy) extra(text string, folded []rune) bool {
	if p.Extra == nil {
		return false
	}
	core := trim(folded)
	candidates := []string{text, string(folded), string(core), spell(core, 'i'), spell(core, 'l')}
	for _, whole := range [][]rune{folded, core} {
		unit := whole[:period(whole)]
		candidates = append(candidates, string(unit), string(trim(unit)))
	}
	for _, c := range candidates {
		if c != "" && p.Extra(c) {
			return true
		}
	}
	return false
}
