package main

import (
	"context"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/coreos/go-oidc/v3/oidc"

	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/client"
	"omgevingsloket-id/pkg/config"
)

// What tokens say.

// TestJW01_IDToken: every claim, and checked by somebody else's code
// (R-042… ).
func TestJW01_IDToken(t *testing.T) {
	for _, policy := range []client.Policy{client.General, client.NLGov} {
		var clients []client.Client
		for _, alg := range []string{"", "RS256", "PS256", "ES256"} {
			clients = append(clients, newClient("app"+alg, otherURI, func(c *client.Client) { c.AuthMethod, c.SecretHashes, c.SigningAlg = client.None, nil, alg }))
		}
		s := newSite(t, only(policy, append(clients, native("web", callbackURI))...))
		_, b := s.active(testEmail)
		for _, c := range clients {
			r := newRequest(c.ID, otherURI).with("claims", `{"id_token":{"amr":{"essential":true},"iss":null,"exp":{"value":1}}}`)
			_, tokens, _ := s.call(http.MethodPost, "/token", r.exchange(b.newCode(r), url.Values{"client_id": {c.ID}}), nil)
			id, access := idToken(t, tokens), jwtClaims(t, tokens["access_token"])
			now := float64(s.clock.now().Unix())
			want := []string{"acr", "at_hash", "aud", "auth_time", "exp", "iat", "iss", "jti", "nbf", "nonce", "sid", "sub", "sub_id_type"}
			if got := slices.Sorted(maps.Keys(id)); !slices.Equal(got, want) {
				t.Errorf("%s %s: claims %v", policy, c.ID, got)
			}
			if id["iss"] != s.config.Issuer || id["aud"] != c.ID || id["iat"] != now || id["nbf"] != now || id["exp"] != now+300 || id["nonce"] != r.Get("nonce") ||
				len(id["jti"].(string)) != 32 || id["acr"] != config.PracticeACR || id["sub_id_type"] != "urn:nl-eid-gdi:1.0:id:pseudonym" {
				t.Errorf("%s %s: %v", policy, c.ID, id)
			}
			alg := strings.TrimPrefix(c.ID, "app")
			if alg == "" {
				alg = "RS256"
			}
			if h := jwtHeader(t, tokens["id_token"]); h["alg"] != alg || h["kid"] == "" || len(h) != 3 {
				t.Errorf("header %v", h)
			}
			// C9: the access token is RFC 9068, with azp beside client_id.
			want = []string{"acr", "aud", "auth_time", "azp", "client_id", "exp", "iat", "iss", "jti", "scope", "sub"}
			if got := slices.Sorted(maps.Keys(access)); !slices.Equal(got, want) || access["azp"] != c.ID || access["client_id"] != c.ID || access["sub"] != id["sub"] || access["exp"] != now+900 {
				t.Errorf("%s %s: access token %v", policy, c.ID, access)
			}
			if tokens["token_type"] != "Bearer" || tokens["expires_in"] != float64(900) || len(tokens) != 5 {
				t.Errorf("answer %v", tokens)
			}
			s.goOIDC(tokens, c.ID, alg)
		}
	}
}

// goOIDC lets coreos/go-oidc judge an ID token.
func (s *site) goOIDC(tokens map[string]any, clientID, alg string) {
	s.t.Helper()
	p, err := oidc.NewProvider(context.Background(), s.config.Issuer)
	must(s.t, err)
	token, err := p.Verifier(&oidc.Config{ClientID: clientID, SupportedSigningAlgs: []string{alg}, Now: s.clock.now}).Verify(context.Background(), tokens["id_token"].(string))
	if err != nil {
		s.t.Error("go-oidc:", err)
		return
	}
	if err := token.VerifyAccessToken(tokens["access_token"].(string)); err != nil {
		s.t.Error("at_hash:", err)
	}
}

// TestR050_PairwiseSubjects: per sector, stable, and nothing of the account.
func TestR050_PairwiseSubjects(t *testing.T) {
	s := newSite(t, with(
		newClient("same", "https://rp.example/second", nil), newClient("other", otherURI, nil),
		newClient("joined", "https://elsewhere.example/cb", func(c *client.Client) { c.SectorHost = "rp.example" }),
		newClient("public", "https://p.example/cb", func(c *client.Client) { c.PublicSubject = true }),
		newClient("public2", "https://q.example/cb", func(c *client.Client) { c.PublicSubject = true }),
	))
	a, b := s.active(testEmail)
	sub := map[string]string{}
	for id, uri := range map[string]string{"web": callbackURI, "same": "https://rp.example/second", "other": otherURI, "joined": "https://elsewhere.example/cb", "public": "https://p.example/cb", "public2": "https://q.example/cb"} {
		header := basicOf(id)
		if id == "web" {
			header = s.basic()
		}
		for range 2 { // stable
			r := newRequest(id, uri)
			_, tokens, _ := s.call(http.MethodPost, "/token", r.exchange(b.newCode(r)), header)
			got := idToken(t, tokens)["sub"].(string)
			_, info := s.userinfo(tokens)
			if sub[id] != "" && sub[id] != got || info["sub"] != got || len(got) > 255 || strings.Contains(got, a.ID) || strings.Contains(got, ":") {
				t.Errorf("%s: %q, before %q, userinfo %v", id, got, sub[id], info["sub"])
			}
			sub[id] = got
		}
	}
	if sub["web"] != sub["same"] || sub["web"] != sub["joined"] || sub["web"] == sub["other"] || sub["public"] != sub["public2"] || sub["public"] == sub["web"] {
		t.Error(sub)
	}
	// several hosts need a sector; nlgov has no public subjects.
	many := newClient("many", "https://a.example/cb", func(c *client.Client) { c.RedirectURIs = append(c.RedirectURIs, "https://b.example/cb") })
	if many.Validate(client.General, false) == nil {
		t.Error("two hosts without a sector")
	}
	if keyed(t, "k", keyedURI, newClientKey(t, "ES256", "k")).Validate(client.NLGov, false) != nil {
		t.Error("a good client is refused")
	}
	public := keyed(t, "k", keyedURI, newClientKey(t, "ES256", "k"))
	public.PublicSubject = true
	if public.Validate(client.NLGov, false) == nil {
		t.Error("a public subject under nlgov")
	}
}

// TestR058_OnlyWhatWasAsked: scope gives claims at userinfo, the claims
// parameter where it says, the client's scopes bound both (R-057, R-071,
//
func TestR058_OnlyWhatWasAsked(t *testing.T) {
	s := newSite(t, with(newClient("narrow", otherURI, func(c *client.Client) { c.Scopes = []string{"email"} })))
	_, b := s.active(testEmail)
	base := []string{"acr", "at_hash", "aud", "auth_time", "exp", "iat", "iss", "jti", "nbf", "nonce", "sid", "sub", "sub_id_type"}
	for name, c := range map[string]struct{ id, scope, claims, inToken, atUserinfo string }{
		"nothing":         {"web", "openid", "", "", ""},
		"email":           {"web", "openid email", "", "", "email email_verified"},
		"profile":         {"web", "openid profile", "", "", "birthdate family_name given_name locale"},
		"address, phone":  {"web", "openid address phone", "", "", "address phone_number"},
		"our own":         {"web", "openid omgevingsloket", "", "", "account_type address birthdate family_name given_name locale"},
		"one in each":     {"web", "openid", `{"id_token":{"email":null},"userinfo":{"given_name":{"essential":true}}}`, "email", "given_name"},
		"scope and claim": {"web", "openid email", `{"id_token":{"birthdate":null}}`, "birthdate", "email email_verified"},
		"unknown members": {"web", "openid", `{"id_token":{"bsn":{"essential":true},"x":null},"x":{"y":1},"userinfo":{"amr":null}}`, "", ""},
		"not its own":     {"narrow", "openid", `{"id_token":{"given_name":null,"email":null},"userinfo":{"address":null}}`, "email", ""},
		"no company":      {"web", "openid", `{"userinfo":{"represents":null}}`, "", ""},
		"reserved names":  {"web", "openid", `{"id_token":{"iss":{"value":"x"},"aud":null,"exp":null,"sub":null,"jti":null,"sid":null},"userinfo":{"sub":null,"iss":null}}`, "", ""},
	} {
		uri, header := callbackURI, s.basic()
		if c.id == "narrow" {
			uri, header = otherURI, basicOf("narrow")
		}
		r := newRequest(c.id, uri).with("scope", c.scope, "claims", c.claims)
		_, tokens, _ := s.call(http.MethodPost, "/token", r.exchange(b.newCode(r)), header)
		want := slices.Sorted(slices.Values(append(strings.Fields(c.inToken), base...)))
		if got := slices.Sorted(maps.Keys(idToken(t, tokens))); !slices.Equal(got, want) {
			t.Errorf("%s: ID token %v", name, got)
		}
		_, info := s.userinfo(tokens)
		want = slices.Sorted(slices.Values(append(strings.Fields(c.atUserinfo), "sub", "sub_id_type")))
		if got := slices.Sorted(maps.Keys(info)); !slices.Equal(got, want) {
			t.Errorf("%s: userinfo %v", name, got)
		}
	}
	for _, bad := range []string{"{", "x", "[]", `"x"`, `{"id_token":[]}`, `{"id_token":{"acr":"x"}}`, `{"id_token":{"acr":{"essential":"yes"}}}`, `{} {}`, strings.Repeat(`{"a":`, 500), `{"userinfo":1}`} {
		b.toClient(newRequest("web", callbackURI).with("claims", bad), "invalid_request")
	}
}

// TestR054_Represents: for a company, sub stays the person, and the company
// is who is served; the Dutch names only where configured.
func TestR054_Represents(t *testing.T) {
	s := newSite(t, with(newClient("dutch", otherURI, func(c *client.Client) { c.DutchClaims = true })))
	company := account.Organization{Name: "Muster GmbH", RegistrationCountry: "DE", RegistrationNumber: "HRB 1", Address: account.Address{Line1: "Weg 1", Country: "DE"}}
	s.person(testEmail, func(a *account.Account) { a.Kind, a.Profile.Organization = account.LegalPerson, &company })
	b := s.browser()
	b.authorize(newRequest("dutch", otherURI).with("scope", "openid omgevingsloket")).enrol(testEmail).answered()
	ask := func(id, uri string, header http.Header) (map[string]any, map[string]any) {
		r := newRequest(id, uri).with("scope", "openid omgevingsloket")
		_, tokens, _ := s.call(http.MethodPost, "/token", r.exchange(b.newCode(r)), header)
		_, info := s.userinfo(tokens)
		return idToken(t, tokens), info
	}
	_, info := ask("web", callbackURI, s.basic())
	served, _ := info["represents"].(map[string]any)
	if info["account_type"] != "legal_person" || served["organization_name"] != "Muster GmbH" || served["registration_number"] != "HRB 1" || served["iss"] != s.config.Issuer ||
		served["sub"] == info["sub"] || served["sub"] == nil || served["sub_id_type"] == nil || served["exp"] != nil || served["aud"] != nil {
		t.Error(info)
	}
	for name := range info {
		if strings.HasPrefix(name, "urn:") {
			t.Error("a Dutch name for a client that reads ours:", name)
		}
	}
	_, info = ask("dutch", otherURI, basicOf("dutch"))
	if info["urn:etoegang:1.11:attribute-represented:CompanyName"] != "Muster GmbH" || info["urn:etoegang:1.9:attribute:FirstName"] != "Anna" {
		t.Error(info)
	}
	_, m, _ := s.call(http.MethodGet, "/.well-known/openid-configuration", nil, nil)
	if !slices.Contains(m["claims_supported"].([]any), any("represents")) {
		t.Error("represents is not advertised")
	}
}
