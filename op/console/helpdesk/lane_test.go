package helpdesk_test

import (
	"net/http"
	"testing"

	"omgevingsloket-id/e2e/site"
	"omgevingsloket-id/pkg/audit"
	"omgevingsloket-id/pkg/config"
	"omgevingsloket-id/pkg/staff"
)

// X8: strangers who try passwords shut out a holder in a new browser; the helpdesk
// opens the lane, with a reason and an event.
func TestX8_HelpdeskOpensALane(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*testing.T) func(*config.Config){
		"SQLite":               func(*testing.T) func(*config.Config) { return nil },
		"PostgreSQL and Redis": func(t *testing.T) func(*config.Config) { return site.OnServers(t) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := site.New(t, change(t))
			a, _ := s.Active(site.Email)
			desk := s.Official("desk@example.org", staff.Helpdesk)
			for range 7 {
				s.Browser().Authorize(site.NewRequest("web", site.CallbackURI)).Submit("email", site.Email, "password", "not the right password")
			}
			fresh := func() *site.Browser {
				return s.Browser().Authorize(site.NewRequest("web", site.CallbackURI)).Submit("email", site.Email, "password", site.Password)
			}
			if b := fresh(); b.Status != http.StatusUnprocessableEntity {
				t.Fatal("not locked:", b.Status)
			}
			at := "/console/helpdesk/lane?id=" + a.ID
			desk.Get("/console/helpdesk/account?id=" + a.ID).Says("Wachttijd bij inloggen weghalen").Get(at)
			for _, bad := range [][]string{{}, {"sure", "yes"}, {"reason", "holder_asked", "ticket", "M-1"}, {"reason", "x", "ticket", "M-1", "sure", "yes"}} {
				if desk.Post(at, bad...); desk.Status != http.StatusUnprocessableEntity || fresh().Status != http.StatusUnprocessableEntity {
					t.Error(bad, desk.Status)
				}
			}
			desk.Post(at, "reason", "holder_asked", "ticket", "M-9", "sure", "yes").At("/console/helpdesk/account").Says("Inloggen kan nu weer").Says("Wachttijd bij inloggen weggehaald")
			fresh().At("/login/code")
			events, err := s.Stores.DB.Audit().EventsAbout(t.Context(), audit.ObjectAccount, a.ID, 50)
			site.Must(t, err)
			found := false
			for _, e := range events {
				found = found || e.Action == audit.AccountLanesOpened && e.ActorKind == audit.Official("").Kind && e.Details["ticket"] == "M-9"
			}
			if !found {
				t.Error("no event of the helpdesk's act")
			}
		})
	}
}
