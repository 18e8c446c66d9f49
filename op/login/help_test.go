package login_test

import (
	"strings"
	"testing"

	"omgevingsloket-id/e2e/site"
)

// Z2: the page with the code that the helpdesk asks for says so, and its warning
// excludes that code.
func TestZ2_BlockedPageExplainsTheCode(t *testing.T) {
	t.Parallel()
	s := site.New(t, nil)
	for lang, want := range map[string][]string{
		"nl": {"De medewerker vraagt ook om deze code.", "nooit om uw wachtwoord of om een code uit uw app of uit een e-mail"},
		"en": {"The helpdesk will also ask for this code.", "never ask for your password, or for a code from your app or from an email"},
	} {
		a, _ := s.Active(lang + "@example.com")
		s.Blocked(a)
		b := s.Browser()
		b.Lang = lang
		b.Authorize(site.NewRequest("web", site.CallbackURI)).Submit("email", a.Email, "password", site.Password).At("/login/blocked")
		for _, text := range want {
			b.Says(text)
		}
	}
}

// Z3: a person who cannot log in yet finds the application.
func TestZ3_LoginHelpLeadsToTheApplication(t *testing.T) {
	t.Parallel()
	s := site.New(t, nil)
	b := s.Browser()
	b.Lang = "nl"
	b.Authorize(site.NewRequest("web", site.CallbackURI)).At("/login").Says("nog geen beslissing gekregen? Dan kunt u nog niet inloggen.").Says(`href="/apply/status/find"`)
	b.Get("/apply/status/find").Is(200).Says(`name="reference"`)

	_, b = s.Shown("shown@example.com")
	b.Get("/login/lost?" + b.URL.RawQuery).At("/login/lost").Says(`href="/apply/status/find"`)
	if strings.Count(b.Body, "<form") != 1 {
		t.Errorf("/login/lost has %d forms, want 1", strings.Count(b.Body, "<form"))
	}
}
