package helpdesk_test

import (
	"slices"
	"testing"
	"time"

	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/helpdesk"
	"omgevingsloket-id/pkg/signin"
)

func company() account.Account {
	return account.Account{ID: "a1", Epoch: 3, State: account.Blocked, Kind: account.LegalPerson, Email: "jo@example.com", Profile: account.Profile{
		GivenName: "Jo", FamilyName: "van der Berg", Birthdate: "1980-02-03", Phone: "+49 30 123456", Address: account.Address{Line1: "Elders 9", Country: "FR"},
		Organization: &account.Organization{
			Name: "Bau & Söhne GmbH", RegistrationNumber: "HRB 12345", RegistrationCountry: "DE",
			Address: account.Address{Line1: "Hauptstraße 12", Line2: "10115 Berlin", Country: "DE"},
		},
	}}
}

func TestY8_Y12_Right(t *testing.T) {
	t.Parallel()
	a := company()
	for q, cases := range map[helpdesk.Question]map[string]bool{
		helpdesk.Birthdate:    {"1980-02-03": true, "03-02-1980": true, "3.2.1980": true, " 3/2/1980 ": true, "1980-03-02": false, "1980": false, "": false},
		helpdesk.Street:       {"Hauptstrasse 12": true, "HAUPTSTRAßE 12": true, "Haubtstrase 12": true, "Hauptstraße 21": false, "Hauptstraße": false, "Nebenstraße 12": false, "12": false, "Elders 9": false},
		helpdesk.Place:        {"10115 Berlin": true, "10115 berlijn": true, "10115 Bremen": false, "10116 Berlin": false, "Berlin": false},
		helpdesk.Phone:        {"+4930123456": true, "030 123456": true, "0049 30 12 34 56": true, "123456": false, "030 123457": false, "": false},
		helpdesk.Registration: {"hrb12345": true, "HRB-12345": true, "12345": false, "HRB 12346": false},
		helpdesk.Country:      {"DE": true, "de": true, "FR": false, "": false},
	} {
		for said, want := range cases {
			if got := helpdesk.Right(a, q, said); got != want {
				t.Errorf("Right(%s, %q) = %v, want %v", q, said, got, want)
			}
		}
	}
	// Y8, Y12: the same without a day and month, with an extension, and for what
	// is no number.
	a.Profile.Birthdate, a.Profile.Phone = "1980-00-00", "+390612345678;ext=12"
	island := company()
	island.Profile.Phone = "+3544123456"
	other := company()
	other.Profile.Birthdate, other.Profile.Phone = "1980-05-00", "+999 12 34 56 78 (na 18 uur)"
	for _, c := range []struct {
		a    account.Account
		q    helpdesk.Question
		said string
		want bool
	}{
		{a, helpdesk.Birthdate, "1980", true}, {a, helpdesk.Birthdate, "00-00-1980", true}, {a, helpdesk.Birthdate, "XX/XX/１９８０", true},
		{a, helpdesk.Birthdate, "01-01-1980", false}, {a, helpdesk.Birthdate, "1981", false}, {a, helpdesk.Birthdate, "mei 1980", false},
		{other, helpdesk.Birthdate, "mei 1980", true}, {other, helpdesk.Birthdate, "00-05-1980", true}, {other, helpdesk.Birthdate, "1980", false},
		{company(), helpdesk.Birthdate, "3 februari 1980", true}, {company(), helpdesk.Birthdate, "３ Feb. １９８０", true}, {company(), helpdesk.Birthdate, "1980", false},
		{a, helpdesk.Phone, "06 1234 5678", true}, {a, helpdesk.Phone, "+39 (0)6 1234 5678 toestel 12", true}, {a, helpdesk.Phone, "\u202a+٣٩ ٠٦ ١٢٣٤ ٥٦٧٨\u202c", true}, {a, helpdesk.Phone, "06 1234 5679", false},
		{island, helpdesk.Phone, "412 3456", true}, {island, helpdesk.Phone, "٤١٢ ٣٤٥٦ toestel 1", true}, {island, helpdesk.Phone, "+354 412 3456", true}, {island, helpdesk.Phone, "412 3457", false}, {island, helpdesk.Phone, "3456", false},
		{other, helpdesk.Phone, "12345678", true}, {other, helpdesk.Phone, "+999 12 34 56 78", true}, {other, helpdesk.Phone, "87654321", false},
		{company(), helpdesk.Registration, "ＨＲＢ\u200b １２３４５", true}, {company(), helpdesk.Street, "Hauptstraße\u00a0１２", true},
	} {
		if got := helpdesk.Right(c.a, c.q, c.said); got != c.want {
			t.Errorf("Right(%s, %q) = %v, want %v", c.q, c.said, got, c.want)
		}
	}
	empty := account.Account{}
	if len(helpdesk.Questions(empty)) != 0 || helpdesk.Right(empty, helpdesk.Phone, "") || helpdesk.Right(empty, helpdesk.Birthdate, "nonsense") {
		t.Error("Right() of a question without an answer = true")
	}
	if got := helpdesk.Questions(a); len(got) != 6 {
		t.Errorf("Questions() = %q, want all six", got)
	}
}

func TestTerms(t *testing.T) {
	t.Parallel()
	want := []string{"12345", "bau", "berg", "der", "gmbh", "hrb", "hrb12345", "jo", "jo@example.com", "sohne", "van"}
	if got := helpdesk.Terms(company()); !slices.Equal(got, want) {
		t.Errorf("Terms() = %q, want %q", got, want)
	}
	if got := helpdesk.SearchWords("Jo@Example.com  Bau&Söhne a b c d e f"); !slices.Equal(got, []string{"jo@example.com", "bau", "sohne", "a", "b", "c"}) {
		t.Errorf("SearchWords() = %q, want the first six words", got)
	}
}

// A code is valid for one account, one block of it and at most three quarters of an hour (Z7).
func TestCallback(t *testing.T) {
	t.Parallel()
	key, a, now := signin.Callback("key"), company(), time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	code := key.Code(a, now)
	if len(code) != 9 || !key.Right(a, code, now) || !key.Right(a, " "+code[:4]+code[5:], now.Add(29*time.Minute)) {
		t.Errorf("Right(%q) = false, want true", code)
	}
	other, later, open := a, a, a
	other.ID, later.Epoch, open.State = "a2", 4, account.Active
	for name, right := range map[string]bool{
		"another account": key.Right(other, code, now), "another block": key.Right(later, code, now), "not blocked": key.Right(open, code, now),
		"45 minutes later": key.Right(a, code, now.Add(45*time.Minute)), "before": key.Right(a, code, now.Add(-time.Second)),
		"nothing": key.Right(a, "", now), "another key": signin.Callback("k").Right(a, code, now),
	} {
		if right {
			t.Errorf("%s: Right() = true, want false", name)
		}
	}
}
