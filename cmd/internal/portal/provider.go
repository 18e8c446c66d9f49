package portal

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
	"golang.org/x/oauth2"

	"omgevingsloket-id/pkg/secret"
)

// idp is what the portal knows of the provider: its metadata, fetched when first needed
// and kept. A failure is kept for a second, so that a provider that is down delays one
// request a second and not each.
type idp struct {
	issuer string
	client *http.Client
	now    func() time.Time

	mu      sync.Mutex
	known   *metadata
	failure error
	failed  time.Time
}

// metadata is the provider's metadata, with the parts that go-oidc does not read.
type metadata struct {
	*oidc.Provider
	EndSession  string   `json:"end_session_endpoint"`
	SendsIss    bool     `json:"authorization_response_iss_parameter_supported"` // RFC 9207 §3
	AuthMethods []string `json:"token_endpoint_auth_methods_supported"`
}

const retryAfterFailure = time.Second

// providerClient returns the client for calls to the provider. It has a timeout and
// follows no redirects, which could send a secret elsewhere.
func providerClient(c *http.Client) *http.Client {
	if c != nil {
		return c
	}
	return &http.Client{
		Timeout:       10 * time.Second,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// metadata returns the provider's metadata, or an error that tells an operator what to
// do.
func (i *idp) metadata(ctx context.Context) (*metadata, error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.known != nil {
		return i.known, nil
	}
	if i.failure != nil && i.now().Sub(i.failed) < retryAfterFailure {
		return nil, i.failure
	}
	m, err := i.discover(ctx)
	switch {
	case err == nil:
		i.known, i.failure = m, nil
	case ctx.Err() == nil: // a cancelled request says nothing about the provider
		i.failure, i.failed = err, i.now()
	}
	return m, err
}

func (i *idp) discover(ctx context.Context) (*metadata, error) {
	found, err := oidc.NewProvider(oidc.ClientContext(ctx, i.client), i.issuer)
	var other *oidc.IssuerMismatchError
	switch {
	case errors.As(err, &other):
		return nil, fmt.Errorf("the provider calls itself %q but the portal was told %q; give the portal exactly the provider's issuer", other.Discovered, i.issuer)
	case err != nil:
		return nil, fmt.Errorf("no discovery document from %s/.well-known/openid-configuration; check that the provider runs and that the portal may reach it: %s", i.issuer, clip(err.Error()))
	}
	m := &metadata{Provider: found}
	if err := found.Claims(m); err != nil {
		return nil, fmt.Errorf("the discovery document of %s cannot be read: %w", i.issuer, err)
	}
	for _, u := range []string{found.Endpoint().AuthURL, found.Endpoint().TokenURL} {
		if _, err := webURL(u); err != nil {
			return nil, fmt.Errorf("the discovery document of %s lacks an endpoint: %w", i.issuer, err)
		}
	}
	return m, nil
}

// oauth returns the settings of the code flow for e. The authentication method is not
// probed, since a probe would send the code twice.
func (m *metadata) oauth(e *entry) *oauth2.Config {
	endpoint := m.Endpoint()
	endpoint.AuthStyle = oauth2.AuthStyleInParams
	// RFC 8414 §2: without a list, client_secret_basic is the method.
	if e.ClientSecret != "" && (len(m.AuthMethods) == 0 || slices.Contains(m.AuthMethods, "client_secret_basic")) {
		endpoint.AuthStyle = oauth2.AuthStyleInHeader
	}
	return &oauth2.Config{
		ClientID:     e.ClientID,
		ClientSecret: e.ClientSecret.Reveal(),
		Endpoint:     endpoint,
		RedirectURL:  e.Redirect,
		Scopes:       e.Scopes,
	}
}

// assertion returns a signed client assertion (RFC 7523 §2.2). It is for this issuer
// only, is valid for a minute and is used once.
func (p *Portal) assertion(e *entry) ([]oauth2.AuthCodeOption, error) {
	if e.key == nil {
		return nil, nil
	}
	alg := jose.SignatureAlgorithm(e.key.Algorithm)
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: alg, Key: e.key}, (&jose.SignerOptions{}).WithType("JWT"))
	if err != nil {
		return nil, err
	}
	now := p.now()
	signed, err := jwt.Signed(signer).Claims(jwt.Claims{
		Issuer: e.ClientID, Subject: e.ClientID, Audience: jwt.Audience{p.cfg.Issuer}, ID: p.random(),
		IssuedAt: jwt.NewNumericDate(now), Expiry: jwt.NewNumericDate(now.Add(time.Minute)),
	}).Serialize()
	return []oauth2.AuthCodeOption{
		oauth2.SetAuthURLParam("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"),
		oauth2.SetAuthURLParam("client_assertion", signed),
	}, err
}

// readKey reads a private JWK; it returns nil without a file. The key must have an
// "alg", because the provider knows the client by key and algorithm.
func readKey(file string) (*jose.JSONWebKey, error) {
	if file == "" {
		return nil, nil
	}
	raw, err := secret.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("private key: %w", err)
	}
	var key jose.JSONWebKey
	if err := json.Unmarshal(raw, &key); err != nil {
		return nil, fmt.Errorf("private key %s is no JWK", file) // the cause could contain the key
	}
	_, err = jose.NewSigner(jose.SigningKey{Algorithm: jose.SignatureAlgorithm(key.Algorithm), Key: key}, nil)
	if err != nil || !key.Valid() {
		return nil, fmt.Errorf("private key %s: want one private JWK with an \"alg\" that fits it, such as ES256 or PS256", file)
	}
	return &key, nil
}

// clip shortens a foreign text for a page and a log.
func clip(s string) string {
	if len(s) > 300 {
		return s[:300] + "…"
	}
	return s
}
