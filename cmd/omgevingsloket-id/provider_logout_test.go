package main

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"omgevingsloket-id/pkg/client"
	"omgevingsloket-id/storage/storagetest"
)

const outURI = "https://rp.example/out"

// leave is the address of end_session with these parameters.
func leave(pairs ...string) string {
	q := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		q.Set(pairs[i], pairs[i+1])
	}
	return "/end_session?" + q.Encode()
}

// live tells whether the browser is still logged in.
func (b *browser) live() bool {
	b.s.t.Helper()
	c := *b
	return c.authorize(newRequest("web", callbackURI).with("prompt", "none")).answered().Get("code") != ""
}

// TestR255_Logout: with the hint of this very session, at once; then
// everything is over (R-261, R-263, LO-05).
func TestR255_Logout(t *testing.T) {
	s := newSite(t, with(newClient("other", otherURI, nil)))
	_, b := s.active(testEmail)
	for _, method := range []string{http.MethodGet, http.MethodPost} {
		r, other := newRequest("web", callbackURI), newRequest("other", otherURI)
		tokens, inFlight := b.tokens(newRequest("web", callbackURI)), b.newCode(r)
		_, others, _ := s.call(http.MethodPost, "/token", other.exchange(b.newCode(other)), basicOf("other"))
		handle := b.cookies()["olid-session"]
		target := leave("id_token_hint", tokens["id_token"].(string), "post_logout_redirect_uri", outURI, "state", "a b&c")
		req := b.asks(http.MethodGet, target, nil)
		if method == http.MethodPost {
			path, query, _ := strings.Cut(target, "?")
			req = b.asks(http.MethodPost, path, strings.NewReader(query))
			req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		}
		b.do(req)
		if b.url.String() != outURI+"?state=a+b%26c" || b.status != http.StatusSeeOther || b.header.Get("Clear-Site-Data") == "" {
			t.Errorf("%s: at %s (%d)", method, b.url, b.status)
		}
		if b.cookies()["olid-session"] != "" || b.live() {
			t.Error("the session lives")
		}
		b.give(map[string]string{"olid-session": handle})
		if b.live() {
			t.Error("the old cookie works")
		}
		for _, of := range []map[string]any{tokens, others} {
			if status, _ := s.userinfo(of); status != http.StatusUnauthorized {
				t.Error("an access token lives:", status)
			}
		}
		if status, out := s.redeem(r, inFlight); status != http.StatusBadRequest {
			t.Error("a code in flight lives:", status, out)
		}
		if b.get(s.server.URL + target); b.url.Host != "rp.example" {
			t.Error("again:", b.url, b.status)
		}
		b.authorize(newRequest("web", callbackURI)).login(testEmail)
	}
}

// TestR258_Asked: without a hint of this session nobody is logged out
// unasked, and the question works (LO-01, LO-02, R-256, R-257, R-259).
func TestR258_Asked(t *testing.T) {
	s := newSite(t, with(newClient("other", otherURI, func(c *client.Client) { c.PostLogoutRedirectURIs = []string{"https://third.example/out"} })))
	_, anna := s.active(testEmail)
	_, ben := s.active("ben@example.com")
	tokens := anna.tokens(newRequest("web", callbackURI))
	hint := tokens["id_token"].(string)
	bens := ben.tokens(newRequest("web", callbackURI))["id_token"].(string)
	parts := strings.Split(hint, ".")
	for name, pairs := range map[string][]string{
		"nothing":             nil,
		"no hint":             {"post_logout_redirect_uri", outURI, "client_id", "web"},
		"another's hint":      {"id_token_hint", bens, "post_logout_redirect_uri", outURI},
		"wrong client":        {"id_token_hint", hint, "client_id", "other"},
		"altered":             {"id_token_hint", parts[0] + "." + parts[1] + "." + strings.Split(bens, ".")[2]},
		"alg none":            {"id_token_hint", raw(t, map[string]any{"alg": "none"}, jwtClaims(t, hint)) + "."},
		"an access token":     {"id_token_hint", tokens["access_token"].(string)},
		"text":                {"id_token_hint", "x"},
		"own key":             {"id_token_hint", newClientKey(t, "ES256", jwtHeader(t, hint)["kid"].(string)).sign(t, jwtClaims(t, hint), nil)},
		"hint of another OP":  {"id_token_hint", newClientKey(t, "RS256", "x").sign(t, jwtClaims(t, hint), nil)},
		"another's, and back": {"id_token_hint", bens, "post_logout_redirect_uri", outURI, "state", "x"},
	} {
		a := anna.send(anna.asks(http.MethodGet, leave(pairs...), nil))
		if a.status != http.StatusOK || a.header.Get("Location") != "" || a.header.Get("Refresh") != "" || !strings.Contains(a.body, `action="/logout"`) {
			t.Errorf("%s: %d %v\n%s", name, a.status, a.header, a.body)
		}
		if !anna.live() {
			t.Fatalf("%s: logged out", name)
		}
	}
	if !ben.live() {
		t.Error("another's session died")
	}
	// Asked and confirmed. Back only to where a hint's client may send.
	form := func() *http.Request {
		c := copyOf(anna)
		c.get(leave("id_token_hint", bens, "post_logout_redirect_uri", outURI, "state", "s"))
		values := url.Values{}
		for _, name := range []string{"csrf", "id_token_hint", "post_logout_redirect_uri", "state"} {
			_, after, _ := strings.Cut(c.body, `name="`+name+`" value="`)
			value, _, _ := strings.Cut(after, `"`)
			values.Set(name, strings.ReplaceAll(value, "&#43;", "+"))
		}
		req := c.asks(http.MethodPost, "/logout", strings.NewReader(values.Encode()))
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		return req
	}
	foreign := form()
	foreign.Header.Set("Sec-Fetch-Site", "cross-site")
	if a := anna.send(foreign); a.status != http.StatusForbidden || !anna.live() {
		t.Error("a foreign POST:", a.status)
	}
	own := form()
	own.Header.Set("Sec-Fetch-Site", "same-origin")
	if a := anna.send(own); a.status != http.StatusOK || a.header.Get("Refresh") != "0; url="+outURI+"?state=s" || anna.live() {
		t.Errorf("confirmed: %d %v", a.status, a.header)
	}
}

// TestLO03_HintWithoutSession: nothing is revoked for somebody who only has
// an ID token; expired ones lead back as well.
func TestLO03_HintWithoutSession(t *testing.T) {
	s := newSite(t, nil)
	_, b := s.active(testEmail)
	tokens := b.tokens(newRequest("web", callbackURI))
	s.clock.add(10 * time.Minute)
	stranger := s.browser().get(leave("id_token_hint", tokens["id_token"].(string), "post_logout_redirect_uri", outURI))
	if stranger.url.String() != outURI {
		t.Error("at", stranger.url)
	}
	if status, _ := s.userinfo(tokens); status != http.StatusOK || !b.live() {
		t.Error("something died:", status)
	}
	if b.get(leave("id_token_hint", tokens["id_token"].(string), "post_logout_redirect_uri", outURI)); b.url.String() != outURI || b.live() {
		t.Error("an expired hint of this session: at", b.url)
	}
}

// TestLO04_ReturnAddresses: those registered, byte for byte, and only with a
// hint of their client.
func TestLO04_ReturnAddresses(t *testing.T) {
	s := newSite(t, nil)
	_, b := s.active(testEmail)
	hint := b.tokens(newRequest("web", callbackURI))["id_token"].(string)
	stranger := s.browser()
	for _, uri := range append(redirectCorpus(outURI), callbackURI, "https://third.example/cb") {
		if uri == outURI {
			continue
		}
		a := stranger.send(stranger.asks(http.MethodGet, leave("id_token_hint", hint, "post_logout_redirect_uri", uri, "state", "s"), nil))
		if a.header.Get("Location") != "" || a.header.Get("Refresh") != "" || a.status >= 500 {
			t.Errorf("%q: %d %q", uri, a.status, a.header.Get("Location"))
		}
	}
	for _, target := range []string{leave("post_logout_redirect_uri", outURI, "client_id", "web"), leave("post_logout_redirect_uri", outURI), leave("id_token_hint", hint, "client_id", "third", "post_logout_redirect_uri", outURI)} {
		if a := stranger.send(stranger.asks(http.MethodGet, target, nil)); a.header.Get("Location") != "" {
			t.Errorf("%s: %q", target, a.header.Get("Location"))
		}
	}
	a := stranger.send(stranger.asks(http.MethodGet, leave("id_token_hint", hint, "post_logout_redirect_uri", outURI, "state", "a\r\nSet-Cookie: x=y"), nil))
	if a.header.Get("Location") != outURI+"?state=a%0D%0ASet-Cookie%3A+x%3Dy" || a.header.Get("Set-Cookie") != "" && strings.Contains(a.header.Get("Set-Cookie"), "x=y") {
		t.Error(a.header)
	}
	for _, query := range []string{"state=a&state=b", "id_token_hint=" + strings.Repeat("a", 6001), "x=%zz", "state=%ff"} {
		stranger.send(stranger.asks(http.MethodGet, "/end_session?"+query, nil)).stays(t)
	}
	for _, kind := range []string{"", "application/json", "multipart/form-data; boundary=x"} {
		req := stranger.asks(http.MethodPost, "/end_session", strings.NewReader("state=x"))
		req.Header.Set("Content-Type", kind)
		stranger.send(req).stays(t)
	}
}

// TestLO06_TwoPeopleOneBrowser: who logs in last is who is logged in; the
// first one's tab cannot finish with the second one's session.
func TestLO06_TwoPeopleOneBrowser(t *testing.T) {
	s := newSite(t, nil)
	_, b := s.active(testEmail)
	_, ben := s.active("ben@example.com")
	annas := b.tokens(newRequest("web", callbackURI))
	waiting := copyOf(b)
	waiting.authorize(newRequest("third", "https://third.example/cb").with("scope", "openid email")).at("/consent")

	b.seed = ben.seed
	bens := newRequest("web", callbackURI).with("prompt", "login")
	answer := b.authorize(bens).login("ben@example.com").answered()
	_, tokens := s.redeem(bens, answer.Get("code"))
	if id, before := idToken(t, tokens), idToken(t, annas); id["sub"] == before["sub"] || id["sid"] == before["sid"] {
		t.Error("mixed:", id)
	}
	if status, _ := s.userinfo(annas); status != http.StatusUnauthorized {
		t.Error("the first one's tokens live:", status)
	}
	if waiting.submit("decision", "yes"); waiting.url.Path != "/login" {
		t.Error("the first one's consent led to", waiting.url)
	}
	// The first one's hint does not log the second one out.
	if b.get(leave("id_token_hint", annas["id_token"].(string))); b.status != http.StatusOK || !b.live() {
		t.Error("logged out by another's hint:", b.status)
	}
}

// TestLO07_StoresGoneDuringLogout: nobody is told that they are logged out
// when they are not.
func TestLO07_StoresGoneDuringLogout(t *testing.T) {
	s, faults := watched(t, nil)
	_, b := s.active(testEmail)
	hint := b.tokens(newRequest("web", callbackURI))["id_token"].(string)
	for _, call := range []string{"Sessions.Get", "Grants.RevokeSession", "Sessions.Delete"} {
		faults.Once(call, storagetest.NotWritten)
		a := b.send(b.asks(http.MethodGet, leave("id_token_hint", hint, "post_logout_redirect_uri", outURI), nil))
		if a.status != http.StatusServiceUnavailable || a.header.Get("Location") != "" || a.header.Get("Retry-After") == "" || b.cookies()["olid-session"] == "" {
			t.Errorf("%s: %d %v", call, a.status, a.header)
		}
	}
	if b.get(leave("id_token_hint", hint, "post_logout_redirect_uri", outURI)); b.url.String() != outURI || b.live() {
		t.Error("afterwards: at", b.url)
	}
}
