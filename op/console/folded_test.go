package console_test

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"omgevingsloket-id/e2e/site"
	"omgevingsloket-id/pkg/staff"
)

// Y3, Y5: officials can log in, enter a code again and invite, in whatever form they type
// addresses and codes.
func TestY3_Y5_ConsoleTyping(t *testing.T) {
	t.Parallel()
	s := site.New(t, nil)
	const email = "bas@gov.example"
	b := s.Official(email, staff.Administrator)
	for i, typing := range site.Typings() {
		s.Clock.Add(3 * time.Minute)
		other := s.Browser()
		other.Seed = b.Seed
		other.Get("/console/login").Submit("email", typing.Of(email), "password", site.StaffPassword)
		if other.URL.Path != "/console/login/code" {
			t.Errorf("%s: the address is refused at %s", typing.Name, other.URL)
			continue
		}
		if other.Submit("code", typing.Of(b.Code())); other.URL.Path != "/console" {
			t.Errorf("%s: the code is refused at %s", typing.Name, other.URL)
			continue
		}
		invited := fmt.Sprintf("nora-%d@gov.example", i)
		other.Get("/console/staff").Press("/console/staff", "name", typing.Of("Nora Bakker-Smit"), "email", typing.Of(invited), "reviewer", "yes")
		if m := s.Member(invited); m.Name != "Nora Bakker-Smit" {
			t.Errorf("%s: invited as %q", typing.Name, m.Name)
		}
		for range 5 { // on to the page that asks again
			s.Clock.Add(4 * time.Minute)
			other.Get("/console")
		}
		other.Get("/console/staff").At("/console/again")
		if other.Press("/console/again?"+other.URL.RawQuery, "code", typing.Of(b.Code())); other.URL.Path != "/console/staff" {
			t.Errorf("%s: the code is refused at %s", typing.Name, other.URL)
		}
	}
}

// Y7: text that cannot be a code does not count as a wrong code of an official.
func TestY7_ConsoleCode(t *testing.T) {
	t.Parallel()
	s := site.New(t, nil)
	const email = "bas@gov.example"
	b := s.Official(email, staff.Administrator)
	s.Clock.Add(3 * time.Minute)
	other := s.Browser()
	other.Seed = b.Seed
	other.Get("/console/login").Submit("email", email, "password", site.StaffPassword).At("/console/login/code")
	for range staff.WrongCodes {
		for _, typing := range []string{"", "      ", "12345", "1234567", email, "wachtwoord"} {
			other.Submit("code", typing).Is(http.StatusUnprocessableEntity).Says("Een verificatiecode heeft 6 cijfers")
		}
	}
	if m := s.Member(email); m.Factor.Failures != 0 || m.State != staff.Active {
		t.Errorf("what cannot be a code is counted: %+v", m.Factor)
	}
	other.Submit("code", b.Code()).At("/console")
}
