package main

import (
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"mime/multipart"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"testing"

	"omgevingsloket-id/e2e/testenv"
	"omgevingsloket-id/pkg/config"
	"omgevingsloket-id/pkg/secret"
	"omgevingsloket-id/storage/storagetest"
)

func TestL13_HugeState(t *testing.T) {
	s, faults := watched(t, nil)
	b := s.browser()
	for _, size := range []int{1025, 7000, 500_000} {
		faults.Reset()
		b.ours(newRequest("web", callbackURI).with("state", strings.Repeat("s", size)))
		post := b.asks(http.MethodPost, "/authorize", strings.NewReader(newRequest("web", callbackURI).with("state", strings.Repeat("s", 9*size)).Encode()))
		post.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		b.send(post).stays(t)
		if n := faults.Calls()["Requests.Create"]; n != 0 {
			t.Errorf("%d bytes of state: stored %d times", size, n)
		}
	}
	long := b.asks(http.MethodPost, "/authorize", strings.NewReader(newRequest("web", callbackURI).with("extra", strings.Repeat("x", 9000)).Encode()))
	long.Header.Set("Content-Type", formKind)
	b.send(long).stays(t)
}

func TestL14_MultipartFillsTheDisk(t *testing.T) {
	s := newSite(t, nil)
	dir := t.TempDir()
	t.Setenv("TMPDIR", dir)
	for _, target := range []string{"/token", "/revoke", "/userinfo", "/authorize", "/end_session", "/login", "/logout"} {
		var body bytes.Buffer
		w := multipart.NewWriter(&body)
		part, err := w.CreateFormFile("grant_type", "x")
		must(t, err)
		_, err = part.Write(make([]byte, 40<<20)) // more than is kept in memory
		must(t, err)
		must(t, w.Close())
		req, err := http.NewRequest(http.MethodPost, s.server.URL+target, &body)
		must(t, err)
		req.Header.Set("Content-Type", w.FormDataContentType())
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			continue // hung up on: as good
		}
		_ = res.Body.Close()
		if res.StatusCode != http.StatusUnsupportedMediaType {
			t.Errorf("%s: %d", target, res.StatusCode)
		}
	}
	if left, _ := os.ReadDir(dir); len(left) != 0 {
		t.Errorf("%d files were written", len(left))
	}
}

// L15 and L16: a store that does not answer is neither explained to anybody
// nor taken for a wrong code, token or client.
func TestL15_ErrorsOfStoresAreShown(t *testing.T) {
	s, faults := watched(t, nil)
	_, b := s.active(testEmail)
	r := newRequest("web", callbackURI)
	tokens := b.tokens(newRequest("web", callbackURI))
	code := b.newCode(r)
	for _, c := range []struct {
		fails, method, path string
		form                url.Values
		header              http.Header
	}{
		{"Grants.Redeem", http.MethodPost, "/token", r.exchange(code), s.basic()},
		{"Grants.Live", http.MethodGet, "/userinfo", nil, bearer(tokens["access_token"].(string))},
		{"Grants.Revoke", http.MethodPost, "/revoke", url.Values{"token": {tokens["access_token"].(string)}}, s.basic()},
	} {
		for _, fault := range []storagetest.Fault{storagetest.NotWritten, storagetest.Written} {
			faults.Once(c.fails, fault)
			status, out, h := s.call(c.method, c.path, c.form, c.header)
			refused(t, status, out, http.StatusServiceUnavailable, "server_error")
			if h.Get("Retry-After") == "" || out["error_description"] != "the service is not available at the moment" || h.Get("WWW-Authenticate") != "" {
				t.Errorf("%s: %v %v", c.fails, h, out)
			}
		}
	}
	// On pages: no redirect to the client, and nothing of the cause.
	for _, call := range []string{"Sessions.Get", "Accounts.ByID", "Requests.Create", "Windows.Allow", "Requests.Save", "Grants.Issue"} {
		faults.Once(call, storagetest.NotWritten)
		a := b.send(b.asks(http.MethodGet, "/authorize?"+newRequest("web", callbackURI).Encode(), nil))
		if a.status != http.StatusServiceUnavailable || a.header.Get("Location") != "" || a.header.Get("Retry-After") == "" || strings.Contains(a.body, "injected") {
			t.Errorf("%s: %d %v", call, a.status, a.header)
		}
		if faults.Calls()[call] == 0 {
			t.Errorf("%s was not called", call)
		}
	}
}

func TestL16_OutageTakenForInvalid(t *testing.T) {
	server := testenv.NewPostgres(t)
	database := server.Database()
	s := newSite(t, func(c *config.Config) { c.Database.URL = secret.Text(database) })
	_, b := s.active(testEmail)
	must(t, s.stores.db.Clients().Add(t.Context(), newClient("stored", otherURI, nil), noRecord))
	r, other := newRequest("web", callbackURI), newRequest("stored", otherURI)
	tokens, code := b.tokens(newRequest("web", callbackURI)), b.newCode(r)
	server.Stop()

	for name, try := range map[string]func() (int, map[string]any, http.Header){
		"code": func() (int, map[string]any, http.Header) {
			return s.call(http.MethodPost, "/token", r.exchange(code), s.basic())
		},
		"client": func() (int, map[string]any, http.Header) {
			return s.call(http.MethodPost, "/token", other.exchange("x"), basicOf("stored"))
		},
		"access token": func() (int, map[string]any, http.Header) {
			return s.call(http.MethodGet, "/userinfo", nil, bearer(tokens["access_token"].(string)))
		},
	} {
		status, out, h := try()
		if status != http.StatusServiceUnavailable || out["error"] != "server_error" || h.Get("Retry-After") == "" {
			t.Errorf("%s: %d %v", name, status, out)
		}
	}
	if b.authorize(other); b.status != http.StatusServiceUnavailable || strings.Contains(b.body, "127.0.0.1:") {
		t.Error("authorize:", b.status, b.body)
	}
	if status, _, _ := s.call(http.MethodGet, "/jwks", nil, nil); status != http.StatusOK { // UI-09
		t.Error("jwks:", status)
	}
	server.Start()
	if status, out := s.redeem(r, code); status != http.StatusOK { // the code is still good
		t.Error("after the outage:", status, out)
	}
}

func TestL17_HintAloneLogsOut(t *testing.T) {
	s := newSite(t, nil)
	_, b := s.active(testEmail)
	tokens := b.tokens(newRequest("web", callbackURI))
	stranger := s.browser().get(s.server.URL + "/end_session?" + url.Values{"id_token_hint": {tokens["id_token"].(string)}}.Encode())
	if stranger.status != http.StatusOK {
		t.Error(stranger.status)
	}
	if status, _ := s.userinfo(tokens); status != http.StatusOK {
		t.Error("the tokens are revoked:", status)
	}
	b.newCode(newRequest("web", callbackURI)) // still logged in
}

func TestL18_ScopeWithoutOpenID(t *testing.T) {
	s := newSite(t, nil)
	_, b := s.active(testEmail)
	for _, scope := range []string{"", "email", "OpenID", "openid2"} {
		b.toClient(newRequest("web", callbackURI).with("scope", scope), "invalid_scope")
	}
}

func TestL19_AccessTokenOutsideTheHeader(t *testing.T) {
	s := newSite(t, nil)
	_, b := s.active(testEmail)
	token := url.Values{"access_token": {b.tokens(newRequest("web", callbackURI))["access_token"].(string)}}
	status, out, _ := s.call(http.MethodGet, "/userinfo?"+token.Encode(), nil, nil)
	refused(t, status, out, http.StatusBadRequest, "invalid_request")
	status, out, _ = s.call(http.MethodPost, "/userinfo", token, nil)
	refused(t, status, out, http.StatusBadRequest, "invalid_request")
	status, out, _ = s.call(http.MethodPost, "/userinfo", token, bearer(token.Get("access_token")))
	refused(t, status, out, http.StatusBadRequest, "invalid_request")
}

func TestL20_DiscoveryAdvertisesMore(t *testing.T) {
	s := newSite(t, nil)
	_, m, _ := s.call(http.MethodGet, "/.well-known/openid-configuration", nil, nil)
	for name, want := range map[string][]any{
		"response_types_supported": {"code"}, "grant_types_supported": {"authorization_code"}, "response_modes_supported": {"query"},
		"code_challenge_methods_supported": {"S256"},
	} {
		if got, _ := m[name].([]any); !slices.Equal(got, want) {
			t.Errorf("%s: %v", name, m[name])
		}
	}
	if m["authorization_response_iss_parameter_supported"] != true {
		t.Error("iss is not advertised")
	}
}

func TestL21_OneTokenPassesForAnother(t *testing.T) {
	s := newSite(t, nil)
	_, b := s.active(testEmail)
	tokens := b.tokens(newRequest("web", callbackURI))
	id := idToken(t, tokens)
	if id["jti"] == nil || id["nbf"] == nil || id["amr"] != nil {
		t.Error("ID token:", id)
	}
	if a, i := jwtHeader(t, tokens["access_token"])["typ"], jwtHeader(t, tokens["id_token"])["typ"]; a != "at+jwt" || i != "JWT" {
		t.Errorf("typ %v and %v", a, i)
	}
	b.toClient(newRequest("web", callbackURI).with("id_token_hint", tokens["access_token"].(string)), "invalid_request")
	if status, _, _ := s.call(http.MethodGet, "/userinfo", nil, bearer(tokens["id_token"].(string))); status != http.StatusUnauthorized {
		t.Error("an ID token at userinfo:", status)
	}
}

// Opaque tokens that decrypt to anything: ours are JWTs, and what is no JWT
// of ours reaches no store.
func TestL22_RandomBytesReachTheStore(t *testing.T) {
	s, faults := watched(t, nil)
	faults.Reset()
	for range 100 {
		raw := make([]byte, 48)
		_, err := rand.Read(raw)
		must(t, err)
		if status, _, _ := s.call(http.MethodGet, "/userinfo", nil, bearer(base64.RawURLEncoding.EncodeToString(raw))); status != http.StatusUnauthorized {
			t.Fatal(status)
		}
	}
	if calls := faults.Calls(); len(calls) != 0 {
		t.Error("store calls:", calls)
	}
}

func TestL23_NoSecurityHeaders(t *testing.T) {
	s := newSite(t, nil)
	b := s.browser().authorize(newRequest("web", callbackURI)).at("/login")
	for _, target := range []string{b.url.String(), "/token", "/userinfo", "/authorize", "/end_session", "/nowhere", "/jwks"} {
		b.get(target)
		for name, want := range map[string]string{"X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY", "Referrer-Policy": "same-origin"} {
			if b.header.Get(name) != want {
				t.Errorf("%s: %s %q", target, name, b.header.Get(name))
			}
		}
		csp := b.header.Get("Content-Security-Policy")
		for _, part := range []string{"default-src 'none'", "frame-ancestors 'none'", "form-action 'self'"} {
			if !strings.Contains(csp, part) || strings.Contains(csp, "unsafe") {
				t.Errorf("%s: CSP %q", target, csp)
			}
		}
	}
}
