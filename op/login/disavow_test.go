package login_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"omgevingsloket-id/e2e/site"
	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/audit"
	"omgevingsloket-id/pkg/config"
)

// The link 'Was this not you?' explains on GET, blocks on POST, once, and ends what the
// account has anywhere; the helpdesk gets the reference by mail.
func TestDisavow(t *testing.T) {
	t.Parallel()
	s := site.New(t, func(c *config.Config) { c.Helpdesk.Email = "helpdesk@example.org" })
	a, phone := s.Active(site.Email)
	thief := s.Browser()
	thief.Seed = phone.Seed
	thief.Authorize(site.NewRequest("web", site.CallbackURI)).Login(site.Email).Answered()
	link := s.MailedLink("factor-linked", site.Email, "/login/disavow")
	for range 3 {
		b := s.Browser().Get(link).At("/login/disavow").Is(http.StatusOK)
		if strings.Contains(b.URL.RawQuery, "olid_dis") || strings.Contains(b.Body, "olid_dis") {
			t.Error("the handle is in the address or on the page (ML-02)")
		}
	}
	if got := s.Reload(a); got.State != account.Active {
		t.Fatalf("a look blocked the account: %+v", got)
	}
	var browsers []*site.Browser
	for range 8 {
		browsers = append(browsers, s.Browser().Get(link))
	}
	site.OneGoesOn(t, browsers, "/login/disavowed")
	got := s.Reload(a)
	if got.State != account.Blocked || got.BlockReason != account.Disavowed {
		t.Errorf("the account is %+v, want blocked by its holder", got)
	}
	thief.Get("/portals").At("/login")
	if text := s.Mailed("staff-disavowed", "helpdesk@example.org"); !strings.Contains(text, got.BlockRef) || strings.Contains(text, site.Email) {
		t.Errorf("the mail to the helpdesk:\n%s", text)
	}
	if !slices.ContainsFunc(s.Acts(a), func(e audit.Event) bool { return e.Action == audit.AccountDisavowed }) {
		t.Error("no event of the disavowal")
	}
	site.Must(t, s.Unblock(got))
	s.Browser().Get(link).Is(http.StatusGone) // a link mailed before the unblock does not block again
}

// ML-01, ML-02: a link works for ten days, and no longer; one that is changed or of
// another account never does.
func TestML02_DisavowLinkIsExact(t *testing.T) {
	t.Parallel()
	s := site.New(t, nil)
	a, _ := s.Active(site.Email)
	link := s.MailedLink("factor-linked", site.Email, "/login/disavow")
	name, handle, _ := strings.Cut(link, "=")
	for i := range len(handle) {
		b := []byte(handle)
		if b[i]++; b[i] == '`' || b[i] > 'z' {
			b[i] = 'A'
		}
		s.Browser().Get(name + "=" + string(b)).Is(http.StatusGone).Post("/login/disavow").Is(http.StatusGone)
	}
	for _, text := range []string{"", "olid_dis_", handle + "A", handle[:len(handle)-1], strings.Replace(handle, "olid_dis", "olid_rcv", 1), strings.Repeat("x", 5000)} {
		s.Browser().Get(name + "=" + text).Post("/login/disavow").Is(http.StatusGone)
	}
	if got := s.Reload(a); got.State != account.Active {
		t.Fatalf("a wrong link blocked the account: %+v", got)
	}
	s.Clock.Add(10*24*time.Hour - time.Minute)
	s.Browser().Get(link).At("/login/disavow").Is(http.StatusOK)
	s.Clock.Add(time.Hour + time.Minute) // links end at a whole hour
	s.Browser().Get(link).Is(http.StatusGone).Post("/login/disavow").Is(http.StatusGone)
}
