package helpdesk

import (
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"omgevingsloket-id/pkg/account"
)

// longestTerm bounds one term, in bytes.
const longestTerm = 64

// Fold writes a text the way it is compared: small letters without accents.
func Fold(s string) string {
	var b strings.Builder
	for _, r := range norm.NFKD.String(strings.ToLower(strings.ToValidUTF8(s, ""))) {
		switch {
		case unicode.Is(unicode.Mn, r) || r == 0:
		case r == 'ß':
			b.WriteString("ss")
		case r == 'ø':
			b.WriteByte('o')
		case r == 'ł':
			b.WriteByte('l')
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// Terms are what an account is found by: its address as a whole, and each
// word of its names and of its registration number, folded.
func Terms(a account.Account) []string {
	terms := []string{Fold(a.Email)}
	texts := []string{a.Profile.GivenName, a.Profile.FamilyName}
	if o := a.Profile.Organization; o != nil {
		texts = append(texts, o.Name, o.RegistrationNumber)
		terms = append(terms, strings.Join(words(o.RegistrationNumber), ""))
	}
	for _, text := range texts {
		terms = append(terms, words(text)...)
	}
	for i := range terms {
		terms[i] = strings.ToValidUTF8(terms[i][:min(len(terms[i]), longestTerm)], "")
	}
	slices.Sort(terms)
	return slices.DeleteFunc(slices.Compact(terms), func(t string) bool { return t == "" })
}

// mostWords bounds the work of one search.
const mostWords = 6

// SearchWords makes the words that a store looks for of what was typed.
func SearchWords(typed string) []string {
	var out []string
	for part := range strings.FieldsSeq(typed) {
		if strings.Contains(part, "@") {
			out = append(out, Fold(part))
		} else {
			out = append(out, words(part)...)
		}
	}
	for i := range out {
		out[i] = strings.ToValidUTF8(out[i][:min(len(out[i]), longestTerm)], "")
	}
	return out[:min(len(out), mostWords)]
}

func words(s string) []string {
	return strings.FieldsFunc(Fold(s), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
}
