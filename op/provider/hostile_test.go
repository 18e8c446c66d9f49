package provider_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	"omgevingsloket-id/e2e/site"
	"omgevingsloket-id/pkg/claim"
)

// Anything at all, thrown at the endpoints: no panic, no 5xx, no foreign
// address, and never a success that nobody earned. The seeds run as tests;
// `go test -fuzz` goes on from them.

// harmless demands that an answer leads nowhere but to ourselves or to a
// registered redirect URI.
func harmless(s *site.Site, t *testing.T, w *httptest.ResponseRecorder, registered ...string) {
	t.Helper()
	location := w.Header().Get("Location")
	own := location == "" || strings.HasPrefix(location, "/") && !strings.HasPrefix(location, "//") && !strings.HasPrefix(location, "/\\")
	known := slices.ContainsFunc(registered, func(r string) bool { return location == r || strings.HasPrefix(location, r+"?") })
	if w.Code >= 500 || !own && !known || strings.ContainsAny(location, "\r\n") {
		t.Fatalf("%d to %q\n%s", w.Code, location, w.Body)
	}
	if w.Header().Get("Set-Cookie") != "" && strings.ContainsAny(strings.Join(w.Header().Values("Set-Cookie"), ""), "\r\n") {
		t.Fatal(w.Header())
	}
}

func serve(s *site.Site, method, target, kind string, body string, header http.Header) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, "/", strings.NewReader(body)).WithContext(context.Background())
	u, err := url.ParseRequestURI(target)
	if err != nil {
		u = &url.URL{Path: "/authorize"}
	}
	r.URL, r.RequestURI = u, target
	for name, values := range header {
		r.Header[name] = values
	}
	r.Header.Set("Content-Type", kind)
	w := httptest.NewRecorder()
	s.Citizens.ServeHTTP(w, r)
	return w
}

// FuzzAZ28_Authorize: any query, and the same as a form.
func FuzzAZ28_Authorize(f *testing.F) {
	s := site.New(f, nil)
	good := site.NewRequest("web", site.CallbackURI)
	for _, q := range []string{
		good.Encode(), good.With("response_type", "token").Encode(), good.With("redirect_uri", "//evil.example").Encode(), "", "&", "=", "%", "client_id=web&client_id=web",
		"client_id=web&redirect_uri=https%3A%2F%2Frp.example%2Fcb", "client_id=web;redirect_uri=x", strings.Repeat("a=1&", 50), "client_id=%ff&redirect_uri=%00",
		site.NewRequest("web", site.CallbackURI).With("claims", `{"id_token":{"acr":{"values":[1,null,{}]}}}`).Encode(), site.NewRequest("web", site.CallbackURI).With("max_age", "-1", "prompt", "none login").Encode(),
		site.NewRequest("web", site.CallbackURI).With("ui_locales", "nl-NL-x-é ;;q=9").Encode(), site.NewRequest("web", site.CallbackURI).With("id_token_hint", "a.b.c").Encode(),
	} {
		f.Add(q)
	}
	f.Fuzz(func(t *testing.T, query string) {
		harmless(s, t, serve(s, http.MethodGet, "/authorize?"+strings.ReplaceAll(query, "#", ""), "", "", nil), site.CallbackURI)
		w := serve(s, http.MethodPost, "/authorize", site.FormType, query, nil)
		harmless(s, t, w, site.CallbackURI)
		harmless(s, t, serve(s, http.MethodGet, "/end_session?"+strings.ReplaceAll(query, "#", ""), "", "", nil))
	})
}

// FuzzTK24_Gate: any body and header at the endpoints of clients.
func FuzzTK24_Gate(f *testing.F) {
	s := site.New(f, nil)
	form := site.NewRequest("web", site.CallbackURI).Exchange("olid_cod_x").Encode()
	for _, authorization := range []string{"", s.Basic().Get("Authorization"), "Basic Og==", "Bearer a.b.c", "basic !!", "Basic " + strings.Repeat("A", 5000)} {
		for _, body := range []string{form, "", "grant_type=password", form + "&client_assertion=x", form + "&client_id=web", "token=x&client_id=third", "%zz", "grant_type=authorization_code&grant_type=x", "\x00=\xff"} {
			f.Add(site.FormType, authorization, body)
		}
	}
	f.Add("multipart/form-data; boundary=x", "", "--x--")
	f.Add("application/json", "", "{}")
	f.Fuzz(func(t *testing.T, kind, authorization, body string) {
		header := http.Header{}
		if authorization != "" {
			header.Set("Authorization", authorization)
		}
		for _, path := range []string{"/token", "/revoke", "/userinfo"} {
			w := serve(s, http.MethodPost, path, kind, body, header)
			harmless(s, t, w)
			if w.Code == http.StatusOK && path != "/revoke" {
				t.Fatalf("%s: a success nobody earned: %s", path, w.Body)
			}
			var out map[string]any
			if w.Body.Len() == 0 {
				continue
			}
			if err := json.Unmarshal(w.Body.Bytes(), &out); err != nil || w.Header().Get("Cache-Control") != "no-store" {
				t.Fatalf("%s: %v %v\n%s", path, err, w.Header(), w.Body)
			}
			code, _ := out["error"].(string)
			known := []string{"", "invalid_request", "invalid_client", "invalid_grant", "unsupported_grant_type", "invalid_token"}
			if !slices.Contains(known, code) || strings.ContainsFunc(w.Body.String(), func(r rune) bool { return r > '~' || r < ' ' && r != '\n' }) { // TK-25, R-108
				t.Fatalf("%s: %s", path, w.Body)
			}
		}
	})
}

// FuzzTK18_Assertion: no text is an assertion but one signed by the client.
func FuzzTK18_Assertion(f *testing.F) {
	key := site.NewClientKey(f, "ES256", "k1")
	s := site.New(f, site.WithClients(site.KeyedClient(f, "keyed", site.KeyedURI, key)))
	good := key.Sign(f, s.Assertion("keyed"), nil)
	parts := strings.Split(good, ".")
	for _, a := range []string{
		"", ".", "..", "...", good[:len(good)-1], parts[0] + "." + parts[1] + ".", parts[0] + ".." + parts[2], "." + parts[1] + "." + parts[2], raw(f, map[string]any{"alg": "none"}, s.Assertion("keyed")) + ".",
		hs256(f, site.JWKS(f, key), s.Assertion("keyed"), "k1"), "eyJhbGciOiJSU0EtT0FFUCIsImVuYyI6IkEyNTZHQ00ifQ.A.A.A.A", `{"protected":"","payload":"","signature":""}`,
		"eyJhbGciOiJQQkVTMi1IUzI1NitBMTI4S1ciLCJwMmMiOjIxNDc0ODM2NDcsInAycyI6IkFBQUEiLCJlbmMiOiJBMTI4R0NNIn0.A.A.A.A", site.NewClientKey(f, "ES256", "k1").Sign(f, s.Assertion("keyed"), nil),
	} {
		f.Add(a)
	}
	f.Fuzz(func(t *testing.T, assertion string) {
		if assertion == good {
			return
		}
		form := site.Asserted(assertion)
		form.Set("token", "x")
		w := serve(s, http.MethodPost, "/revoke", site.FormType, form.Encode(), nil)
		harmless(s, t, w)
		if w.Code == http.StatusOK && !sameSignature(assertion, good) {
			t.Fatalf("taken for the client: %q", assertion)
		}
	})
}

// sameSignature: the good assertion with other spare bits at the end of its
// base64 is still the good assertion.
func sameSignature(a, good string) bool {
	return len(a) == len(good) && a[:len(a)-1] == good[:len(good)-1]
}

// FuzzAZ17_Hint: no text is a hint but our own ID token; and no bearer token
// is one but our own access token (UI-01).
func FuzzAZ17_Hint(f *testing.F) {
	s := site.New(f, nil)
	_, b := s.Active(site.Email)
	tokens := b.Tokens(site.NewRequest("web", site.CallbackURI))
	id, access := tokens["id_token"].(string), tokens["access_token"].(string)
	for _, h := range []string{"", "x", id[:len(id)-4], access, strings.ToUpper(id), strings.Replace(id, ".", "..", 1), raw(f, map[string]any{"alg": "none", "typ": "JWT"}, JWTClaims(f, id)) + ".", id + "." + id, "\x00", strings.Repeat(".", 100)} {
		f.Add(h)
	}
	f.Fuzz(func(t *testing.T, token string) {
		r := site.NewRequest("web", site.CallbackURI).With("id_token_hint", token, "prompt", "none")
		w := serve(s, http.MethodGet, "/authorize?"+r.Encode(), "", "", nil)
		harmless(s, t, w, site.CallbackURI)
		if token != "" && !sameSignature(token, id) && strings.HasPrefix(w.Header().Get("Location"), site.CallbackURI) && !strings.Contains(w.Header().Get("Location"), "error=invalid_request") {
			t.Fatalf("%q is a hint: %s", token, w.Header().Get("Location"))
		}
		w = serve(s, http.MethodGet, "/userinfo", "", "", http.Header{"Authorization": {"Bearer " + token}})
		harmless(s, t, w)
		if w.Code == http.StatusOK && !sameSignature(token, access) {
			t.Fatalf("%q is an access token", token)
		}
	})
}

// FuzzR186_Claims: what is read can be written and read again, and asks for
// nothing beyond the client's scopes (JW-14).
func FuzzR186_Claims(f *testing.F) {
	for _, c := range []string{
		"", "{}", "null", `{"id_token":null}`, `{"id_token":{"email":null,"acr":{"essential":true,"values":["a"]}},"userinfo":{"x":{"value":1}}}`, `{"id_token":{"a":{"values":null}}}`,
		`{"ID_TOKEN":{"email":null}}`, `{"id_token":{"iss":null,"sub":{"value":"x"}}}`, `{"userinfo":{"email":{"value":{"deep":[1,2,3]}}}}`, strings.Repeat("[", 4000), `{"id_token":{"\u0065mail":null}}`,
	} {
		f.Add(c)
	}
	allowed := []string{"email", "email_verified"}
	f.Fuzz(func(t *testing.T, text string) {
		r, err := claim.Parse(text)
		if err != nil {
			return
		}
		kept, err := json.Marshal(r)
		site.Must(t, err)
		again, err := claim.Parse(string(kept))
		if err != nil && len(kept) <= 4096 {
			t.Fatalf("%q cannot be read again: %v", kept, err)
		}
		for _, place := range []claim.Place{claim.InIDToken, claim.InUserInfo} {
			wanted := claim.Wanted([]string{"openid", "email"}, []string{"openid"}, r, place)
			if slices.ContainsFunc(wanted, func(name string) bool { return !slices.Contains(allowed, name) }) {
				t.Fatalf("%q gives %v", text, wanted)
			}
			if err == nil && !slices.Equal(wanted, claim.Wanted([]string{"openid", "email"}, []string{"openid"}, again, place)) {
				t.Fatalf("%q: read twice, it asks for something else", text)
			}
		}
	})
}

// TestTK25_LibraryTexts: what the protocol library would say of a request
// (with parts of it) is said in our own words.
func TestTK25_LibraryTexts(t *testing.T) {
	t.Parallel()
	s := site.New(t, site.WithClients(site.NativeClient("app", site.NativeURI)))
	r := site.NewRequest("app", site.NativeURI)
	for name, form := range map[string]url.Values{
		"grant type": r.Exchange("x", url.Values{"grant_type": {"XYZZY"}}), "assertion type": r.Exchange("x", url.Values{"client_assertion": {"x"}, "client_assertion_type": {"XYZZY"}}),
		"client": r.Exchange("x", url.Values{"client_id": {"XYZZY"}}), "code": r.Exchange("XYZZY", url.Values{"client_id": {"app"}}), "verifier": r.Exchange("x", url.Values{"client_id": {"app"}, "code_verifier": {"XYZZY"}}),
	} {
		_, out, _ := s.Call(http.MethodPost, "/token", form, nil)
		if text, _ := json.Marshal(out); out["error"] == nil || strings.Contains(string(text), "XYZZY") {
			t.Errorf("%s: %s", name, text)
		}
	}
	// What an endpoint does not know never gets to the library.
	status, out, _ := s.Call(http.MethodPost, "/revoke", url.Values{"client_id": {"app"}, "token": {"x"}, "grant_type": {"XYZZY"}}, nil)
	if status != http.StatusOK || len(out) != 0 {
		t.Errorf("revoke with a grant type: %d %v", status, out)
	}
}
