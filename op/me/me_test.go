package me_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"omgevingsloket-id/e2e/site"
	"omgevingsloket-id/pkg/account"
)

// header is a part of the links that only people who are logged in see.
const header = `action="/me/logout"`

// The page shows who one is, in both languages, and leads to what one can do.
func TestMe(t *testing.T) {
	t.Parallel()
	s := site.New(t, nil)
	_, b := s.Active(site.Email)
	b.Get("/me").Is(200)
	for _, want := range []string{"Anna Muster", site.Email, "&#43;4930123456", "Hauptstrasse 1\n10115 Berlin\nDuitsland", "3 februari 1980", "Nederlands", "14:30 uur"} {
		b.Says(want)
	}
	for _, path := range []string{"/me/data", "/me/sessions", "/me/portals", "/me/events", "/me/looked", "/apply/change", "/address/change", "/password/change", "/enrol/apps"} {
		b.Says(`href="` + path + `"`)
	}
	b.Get("/me?lang=en").Says("Germany").Says("3 February 1980").Says("Dutch")
	company := s.Person("bedrijf@example.com", func(a *account.Account) {
		a.Kind, a.Profile.Address = account.LegalPerson, account.Address{}
		a.Profile.Organization = &account.Organization{Name: "Bau GmbH", RegistrationCountry: "AT", Address: account.Address{Line1: "Ring 9", Country: "AT"}, Role: "director"}
	})
	other := s.Browser()
	other.Get("/start").Enrol(company.Email)
	other.Get("/me").Is(200).Says("Bau GmbH\nRing 9\nOostenrijk")
	if other.Get("/me/data").Is(200); strings.Contains(other.Body, "line1") {
		t.Error("the page has fields for the address of a company")
	}
}

// Another browser logs in first and returns to the page.
func TestMeLogsInFirst(t *testing.T) {
	t.Parallel()
	s := site.New(t, nil)
	_, known := s.Active(site.Email)
	for _, path := range []string{"/me", "/me/data", "/me/sessions", "/me/portals", "/me/events", "/me/looked"} {
		b := s.Browser()
		b.Seed = known.Seed
		b.Get(path).Login(site.Email).At(path).Is(200)
	}
}

// The header of the front page, of the list of portals and of the account's pages
// knows that one is logged in; no other page reads a session for it.
func TestMeHeader(t *testing.T) {
	t.Parallel()
	s, f := site.NewWatched(t, nil)
	_, b := s.Active(site.Email)
	for _, path := range []string{"/", "/portals", "/me", "/me/events"} {
		b.Get(path).Is(200).Says(header).Says(`href="/me"`)
	}
	b.Get("/")
	b.Press("/me/logout").At("/me/logout").Says("U bent uitgelogd")
	if b.Get("/").Is(200); strings.Contains(b.Body, header) {
		t.Error("the front page offers to log out to somebody who is not logged in")
	}
	_, b = s.Active("ben@example.com")
	for _, path := range []string{"/help", "/privacy", "/apply", "/accessibility"} {
		f.Reset()
		if b.Get(path).Is(200); strings.Contains(b.Body, header) || f.Calls()["Sessions.Get"] > 0 {
			t.Errorf("%s reads a session", path)
		}
	}
	f.Reset()
	if s.Browser().Get("/").Is(200); f.Calls()["Sessions.Get"] > 0 {
		t.Error("the front page reads a session of a browser without one")
	}
}

// The end of a session is announced half an hour before.
func TestMeEnds(t *testing.T) {
	t.Parallel()
	s := site.New(t, nil)
	_, b := s.Active(site.Email)
	const announced = "loggen wij u uit, ook als u nog bezig bent"
	for range 27 { // of 25 minutes: 11:15
		s.Clock.Add(25 * time.Minute)
		if b.Get("/me").At("/me").Is(200); strings.Contains(b.Body, announced) {
			t.Fatal("announced too early, at", s.Clock.Now())
		}
	}
	s.Clock.Add(20 * time.Minute)
	b.Get("/me").At("/me").Says("Om 02:00 uur").Says(announced)
	s.Clock.Add(25 * time.Minute)
	b.Get("/me").At("/login")
}

// What officials of another realm or strangers ask of these pages is refused as
// everywhere: a form needs the token of its browser.
func TestMeForms(t *testing.T) {
	t.Parallel()
	s := site.New(t, nil)
	_, b := s.Active(site.Email)
	for _, path := range []string{"/me/data", "/me/sessions", "/me/portals", "/me/logout"} {
		if a := b.Send(b.Request(http.MethodPost, path, strings.NewReader("csrf=x"))); a.Status/100 == 2 || a.Status/100 == 3 {
			t.Errorf("POST %s without a token = %d", path, a.Status)
		}
	}
	if !b.LoggedIn() {
		t.Error("a form without a token ended the session")
	}
}
