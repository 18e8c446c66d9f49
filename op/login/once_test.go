package login_test

import (
	"strings"
	"testing"

	"omgevingsloket-id/e2e/site"
)

// Two browsers at the same page share neither form token nor login, and the page without
// them is the same.
func TestLoginPageOfTwoBrowsers(t *testing.T) {
	t.Parallel()
	s := site.New(t, nil)
	type shown struct{ page, token, login string }
	var all []shown
	for range 2 {
		b := s.Browser().Authorize(site.NewRequest("web", site.CallbackURI).With("state", "state-of-0000000000", "nonce", "nonce-of-0000000000"))
		b.Get(b.URL.RequestURI()) // from what was kept
		all = append(all, shown{b.Body, b.FormToken(), b.URL.Query().Get("login")})
	}
	for i, one := range all {
		if other := all[1-i]; strings.Contains(one.page, other.token) || strings.Contains(one.page, other.login) {
			t.Errorf("the page of one browser has the token %s or the login %s of another", other.token, other.login)
		}
		if !strings.Contains(one.page, one.token) || !strings.Contains(one.page, one.login) || one.token == "" || one.login == "" {
			t.Errorf("token %q and login %q are not on the page", one.token, one.login)
		}
	}
}
