package clients

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"omgevingsloket-id/e2e/practice"
)

// member returns the logged-in client of somebody with an account.
func member(t *testing.T, site *practice.Site) *practice.Client {
	t.Helper()
	p := site.Member(site.Person(t, practice.Bedrijf, practice.Dutch))
	c := site.Client(t)
	c.LogIn(p).On("login/code").Submit("code", p.Phone.Code())
	if c.URL != site.Portal+"/" {
		t.Fatalf("the login ended at %s:\n%s", c.URL, c.Body)
	}
	return c
}

// visit returns a function that opens an address with c's session and returns where it ends.
func visit(c *practice.Client) func(string) string {
	return func(address string) string { c.Get(address); return c.URL }
}

// TestOpenIDClient logs in with openid-client with each method of client authentication.
func TestOpenIDClient(t *testing.T) {
	site := practice.Start(t)
	dir := install(t)
	somebody := member(t, site)
	for method, alg := range map[string]string{
		"client_secret_basic": "RS256", "client_secret_post": "PS256", "private_key_jwt": "ES256", "none": "ES256",
	} {
		t.Run(method, func(t *testing.T) {
			rp := register(t, site, method, alg)
			got := rp.login(t, dir, visit(somebody))
			if got.Error != "" {
				t.Fatalf("%s: %s", got.Error, got.Message)
			}
			if got.Claims["iss"] != site.Issuer || got.Claims["aud"] != rp.ID || got.Claims["auth_time"] == nil {
				t.Errorf("ID token: %v", got.Claims)
			}
			if got.Userinfo["sub"] != got.Claims["sub"] || !strings.HasSuffix(got.Userinfo["email"].(string), "@example.com") ||
				got.Userinfo["account_type"] != "legal_person" || got.Userinfo["represents"] == nil {
				t.Errorf("userinfo: %v", got.Userinfo)
			}
			if got.After["error"] == nil {
				t.Errorf("a revoked token still gives %v", got.After)
			}
			if got.ExpiresIn <= 0 || got.ExpiresIn > 3600 {
				t.Errorf("expires_in %d", got.ExpiresIn)
			}
		})
	}
	t.Run("max_age", func(t *testing.T) { maxAge(t, site, dir) })
	t.Run("no session", func(t *testing.T) { noSession(t, site, dir) })
	t.Run("replay", func(t *testing.T) {
		rp := register(t, site, "none", "RS256")
		rp.Replay = true
		got := rp.login(t, dir, visit(somebody))
		if got.Replay != "invalid_grant" || got.Userinfo["sub"] == nil || got.After["error"] == nil {
			t.Errorf("a code twice: %+v", got)
		}
	})
	t.Run("logout", func(t *testing.T) {
		rp := register(t, site, "client_secret_basic", "ES256")
		got := rp.login(t, dir, visit(somebody))
		if end := visit(somebody)(got.Logout); end != rp.PostLogout+"?state=out" {
			t.Errorf("logging out ended at %s", end)
		}
		rp.Parameters = map[string]string{"prompt": "none"}
		if got := rp.login(t, dir, visit(somebody)); got.Error != "login_required" {
			t.Errorf("after the logout: %+v", got)
		}
	})
}

// noSession requests a login without a page, without a session.
func noSession(t *testing.T, site *practice.Site, dir string) {
	rp := register(t, site, "client_secret_post", "RS256")
	rp.Parameters = map[string]string{"prompt": "none"}
	if got := rp.login(t, dir, visit(site.Client(t))); got.Error != "login_required" {
		t.Errorf("prompt=none without a session: %+v", got)
	}
}

// maxAge accepts a login that is recent enough, and requires a new one otherwise.
func maxAge(t *testing.T, site *practice.Site, dir string) {
	p := site.Person(t, practice.Burger, practice.Dutch)
	site.Client(t).Apply(p)
	c := site.Client(t)
	c.LogIn(p).Enrol(p).Submit("code", p.Phone.Code())
	rp := register(t, site, "private_key_jwt", "RS256")
	rp.Parameters = map[string]string{"max_age": "600"}
	first := rp.login(t, dir, visit(c))
	if first.Error != "" {
		t.Fatalf("max_age=600: %+v", first)
	}
	for time.Now().Unix() <= int64(first.Claims["auth_time"].(float64)) {
		time.Sleep(50 * time.Millisecond) // auth_time is in whole seconds
	}
	rp.Parameters = map[string]string{"max_age": "0"}
	second := rp.login(t, dir, func(authorize string) string {
		c.Get(authorize).On("login/login").Submit("email", p.Email, "password", p.Password)
		return c.On("login/code").Submit("code", p.Phone.Code()).URL
	})
	if second.Error != "" || second.Claims["auth_time"].(float64) <= first.Claims["auth_time"].(float64) {
		t.Errorf("max_age=0: %+v, after %v", second, first.Claims["auth_time"])
	}
}

// TestGoOIDC logs in with coreos/go-oidc and x/oauth2, with a public client and PKCE.
func TestGoOIDC(t *testing.T) {
	site := practice.Start(t)
	rp := register(t, site, "none", "RS256")
	provider, err := oidc.NewProvider(t.Context(), site.Issuer)
	if err != nil {
		t.Fatal(err)
	}
	config := oauth2.Config{ClientID: rp.ID, Endpoint: provider.Endpoint(), RedirectURL: rp.Redirect, Scopes: []string{"openid", "email"}}
	verifier, state, nonce := oauth2.GenerateVerifier(), oauth2.GenerateVerifier(), oauth2.GenerateVerifier()
	back, err := url.Parse(visit(member(t, site))(config.AuthCodeURL(state, oidc.Nonce(nonce), oauth2.S256ChallengeOption(verifier))))
	if err != nil || back.Query().Get("state") != state || back.Query().Get("iss") != site.Issuer {
		t.Fatalf("back at %s: %v", back, err)
	}
	if _, err := config.Exchange(t.Context(), back.Query().Get("code")); err == nil {
		t.Error("R-005: the code is redeemed without a verifier")
	}
	token, err := config.Exchange(t.Context(), back.Query().Get("code"), oauth2.VerifierOption(verifier))
	if err != nil {
		t.Fatal(err)
	}
	raw, _ := token.Extra("id_token").(string)
	id, err := provider.Verifier(&oidc.Config{ClientID: rp.ID}).Verify(t.Context(), raw)
	if err != nil {
		t.Fatal(err)
	}
	if id.Nonce != nonce || id.Expiry.Sub(id.IssuedAt) > 5*time.Minute {
		t.Errorf("ID token: %+v", id)
	}
	info, err := provider.UserInfo(t.Context(), oauth2.StaticTokenSource(token))
	if err != nil || info.Subject != id.Subject || !info.EmailVerified {
		t.Errorf("userinfo: %+v, %v", info, err)
	}
	res, err := http.PostForm(provider.Endpoint().TokenURL, url.Values{"grant_type": {"password"}})
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	if res.StatusCode != http.StatusBadRequest {
		t.Errorf("the password grant: %s", res.Status)
	}
}
