package application

import (
	"slices"
	"strings"
	"testing"

	"omgevingsloket-id/pkg/account"
)

func TestSearchTerms(t *testing.T) {
	t.Parallel()
	person := func(email, given, family string) Application {
		return Application{Reference: "OLID-AB2C-D3EF", Email: email, Answers: Answers{Profile: account.Profile{
			GivenName: given, FamilyName: family, Birthdate: "1980-02-03", Phone: "030 123456", Address: account.Address{Line1: "Hauptstraße 12"},
		}}}
	}
	company := person("zoe@example.org", "Zoë", "Bau")
	company.Answers.Organization = &account.Organization{Name: "Bau-Haus GmbH", Register: "Firmenbuch", RegistrationNumber: "FN 123 a", Role: "director"}
	reference := []string{"ab2c", "ab2cd3ef", "d3ef", "olid", "olidab2cd3ef"}
	for _, test := range []struct {
		name string
		a    Application
		want []string // besides the reference
	}{
		{"a person", person("anna.m@example.com", "Anna", "O'Brien"), []string{"@example.com", "anna", "anna.m@example.com", "brien", "m", "o", "obrien"}},
		{"two at signs", person(`"a@b"@example.com`, "A", "B"), []string{`"a@b"@example.com`, "@example.com", "a", "b"}},
		{"no address", person("", "Anna", "Muster"), []string{"anna", "muster"}},
		{"a company", company, []string{"123", "@example.org", "a", "bau", "bauhaus", "fn", "fn123a", "gmbh", "haus", "zoe", "zoe@example.org"}},
	} {
		want := slices.Sorted(slices.Values(slices.Concat(reference, test.want)))
		if got := test.a.SearchTerms(); !slices.Equal(got, want) {
			t.Errorf("SearchTerms(%s) = %q, want %q", test.name, got, want)
		}
	}
}

func TestSearchWords(t *testing.T) {
	t.Parallel()
	for typed, want := range map[string][]string{
		"":                        nil,
		" ,;- ":                   nil,
		"Zoë Bau":                 {"zoe", "bau"},
		"OLID-AB2C-D3EF":          {"olidab2cd3ef"},
		"olid ab2c d3ef":          {"olidab2cd3ef"},
		"OLID – AB2C — D3EF":      {"olidab2cd3ef"},
		"OLIDAB2CD3EF":            {"olidab2cd3ef"},
		"case OLID-AB2C-D3EF now": {"case", "olidab2cd3ef", "now"},
		"AB2C-D3EF":               {"ab2c", "d3ef"},
		"OLID-AB2C":               {"olid", "ab2c"},         // half a reference
		"OLID-AB1C-D3EF":          {"olid", "ab1c", "d3ef"}, // no reference has a 1
		"XOLID-AB2C-D3EF":         {"xolid", "ab2c", "d3ef"},
		"<Anna@Example.com>":      {"anna@example.com"},
		"1 2 3 4 5 6 7 8 9":       {"1", "2", "3", "4", "5", "6", "7", "8"},
	} {
		if got := SearchWords(typed); !slices.Equal(got, want) {
			t.Errorf("SearchWords(%q) = %q, want %q", typed, got, want)
		}
	}
}

// Every way to write a reference that a search takes finds the application.
func TestSearchFindsReference(t *testing.T) {
	t.Parallel()
	terms := Application{Reference: "OLID-AB2C-D3EF"}.SearchTerms()
	for typed, want := range map[string]bool{
		"OLID-AB2C-D3EF": true, "olid ab2c d3ef": true, "olidab2cd3ef": true, "AB2C-D3EF": true, "ab2cd3ef": true, "ab2cd3": true, "OLID-AB2C": true,
		"OLID-D3EF-AB2C": false, "b2c": false,
	} {
		got := !slices.ContainsFunc(SearchWords(typed), func(word string) bool {
			return !slices.ContainsFunc(terms, func(t string) bool { return strings.HasPrefix(t, word) })
		})
		if got != want {
			t.Errorf("%q finds %q = %t, want %t", typed, terms, got, want)
		}
	}
}
