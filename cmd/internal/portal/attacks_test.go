package portal_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

// wantNoLogin checks that a callback ended without a session.
func wantNoLogin(t *testing.T, b *browser, res reply, status int) {
	t.Helper()
	want(t, res, status)
	for _, c := range res.Cookies() {
		if c.Name == "portal_session" && c.Value != "" {
			t.Error("a refused login set a session cookie")
		}
	}
	if b.loggedIn("") {
		t.Error("logged in after all")
	}
}

// OIDC Core §3.1.3.7: ID tokens that must be refused.
func TestIDTokenRefused(t *testing.T) {
	for name, change := range map[string]func(*stage){
		"other nonce": claim("nonce", "of-another-login"),
		"no nonce":    claim("nonce", nil),
		"foreign iss": claim("iss", "https://evil.example"),
		"foreign aud": claim("aud", "waterstad"),
		"aud of two":  claim("aud", []string{"oefenloket", "waterstad"}),
		"foreign azp": claim("azp", "waterstad"),
		"no sub": func(s *stage) {
			claim("sub", nil)(s)
			s.op.userinfo = func(c map[string]any) { delete(c, "sub") }
		},
		"no exp":          claim("exp", nil),
		"other at_hash":   func(s *stage) { s.op.accessFor = func(string) string { return "another access token" } },
		"foreign key":     func(s *stage) { s.op.signWith = newKey(s.t) },
		"expired":         func(s *stage) { s.op.idToken = func(c map[string]any) { c["exp"] = s.clock.now().Unix() - 1 } },
		"from the future": func(s *stage) { s.op.idToken = func(c map[string]any) { c["iat"] = s.clock.now().Unix() + 61 } },
		"alg not offered": func(s *stage) {
			s.op.discovery = func(m map[string]any) { m["id_token_signing_alg_values_supported"] = []string{"RS256"} }
		},
		"userinfo of another": func(s *stage) { s.op.userinfo = func(c map[string]any) { c["sub"] = "someone else" } },
		"userinfo of nobody":  func(s *stage) { s.op.userinfo = func(c map[string]any) { delete(c, "sub") } },
	} {
		t.Run(name, func(t *testing.T) {
			s := newStage(t, nil)
			change(s)
			b := s.browser()
			wantNoLogin(t, b, b.login("/login"), http.StatusBadGateway)
		})
	}
}

// claim sets one claim of the ID token; a nil value removes it.
func claim(name string, value any) func(*stage) {
	return func(s *stage) {
		s.op.idToken = func(c map[string]any) {
			if c[name] = value; value == nil {
				delete(c, name)
			}
		}
	}
}

// An attacker removes prompt=login or max_age from the address of the request.
func TestStaleAuthenticationRefused(t *testing.T) {
	s := newStage(t, nil)
	age := 10 * time.Minute
	s.op.idToken = func(c map[string]any) { c["auth_time"] = s.clock.now().Add(-age).Unix() }
	for path, status := range map[string]int{
		"/login": http.StatusSeeOther, "/login?max_age=600": http.StatusSeeOther,
		"/login?prompt=login": http.StatusBadGateway, "/login?max_age=500": http.StatusBadGateway, "/login?prompt=login&max_age=600": http.StatusBadGateway,
	} {
		if res := s.browser().login(path); res.StatusCode != status {
			t.Errorf("%s: %d, want %d", path, res.StatusCode, status)
		}
	}
	s.op.idToken = func(c map[string]any) { delete(c, "auth_time") }
	want(t, s.browser().login("/login?max_age=600"), http.StatusBadGateway)
	s.op.idToken = nil
	want(t, s.browser().login("/login?prompt=login"), http.StatusSeeOther)
}

// RFC 9207: the response must name its issuer, if the provider says that it does.
func TestMixUpRefused(t *testing.T) {
	for name, c := range map[string]struct {
		promised bool
		iss      []string
		status   int
	}{
		"another issuer":               {true, []string{"https://evil.example"}, http.StatusBadRequest},
		"issuer missing":               {true, nil, http.StatusBadRequest},
		"another issuer, not promised": {false, []string{"https://evil.example"}, http.StatusBadRequest},
		"missing, not promised":        {false, nil, http.StatusSeeOther},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStage(t, nil)
			s.op.discovery = func(m map[string]any) { m["authorization_response_iss_parameter_supported"] = c.promised }
			s.op.answer = func(_, back url.Values) {
				back.Del("iss")
				if c.iss != nil {
					back["iss"] = c.iss
				}
			}
			want(t, s.browser().login("/login"), c.status)
			if c.status != http.StatusSeeOther && s.op.tokens != 0 {
				t.Error("the code went to the token endpoint all the same")
			}
		})
	}
}

// The state of one attempt with the code of another: PKCE and nonce differ.
func TestMixedUpStateRefused(t *testing.T) {
	s := newStage(t, nil)
	b := s.browser()
	first, err := url.Parse(b.toCallback("/login"))
	if err != nil {
		t.Fatal(err)
	}
	second, err := url.Parse(b.toCallback("/login"))
	if err != nil {
		t.Fatal(err)
	}
	q := first.Query()
	q.Set("code", second.Query().Get("code"))
	first.RawQuery = q.Encode()
	wantNoLogin(t, b, b.get(first.String()), http.StatusBadRequest)
}

// An attacker sends a victim the callback of the attacker's own login, or uses a
// callback address that leaked from a victim.
func TestCodeOfAnotherBrowserRefused(t *testing.T) {
	s := newStage(t, nil)
	owner, other := s.browser(), s.browser()
	leaked := owner.toCallback("/login")
	other.toCallback("/login") // the other browser has an attempt of its own
	res := other.get(leaked)
	wantNoLogin(t, other, res, http.StatusBadRequest)
	wantText(t, res, "niet meer geldig", "Opnieuw inloggen")
	if s.op.tokens != 0 {
		t.Error("the code was redeemed for a stranger")
	}
	want(t, owner.get(leaked), http.StatusSeeOther) // its owner can still log in
}

func TestCallbackRefused(t *testing.T) {
	s := newStage(t, nil)
	b := s.browser()
	back := b.toCallback("/login")
	for name, link := range map[string]string{
		"no state":         "/callback?code=x",
		"unknown state":    "/callback?code=x&state=abc",
		"state twice":      back + "&state=x",
		"malformed":        back + "&x=%zz",
		"of another entry": strings.Replace(back, "/callback", "/second/callback", 1),
	} {
		if res := b.get(link); res.StatusCode != http.StatusBadRequest {
			t.Errorf("%s: %d", name, res.StatusCode)
		}
	}
	u, _ := url.Parse(s.base)
	cookies := b.c.Jar.Cookies(u)
	want(t, b.get(back), http.StatusSeeOther)
	b.c.Jar.SetCookies(u, cookies) // as if the browser had kept them
	if res := b.get(back); res.StatusCode != http.StatusBadRequest {
		t.Errorf("same callback again: %d", res.StatusCode)
	}
	if s.op.tokens != 1 {
		t.Errorf("%d codes sent, want 1", s.op.tokens)
	}
	back = b.toCallback("/login")
	s.clock.pass(time.Hour)
	want(t, b.get(back), http.StatusBadRequest)
}

// Session fixation: a session cookie from before the login is useless.
func TestLoginGivesANewSession(t *testing.T) {
	s := newStage(t, nil)
	b := s.browser()
	b.login("/login")
	u, _ := url.Parse(s.base)
	before := b.c.Jar.Cookies(u)
	b.login("/login")
	old := s.browser()
	old.c.Jar.SetCookies(u, before)
	if old.loggedIn("") {
		t.Error("the session from before the second login still lives")
	}
	if !b.loggedIn("") {
		t.Error("the new session does not")
	}
}

// OIDC Core §4: initiate_login_uri.
func TestInitiateLogin(t *testing.T) {
	s := newStage(t, nil)
	iss := "iss=" + url.QueryEscape(s.op.URL)
	res := s.browser().login("/login/start?" + iss + "&login_hint=zoe%40example.org&target_link_uri=" + url.QueryEscape(s.base+"/mail?x=1"))
	want(t, res, http.StatusSeeOther)
	if got := res.Header.Get("Location"); got != s.base+"/mail?x=1" {
		t.Errorf("ends at %q", got)
	}
	if s.op.asked.Get("login_hint") != "zoe@example.org" {
		t.Error("login_hint was lost")
	}
	for _, q := range []string{"", "iss=https://evil.example", "iss=" + url.QueryEscape(s.op.URL+"/"), iss + "&" + iss} {
		want(t, s.browser().get("/login/start?"+q), http.StatusBadRequest)
	}
}

func TestTargetLinkStaysAtHome(t *testing.T) {
	s := newStage(t, nil)
	host := strings.TrimPrefix(s.base, "http://")
	for _, target := range []string{
		"http://evil.example/", "https://evil.example/", "//evil.example/", "/relative", "https://" + host + "/", "http://evil.example@" + host + "/",
		"http://" + host + "@evil.example/", "http://" + host + ".evil.example/", "javascript:alert(1)", "http:" + host, "http:\\\\evil.example", "%",
	} {
		res := s.browser().get("/login/start?iss=" + url.QueryEscape(s.op.URL) + "&target_link_uri=" + url.QueryEscape(target))
		if res.StatusCode != http.StatusBadRequest {
			t.Errorf("%s: %d", target, res.StatusCode)
		}
	}
	// Every accepted target stays on our own origin, however it is spelled.
	for _, path := range []string{"", "//evil.example/", "/\\evil.example", "/%2e%2e//evil.example"} {
		res := s.browser().login("/login/start?iss=" + url.QueryEscape(s.op.URL) + "&target_link_uri=" + url.QueryEscape(s.base+path))
		if got := res.Header.Get("Location"); !strings.HasPrefix(got, s.base+"/") {
			t.Errorf("%s ends at %q (%d)", path, got, res.StatusCode)
		}
	}
}
