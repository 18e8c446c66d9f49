package provider_test

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
	"time"

	"omgevingsloket-id/e2e/site"
	"omgevingsloket-id/e2e/testenv"
	"omgevingsloket-id/pkg/config"
	"omgevingsloket-id/pkg/secret"
	"omgevingsloket-id/storage/storagetest"
)

func TestL13_HugeState(t *testing.T) {
	testenv.Slow(t)
	t.Parallel()
	s, faults := site.NewWatched(t, nil)
	b := s.Browser()
	for _, size := range []int{8193, 500_000} { // up to 8 kB: Y16
		faults.Reset()
		b.RefusedHere(site.NewRequest("web", site.CallbackURI).With("state", strings.Repeat("s", size)))
		post := b.Request(http.MethodPost, "/authorize", strings.NewReader(site.NewRequest("web", site.CallbackURI).With("state", strings.Repeat("s", 9*size)).Encode()))
		post.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		b.Send(post).RefusedHere()
		if n := faults.Calls()["Requests.Create"]; n != 0 {
			t.Errorf("%d bytes of state: stored %d times", size, n)
		}
	}
	long := b.Request(http.MethodPost, "/authorize", strings.NewReader(site.NewRequest("web", site.CallbackURI).With("extra", strings.Repeat("x", 9000)).Encode()))
	long.Header.Set("Content-Type", site.FormType)
	b.Send(long).RefusedHere()
}

func TestL14_MultipartFillsTheDisk(t *testing.T) {
	testenv.Slow(t)
	s := site.New(t, nil)
	dir := t.TempDir()
	t.Setenv("TMPDIR", dir)
	for _, target := range []string{"/token", "/revoke", "/userinfo", "/authorize", "/end_session", "/login", "/logout"} {
		var body bytes.Buffer
		w := multipart.NewWriter(&body)
		part, err := w.CreateFormFile("grant_type", "x")
		site.Must(t, err)
		_, err = part.Write(make([]byte, 40<<20)) // more than is kept in memory
		site.Must(t, err)
		site.Must(t, w.Close())
		req, err := http.NewRequest(http.MethodPost, s.Server.URL+target, &body)
		site.Must(t, err)
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
	t.Parallel()
	s, faults := site.NewWatched(t, nil)
	_, b := s.Active(site.Email)
	r := site.NewRequest("web", site.CallbackURI)
	tokens := b.Tokens(site.NewRequest("web", site.CallbackURI))
	code := b.NewCode(r)
	for _, c := range []struct {
		fails, method, path string
		form                url.Values
		header              http.Header
	}{
		{"Grants.Redeem", http.MethodPost, "/token", r.Exchange(code), s.Basic()},
		{"Grants.Live", http.MethodGet, "/userinfo", nil, site.Bearer(tokens["access_token"].(string))},
		{"Grants.Revoke", http.MethodPost, "/revoke", url.Values{"token": {tokens["access_token"].(string)}}, s.Basic()},
	} {
		for _, fault := range []storagetest.Fault{storagetest.NotWritten, storagetest.Written} {
			faults.Once(c.fails, fault)
			status, out, h := s.Call(c.method, c.path, c.form, c.header)
			WantRefused(t, status, out, http.StatusServiceUnavailable, "server_error")
			if h.Get("Retry-After") == "" || out["error_description"] != "the service is not available at the moment" || h.Get("WWW-Authenticate") != "" {
				t.Errorf("%s: %v %v", c.fails, h, out)
			}
		}
	}
	// On pages: no redirect to the client, and nothing of the cause.
	third := site.NewRequest("third", "https://third.example/cb").With("scope", "openid email")
	waiting := b.Authorize(third).At("/consent").URL.Query()
	direct, asks := "/authorize?"+site.NewRequest("web", site.CallbackURI).Encode(), "/authorize?"+third.Encode()
	for _, c := range []struct{ call, path string }{
		{"Sessions.Get", direct}, {"Accounts.InSession", direct}, {"Windows.Spend", direct}, {"Grants.Issue", direct}, {"Requests.Create", asks},
		{"Requests.Get", "/authorize/callback?" + waiting.Encode()}, {"Requests.Save", "/authorize/callback?" + waiting.Encode()},
	} {
		call := c.call
		if call == "Requests.Save" { // with consent, the login that waits can end
			b.Authorize(third).At("/consent").Submit("decision", "yes")
		}
		faults.Once(call, storagetest.NotWritten)
		a := b.Send(b.Request(http.MethodGet, c.path, nil))
		if a.Status != http.StatusServiceUnavailable || a.Header.Get("Location") != "" || a.Header.Get("Retry-After") == "" || strings.Contains(a.Body, "injected") {
			t.Errorf("%s: %d %v", call, a.Status, a.Header)
		}
		if faults.Calls()[call] == 0 {
			t.Errorf("%s was not called", call)
		}
	}
}

func TestL16_OutageTakenForInvalid(t *testing.T) {
	t.Parallel()
	server := testenv.NewPostgres(t)
	database := server.Database()
	s := site.New(t, func(c *config.Config) { c.Database.URL = secret.Text(database) })
	_, b := s.Active(site.Email)
	site.Must(t, s.Stores.DB.Clients().Add(t.Context(), site.NewClient("stored", site.OtherURI, nil), site.NoEffects))
	r, other := site.NewRequest("web", site.CallbackURI), site.NewRequest("stored", site.OtherURI)
	tokens, code := b.Tokens(site.NewRequest("web", site.CallbackURI)), b.NewCode(r)
	server.Stop()

	for name, try := range map[string]func() (int, map[string]any, http.Header){
		"code": func() (int, map[string]any, http.Header) {
			return s.Call(http.MethodPost, "/token", r.Exchange(code), s.Basic())
		},
		"client": func() (int, map[string]any, http.Header) {
			return s.Call(http.MethodPost, "/token", other.Exchange("x"), site.BasicOf("stored"))
		},
		"access token": func() (int, map[string]any, http.Header) {
			return s.Call(http.MethodGet, "/userinfo", nil, site.Bearer(tokens["access_token"].(string)))
		},
	} {
		status, out, h := try()
		if status != http.StatusServiceUnavailable || out["error"] != "server_error" || h.Get("Retry-After") == "" {
			t.Errorf("%s: %d %v", name, status, out)
		}
	}
	if b.Authorize(other); b.Status != http.StatusServiceUnavailable || strings.Contains(b.Body, "127.0.0.1:") {
		t.Error("authorize:", b.Status, b.Body)
	}
	if status, _, _ := s.Call(http.MethodGet, "/jwks", nil, nil); status != http.StatusOK { // UI-09
		t.Error("jwks:", status)
	}
	server.Start()
	if status, out := s.Redeem(r, code); status != http.StatusOK { // the code is still good
		t.Error("after the outage:", status, out)
	}
}

// A hint alone ends the session that it was issued in (Y19): not that of another
// browser of the same person, and no token but a genuine ID token of ours is one.
func TestL17_HintAloneLogsOut(t *testing.T) {
	t.Parallel()
	s := site.New(t, nil)
	_, b := s.Active(site.Email)
	tokens := b.Tokens(site.NewRequest("web", site.CallbackURI))
	s.Clock.Add(time.Minute)
	second := s.Browser()
	second.Seed = b.Seed
	second.Authorize(site.NewRequest("web", site.CallbackURI)).Login(site.Email)
	own := second.Tokens(site.NewRequest("web", site.CallbackURI))
	id := tokens["id_token"].(string)
	forged := site.NewClientKey(t, "RS256", JWTHeader(t, id)["kid"].(string)).Sign(t, JWTClaims(t, id), nil)
	for _, hint := range []string{tokens["access_token"].(string), forged, id[:len(id)-4]} {
		s.Browser().Get(s.Server.URL + "/end_session?" + url.Values{"id_token_hint": {hint}}.Encode())
	}
	if status, _ := s.Userinfo(tokens); status != http.StatusOK {
		t.Error("revoked without an ID token:", status)
	}
	s.Browser().Get(s.Server.URL + "/end_session?" + url.Values{"id_token_hint": {id}}.Encode())
	if status, _ := s.Userinfo(tokens); status != http.StatusUnauthorized {
		t.Error("the tokens live:", status)
	}
	if status, _ := s.Userinfo(own); status != http.StatusOK {
		t.Error("another session's tokens are revoked:", status)
	}
	second.NewCode(site.NewRequest("web", site.CallbackURI)) // still logged in
}

func TestL18_ScopeWithoutOpenID(t *testing.T) {
	t.Parallel()
	s := site.New(t, nil)
	_, b := s.Active(site.Email)
	for _, scope := range []string{"", "email", "OpenID", "openid2"} {
		b.RefusedAtClient(site.NewRequest("web", site.CallbackURI).With("scope", scope), "invalid_scope")
	}
}

func TestL19_AccessTokenOutsideTheHeader(t *testing.T) {
	t.Parallel()
	s := site.New(t, nil)
	_, b := s.Active(site.Email)
	token := url.Values{"access_token": {b.Tokens(site.NewRequest("web", site.CallbackURI))["access_token"].(string)}}
	status, out, _ := s.Call(http.MethodGet, "/userinfo?"+token.Encode(), nil, nil)
	WantRefused(t, status, out, http.StatusBadRequest, "invalid_request")
	status, out, _ = s.Call(http.MethodPost, "/userinfo", token, nil)
	WantRefused(t, status, out, http.StatusBadRequest, "invalid_request")
	status, out, _ = s.Call(http.MethodPost, "/userinfo", token, site.Bearer(token.Get("access_token")))
	WantRefused(t, status, out, http.StatusBadRequest, "invalid_request")
}

func TestL20_DiscoveryAdvertisesMore(t *testing.T) {
	t.Parallel()
	s := site.New(t, nil)
	_, m, _ := s.Call(http.MethodGet, "/.well-known/openid-configuration", nil, nil)
	for name, want := range map[string][]any{
		"response_types_supported": {"code"}, "grant_types_supported": {"authorization_code"}, "response_modes_supported": {"query", "form_post"},
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
	t.Parallel()
	s := site.New(t, site.SignedAccess)
	_, b := s.Active(site.Email)
	tokens := b.Tokens(site.NewRequest("web", site.CallbackURI))
	id := site.IDToken(t, tokens)
	if id["jti"] == nil || id["nbf"] == nil || id["amr"] != nil {
		t.Error("ID token:", id)
	}
	if a, i := JWTHeader(t, tokens["access_token"])["typ"], JWTHeader(t, tokens["id_token"])["typ"]; a != "at+jwt" || i != "JWT" {
		t.Errorf("typ %v and %v", a, i)
	}
	b.RefusedAtClient(site.NewRequest("web", site.CallbackURI).With("id_token_hint", tokens["access_token"].(string)), "invalid_request")
	if status, _, _ := s.Call(http.MethodGet, "/userinfo", nil, site.Bearer(tokens["id_token"].(string))); status != http.StatusUnauthorized {
		t.Error("an ID token at userinfo:", status)
	}
}

// Opaque tokens that decrypt to anything: ours are JWTs, and what is no JWT
// of ours reaches no store.
func TestL22_RandomBytesReachTheStore(t *testing.T) {
	t.Parallel()
	s, faults := site.NewWatched(t, nil)
	faults.Reset()
	for range 100 {
		raw := make([]byte, 48)
		_, err := rand.Read(raw)
		site.Must(t, err)
		if status, _, _ := s.Call(http.MethodGet, "/userinfo", nil, site.Bearer(base64.RawURLEncoding.EncodeToString(raw))); status != http.StatusUnauthorized {
			t.Fatal(status)
		}
	}
	if calls := faults.Calls(); len(calls) != 0 {
		t.Error("store calls:", calls)
	}
}

func TestL23_NoSecurityHeaders(t *testing.T) {
	t.Parallel()
	s := site.New(t, nil)
	b := s.Browser().Authorize(site.NewRequest("web", site.CallbackURI)).At("/login")
	for _, target := range []string{b.URL.String(), "/token", "/userinfo", "/authorize", "/end_session", "/nowhere", "/jwks"} {
		b.Get(target)
		for name, want := range map[string]string{"X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY", "Referrer-Policy": "same-origin"} {
			if b.Header.Get(name) != want {
				t.Errorf("%s: %s %q", target, name, b.Header.Get(name))
			}
		}
		csp := b.Header.Get("Content-Security-Policy")
		for _, part := range []string{"default-src 'none'", "frame-ancestors 'none'", "form-action 'self'"} {
			if !strings.Contains(csp, part) || strings.Contains(csp, "unsafe") {
				t.Errorf("%s: CSP %q", target, csp)
			}
		}
	}
}
