package login_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"omgevingsloket-id/e2e/site"
	"omgevingsloket-id/e2e/testenv"
	"omgevingsloket-id/pkg/config"
	"omgevingsloket-id/pkg/secret"
)

// out requires the page that reports a failure of the site and when to come back,
// and does not say that anything typed was wrong.
func out(b *site.Browser, what string) *site.Browser {
	b.Site.T.Helper()
	if b.Status != http.StatusServiceUnavailable || b.Header.Get("Retry-After") == "" || b.Header.Get("Content-Security-Policy") != site.StrictCSP {
		b.Site.T.Errorf("%s: %d, Retry-After %q", what, b.Status, b.Header.Get("Retry-After"))
	}
	for _, lie := range []string{"klopt niet", "al gebruikt", "geblokkeerd", "opnieuw met inloggen", "SQLSTATE", "dial tcp", "refused"} {
		if strings.Contains(b.Body, lie) {
			b.Site.T.Errorf("%s: the page says %q", what, lie)
		}
	}
	return b
}

// back waits until the site answers again. It does not judge how long that takes.
func back(s *site.Site) {
	s.T.Helper()
	var answer *httptest.ResponseRecorder
	for range 300 {
		answer = httptest.NewRecorder()
		s.Metrics.Handler().ServeHTTP(answer, httptest.NewRequestWithContext(s.T.Context(), http.MethodGet, "/readyz", nil))
		if answer.Code == http.StatusOK {
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
	s.T.Fatal("the stores are back and the site is not:", answer.Body)
}

// outage tests each step of a login, and clients, while a store is absent.
// Everything continues when the store is back.
func outage(t *testing.T, s *site.Site, stop, start func(), allSteps bool) {
	a, b := s.Shown(site.Email)
	r := site.NewRequest("web", site.CallbackURI)
	first := s.Browser().Authorize(r).At("/login")
	password := first.Form("email", site.Email, "password", site.Password)
	wrong := first.Form("email", site.Email, "password", site.WrongPassword)
	code, guess := b.Form("code", b.Code()), b.Form("code", b.WrongCode())
	s.Person("fresh@example.com")
	enrol := s.ToEnrol("fresh@example.com")
	reveal := enrol.Form()
	_, linked := s.Active("linked@example.com")
	issued := site.NewRequest("web", site.CallbackURI)
	ready := linked.Authorize(issued).Answered().Get("code")
	s.Mails("")

	stop()
	out(b.Get(b.URL.String()), "GET /login/code")
	out(first.Do(password), "right password")
	out(first.Do(wrong), "wrong password")
	out(b.Do(code), "right code")
	out(b.Do(guess), "wrong code")
	if out(enrol.Do(reveal), "Toon QR-code"); site.Reveals(enrol.Body) {
		t.Error("a QR code without a store")
	}
	out(linked.Authorize(site.NewRequest("web", site.CallbackURI)), "/authorize")
	if allSteps {
		clientsHear(t, s, issued, ready)
	}
	start()
	back(s)
	if f := s.Reload(a).Factor; f.Failures != 0 {
		t.Error("codes were counted that nobody looked at:", f.Failures)
	}
	b.Get(b.URL.String()).At("/login/code").Submit("code", b.Code()).Answered()
	first.Get("/login?"+first.URL.RawQuery).Submit("email", site.Email, "password", site.Password).At("/login/code")
	enrol.Get("/enrol?" + enrol.URL.RawQuery).At("/enrol").Submit().At("/enrol/qr").Scan()
	if status, out := s.Redeem(issued, ready); status != http.StatusOK {
		t.Error("the code did not outlive the outage:", status, out)
	}
}

// clientsHear requires 503 in JSON, and neither invalid_grant nor invalid_client.
func clientsHear(t *testing.T, s *site.Site, r site.Request, code string) {
	t.Helper()
	form := map[string][]string{"grant_type": {"authorization_code"}, "code": {code}, "redirect_uri": {site.CallbackURI}, "code_verifier": {r.Verifier}}
	status, out, header := s.Call(http.MethodPost, "/token", form, s.Basic())
	if status != http.StatusServiceUnavailable || header.Get("Retry-After") == "" || out["error"] == nil || out["error"] == "invalid_grant" || out["error"] == "invalid_client" ||
		!strings.HasPrefix(header.Get("Content-Type"), "application/json") || header.Get("Cache-Control") != "no-store" {
		t.Error("token:", status, out, header)
	}
}

func TestOutageOfPostgres(t *testing.T) {
	server := testenv.NewPostgres(t)
	s := site.New(t, func(c *config.Config) {
		c.Database.URL, c.Redis.URL = secret.Text(server.Database()), secret.Text(testenv.Redis(t))
	})
	outage(t, s, server.Stop, server.Start, true)
}

func TestOutageOfPostgresByCrash(t *testing.T) {
	server := testenv.NewPostgres(t)
	s := site.New(t, func(c *config.Config) {
		c.Database.URL, c.Redis.URL = secret.Text(server.Database()), secret.Text(testenv.Redis(t))
	})
	outage(t, s, server.Kill, server.Start, true)
}

func TestOutageOfRedis(t *testing.T) {
	server := testenv.NewRedis(t, testenv.RedisDurable())
	s := site.New(t, func(c *config.Config) {
		c.Database.URL, c.Redis.URL = secret.Text(testenv.Postgres(t)), secret.Text(server.URL)
	})
	outage(t, s, server.Stop, server.Start, false)
}

// RD: a Redis that comes back empty logs people out and weakens no check: the login
// in progress begins again, the used code stays used, and the count is kept.
func TestRedisThatLostEverything(t *testing.T) {
	server := testenv.NewRedis(t)
	s := site.New(t, func(c *config.Config) {
		c.Database.URL, c.Redis.URL = secret.Text(testenv.Postgres(t)), secret.Text(server.URL)
	})
	a, b := s.Active(site.Email)
	waiting := s.Browser()
	waiting.Seed = b.Seed
	waiting.ToCode(site.Email)
	waiting.Submit("code", waiting.WrongCode()).At("/login/code")
	code := waiting.Form("code", waiting.Code())
	server.Kill()
	server.Start()
	back(s)
	if waiting.Do(code).Is(http.StatusGone); s.Reload(a).Factor.Failures != 1 {
		t.Error("the count is", s.Reload(a).Factor.Failures)
	}
	if b.LoggedIn() {
		t.Error("a session came from nowhere")
	}
	b.ToCode(site.Email).Submit("code", b.Code()).At("/login/code").Says("al gebruikt")
}
