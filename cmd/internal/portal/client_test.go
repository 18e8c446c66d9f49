package portal_test

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"omgevingsloket-id/cmd/internal/portal"
)

func writeJWK(t *testing.T, key jose.JSONWebKey) string {
	t.Helper()
	raw, err := json.Marshal(key)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "key.json")
	if err := os.WriteFile(file, raw, 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// OIDC Core §9, RFC 7523 §3: private_key_jwt.
func TestPrivateKeyJWT(t *testing.T) {
	key := newKey(t)
	file := writeJWK(t, jose.JSONWebKey{Key: key, KeyID: "p1", Algorithm: "ES256"})
	s := newStage(t, func(c *portal.Config) { c.Entries[0].PrivateKeyFile = file })
	seen := map[string]bool{}
	s.op.proof["oefenloket"] = func(r *http.Request) bool {
		if _, _, basic := r.BasicAuth(); basic || r.PostForm.Get("client_assertion_type") != "urn:ietf:params:oauth:client-assertion-type:jwt-bearer" {
			return false
		}
		token, err := jwt.ParseSigned(r.PostForm.Get("client_assertion"), []jose.SignatureAlgorithm{jose.ES256})
		if err != nil {
			return false
		}
		var c jwt.Claims
		if err := token.Claims(key.Public(), &c); err != nil || seen[c.ID] || len(c.ID) < 22 {
			return false
		}
		seen[c.ID] = true
		return token.Headers[0].KeyID == "p1" && len(c.Audience) == 1 && c.Expiry.Time().Sub(c.IssuedAt.Time()) <= time.Minute &&
			c.Validate(jwt.Expected{Issuer: "oefenloket", Subject: "oefenloket", AnyAudience: jwt.Audience{s.op.URL}, Time: s.clock.now()}) == nil
	}
	b := s.browser()
	want(t, b.login("/login"), http.StatusSeeOther)
	want(t, b.login("/login"), http.StatusSeeOther)
}

func TestPrivateKeyFileRefused(t *testing.T) {
	key := newKey(t)
	for name, k := range map[string]jose.JSONWebKey{
		"public key":   {Key: key.Public(), Algorithm: "ES256"},
		"no algorithm": {Key: key},
		"other alg":    {Key: key, Algorithm: "RS256"},
		"shared":       {Key: []byte("0123456789abcdef0123456789abcdef"), Algorithm: "HS256"},
	} {
		_, err := portal.New(portal.Config{
			BaseURL: "http://localhost:8081", Issuer: "http://localhost:8080",
			Entries: []portal.Entry{{Path: "/", ClientID: "a", PrivateKeyFile: writeJWK(t, k)}},
		})
		if err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

func TestClientSecretPost(t *testing.T) {
	s := newStage(t, nil)
	s.op.discovery = func(m map[string]any) { m["token_endpoint_auth_methods_supported"] = []string{"client_secret_post"} }
	s.op.proof["waterstad"] = func(r *http.Request) bool {
		return r.Header.Get("Authorization") == "" && r.PostForm.Get("client_secret") == "geheim-geheim"
	}
	want(t, s.browser().login("/second/login"), http.StatusSeeOther)
}

// With a wrong secret the code is sent once: the provider would take a second try
// with another method for a replay.
func TestClientSecretIsTriedOnce(t *testing.T) {
	s := newStage(t, func(c *portal.Config) { c.Entries[1].ClientSecret = "wrong" })
	want(t, s.browser().login("/second/login"), http.StatusBadGateway)
	if s.op.tokens != 1 {
		t.Errorf("%d token requests, want 1", s.op.tokens)
	}
}
