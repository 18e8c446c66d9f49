package application

import (
	"regexp"
	"strings"

	"omgevingsloket-id/pkg/term"
	"omgevingsloket-id/pkg/typed"
)

// SearchTerms returns the terms by which a search finds a submitted
// application: its reference, its address and the parts of it ("anna",
// "@example.com"), the words of the person's and the company's names and of
// the company's number.
func (a Application) SearchTerms() []string {
	reference := term.Whole(a.Reference)
	terms := append(term.Words(a.Reference), reference, term.Fold(a.Email))
	if bare, ok := strings.CutPrefix(reference, referencePrefix); ok {
		terms = append(terms, bare)
	}
	if at := strings.LastIndexByte(a.Email, '@'); at >= 0 {
		terms = append(append(terms, term.Words(a.Email[:at])...), term.Fold(a.Email[at:]))
	}
	texts := []string{a.Answers.GivenName, a.Answers.FamilyName}
	if o := a.Answers.Organization; o != nil {
		texts = append(texts, o.Name, o.RegistrationNumber)
		terms = append(terms, term.Whole(o.RegistrationNumber))
	}
	for _, text := range texts {
		terms = append(terms, term.Names(text)...)
	}
	return term.Set(terms)
}

// referencePrefix is the folded prefix of every reference.
const referencePrefix = "olid"

// TypedReference returns the reference in typed text, with its prefix also if that was
// not typed, or "" if the text cannot be one.
func TypedReference(text string) string {
	reference := typed.Reference(text)
	if len(reference) == len("XXXX-XXXX") {
		return strings.ToUpper(referencePrefix) + "-" + reference
	}
	return reference
}

// typedReference matches a reference in folded text.
var typedReference = regexp.MustCompile(`(?i)\b(OLID)[\s-]*([A-Z2-9]{4})[\s-]*([A-Z2-9]{4})\b`)

// mostWords is the most words of one search.
const mostWords = 8

// SearchWords returns the words to search for in typed text. An application
// matches if each word is a prefix of one of its terms; no words match
// nothing.
func SearchWords(text string) []string {
	return term.Typed(typedReference.ReplaceAllString(typed.Line(text), "$1$2$3"), mostWords)
}
