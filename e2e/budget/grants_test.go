package budget

import (
	"fmt"
	"testing"
	"time"

	"omgevingsloket-id/e2e/site"
	"omgevingsloket-id/pkg/config"
	"omgevingsloket-id/pkg/limit"
	"omgevingsloket-id/storage/sql"
)

// What one login with both factors, and one more grant of its session, may make us
// store, in bytes, with whatever authorization request: the grant and its event.
const (
	grantBytes = 6 << 10
	loginBytes = 16 << 10
)

// X9: a session that asks for code after code gets so many a minute; a grant is
// small whatever the request was, and one that was never redeemed is gone soon
// after its code.
func TestX9_CodesOfOneSession(t *testing.T) {
	t.Parallel()
	site.OnEach(t, func(t *testing.T, on func(*config.Config)) {
		s, m := measured(t, on, func(c *config.Config) { c.Limits.AuthorizePerMinute = 120 })
		empty := m.tables()
		_, b := s.Active(site.Email)
		if sum, where := grown(empty, m.tables()); sum > loginBytes {
			t.Errorf("a login stores %d bytes (%s)", sum, where)
		}
		fat := fattest().With("prompt", "none")
		fat.Set("claims", `{"userinfo":{"email":null,"x":{"value":"`+fmt.Sprintf("%01500d", 0)+`"}}}`)
		before := m.tables()
		b.NewCode(fat)
		after := m.tables()
		for name := range after {
			if name != "grants" && name != "audit_events" && name != "audit_pool" {
				delete(after, name) // the request, which ends by itself
			}
		}
		if sum, where := grown(before, after); sum > grantBytes {
			t.Errorf("a grant stores %d bytes (%s)", sum, where)
		}
		for i := 1; ; i++ {
			answer := b.Authorize(site.NewRequest("web", site.CallbackURI).With("prompt", "none")).Answered()
			if answer.Get("error") == "temporarily_unavailable" {
				break
			}
			if answer.Get("code") == "" || i > limit.SessionCodes.Most {
				t.Fatal(i, answer)
			}
		}
		// Nobody is shut out: with a page, the person logs in again.
		b.Authorize(site.NewRequest("web", site.CallbackURI)).At("/login")
		b.Login(site.Email).Answered()
		s.Pass(sql.DeadCode + time.Minute)
		s.RunJob("sweep")
		if n := m.tables()["grants"]; n > 0 {
			t.Errorf("%d bytes of grants are left", n)
		}
	})
}

// X9: a session that gets its codes slowly enough for each minute has a number for the
// day as well.
func TestX9_CodesOfOneSessionInADay(t *testing.T) {
	t.Parallel()
	site.OnEach(t, func(t *testing.T, on func(*config.Config)) {
		const perMinute = 4
		s, _ := measured(t, on, func(c *config.Config) { c.Limits.AuthorizePerMinute = perMinute })
		_, b := s.Active(site.Email)
		for i := range perMinute*8 + 1 {
			s.Pass(time.Minute)
			answer := b.Authorize(site.NewRequest("web", site.CallbackURI).With("prompt", "none")).Answered()
			if over := answer.Get("error") == "temporarily_unavailable"; over != (i == perMinute*8) || !over && answer.Get("code") == "" {
				t.Fatalf("code %d of the day: %v", i+1, answer)
			}
		}
	})
}
