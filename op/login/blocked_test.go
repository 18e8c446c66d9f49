package login_test

import (
	"strings"
	"testing"
	"time"

	"omgevingsloket-id/e2e/site"
)

// Z7: the code for the helpdesk is right as long as the login of the page that shows
// it, whenever in a quarter of an hour that began; a button shows the code of now, and
// the page does not reload itself (WCAG F41).
func TestZ7_HelpdeskCodeLastsAsLongAsItsPage(t *testing.T) {
	t.Parallel()
	for _, begins := range []time.Duration{0, time.Second, 7 * time.Minute, 15*time.Minute - time.Second} {
		s := site.New(t, nil)
		a, _ := s.Active(site.Email)
		s.Blocked(a)
		now := s.Clock.Now()
		s.Clock.Add(now.Truncate(15 * time.Minute).Add(15*time.Minute + begins).Sub(now))
		b := s.Caller(site.Email)
		first := b.Callback()
		if b.Header.Get("Refresh") != "" || strings.Contains(b.Body, "http-equiv") {
			t.Error("the page reloads itself")
		}
		page := b.URL.RequestURI()
		s.Clock.Add(30*time.Minute - time.Second)
		b.Get(page).At("/login/blocked").Press(page).At("/login/blocked")
		blocked, err := s.Stores.DB.Accounts().ByEmail(t.Context(), site.Email)
		site.Must(t, err)
		for _, code := range []string{first, b.Callback()} {
			if !s.Helpdesk.Callback.Right(blocked, code, s.Clock.Now()) {
				t.Errorf("begun %s after a quarter: code %q of the page is not right at the end of its login", begins, code)
			}
		}
		s.Clock.Add(time.Second)
		b.Get(page).At("/login")
		b.Get(page).Press(page).At("/login")
	}
}
