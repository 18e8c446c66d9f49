package console_test

import (
	"net/http"
	"testing"

	"omgevingsloket-id/e2e/site"
	"omgevingsloket-id/pkg/staff"
)

// DO-01: when strangers have filled the queue for password hashes, an official can log
// in with a known browser and with no other, and an invitation is not used up.
func TestDO01_FullQueue(t *testing.T) {
	t.Parallel()
	s := site.New(t, nil)
	olga := s.Official("olga@example.org", staff.Auditor)
	invited := s.Browser().Get(s.Invite("bas@example.org", staff.Auditor)).At("/console/invite")
	accept := invited.Form("password", site.StaffPassword)
	stranger := s.Browser().Get("/console/login")
	form := stranger.Form("email", "olga@example.org", "password", site.StaffPassword)
	olga.Post("/console/logout")
	olga.Get("/console/login")

	hashes := s.Hashes()
	empty := s.FillQueue()
	for what, b := range map[string]site.Answer{"an invitation": invited.Send(accept), "a stranger": stranger.Send(form)} {
		if b.Status != http.StatusServiceUnavailable || b.Header.Get("Retry-After") == "" || s.Hashes() != hashes {
			t.Errorf("%s: %d, Retry-After %q, %d hashes, want 503, a time and none", what, b.Status, b.Header.Get("Retry-After"), s.Hashes()-hashes)
		}
	}
	olga.Submit("email", "olga@example.org", "password", site.StaffPassword).At("/console/login/code")
	empty()
	invited.Submit("password", site.StaffPassword).Scan()
}
