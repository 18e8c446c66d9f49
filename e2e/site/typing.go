package site

import "strings"

// Typing is a way to type or paste a text that reads the same (Y1–Y6).
type Typing struct {
	Name string
	Of   func(text string) string
}

// Typings returns one of each kind.
func Typings() []Typing {
	between := func(sign string) func(string) string {
		return func(s string) string { return sign + strings.Join(strings.Split(s, ""), sign) + sign }
	}
	around := func(before, after string) func(string) string {
		return func(s string) string { return before + s + after }
	}
	return []Typing{
		{"full-width", func(s string) string {
			return strings.Map(func(r rune) rune {
				switch {
				case r == ' ':
					return '\u3000'
				case '!' <= r && r <= '~':
					return r - '!' + '！'
				}
				return r
			}, s)
		}},
		{"Arabic digits", digitsFrom('٠')}, {"Persian digits", digitsFrom('۰')}, {"Devanagari digits", digitsFrom('०')}, {"mathematical digits", digitsFrom('𝟘')},
		{"from a telephone book", around("\u202a", "\u202c")}, {"from a phone", around("\u202d", "\u202c")}, {"isolated", around("\u2068", "\u2069")},
		{"right to left", around("\u200f", "\u200f\u061c")}, {"byte order mark", around("\ufeff", "")}, {"pasted with a line break", around("\t", "\r\n")},
		{"zero-width spaces", between("\u200b")}, {"word joiners", between("\u2060")}, {"soft hyphens", between("\u00ad")}, {"controls", between("\x1f")}, {"variations", between("\ufe0f")},
		{"no-break spaces", func(s string) string { return strings.NewReplacer(" ", "\u00a0").Replace("\u202f" + s + "\u2009") }},
		{"en dashes", func(s string) string { return strings.ReplaceAll(s, "-", "\u2013") }}, {"minus signs", func(s string) string { return strings.ReplaceAll(s, "-", "\u2212") }},
		{"no-break hyphens", func(s string) string { return strings.ReplaceAll(s, "-", "\u2011") }},
	}
}

// digitsFrom returns a function that writes digits in the script with this zero.
func digitsFrom(zero rune) func(string) string {
	return func(s string) string {
		return strings.Map(func(r rune) rune {
			if '0' <= r && r <= '9' {
				return zero + r - '0'
			}
			return r
		}, s)
	}
}
