package me_test

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"omgevingsloket-id/e2e/site"
	"omgevingsloket-id/pkg/audit"
	"omgevingsloket-id/pkg/staff"
)

// The events of one account, in words, with the browser and the portal, and without
// the origin.
func TestEvents(t *testing.T) {
	t.Parallel()
	s := site.New(t, nil)
	_, b := s.Active(site.Email)
	second(s, s, b)
	a, other := s.Active("ben@example.com")
	b.Get("/me/events").Is(200)
	for _, want := range []string{"Er is een authenticatie-app gekoppeld", "Er is ingelogd", "Firefox op Windows", "Een portaal kreeg gegevens van u", "Web"} {
		b.Says(want)
	}
	if text := b.MainText(); strings.Contains(text, "127.0") || strings.Contains(text, a.ID) {
		t.Error("the page holds an address:", text)
	}
	s.Put(audit.Official("m").At("203.0.113.0/24", "r").Did(audit.AccountMailResent, a.ID, s.Clock.Now()))
	if b.Get("/me/events"); strings.Contains(b.Body, "opnieuw gestuurd") {
		t.Error("shows an event of another account")
	}
	other.Get("/me/events").Says("Er is een e-mail opnieuw gestuurd").Says("Door een medewerker")
	other.Get("/me/events?lang=en").Is(200).Says("An email was sent again").Says("By a member of staff")
}

var older = regexp.MustCompile(`/me/events\?before=[0-9]+`)

// Fifty events on a page, of two years.
func TestEventsPages(t *testing.T) {
	t.Parallel()
	s := site.New(t, nil)
	a, b := s.Active(site.Email)
	var put []audit.Event
	for i := range 120 {
		put = append(put, audit.Holder(a.ID).Did(audit.AccountCodeWrong, a.ID, s.Clock.Now().Add(-time.Duration(i)*time.Minute)))
	}
	put = append(put, audit.Holder(a.ID).Did(audit.AccountReopened, a.ID, s.Clock.Now().AddDate(-2, 0, -1)))
	s.Put(put...)
	shown, pages := 0, 0
	b.Get("/me/events")
	for {
		n := strings.Count(b.Body, `<p class="when">`)
		if n > 50 || n == 0 {
			t.Fatalf("%d events on page %d", n, pages)
		}
		if strings.Contains(b.Body, "Het opzeggen is teruggedraaid") {
			t.Error("an event of more than two years ago")
		}
		shown, pages = shown+n, pages+1
		next := older.FindString(b.Body)
		if next == "" {
			break
		}
		b.Get(next).Is(200)
	}
	if all := len(s.Events(a)); pages != 3 || shown < 123 {
		t.Errorf("%d events on %d pages (of at least %d)", shown, pages, all)
	}
	b.Get("/me/events?before=x").Is(200)
}

// The page shows that the helpdesk saw the account and a reviewer the application, by
// role, without names.
func TestLooked(t *testing.T) {
	t.Parallel()
	s := site.New(t, nil)
	a, b := s.Active(site.Email)
	b.Get("/me/looked").Is(200).Says("Er heeft nog geen medewerker")
	desk := s.Official("desk@example.org", staff.Helpdesk)
	desk.Get("/console/helpdesk/account?id=" + a.ID).Is(200)
	ids, err := s.Stores.DB.Applications().OfAccount(t.Context(), a.ID)
	site.Must(t, err)
	if len(ids) != 1 {
		t.Fatalf("applications of the account: %v", ids)
	}
	s.Put(audit.Official("m1").Did(audit.ApplicationViewed, ids[0], s.Clock.Now()), audit.Official("m1").Did(audit.DocumentViewed, ids[0], s.Clock.Now()))
	b.Get("/me/looked").Is(200).Says("Een medewerker van de helpdesk bekeek uw account").Says("Een beoordelaar bekeek uw aanvraag").Says("Een beoordelaar bekeek een document").Says("Waarom: om over uw aanvraag te beslissen")
	if member := s.Member("desk@example.org"); strings.Contains(b.Body, member.Name) && member.Name != "" || strings.Contains(b.Body, member.Email) || strings.Contains(b.Body, member.ID) {
		t.Error("names the official")
	}
	if b.Get("/me/events"); strings.Contains(b.Body, "bekeek uw account") {
		t.Error("the look is on the page of events too")
	}
	_, other := s.Active("ben@example.com")
	other.Get("/me/looked").Says("Er heeft nog geen medewerker")
}
