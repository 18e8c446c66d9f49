package provider_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"testing"

	"omgevingsloket-id/e2e/site"
	"omgevingsloket-id/e2e/testenv"
	"omgevingsloket-id/pkg/client"
	"omgevingsloket-id/pkg/signkey"
)

// discovery reads the metadata.
func discovery(s *site.Site) map[string]any {
	s.T.Helper()
	status, m, h := s.Call(http.MethodGet, "/.well-known/openid-configuration", nil, nil)
	if status != http.StatusOK || h.Get("Content-Type") != "application/json" {
		s.T.Fatal(status, h)
	}
	return m
}

func list(m map[string]any, name string) []string {
	var out []string
	values, _ := m[name].([]any)
	for _, v := range values {
		out = append(out, v.(string))
	}
	return out
}

// TestUI07_MetadataIsBehaviour: for each list of the metadata, what is in it
// works and what is not in it fails, under both policies (R-001…,
//
func TestUI07_MetadataIsBehaviour(t *testing.T) {
	testenv.Slow(t)
	t.Parallel()
	for _, policy := range []client.Policy{client.General, client.NLGov} {
		t.Run(string(policy), func(t *testing.T) { metadataIsBehaviour(t, policy) })
	}
}

// claimed are all values that a provider could list.
var claimed = map[string][]string{
	"response_types_supported":         {"code", "id_token", "token", "id_token token", "code id_token", "code token", "none"},
	"response_modes_supported":         {"query", "fragment", "form_post", "query.jwt", "jwt"},
	"grant_types_supported":            {"authorization_code", "implicit", "refresh_token", "client_credentials", "password", "urn:ietf:params:oauth:grant-type:jwt-bearer", "urn:ietf:params:oauth:grant-type:device_code", "urn:ietf:params:oauth:grant-type:token-exchange"},
	"code_challenge_methods_supported": {"S256", "plain", "S512"},
	"prompt_values_supported":          {"none", "login", "consent", "select_account", "create"},
	"scopes_supported":                 {"openid", "profile", "email", "phone", "address", "omgevingsloket", "offline_access"},
	"acr_values_supported":             {"urn:omgevingsloket-id:practice", "http://eidas.europa.eu/LoA/low", "http://eidas.europa.eu/LoA/high"},
}

func metadataIsBehaviour(t *testing.T, policy client.Policy) {
	all := []string{"omgevingsloket", "email", "profile", "phone", "address"}
	s := site.New(t, site.OnlyClients(policy, site.NewClient("web", site.CallbackURI, func(c *client.Client) { c.AuthMethod, c.SecretHashes, c.Scopes = client.None, nil, all })))
	_, b := s.Active(site.Email)
	m := discovery(s)
	works := map[string]func(value string) bool{
		"response_types_supported":         func(v string) bool { return accepts(s, b, "response_type", v) },
		"response_modes_supported":         func(v string) bool { return accepts(s, b, "response_mode", v) },
		"code_challenge_methods_supported": func(v string) bool { return accepts(s, b, "code_challenge_method", v) },
		"prompt_values_supported":          func(v string) bool { return accepts(s, b, "prompt", v) },
		"acr_values_supported": func(v string) bool {
			return accepts(s, b, "claims", `{"id_token":{"acr":{"essential":true,"value":"`+v+`"}}}`)
		},
		"scopes_supported": func(v string) bool {
			r := site.NewRequest("web", site.CallbackURI).With("scope", "openid "+v)
			answer := b.Authorize(r)
			if answer.URL.Query().Get("code") == "" {
				return false
			}
			_, tokens, _ := s.Call(http.MethodPost, "/token", r.Exchange(answer.URL.Query().Get("code"), url.Values{"client_id": {"web"}}), nil)
			return slices.Contains(strings.Fields(tokens["scope"].(string)), v)
		},
		"grant_types_supported": func(v string) bool {
			r := site.NewRequest("web", site.CallbackURI)
			status, _, _ := s.Call(http.MethodPost, "/token", r.Exchange(b.NewCode(r), url.Values{"client_id": {"web"}, "grant_type": {v}}), nil)
			return status == http.StatusOK
		},
	}
	for name, try := range works {
		advertised := list(m, name)
		if len(advertised) == 0 {
			t.Errorf("%s is empty", name)
		}
		for _, v := range slices.Compact(slices.Sorted(slices.Values(append(slices.Clone(claimed[name]), advertised...)))) {
			if got := try(v); got != slices.Contains(advertised, v) {
				t.Errorf("%s: %q works: %v, advertised: %v", name, v, got, !got)
			}
		}
	}
	for name, parameter := range map[string]string{"request_parameter_supported": "request", "request_uri_parameter_supported": "request_uri"} {
		if value, said := m[name].(bool); !said || value != accepts(s, b, parameter, "https://rp.example/x") {
			t.Errorf("%s: %v", name, m[name])
		}
	}
}

// accepts tells whether an authorization request with this parameter is no
// error to the client.
func accepts(s *site.Site, b *site.Browser, name, value string) bool {
	s.T.Helper()
	b.Authorize(site.NewRequest("web", site.CallbackURI).With(name, value))
	if b.Posts() {
		return b.Answered().Get("error") == ""
	}
	return b.URL.Query().Get("error") == ""
}

// TestUI07_AlgorithmsAndMethods: the lists that clients are registered by.
func TestUI07_AlgorithmsAndMethods(t *testing.T) {
	testenv.Slow(t)
	s := site.New(t, nil)
	for _, policy := range []client.Policy{client.General, client.NLGov} {
		m := discovery(site.New(t, site.OnlyClients(policy, site.PublicClient("web", site.CallbackURI))))
		for _, method := range []client.AuthMethod{client.None, client.ClientSecretBasic, client.ClientSecretPost, client.PrivateKeyJWT, "client_secret_jwt", "tls_client_auth"} {
			c := site.NewClient("a", site.CallbackURI, func(c *client.Client) { c.AuthMethod = method })
			switch method {
			case client.None:
				c.SecretHashes = nil
			case client.PrivateKeyJWT:
				c.SecretHashes, c.JWKS = nil, site.JWKS(t, site.NewClientKey(t, "ES256", "k"))
			}
			if got := c.Validate(policy, false) == nil; got != slices.Contains(list(m, "token_endpoint_auth_methods_supported"), string(method)) {
				t.Errorf("%s: %s can be registered: %v", policy, method, got)
			}
		}
		for _, alg := range []string{"RS256", "PS256", "ES256", "EdDSA", "RS512", "HS256", "none"} {
			c := site.PublicClient("a", site.CallbackURI)
			c.SigningAlg = alg
			if got := c.Validate(policy, false) == nil; got != slices.Contains(list(m, "id_token_signing_alg_values_supported"), alg) {
				t.Errorf("%s: ID tokens by %s can be registered: %v", policy, alg, got)
			}
			c = site.PublicClient("a", site.CallbackURI)
			c.UserinfoAlg = alg
			if got := c.Validate(policy, false) == nil; got != slices.Contains(list(m, "userinfo_signing_alg_values_supported"), alg) {
				t.Errorf("%s: userinfo by %s can be registered: %v", policy, alg, got)
			}
		}
		for _, kind := range []string{"public", "pairwise"} {
			c := site.PublicClient("a", site.CallbackURI)
			c.PublicSubject = kind == "public"
			if got := c.Validate(policy, false) == nil; got != slices.Contains(list(m, "subject_types_supported"), kind) {
				t.Errorf("%s: %s subjects can be registered: %v", policy, kind, got)
			}
		}
		if got := list(m, "token_endpoint_auth_signing_alg_values_supported"); !slices.Equal(got, []string{"RS256", "PS256", "ES256", "EdDSA"}) {
			t.Error(got)
		}
		for name := range m {
			if values, ok := m[name].([]any); ok && len(values) == 0 {
				t.Errorf("%s is empty", name)
			}
		}
	}
	// Each endpoint is where it is said to be.
	m := discovery(s)
	for name, value := range m {
		at, _ := value.(string)
		if !strings.HasSuffix(name, "_endpoint") && name != "jwks_uri" {
			continue
		}
		path, ok := strings.CutPrefix(at, s.Config.Issuer)
		if status, _, _ := s.Call(http.MethodGet, path, nil, nil); !ok || status == http.StatusNotFound {
			t.Errorf("%s at %s: %d", name, at, status)
		}
	}
	for _, absent := range []string{"registration_endpoint", "introspection_endpoint", "device_authorization_endpoint", "check_session_iframe"} {
		if m[absent] != nil {
			t.Errorf("%s is advertised", absent)
		}
	}
	for _, path := range []string{"/register", "/introspect", "/device_authorization", "/check_session", "/keys", "/oauth/token", "/oauth/introspect", "/ready", "/healthz", "/metrics", "/debug/pprof/", "/debug/vars", "/.well-known/webfinger?resource=acct:a@b"} { // R-083, UI-11
		if status, _, _ := s.Call(http.MethodGet, path, nil, nil); status != http.StatusNotFound {
			t.Errorf("%s: %d", path, status)
		}
	}
}

// TestUI08_SameForEverybody: whatever the request says.
func TestUI08_SameForEverybody(t *testing.T) {
	t.Parallel()
	s := site.New(t, nil)
	want := discovery(s)
	if want["issuer"] != s.Config.Issuer {
		t.Error(want["issuer"])
	}
	for _, path := range []string{"/.well-known/openid-configuration", "/.well-known/oauth-authorization-server"} {
		for _, host := range []string{"", "evil.example", "evil.example:80"} {
			req, err := http.NewRequest(http.MethodGet, s.Server.URL+path, nil)
			site.Must(t, err)
			req.Host = host
			for _, name := range []string{"X-Forwarded-Host", "X-Forwarded-Proto", "Forwarded", "X-Original-Url", "X-Rewrite-Url"} {
				req.Header.Set(name, "evil.example")
			}
			res, err := http.DefaultClient.Do(req)
			site.Must(t, err)
			var got map[string]any
			site.Must(t, json.NewDecoder(res.Body).Decode(&got))
			_ = res.Body.Close()
			if !reflect.DeepEqual(got, want) {
				t.Errorf("%s for %q: %v", path, host, got)
			}
		}
	}
}

// TestUI09_JWKS: public members only, one kid each, cache headers, ETag
//
func TestUI09_JWKS(t *testing.T) {
	t.Parallel()
	s := site.New(t, nil)
	_, m, _ := s.Call(http.MethodGet, "/jwks", nil, http.Header{"Origin": {"https://any.example"}})
	kids := map[string]bool{}
	for _, k := range m["keys"].([]any) {
		key := k.(map[string]any)
		for _, private := range []string{"d", "p", "q", "dp", "dq", "qi", "k", "oth", "x5u"} {
			if key[private] != nil {
				t.Errorf("member %s", private)
			}
		}
		if kid, _ := key["kid"].(string); kid == "" || kids[kid] || key["use"] != "sig" || !slices.Contains(signkey.Algorithms, key["alg"].(string)) || key["kty"] == nil {
			t.Errorf("%v", key)
		}
		kids[key["kid"].(string)] = true
	}
	if len(kids) != len(signkey.Algorithms) {
		t.Errorf("%d keys", len(kids))
	}
	for _, path := range []string{"/jwks", "/.well-known/openid-configuration"} {
		_, _, h := s.Call(http.MethodGet, path, nil, http.Header{"Origin": {"https://any.example"}})
		if h.Get("Cache-Control") != "public, max-age=604800" || h.Get("ETag") == "" || h.Get("Access-Control-Allow-Origin") != "https://any.example" || h.Get("Vary") != "Origin" || h.Get("Access-Control-Allow-Credentials") != "" {
			t.Errorf("%s: %v", path, h)
		}
		if status, _, again := s.Call(http.MethodGet, path, nil, http.Header{"If-None-Match": {h.Get("ETag")}}); status != http.StatusNotModified || again.Get("ETag") != h.Get("ETag") {
			t.Errorf("%s: unchanged: %d", path, status)
		}
		if status, _, head := s.Call(http.MethodHead, path, nil, nil); status != http.StatusOK || head.Get("ETag") == "" {
			t.Errorf("%s: HEAD %d", path, status)
		}
	}
}

// TestUI12_Paths: nothing is reached by another spelling.
func TestUI12_Paths(t *testing.T) {
	t.Parallel()
	s := site.New(t, nil)
	_, b := s.Active(site.Email)
	token := b.Tokens(site.NewRequest("web", site.CallbackURI))["access_token"].(string)
	for _, path := range []string{"//userinfo", "/userinfo/", "/userinfo/..;/x", "/USERINFO", "/%75serinfo", "/x/../userinfo", "/userinfo%00", "/userinfo.json", "/./userinfo", "/userinfo;x=1", "/token/../userinfo", "/%2e/userinfo", "/userinfo%2f"} {
		req, err := http.NewRequest(http.MethodGet, s.Server.URL, nil)
		site.Must(t, err)
		req.URL.Opaque = path
		req.Header = site.Bearer(token)
		a := s.Browser().Send(req)
		if a.Status == http.StatusOK && path != "/%75serinfo" { // RFC 3986 §2.3: the same path
			t.Errorf("%s: %d", path, a.Status)
		}
		if a.Status >= 500 || a.Header.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s: %d %v", path, a.Status, a.Header)
		}
	}
}
