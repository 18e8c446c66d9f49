package apply_test

import (
	"net/http"
	"testing"
	"time"

	"omgevingsloket-id/e2e/site"
	"omgevingsloket-id/pkg/config"
)

// tries sends wrong passwords for an address, from a browser of their own, until
// the lane of strangers is locked.
func tries(s *site.Site, email string) {
	s.T.Helper()
	for range 7 {
		s.Browser().Authorize(site.NewRequest("web", site.CallbackURI)).Submit("email", email, "password", "not the right password")
	}
	s.RunJob("watch logins")
}

// X8: who has never logged in is not shut out by strangers: the browser that
// confirmed the address has a lane of its own. The person is told once a day.
func TestX8_ConfirmedBrowserGetsIn(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*testing.T) func(*config.Config){
		"SQLite":               func(*testing.T) func(*config.Config) { return nil },
		"PostgreSQL and Redis": func(t *testing.T) func(*config.Config) { return site.OnServers(t) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := withMails(site.New(t, change(t)))
			const email = "jo@example.com"
			v := s.visitor()
			v.fill("burger", email, "")
			v.send().Leads("/apply/done")
			before := len(s.mailsTo(email))
			tries(s.Site, email)
			told := s.mailsTo(email)[before:]
			if len(told) != 1 || told[0].Kind != "somebody-tries" {
				t.Fatalf("the person is told by %d mails, want one", len(told))
			}
			s.Browser().Authorize(site.NewRequest("web", site.CallbackURI)).Submit("email", email, "password", goodPassword).Is(http.StatusUnprocessableEntity)
			v.Authorize(site.NewRequest("web", site.CallbackURI)).Submit("email", email, "password", goodPassword).At("/enrol")
			s.Clock.Add(2 * time.Hour)
			tries(s.Site, email)
			if n := len(s.mailsTo(email)) - before; n != 1 {
				t.Errorf("%d mails within a day", n)
			}
			s.Clock.Add(23 * time.Hour)
			tries(s.Site, email)
			if n := len(s.mailsTo(email)) - before; n != 2 {
				t.Errorf("%d mails in two days", n)
			}
		})
	}
}
