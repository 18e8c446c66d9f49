package provider_test

import (
	"crypto/rand"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"omgevingsloket-id/e2e/site"
	"omgevingsloket-id/e2e/testenv"
	"omgevingsloket-id/pkg/client"
	"omgevingsloket-id/pkg/secret"
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
func live(b *site.Browser) bool {
	b.Site.T.Helper()
	c := *b
	return c.Authorize(site.NewRequest("web", site.CallbackURI).With("prompt", "none")).Answered().Get("code") != ""
}

// LO-07: a session that a client ended without the browser is over on every page, also in a login that used it and
// waits for consent.
func TestLO07_EndedWithoutTheBrowser(t *testing.T) {
	t.Parallel()
	s := site.New(t, nil)
	_, b := s.Active(site.Email)
	third := func() site.Request { return site.NewRequest("third", site.OtherURI).With("scope", "openid email") }
	hint := b.Tokens(site.NewRequest("web", site.CallbackURI))["id_token"].(string)
	b.Authorize(third()).At("/consent").Says(site.Email)
	waiting := b.URL.String()
	s.Browser().Get(leave("id_token_hint", hint))
	for _, target := range []string{waiting, "/authorize?" + third().Encode(), "/portals"} {
		if b.Get(target); b.URL.Path == "/consent" || b.URL.Path == "/portals" || strings.Contains(b.Body, site.Email) {
			t.Errorf("%s shows %s", target, b.URL)
		}
	}
}

// TestR255_Logout: with the hint of this very session, at once; then
// everything is over (R-261, R-263, LO-05).
func TestR255_Logout(t *testing.T) {
	t.Parallel()
	s := site.New(t, site.WithClients(site.NewClient("other", site.OtherURI, nil)))
	_, b := s.Active(site.Email)
	for _, method := range []string{http.MethodGet, http.MethodPost} {
		r, other := site.NewRequest("web", site.CallbackURI), site.NewRequest("other", site.OtherURI)
		tokens, inFlight := b.Tokens(site.NewRequest("web", site.CallbackURI)), b.NewCode(r)
		_, others, _ := s.Call(http.MethodPost, "/token", other.Exchange(b.NewCode(other)), site.BasicOf("other"))
		handle := b.Cookies()["olid-session"]
		target := leave("id_token_hint", tokens["id_token"].(string), "post_logout_redirect_uri", outURI, "state", "a b&c")
		req := b.Request(http.MethodGet, target, nil)
		if method == http.MethodPost {
			path, query, _ := strings.Cut(target, "?")
			req = b.Request(http.MethodPost, path, strings.NewReader(query))
			req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		}
		b.Do(req)
		if b.URL.String() != outURI+"?state=a+b%26c" || b.Status != http.StatusSeeOther || b.Header.Get("Clear-Site-Data") == "" {
			t.Errorf("%s: at %s (%d)", method, b.URL, b.Status)
		}
		if b.Cookies()["olid-session"] != "" || live(b) {
			t.Error("the session lives")
		}
		b.Give(map[string]string{"olid-session": handle})
		if live(b) {
			t.Error("the old cookie works")
		}
		for _, of := range []map[string]any{tokens, others} {
			if status, _ := s.Userinfo(of); status != http.StatusUnauthorized {
				t.Error("an access token lives:", status)
			}
		}
		if status, out := s.Redeem(r, inFlight); status != http.StatusBadRequest {
			t.Error("a code in flight lives:", status, out)
		}
		if b.Get(s.Server.URL + target); b.URL.Host != "rp.example" {
			t.Error("again:", b.URL, b.Status)
		}
		b.Authorize(site.NewRequest("web", site.CallbackURI)).Login(site.Email)
	}
}

// TestR258_Asked: without a hint of this session nobody is logged out
// unasked, and the question works (LO-01, LO-02, R-256, R-257, R-259).
func TestR258_Asked(t *testing.T) {
	testenv.Slow(t)
	t.Parallel()
	s := site.New(t, site.WithClients(site.NewClient("other", site.OtherURI, func(c *client.Client) { c.PostLogoutRedirectURIs = []string{"https://third.example/out"} })))
	_, anna := s.Active(site.Email)
	_, ben := s.Active("ben@example.com")
	tokens := anna.Tokens(site.NewRequest("web", site.CallbackURI))
	hint := tokens["id_token"].(string)
	bens := ben.Tokens(site.NewRequest("web", site.CallbackURI))["id_token"].(string)
	parts := strings.Split(hint, ".")
	for name, pairs := range map[string][]string{
		"nothing":             nil,
		"no hint":             {"post_logout_redirect_uri", outURI, "client_id", "web"},
		"another's hint":      {"id_token_hint", bens, "post_logout_redirect_uri", outURI},
		"wrong client":        {"id_token_hint", hint, "client_id", "other"},
		"altered":             {"id_token_hint", parts[0] + "." + parts[1] + "." + strings.Split(bens, ".")[2]},
		"alg none":            {"id_token_hint", raw(t, map[string]any{"alg": "none"}, JWTClaims(t, hint)) + "."},
		"an access token":     {"id_token_hint", tokens["access_token"].(string)},
		"text":                {"id_token_hint", "x"},
		"own key":             {"id_token_hint", site.NewClientKey(t, "ES256", JWTHeader(t, hint)["kid"].(string)).Sign(t, JWTClaims(t, hint), nil)},
		"hint of another OP":  {"id_token_hint", site.NewClientKey(t, "RS256", "x").Sign(t, JWTClaims(t, hint), nil)},
		"another's, and back": {"id_token_hint", bens, "post_logout_redirect_uri", outURI, "state", "x"},
	} {
		a := anna.Send(anna.Request(http.MethodGet, leave(pairs...), nil))
		if a.Status != http.StatusOK || a.Header.Get("Location") != "" || a.Header.Get("Refresh") != "" || !strings.Contains(a.Body, `action="/logout"`) {
			t.Errorf("%s: %d %v\n%s", name, a.Status, a.Header, a.Body)
		}
		if !live(anna) {
			t.Fatalf("%s: logged out", name)
		}
	}
	if !live(ben) {
		t.Error("another's session died")
	}
	// Asked and confirmed. Back only to where a hint's client may send.
	form := func() *http.Request {
		c := copyOf(anna)
		c.Get(leave("id_token_hint", bens, "post_logout_redirect_uri", outURI, "state", "s"))
		values := url.Values{}
		for _, name := range []string{"csrf", "id_token_hint", "post_logout_redirect_uri", "state"} {
			_, after, _ := strings.Cut(c.Body, `name="`+name+`" value="`)
			value, _, _ := strings.Cut(after, `"`)
			values.Set(name, strings.ReplaceAll(value, "&#43;", "+"))
		}
		req := c.Request(http.MethodPost, "/logout", strings.NewReader(values.Encode()))
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		return req
	}
	foreign := form()
	foreign.Header.Set("Sec-Fetch-Site", "cross-site")
	if a := anna.Send(foreign); a.Status != http.StatusForbidden || !live(anna) {
		t.Error("a foreign POST:", a.Status)
	}
	own := form()
	own.Header.Set("Sec-Fetch-Site", "same-origin")
	if a := anna.Send(own); a.Status != http.StatusOK || a.Header.Get("Refresh") != "0; url="+outURI+"?state=s" || live(anna) {
		t.Errorf("confirmed: %d %v", a.Status, a.Header)
	}
}

// TestLO03_Y19_HintWithoutSession: brokers and proxies call end_session from their
// server, with the ID token of the login, which has expired by then. The session of
// the token ends, once, and no other.
func TestLO03_Y19_HintWithoutSession(t *testing.T) {
	t.Parallel()
	s := site.New(t, site.WithClients(site.NewClient("other", site.OtherURI, nil)))
	a, b := s.Active(site.Email)
	_, ben := s.Active("ben@example.com")
	tokens := b.Tokens(site.NewRequest("web", site.CallbackURI))
	r, other := site.NewRequest("web", site.CallbackURI), site.NewRequest("other", site.OtherURI)
	inFlight := b.NewCode(r)
	_, others, _ := s.Call(http.MethodPost, "/token", other.Exchange(b.NewCode(other)), site.BasicOf("other"))
	s.Clock.Add(10 * time.Second)
	logouts := func() (n int) {
		for _, e := range s.Events(a) {
			if e.Action == "account.logout" {
				n++
			}
		}
		return n
	}
	for range 3 {
		server := s.Browser().Get(leave("id_token_hint", tokens["id_token"].(string), "post_logout_redirect_uri", outURI, "state", "x"))
		if server.URL.String() != outURI+"?state=x" {
			t.Error("at", server.URL, server.Status)
		}
	}
	if n := logouts(); n != 1 {
		t.Errorf("%d events, want 1", n)
	}
	for _, of := range []map[string]any{tokens, others} {
		if status, _ := s.Userinfo(of); status != http.StatusUnauthorized {
			t.Error("an access token lives:", status)
		}
	}
	if status, out := s.Redeem(r, inFlight); status != http.StatusBadRequest {
		t.Error("a code in flight lives:", status, out)
	}
	if live(b) || !live(ben) {
		t.Errorf("live: %t, want false; another's: %t, want true", live(b), live(ben))
	}
	if b.Get("/portals"); b.URL.Path == "/portals" {
		t.Error("the list of portals takes the browser for logged in")
	}
	b.Authorize(site.NewRequest("web", site.CallbackURI)).Login(site.Email)
	if !live(b) {
		t.Error("no login after that")
	}
}

// Y19: a hint whose session cannot be found ends nothing, and the page says so.
func TestY19_NothingIsClaimed(t *testing.T) {
	t.Parallel()
	s := site.New(t, nil)
	_, b := s.Active(site.Email)
	hint := b.Tokens(site.NewRequest("web", site.CallbackURI))["id_token"].(string)
	s.Clock.Add(72 * time.Hour) // the grant is forgotten
	site.Must(t, s.Stores.DB.Sweep(t.Context()))
	a := s.Browser().Get(leave("id_token_hint", hint, "post_logout_redirect_uri", outURI))
	if a.Status != http.StatusNotFound || !strings.Contains(a.Body, "Uitloggen is niet gelukt") || strings.Contains(a.Body, "U bent uitgelogd") || !strings.Contains(a.Body, `href="`+outURI+`"`) {
		t.Errorf("%d at %s\n%s", a.Status, a.URL, a.Body)
	}
	for _, target := range []string{leave(), leave("id_token_hint", "x"), leave("client_id", "web")} {
		a := s.Browser().Get(target)
		if a.Status != http.StatusOK || !strings.Contains(a.Body, "U bent hier niet ingelogd") || strings.Contains(a.Body, "U bent uitgelogd") {
			t.Errorf("%s: %d\n%s", target, a.Status, a.Body)
		}
	}
}

// Y20: with client_id and a registered address the person is asked, and then sent
// on; without a session there is a link.
func TestY20_ClientIDWithoutHint(t *testing.T) {
	t.Parallel()
	s := site.New(t, nil)
	_, b := s.Active(site.Email)
	target := leave("client_id", "web", "post_logout_redirect_uri", outURI, "state", "s;1")
	b.Get(target)
	if !live(b) {
		t.Fatal("logged out unasked")
	}
	if a := b.Send(b.Form()); a.Status != http.StatusOK || a.Header.Get("Refresh") != "0; url="+outURI+"?state=s%3B1" || live(b) {
		t.Errorf("confirmed: %d %v", a.Status, a.Header)
	}
	stranger := s.Browser().Get(target)
	if stranger.URL.Path != "/end_session" || !strings.Contains(stranger.Body, `href="`+outURI+`?state=s%3B1"`) || !strings.Contains(stranger.Body, "Terug naar Web") {
		t.Errorf("without a session: at %s\n%s", stranger.URL, stranger.Body)
	}
}

// Y21: an address that is not registered is named on the page and in the log.
func TestY21_UnknownReturnAddress(t *testing.T) {
	t.Parallel()
	var log strings.Builder
	s := site.Start(t, site.Setup{Log: slog.New(slog.NewTextHandler(&log, nil))})
	for _, evil := range []string{"https://evil.example/out", outURI + "/", "https://third.example/cb"} {
		_, b := s.Active(secret.NewID(rand.Reader) + "@example.com")
		hint := b.Tokens(site.NewRequest("web", site.CallbackURI))["id_token"].(string)
		log.Reset()
		b.Get(leave("id_token_hint", hint, "post_logout_redirect_uri", evil))
		if b.Status != http.StatusOK || !strings.Contains(b.Body, "niet bij ons aangemeld") || strings.Contains(b.Body, evil) || live(b) {
			t.Errorf("%s: %d\n%s", evil, b.Status, b.Body)
		}
		if text := log.String(); !strings.Contains(text, "client=web parameter=post_logout_redirect_uri") || strings.Contains(text, "evil") {
			t.Errorf("%s: the log says %s", evil, text)
		}
	}
}

// Y21, Y32: the log names the client that a refused logout names, known or not.
func TestY21_LogNamesTheClient(t *testing.T) {
	t.Parallel()
	var log strings.Builder
	s := site.Start(t, site.Setup{Config: site.WithClients(site.NewClient("other", site.OtherURI, nil)), Log: slog.New(slog.NewTextHandler(&log, nil))})
	_, b := s.Active(site.Email)
	hint := b.Tokens(site.NewRequest("web", site.CallbackURI))["id_token"].(string)
	for want, pairs := range map[string][]string{
		"client=web parameter=post_logout":             {"client_id", "web", "post_logout_redirect_uri", "https://evil.example"},
		`client="\"who\"" parameter=post_logout`:       {"client_id", "who", "post_logout_redirect_uri", outURI},
		`client="\"other\"" parameter=id_token_hint`:   {"client_id", "other", "id_token_hint", hint},
		"client=web parameter=id_token_hint":           {"client_id", "web", "id_token_hint", "canary"},
		`client="\"who\"" error=web.error.bad_request`: {"client_id", "who", "state", "\xff"},
		"client=web error=web.error.bad_request":       {"client_id", "web", "id_token_hint", strings.Repeat("canary", 1001)},
	} {
		log.Reset()
		s.Browser().Get(leave(pairs...))
		if text := log.String(); !strings.Contains(text, want) || strings.Contains(text, "canary") || strings.Contains(text, "evil") {
			t.Errorf("%v: the log says %s, want %s", pairs, text, want)
		}
	}
}

// TestLO04_ReturnAddresses: those registered, byte for byte, and only with a
// hint of their client.
func TestLO04_ReturnAddresses(t *testing.T) {
	t.Parallel()
	s := site.New(t, nil)
	_, b := s.Active(site.Email)
	hint := b.Tokens(site.NewRequest("web", site.CallbackURI))["id_token"].(string)
	stranger := s.Browser()
	for _, uri := range append(redirectCorpus(outURI), site.CallbackURI, "https://third.example/cb") {
		if uri == outURI {
			continue
		}
		a := stranger.Send(stranger.Request(http.MethodGet, leave("id_token_hint", hint, "post_logout_redirect_uri", uri, "state", "s"), nil))
		if a.Header.Get("Location") != "" || a.Header.Get("Refresh") != "" || a.Status >= 500 {
			t.Errorf("%q: %d %q", uri, a.Status, a.Header.Get("Location"))
		}
	}
	for _, target := range []string{leave("post_logout_redirect_uri", outURI, "client_id", "web"), leave("post_logout_redirect_uri", outURI), leave("id_token_hint", hint, "client_id", "third", "post_logout_redirect_uri", outURI)} {
		if a := stranger.Send(stranger.Request(http.MethodGet, target, nil)); a.Header.Get("Location") != "" {
			t.Errorf("%s: %q", target, a.Header.Get("Location"))
		}
	}
	a := stranger.Send(stranger.Request(http.MethodGet, leave("id_token_hint", hint, "post_logout_redirect_uri", outURI, "state", "a\r\nSet-Cookie: x=y"), nil))
	if a.Header.Get("Location") != outURI+"?state=a%0D%0ASet-Cookie%3A+x%3Dy" || a.Header.Get("Set-Cookie") != "" && strings.Contains(a.Header.Get("Set-Cookie"), "x=y") {
		t.Error(a.Header)
	}
	for _, query := range []string{"state=a&state=b", "id_token_hint=" + strings.Repeat("a", 6001), "state=%zz", "state=%ff"} {
		stranger.Send(stranger.Request(http.MethodGet, "/end_session?"+query, nil)).RefusedHere()
	}
	for _, kind := range []string{"", "application/json", "multipart/form-data; boundary=x"} {
		req := stranger.Request(http.MethodPost, "/end_session", strings.NewReader("state=x"))
		req.Header.Set("Content-Type", kind)
		stranger.Send(req).RefusedHere()
	}
}

// TestLO06_TwoPeopleOneBrowser: who logs in last is who is logged in; the
// first one's tab cannot finish with the second one's session.
func TestLO06_TwoPeopleOneBrowser(t *testing.T) {
	t.Parallel()
	s := site.New(t, nil)
	_, b := s.Active(site.Email)
	_, ben := s.Active("ben@example.com")
	annas := b.Tokens(site.NewRequest("web", site.CallbackURI))
	waiting := copyOf(b)
	waiting.Authorize(site.NewRequest("third", "https://third.example/cb").With("scope", "openid email")).At("/consent")

	b.Seed = ben.Seed
	bens := site.NewRequest("web", site.CallbackURI).With("prompt", "login")
	answer := b.Authorize(bens).Login("ben@example.com").Answered()
	_, tokens := s.Redeem(bens, answer.Get("code"))
	if id, before := site.IDToken(t, tokens), site.IDToken(t, annas); id["sub"] == before["sub"] || id["sid"] == before["sid"] {
		t.Error("mixed:", id)
	}
	if status, _ := s.Userinfo(annas); status != http.StatusUnauthorized {
		t.Error("the first one's tokens live:", status)
	}
	if waiting.Submit("decision", "yes"); waiting.URL.Path != "/login" && waiting.URL.Path != "/portals" {
		t.Error("the first one's consent led to", waiting.URL)
	}
	// The first one's hint does not log the second one out.
	if b.Get(leave("id_token_hint", annas["id_token"].(string))); b.Status != http.StatusOK || !live(b) {
		t.Error("logged out by another's hint:", b.Status)
	}
}

// TestLO07_StoresGoneDuringLogout: nobody is told that they are logged out
// when they are not.
func TestLO07_StoresGoneDuringLogout(t *testing.T) {
	t.Parallel()
	s, faults := site.NewWatched(t, nil)
	_, b := s.Active(site.Email)
	hint := b.Tokens(site.NewRequest("web", site.CallbackURI))["id_token"].(string)
	for _, call := range []string{"Sessions.Get", "Grants.EndSession", "Sessions.Delete"} {
		faults.Once(call, storagetest.NotWritten)
		a := b.Send(b.Request(http.MethodGet, leave("id_token_hint", hint, "post_logout_redirect_uri", outURI), nil))
		if a.Status != http.StatusServiceUnavailable || a.Header.Get("Location") != "" || a.Header.Get("Retry-After") == "" || b.Cookies()["olid-session"] == "" {
			t.Errorf("%s: %d %v", call, a.Status, a.Header)
		}
	}
	if b.Get(leave("id_token_hint", hint, "post_logout_redirect_uri", outURI)); b.URL.String() != outURI || live(b) {
		t.Error("afterwards: at", b.URL)
	}
}
