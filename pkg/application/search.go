package application

import (
	"regexp"
	"strings"

	"omgevingsloket-id/pkg/term"
)

// SearchTerms are what a sent application is found by: its reference, its
// address and the parts of it ("anna", "@example.com"), the words of the
// person's and the company's names and of the company's number.
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

// referencePrefix is what every reference begins with.
const referencePrefix = "olid"

// typedReference is a reference as people write it.
var typedReference = regexp.MustCompile(`(?i)\b(OLID)[\s–—-]*([A-Z2-9]{4})[\s–—-]*([A-Z2-9]{4})\b`)

// mostWords bounds the work of one search.
const mostWords = 8

// SearchWords gives the words that a store looks for of what was typed: all
// of them have to begin a term. None means that nothing can be found.
func SearchWords(typed string) []string {
	return term.Typed(typedReference.ReplaceAllString(typed, "$1$2$3"), mostWords)
}
