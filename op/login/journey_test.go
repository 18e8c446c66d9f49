package login_test

import (
	"net/http"
	"testing"

	"omgevingsloket-id/e2e/site"
)

// The main journey, from a client and back: QR code, code, tokens, single sign-on.
func TestLoginJourney(t *testing.T) {
	t.Parallel()
	s := site.New(t, nil)
	s.Person(site.Email)
	b := s.Browser()

	r := site.NewRequest("web", site.CallbackURI).With("scope", "openid omgevingsloket email", "claims", `{"id_token":{"given_name":null,"email":{"essential":true}}}`)
	answer := b.Authorize(r).Enrol(site.Email).Answered()
	if answer.Get("state") != r.Get("state") || answer.Get("iss") != s.Config.Issuer {
		t.Fatal("answer:", answer)
	}
	status, tokens := s.Redeem(r, answer.Get("code"))
	if status != http.StatusOK {
		t.Fatal(status, tokens)
	}
	id := site.IDToken(t, tokens)
	if id["nonce"] != r.Get("nonce") || id["aud"] != "web" || id["email"] != site.Email || id["given_name"] != "Anna" || id["amr"] != nil {
		t.Error("ID token:", id)
	}
	header := http.Header{"Authorization": {"Bearer " + tokens["access_token"].(string)}}
	status, info, _ := s.Call(http.MethodGet, "/userinfo", nil, header)
	if status != http.StatusOK || info["sub"] != id["sub"] || info["account_type"] != "natural_person" {
		t.Fatal(status, info)
	}

	// Single sign-on shows no page, and keeps the time of the login.
	second := site.NewRequest("web", site.CallbackURI)
	answer = b.Authorize(second).Answered()
	status, tokens = s.Redeem(second, answer.Get("code"))
	if again := site.IDToken(t, tokens); status != http.StatusOK || again["auth_time"] != id["auth_time"] || again["sid"] != id["sid"] {
		t.Error("single sign-on:", status, again)
	}

	// A later login on another machine takes password and code, without QR code.
	other := s.Browser()
	other.Seed = b.Seed
	third := site.NewRequest("web", site.CallbackURI)
	answer = other.Authorize(third).Login(site.Email).Answered()
	if status, tokens = s.Redeem(third, answer.Get("code")); status != http.StatusOK || site.IDToken(t, tokens)["sub"] != id["sub"] {
		t.Error("second browser:", status, tokens)
	}
}
