package journey

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync"
	"testing"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
	"golang.org/x/oauth2"

	"omgevingsloket-id/e2e/practice"
)

// brokerSecret is the client secret of the portal at the broker.
const brokerSecret = "a-secret-between-portal-and-broker"

// broker is a small provider for the portal and a relying party of our provider: one portal,
// one signing key, everything in memory. It answers every redirect with a redirect, as
// brokers do.
type broker struct {
	t      *testing.T
	url    string
	portal string
	key    *ecdsa.PrivateKey
	up     *oidc.Provider
	oauth  oauth2.Config

	mu    sync.Mutex
	begun map[string]attempt        // by the broker's state
	codes map[string]map[string]any // claims by the broker's code
}

// attempt is a login that the portal began at the broker.
type attempt struct{ state, nonce, verifier string }

func newBroker(t *testing.T, site *practice.Site, id string) *broker {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	b := &broker{t: t, key: key, begun: map[string]attempt{}, codes: map[string]map[string]any{}}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /.well-known/openid-configuration", b.discovery)
	mux.HandleFunc("GET /jwks", b.jwks)
	mux.HandleFunc("GET /authorize", b.authorize)
	mux.HandleFunc("GET /callback", b.callback)
	mux.HandleFunc("POST /token", b.token)
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	b.url = server.URL // another origin on the portal's site
	secret := addClient(t, site, id, "--name", "Makelaar", "--redirect-uri", b.url+"/callback", "--third-party")
	if b.up, err = oidc.NewProvider(t.Context(), site.Issuer); err != nil {
		t.Fatal(err)
	}
	b.oauth = oauth2.Config{
		ClientID: id, ClientSecret: secret, Endpoint: b.up.Endpoint(), RedirectURL: b.url + "/callback", Scopes: []string{"openid", "email"},
	}
	return b
}

func (b *broker) discovery(w http.ResponseWriter, _ *http.Request) {
	b.write(w, map[string]any{
		"issuer": b.url, "authorization_endpoint": b.url + "/authorize", "token_endpoint": b.url + "/token", "jwks_uri": b.url + "/jwks",
		"response_types_supported": []string{"code"}, "subject_types_supported": []string{"public"},
		"id_token_signing_alg_values_supported": []string{"ES256"},
	})
}

func (b *broker) jwks(w http.ResponseWriter, _ *http.Request) {
	b.write(w, jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: b.key.Public(), KeyID: "b", Algorithm: "ES256", Use: "sig"}}})
}

// authorize receives the portal's request and makes its own.
func (b *broker) authorize(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	a := attempt{state: q.Get("state"), nonce: q.Get("nonce"), verifier: oauth2.GenerateVerifier()}
	state := rand.Text()
	b.mu.Lock()
	b.begun[state] = a
	b.mu.Unlock()
	options := []oauth2.AuthCodeOption{oauth2.S256ChallengeOption(a.verifier), oidc.Nonce(state)}
	if prompt := q.Get("prompt"); prompt != "" {
		options = append(options, oauth2.SetAuthURLParam("prompt", prompt))
	}
	see303(w, b.oauth.AuthCodeURL(state, options...))
}

// callback receives the provider's answer and makes its own.
func (b *broker) callback(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	b.mu.Lock()
	a, known := b.begun[q.Get("state")]
	delete(b.begun, q.Get("state"))
	b.mu.Unlock()
	answer := url.Values{"state": {a.state}}
	if code := q.Get("error"); code != "" {
		answer.Set("error", code)
		see303(w, b.portal+"/callback?"+answer.Encode())
		return
	}
	claims, err := b.redeem(r.Context(), q.Get("code"), q.Get("state"), a)
	if !known || err != nil {
		b.t.Errorf("the broker's callback: known %v, %v", known, err)
		http.Error(w, "broker", http.StatusBadGateway)
		return
	}
	code := rand.Text()
	b.mu.Lock()
	b.codes[code] = claims
	b.mu.Unlock()
	answer.Set("code", code)
	see303(w, b.portal+"/callback?"+answer.Encode())
}

func (b *broker) redeem(ctx context.Context, code, nonce string, a attempt) (map[string]any, error) {
	token, err := b.oauth.Exchange(ctx, code, oauth2.VerifierOption(a.verifier))
	if err != nil {
		return nil, err
	}
	raw, _ := token.Extra("id_token").(string)
	id, err := b.up.Verifier(&oidc.Config{ClientID: b.oauth.ClientID}).Verify(ctx, raw)
	if err != nil {
		return nil, err
	}
	if id.Nonce != nonce {
		b.t.Errorf("nonce %q, want %q", id.Nonce, nonce)
	}
	info, err := b.up.UserInfo(ctx, oauth2.StaticTokenSource(token))
	if err != nil {
		return nil, err
	}
	claims := map[string]any{}
	err = info.Claims(&claims)
	claims["nonce"], claims["aud"] = a.nonce, "portal"
	return claims, err
}

func (b *broker) token(w http.ResponseWriter, r *http.Request) {
	b.mu.Lock()
	claims, known := b.codes[r.FormValue("code")]
	delete(b.codes, r.FormValue("code"))
	b.mu.Unlock()
	id, secret, _ := r.BasicAuth()
	if !known || id != "portal" || secret != brokerSecret {
		w.WriteHeader(http.StatusBadRequest)
		b.write(w, map[string]any{"error": "invalid_grant"})
		return
	}
	now := time.Now()
	claims["iss"], claims["iat"], claims["exp"], claims["auth_time"] = b.url, now.Unix(), now.Add(time.Minute).Unix(), now.Unix()
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: jose.JSONWebKey{Key: b.key, KeyID: "b"}}, nil)
	if err != nil {
		b.t.Error(err)
		return
	}
	idToken, err := jwt.Signed(signer).Claims(claims).Serialize()
	if err != nil {
		b.t.Error(err)
		return
	}
	b.write(w, map[string]any{"access_token": "none", "token_type": "Bearer", "expires_in": 60, "id_token": idToken})
}

func (b *broker) write(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	if err := json.NewEncoder(w).Encode(v); err != nil {
		b.t.Error(err)
	}
}
