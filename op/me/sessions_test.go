package me_test

import (
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"omgevingsloket-id/e2e/site"
	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/audit"
	"omgevingsloket-id/pkg/config"
	"omgevingsloket-id/storage/storagetest"
)

var endButton = regexp.MustCompile(`name="end" value="([^"]*)">([^<]*)<`)

// ends returns the values of the buttons on the page, by text.
func ends(b *site.Browser) map[string]string {
	out := map[string]string{}
	for _, m := range endButton.FindAllStringSubmatch(b.Body, -1) {
		out[m[2]] = m[1]
	}
	return out
}

// second returns another browser in which the same person logs in, at another server.
func second(s *site.Site, at *site.Site, first *site.Browser) *site.Browser {
	b := s.Browser().On(at)
	b.Seed = first.Seed
	b.HTTP.Transport = agent{b.HTTP.Transport, "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0"}
	return b.Authorize(site.NewRequest("web", site.CallbackURI)).Login(site.Email)
}

type agent struct {
	http.RoundTripper
	name string
}

func (a agent) RoundTrip(r *http.Request) (*http.Response, error) {
	r.Header.Set("User-Agent", a.name)
	return a.RoundTripper.RoundTrip(r)
}

// onBoth runs a test on SQLite and on PostgreSQL with Redis.
func onBoth(t *testing.T, run func(t *testing.T, s *site.Site)) {
	t.Helper()
	site.OnEach(t, func(t *testing.T, on func(*config.Config)) { run(t, site.New(t, on)) })
}

// LG-27: the list has every browser, and one that is ended from another server is
// logged out at its next request, with its tokens; the browser that ended it is not.
func TestLG27_SessionsEndOne(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, s *site.Site) {
		a, b := s.Active(site.Email)
		twin := s.Twin(0)
		other := second(s, twin, b)
		tokens, mine := other.Tokens(site.NewRequest("web", site.CallbackURI)), b.Tokens(site.NewRequest("web", site.CallbackURI))
		b.Get("/me/sessions").Is(200).Says("Firefox op Windows").Says("deze browser")
		buttons := ends(b)
		id := buttons["Log uit: Firefox op Windows"]
		if len(buttons) != 4 || id == "" {
			t.Fatalf("the buttons are %v", buttons)
		}
		for _, e := range listed(t, s, a) {
			if strings.Contains(b.Body, e) {
				t.Error("the page holds a sid")
			}
		}
		b.Submit("end", id).At("/me/sessions").Is(200).Says("Daar bent u nu uitgelogd")
		if strings.Contains(b.Body, "Firefox op Windows") {
			t.Error("the session is still listed")
		}
		other.Get("/me").At("/login")
		if status, _ := s.Userinfo(tokens); status != http.StatusUnauthorized {
			t.Errorf("userinfo of the ended session = %d", status)
		}
		if status, _ := s.Userinfo(mine); status != http.StatusOK || !b.LoggedIn() {
			t.Errorf("this browser: userinfo = %d, logged in: %t", status, b.LoggedIn())
		}
		b.Get("/me/sessions")
		b.Submit("end", id).At("/me/sessions").Is(422).Says("niet meer in de lijst")
		b.Submit("end", "").Is(422)
	})
}

func listed(t *testing.T, s *site.Site, a account.Account) (sids []string) {
	t.Helper()
	all, err := s.Stores.Logins.Of(t.Context(), a.ID, a.Epoch, s.Clock.Now(), 50)
	site.Must(t, err)
	for _, e := range all {
		sids = append(sids, e.SID)
	}
	return sids
}

// LG-27: all others end, at every server, also those that the list does not have; this
// browser goes on under a new handle.
func TestLG27_SessionsEndOthers(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, s *site.Site) {
		a, b := s.Active(site.Email)
		twin := s.Twin(0)
		one, two := second(s, twin, b), second(s, s, b)
		tokens := one.Tokens(site.NewRequest("web", site.CallbackURI))
		handle := b.Cookies()[site.SessionCookie]
		stolen := b.Copy()
		b.Get("/me/sessions").Submit("end", "others").At("/me/sessions").Is(200).Says("Daar bent u nu uitgelogd")
		if b.Cookies()[site.SessionCookie] == handle {
			t.Error("the handle is the one from before")
		}
		if len(listed(t, s, s.Reload(a))) != 1 {
			t.Errorf("listed: %v", listed(t, s, s.Reload(a)))
		}
		for _, gone := range []*site.Browser{one, two, stolen} {
			gone.Get("/me").At("/login")
		}
		if status, _ := s.Userinfo(tokens); status != http.StatusUnauthorized {
			t.Errorf("userinfo of an ended session = %d", status)
		}
		b.Get("/me").At("/me").Is(200)
	})
}

// LG-26: everything ends at once, on two servers, this browser too, and the page says
// so when it is done.
func TestLG26_SessionsEndAll(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, s *site.Site) {
		a, b := s.Active(site.Email)
		twin := s.Twin(0)
		browsers := []*site.Browser{b, second(s, twin, b), second(s, s, b), second(s, twin, b)}
		tokens := browsers[1].Tokens(site.NewRequest("web", site.CallbackURI))
		b.Get("/me/sessions").Submit("end", "all").At("/me/logout").Is(200).Says("U bent overal uitgelogd")
		for i, gone := range browsers {
			gone.Get("/me")
			if gone.URL.Path != "/login" {
				t.Errorf("browser %d is at %s", i, gone.URL)
			}
		}
		if status, _ := s.Userinfo(tokens); status != http.StatusUnauthorized {
			t.Errorf("userinfo = %d", status)
		}
		if e := s.Acts(s.Reload(a)); len(e) == 0 || s.Reload(a).Epoch == a.Epoch {
			t.Error("no event, or the same epoch")
		}
		b.Get("/me/logout").Says("U bent niet ingelogd")
	})
}

// A session that has ended by itself is not in the list.
func TestSessionsOver(t *testing.T) {
	t.Parallel()
	s := site.New(t, nil)
	_, b := s.Active(site.Email)
	second(s, s, b)
	for range 2 {
		s.Clock.Add(20 * time.Minute)
		b.Get("/me/sessions").At("/me/sessions").Is(200)
	}
	if n := len(ends(b)); n != 2 {
		t.Errorf("%d buttons: %v", n, ends(b))
	}
}

// LG-29: after logging out, the pages of the account show nothing, also with the
// cookies from before; the page says that one is logged out only when it is done.
func TestLG29_Logout(t *testing.T) {
	t.Parallel()
	s, f := site.NewWatched(t, nil)
	a, b := s.Active(site.Email)
	tokens := b.Tokens(site.NewRequest("web", site.CallbackURI))
	b.Get("/me/logout").Is(200).Says("Wilt u uitloggen?")
	before := b.Copy()
	for _, call := range []string{"Grants.EndSession", "Sessions.Delete"} {
		f.Once(call, storagetest.NotWritten)
		if b.Press("/me/logout"); b.Status != http.StatusServiceUnavailable || strings.Contains(b.Body, "U bent uitgelogd") {
			t.Errorf("%s fails: %d", call, b.Status)
		}
		b.Get("/me/logout")
	}
	b.Post("/me/logout").At("/me/logout").Is(200).Says("U bent niet ingelogd") // the end was recorded by the last try that failed
	for _, path := range []string{"/me", "/me/data", "/me/sessions", "/me/portals", "/me/events", "/me/looked"} {
		before.Get(path)
		if before.URL.Path != "/login" || strings.Contains(before.Body, "Anna") {
			t.Errorf("%s after the logout is %s", path, before.URL)
		}
	}
	if status, _ := s.Userinfo(tokens); status != http.StatusUnauthorized {
		t.Errorf("userinfo = %d", status)
	}
	found := false
	for _, e := range s.Events(a) {
		found = found || e.Action == audit.AccountLogout
	}
	if !found {
		t.Error("no event")
	}
}

// The answer to the logout clears the cache and the cookie, and the page says it once.
func TestLogoutClears(t *testing.T) {
	t.Parallel()
	s := site.New(t, nil)
	_, b := s.Active(site.Email)
	b.Get("/me")
	got := b.Send(b.FormTo("/me/logout"))
	if got.Header.Get("Clear-Site-Data") != `"cache"` || got.Status != http.StatusSeeOther {
		t.Errorf("the answer is %d with %q", got.Status, got.Header.Get("Clear-Site-Data"))
	}
	if b.Cookies()[site.SessionCookie] != "" {
		t.Error("the cookie is still there")
	}
	b.Get("/me/logout").Says("<h1>U bent uitgelogd")
	b.Get("/me/logout").Says("<h1>U bent niet ingelogd")
	s.Browser().Get("/me/logout").Says("<h1>U bent niet ingelogd")
}
