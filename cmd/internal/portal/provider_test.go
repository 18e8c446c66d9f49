package portal_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
)

// clock is the time of a test.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func (c *clock) now() time.Time { c.mu.Lock(); defer c.mu.Unlock(); return c.at }

func (c *clock) pass(d time.Duration) { c.mu.Lock(); defer c.mu.Unlock(); c.at = c.at.Add(d) }

// provider is a small OpenID Provider that logs everybody in as the same person. Its
// fields let a test change responses, as an attack or a fault would.
type provider struct {
	URL   string
	clock *clock
	key   *ecdsa.PrivateKey
	proof map[string]func(*http.Request) bool // by client: reports whether it is authenticated

	mu    sync.Mutex
	codes map[string]url.Values // authorization request by code

	discovery func(map[string]any)
	answer    func(request, response url.Values) // the authorization response
	token     http.HandlerFunc                   // instead of the token endpoint
	idToken   func(map[string]any)
	accessFor func(string) string // the access token that at_hash is made for
	signWith  *ecdsa.PrivateKey
	userinfo  func(map[string]any)
	infoFails bool

	asked  url.Values // the last authorization request
	logout url.Values // the last logout request
	tokens int        // requests at the token endpoint
}

func newKey(t *testing.T) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func newProvider(t *testing.T, c *clock) *provider {
	t.Helper()
	o := &provider{clock: c, key: newKey(t), codes: map[string]url.Values{}, proof: map[string]func(*http.Request) bool{}}
	o.signWith = o.key
	mux := http.NewServeMux()
	mux.HandleFunc("/.well-known/openid-configuration", o.serveDiscovery)
	mux.HandleFunc("/keys", func(w http.ResponseWriter, _ *http.Request) {
		writeJSON(w, jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: o.key.Public(), KeyID: "k1", Algorithm: "ES256", Use: "sig"}}})
	})
	mux.HandleFunc("/authorize", o.serveAuthorize)
	mux.HandleFunc("POST /token", o.serveToken)
	mux.HandleFunc("/userinfo", o.serveUserinfo)
	mux.HandleFunc("/end", func(w http.ResponseWriter, r *http.Request) {
		o.logout = r.URL.Query()
		back := o.logout.Get("post_logout_redirect_uri") + "?state=" + url.QueryEscape(o.logout.Get("state"))
		http.Redirect(w, r, back, http.StatusSeeOther)
	})
	srv := httptest.NewServer(mux)
	t.Cleanup(srv.Close)
	o.URL = srv.URL
	return o
}

func writeJSON(w http.ResponseWriter, v any) { answerJSON(w, http.StatusOK, v) }

func answerJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v)
}

func (o *provider) serveDiscovery(w http.ResponseWriter, _ *http.Request) {
	m := map[string]any{
		"issuer": o.URL, "authorization_endpoint": o.URL + "/authorize", "token_endpoint": o.URL + "/token",
		"jwks_uri": o.URL + "/keys", "userinfo_endpoint": o.URL + "/userinfo", "end_session_endpoint": o.URL + "/end?from=portal",
		"id_token_signing_alg_values_supported": []string{"ES256"}, "authorization_response_iss_parameter_supported": true,
		"token_endpoint_auth_methods_supported": []string{"client_secret_basic", "private_key_jwt", "none"},
	}
	if o.discovery != nil {
		o.discovery(m)
	}
	writeJSON(w, m)
}

func (o *provider) serveAuthorize(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	o.mu.Lock()
	o.asked = q
	code := rand.Text()
	o.codes[code] = q
	o.mu.Unlock()
	back := url.Values{"code": {code}, "state": {q.Get("state")}, "iss": {o.URL}}
	if o.answer != nil {
		o.answer(q, back)
	}
	http.Redirect(w, r, q.Get("redirect_uri")+"?"+back.Encode(), http.StatusSeeOther)
}

func (o *provider) serveToken(w http.ResponseWriter, r *http.Request) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.tokens++
	if o.token != nil {
		o.token(w, r)
		return
	}
	_ = r.ParseForm()
	request, ok := o.codes[r.PostForm.Get("code")]
	delete(o.codes, r.PostForm.Get("code"))
	sum := sha256.Sum256([]byte(r.PostForm.Get("code_verifier")))
	challenge := base64.RawURLEncoding.EncodeToString(sum[:])
	if !ok || request.Get("code_challenge_method") != "S256" || request.Get("code_challenge") != challenge ||
		request.Get("redirect_uri") != r.PostForm.Get("redirect_uri") {
		answerJSON(w, http.StatusBadRequest, map[string]string{"error": "invalid_grant"})
		return
	}
	if proves := o.proof[request.Get("client_id")]; proves == nil || !proves(r) {
		answerJSON(w, http.StatusUnauthorized, map[string]string{"error": "invalid_client"})
		return
	}
	access := rand.Text()
	writeJSON(w, map[string]any{"access_token": access, "token_type": "Bearer", "expires_in": 300, "id_token": o.sign(request, access)})
}

func (o *provider) sign(request url.Values, access string) string {
	if o.accessFor != nil {
		access = o.accessFor(access)
	}
	sum := sha256.Sum256([]byte(access))
	now := o.clock.now()
	claims := map[string]any{
		"iss": o.URL, "sub": "sub-of-" + request.Get("client_id"), "aud": []string{request.Get("client_id")},
		"nonce": request.Get("nonce"), "iat": now.Unix(), "exp": now.Add(5 * time.Minute).Unix(), "nbf": now.Unix(),
		"auth_time": now.Unix(), "acr": "http://eidas.europa.eu/NotNotified/LoA/low",
		"at_hash": base64.RawURLEncoding.EncodeToString(sum[:16]),
	}
	if o.idToken != nil {
		o.idToken(claims)
	}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: jose.JSONWebKey{Key: o.signWith, KeyID: "k1"}}, nil)
	if err != nil {
		panic(err)
	}
	signed, err := jwt.Signed(signer).Claims(claims).Serialize()
	if err != nil {
		panic(err)
	}
	return signed
}

func (o *provider) serveUserinfo(w http.ResponseWriter, _ *http.Request) {
	if o.infoFails {
		http.Error(w, "down", http.StatusServiceUnavailable)
		return
	}
	o.mu.Lock()
	claims := map[string]any{
		"sub": "sub-of-" + o.asked.Get("client_id"), "given_name": "Zoë", "family_name": "<b>Müller</b>",
		"email": "zoe@example.org", "account_type": "legal_person",
		"represents": map[string]any{"organization_name": "Müller & Zn", "registration_number": "HRB 12", "registration_country": "DE"},
	}
	o.mu.Unlock()
	if o.userinfo != nil {
		o.userinfo(claims)
	}
	writeJSON(w, claims)
}
