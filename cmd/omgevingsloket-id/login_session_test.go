package main

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"omgevingsloket-id/pkg/config"
)

const (
	sessionCookie = "olid-session"
	browserCookie = "olid-browser"
)

// silent asks for an answer without a page: a code, or login_required.
func (b *browser) silent() url.Values {
	b.s.t.Helper()
	return b.authorize(newRequest("web", callbackURI).with("prompt", "none")).answered()
}

func (b *browser) loggedIn() bool { b.s.t.Helper(); return b.silent().Get("code") != "" }

// The handle is 256 random bits in a cookie, and nowhere else.
func TestLG19_SessionHandleIsInTheCookieOnly(t *testing.T) {
	s := newSite(t, nil)
	_, b := s.active(testEmail)
	handle := b.cookies()[sessionCookie]
	if !regexp.MustCompile(`^olid_ses_[A-Za-z0-9_-]{43}$`).MatchString(handle) {
		t.Fatal("session cookie:", handle)
	}
	for _, path := range []string{"/", "/portals", "/end_session", "/authorize?" + newRequest("third", "https://third.example/cb").Encode()} {
		if b.get(path); strings.Contains(b.body, handle) || strings.Contains(b.url.String(), handle) {
			t.Errorf("the handle is on the page at %s", path)
		}
	}
}

// A planted session handle is worth nothing, and none survives a login.
func TestLG20_FixationOfTheSession(t *testing.T) {
	s := newSite(t, nil)
	s.active(testEmail)
	_, attacker := s.active("mallory@example.com")
	planted := attacker.cookies()[sessionCookie]

	victim := s.browser()
	victim.give(map[string]string{sessionCookie: planted})
	if victim.loggedIn() {
		t.Fatal("a session works in another browser")
	}
	victim.get("/start").get("/portals").at("/login") // with a browser secret of its own
	attacker.get("/portals").at("/portals")
	victim.authorize(newRequest("web", callbackURI))
	victim.give(map[string]string{sessionCookie: planted})
	victim.seed = attacker.seed
	victim.login("mallory@example.com").answered()
	first := victim.cookies()[sessionCookie]
	if first == planted {
		t.Fatal("the planted handle became the victim's session")
	}

	// Each login has a handle of its own, and the one before is dead.
	victim.authorize(newRequest("web", callbackURI).with("prompt", "login")).login("mallory@example.com").answered()
	second := victim.cookies()[sessionCookie]
	if second == first || !victim.loggedIn() {
		t.Fatal("the handle stayed after a new login")
	}
	victim.give(map[string]string{sessionCookie: first})
	if victim.loggedIn() {
		t.Error("the handle before the last login still works")
	}
}

// Who knows the browser's secret from before still cannot collect the login
// that happens in it: the way back to the client asks for the new session too.
func TestLG20_FixationOfTheBrowser(t *testing.T) {
	s := newSite(t, nil)
	_, victim := s.active(testEmail)
	seed := victim.seed
	attacker := s.browser().authorize(newRequest("web", callbackURI)).at("/login")
	page := attacker.url.String()

	victim = s.browser()
	victim.seed = seed
	victim.give(map[string]string{browserCookie: attacker.cookies()[browserCookie]})
	s.clock.add(30 * time.Second)
	victim.get(page).submit("email", testEmail, "password", testPassword).at("/login/code")
	if done := victim.send(victim.form("code", victim.code())); done.header.Get("Refresh") == "" {
		t.Fatal("the victim's login did not end:", done.status)
	}

	attacker.get("/authorize/callback?" + attacker.url.RawQuery)
	if attacker.url.Host == "rp.example" {
		t.Fatal("the attacker collected the victim's login:", attacker.url.Query().Has("code"))
	}
	attacker.at("/login").is(http.StatusOK) // to prove itself who it is
	victim.get("/authorize/callback?" + victim.url.RawQuery)
	if victim.answered().Get("code") == "" {
		t.Error("and the victim's own way back is gone")
	}
}

// A login in progress belongs to the browser it began in, session or not.
func TestLG21_RequestOfAnotherBrowser(t *testing.T) {
	s := newSite(t, nil)
	_, a := s.active(testEmail)
	b := s.browser().authorize(newRequest("web", callbackURI)).at("/login")
	for _, path := range loginPages {
		for _, handle := range []string{b.url.RawQuery, "login=olid_req_" + strings.Repeat("A", 43)} {
			a.get(path + "?" + handle).at(path).is(http.StatusGone)
		}
	}
	b.get(b.url.String()).at("/login").is(http.StatusOK)
}

// Cookies that are no cookies of ours count as none.
func TestLG22_GarbageInCookies(t *testing.T) {
	s := newSite(t, nil)
	_, b := s.active(testEmail)
	good := b.cookies()
	handle := good[sessionCookie]
	for what, header := range map[string]string{
		"empty":           sessionCookie + "=",
		"8 kB":            sessionCookie + "=" + strings.Repeat("A", 8<<10),
		"another type":    sessionCookie + "=" + strings.Replace(handle, "olid_ses", "olid_brw", 1),
		"another case":    sessionCookie + "=" + strings.ToUpper(handle),
		"one byte less":   sessionCookie + "=" + handle[:len(handle)-1],
		"one byte more":   sessionCookie + "=" + handle + "A",
		"a bit off":       sessionCookie + "=" + handle[:len(handle)-2] + "__",
		"a number":        sessionCookie + "=-1",
		"not UTF-8":       sessionCookie + "=\xff\xfe",
		"a path":          sessionCookie + "=../../" + handle,
		"two":             sessionCookie + "=" + handle + "; " + sessionCookie + "=" + handle,
		"two, one bad":    sessionCookie + "=" + handle + "; " + sessionCookie + "=x",
		"1,000 of others": strings.Repeat("x=y; ", 1000) + sessionCookie + "=x",
	} {
		req := b.request(http.MethodGet, "/authorize?"+newRequest("web", callbackURI).with("prompt", "none").Encode(), nil)
		req.Header.Set("Cookie", browserCookie+"="+good[browserCookie]+"; "+header)
		got := s.browser().send(req)
		if to, err := url.Parse(got.header.Get("Location")); err != nil || got.status != http.StatusSeeOther || to.Query().Get("error") != "login_required" {
			t.Errorf("%s: %d %s", what, got.status, got.header.Get("Location"))
		}
	}
	for what, header := range map[string]string{
		"garbage":      browserCookie + "=garbage; " + sessionCookie + "=" + handle,
		"another's":    browserCookie + "=olid_brw_" + strings.Repeat("A", 43) + "; " + sessionCookie + "=" + handle,
		"two browsers": browserCookie + "=" + good[browserCookie] + "; " + browserCookie + "=" + good[browserCookie] + "; " + sessionCookie + "=" + handle,
	} {
		req := b.request(http.MethodGet, "/authorize?"+newRequest("web", callbackURI).with("prompt", "none").Encode(), nil)
		req.Header.Set("Cookie", header)
		if got := s.browser().send(req); !strings.Contains(got.header.Get("Location"), "error=login_required") {
			t.Errorf("browser cookie, %s: %d %s", what, got.status, got.header.Get("Location"))
		}
	}
}

// A session is over at its limit itself: idle, and at the end of its day
// however often it is used.
func TestLG23_SessionLimits(t *testing.T) {
	t.Run("SQLite", func(t *testing.T) { sessionLimits(t, newSite(t, nil)) })
	// Redis lives by the real time, and knows nothing of the test's clock.
	t.Run("Redis", func(t *testing.T) { sessionLimits(t, newSite(t, onServers(t))) })
}

func sessionLimits(t *testing.T, s *site) {
	_, b := s.active(testEmail)
	idle, absolute := s.config.Session.Idle, s.config.Session.Absolute
	if idle != 30*time.Minute || absolute != 12*time.Hour {
		t.Fatal("defaults:", idle, absolute)
	}
	s.clock.add(idle - time.Second)
	if !b.loggedIn() {
		t.Fatal("over a second before the idle limit")
	}
	s.clock.add(idle)
	if b.loggedIn() {
		t.Fatal("not over at the idle limit")
	}
	b.get("/portals").at("/login")
	b.authorize(newRequest("web", callbackURI)).login(testEmail).answered()
	began := s.clock.now()
	for s.clock.now().Add(idle - time.Second).Before(began.Add(absolute)) {
		s.clock.add(idle - time.Second)
		if !b.loggedIn() {
			t.Fatal("over after", s.clock.now().Sub(began))
		}
	}
	s.clock.add(began.Add(absolute).Sub(s.clock.now()) - time.Second)
	if !b.loggedIn() {
		t.Fatal("over a second before the absolute limit")
	}
	s.clock.add(time.Second)
	if b.loggedIn() {
		t.Error("not over at the absolute limit")
	}
}

// Another person in the same browser: the first one's session and tokens end
// first, and nothing of the two mixes.
func TestLG24_AnotherPersonInTheSameBrowser(t *testing.T) {
	s := newSite(t, nil)
	_, second := s.active("second@example.com")
	s.person("first@example.com")
	b := s.browser()
	r := newRequest("web", callbackURI)
	_, tokens := s.redeem(r, b.authorize(r).enrol("first@example.com").answered().Get("code"))
	first, bearer := idToken(t, tokens), http.Header{"Authorization": {"Bearer " + tokens["access_token"].(string)}}
	old := b.cookies()

	b.seed = second.seed
	r = newRequest("web", callbackURI).with("prompt", "login")
	_, tokens = s.redeem(r, b.authorize(r).login("second@example.com").answered().Get("code"))
	now := idToken(t, tokens)
	if now["sub"] == first["sub"] || now["sid"] == first["sid"] {
		t.Error("mixed:", first["sub"], first["sid"], now["sub"], now["sid"])
	}
	if status, _, _ := s.call(http.MethodGet, "/userinfo", nil, bearer); status != http.StatusUnauthorized {
		t.Error("the first person's token still works:", status)
	}
	b.give(old)
	if b.loggedIn() {
		t.Error("the first person's session still works")
	}
}

// A block ends every session and token on every server, at the next request.
func TestLG26_BlockEndsSessionsEverywhere(t *testing.T) {
	s := newSite(t, onServers(t))
	second := s.twin(0)
	a, b := s.active(testEmail)
	browsers, bearers := []*browser{b}, []http.Header{}
	for i := range 4 {
		at := []*site{s, second}[i%2]
		other := at.browser()
		other.seed = b.seed
		r := newRequest("web", callbackURI)
		status, tokens := at.redeem(r, other.authorize(r).login(testEmail).answered().Get("code"))
		if status != http.StatusOK {
			t.Fatal(status, tokens)
		}
		browsers = append(browsers, other)
		bearers = append(bearers, http.Header{"Authorization": {"Bearer " + tokens["access_token"].(string)}})
	}
	pending := newRequest("web", callbackURI)
	code := browsers[1].authorize(pending).answered().Get("code")
	for _, b := range browsers {
		if !b.on(s).loggedIn() || !b.on(second).loggedIn() {
			t.Fatal("sessions are not shared by the servers")
		}
	}
	s.blocked(a)
	for _, at := range []*site{s, second} {
		for i, b := range browsers {
			if b.on(at).loggedIn() {
				t.Errorf("session %d lives on", i)
			}
			b.on(at).get("/portals").at("/login")
		}
		for i, bearer := range bearers {
			if status, _, _ := at.call(http.MethodGet, "/userinfo", nil, bearer); status != http.StatusUnauthorized {
				t.Errorf("token %d lives on: %d", i, status)
			}
		}
		if status, out := at.redeem(pending, code); status != http.StatusBadRequest || out["error"] != "invalid_grant" {
			t.Error("a code from before the block:", status, out)
		}
	}
}

// One login begins at one server and ends at the other.
func TestLG15_LoginAcrossServers(t *testing.T) {
	s := newSite(t, func(c *config.Config) { onServers(t)(c) })
	second := s.twin(0)
	s.person(testEmail)
	b := s.browser()
	r := newRequest("web", callbackURI)
	b = b.authorize(r).submit("email", testEmail, "password", testPassword).at("/enrol").on(second)
	b = b.submit().at("/enrol/qr").scan().on(s).get("/login/code?" + b.url.RawQuery).on(second)
	if status, out := s.redeem(r, b.submit("code", b.code()).answered().Get("code")); status != http.StatusOK {
		t.Error(status, out)
	}
}
