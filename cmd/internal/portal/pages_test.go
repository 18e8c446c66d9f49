package portal_test

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"omgevingsloket-id/cmd/internal/portal"
)

func TestHeadersOnEveryAnswer(t *testing.T) {
	s := newStage(t, func(c *portal.Config) { c.MailDir = t.TempDir() })
	b := s.browser()
	for _, path := range []string{"/", "/second", "/nothing", "/login", "/login?prompt=x", "/callback", "/claims.json", "/logout/done", "/mail", "/mail/x.eml", "/static/portal.css", "/static/nothing"} {
		res := b.get(path)
		csp := res.Header.Get("Content-Security-Policy")
		for _, part := range []string{"default-src 'none'", "style-src 'self'", "form-action 'self'", "frame-ancestors 'none'", "base-uri 'none'"} {
			if !slices.Contains(strings.Split(csp, "; "), part) {
				t.Errorf("%s: CSP %q lacks %s", path, csp, part)
			}
		}
		if res.Header.Get("X-Content-Type-Options") != "nosniff" || res.Header.Get("Referrer-Policy") != "same-origin" {
			t.Errorf("%s: %v", path, res.Header)
		}
		if got := res.Header.Get("Cache-Control"); got != "no-store" && !strings.HasPrefix(path, "/static/") {
			t.Errorf("%s: Cache-Control %q", path, got)
		}
		if strings.Contains(res.body, "<script") || strings.Contains(res.body, " style=") {
			t.Errorf("%s has an inline script or style", path)
		}
	}
}

func TestCookies(t *testing.T) {
	s := newStage(t, nil)
	b := s.browser()
	for _, res := range []reply{b.get("/login"), b.login("/login")} {
		for _, c := range res.Cookies() {
			if !c.HttpOnly || c.SameSite != http.SameSiteLaxMode || c.Path != "/" || c.Secure || !strings.HasPrefix(c.Name, "portal_") {
				t.Errorf("cookie %v", c)
			}
		}
	}
	s = newStage(t, func(c *portal.Config) { c.BaseURL = "https://portal.example" })
	for _, c := range s.browser().get("/login?lang=en").Cookies() {
		if !c.Secure || !strings.HasPrefix(c.Name, "__Host-portal_") || c.Path != "/" || c.Domain != "" {
			t.Errorf("cookie over https %v", c)
		}
	}
}

// A portal on the local machine answers under its own name only: a foreign name that
// points to 127.0.0.1 can read nothing.
func TestForeignHostReadsNothing(t *testing.T) {
	s := newStage(t, func(c *portal.Config) { c.MailDir = t.TempDir() })
	for _, path := range []string{"/mail", "/claims.json", "/?a=b"} {
		r, _ := http.NewRequest(http.MethodGet, s.base+path, nil)
		r.Host = "rebound.example"
		res := s.browser().do(r)
		want(t, res, http.StatusTemporaryRedirect)
		if got := res.Header.Get("Location"); got != s.base+path {
			t.Errorf("to %q", got)
		}
	}
	r, _ := http.NewRequest(http.MethodPost, s.base+"/logout", nil)
	r.Host = "rebound.example"
	want(t, s.browser().do(r), http.StatusMisdirectedRequest)
}

func TestLogHoldsNoSecrets(t *testing.T) {
	s := newStage(t, nil)
	b := s.browser()
	back, _ := url.Parse(b.toCallback("/second/login"))
	b.get(back.String())
	b.get(back.String())
	b.post("/second/logout")
	log := s.log.String()
	if !strings.Contains(log, "waterstad") {
		t.Fatalf("nothing was logged: %s", log)
	}
	for _, secret := range []string{
		"geheim-geheim", "zoe", "Müller", s.op.asked.Get("nonce"), back.Query().Get("code"), back.Query().Get("state"), "eyJ",
	} {
		if strings.Contains(log, secret) {
			t.Errorf("%q is in the log: %s", secret, log)
		}
	}
}
