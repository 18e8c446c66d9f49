package provider_test

import (
	"net/http"
	"net/url"
	"testing"

	"omgevingsloket-id/e2e/site"
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
	s := site.New(b, site.WithClients(site.NewClient("bench", site.OtherURI, func(c *client.Client) { c.SigningAlg = alg })))
	a, _ := s.Active(site.Email)
	r := site.NewRequest("bench", site.OtherURI)
	bodies := make([]string, b.N)
	for i := range bodies {
		code := s.Kit.Cookies.NewHandle(secret.KindCode)
		site.Must(b, s.Stores.DB.Grants().Issue(b.Context(), grant.Grant{
			ID: secret.NewID(s.Rand), CodeHash: code.Hash(), ClientID: "bench", AccountID: a.ID, SID: "sid", Epoch: a.Epoch, RedirectURI: site.OtherURI, Scopes: []string{"openid"},
			Challenge: r.Get("code_challenge"), AuthTime: s.Clock.Now(), ACR: s.Config.ACR, IssuedAt: s.Clock.Now(), CodeExpires: s.Clock.Now().Add(grant.CodeLifetime),
		}, site.NoEffects))
		bodies[i] = r.Exchange(code.Reveal()).Encode()
	}
	b.ReportAllocs()
	b.ResetTimer()
	for i := range b.N {
		s.Bench(b, http.MethodPost, "/token", bodies[i], site.BasicOf("bench"), http.StatusOK)
	}
}

// BenchmarkUserinfo is a call with a good access token.
func BenchmarkUserinfo(b *testing.B) {
	s := site.New(b, nil)
	_, person := s.Active(site.Email)
	header := site.Bearer(person.Tokens(site.NewRequest("web", site.CallbackURI).With("scope", "openid email omgevingsloket"))["access_token"].(string))
	b.ReportAllocs()
	for b.Loop() {
		s.Bench(b, http.MethodGet, "/userinfo", "", header, http.StatusOK)
	}
}

// BenchmarkDiscovery is the metadata.
func BenchmarkDiscovery(b *testing.B) {
	s := site.New(b, nil)
	b.ReportAllocs()
	for b.Loop() {
		s.Bench(b, http.MethodGet, "/.well-known/openid-configuration", "", nil, http.StatusOK)
	}
}

// BenchmarkAuthorizeSSO is an authorization request answered from a session.
func BenchmarkAuthorizeSSO(b *testing.B) {
	s := site.New(b, nil)
	_, person := s.Active(site.Email)
	header := http.Header{}
	for name, value := range person.Cookies() {
		header.Add("Cookie", name+"="+value)
	}
	target := "/authorize?" + site.NewRequest("web", site.CallbackURI).Encode()
	b.ReportAllocs()
	for b.Loop() {
		w := s.Bench(b, http.MethodGet, target, "", header, http.StatusSeeOther)
		if u, err := url.Parse(w.Header().Get("Location")); err != nil || u.Query().Get("code") == "" {
			b.Fatal(w.Header())
		}
	}
}
