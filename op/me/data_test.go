package me_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"omgevingsloket-id/e2e/site"
	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/audit"
	"omgevingsloket-id/pkg/limit"
)

// filled are the fields of the form, with another phone number.
func filled(phone string) []string {
	return []string{"phone", phone, "line1", "Hauptstrasse 1", "line2", "10115 Berlin", "line3", "", "country", "DE", "language", "nl"}
}

// dataEvents returns the events of changes of data.
func dataEvents(s *site.Site, a account.Account) (out []audit.Event) {
	for _, e := range s.Events(a) {
		if e.Action == audit.AccountDataChanged {
			out = append(out, e)
		}
	}
	return out
}

// A change is stored, with an event and a mail that name the fields and hold no value.
func TestData(t *testing.T) {
	t.Parallel()
	s := site.New(t, nil)
	a, b := s.Active(site.Email)
	b.Get("/me/data").Is(200).Says("&#43;4930123456").Submit("phone", "0043 1 234567 8", "line1", "Ring 9", "line2", "1010 Wien", "line3", "", "country", "AT", "language", "en")
	b.At("/me/data").Is(200).Says("&#43;4312345678").Says("Uw gegevens zijn opgeslagen")
	next := s.Reload(a)
	if next.Profile.Address != (account.Address{Line1: "Ring 9", Line2: "1010 Wien", Country: "AT"}) || next.Lang != "en" || next.Epoch != a.Epoch || !next.ChangedAt.Equal(s.Clock.Now()) {
		t.Errorf("stored: %+v", next)
	}
	events := dataEvents(s, a)
	if len(events) != 1 || events[0].Details[audit.DetailFields] != "phone address lang" || len(events[0].Details) != 1 {
		t.Errorf("events: %+v", events)
	}
	mail := s.Mailed("data-changed", site.Email)
	for _, value := range []string{"Wien", "Ring", "2345678", "Berlin"} {
		if strings.Contains(mail, value) {
			t.Errorf("the mail holds %q:\n%s", value, mail)
		}
	}
	if !strings.Contains(mail, "your phone number") || !strings.Contains(mail, "your address") {
		t.Errorf("the mail does not name what changed:\n%s", mail)
	}
	if b.Get("/me/data"); strings.Contains(b.Body, "zijn opgeslagen") {
		t.Error("the page says twice that it is done")
	}
	// Nothing changed: no event, no mail.
	b.Submit("phone", "+43 1 2345678", "line1", "Ring 9", "line2", "1010 Wien", "line3", "", "country", "AT", "language", "en").At("/me/data").Is(200)
	if len(dataEvents(s, a)) != 1 {
		t.Error("an event of no change")
	}
	if !b.LoggedIn() {
		t.Error("the session ended")
	}
}

// Errors survive the redirect, with what was typed, and nothing is stored.
func TestDataWrong(t *testing.T) {
	t.Parallel()
	s := site.New(t, nil)
	a, b := s.Active(site.Email)
	b.Get("/me/data").Submit("phone", "12", "line1", "", "line2", "10999 Berlin", "line3", "", "country", "XX", "language", "fr").At("/me/data").Is(422)
	for _, want := range []string{`value="12"`, `value="10999 Berlin"`, "Begin uw telefoonnummer met &#43; en de landcode", "Vul de eerste regel van het adres in", "Kies een land", "Kies een taal"} {
		if !strings.Contains(b.Body, want) {
			t.Errorf("no %q on the page", want)
		}
	}
	if next := s.Reload(a); next.Data() != a.Data() || len(dataEvents(s, a)) != 0 {
		t.Errorf("stored: %+v", next)
	}
}

// What matters needs password and code of the last ten minutes; what was typed waits
// for them, and is not carried out by itself.
func TestDataStepUp(t *testing.T) {
	t.Parallel()
	s := site.New(t, nil)
	a, b := s.Active(site.Email)
	b.Get("/me/data").Is(200)
	s.Clock.Add(11 * time.Minute)
	b.Submit(filled("+43 1 2345678")...).At("/login").Says(`value="` + site.Email + `"`)
	if s.Reload(a).Data() != a.Data() {
		t.Fatal("stored without password and code")
	}
	b.Login(site.Email).At("/me/data").Is(200).Says(`value="&#43;43 1 2345678"`).Says("Het is nog niet opgeslagen")
	if s.Reload(a).Data() != a.Data() {
		t.Fatal("stored without the button")
	}
	b.Submit(filled("+43 1 2345678")...).At("/me/data").Says("zijn opgeslagen")
	s.Clock.Add(11 * time.Minute)
	b.Get("/me").At("/me").Is(200)
	b.Get("/me/data").At("/login")
}

// Of two tabs, the second that saves is told that the data have changed since, and
// what it typed is still there; sending it again overrules.
func TestDataTwoTabs(t *testing.T) {
	t.Parallel()
	s := site.New(t, nil)
	a, b := s.Active(site.Email)
	b.Get("/me/data")
	tab := b.Copy()
	b.Submit(filled("+43 1 1111111")...).Says("zijn opgeslagen")
	tab.Submit(filled("+43 1 2222222")...).Is(409).Says(`value="&#43;43 1 2222222"`).Says("intussen veranderd")
	if got := s.Reload(a).Profile.Phone; !strings.Contains(got, "1111111") {
		t.Errorf("stored: %s", got)
	}
	tab.Submit(filled("+43 1 2222222")...).At("/me/data").Says("zijn opgeslagen")
	if got := s.Reload(a).Profile.Phone; !strings.Contains(got, "2222222") {
		t.Errorf("stored: %s", got)
	}
}

// A form of one person is not carried out for another who logged in meanwhile in the
// same browser, and its text does not show there.
func TestDataOfAnotherPerson(t *testing.T) {
	t.Parallel()
	s := site.New(t, nil)
	_, b := s.Active(site.Email)
	ben, known := s.Active("ben@example.com")
	b.Get("/me/data").Is(200)
	form := b.Form(filled("+43 1 2345678")...)
	b.Seed = known.Seed
	b.Authorize(site.NewRequest("web", site.CallbackURI).With("prompt", "login")).Login(ben.Email).Answered()
	b.Get("/").Do(form).At("/me/data").Is(200)
	if strings.Contains(b.Body, "2345678") || s.Reload(ben).Data() != ben.Data() {
		t.Errorf("carried out for another person: %+v", s.Reload(ben).Data())
	}
	b.Get("/me").Says("ben@example.com")
}

// The mail is not sent twice, and an event is written, when two tabs send the same.
func TestDataTwice(t *testing.T) {
	t.Parallel()
	s := site.New(t, nil)
	a, b := s.Active(site.Email)
	b.Get("/me/data")
	form := b.Form(filled("+43 1 2345678")...)
	b.Do(form).At("/me/data")
	b.Post("/me/data", append(filled("+43 1 2345678"), "seen", "older")...).At("/me/data").Is(200)
	if n := len(dataEvents(s, a)); n != 1 {
		t.Errorf("%d events, want 1", n)
	}
	if kinds := s.Mails(site.Email); len(slices.DeleteFunc(kinds, func(k string) bool { return k != "data-changed" })) != 1 {
		t.Errorf("mails: %q", kinds)
	}
}

// Each change is a mail: a holder makes a number of them in an hour, and what is wrong with
// the form counts nothing.
func TestDataBudget(t *testing.T) {
	t.Parallel()
	s := site.New(t, nil)
	a, b := s.Active(site.Email)
	_, other := s.Active("other@example.com")
	change := func(b *site.Browser, n int) *site.Browser {
		return b.Get("/me/data").Submit(filled(fmt.Sprintf("+43 1 23456%02d", n))...)
	}
	for n := range limit.DataChanges.Most {
		change(b, n).At("/me/data").Is(200)
		b.Get("/me/data").Submit(filled("no number")...).Is(422)
		change(b, n).Is(200) // changes nothing
	}
	change(b, 98).Is(429).Says("te vaak gedaan")
	if got := len(dataEvents(s, a)); got != limit.DataChanges.Most {
		t.Errorf("%d changes, want %d", got, limit.DataChanges.Most)
	}
	change(other, 1).At("/me/data").Is(200)
	s.Clock.Add(limit.DataChanges.Window)
	b.Get("/me/data").At("/login").Login(site.Email)
	change(b, 99).At("/me/data").Is(200)
}
