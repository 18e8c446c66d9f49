package portal_test

import (
	"context"
	"encoding/json"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"omgevingsloket-id/cmd/internal/portal"
)

func TestLoginShowsWhoIsLoggedIn(t *testing.T) {
	s := newStage(t, nil)
	b := s.browser()
	wantText(t, b.get("/"), "Inloggen met Omgevingsloket-ID", `href="/login"`, "Oefenloket", "Waterstad")
	res := b.login("/login")
	want(t, res, http.StatusSeeOther)
	if got := res.Header.Get("Location"); got != s.base+"/" {
		t.Errorf("after login to %q", got)
	}
	wantText(t, b.get("/"), "U bent ingelogd", "Zoë &lt;b&gt;Müller&lt;/b&gt;", "Bedrijf", "Müller &amp; Zn (HRB 12, DE)", "Laag",
		"http://eidas.europa.eu/NotNotified/LoA/low", "22 november 2026, 11:42 (CET)", s.op.URL, "Uitloggen", "sub-of-oefenloket")
	wantText(t, b.get("/?lang=en"), "You are logged in", "Company", "Log out", "22 November 2026")

	var claims struct {
		IDToken  map[string]any `json:"id_token"`
		Userinfo map[string]any `json:"userinfo"`
	}
	res = b.get("/claims.json")
	want(t, res, http.StatusOK)
	if err := json.Unmarshal([]byte(res.body), &claims); err != nil {
		t.Fatal(err)
	}
	if claims.IDToken["sub"] != "sub-of-oefenloket" || claims.Userinfo["email"] != "zoe@example.org" {
		t.Errorf("claims %v", claims)
	}
}

func TestAuthorizationRequest(t *testing.T) {
	s := newStage(t, nil)
	s.browser().login("/login?lang=en&prompt=login+consent&max_age=60&acr_values=a+b&utm=x&claims=" + url.QueryEscape(`{"id_token":{"acr":null}}`))
	for name, value := range map[string]string{
		"response_type": "code", "client_id": "oefenloket", "redirect_uri": s.base + "/callback", "scope": "openid profile email",
		"code_challenge_method": "S256", "ui_locales": "en", "prompt": "login consent", "max_age": "60", "acr_values": "a b",
		"claims": `{"id_token":{"acr":null}}`, "utm": "",
	} {
		if got := s.op.asked.Get(name); got != value {
			t.Errorf("%s = %q, want %q", name, got, value)
		}
	}
	for _, name := range []string{"state", "nonce", "code_challenge"} {
		if len(s.op.asked.Get(name)) != 43 { // 256 bits in base64url
			t.Errorf("%s = %q", name, s.op.asked.Get(name))
		}
	}
}

// Y24: only a language that the person chose here is sent on; what the browser
// prefers, the provider reads itself.
func TestY24_OnlyAChosenLanguageIsSent(t *testing.T) {
	s := newStage(t, nil)
	b := s.browser()
	for _, c := range []struct{ path, want string }{{"/login", ""}, {"/login?lang=xx", ""}, {"/login?lang=en", "en"}, {"/login", "en"}} {
		b.login(c.path)
		if got := s.op.asked.Get("ui_locales"); got != c.want {
			t.Errorf("%s: ui_locales = %q, want %q", c.path, got, c.want)
		}
	}
}

func TestLoginRefusesMalformedParameters(t *testing.T) {
	s := newStage(t, nil)
	for _, q := range []string{
		"prompt=ask", "prompt=login&prompt=none", "max_age=-1", "max_age=1s", "claims=%7Bnot", "claims=[]", "claims=%7B%22a%22:%7D",
		"acr_values=%0a", "login_hint=a%00b", "max_age=%zz", "acr_values=" + strings.Repeat("a", 2001),
	} {
		if res := s.browser().get("/login?" + q); res.StatusCode != http.StatusBadRequest {
			t.Errorf("%.40s: %d", q, res.StatusCode)
		}
	}
}

func TestTwoTabsLogInAtTheSameTime(t *testing.T) {
	s := newStage(t, nil)
	b := s.browser()
	first, second := b.toCallback("/login"), b.toCallback("/login/start?iss="+url.QueryEscape(s.op.URL)+"&target_link_uri="+url.QueryEscape(s.base+"/second?a=b"))
	want(t, b.get(first), http.StatusSeeOther)
	res := b.get(second)
	want(t, res, http.StatusSeeOther)
	if got := res.Header.Get("Location"); got != s.base+"/second?a=b" {
		t.Errorf("second tab ends at %q", got)
	}
}

func TestUnfinishedLoginsDoNotFillTheCookieJar(t *testing.T) {
	s := newStage(t, nil)
	b := s.browser()
	for range 12 {
		b.toCallback("/login")
	}
	u, _ := url.Parse(s.base)
	if n := len(b.c.Jar.Cookies(u)); n != 8 {
		t.Errorf("%d cookies of unfinished logins, want 8", n)
	}
	want(t, b.login("/login"), http.StatusSeeOther)
}

func TestEntriesAreApart(t *testing.T) {
	s := newStage(t, nil)
	b := s.browser()
	want(t, b.login("/login"), http.StatusSeeOther)
	if b.loggedIn("/second") {
		t.Fatal("logged in at the second entry without a login there")
	}
	wantText(t, b.get("/second"), "vraagt Omgevingsloket-ID of uw gegevens", `href="/second/login"`)
	want(t, b.login("/second/login"), http.StatusSeeOther)
	wantText(t, b.get("/second"), "sub-of-waterstad")
	wantText(t, b.get("/"), "sub-of-oefenloket")
}

// The cookie of one entry is not used at the other.
func TestSessionOfAnotherEntry(t *testing.T) {
	s := newStage(t, nil)
	b := s.browser()
	b.login("/login")
	u, _ := url.Parse(s.base)
	for _, c := range b.c.Jar.Cookies(u) {
		if c.Name == "portal_session" {
			c.Name = "portal_session_second"
			b.c.Jar.SetCookies(u, []*http.Cookie{c})
		}
	}
	if b.loggedIn("/second") {
		t.Error("logged in at the second entry with the session of the first")
	}
	want(t, b.post("/second/logout"), http.StatusSeeOther)
}

func TestProviderMayStartLater(t *testing.T) {
	s := newStage(t, nil)
	up := false
	s.op.discovery = func(m map[string]any) {
		if !up {
			m["issuer"] = "https://elsewhere.example"
		}
	}
	b := s.browser()
	res := b.get("/login")
	want(t, res, http.StatusServiceUnavailable)
	wantText(t, res, "Inloggen kan nu even niet", "https://elsewhere.example", "exactly the provider&#39;s issuer")
	if res.Header.Get("Retry-After") == "" {
		t.Error("no Retry-After")
	}
	want(t, b.get("/"), http.StatusOK)
	up = true
	want(t, b.get("/login"), http.StatusServiceUnavailable) // the failure is remembered for a second
	s.clock.pass(time.Second)
	want(t, b.login("/login"), http.StatusSeeOther)
}

func TestSessionEnds(t *testing.T) {
	s := newStage(t, nil)
	b := s.browser()
	b.login("/login")
	s.clock.pass(12*time.Hour - time.Second)
	if !b.loggedIn("") {
		t.Error("session ended too early")
	}
	s.clock.pass(time.Second)
	if b.loggedIn("") {
		t.Error("session lives longer than 12 hours")
	}
	res := b.get("/claims.json")
	want(t, res, http.StatusUnauthorized)
	if !json.Valid([]byte(res.body)) || res.Header.Get("Content-Type") != "application/json" {
		t.Errorf("401 is no JSON: %s", res.body)
	}
}

func TestLanguage(t *testing.T) {
	s := newStage(t, nil)
	for accept, word := range map[string]string{"nl-BE": "Aanvragen", "en-GB,nl;q=0.5": "English", "de, en;q=0.1": "English", "de": "Aanvragen", "*": "Aanvragen", ";;": "Aanvragen"} {
		r, _ := http.NewRequest(http.MethodGet, s.base+"/", nil)
		r.Header.Set("Accept-Language", accept)
		lang := map[string]string{"Aanvragen": "nl", "English": "en"}[word]
		if res := s.browser().do(r); res.Header.Get("Content-Language") != lang {
			t.Errorf("%q gives %s, want %s", accept, res.Header.Get("Content-Language"), lang)
		}
	}
	b := s.browser()
	b.get("/?lang=en")
	wantText(t, b.get("/"), `<html lang="en">`, "Log in with Omgevingsloket-ID")
}

func TestServeStopsWhenTold(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	base := "http://" + l.Addr().String()
	p, err := portal.New(portal.Config{BaseURL: base, Issuer: "http://127.0.0.1:1", Entries: []portal.Entry{{Path: "/", ClientID: "a"}}})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- p.Serve(ctx, l) }()
	res, err := http.Get(base)
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	stop()
	if err := <-done; err != nil {
		t.Errorf("Serve ended with %v", err)
	}
	if res, err := http.Get(base); err == nil {
		res.Body.Close()
		t.Error("it still answers")
	}
}

func TestNewRefuses(t *testing.T) {
	good := func() portal.Config {
		return portal.Config{BaseURL: "http://localhost:8081", Issuer: "http://localhost:8080", Entries: []portal.Entry{{Path: "/", ClientID: "a"}}}
	}
	if _, err := portal.New(good()); err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(*portal.Config){
		"base with path":    func(c *portal.Config) { c.BaseURL += "/portal" },
		"base without host": func(c *portal.Config) { c.BaseURL = "http://:8081" },
		"issuer":            func(c *portal.Config) { c.Issuer = "localhost:8080" },
		"issuer scheme":     func(c *portal.Config) { c.Issuer = "ftp://localhost" },
		"apply URL":         func(c *portal.Config) { c.ApplyURL = "javascript:alert(1)" },
		"language":          func(c *portal.Config) { c.Lang = "fy" },
		"no entries":        func(c *portal.Config) { c.Entries = nil },
		"no front page":     func(c *portal.Config) { c.Entries[0].Path = "/second" },
		"no client id":      func(c *portal.Config) { c.Entries[0].ClientID = "" },
		"two proofs": func(c *portal.Config) {
			c.Entries[0].ClientSecret, c.Entries[0].PrivateKeyFile = "x", "y"
		},
		"no key file": func(c *portal.Config) { c.Entries[0].PrivateKeyFile = "/does/not/exist" },
		"twice":       func(c *portal.Config) { c.Entries = append(c.Entries, c.Entries[0]) },
		"taken path": func(c *portal.Config) {
			c.Entries = append(c.Entries, portal.Entry{Path: "/callback", ClientID: "b"})
		},
		"path with pattern": func(c *portal.Config) {
			c.Entries = append(c.Entries, portal.Entry{Path: "/{x}", ClientID: "b"})
		},
	} {
		cfg := good()
		change(&cfg)
		if _, err := portal.New(cfg); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}
