package provider_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"omgevingsloket-id/e2e/site"
	"omgevingsloket-id/pkg/client"
)

// What the software of relying parties sends, as it comes.

const strangeKeys = `{"kty":"AKP","alg":"ML-DSA-65","pub":"AAAA"},{"kty":"OKP","crv":"X25519","x":"hSDwCYkwp1R0i33ctD73Wg2_Og0mOBr066SpjqqbTmo"},` +
	`{"kty":"EC","crv":"secp256k1","x":"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4","y":"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM"}`

// Y18: keys of a type, curve or algorithm that is not known stand beside the right
// one, inline and at an address; a set without a usable key is no outage.
func TestY18_UnknownKeysOfClients(t *testing.T) {
	t.Parallel()
	key := site.NewClientKey(t, "RS256", "k1")
	good := strings.TrimPrefix(string(site.JWKS(t, key)), `{"keys":[`)
	mixed := `{"keys":[` + strangeKeys + "," + good
	inline := site.KeyedClient(t, "inline", site.KeyedURI, key)
	inline.JWKS = json.RawMessage(mixed)
	server, remote := behindURI(t)
	s := site.New(t, site.WithClients(inline, remote))
	server.serve(mixed)
	for _, id := range []string{"inline", "remote"} {
		status, out := prove(s, key.Sign(t, s.Assertion(id), nil))
		WantRefused(t, status, out, http.StatusBadRequest, "invalid_grant")
	}
	for _, bad := range []string{`{"keys":[` + strangeKeys + `]}`, `{"keys":[]}`, `{"keys":{}}`, `{}`, "<html>"} {
		s.Clock.Add(11 * time.Minute)
		server, remote := behindURI(t)
		s := site.New(t, site.WithClients(remote))
		server.serve(bad)
		status, out := prove(s, key.Sign(t, s.Assertion("remote"), nil))
		WantRefused(t, status, out, http.StatusUnauthorized, "invalid_client")
	}
}

// Y18: a key without an id serves every id; typ is a media type, in any case.
func TestY18_KeyIDsAndTypes(t *testing.T) {
	t.Parallel()
	key := site.NewClientKey(t, "ES256", "")
	s := site.New(t, site.WithClients(site.KeyedClient(t, "keyed", site.KeyedURI, key)))
	named := key
	named.KID = "2026-11"
	for _, k := range []site.ClientKey{key, named} {
		for _, typ := range []string{"JWT", "jwt", "Jwt", "application/jwt", "CLIENT-AUTHENTICATION+JWT", "application/client-authentication+jwt"} {
			status, out := prove(s, k.Sign(t, s.Assertion("keyed"), map[jose.HeaderKey]any{"typ": typ}))
			if out["error"] != "invalid_grant" {
				t.Errorf("kid %q, typ %q: %d %v", k.KID, typ, status, out)
			}
		}
	}
}

// Y18: an array of audiences is accepted under general if every one is ours.
func TestY18_Audiences(t *testing.T) {
	t.Parallel()
	for _, policy := range []client.Policy{client.General, client.NLGov} {
		s, keys := keyedSite(t, policy)
		issuer, token := s.Config.Issuer, s.Config.Issuer+"/token"
		for _, c := range []struct {
			aud            any
			general, nlgov bool
		}{
			{issuer, true, true}, {token, true, true}, {[]string{issuer}, true, true},
			{[]string{issuer, token}, true, false}, {[]string{token, issuer}, true, false},
			{[]string{issuer, token, "https://evil.example"}, false, false}, {[]string{"https://evil.example", issuer}, false, false},
			{[]string{issuer, ""}, false, false}, {[]string{}, false, false}, {issuer + " " + token, false, false}, {[]string{issuer + "/"}, false, false},
		} {
			want := map[client.Policy]bool{client.General: c.general, client.NLGov: c.nlgov}[policy]
			status, out := prove(s, keys["ES256"].Sign(t, s.Assertion("ES256", "aud", c.aud), nil))
			if got := out["error"] == "invalid_grant"; got != want || !want && status != http.StatusUnauthorized {
				t.Errorf("%s, aud %v: %d %v", policy, c.aud, status, out)
			}
		}
	}
}

// Y25: who signed an assertion with its own key is told what is wrong with it;
// nobody else is.
func TestY25_ReasonsOfAssertions(t *testing.T) {
	t.Parallel()
	s, keys := keyedSite(t, client.NLGov)
	at := func(d time.Duration) int64 { return s.Clock.Now().Add(d).Unix() }
	for want, pairs := range map[string][]any{
		"exp is more than 300 seconds ahead": {"exp", at(time.Hour)}, "exp has passed": {"exp", at(-time.Second)}, "exp is required": {"exp", nil},
		"iat is required": {"iat", nil}, "iat is in the future": {"iat", at(time.Minute)}, "jti is required": {"jti", nil}, "aud must be": {"aud", "https://x.example"},
		"iss and sub": {"iss", "RS256"},
	} {
		status, out := prove(s, keys["ES256"].Sign(t, s.Assertion("ES256", pairs...), nil))
		WantRefused(t, status, out, http.StatusUnauthorized, "invalid_client")
		if text, _ := out["error_description"].(string); !strings.Contains(text, want) {
			t.Errorf("%v: %q, want %q", pairs, text, want)
		}
		_, out = prove(s, site.NewClientKey(t, "ES256", "ES256-1").Sign(t, s.Assertion("ES256", pairs...), nil))
		if out["error_description"] != "client authentication failed" {
			t.Errorf("%v, signed by a stranger: %v", pairs, out)
		}
	}
	token := keys["ES256"].Sign(t, s.Assertion("ES256"), nil)
	prove(s, token)
	if _, out := prove(s, token); !strings.Contains(out["error_description"].(string), "jti was used before") {
		t.Errorf("a replay: %v", out)
	}
	_, out := prove(s, keys["ES256"].Sign(t, s.Assertion("ES256"), map[jose.HeaderKey]any{"typ": "at+jwt"}))
	if !strings.Contains(out["error_description"].(string), "typ") {
		t.Errorf("typ: %v", out)
	}
}
