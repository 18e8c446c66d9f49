package me_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"omgevingsloket-id/e2e/site"
	"omgevingsloket-id/pkg/audit"
)

func third() site.Request {
	return site.NewRequest("third", site.OtherURI).With("scope", "openid email")
}

// The page names who got what; a consent that is withdrawn ends what that portal has
// and nothing else, and the next login asks again.
func TestPortals(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, s *site.Site) {
		a, b := s.Active(site.Email)
		b.Get("/me/portals").Is(200).Says("Web").Says("een nummer waaraan dit portaal u herkent").Says("Het vraagt geen toestemming")
		r := third()
		code := b.Authorize(r).At("/consent").Submit("decision", "yes").Answered().Get("code")
		status, tokens, _ := s.Call(http.MethodPost, "/token", r.Exchange(code, url.Values{"client_id": {"third"}}), nil)
		if status != http.StatusOK {
			t.Fatal(status, tokens)
		}
		waiting := third()
		unspent := b.NewCode(waiting)
		mine := b.Tokens(site.NewRequest("web", site.CallbackURI).With("scope", "openid profile"))
		b.Get("/me/portals").Is(200).Says("Third").Says("uw e-mailadres").Says("uw geboortedatum").Says("U gaf toestemming op")
		if strings.Contains(b.Body, "uw telefoonnummer") {
			t.Error("names what no portal got")
		}
		b.Submit("withdraw", "third").At("/me/portals").Is(200).Says("Uw toestemming is ingetrokken")
		if status, _ := s.Userinfo(tokens); status != http.StatusUnauthorized {
			t.Errorf("userinfo of the portal = %d", status)
		}
		if status, out, _ := s.Call(http.MethodPost, "/token", waiting.Exchange(unspent, url.Values{"client_id": {"third"}}), nil); status != http.StatusBadRequest {
			t.Error("an unspent code:", status, out)
		}
		if status, _ := s.Userinfo(mine); status != http.StatusOK {
			t.Errorf("userinfo of another portal = %d", status)
		}
		if strings.Contains(b.Body, "U gaf toestemming op") {
			t.Error("the consent is still on the page")
		}
		b.Says("Dit portaal heeft nu geen toestemming")
		n := 0
		for _, e := range s.Events(a) {
			if e.Action == audit.ConsentWithdrawn && e.Details[audit.DetailClient] == "third" {
				n++
			}
		}
		b.Post("/me/portals", "withdraw", "third").At("/me/portals").Is(200)
		b.Post("/me/portals", "withdraw", "nobody").At("/me/portals").Is(200)
		if n != 1 {
			t.Errorf("%d events of a withdrawal, want 1", n)
		}
		b.Authorize(third()).At("/consent")
	})
}

// What a portal got before this was recorded is said to be unknown.
func TestPortalsBefore(t *testing.T) {
	t.Parallel()
	s := site.New(t, nil)
	a := s.Person(site.Email)
	s.Put(audit.Holder(a.ID).Did(audit.GrantIssued, a.ID, s.Clock.Now()).With(map[string]string{"client": "gone", "grant": "g"}))
	b := s.Browser()
	b.Get("/me").Enrol(site.Email).At("/me")
	b.Get("/me/portals").Is(200).Says("gone (niet meer bij ons aangesloten)").Says("hebben wij toen niet vastgelegd")
	_, other := s.Active("ben@example.com")
	if other.Get("/me/portals").Is(200); strings.Contains(other.Body, "gone") {
		t.Error("shows another account's portals")
	}
}
