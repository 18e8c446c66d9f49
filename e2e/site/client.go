package site

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"omgevingsloket-id/pkg/client"
	"omgevingsloket-id/pkg/config"
	"omgevingsloket-id/pkg/secret"
)

// Redirect URIs of the clients that the provider's tests add.
const (
	OtherURI  = "https://third.example/cb"
	KeyedURI  = "https://keyed.example/cb"
	NativeURI = "http://127.0.0.1:1000/cb"
)

// WithClients adds clients to a configuration.
func WithClients(clients ...client.Client) func(*config.Config) {
	return func(c *config.Config) { c.Clients = append(c.Clients, clients...) }
}

// SignedAccess makes the access tokens of all clients JWTs.
func SignedAccess(c *config.Config) {
	for i := range c.Clients {
		c.Clients[i].AccessTokens = client.JWTTokens
	}
}

// OnlyClients replaces the clients, under a policy for all of them.
func OnlyClients(policy client.Policy, clients ...client.Client) func(*config.Config) {
	return func(c *config.Config) { c.Policy, c.Clients = policy, clients }
}

// NewClient returns a confidential client with the secret ID-secret; change, if
// not nil, alters it.
func NewClient(id, redirect string, change func(*client.Client)) client.Client {
	c := client.Client{
		ID: id, Name: strings.ToUpper(id), RedirectURIs: []string{redirect}, AuthMethod: client.ClientSecretBasic,
		SecretHashes: []string{secret.Text(id + "-secret").Hash()}, Scopes: []string{"email", "omgevingsloket"},
	}
	if change != nil {
		change(&c)
	}
	return c
}

// PublicClient returns a public client that is no native one.
func PublicClient(id, redirect string) client.Client {
	return NewClient(id, redirect, func(c *client.Client) { c.AuthMethod, c.SecretHashes = client.None, nil })
}

// NativeClient returns a client that runs on the person's own device. It asks for consent at
// each login.
func NativeClient(id, redirect string) client.Client {
	c := PublicClient(id, redirect)
	c.ApplicationType = client.NativeApplication
	return c
}

// ClientKey is a key pair of a client.
type ClientKey struct {
	Alg, KID string
	Private  crypto.Signer
}

// NewClientKey makes a key pair for alg: ES256, EdDSA, or an RSA key of 2048 bits.
func NewClientKey(t testing.TB, alg, kid string) ClientKey {
	t.Helper()
	if alg == "EdDSA" {
		_, private, err := ed25519.GenerateKey(rand.Reader)
		Must(t, err)
		return ClientKey{alg, kid, private}
	}
	if alg == "ES256" {
		private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		Must(t, err)
		return ClientKey{alg, kid, private}
	}
	private, err := rsa.GenerateKey(rand.Reader, 2048)
	Must(t, err)
	return ClientKey{alg, kid, private}
}

// JWKS returns the public halves of keys as a JWK set (RFC 7517).
func JWKS(t testing.TB, keys ...ClientKey) json.RawMessage {
	t.Helper()
	var set jose.JSONWebKeySet
	for _, k := range keys {
		set.Keys = append(set.Keys, jose.JSONWebKey{Key: k.Private.Public(), KeyID: k.KID, Algorithm: k.Alg, Use: "sig"})
	}
	raw, err := json.Marshal(set)
	Must(t, err)
	return raw
}

// KeyedClient returns a client that authenticates with these keys.
func KeyedClient(t testing.TB, id, redirect string, keys ...ClientKey) client.Client {
	return NewClient(id, redirect, func(c *client.Client) {
		c.AuthMethod, c.SecretHashes, c.JWKS = client.PrivateKeyJWT, nil, JWKS(t, keys...)
	})
}

// Sign returns a compact JWT of claims, with more header members.
func (k ClientKey) Sign(t testing.TB, claims any, header map[jose.HeaderKey]any) string {
	t.Helper()
	text, err := json.Marshal(claims)
	Must(t, err)
	return k.SignText(t, text, header)
}

// SignText signs a text that may be no valid claims.
func (k ClientKey) SignText(t testing.TB, text []byte, header map[jose.HeaderKey]any) string {
	t.Helper()
	options := &jose.SignerOptions{ExtraHeaders: map[jose.HeaderKey]any{jose.HeaderType: "JWT"}}
	for name, value := range header {
		options.ExtraHeaders[name] = value
	}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.SignatureAlgorithm(k.Alg), Key: jose.JSONWebKey{Key: k.Private, KeyID: k.KID}}, options)
	Must(t, err)
	signed, err := signer.Sign(text)
	Must(t, err)
	token, err := signed.CompactSerialize()
	Must(t, err)
	return token
}

// Assertion returns the claims of a valid client assertion; pairs replace claims
// or, with nil, remove them.
func (s *Site) Assertion(clientID string, pairs ...any) map[string]any {
	claims := map[string]any{
		"iss": clientID, "sub": clientID, "aud": s.Config.Issuer, "jti": secret.NewID(rand.Reader),
		"iat": s.Clock.Now().Unix(), "exp": s.Clock.Now().Add(time.Minute).Unix(),
	}
	for i := 0; i+1 < len(pairs); i += 2 {
		claims[pairs[i].(string)] = pairs[i+1]
		if pairs[i+1] == nil {
			delete(claims, pairs[i].(string))
		}
	}
	return claims
}

// Asserted returns the form fields of private_key_jwt (RFC 7523).
func Asserted(assertion string) url.Values {
	return url.Values{"client_assertion": {assertion}, "client_assertion_type": {"urn:ietf:params:oauth:client-assertion-type:jwt-bearer"}}
}

// Clients returns this site's clients, as the provider looks them up.
func (s *Site) Clients(t testing.TB) *client.Directory {
	t.Helper()
	return client.NewDirectory(s.Config.Clients, s.Stores.DB.Clients(), s.Config.Policy, true, s.Clock.Now)
}
