package helpdesk

import (
	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/term"
)

// Terms are what an account is found by: its address as a whole, and each
// word of its names and of its registration number.
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

// mostWords bounds the work of one search.
const mostWords = 6

// SearchWords makes the words that a store looks for of what was typed.
func SearchWords(typed string) []string { return term.Typed(typed, mostWords) }
