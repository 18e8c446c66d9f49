package provider_test

import (
	"context"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/coreos/go-oidc/v3/oidc"

	"omgevingsloket-id/e2e/site"
	"omgevingsloket-id/e2e/testenv"
	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/client"
	"omgevingsloket-id/pkg/config"
)

// What tokens say.

// TestJW01_IDToken: every claim, and checked by somebody else's code
// (R-042… ).
func TestJW01_IDToken(t *testing.T) {
	t.Parallel()
	for _, policy := range []client.Policy{client.General, client.NLGov} {
		var clients []client.Client
		for _, alg := range []string{"", "RS256", "PS256", "ES256", "EdDSA"} {
			clients = append(clients, site.NewClient("app"+alg, site.OtherURI, func(c *client.Client) {
				c.AuthMethod, c.SecretHashes, c.SigningAlg, c.AccessTokens = client.None, nil, alg, client.JWTTokens
			}))
		}
		s := site.New(t, site.OnlyClients(policy, append(clients, site.PublicClient("web", site.CallbackURI))...))
		_, b := s.Active(site.Email)
		for _, c := range clients {
			r := site.NewRequest(c.ID, site.OtherURI).With("claims", `{"id_token":{"amr":{"essential":true},"iss":null,"exp":{"value":1}}}`)
			_, tokens, _ := s.Call(http.MethodPost, "/token", r.Exchange(b.NewCode(r), url.Values{"client_id": {c.ID}}), nil)
			id, access := site.IDToken(t, tokens), JWTClaims(t, tokens["access_token"])
			now := float64(s.Clock.Now().Unix())
			want := []string{"acr", "at_hash", "aud", "auth_time", "exp", "iat", "iss", "jti", "nbf", "nonce", "sid", "sub", "sub_id_type"}
			behind := float64(0)
			if policy == client.General {
				want, behind = want[:len(want)-1], 60 // Y23, Y26
			}
			if got := slices.Sorted(maps.Keys(id)); !slices.Equal(got, want) {
				t.Errorf("%s %s: claims %v", policy, c.ID, got)
			}
			if id["iss"] != s.Config.Issuer || id["aud"] != c.ID || id["iat"] != now || id["nbf"] != now-behind || id["exp"] != now+300 || id["nonce"] != r.Get("nonce") ||
				len(id["jti"].(string)) != 32 || id["acr"] != config.PracticeACR || policy == client.NLGov && id["sub_id_type"] != "urn:nl-eid-gdi:1.0:id:pseudonym" {
				t.Errorf("%s %s: %v", policy, c.ID, id)
			}
			alg := strings.TrimPrefix(c.ID, "app")
			if alg == "" {
				alg = "RS256"
			}
			if h := JWTHeader(t, tokens["id_token"]); h["alg"] != alg || h["kid"] == "" || len(h) != 3 {
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
			goOIDC(s, tokens, c.ID, alg)
		}
	}
}

// goOIDC lets coreos/go-oidc judge an ID token.
func goOIDC(s *site.Site, tokens map[string]any, clientID, alg string) {
	s.T.Helper()
	p, err := oidc.NewProvider(context.Background(), s.Config.Issuer)
	site.Must(s.T, err)
	token, err := p.Verifier(&oidc.Config{ClientID: clientID, SupportedSigningAlgs: []string{alg}, Now: s.Clock.Now}).Verify(context.Background(), tokens["id_token"].(string))
	if err != nil {
		s.T.Error("go-oidc:", err)
		return
	}
	if err := token.VerifyAccessToken(tokens["access_token"].(string)); err != nil {
		s.T.Error("at_hash:", err)
	}
}

// TestR050_PairwiseSubjects: per sector, stable, and nothing of the account.
func TestR050_PairwiseSubjects(t *testing.T) {
	testenv.Slow(t)
	t.Parallel()
	s := site.New(t, site.WithClients(
		site.NewClient("same", "https://rp.example/second", nil), site.NewClient("other", site.OtherURI, nil),
		site.NewClient("joined", "https://elsewhere.example/cb", func(c *client.Client) { c.SectorHost = "rp.example" }),
		site.NewClient("public", "https://p.example/cb", func(c *client.Client) { c.PublicSubject = true }),
		site.NewClient("public2", "https://q.example/cb", func(c *client.Client) { c.PublicSubject = true }),
	))
	a, b := s.Active(site.Email)
	sub := map[string]string{}
	for id, uri := range map[string]string{"web": site.CallbackURI, "same": "https://rp.example/second", "other": site.OtherURI, "joined": "https://elsewhere.example/cb", "public": "https://p.example/cb", "public2": "https://q.example/cb"} {
		header := site.BasicOf(id)
		if id == "web" {
			header = s.Basic()
		}
		for range 2 { // stable
			r := site.NewRequest(id, uri)
			_, tokens, _ := s.Call(http.MethodPost, "/token", r.Exchange(b.NewCode(r)), header)
			got := site.IDToken(t, tokens)["sub"].(string)
			_, info := s.Userinfo(tokens)
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
	many := site.NewClient("many", "https://a.example/cb", func(c *client.Client) { c.RedirectURIs = append(c.RedirectURIs, "https://b.example/cb") })
	if many.Validate(client.General, false) == nil {
		t.Error("two hosts without a sector")
	}
	if site.KeyedClient(t, "k", site.KeyedURI, site.NewClientKey(t, "ES256", "k")).Validate(client.NLGov, false) != nil {
		t.Error("a good client is refused")
	}
	public := site.KeyedClient(t, "k", site.KeyedURI, site.NewClientKey(t, "ES256", "k"))
	public.PublicSubject = true
	if public.Validate(client.NLGov, false) == nil {
		t.Error("a public subject under nlgov")
	}
}

// TestR058_OnlyWhatWasAsked: scope gives claims at userinfo, the claims
// parameter where it says, the client's scopes bound both (R-057, R-071,
//
func TestR058_OnlyWhatWasAsked(t *testing.T) {
	t.Parallel()
	s := site.New(t, site.WithClients(site.NewClient("narrow", site.OtherURI, func(c *client.Client) { c.Scopes = []string{"email"} })))
	_, b := s.Active(site.Email)
	base := []string{"acr", "at_hash", "aud", "auth_time", "exp", "iat", "iss", "jti", "nbf", "nonce", "sid", "sub"}
	for name, c := range map[string]struct{ id, scope, claims, inToken, atUserinfo string }{
		"nothing":         {"web", "openid", "", "", ""},
		"email":           {"web", "openid email", "", "", "email email_verified"},
		"profile":         {"web", "openid profile", "", "", "birthdate family_name given_name locale name updated_at"},
		"address, phone":  {"web", "openid address phone", "", "", "address phone_number phone_number_verified"},
		"our own":         {"web", "openid omgevingsloket", "", "", "account_type address birthdate family_name given_name locale name"},
		"one in each":     {"web", "openid", `{"id_token":{"email":null},"userinfo":{"given_name":{"essential":true}}}`, "email", "given_name"},
		"scope and claim": {"web", "openid email", `{"id_token":{"birthdate":null}}`, "birthdate", "email email_verified"},
		"unknown members": {"web", "openid", `{"id_token":{"bsn":{"essential":true},"x":null},"x":{"y":1},"userinfo":{"amr":null}}`, "", ""},
		"not its own":     {"narrow", "openid", `{"id_token":{"given_name":null,"email":null},"userinfo":{"address":null}}`, "email", ""},
		"no company":      {"web", "openid", `{"userinfo":{"represents":null}}`, "", ""},
		"reserved names":  {"web", "openid", `{"id_token":{"iss":{"value":"x"},"aud":null,"exp":null,"sub":null,"jti":null,"sid":null},"userinfo":{"sub":null,"iss":null}}`, "", ""},
	} {
		uri, header := site.CallbackURI, s.Basic()
		if c.id == "narrow" {
			uri, header = site.OtherURI, site.BasicOf("narrow")
		}
		r := site.NewRequest(c.id, uri).With("scope", c.scope, "claims", c.claims)
		_, tokens, _ := s.Call(http.MethodPost, "/token", r.Exchange(b.NewCode(r)), header)
		want := slices.Sorted(slices.Values(append(strings.Fields(c.inToken), base...)))
		if got := slices.Sorted(maps.Keys(site.IDToken(t, tokens))); !slices.Equal(got, want) {
			t.Errorf("%s: ID token %v", name, got)
		}
		_, info := s.Userinfo(tokens)
		want = slices.Sorted(slices.Values(append(strings.Fields(c.atUserinfo), "sub")))
		if got := slices.Sorted(maps.Keys(info)); !slices.Equal(got, want) {
			t.Errorf("%s: userinfo %v", name, got)
		}
	}
	for _, bad := range []string{"{", "x", "[]", `"x"`, `{"id_token":[]}`, `{"id_token":{"acr":"x"}}`, `{"id_token":{"acr":{"essential":"yes"}}}`, `{} {}`, strings.Repeat(`{"a":`, 500), `{"userinfo":1}`} {
		b.RefusedAtClient(site.NewRequest("web", site.CallbackURI).With("claims", bad), "invalid_request")
	}
}

// TestR054_Represents: for a company, sub stays the person, and the company
// is who is served; the Dutch names only where configured.
func TestR054_Represents(t *testing.T) {
	t.Parallel()
	s := site.New(t, site.WithClients(site.NewClient("dutch", site.OtherURI, func(c *client.Client) { c.DutchClaims = true })))
	company := account.Organization{Name: "Muster GmbH", RegistrationCountry: "DE", RegistrationNumber: "HRB 1", Address: account.Address{Line1: "Weg 1", Country: "DE"}}
	s.Person(site.Email, func(a *account.Account) { a.Kind, a.Profile.Organization = account.LegalPerson, &company })
	b := s.Browser()
	b.Authorize(site.NewRequest("dutch", site.OtherURI).With("scope", "openid omgevingsloket")).Enrol(site.Email).Answered()
	ask := func(id, uri string, header http.Header) (map[string]any, map[string]any) {
		r := site.NewRequest(id, uri).With("scope", "openid omgevingsloket")
		_, tokens, _ := s.Call(http.MethodPost, "/token", r.Exchange(b.NewCode(r)), header)
		_, info := s.Userinfo(tokens)
		return site.IDToken(t, tokens), info
	}
	_, info := ask("web", site.CallbackURI, s.Basic())
	served, _ := info["represents"].(map[string]any)
	if info["account_type"] != "legal_person" || served["organization_name"] != "Muster GmbH" || served["registration_number"] != "HRB 1" || served["iss"] != s.Config.Issuer ||
		served["sub"] == info["sub"] || served["sub"] == nil || served["sub_id_type"] == nil || served["exp"] != nil || served["aud"] != nil {
		t.Error(info)
	}
	for name := range info {
		if strings.HasPrefix(name, "urn:") {
			t.Error("a Dutch name for a client that reads ours:", name)
		}
	}
	_, info = ask("dutch", site.OtherURI, site.BasicOf("dutch"))
	if info["urn:etoegang:1.11:attribute-represented:CompanyName"] != "Muster GmbH" || info["urn:etoegang:1.9:attribute:FirstName"] != "Anna" {
		t.Error(info)
	}
	_, m, _ := s.Call(http.MethodGet, "/.well-known/openid-configuration", nil, nil)
	if !slices.Contains(m["claims_supported"].([]any), any("represents")) {
		t.Error("represents is not advertised")
	}
}

// Y23: what NL GOV alone asks for is in the tokens of nlgov clients and of those that
// read the Dutch names; claims of scopes are in the ID token of a client that is
// registered so. Y26: nbf is a minute back under general. Y36: countries have names.
func TestY23_Y26_Y36_ClaimsByClient(t *testing.T) {
	t.Parallel()
	s := site.New(t, site.WithClients(
		site.NewClient("plain", site.OtherURI, nil),
		site.NewClient("dutch", site.OtherURI, func(c *client.Client) { c.DutchClaims = true }),
		site.NewClient("gov", site.OtherURI, func(c *client.Client) {
			c.Policy, c.AuthMethod, c.SecretHashes = client.NLGov, client.None, nil
		}),
		site.NewClient("token", site.OtherURI, func(c *client.Client) { c.ClaimsInIDToken = true }),
	))
	_, b := s.Active(site.Email)
	for id, want := range map[string]struct {
		typed, urn, inToken bool
		country             string
		behind              float64
	}{
		"plain": {false, false, false, "Germany", 60}, "dutch": {true, true, false, "Germany", 60}, "gov": {true, false, false, "DE", 0}, "token": {false, false, true, "Germany", 60},
	} {
		r := site.NewRequest(id, site.OtherURI).With("scope", "openid omgevingsloket email")
		form, header := r.Exchange(b.NewCode(r)), site.BasicOf(id)
		if id == "gov" {
			form.Set("client_id", id)
			header = nil
		}
		_, tokens, _ := s.Call(http.MethodPost, "/token", form, header)
		token := site.IDToken(t, tokens)
		_, info := s.Userinfo(tokens)
		if (token["sub_id_type"] != nil) != want.typed || (info["sub_id_type"] != nil) != want.typed || (info["urn:etoegang:1.9:attribute:FirstName"] != nil) != want.urn {
			t.Errorf("%s: ID token %v, userinfo %v", id, token, info)
		}
		if (token["name"] != nil) != want.inToken || (token["email"] != nil) != want.inToken || info["name"] != "Anna Muster" {
			t.Errorf("%s: ID token %v, userinfo %v", id, token, info)
		}
		if got := info["address"].(map[string]any)["country"]; got != want.country {
			t.Errorf("%s: country %v", id, got)
		}
		if token["nbf"] != token["iat"].(float64)-want.behind {
			t.Errorf("%s: nbf %v, iat %v", id, token["nbf"], token["iat"])
		}
	}
}
