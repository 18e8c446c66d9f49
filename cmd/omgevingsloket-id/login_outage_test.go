package main

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"omgevingsloket-id/e2e/testenv"
	"omgevingsloket-id/pkg/config"
	"omgevingsloket-id/pkg/secret"
)

// out demands the page that says that it is our fault and when to come back,
// and that nobody is told that anything typed was wrong.
func (b *browser) out(what string) *browser {
	b.s.t.Helper()
	if b.status != http.StatusServiceUnavailable || b.header.Get("Retry-After") == "" || b.header.Get("Content-Security-Policy") != strictCSP {
		b.s.t.Errorf("%s: %d, Retry-After %q", what, b.status, b.header.Get("Retry-After"))
	}
	for _, lie := range []string{"klopt niet", "al gebruikt", "geblokkeerd", "opnieuw met inloggen", "SQLSTATE", "dial tcp", "refused"} {
		if strings.Contains(b.body, lie) {
			b.s.t.Errorf("%s: the page says %q", what, lie)
		}
	}
	return b
}

// back waits until the site answers by itself again. How long is not judged.
func (s *site) back() {
	s.t.Helper()
	for range 300 {
		if s.stores.ready(s.t.Context()) == nil {
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
	s.t.Fatal("the stores are back and the site is not:", s.stores.ready(s.t.Context()))
}

// outage is what a store's absence does to each step of a login, and to
// clients. Everything goes on where it was when the store is back.
func outage(t *testing.T, s *site, stop, start func(), allSteps bool) {
	a, b := s.shown(testEmail)
	r := newRequest("web", callbackURI)
	first := s.browser().authorize(r).at("/login")
	password := first.form("email", testEmail, "password", testPassword)
	wrong := first.form("email", testEmail, "password", wrongPassword)
	code, guess := b.form("code", b.code()), b.form("code", b.wrong())
	s.person("fresh@example.com")
	enrol := s.toEnrol("fresh@example.com")
	reveal := enrol.form()
	_, linked := s.active("linked@example.com")
	issued := newRequest("web", callbackURI)
	ready := linked.authorize(issued).answered().Get("code")
	s.mails("")

	stop()
	b.get(b.url.String()).out("GET /login/code")
	first.do(password).out("right password")
	first.do(wrong).out("wrong password")
	b.do(code).out("right code")
	b.do(guess).out("wrong code")
	if enrol.do(reveal).out("Toon QR-code"); reveals(enrol.body) {
		t.Error("a QR code without a store")
	}
	linked.authorize(newRequest("web", callbackURI)).out("/authorize")
	if allSteps {
		clientsHear(t, s, issued, ready)
	}
	start()
	s.back()
	if f := s.reload(a).Factor; f.Failures != 0 {
		t.Error("codes were counted that nobody looked at:", f.Failures)
	}
	b.get(b.url.String()).at("/login/code").submit("code", b.code()).answered()
	first.get("/login?"+first.url.RawQuery).submit("email", testEmail, "password", testPassword).at("/login/code")
	enrol.get("/enrol?" + enrol.url.RawQuery).at("/enrol").submit().at("/enrol/qr").scan()
	if status, out := s.redeem(issued, ready); status != http.StatusOK {
		t.Error("the code did not outlive the outage:", status, out)
	}
}

// clientsHear: 503 in JSON, never invalid_grant or invalid_client.
func clientsHear(t *testing.T, s *site, r request, code string) {
	t.Helper()
	form := map[string][]string{"grant_type": {"authorization_code"}, "code": {code}, "redirect_uri": {callbackURI}, "code_verifier": {r.verifier}}
	status, out, header := s.call(http.MethodPost, "/token", form, s.basic())
	if status != http.StatusServiceUnavailable || header.Get("Retry-After") == "" || out["error"] == nil || out["error"] == "invalid_grant" || out["error"] == "invalid_client" ||
		!strings.HasPrefix(header.Get("Content-Type"), "application/json") || header.Get("Cache-Control") != "no-store" {
		t.Error("token:", status, out, header)
	}
}

func TestOutageOfPostgres(t *testing.T) {
	server := testenv.NewPostgres(t)
	s := newSite(t, func(c *config.Config) {
		c.Database.URL, c.Redis.URL = secret.Text(server.Database()), secret.Text(testenv.Redis(t))
	})
	outage(t, s, server.Stop, server.Start, true)
}

func TestOutageOfPostgresByCrash(t *testing.T) {
	server := testenv.NewPostgres(t)
	s := newSite(t, func(c *config.Config) {
		c.Database.URL, c.Redis.URL = secret.Text(server.Database()), secret.Text(testenv.Redis(t))
	})
	outage(t, s, server.Kill, server.Start, true)
}

func TestOutageOfRedis(t *testing.T) {
	server := testenv.NewRedis(t, testenv.RedisDurable())
	s := newSite(t, func(c *config.Config) {
		c.Database.URL, c.Redis.URL = secret.Text(testenv.Postgres(t)), secret.Text(server.URL)
	})
	outage(t, s, server.Stop, server.Start, false)
}

// RD: a Redis that comes back empty logs people out and weakens nothing: the
// login in progress begins again, the spent code stays spent, the count stays.
func TestRedisThatLostEverything(t *testing.T) {
	server := testenv.NewRedis(t)
	s := newSite(t, func(c *config.Config) {
		c.Database.URL, c.Redis.URL = secret.Text(testenv.Postgres(t)), secret.Text(server.URL)
	})
	a, b := s.active(testEmail)
	waiting := s.browser()
	waiting.seed = b.seed
	waiting.toCode(testEmail)
	waiting.submit("code", waiting.wrong()).at("/login/code")
	code := waiting.form("code", waiting.code())
	server.Kill()
	server.Start()
	s.back()
	if waiting.do(code).is(http.StatusGone); s.reload(a).Factor.Failures != 1 {
		t.Error("the count is", s.reload(a).Factor.Failures)
	}
	if b.loggedIn() {
		t.Error("a session came from nowhere")
	}
	b.toCode(testEmail).submit("code", b.code()).at("/login/code").says("al gebruikt")
}
