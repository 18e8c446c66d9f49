package main

import (
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/authreq"
	"omgevingsloket-id/pkg/secret"
)

// loginPages are all pages of a login in progress.
var loginPages = []string{"/login", "/enrol", "/enrol/qr", "/login/code", "/login/lost", "/login/blocked", "/consent", "/authorize/callback"}

// stopAt are the pages that may be looked at in each state; everything else
// leads to the first one.
var stopAt = map[string][]string{
	"password": {"/login"}, "reveal": {"/enrol"}, "code, first": {"/login/code", "/login/lost"}, "code": {"/login/code"},
	"blocked": {"/login/blocked"}, "consent": {"/consent"}, "logged out": {"/login"},
}

// states puts a browser into each state of a login.
func (s *site) states() map[string]*browser {
	request := func() request { return newRequest("third", "https://third.example/cb").with("scope", "openid email") }
	out := map[string]*browser{}
	out["password"] = s.browser().authorize(request())
	s.person("reveal@example.com")
	out["reveal"] = s.browser().authorize(request()).submit("email", "reveal@example.com", "password", testPassword)
	_, out["code, first"] = s.shown("first@example.com")
	_, out["code"] = s.active("code@example.com")
	out["code"] = out["code"].authorize(request().with("prompt", "login")).submit("email", "code@example.com", "password", testPassword)
	a, _ := s.active("blocked@example.com")
	s.blocked(a)
	out["blocked"] = s.browser().authorize(request()).submit("email", "blocked@example.com", "password", testPassword)
	_, out["consent"] = s.active("consent@example.com")
	out["consent"].authorize(request())
	a, out["logged out"] = s.active("out@example.com")
	out["logged out"].authorize(request()).at("/consent")
	s.blocked(a)
	must(s.t, s.rules.Unblock(s.t.Context(), a, "test", ""))
	return out
}

// No page can be reached out of turn, by GET or by POST, in any state.
func TestLG04_EN15_ForcedBrowsing(t *testing.T) {
	s := newSite(t, nil)
	posts := map[string][]string{"/enrol/qr": nil, "/login/code": {"code", "000000"}, "/login/lost": nil, "/consent": {"decision", "yes"}}
	for state, b := range s.states() {
		allowed, query := stopAt[state], b.url.RawQuery
		before := s.accountOf(b)
		for _, path := range loginPages {
			want := allowed[0]
			if slices.Contains(allowed, path) {
				want = path
			}
			if b.get(path + "?" + query); b.url.Path != want || b.status >= http.StatusInternalServerError {
				t.Fatalf("%s: GET %s leads to %s (%d), want %s", state, path, b.url, b.status, want)
			}
			fields, takes := posts[path]
			if !takes || path == want || path == "/enrol/qr" && want == "/enrol" {
				continue
			}
			if b.post(path+"?"+query, fields...); b.url.Path != want || b.status >= http.StatusInternalServerError {
				t.Fatalf("%s: POST %s leads to %s (%d), want %s", state, path, b.url, b.status, want)
			}
		}
		if after := s.accountOf(b); !reflect.DeepEqual(after, before) {
			t.Errorf("%s: the account changed\n%+v\n%+v", state, before, after)
		}
		for _, path := range []string{"/portals", "/authorize?" + newRequest("web", callbackURI).with("prompt", "none").Encode()} {
			if b.get(path); state != "consent" && state != "code" && (b.url.Path == "/portals" || b.url.Query().Has("code")) {
				t.Errorf("%s: logged in without two factors: %s", state, b.url)
			}
		}
	}
}

// What a login had proven before the account changed counts for nothing after
// the next password: the code is asked again.
func TestLG04_OldProofsAreForgotten(t *testing.T) {
	s := newSite(t, nil)
	a, b := s.active(testEmail)
	b.authorize(newRequest("third", "https://third.example/cb").with("scope", "openid email")).at("/consent") // both factors, by single sign-on
	s.blocked(a)
	must(t, s.rules.Unblock(t.Context(), a, "test", ""))
	s.browser().authorize(newRequest("web", callbackURI)).enrol(testEmail).answered()
	b.get("/login?"+b.url.RawQuery).at("/login").submit("email", testEmail, "password", testPassword).at("/login/code")
	b.get("/consent?" + b.url.RawQuery).at("/login/code")
}

// accountOf reads the account that the login on this page has come to.
func (s *site) accountOf(b *browser) account.Account {
	s.t.Helper()
	req, err := s.stores.requests.Get(s.t.Context(), secret.Text(b.url.Query().Get("login")).Hash())
	must(s.t, err)
	if req.AccountID == "" {
		return account.Account{}
	}
	return s.reload(account.Account{ID: req.AccountID})
}

// AZ-33: an hour after it began, every step of a login leads to the friendly
// way back to the start, and a second before to the step itself.
func TestAZ33_ExpiredAtEveryStep(t *testing.T) {
	s := newSite(t, nil)
	states := s.states()
	s.clock.add(authreq.Lifetime - 31*time.Minute) // younger than a password lasts
	for state, b := range states {
		if b.get("/login?" + b.url.RawQuery); b.url.Path == "/login/restart" {
			t.Error(state, "is over too early")
		}
	}
	s.clock.add(31 * time.Minute)
	for state, b := range states {
		query := b.url.RawQuery
		for _, path := range loginPages {
			if b.get(path + "?" + query); b.status != http.StatusGone || !strings.Contains(b.body, `href="/start"`) {
				t.Errorf("%s: %s answers %d", state, path, b.status)
			}
		}
		b.post("/login/code?"+query, "code", "123456").is(http.StatusGone)
	}
}

// Parameters that say where to go next do not exist.
func TestLG28_NoReturnTo(t *testing.T) {
	s := newSite(t, nil)
	s.active(testEmail)
	b := s.browser().authorize(newRequest("web", callbackURI)).at("/login")
	before := b.body
	for _, name := range []string{"return_to", "next", "continue", "redirect_uri", "post_logout_redirect_uri", "url"} {
		for _, evil := range []string{"https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)"} {
			query := "&" + url.Values{name: {evil}}.Encode()
			if b.get("/login?" + b.url.RawQuery + query).at("/login"); b.body != before {
				t.Errorf("%s=%s changes the page", name, evil)
			}
			b.url.RawQuery = strings.TrimSuffix(b.url.RawQuery, query)
			got := s.browser().send(b.request(http.MethodGet, "/start?"+query[1:], nil))
			if strings.Contains(got.header.Get("Location"), "evil") || strings.Contains(got.body, "evil") {
				t.Errorf("%s=%s: /start leads to %s", name, evil, got.header.Get("Location"))
			}
		}
	}
}

// An answer that leads on shows nothing of the page it leads away from.
func TestLG25_RedirectsHaveNoBody(t *testing.T) {
	s := newSite(t, nil)
	for state, b := range s.states() {
		for _, path := range loginPages {
			got := b.send(b.request(http.MethodGet, path+"?"+b.url.RawQuery, nil))
			if got.status/100 == 3 && got.body != "" || got.status/100 != 3 && got.header.Get("Location") != "" {
				t.Errorf("%s: %s answers %d with %d bytes", state, path, got.status, len(got.body))
			}
		}
	}
}
