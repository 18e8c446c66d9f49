package helpdesk

import (
	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/term"
)

// Terms returns the terms by which a search finds an account: its address, and
// each word of its names and of its registration number.
func Terms(a account.Account) []string {
	terms := []string{term.Fold(a.Email)}
	texts := []string{a.Profile.GivenName, a.Profile.FamilyName}
	if o := a.Profile.Organization; o != nil {
		texts = append(texts, o.Name, o.RegistrationNumber)
		terms = append(terms, term.Whole(o.RegistrationNumber))
	}
	for _, text := range texts {
		terms = append(terms, term.Names(text)...)
	}
	return term.Set(terms)
}

// mostWords is the most words of one search.
const mostWords = 6

// SearchWords returns the words to search for in typed text.
func SearchWords(text string) []string { return term.Typed(text, mostWords) }
