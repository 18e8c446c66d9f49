package site

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/url"
	"strings"
	"testing"

	"omgevingsloket-id/pkg/secret"
)

// Request is an authorization request; change may alter its parameters.
type Request struct {
	url.Values
	Verifier string
}

// NewRequest returns an authorization request with the scope openid and PKCE.
func NewRequest(clientID, redirect string) Request {
	verifier := secret.New(rand.Reader, secret.KindID).Reveal()
	sum := sha256.Sum256([]byte(verifier))
	return Request{Verifier: verifier, Values: url.Values{
		"client_id": {clientID}, "redirect_uri": {redirect}, "response_type": {"code"}, "scope": {"openid"},
		"state": {secret.NewID(rand.Reader)}, "nonce": {secret.NewID(rand.Reader)},
		"code_challenge": {base64.RawURLEncoding.EncodeToString(sum[:])}, "code_challenge_method": {"S256"},
	}}
}

// With sets parameters, which are names and values in turn; an empty value removes one.
func (r Request) With(pairs ...string) Request {
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] == "" {
			r.Del(pairs[i])
		} else {
			r.Set(pairs[i], pairs[i+1])
		}
	}
	return r
}

// IDToken reads the claims of an ID token, without checking it.
func IDToken(t testing.TB, tokens map[string]any) map[string]any {
	t.Helper()
	parts := strings.Split(tokens["id_token"].(string), ".")
	raw, err := base64.RawURLEncoding.DecodeString(parts[1])
	Must(t, err)
	out := map[string]any{}
	Must(t, json.Unmarshal(raw, &out))
	return out
}
