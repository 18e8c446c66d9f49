package site

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"omgevingsloket-id/pkg/secret"
)

// CallbackURI is the redirect URI of the client "web".
const CallbackURI = "https://rp.example/cb"

// Request is an authorization request, with the verifier of its PKCE challenge.
type Request struct {
	url.Values
	Verifier string
}

// NewRequest returns a valid authorization request of a client for scope openid.
func NewRequest(clientID, redirect string) Request {
	verifier := secret.New(rand.Reader, secret.KindID).Reveal()
	sum := sha256.Sum256([]byte(verifier))
	return Request{Verifier: verifier, Values: url.Values{
		"client_id": {clientID}, "redirect_uri": {redirect}, "response_type": {"code"}, "scope": {"openid"},
		"state": {secret.NewID(rand.Reader)}, "nonce": {secret.NewID(rand.Reader)},
		"code_challenge": {base64.RawURLEncoding.EncodeToString(sum[:])}, "code_challenge_method": {"S256"},
	}}
}

// With sets parameters (name, value, …) and returns the request; a value of ""
// removes one.
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

// Exchange returns the form fields that redeem a code, and more.
func (r Request) Exchange(code string, more ...url.Values) url.Values {
	form := url.Values{"grant_type": {"authorization_code"}, "code": {code}, "redirect_uri": {r.Get("redirect_uri")}, "code_verifier": {r.Verifier}}
	for _, m := range more {
		for name, values := range m {
			form[name] = values
		}
	}
	return form
}

// Authorize opens an authorization request.
func (b *Browser) Authorize(r Request) *Browser {
	b.Site.T.Helper()
	return b.Get(b.Site.Server.URL + "/authorize?" + r.Encode())
}

// Posts reports whether the page posts an answer to a client.
func (b *Browser) Posts() bool { return strings.Contains(b.Body, " data-post>") }

// Answered returns the parameters of the answer at the client's redirect URI, or of the
// form that the page posts there.
func (b *Browser) Answered() url.Values {
	b.Site.T.Helper()
	if b.Posts() {
		form := b.Form()
		text, err := io.ReadAll(form.Body)
		Must(b.Site.T, err)
		fields, err := url.ParseQuery(string(text))
		Must(b.Site.T, err)
		b.URL, b.Body = form.URL, ""
		return fields
	}
	if b.URL.Host == b.Site.Server.Listener.Addr().String() {
		b.Site.T.Fatalf("still at %s (status %d)\n%s", b.URL, b.Status, b.Body)
	}
	return b.URL.Query()
}

// NewCode returns a code for an authorization request of a browser that is
// logged in. For a native client it grants consent.
func (b *Browser) NewCode(r Request) string {
	b.Site.T.Helper()
	if b.Authorize(r); b.URL.Path == "/consent" && r.Get("redirect_uri") == NativeURI {
		b.Submit("decision", "yes")
	}
	answer := b.Answered()
	if answer.Get("code") == "" {
		b.Site.T.Fatalf("no code: %v", answer)
	}
	return answer.Get("code")
}

// Tokens returns the token response to an authorization request of the client
// "web", of a browser that is logged in.
func (b *Browser) Tokens(r Request) map[string]any {
	b.Site.T.Helper()
	status, tokens := b.Site.Redeem(r, b.NewCode(r))
	if status != http.StatusOK {
		b.Site.T.Fatal(status, tokens)
	}
	return tokens
}

// silent asks for an answer without a page: a code, or login_required.
func (b *Browser) silent() url.Values {
	b.Site.T.Helper()
	return b.Authorize(NewRequest("web", CallbackURI).With("prompt", "none")).Answered()
}

// LoggedIn reports whether the browser has a session.
func (b *Browser) LoggedIn() bool { b.Site.T.Helper(); return b.silent().Get("code") != "" }

// RefusedAtClient requires that an authorization request was answered at its client
// with this error and nothing else.
func (b *Browser) RefusedAtClient(r Request, code string) {
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

// RefusedHere requires that an authorization request ends on a page of the site
// with a status of 4xx that leads nowhere.
func (b *Browser) RefusedHere(r Request) {
	b.Site.T.Helper()
	a := b.Send(b.Request(http.MethodGet, "/authorize?"+r.Encode(), nil))
	a.RefusedHere()
}

// Call calls an endpoint for clients and returns status, JSON and header.
func (s *Site) Call(method, path string, form url.Values, header http.Header) (int, map[string]any, http.Header) {
	s.T.Helper()
	var body io.Reader
	if form != nil {
		body = strings.NewReader(form.Encode())
	}
	req, err := http.NewRequest(method, s.Server.URL+path, body)
	Must(s.T, err)
	for name, values := range header {
		req.Header[name] = values
	}
	if form != nil && req.Header.Get("Content-Type") == "" {
		req.Header.Set("Content-Type", FormType)
	}
	res, err := s.Server.Client().Do(req)
	Must(s.T, err)
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	Must(s.T, err)
	out := map[string]any{}
	_ = json.Unmarshal(raw, &out)
	return res.StatusCode, out, res.Header
}

// Basic returns the Authorization header of the client "web".
func (s *Site) Basic() http.Header {
	h := http.Header{}
	h.Set("Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte("web:"+s.Secret.Reveal())))
	return h
}

// Redeem exchanges a code as the client "web".
func (s *Site) Redeem(r Request, code string) (int, map[string]any) {
	s.T.Helper()
	status, out, _ := s.Call(http.MethodPost, "/token", url.Values{
		"grant_type": {"authorization_code"}, "code": {code}, "redirect_uri": {r.Get("redirect_uri")}, "code_verifier": {r.Verifier},
	}, s.Basic())
	return status, out
}

// Userinfo calls userinfo with the access token of a token response.
func (s *Site) Userinfo(tokens map[string]any) (int, map[string]any) {
	s.T.Helper()
	status, out, _ := s.Call(http.MethodGet, "/userinfo", nil, Bearer(tokens["access_token"].(string)))
	return status, out
}

// Bearer returns the Authorization header with an access token.
func Bearer(token string) http.Header { return http.Header{"Authorization": {"Bearer " + token}} }

// BasicOf returns the Authorization header of a client made by NewClient.
func BasicOf(id string) http.Header {
	return http.Header{"Authorization": {"Basic " + base64.StdEncoding.EncodeToString([]byte(id+":"+id+"-secret"))}}
}

// IDToken returns the claims of the ID token in a token response, unverified.
func IDToken(t testing.TB, tokens map[string]any) map[string]any {
	t.Helper()
	parts := strings.Split(tokens["id_token"].(string), ".")
	raw, err := base64.RawURLEncoding.DecodeString(parts[1])
	Must(t, err)
	out := map[string]any{}
	Must(t, json.Unmarshal(raw, &out))
	return out
}

// Bench serves one request without a connection, for benchmarks.
func (s *Site) Bench(b *testing.B, method, target, body string, header http.Header, want int) *httptest.ResponseRecorder {
	req := httptest.NewRequest(method, target, strings.NewReader(body))
	for name, values := range header {
		req.Header[name] = values
	}
	if body != "" {
		req.Header.Set("Content-Type", FormType)
	}
	w := httptest.NewRecorder()
	s.Citizens.ServeHTTP(w, req)
	if w.Code != want {
		b.Fatal(w.Code, w.Body)
	}
	return w
}
