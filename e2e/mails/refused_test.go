package mails

import (
	"os"
	"path/filepath"
	"testing"

	"omgevingsloket-id/e2e/browser"
	"omgevingsloket-id/e2e/site"
	"omgevingsloket-id/pkg/effect"
	"omgevingsloket-id/pkg/mail"
	"omgevingsloket-id/pkg/staff"
)

// The pages that say that mail is refused, for the holder and for the helpdesk.
func TestPagesAboutRefusedMail(t *testing.T) {
	if *shots != "" {
		if err := os.MkdirAll(*shots, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	s := site.New(t, nil)
	a, holder := s.Active(site.Email)
	desk := s.Official("desk@example.org", staff.Helpdesk)
	for _, kind := range []string{"login-notice", "receipt"} {
		m := mail.Message{ID: kind, To: a.Email, Lang: "nl", Kind: kind, Subject: "s", Text: "t", At: s.Clock.Now()}
		site.Must(t, s.Stores.DB.Helpdesk().Note(t.Context(), effect.Effects{Mails: []mail.Message{m}}))
		site.Must(t, s.Stores.DB.Outbox().Refused(t.Context(), m, s.Clock.Now(), mail.Refusal{Code: 550, Status: "5.1.1"}))
	}
	for view, options := range map[string][]browser.Option{
		"nl-phone": {browser.Phone()}, "en-phone": {browser.Phone(), browser.Language("en")}, "nl-desktop": nil, "en-desktop": {browser.Language("en")},
	} {
		b := browser.New(t, options...)
		for name, page := range map[string]struct {
			who  *site.Browser
			path string
		}{"portals": {holder, "/portals"}, "account": {desk, "/console/helpdesk/account?id=" + a.ID}} {
			b.ClearCookies()
			for name, value := range page.who.Cookies() {
				b.SetCookie(s.Server.URL, name, value)
			}
			b.Open(s.Server.URL + page.path)
			if b.Count(".utrecht-alert--warning") != 1 {
				t.Fatalf("%s: no warning on\n%s", view, b.Text())
			}
			if wide := browser.Eval[int](b, `document.documentElement.scrollWidth - document.documentElement.clientWidth`); wide > 0 {
				t.Errorf("%s of %s sticks out by %d pixels", view, name, wide)
			}
			for _, violation := range b.Axe() {
				t.Errorf("%s of %s: %s", view, name, violation)
			}
			if *shots != "" {
				b.Screenshot(filepath.Join(*shots, "page-"+name+"."+view+".png"))
			}
		}
	}
}
