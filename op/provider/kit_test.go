package provider_test

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/go-jose/go-jose/v4"

	"omgevingsloket-id/e2e/site"
	"omgevingsloket-id/pkg/config"
)

// challenge is the S256 challenge of a verifier.
func challenge(verifier string) string {
	sum := sha256.Sum256([]byte(verifier))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// withCode starts a site and returns a request of the client "web" with the code
// that it got.
func withCode(t testing.TB, change func(*config.Config)) (s *site.Site, r site.Request, code string) {
	t.Helper()
	s = site.New(t, change)
	_, b := s.Active(site.Email)
	r = site.NewRequest("web", site.CallbackURI)
	return s, r, b.NewCode(r)
}

// WantRefused demands an OAuth error with a sentence of ours (TK-25).
func WantRefused(t testing.TB, status int, out map[string]any, wantStatus int, code string) {
	t.Helper()
	if status != wantStatus || out["error"] != code {
		t.Errorf("got %d %v, want %d %s", status, out, wantStatus, code)
	}
	for name := range out {
		if !slices.Contains([]string{"error", "error_description"}, name) {
			t.Errorf("the error tells %q as well", name)
		}
	}
}

// JWTHeader reads the header of a JWT.
func JWTHeader(t testing.TB, token any) map[string]any {
	t.Helper()
	raw, err := base64.RawURLEncoding.DecodeString(strings.Split(token.(string), ".")[0])
	site.Must(t, err)
	out := map[string]any{}
	site.Must(t, json.Unmarshal(raw, &out))
	return out
}

// JWTClaims reads the claims of a JWT, without checking it.
func JWTClaims(t testing.TB, token any) map[string]any {
	t.Helper()
	return site.IDToken(t, map[string]any{"id_token": token})
}

func map1(name jose.HeaderKey, value any) map[jose.HeaderKey]any {
	return map[jose.HeaderKey]any{name: value}
}
