// Package typed folds what people type: with a keyboard of another script, by
// pasting from a telephone book, a PDF or a spreadsheet. Two texts that read the
// same are the same text once they are folded.
//
//	form field ─► Text ─► rule of the field ─► Line, Digits, Code, Reference
//
// Folding is: compatibility normalization (NFKC), the digits of every script as 0
// to 9, every dash as "-", every space as " ", without characters that cannot be
// seen. Passwords are not folded (package password).
package typed

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// reversal makes the text after it read backwards. Without it, the text differs from
// what its writer saw, so it is not removed: every rule refuses it.
const reversal = '\u202e'

// Text returns text folded, with its line breaks as "\n" and without spaces at the
// ends of lines and around the whole. It is at most MostGrowth times as long.
func Text(s string) string {
	if !plain(s) {
		s = visible(compatible(strings.ToValidUTF8(s, "\ufffd")))
	}
	lines := strings.Split(s, "\n")
	for i, line := range lines {
		lines[i] = strings.TrimRight(line, " ")
	}
	return strings.Trim(strings.Join(lines, "\n"), " \n")
}

// MostGrowth is the most bytes of folded text for each typed byte: U+FDFA, of
// three bytes, is four words. A limit on the length of a field is applied after
// folding.
const MostGrowth = 12

// Line returns text folded, on one line with single spaces.
func Line(s string) string { return strings.Join(strings.Fields(Text(s)), " ") }

// plain reports whether folding changes no character of s.
func plain(s string) bool {
	for i := range len(s) {
		if (s[i] < ' ' || s[i] > '~') && s[i] != '\n' {
			return false
		}
	}
	return true
}

// compatible returns NFKC of s, with two exceptions. An accent on its own, such as
// the "´" that people type for an apostrophe, stays; NFKC makes it a space and a
// mark on that. And a number in one character, such as ½ or ², stays apart from
// the digits beside it: 5½ is no 51/2.
func compatible(s string) string {
	var out, run strings.Builder
	flush := func() {
		out.WriteString(norm.NFKC.String(run.String()))
		run.Reset()
	}
	digit, number := false, false // the previous character is one
	for _, r := range norm.NFC.String(s) {
		compat := string(norm.NFKC.PropertiesString(string(r)).Decomposition())
		if len(compat) > 1 && compat[0] == ' ' {
			flush()
			out.WriteRune(r)
			digit, number = false, false
			continue
		}
		isNumber := unicode.Is(unicode.No, r) && compat != "" && strings.ContainsAny(compat, "0123456789")
		isDigit := unicode.Is(unicode.Nd, r)
		if isNumber && (digit || number) || isDigit && number {
			run.WriteByte(' ')
		}
		run.WriteRune(r)
		digit, number = isDigit, isNumber
	}
	flush()
	return out.String()
}

// visible returns s with each character as its plainest look-alike, without those
// that cannot be seen.
func visible(s string) string {
	kept := make([]rune, 0, len(s))
	var last rune
	for _, r := range strings.ReplaceAll(s, "\r\n", "\n") {
		switch {
		case joins(r):
		case invisible(r):
			continue
		default:
			r = plainest(r, last)
		}
		kept = append(kept, r)
		last = r
	}
	var b strings.Builder
	last = 0
	for i, r := range kept {
		if joins(r) && !joined(last, kept[i+1:]) {
			continue
		}
		b.WriteRune(r)
		last = r
	}
	return norm.NFC.String(b.String()) // an accent may follow its letter only now
}

// plainest returns the look-alike of r, which follows last.
func plainest(r, last rune) rune {
	switch {
	case unicode.Is(unicode.Nd, r):
		return '0' + digit(r)
	case r == '\n' || r == '\r' || r == '\v' || r == '\f' || r == '\u0085' || unicode.In(r, unicode.Zl, unicode.Zp):
		return '\n'
	case unicode.IsSpace(r) || r == '\u2800': // an empty pattern of braille
		return ' '
	case dash(r, last):
		return '-'
	case r == '\u2044' || r == '\u2215': // slashes of fractions
		return '/'
	case r == '\u2795': // a heavy plus sign
		return '+'
	}
	return r
}

// dash reports whether r, which follows last, is read as a dash: also a minus, a
// hyphen bullet, a drawn line, and the Japanese sign for a long vowel where there
// is no vowel, as in telephone numbers.
func dash(r, last rune) bool {
	switch r {
	case '\u02d7', '\u2043', '\u2500', '\u2501', '\u2796':
		return true
	case '\u30fc':
		return !unicode.IsLetter(last)
	}
	return unicode.In(r, unicode.Pd, unicode.Dash)
}

// invisible reports whether r has no look of its own: controls, format characters,
// variation selectors, fillers and the place of a picture.
func invisible(r rune) bool {
	switch {
	case r == reversal || unicode.IsSpace(r):
		return false
	case r == '\ufffc':
		return true
	}
	return unicode.In(r, unicode.Cc, unicode.Cf, unicode.Variation_Selector, unicode.Other_Default_Ignorable_Code_Point)
}

// joins reports whether r is a joiner or a non-joiner, which some scripts need
// between letters.
func joins(r rune) bool { return r == '\u200c' || r == '\u200d' }

// apart are the scripts whose letters do not change beside others.
var apart = []*unicode.RangeTable{
	unicode.Latin, unicode.Greek, unicode.Cyrillic, unicode.Armenian, unicode.Georgian, unicode.Hebrew,
	unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Hangul, unicode.Bopomofo, unicode.Ethiopic, unicode.Cherokee,
}

// joined reports whether a joiner after last and before rest can be seen: after a
// virama, and between letters of a script whose letters join, as in Persian names.
func joined(last rune, rest []rune) bool {
	if joins(last) || last == 0 {
		return false
	}
	if norm.NFC.PropertiesString(string(last)).CCC() == 9 { // a virama
		return true
	}
	for _, next := range rest {
		if !joins(next) {
			return letter(last) && letter(next)
		}
	}
	return false
}

func letter(r rune) bool {
	return (unicode.IsLetter(r) || unicode.IsMark(r)) && !unicode.In(r, apart...)
}

// digit returns the value of a decimal digit. Each script has its ten digits in a
// row (The Unicode Standard, §4.6).
func digit(r rune) rune {
	for _, row := range unicode.Nd.R16 {
		if rune(row.Lo) <= r && r <= rune(row.Hi) {
			return (r - rune(row.Lo)) % 10
		}
	}
	for _, row := range unicode.Nd.R32 {
		if rune(row.Lo) <= r && r <= rune(row.Hi) {
			return (r - rune(row.Lo)) % 10
		}
	}
	return 0
}

// Digits returns typed digits without what divides them (Divides). It returns "" if
// s has anything else.
func Digits(s string) string {
	var b strings.Builder
	for _, r := range Line(s) {
		switch {
		case '0' <= r && r <= '9':
			b.WriteRune(r)
		case !Divides(r):
			return ""
		}
	}
	return b.String()
}

// Divides reports whether r, of folded text, is what people put between and around
// digits: spaces, dashes, brackets, quotes, full stops, key caps and the like.
func Divides(r rune) bool {
	return strings.ContainsRune(" .,:;'\"·•・", r) || unicode.In(r, unicode.Pd, unicode.Ps, unicode.Pe, unicode.Pi, unicode.Pf, unicode.Pc, unicode.Me)
}

// Code returns typed text as a code of n digits, or "" if it cannot be one.
func Code(s string, n int) string {
	if code := Digits(s); len(code) == n {
		return code
	}
	return ""
}

// group is the number of characters in each group of a reference.
const group = 4

// Reference returns a typed reference number, such as "K7QD-2MXA": capitals and
// digits in groups of four. It returns "" if s cannot be one.
func Reference(s string) string {
	var b strings.Builder
	n := 0
	for _, r := range Line(s) {
		r = unicode.ToUpper(r)
		switch {
		case 'A' <= r && r <= 'Z' || '0' <= r && r <= '9':
			if n > 0 && n%group == 0 {
				b.WriteByte('-')
			}
			b.WriteRune(r)
			n++
		case !Divides(r):
			return ""
		}
	}
	if n == 0 || n%group != 0 || n > longestReference {
		return ""
	}
	return b.String()
}

const longestReference = 32

// Unreadable reports whether a character of a folded text cannot be read. The joiners,
// which some languages need, are kept by folding only where they are seen.
func Unreadable(r rune) bool {
	joiner := r == '\u200c' || r == '\u200d'
	return r == utf8.RuneError || !unicode.IsGraphic(r) && !joiner || unicode.In(r, unicode.Co)
}
