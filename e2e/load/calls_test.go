package load

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"

	"omgevingsloket-id/e2e/load/seed"
	"omgevingsloket-id/pkg/secret"
	"omgevingsloket-id/pkg/totp"
)

// redirect is the redirect URI of every client; nothing is there, and no visitor goes there.
const redirect = "https://rp.example/callback"

// issued is a code, and what its client needs to redeem it.
type issued struct{ alg, code, nonce, verifier string }

// tokens is the response to an exchange.
type tokens struct {
	issued
	Access string `json:"access_token"`
	ID     string `json:"id_token"`
}

// get makes a call that is the same for everybody, of which the response contains a text.
func (p *party) get(ctx context.Context, address, want string) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return err
	}
	a, err := roundTrip(p.transport, r)
	if err != nil {
		return err
	}
	return a.expect(http.StatusOK, want)
}

// expect returns an error unless the response has this status and contains a text.
func (a answer) expect(status int, want string) error {
	if a.status != status || !strings.Contains(string(a.body), want) {
		return fmt.Errorf("%s = %d, want %d and %q:\n%.300s", a.url, a.status, status, want, a.body)
	}
	return nil
}

func (p *party) hello(ctx context.Context) error { return p.get(ctx, p.issuer+"/hello", "hello") }

func (p *party) discovery(ctx context.Context) error {
	return p.get(ctx, p.issuer+"/.well-known/openid-configuration", `"issuer":"`+p.issuer+`"`)
}

func (p *party) jwks(ctx context.Context) error { return p.get(ctx, p.endpoints.Keys, `"kty":"EC"`) }

// request returns the address of an authorization request, and the code that is not there yet.
func (p *party) request(alg string) (string, issued) {
	c := issued{alg: alg, nonce: rand.Text(), verifier: rand.Text() + rand.Text()}
	sum := sha256.Sum256([]byte(c.verifier))
	return p.endpoints.Authorize + "?" + url.Values{
		"client_id": {alg}, "redirect_uri": {redirect}, "response_type": {"code"}, "scope": {"openid email"}, "state": {c.nonce}, "nonce": {c.nonce},
		"code_challenge": {base64.RawURLEncoding.EncodeToString(sum[:])}, "code_challenge_method": {"S256"},
	}.Encode(), c
}

// back returns the code that a visitor brings to the client.
func (c issued) back(a answer) (issued, error) {
	q := a.url.Query()
	if c.code = q.Get("code"); !strings.HasPrefix(a.url.String(), redirect) || c.code == "" || q.Get("state") != c.nonce {
		return c, fmt.Errorf("no code at %s (status %d):\n%.300s", a.url, a.status, a.body)
	}
	return c, nil
}

// authorize gets a code with the session of a visitor: one request, one redirect.
func (p *party) authorize(ctx context.Context, alg string) (issued, error) {
	v, ok := p.visitors.take()
	if !ok {
		return issued{}, errors.New("more clients than visitors")
	}
	defer p.visitors.put(v)
	address, c := p.request(alg)
	a, err := v.send(ctx, address, nil)
	if err != nil {
		return c, err
	}
	if a.url, err = a.url.Parse(a.header.Get("Location")); err != nil {
		return c, err
	}
	return c.back(a)
}

// silent gets a code that nobody redeems.
func (p *party) silent(ctx context.Context) error {
	_, err := p.authorize(ctx, "ES256")
	return err
}

// pair gets a code with a session, and redeems it.
func (p *party) pair(ctx context.Context) error {
	c, err := p.authorize(ctx, "ES256")
	if err != nil {
		return err
	}
	return p.exchange(ctx, c)
}

// redeem redeems one of the codes that were prepared.
func (p *party) redeem(ctx context.Context) error {
	c, ok := p.codes.take()
	if !ok {
		return errDone
	}
	return p.exchange(ctx, c)
}

// exchange redeems a code as a confidential client.
func (p *party) exchange(ctx context.Context, c issued) error {
	form := url.Values{"grant_type": {"authorization_code"}, "code": {c.code}, "redirect_uri": {redirect}, "code_verifier": {c.verifier}}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, p.endpoints.Token, strings.NewReader(form.Encode()))
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.SetBasicAuth(c.alg, p.secret)
	a, err := roundTrip(p.transport, r)
	if err != nil {
		return err
	}
	got := tokens{issued: c}
	if err := json.Unmarshal(a.body, &got); err != nil || a.status != http.StatusOK || got.Access == "" || got.ID == "" {
		return fmt.Errorf("%s = %d: %.300s", a.url, a.status, a.body)
	}
	p.fresh.put(got)
	return nil
}

// verify verifies the ID tokens that a phase got, after its clock has stopped, and counts those that are
// wrong as failures. The access tokens are for userinfo.
func (p *party) verify(ctx context.Context, r *result) {
	if len(p.fresh.list) > 0 {
		p.access.list = nil
	}
	for t, ok := p.fresh.take(); ok; t, ok = p.fresh.take() {
		verifier := p.provider.VerifierContext(ctx, &oidc.Config{ClientID: t.alg, SupportedSigningAlgs: []string{t.alg}})
		token, err := verifier.Verify(ctx, t.ID)
		if err == nil && token.Nonce != t.nonce {
			err = fmt.Errorf("nonce %q, want %q", token.Nonce, t.nonce)
		}
		if err != nil {
			r.failures++
			if r.first == nil {
				r.first = fmt.Errorf("ID token: %w", err)
			}
			continue
		}
		p.access.put(t.Access)
	}
}

// userinfo reads the claims of one of the access tokens.
func (p *party) userinfo(ctx context.Context) error {
	token, ok := p.access.turn()
	if !ok {
		return errDone
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, p.endpoints.Userinfo, nil)
	if err != nil {
		return err
	}
	r.Header.Set("Authorization", "Bearer "+token)
	a, err := roundTrip(p.transport, r)
	if err != nil {
		return err
	}
	return a.expect(http.StatusOK, `"email":"`)
}

// toLogin takes a new visitor to the login page.
func toLogin(ctx context.Context, p *party, _ plan) error {
	address, _ := p.request("ES256")
	v := p.newVisitor()
	a, err := v.visit(ctx, address, nil, redirect)
	p.waiting, p.page = v, a.url.String()
	return errors.Join(err, a.expect(http.StatusOK, `data-page="login/login"`))
}

// loginPage opens the login page again.
func (p *party) loginPage(ctx context.Context) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, p.page, nil)
	if err != nil {
		return err
	}
	for name, value := range p.waiting.cookies {
		r.AddCookie(&http.Cookie{Name: name, Value: value})
	}
	a, err := roundTrip(p.transport, r)
	if err != nil {
		return err
	}
	return a.expect(http.StatusOK, `data-page="login/login"`)
}

// wholeLogin logs an account in with a browser that is new, and redeems the code.
func (p *party) wholeLogin(ctx context.Context) error {
	c, _, err := p.logIn(ctx)
	if err != nil {
		return err
	}
	return p.exchange(ctx, c)
}

// logIn logs the next account in, from the authorization request to the code, and returns the browser.
func (p *party) logIn(ctx context.Context) (issued, *visitor, error) {
	account, ok := p.accounts.turn()
	if !ok {
		return issued{}, nil, errors.New("no accounts")
	}
	v := p.newVisitor()
	c, a, err := v.password(ctx, p, account)
	if err == nil {
		err = a.expect(http.StatusOK, `data-page="login/code"`)
	}
	if err == nil {
		a, err = v.submit(ctx, a, "code", code(account))
	}
	if err != nil {
		return c, nil, err
	}
	c, err = c.back(a)
	return c, v, err
}

// password begins a login and sends the password, and returns the answer to that, or the one that told it to
// come back later.
func (v *visitor) password(ctx context.Context, p *party, of seed.Account) (issued, answer, error) {
	address, c := p.request("ES256")
	a, err := v.visit(ctx, address, nil, redirect)
	if err == nil && a.busy() {
		return c, a, nil
	}
	if err == nil {
		err = a.expect(http.StatusOK, `data-page="login/login"`)
	}
	if err == nil {
		a, err = v.submit(ctx, a, "email", of.Email, "password", seed.Password)
	}
	return c, a, err
}

// busy reports whether the answer says that it is too busy now, and when to come back.
func (a answer) busy() bool {
	return a.status == http.StatusServiceUnavailable && a.header.Get("Retry-After") != ""
}

// code returns what the authenticator app of an account shows now. An account that logged in less than
// thirty seconds ago has used it.
func code(a seed.Account) string {
	text, err := totp.Code(secret.Text(a.Key), totp.Step(time.Now()))
	if err != nil {
		panic(err) // the key is ours
	}
	return text
}

var (
	hidden = regexp.MustCompile(`<input type="hidden" name="([^"]*)" value="([^"]*)">`)
	action = regexp.MustCompile(`<form method="post"[^>]* action="([^"]*)"`)
)

// submit sends the form of a page with these fields (name, value, …), and goes on to the client.
func (v *visitor) submit(ctx context.Context, page answer, fields ...string) (answer, error) {
	form := url.Values{}
	for _, m := range hidden.FindAllStringSubmatch(string(page.body), -1) {
		form.Set(m[1], html.UnescapeString(m[2]))
	}
	for i := 0; i < len(fields); i += 2 {
		form.Set(fields[i], fields[i+1])
	}
	to := page.url
	if m := action.FindStringSubmatch(string(page.body)); m != nil {
		var err error
		if to, err = page.url.Parse(html.UnescapeString(m[1])); err != nil {
			return answer{}, err
		}
	}
	return v.visit(ctx, to.String(), form, redirect)
}
