package main

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"omgevingsloket-id/pkg/client"
	"omgevingsloket-id/pkg/config"
	"omgevingsloket-id/pkg/document"
	"omgevingsloket-id/pkg/secret"
)

// Redirect URIs of the clients that the provider's tests add.
const (
	otherURI  = "https://third.example/cb"
	keyedURI  = "https://keyed.example/cb"
	nativeURI = "http://127.0.0.1:1000/cb"
)

func init() {
	// The protocol library writes a line to the default logger for each refusal.
	slog.SetDefault(slog.New(slog.DiscardHandler))
	// The provider starts its own program again to look into a document. In a
	// test that program is the test binary.
	if len(os.Args) == 3 && os.Args[1] == "inspect-document" {
		os.Exit(document.Child(os.Args[2], os.Stdin, os.Stdout, os.Stderr))
	}
}

// with adds clients to a configuration.
func with(clients ...client.Client) func(*config.Config) {
	return func(c *config.Config) { c.Clients = append(c.Clients, clients...) }
}

// only replaces the clients, under a policy for all of them.
func only(policy client.Policy, clients ...client.Client) func(*config.Config) {
	return func(c *config.Config) { c.Policy, c.Clients = policy, clients }
}

// newClient is a confidential client; change may make it another.
func newClient(id, redirect string, change func(*client.Client)) client.Client {
	c := client.Client{
		ID: id, Name: strings.ToUpper(id), RedirectURIs: []string{redirect}, AuthMethod: client.ClientSecretBasic,
		SecretHashes: []string{secret.Text(id + "-secret").Hash()}, Scopes: []string{"email", "omgevingsloket"},
	}
	if change != nil {
		change(&c)
	}
	return c
}

// native is a public client on the person's own machine.
func native(id, redirect string) client.Client {
	return newClient(id, redirect, func(c *client.Client) { c.AuthMethod, c.SecretHashes = client.None, nil })
}

// clientKey is a key pair of a client.
type clientKey struct {
	alg, kid string
	private  crypto.Signer
}

func newClientKey(t testing.TB, alg, kid string) clientKey {
	t.Helper()
	if alg == "ES256" {
		private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		must(t, err)
		return clientKey{alg, kid, private}
	}
	private, err := rsa.GenerateKey(rand.Reader, 2048)
	must(t, err)
	return clientKey{alg, kid, private}
}

// jwks is the public halves of keys as a JWK set.
func jwks(t testing.TB, keys ...clientKey) json.RawMessage {
	t.Helper()
	var set jose.JSONWebKeySet
	for _, k := range keys {
		set.Keys = append(set.Keys, jose.JSONWebKey{Key: k.private.Public(), KeyID: k.kid, Algorithm: k.alg, Use: "sig"})
	}
	raw, err := json.Marshal(set)
	must(t, err)
	return raw
}

// keyed is a client that authenticates with these keys.
func keyed(t testing.TB, id, redirect string, keys ...clientKey) client.Client {
	return newClient(id, redirect, func(c *client.Client) {
		c.AuthMethod, c.SecretHashes, c.JWKS = client.PrivateKeyJWT, nil, jwks(t, keys...)
	})
}

// sign makes a JWT of claims and header members.
func (k clientKey) sign(t testing.TB, claims any, header map[jose.HeaderKey]any) string {
	t.Helper()
	text, err := json.Marshal(claims)
	must(t, err)
	return k.signText(t, text, header)
}

// signText signs what may be no proper claims at all.
func (k clientKey) signText(t testing.TB, text []byte, header map[jose.HeaderKey]any) string {
	t.Helper()
	options := &jose.SignerOptions{ExtraHeaders: map[jose.HeaderKey]any{jose.HeaderType: "JWT"}}
	for name, value := range header {
		options.ExtraHeaders[name] = value
	}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.SignatureAlgorithm(k.alg), Key: jose.JSONWebKey{Key: k.private, KeyID: k.kid}}, options)
	must(t, err)
	signed, err := signer.Sign(text)
	must(t, err)
	token, err := signed.CompactSerialize()
	must(t, err)
	return token
}

// assertion are the claims of a good client assertion; pairs replace or, with
// nil, drop some.
func (s *site) assertion(clientID string, pairs ...any) map[string]any {
	claims := map[string]any{
		"iss": clientID, "sub": clientID, "aud": s.config.Issuer, "jti": secret.NewID(rand.Reader),
		"iat": s.clock.now().Unix(), "exp": s.clock.now().Add(time.Minute).Unix(),
	}
	for i := 0; i+1 < len(pairs); i += 2 {
		claims[pairs[i].(string)] = pairs[i+1]
		if pairs[i+1] == nil {
			delete(claims, pairs[i].(string))
		}
	}
	return claims
}

// asserted are the form fields of private_key_jwt.
func asserted(assertion string) url.Values {
	return url.Values{"client_assertion": {assertion}, "client_assertion_type": {"urn:ietf:params:oauth:client-assertion-type:jwt-bearer"}}
}

// exchange are the form fields that redeem a code; more are added.
func (r request) exchange(code string, more ...url.Values) url.Values {
	form := url.Values{"grant_type": {"authorization_code"}, "code": {code}, "redirect_uri": {r.Get("redirect_uri")}, "code_verifier": {r.verifier}}
	for _, m := range more {
		for name, values := range m {
			form[name] = values
		}
	}
	return form
}

// challenge is the S256 challenge of a verifier.
func challenge(verifier string) string {
	sum := sha256.Sum256([]byte(verifier))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// clients are this site's clients, as the provider looks them up.
func (s *site) clients(t testing.TB) *client.Directory {
	t.Helper()
	return client.NewDirectory(s.config.Clients, s.stores.db.Clients(), s.config.Policy, true, s.clock.now)
}

// newCode lets a browser that is logged in get a code for a request.
func (b *browser) newCode(r request) string {
	b.s.t.Helper()
	answer := b.authorize(r).answered()
	if answer.Get("code") == "" {
		b.s.t.Fatalf("no code: %v", answer)
	}
	return answer.Get("code")
}

// tokens goes through a whole request of the client "web" by single sign-on.
func (b *browser) tokens(r request) map[string]any {
	b.s.t.Helper()
	status, tokens := b.s.redeem(r, b.newCode(r))
	if status != http.StatusOK {
		b.s.t.Fatal(status, tokens)
	}
	return tokens
}

// basicOf is the header of a client made by newClient.
func basicOf(id string) http.Header {
	return http.Header{"Authorization": {"Basic " + base64.StdEncoding.EncodeToString([]byte(id+":"+id+"-secret"))}}
}

func bearer(token string) http.Header { return http.Header{"Authorization": {"Bearer " + token}} }

// userinfo calls userinfo with the access token of an answer.
func (s *site) userinfo(tokens map[string]any) (int, map[string]any) {
	s.t.Helper()
	status, out, _ := s.call(http.MethodGet, "/userinfo", nil, bearer(tokens["access_token"].(string)))
	return status, out
}

// toClient demands that the request was answered at its client with this
// error, and nothing else in it.
func (b *browser) toClient(r request, code string) {
	b.s.t.Helper()
	answer := b.authorize(r).answered()
	if want, _ := url.Parse(r.Get("redirect_uri")); b.url.Host != want.Host || b.url.Path != want.Path || b.url.Fragment != "" {
		b.s.t.Errorf("answered at %s", b.url)
	}
	names := []string{"error", "error_description", "iss"}
	if r.Get("state") != "" {
		names = append(names, "state")
	}
	if answer.Get("error") != code || answer.Get("iss") != b.s.config.Issuer || answer.Get("state") != r.Get("state") || len(answer) != len(names) {
		b.s.t.Errorf("got %v, want error %s", answer, code)
	}
	if b.status != http.StatusSeeOther {
		b.s.t.Errorf("status %d, want 303", b.status)
	}
}

// asks makes a request to a path of ours, as it is.
func (b *browser) asks(method, path string, body io.Reader) *http.Request {
	b.s.t.Helper()
	req, err := http.NewRequest(method, b.s.server.URL+path, body)
	must(b.s.t, err)
	return req
}

// ours demands that a request ends on our own page with a client's error and
// leads nowhere.
func (b *browser) ours(r request) {
	b.s.t.Helper()
	a := b.send(b.asks(http.MethodGet, "/authorize?"+r.Encode(), nil))
	a.stays(b.s.t)
}

// stays: a 4xx of our own without an address to go to.
func (a answer) stays(t testing.TB) {
	t.Helper()
	if a.status < 400 || a.status >= 500 || a.header.Get("Location") != "" || a.header.Get("Refresh") != "" {
		t.Errorf("status %d, Location %q", a.status, a.header.Get("Location"))
	}
}

// refused demands an OAuth error with a sentence of ours (TK-25).
func refused(t testing.TB, status int, out map[string]any, wantStatus int, code string) {
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

// jwtHeader reads the header of a JWT.
func jwtHeader(t testing.TB, token any) map[string]any {
	t.Helper()
	raw, err := base64.RawURLEncoding.DecodeString(strings.Split(token.(string), ".")[0])
	must(t, err)
	out := map[string]any{}
	must(t, json.Unmarshal(raw, &out))
	return out
}

// jwtClaims reads the claims of a JWT, without checking it.
func jwtClaims(t testing.TB, token any) map[string]any {
	t.Helper()
	return idToken(t, map[string]any{"id_token": token})
}

func map1(name jose.HeaderKey, value any) map[jose.HeaderKey]any {
	return map[jose.HeaderKey]any{name: value}
}
