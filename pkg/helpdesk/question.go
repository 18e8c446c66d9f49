package helpdesk

import (
	"strconv"
	"strings"
	"unicode"

	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/birthdate"
	"omgevingsloket-id/pkg/phone"
	"omgevingsloket-id/pkg/term"
	"omgevingsloket-id/pkg/typed"
)

// Question is a question about the data of an account.
type Question string

// The questions. None can be answered from mails or search results only.
const (
	Birthdate    Question = "birthdate" // as birthdate.Typed reads it
	Street       Question = "street"    // first line of the address
	Place        Question = "place"     // second line of the address
	Phone        Question = "phone"
	Registration Question = "registration" // number in the trade register
	Country      Question = "country"      // ISO 3166-1 alpha-2
)

// Questions returns the questions for which the account has an answer, in the
// order of asking.
func Questions(a account.Account) []Question {
	var out []Question
	for _, q := range []Question{Birthdate, Street, Place, Phone, Registration, Country} {
		if fold(expected(a, q)) != "" {
			out = append(out, q)
		}
	}
	return out
}

func expected(a account.Account, q Question) string {
	p := a.Profile
	address := p.Address
	if p.Organization != nil {
		address = p.Organization.Address
	}
	switch q {
	case Birthdate:
		return p.Birthdate
	case Street:
		return address.Line1
	case Place:
		return address.Line2
	case Phone:
		return p.Phone
	case Registration:
		if p.Organization != nil {
			return p.Organization.RegistrationNumber
		}
	case Country:
		return address.Country
	}
	return ""
}

// Right reports whether an answer matches the account. In names of streets and
// places, which are typed by ear, one letter in five may differ, but no digit.
func Right(a account.Account, q Question, said string) bool {
	want := expected(a, q)
	if len(said) > 200 || fold(said) == "" || fold(want) == "" {
		return false
	}
	switch q {
	case Birthdate:
		d, ok := birthdate.Typed(said)
		return ok && d.String() == want
	case Phone:
		got, have := phone.Digits(said), phone.Digits(want)
		number, exists := phone.Parse(want)
		switch {
		case len(got) < 8 && exists: // in some countries the whole number
			same, ok := phone.Parse("+" + strconv.Itoa(number.Code) + " " + said)
			return ok && same.National == number.National
		case len(got) < 8:
			return false
		case !exists:
			return strings.Contains(have, lastDigits(got)) // other text may follow it
		}
		return lastDigits(got) == lastDigits(have)
	case Street, Place:
		w, s := fold(want), fold(said)
		letters := runes(w, unicode.IsLetter)
		return digits(w) == digits(s) && distance(letters, runes(s, unicode.IsLetter)) <= len(letters)/5
	}
	return fold(want) == fold(said)
}

// fold returns the letters and digits of s, folded.
func fold(s string) string { return term.Whole(typed.Line(s)) }

func digits(s string) string { return string(runes(s, unicode.IsDigit)) }

func runes(s string, keep func(rune) bool) []rune {
	var out []rune
	for _, r := range s {
		if keep(r) {
			out = append(out, r)
		}
	}
	return out
}

// lastDigits returns the last eight digits, which do not depend on how the
// country prefix is written.
func lastDigits(s string) string { return s[max(0, len(s)-8):] }

// distance returns the Levenshtein distance.
func distance(a, b []rune) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i, x := range a {
		before := row[0]
		row[0] = i + 1
		for j, y := range b {
			cost := before
			if x != y {
				cost = 1 + min(before, row[j], row[j+1])
			}
			before, row[j+1] = row[j+1], cost
		}
	}
	return row[len(b)]
}
