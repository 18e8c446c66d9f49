package login_test

import (
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"omgevingsloket-id/e2e/site"
	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/authreq"
)

// loginPages are all pages of a login in progress.
var loginPages = []string{"/login", "/enrol", "/enrol/qr", "/enrol/wait", "/enrol/code", "/login/code", "/login/lost", "/login/blocked", "/consent", "/authorize/callback"}

// stopAt are the pages that may be shown in each state; all others redirect to the
// first one.
var stopAt = map[string][]string{
	"password": {"/login"}, "reveal": {"/enrol"}, "code, first": {"/login/code", "/login/lost"}, "code": {"/login/code"},
	"blocked": {"/login/blocked"}, "consent": {"/consent"}, "mailbox": {"/enrol/code"}, "logged out": {"/login"},
}

// In any state, pages out of turn cannot be reached, by GET or by POST.
func TestLG04_EN15_ForcedBrowsing(t *testing.T) {
	t.Parallel()
	s := site.New(t, nil)
	posts := map[string][]string{"/enrol/qr": nil, "/enrol/code": {"code", "000000"}, "/login/code": {"code", "000000"}, "/login/lost": nil, "/consent": {"decision", "yes"}}
	for state, b := range s.States() {
		allowed, query := stopAt[state], b.URL.RawQuery
		before := s.AccountOf(b)
		for _, path := range loginPages {
			want := allowed[0]
			if slices.Contains(allowed, path) {
				want = path
			}
			if b.Get(path + "?" + query); b.URL.Path != want || b.Status >= http.StatusInternalServerError {
				t.Fatalf("%s: GET %s leads to %s (%d), want %s", state, path, b.URL, b.Status, want)
			}
			fields, takes := posts[path]
			if !takes || path == want || path == "/enrol/qr" && want == "/enrol" {
				continue
			}
			if b.Post(path+"?"+query, fields...); b.URL.Path != want || b.Status >= http.StatusInternalServerError {
				t.Fatalf("%s: POST %s leads to %s (%d), want %s", state, path, b.URL, b.Status, want)
			}
		}
		if after := s.AccountOf(b); !reflect.DeepEqual(after, before) {
			t.Errorf("%s: the account changed\n%+v\n%+v", state, before, after)
		}
		for _, path := range []string{"/portals", "/authorize?" + site.NewRequest("web", site.CallbackURI).With("prompt", "none").Encode()} {
			if b.Get(path); state != "consent" && state != "code" && (b.URL.Path == "/portals" || b.URL.Query().Has("code")) {
				t.Errorf("%s: logged in without two factors: %s", state, b.URL)
			}
		}
	}
}

// The proofs of a login from before the account changed are dropped at the next
// password: the code is asked for again.
func TestLG04_OldProofsAreForgotten(t *testing.T) {
	t.Parallel()
	s := site.New(t, nil)
	a, b := s.Active(site.Email)
	b.Authorize(site.NewRequest("third", "https://third.example/cb").With("scope", "openid email")).At("/consent") // both factors, by single sign-on
	s.Blocked(a)
	site.Must(t, s.SignIn.Unblock(t.Context(), a, account.NoRenewal, "test", ""))
	s.ToMailbox(site.Email).Mailbox().Enrolled()
	b.Get("/login?"+b.URL.RawQuery).At("/login").Submit("email", site.Email, "password", site.Password).At("/login/code")
	b.Get("/consent?" + b.URL.RawQuery).At("/login/code")
}

// AZ-33: an hour after a login began, each of its steps shows the page with the way
// back to the start; a second earlier, the step itself.
func TestAZ33_ExpiredAtEveryStep(t *testing.T) {
	t.Parallel()
	s := site.New(t, nil)
	states := s.States()
	s.Clock.Add(authreq.Lifetime - 31*time.Minute) // a password is still valid then
	for state, b := range states {
		if b.Get("/login?" + b.URL.RawQuery); b.URL.Path == "/login/restart" {
			t.Error(state, "is over too early")
		}
	}
	s.Clock.Add(31 * time.Minute)
	for state, b := range states {
		query := b.URL.RawQuery
		for _, path := range loginPages {
			if b.Get(path + "?" + query); b.Status != http.StatusGone || !strings.Contains(b.Body, `href="/start"`) {
				t.Errorf("%s: %s answers %d", state, path, b.Status)
			}
		}
		b.Post("/login/code?"+query, "code", "123456").Is(http.StatusGone)
	}
}

// There is no parameter that says where to go next.
func TestLG28_NoReturnTo(t *testing.T) {
	t.Parallel()
	s := site.New(t, nil)
	s.Active(site.Email)
	b := s.Browser().Authorize(site.NewRequest("web", site.CallbackURI)).At("/login")
	before := b.Body
	for _, name := range []string{"return_to", "next", "continue", "redirect_uri", "post_logout_redirect_uri", "url"} {
		for _, evil := range []string{"https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)"} {
			query := "&" + url.Values{name: {evil}}.Encode()
			if b.Get("/login?" + b.URL.RawQuery + query).At("/login"); b.Body != before {
				t.Errorf("%s=%s changes the page", name, evil)
			}
			b.URL.RawQuery = strings.TrimSuffix(b.URL.RawQuery, query)
			got := s.Browser().Send(b.Request(http.MethodGet, "/start?"+query[1:], nil))
			if strings.Contains(got.Header.Get("Location"), "evil") || strings.Contains(got.Body, "evil") {
				t.Errorf("%s=%s: /start leads to %s", name, evil, got.Header.Get("Location"))
			}
		}
	}
}

// A redirect contains nothing of the page it leads away from.
func TestLG25_RedirectsHaveNoBody(t *testing.T) {
	t.Parallel()
	s := site.New(t, nil)
	for state, b := range s.States() {
		for _, path := range loginPages {
			got := b.Send(b.Request(http.MethodGet, path+"?"+b.URL.RawQuery, nil))
			if got.Status/100 == 3 && got.Body != "" || got.Status/100 != 3 && got.Header.Get("Location") != "" {
				t.Errorf("%s: %s answers %d with %d bytes", state, path, got.Status, len(got.Body))
			}
		}
	}
}
