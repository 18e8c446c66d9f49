// Package term defines how searches find people and companies. Each has terms;
// a search has words, each of which has to be a prefix of a term. Both are
// folded (Fold), so that accents, capitals and the order of names do not
// matter.
package term

import (
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"omgevingsloket-id/pkg/typed"
)

// longest is the longest term or word, in bytes.
const longest = 64

// Fold returns a text as it is compared: in lower case without accents.
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

// Words returns the words of a text, folded: its runs of letters and digits.
func Words(s string) []string {
	return strings.FieldsFunc(Fold(s), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
}

// Whole returns the words of a text joined into one.
func Whole(s string) string { return strings.Join(Words(s), "") }

// Names returns the words of a name. Those that a hyphen, a full stop or an
// apostrophe divides are also returned joined: "O'Brien" is o, brien and
// obrien.
func Names(s string) []string {
	var out []string
	for part := range strings.FieldsSeq(s) {
		out = append(append(out, Words(part)...), Whole(part))
	}
	return out
}

// Typed returns at most most words of typed text. An e-mail address is one
// word.
func Typed(s string, most int) []string {
	var out []string
	for part := range strings.FieldsSeq(typed.Line(s)) {
		if strings.Contains(part, "@") {
			out = append(out, Fold(strings.Trim(part, `<>()"',;`)))
		} else {
			out = append(out, Words(part)...)
		}
	}
	out = short(out)
	return out[:min(len(out), most)]
}

// Set returns the terms sorted, shortened to the longest length, without
// duplicates and empty ones. It modifies its argument.
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
