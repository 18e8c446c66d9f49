// Package term owns how people and companies are found by what somebody
// types: a thing is found by its terms, a search is a row of words, and each
// word has to begin a term. Both are in one spelling (Fold), so that nobody
// has to know the accents, the capitals or the order of a name.
package term

import (
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// longest bounds one term and one word, in bytes.
const longest = 64

// Fold writes a text the way it is compared: small letters without accents.
func Fold(s string) string {
	var b strings.Builder
	for _, r := range strings.ToLower(norm.NFKD.String(strings.ToValidUTF8(s, ""))) {
		switch {
		case unicode.Is(unicode.Mn, r) || r == 0:
		case r == 'ß':
			b.WriteString("ss")
		case r == 'ø':
			b.WriteByte('o')
		case r == 'ł':
			b.WriteByte('l')
		case r == 'ı':
			b.WriteByte('i')
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// Words gives the words of a text: what is between everything that is
// neither letter nor digit.
func Words(s string) []string {
	return strings.FieldsFunc(Fold(s), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
}

// Whole gives a text as one word.
func Whole(s string) string { return strings.Join(Words(s), "") }

// Names gives the words of a name, and those that a hyphen, a point or an
// apostrophe divides also as one: "O'Brien" is o, brien and obrien.
func Names(s string) []string {
	var out []string
	for part := range strings.FieldsSeq(s) {
		out = append(append(out, Words(part)...), Whole(part))
	}
	return out
}

// Typed gives the words of what somebody typed, most at most. An address
// stays in one piece.
func Typed(s string, most int) []string {
	var out []string
	for part := range strings.FieldsSeq(s) {
		if strings.Contains(part, "@") {
			out = append(out, Fold(strings.Trim(part, `<>()"',;`)))
		} else {
			out = append(out, Words(part)...)
		}
	}
	out = short(out)
	return out[:min(len(out), most)]
}

// Set makes a set of terms: sorted, none twice, none too long, none empty.
func Set(terms []string) []string {
	terms = short(terms)
	slices.Sort(terms)
	return slices.Compact(terms)
}

func short(terms []string) []string {
	for i := range terms {
		terms[i] = strings.ToValidUTF8(terms[i][:min(len(terms[i]), longest)], "")
	}
	return slices.DeleteFunc(terms, func(t string) bool { return t == "" })
}
