package main

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"omgevingsloket-id/pkg/client"
	"omgevingsloket-id/pkg/grant"
	"omgevingsloket-id/pkg/secret"
)

// What the endpoints cost, in process and on SQLite: the whole handler, with
// all store calls, without the network.

// BenchmarkTokenES256 is a code exchange with ES256 ID tokens.
func BenchmarkTokenES256(b *testing.B) { benchmarkToken(b, "ES256") }

// BenchmarkTokenRS256 is a code exchange with RS256 ID tokens.
func BenchmarkTokenRS256(b *testing.B) { benchmarkToken(b, "RS256") }

func benchmarkToken(b *testing.B, alg string) {
	s := newSite(b, with(newClient("bench", otherURI, func(c *client.Client) { c.SigningAlg = alg })))
	a, _ := s.active(testEmail)
	r := newRequest("bench", otherURI)
	bodies := make([]string, b.N)
	for i := range bodies {
		code := s.kit.NewHandle(secret.KindCode)
		must(b, s.stores.db.Grants().Issue(b.Context(), grant.Grant{
			ID: secret.NewID(s.rand), CodeHash: code.Hash(), ClientID: "bench", AccountID: a.ID, SID: "sid", Epoch: a.Epoch, RedirectURI: otherURI, Scopes: []string{"openid"},
			Challenge: r.Get("code_challenge"), AuthTime: s.clock.now(), ACR: s.config.ACR, IssuedAt: s.clock.now(), CodeExpires: s.clock.now().Add(grant.CodeLifetime),
		}, noRecord))
		bodies[i] = r.exchange(code.Reveal()).Encode()
	}
	b.ReportAllocs()
	b.ResetTimer()
	for i := range b.N {
		s.bench(b, http.MethodPost, "/token", bodies[i], basicOf("bench"), http.StatusOK)
	}
}

// bench makes one request.
func (s *site) bench(b *testing.B, method, target, body string, header http.Header, want int) *httptest.ResponseRecorder {
	req := httptest.NewRequest(method, target, strings.NewReader(body))
	for name, values := range header {
		req.Header[name] = values
	}
	if body != "" {
		req.Header.Set("Content-Type", formKind)
	}
	w := httptest.NewRecorder()
	s.site.ServeHTTP(w, req)
	if w.Code != want {
		b.Fatal(w.Code, w.Body)
	}
	return w
}

// BenchmarkUserinfo is a call with a good access token.
func BenchmarkUserinfo(b *testing.B) {
	s := newSite(b, nil)
	_, person := s.active(testEmail)
	header := bearer(person.tokens(newRequest("web", callbackURI).with("scope", "openid email omgevingsloket"))["access_token"].(string))
	b.ReportAllocs()
	for b.Loop() {
		s.bench(b, http.MethodGet, "/userinfo", "", header, http.StatusOK)
	}
}

// BenchmarkDiscovery is the metadata.
func BenchmarkDiscovery(b *testing.B) {
	s := newSite(b, nil)
	b.ReportAllocs()
	for b.Loop() {
		s.bench(b, http.MethodGet, "/.well-known/openid-configuration", "", nil, http.StatusOK)
	}
}

// BenchmarkAuthorizeSSO is an authorization request answered from a session.
func BenchmarkAuthorizeSSO(b *testing.B) {
	s := newSite(b, nil)
	_, person := s.active(testEmail)
	header := http.Header{}
	for name, value := range person.cookies() {
		header.Add("Cookie", name+"="+value)
	}
	target := "/authorize?" + newRequest("web", callbackURI).Encode()
	b.ReportAllocs()
	for b.Loop() {
		w := s.bench(b, http.MethodGet, target, "", header, http.StatusSeeOther)
		if u, err := url.Parse(w.Header().Get("Location")); err != nil || u.Query().Get("code") == "" {
			b.Fatal(w.Header())
		}
	}
}
