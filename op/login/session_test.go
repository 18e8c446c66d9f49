package login_test

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"omgevingsloket-id/e2e/site"
	"omgevingsloket-id/pkg/config"
)

// The handle is 256 random bits and is only in a cookie.
func TestLG19_SessionHandleIsInTheCookieOnly(t *testing.T) {
	t.Parallel()
	s := site.New(t, nil)
	_, b := s.Active(site.Email)
	handle := b.Cookies()[site.SessionCookie]
	if !regexp.MustCompile(`^olid_ses_[A-Za-z0-9_-]{43}$`).MatchString(handle) {
		t.Fatal("session cookie:", handle)
	}
	for _, path := range []string{"/", "/portals", "/end_session", "/authorize?" + site.NewRequest("third", "https://third.example/cb").Encode()} {
		if b.Get(path); strings.Contains(b.Body, handle) || strings.Contains(b.URL.String(), handle) {
			t.Errorf("the handle is on the page at %s", path)
		}
	}
}

// A planted session handle is useless, and no handle survives a login.
func TestLG20_FixationOfTheSession(t *testing.T) {
	t.Parallel()
	s := site.New(t, nil)
	s.Active(site.Email)
	_, attacker := s.Active("mallory@example.com")
	planted := attacker.Cookies()[site.SessionCookie]

	victim := s.Browser()
	victim.Give(map[string]string{site.SessionCookie: planted})
	if victim.LoggedIn() {
		t.Fatal("a session works in another browser")
	}
	victim.Get("/start").Get("/portals").At("/login") // with a browser secret of its own
	attacker.Get("/portals").At("/portals")
	victim.Authorize(site.NewRequest("web", site.CallbackURI))
	victim.Give(map[string]string{site.SessionCookie: planted})
	victim.Seed = attacker.Seed
	victim.Login("mallory@example.com").Answered()
	first := victim.Cookies()[site.SessionCookie]
	if first == planted {
		t.Fatal("the planted handle became the victim's session")
	}

	// Each login has a new handle, and the previous one is dead.
	victim.Authorize(site.NewRequest("web", site.CallbackURI).With("prompt", "login")).Login("mallory@example.com").Answered()
	second := victim.Cookies()[site.SessionCookie]
	if second == first || !victim.LoggedIn() {
		t.Fatal("the handle stayed after a new login")
	}
	victim.Give(map[string]string{site.SessionCookie: first})
	if victim.LoggedIn() {
		t.Error("the handle before the last login still works")
	}
}

// An attacker who knows the browser's secret from before a login cannot collect
// that login: the callback checks the new session too.
func TestLG20_FixationOfTheBrowser(t *testing.T) {
	t.Parallel()
	s := site.New(t, nil)
	_, victim := s.Active(site.Email)
	seed := victim.Seed
	attacker := s.Browser().Authorize(site.NewRequest("web", site.CallbackURI)).At("/login")
	page := attacker.URL.String()

	victim = s.Browser()
	victim.Seed = seed
	victim.Give(map[string]string{site.BrowserCookie: attacker.Cookies()[site.BrowserCookie]})
	s.Clock.Add(30 * time.Second)
	victim.Get(page).Submit("email", site.Email, "password", site.Password).At("/login/code")
	if done := victim.Send(victim.Form("code", victim.Code())); done.Header.Get("Refresh") == "" {
		t.Fatal("the victim's login did not end:", done.Status)
	}

	attacker.Get("/authorize/callback?" + attacker.URL.RawQuery)
	if attacker.URL.Host == "rp.example" {
		t.Fatal("the attacker collected the victim's login:", attacker.URL.Query().Has("code"))
	}
	attacker.At("/login").Is(http.StatusOK) // has to log in itself
	victim.Get("/authorize/callback?" + victim.URL.RawQuery)
	if victim.Answered().Get("code") == "" {
		t.Error("and the victim's own way back is gone")
	}
}

// An attacker who used the browser before, and knows its secret and the address of
// the login page that was left open, is at no step of the login that goes on there.
func TestLG20_FixationOfTheLogin(t *testing.T) {
	t.Parallel()
	s := site.New(t, nil)
	s.Person("new@example.com")
	s.Active("old@example.com")
	for email, step := range map[string]string{"new@example.com": "/enrol", "old@example.com": "/login/code"} {
		attacker := s.Browser().Authorize(site.NewRequest("web", site.CallbackURI)).At("/login")
		victim := s.Browser()
		victim.Give(attacker.Cookies())
		victim.Get(attacker.URL.String()).Submit("email", email, "password", site.Password).At(step)
		attacker.Get(step + "?" + attacker.URL.RawQuery).At("/login").Is(http.StatusOK)
		attacker.Post("/enrol/qr?" + attacker.URL.RawQuery)
		if attacker.At("/login"); site.Reveals(attacker.Body) {
			t.Errorf("%s: the attacker sees the key of the victim", email)
		}
		victim.Get(victim.URL.String()).At(step).Is(http.StatusOK)
	}
}

// A login in progress belongs to the browser it began in, with or without a session.
func TestLG21_RequestOfAnotherBrowser(t *testing.T) {
	t.Parallel()
	s := site.New(t, nil)
	_, a := s.Active(site.Email)
	b := s.Browser().Authorize(site.NewRequest("web", site.CallbackURI)).At("/login")
	for _, path := range loginPages {
		for _, handle := range []string{b.URL.RawQuery, "login=olid_req_" + strings.Repeat("A", 43)} {
			s.Browser().Get("/").Get(path + "?" + handle).At(path).Is(http.StatusGone)
			if path != "/authorize/callback" {
				a.Get(path + "?" + handle).At("/portals") // it is logged in
			}
		}
	}
	b.Get(b.URL.String()).At("/login").Is(http.StatusOK)
}

// Malformed cookies are ignored.
func TestLG22_GarbageInCookies(t *testing.T) {
	t.Parallel()
	s := site.New(t, nil)
	_, b := s.Active(site.Email)
	good := b.Cookies()
	handle := good[site.SessionCookie]
	for what, header := range map[string]string{
		"empty":           site.SessionCookie + "=",
		"8 kB":            site.SessionCookie + "=" + strings.Repeat("A", 8<<10),
		"another type":    site.SessionCookie + "=" + strings.Replace(handle, "olid_ses", "olid_brw", 1),
		"another case":    site.SessionCookie + "=" + strings.ToUpper(handle),
		"one byte less":   site.SessionCookie + "=" + handle[:len(handle)-1],
		"one byte more":   site.SessionCookie + "=" + handle + "A",
		"a bit off":       site.SessionCookie + "=" + handle[:len(handle)-2] + "__",
		"a number":        site.SessionCookie + "=-1",
		"not UTF-8":       site.SessionCookie + "=\xff\xfe",
		"a path":          site.SessionCookie + "=../../" + handle,
		"two":             site.SessionCookie + "=" + handle + "; " + site.SessionCookie + "=" + handle,
		"two, one bad":    site.SessionCookie + "=" + handle + "; " + site.SessionCookie + "=x",
		"1,000 of others": strings.Repeat("x=y; ", 1000) + site.SessionCookie + "=x",
	} {
		req := b.Request(http.MethodGet, "/authorize?"+site.NewRequest("web", site.CallbackURI).With("prompt", "none").Encode(), nil)
		req.Header.Set("Cookie", site.BrowserCookie+"="+good[site.BrowserCookie]+"; "+header)
		got := s.Browser().Send(req)
		if to, err := url.Parse(got.Header.Get("Location")); err != nil || got.Status != http.StatusSeeOther || to.Query().Get("error") != "login_required" {
			t.Errorf("%s: %d %s", what, got.Status, got.Header.Get("Location"))
		}
	}
	for what, header := range map[string]string{
		"garbage":      site.BrowserCookie + "=garbage; " + site.SessionCookie + "=" + handle,
		"another's":    site.BrowserCookie + "=olid_brw_" + strings.Repeat("A", 43) + "; " + site.SessionCookie + "=" + handle,
		"two browsers": site.BrowserCookie + "=" + good[site.BrowserCookie] + "; " + site.BrowserCookie + "=" + good[site.BrowserCookie] + "; " + site.SessionCookie + "=" + handle,
	} {
		req := b.Request(http.MethodGet, "/authorize?"+site.NewRequest("web", site.CallbackURI).With("prompt", "none").Encode(), nil)
		req.Header.Set("Cookie", header)
		if got := s.Browser().Send(req); !strings.Contains(got.Header.Get("Location"), "error=login_required") {
			t.Errorf("browser cookie, %s: %d %s", what, got.Status, got.Header.Get("Location"))
		}
	}
}

// A session is over at the very moment of its limit: when idle, and at the end of
// its day however often it is used.
func TestLG23_SessionLimits(t *testing.T) {
	t.Parallel()
	t.Run("SQLite", func(t *testing.T) { sessionLimits(t, site.New(t, nil)) })
	// Redis uses the real time and does not see the test's clock.
	t.Run("Redis", func(t *testing.T) { sessionLimits(t, site.New(t, site.OnServers(t))) })
}

func sessionLimits(t *testing.T, s *site.Site) {
	_, b := s.Active(site.Email)
	idle, absolute := s.Config.Session.Idle, s.Config.Session.Absolute
	if idle != 30*time.Minute || absolute != 12*time.Hour {
		t.Fatal("defaults:", idle, absolute)
	}
	s.Clock.Add(idle - time.Second)
	if !b.LoggedIn() {
		t.Fatal("over a second before the idle limit")
	}
	s.Clock.Add(idle)
	if b.LoggedIn() {
		t.Fatal("not over at the idle limit")
	}
	b.Get("/portals").At("/login")
	b.Authorize(site.NewRequest("web", site.CallbackURI)).Login(site.Email).Answered()
	began := s.Clock.Now()
	for s.Clock.Now().Add(idle - time.Second).Before(began.Add(absolute)) {
		s.Clock.Add(idle - time.Second)
		if !b.LoggedIn() {
			t.Fatal("over after", s.Clock.Now().Sub(began))
		}
	}
	s.Clock.Add(began.Add(absolute).Sub(s.Clock.Now()) - time.Second)
	if !b.LoggedIn() {
		t.Fatal("over a second before the absolute limit")
	}
	s.Clock.Add(time.Second)
	if b.LoggedIn() {
		t.Error("not over at the absolute limit")
	}
}

// When another person logs in with the same browser, the first one's session and
// tokens end first, and nothing of the two is mixed.
func TestLG24_AnotherPersonInTheSameBrowser(t *testing.T) {
	t.Parallel()
	s := site.New(t, nil)
	_, second := s.Active("second@example.com")
	s.Person("first@example.com")
	b := s.Browser()
	r := site.NewRequest("web", site.CallbackURI)
	_, tokens := s.Redeem(r, b.Authorize(r).Enrol("first@example.com").Answered().Get("code"))
	first, bearer := site.IDToken(t, tokens), http.Header{"Authorization": {"Bearer " + tokens["access_token"].(string)}}
	old := b.Cookies()

	b.Seed = second.Seed
	r = site.NewRequest("web", site.CallbackURI).With("prompt", "login")
	_, tokens = s.Redeem(r, b.Authorize(r).Login("second@example.com").Answered().Get("code"))
	now := site.IDToken(t, tokens)
	if now["sub"] == first["sub"] || now["sid"] == first["sid"] {
		t.Error("mixed:", first["sub"], first["sid"], now["sub"], now["sid"])
	}
	if status, _, _ := s.Call(http.MethodGet, "/userinfo", nil, bearer); status != http.StatusUnauthorized {
		t.Error("the first person's token still works:", status)
	}
	b.Give(old)
	if b.LoggedIn() {
		t.Error("the first person's session still works")
	}
}

// A block ends every session and token on every server, at the next request.
func TestLG26_BlockEndsSessionsEverywhere(t *testing.T) {
	t.Parallel()
	s := site.New(t, site.OnServers(t))
	second := s.Twin(0)
	a, b := s.Active(site.Email)
	browsers, bearers := []*site.Browser{b}, []http.Header{}
	for i := range 4 {
		at := []*site.Site{s, second}[i%2]
		other := at.Browser()
		other.Seed = b.Seed
		r := site.NewRequest("web", site.CallbackURI)
		status, tokens := at.Redeem(r, other.Authorize(r).Login(site.Email).Answered().Get("code"))
		if status != http.StatusOK {
			t.Fatal(status, tokens)
		}
		browsers = append(browsers, other)
		bearers = append(bearers, http.Header{"Authorization": {"Bearer " + tokens["access_token"].(string)}})
	}
	pending := site.NewRequest("web", site.CallbackURI)
	code := browsers[1].Authorize(pending).Answered().Get("code")
	for _, b := range browsers {
		if !b.On(s).LoggedIn() || !b.On(second).LoggedIn() {
			t.Fatal("sessions are not shared by the servers")
		}
	}
	s.Blocked(a)
	for _, at := range []*site.Site{s, second} {
		for i, b := range browsers {
			if b.On(at).LoggedIn() {
				t.Errorf("session %d lives on", i)
			}
			b.On(at).Get("/portals").At("/login")
		}
		for i, bearer := range bearers {
			if status, _, _ := at.Call(http.MethodGet, "/userinfo", nil, bearer); status != http.StatusUnauthorized {
				t.Errorf("token %d lives on: %d", i, status)
			}
		}
		if status, out := at.Redeem(pending, code); status != http.StatusBadRequest || out["error"] != "invalid_grant" {
			t.Error("a code from before the block:", status, out)
		}
	}
}

// One login begins at one server and ends at the other.
func TestLG15_LoginAcrossServers(t *testing.T) {
	t.Parallel()
	s := site.New(t, func(c *config.Config) { site.OnServers(t)(c) })
	second := s.Twin(0)
	s.Person(site.Email)
	b := s.Browser()
	r := site.NewRequest("web", site.CallbackURI)
	b = b.Authorize(r).Submit("email", site.Email, "password", site.Password).At("/enrol").On(second)
	b = b.Submit().At("/enrol/qr").Scan().On(s).Get("/login/code?" + b.URL.RawQuery).On(second)
	if status, out := s.Redeem(r, b.Submit("code", b.Code()).Answered().Get("code")); status != http.StatusOK {
		t.Error(status, out)
	}
}
