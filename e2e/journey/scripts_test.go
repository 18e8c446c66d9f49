package journey

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"omgevingsloket-id/e2e/browser"
	"omgevingsloket-id/e2e/site"
	"omgevingsloket-id/e2e/testenv"
	"omgevingsloket-id/pkg/staff"
)

// through serves the pages of b's site, as b gets them, to another browser. It makes
// the replacements in them, in pairs.
func through(t *testing.T, b *site.Browser, replacements ...string) string {
	t.Helper()
	var server *httptest.Server
	server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		req := b.Request(r.Method, r.URL.RequestURI(), r.Body)
		req.Header.Set("Content-Type", r.Header.Get("Content-Type"))
		req.Header.Set("Accept-Language", r.Header.Get("Accept-Language"))
		res, err := b.HTTP.Do(req)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadGateway)
			return
		}
		defer func() { _ = res.Body.Close() }()
		body, err := io.ReadAll(res.Body)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadGateway)
			return
		}
		for _, name := range []string{"Content-Type", "Content-Security-Policy", "Cache-Control"} {
			w.Header().Set(name, res.Header.Get(name))
		}
		if to := res.Header.Get("Location"); to != "" {
			w.Header().Set("Location", strings.Replace(to, b.Site.Server.URL, server.URL, 1))
		}
		w.WriteHeader(res.StatusCode)
		_, _ = io.WriteString(w, strings.NewReplacer(replacements...).Replace(string(body)))
	}))
	t.Cleanup(server.Close)
	return server.URL
}

// comes waits until n elements of a page can be seen.
func comes(t *testing.T, b *browser.Session, css string, n int) {
	t.Helper()
	for deadline := time.Now().Add(testenv.Patience); b.Count(css) != n; {
		if time.Now().After(deadline) {
			t.Fatalf("%d of %s, want %d, in\n%s", b.Count(css), css, n, b.HTML())
		}
	}
}

// Z4: the warning comes two minutes before the end of the session, with a button that
// makes it last longer; then it goes.
func TestZ4_WarningAndOneClick(t *testing.T) {
	t.Parallel()
	s := site.New(t, nil)
	olga := s.Official("olga@gov.example", staff.Auditor)
	const warning, button = ".console-ends p", ".console-ends button"
	early := browser.New(t)
	early.Open(through(t, olga) + "/console")
	comes(t, early, warning, 0)
	comes(t, early, button, 0)
	late := browser.New(t)
	late.Open(through(t, olga, `data-ends="900"`, `data-ends="119"`) + "/console")
	comes(t, late, warning, 1)
	s.Clock.Add(14 * time.Minute)
	late.Click("Ingelogd blijven")
	comes(t, late, warning, 0)
	comes(t, late, button, 0)
	s.Clock.Add(14 * time.Minute)
	olga.Get("/console").At("/console")
}

// Z6: the button that shows a password says what it does next.
func TestZ6_ShowBecomesHide(t *testing.T) {
	t.Parallel()
	s := site.New(t, nil)
	b := browser.New(t)
	b.Open(through(t, s.Browser()) + "/console/login")
	for range 2 {
		if b.Attribute("#password", "type") != "password" {
			t.Error("the password is shown before a click, or after two")
		}
		b.Click("Toon wachtwoord")
		if b.Attribute("#password", "type") != "text" {
			t.Error("the password is not shown")
		}
		b.Click("Verberg wachtwoord")
	}
}

// Z7: a script shows the code of now without a reload of the page, and says when there
// is none any more. Without script there is a button.
func TestZ7_CodeIsRenewed(t *testing.T) {
	t.Parallel()
	s := site.New(t, nil)
	a, _ := s.Active(site.Email)
	s.Blocked(a)
	caller := s.Caller(site.Email)
	base, page := through(t, caller, "60000", "100"), caller.URL.RequestURI()
	plain := browser.New(t, browser.NoScript())
	plain.Open(base + page)
	plain.Problems() // the page has the status 403
	if plain.Count(".desk-code form button") != 1 {
		t.Error("no button without script")
	}
	b := browser.New(t)
	b.Open(base + page)
	comes(t, b, ".desk-code form button", 0)
	code := func() string { return b.TextOf(".desk-code-value code") }
	first := code()
	s.Clock.Add(15 * time.Minute)
	for deadline := time.Now().Add(testenv.Patience); code() == first; {
		if time.Now().After(deadline) {
			t.Fatal("the code is not renewed")
		}
	}
	if now := caller.Get(page).Callback(); code() != now {
		t.Errorf("the code is %s, want %s", code(), now)
	}
	s.Clock.Add(time.Hour)
	comes(t, b, ".desk-code form button", 1)
	if b.Count(".desk-code-value") != 0 {
		t.Error("a code that is void is still shown")
	}
	b.Problems() // a login that is over has the status 410
}

// Z8: on a phone the button that opens the app can be seen, above the QR code.
func TestZ8_AppOnThisPhone(t *testing.T) {
	t.Parallel()
	s := site.New(t, nil)
	s.Person(site.Email)
	enrol := s.ToEnrol(site.Email)
	b := browser.New(t, browser.Phone())
	b.Open(through(t, enrol) + enrol.URL.RequestURI())
	b.Submit()
	comes(t, b, ".qr-card svg", 1)
	b.WaitText("Open de app op deze telefoon")
}
