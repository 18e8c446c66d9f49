package provider_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"omgevingsloket-id/e2e/site"
	"omgevingsloket-id/e2e/testenv"
	"omgevingsloket-id/pkg/client"
	"omgevingsloket-id/pkg/secret"
)

// private_key_jwt (OIDC Core §9, RFC 7523).

// keyedSite is an issuer under a policy with clients for each algorithm.
func keyedSite(t *testing.T, policy client.Policy) (*site.Site, map[string]site.ClientKey) {
	keys := map[string]site.ClientKey{}
	var clients []client.Client
	for _, alg := range []string{"RS256", "PS256", "ES256", "EdDSA"} {
		keys[alg] = site.NewClientKey(t, alg, alg+"-1")
		clients = append(clients, site.KeyedClient(t, alg, site.KeyedURI, keys[alg]))
	}
	return site.New(t, site.OnlyClients(policy, clients...)), keys
}

func prove(s *site.Site, assertion string) (int, map[string]any) {
	s.T.Helper()
	status, out, _ := proof(s, site.Asserted(assertion), nil)
	return status, out
}

func TestR028_AssertionAlgorithms(t *testing.T) {
	t.Parallel()
	s, keys := keyedSite(t, client.NLGov)
	for alg, key := range keys {
		for name, claims := range map[string]map[string]any{
			"issuer":            s.Assertion(alg),
			"token endpoint":    s.Assertion(alg, "aud", s.Config.Issuer+"/token"),
			"audience in array": s.Assertion(alg, "aud", []string{s.Config.Issuer}),
			"no kid":            s.Assertion(alg),
		} {
			k := key
			if name == "no kid" {
				k.KID = ""
			}
			status, out := prove(s, k.Sign(t, claims, nil))
			if status != http.StatusBadRequest || out["error"] != "invalid_grant" {
				t.Errorf("%s, %s: %d %v", alg, name, status, out)
			}
		}
	}
}

// TestTK17_AssertionClaims: each claim dropped and bent in turn (R-028,
//
func TestTK17_AssertionClaims(t *testing.T) {
	t.Parallel()
	s, keys := keyedSite(t, client.NLGov)
	at := func(d time.Duration) int64 { return s.Clock.Now().Add(d).Unix() }
	const decade = 10 * 365 * 24 * time.Hour
	for name, c := range map[string]struct {
		pairs []any
		good  bool
	}{
		"good":                     {nil, true},
		"no iss":                   {[]any{"iss", nil}, false},
		"no sub":                   {[]any{"sub", nil}, false},
		"no aud":                   {[]any{"aud", nil}, false},
		"no jti":                   {[]any{"jti", nil}, false},
		"empty jti":                {[]any{"jti", ""}, false},
		"long jti":                 {[]any{"jti", strings.Repeat("j", 257)}, false},
		"no exp":                   {[]any{"exp", nil}, false},
		"no iat":                   {[]any{"iat", nil}, false},
		"other iss":                {[]any{"iss", "RS256"}, false},
		"other sub":                {[]any{"sub", "RS256"}, false},
		"both other":               {[]any{"iss", "RS256", "sub", "RS256"}, false},
		"other aud":                {[]any{"aud", "https://evil.example"}, false},
		"aud longer":               {[]any{"aud", s.Config.Issuer + "x"}, false},
		"aud shorter":              {[]any{"aud", s.Config.Issuer[:len(s.Config.Issuer)-1]}, false},
		"aud with slash":           {[]any{"aud", s.Config.Issuer + "/"}, false},
		"aud other endpoint":       {[]any{"aud", s.Config.Issuer + "/userinfo"}, false},
		"aud for others, too":      {[]any{"aud", []string{"https://evil.example", s.Config.Issuer}}, false},
		"aud twice":                {[]any{"aud", []string{s.Config.Issuer, s.Config.Issuer + "/token"}}, false},
		"aud empty":                {[]any{"aud", []string{}}, false},
		"expired":                  {[]any{"exp", at(-time.Second)}, false},
		"expires now":              {[]any{"exp", at(0)}, false},
		"expires in a moment":      {[]any{"exp", at(time.Second)}, true},
		"longest":                  {[]any{"exp", at(310 * time.Second)}, true},
		"too long":                 {[]any{"exp", at(311 * time.Second)}, false},
		"ten years":                {[]any{"exp", at(decade)}, false},
		"exp beyond numbers":       {[]any{"exp", json.RawMessage("1e300")}, false},
		"exp below numbers":        {[]any{"exp", json.RawMessage("-1e300")}, false},
		"exp as text":              {[]any{"exp", "9999999999"}, false},
		"exp too large to read":    {[]any{"exp", json.RawMessage("1e400")}, false},
		"exp with a fraction":      {[]any{"exp", float64(at(time.Minute)) + .5}, true},
		"iat 8 s ahead":            {[]any{"iat", at(8 * time.Second)}, true},
		"iat 61 s ahead":           {[]any{"iat", at(61 * time.Second)}, false},
		"iat beyond numbers":       {[]any{"iat", json.RawMessage("1e300")}, false},
		"nbf 8 s ahead":            {[]any{"nbf", at(8 * time.Second)}, true},
		"nbf 61 s ahead":           {[]any{"nbf", at(61 * time.Second)}, false},
		"iss in capitals as well":  {[]any{"ISS", "RS256", "SUB", "RS256"}, true}, // names are case-sensitive: unknown claims
		"another member, unknown":  {[]any{"scope", "openid"}, true},
		"exp in capitals only":     {[]any{"exp", nil, "EXP", at(time.Minute)}, false},
		"negative iat, long since": {[]any{"iat", -1}, true},
	} {
		t.Run(name, func(t *testing.T) {
			status, out := prove(s, keys["ES256"].Sign(t, s.Assertion("ES256", c.pairs...), nil))
			if c.good {
				WantRefused(t, status, out, http.StatusBadRequest, "invalid_grant")
			} else {
				WantRefused(t, status, out, http.StatusUnauthorized, "invalid_client")
			}
		})
	}
	// Duplicate names are refused (JW-06).
	twice := `{"iss":"ES256","sub":"ES256","aud":"` + s.Config.Issuer + `","jti":"a","iat":1,"exp":1,"exp":` + jsonText(t, at(time.Minute)) + `}`
	status, out := prove(s, keys["ES256"].SignText(t, []byte(twice), nil))
	WantRefused(t, status, out, http.StatusUnauthorized, "invalid_client")
}

func jsonText(t testing.TB, v any) string {
	t.Helper()
	raw, err := json.Marshal(v)
	site.Must(t, err)
	return string(raw)
}

// TestR030_AssertionOnce: until it expires, also when what it was for failed;
// another client's jti is its own.
func TestR030_AssertionOnce(t *testing.T) {
	t.Parallel()
	s, keys := keyedSite(t, client.General)
	claims := s.Assertion("ES256", "exp", s.Clock.Now().Add(300*time.Second).Unix(), "iat", nil) // iat is not asked for here
	token := keys["ES256"].Sign(t, claims, nil)
	status, out := prove(s, token)
	WantRefused(t, status, out, http.StatusBadRequest, "invalid_grant")
	for _, later := range []time.Duration{0, 298 * time.Second, time.Second} {
		s.Clock.Add(later)
		site.Must(t, s.Stores.DB.Sweep(t.Context())) // forgets nothing too early
		status, out = prove(s, token)
		WantRefused(t, status, out, http.StatusUnauthorized, "invalid_client")
	}
	status, out = prove(s, keys["RS256"].Sign(t, s.Assertion("RS256", "jti", claims["jti"]), nil))
	WantRefused(t, status, out, http.StatusBadRequest, "invalid_grant")
	// A wrong signature does not spend the owner's jti.
	jti := secret.NewID(rand.Reader)
	prove(s, site.NewClientKey(t, "ES256", "ES256-1").Sign(t, s.Assertion("ES256", "jti", jti), nil))
	status, out = prove(s, keys["ES256"].Sign(t, s.Assertion("ES256", "jti", jti), nil))
	WantRefused(t, status, out, http.StatusBadRequest, "invalid_grant")
}

// TestTK18_AssertionHeaders: algorithm confusion, keys and addresses in the
// header, types of other tokens (R-168, JW-02, JW-03, JW-05).
func TestTK18_AssertionHeaders(t *testing.T) {
	testenv.Slow(t)
	t.Parallel()
	s, keys := keyedSite(t, client.General)
	es := keys["ES256"]
	own := jose.JSONWebKey{Key: es.Private.Public(), KeyID: "own", Algorithm: "ES256"}
	for name, c := range map[string]struct {
		header map[jose.HeaderKey]any
		good   bool
	}{
		"JWT":           {nil, true},
		"its own type":  {map[jose.HeaderKey]any{"typ": "client-authentication+jwt"}, true},
		"access token":  {map[jose.HeaderKey]any{"typ": "at+jwt"}, false},
		"request":       {map[jose.HeaderKey]any{"typ": "oauth-authz-req+jwt"}, false},
		"logout token":  {map[jose.HeaderKey]any{"typ": "logout+jwt"}, false},
		"DPoP":          {map[jose.HeaderKey]any{"typ": "dpop+jwt"}, false},
		"a number":      {map[jose.HeaderKey]any{"typ": 1}, false},
		"jku":           {map[jose.HeaderKey]any{"jku": s.Server.URL + "/jwks"}, false},
		"x5u":           {map[jose.HeaderKey]any{"x5u": s.Server.URL + "/jwks"}, false},
		"x5c":           {map[jose.HeaderKey]any{"x5c": []string{"AAAA"}}, false},
		"crit":          {map[jose.HeaderKey]any{"crit": []string{"x"}, "x": 1}, false},
		"b64":           {map[jose.HeaderKey]any{"b64": false, "crit": []string{"b64"}}, false},
		"zip":           {map[jose.HeaderKey]any{"zip": "DEF"}, false},
		"cty":           {map[jose.HeaderKey]any{"cty": "JWT"}, false},
		"embedded key":  {map[jose.HeaderKey]any{"jwk": own}, false},
		"unknown names": {map[jose.HeaderKey]any{"x": 1}, true},
	} {
		t.Run(name, func(t *testing.T) {
			status, out := prove(s, es.Sign(t, s.Assertion("ES256"), c.header))
			if c.good {
				WantRefused(t, status, out, http.StatusBadRequest, "invalid_grant")
			} else {
				WantRefused(t, status, out, http.StatusUnauthorized, "invalid_client")
			}
		})
	}
	encrypts, err := json.Marshal(jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: es.Private.Public(), KeyID: es.KID, Use: "enc"}}})
	site.Must(t, err)
	behind, remote := behindURI(t)
	behind.serve(string(encrypts))
	other := site.New(t, site.WithClients(remote))
	status, out := prove(other, es.Sign(t, other.Assertion("remote"), nil)) // a key for encryption signs nothing
	WantRefused(t, status, out, http.StatusUnauthorized, "invalid_client")

	der, err := x509.MarshalPKIXPublicKey(keys["RS256"].Private.Public())
	site.Must(t, err)
	signed := keys["RS256"].Sign(t, s.Assertion("RS256"), nil)
	for name, token := range map[string]string{
		"alg none":            raw(t, map[string]any{"alg": "none"}, s.Assertion("RS256")) + ".",
		"alg None, signed":    raw(t, map[string]any{"alg": "None"}, s.Assertion("RS256")) + ".AAAA",
		"HS256 with the DER":  hs256(t, der, s.Assertion("RS256"), "RS256-1"),
		"HS256 with the PEM":  hs256(t, pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}), s.Assertion("RS256"), "RS256-1"),
		"HS256 with the JWKS": hs256(t, site.JWKS(t, keys["RS256"]), s.Assertion("RS256"), "RS256-1"),
		"PS256 by an RS256":   site.ClientKey{Alg: "PS256", KID: "RS256-1", Private: keys["RS256"].Private}.Sign(t, s.Assertion("RS256"), nil),
		"RS512":               site.ClientKey{Alg: "RS512", KID: "RS256-1", Private: keys["RS256"].Private}.Sign(t, s.Assertion("RS256"), nil),
		"ES256, RSA kid":      site.ClientKey{Alg: "ES256", KID: "RS256-1", Private: es.Private}.Sign(t, s.Assertion("RS256"), nil),
		"kid of another":      site.ClientKey{Alg: "RS256", KID: "ES256-1", Private: keys["RS256"].Private}.Sign(t, s.Assertion("RS256"), nil),
		"kid as a path":       site.ClientKey{Alg: "RS256", KID: "../../etc/passwd", Private: keys["RS256"].Private}.Sign(t, s.Assertion("RS256"), nil),
		"kid as SQL":          site.ClientKey{Alg: "RS256", KID: "' OR 1=1 --", Private: keys["RS256"].Private}.Sign(t, s.Assertion("RS256"), nil),
		"kid of 3 kB":         site.ClientKey{Alg: "RS256", KID: strings.Repeat("k", 3000), Private: keys["RS256"].Private}.Sign(t, s.Assertion("RS256"), nil),
		"no signature":        signed[:strings.LastIndex(signed, ".")+1],
		"cut":                 signed[:len(signed)-2],
		"four parts":          signed + ".x",
		"JWE":                 "eyJhbGciOiJkaXIiLCJlbmMiOiJBMjU2R0NNIn0..AAAA.AAAA.AAAA",
		"only dots":           strings.Repeat(".", 3000),
		"JSON serialization":  `{"payload":"","signatures":[]}`,
	} {
		t.Run(name, func(t *testing.T) {
			status, out := prove(s, token)
			WantRefused(t, status, out, http.StatusUnauthorized, "invalid_client")
		})
	}
}

// raw is the unsigned part of a JWT.
func raw(t testing.TB, header, claims any) string {
	t.Helper()
	return base64.RawURLEncoding.EncodeToString([]byte(jsonText(t, header))) + "." + base64.RawURLEncoding.EncodeToString([]byte(jsonText(t, claims)))
}

func hs256(t testing.TB, key []byte, claims any, kid string) string {
	t.Helper()
	token := raw(t, map[string]any{"alg": "HS256", "kid": kid, "typ": "JWT"}, claims)
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(token))
	return token + "." + base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

// TestJW13_WeakClientKeys: refused where they are registered, and not used
// where they come from a jwks_uri.
func TestJW13_WeakClientKeys(t *testing.T) {
	t.Setenv("GODEBUG", "rsa1024min=0")
	weak, err := rsa.GenerateKey(rand.Reader, 1024)
	site.Must(t, err)
	p384, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	site.Must(t, err)
	good := site.NewClientKey(t, "ES256", "k1")
	for name, key := range map[string]any{
		"RSA 1024": weak.Public(), "P-384": p384.Public(), "private": good.Private, "symmetric": []byte("0123456789abcdef0123456789abcdef"),
		"RSA, e=1": &rsa.PublicKey{N: site.NewClientKey(t, "RS256", "").Private.Public().(*rsa.PublicKey).N, E: 1},
	} {
		set := jsonText(t, jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: key, KeyID: "k1"}}})
		c := site.KeyedClient(t, "keyed", site.KeyedURI, good)
		c.JWKS = json.RawMessage(set)
		if err := c.Validate(client.NLGov, true); err == nil {
			t.Errorf("%s: registered", name)
		}
	}
	for name, text := range map[string]string{"no set": "{}", "an empty set": `{"keys":[]}`, "a web page": "<html>", "P-192": `{"keys":[{"kty":"EC","crv":"P-192","x":"AA","y":"AA"}]}`} {
		c := site.KeyedClient(t, "keyed", site.KeyedURI, good)
		c.JWKS = json.RawMessage(text)
		if err := c.Validate(client.NLGov, true); err == nil {
			t.Errorf("%s: registered", name)
		}
	}
	// Behind a jwks_uri, where nobody looked before.
	behind, c := behindURI(t)
	behind.serve(jsonText(t, jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: weak.Public(), KeyID: "k1"}}}))
	s := site.New(t, site.WithClients(c))
	status, out := prove(s, site.ClientKey{Alg: "RS256", KID: "k1", Private: weak}.Sign(t, s.Assertion("remote"), nil))
	WantRefused(t, status, out, http.StatusUnauthorized, "invalid_client")
}
