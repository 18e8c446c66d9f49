package site

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
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

// OnlyClients replaces the clients, under a policy for all of them.
func OnlyClients(policy client.Policy, clients ...client.Client) func(*config.Config) {
	return func(c *config.Config) { c.Policy, c.Clients = policy, clients }
}

// NewClient is a confidential client; change may make it another.
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

// NativeClient is a public client on the person's own machine.
func NativeClient(id, redirect string) client.Client {
	return NewClient(id, redirect, func(c *client.Client) { c.AuthMethod, c.SecretHashes = client.None, nil })
}

// ClientKey is a key pair of a client.
type ClientKey struct {
	Alg, KID string
	Private  crypto.Signer
}

// NewClientKey returns a new key of a client: on P-256 for ES256, else of RSA with 2048 bits.
func NewClientKey(t testing.TB, alg, kid string) ClientKey {
	t.Helper()
	if alg == "ES256" {
		private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		Must(t, err)
		return ClientKey{alg, kid, private}
	}
	private, err := rsa.GenerateKey(rand.Reader, 2048)
	Must(t, err)
	return ClientKey{alg, kid, private}
}

// JWKS is the public halves of keys as a JWK set.
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

// KeyedClient is a client that authenticates with these keys.
func KeyedClient(t testing.TB, id, redirect string, keys ...ClientKey) client.Client {
	return NewClient(id, redirect, func(c *client.Client) {
		c.AuthMethod, c.SecretHashes, c.JWKS = client.PrivateKeyJWT, nil, JWKS(t, keys...)
	})
}

// Sign makes a JWT of claims and header members.
func (k ClientKey) Sign(t testing.TB, claims any, header map[jose.HeaderKey]any) string {
	t.Helper()
	text, err := json.Marshal(claims)
	Must(t, err)
	return k.SignText(t, text, header)
}

// SignText signs what may be no proper claims at all.
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

// Assertion are the claims of a good client assertion; pairs replace or, with
// nil, drop some.
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

// Asserted are the form fields of private_key_jwt.
func Asserted(assertion string) url.Values {
	return url.Values{"client_assertion": {assertion}, "client_assertion_type": {"urn:ietf:params:oauth:client-assertion-type:jwt-bearer"}}
}

// Exchange are the form fields that redeem a code; more are added.
func (r Request) Exchange(code string, more ...url.Values) url.Values {
	form := url.Values{"grant_type": {"authorization_code"}, "code": {code}, "redirect_uri": {r.Get("redirect_uri")}, "code_verifier": {r.Verifier}}
	for _, m := range more {
		for name, values := range m {
			form[name] = values
		}
	}
	return form
}

// Clients are this site's clients, as the provider looks them up.
func (s *Site) Clients(t testing.TB) *client.Directory {
	t.Helper()
	return client.NewDirectory(s.Config.Clients, s.Stores.DB.Clients(), s.Config.Policy, true, s.Clock.Now)
}

// NewCode lets a browser that is logged in get a code for a request.
func (b *Browser) NewCode(r Request) string {
	b.Site.T.Helper()
	answer := b.Authorize(r).Answered()
	if answer.Get("code") == "" {
		b.Site.T.Fatalf("no code: %v", answer)
	}
	return answer.Get("code")
}

// Tokens goes through a whole request of the client "web" by single sign-on.
func (b *Browser) Tokens(r Request) map[string]any {
	b.Site.T.Helper()
	status, tokens := b.Site.Redeem(r, b.NewCode(r))
	if status != http.StatusOK {
		b.Site.T.Fatal(status, tokens)
	}
	return tokens
}

// BasicOf is the header of a client made by newClient.
func BasicOf(id string) http.Header {
	return http.Header{"Authorization": {"Basic " + base64.StdEncoding.EncodeToString([]byte(id+":"+id+"-secret"))}}
}

// Bearer returns the header that carries an access token (RFC 6750 §2.1).
func Bearer(token string) http.Header { return http.Header{"Authorization": {"Bearer " + token}} }

// Userinfo calls userinfo with the access token of an answer.
func (s *Site) Userinfo(tokens map[string]any) (int, map[string]any) {
	s.T.Helper()
	status, out, _ := s.Call(http.MethodGet, "/userinfo", nil, Bearer(tokens["access_token"].(string)))
	return status, out
}

// ToClient demands that the request was answered at its client with this
// error, and nothing else in it.
func (b *Browser) ToClient(r Request, code string) {
	b.Site.T.Helper()
	answer := b.Authorize(r).Answered()
	if want, _ := url.Parse(r.Get("redirect_uri")); b.URL.Host != want.Host || b.URL.Path != want.Path || b.URL.Fragment != "" {
		b.Site.T.Errorf("answered at %s", b.URL)
	}
	names := []string{"error", "error_description", "iss"}
	if r.Get("state") != "" {
		names = append(names, "state")
	}
	if answer.Get("error") != code || answer.Get("iss") != b.Site.Config.Issuer || answer.Get("state") != r.Get("state") || len(answer) != len(names) {
		b.Site.T.Errorf("got %v, want error %s", answer, code)
	}
	if b.Status != http.StatusSeeOther {
		b.Site.T.Errorf("status %d, want 303", b.Status)
	}
}

// Asks makes a request to a path of ours, as it is.
func (b *Browser) Asks(method, path string, body io.Reader) *http.Request {
	b.Site.T.Helper()
	req, err := http.NewRequest(method, b.Site.Server.URL+path, body)
	Must(b.Site.T, err)
	return req
}

// Ours demands that a request ends on our own page with a client's error and
// leads nowhere.
func (b *Browser) Ours(r Request) {
	b.Site.T.Helper()
	a := b.Send(b.Asks(http.MethodGet, "/authorize?"+r.Encode(), nil))
	a.Stays(b.Site.T)
}

// Stays fails the test unless the answer is a 4xx of our own without an address to go to.
func (a Answer) Stays(t testing.TB) {
	t.Helper()
	if a.Status < 400 || a.Status >= 500 || a.Header.Get("Location") != "" || a.Header.Get("Refresh") != "" {
		t.Errorf("status %d, Location %q", a.Status, a.Header.Get("Location"))
	}
}
