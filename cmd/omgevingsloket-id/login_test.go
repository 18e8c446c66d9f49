package main

import (
	"net/http"
	"testing"
)

// The main journey, from a client and back: QR, code, tokens, single sign-on.
func TestLoginJourney(t *testing.T) {
	s := newSite(t, nil)
	s.person(testEmail)
	b := s.browser()

	r := newRequest("web", callbackURI).with("scope", "openid omgevingsloket email", "claims", `{"id_token":{"given_name":null,"email":{"essential":true}}}`)
	answer := b.authorize(r).enrol(testEmail).answered()
	if answer.Get("state") != r.Get("state") || answer.Get("iss") != s.config.Issuer {
		t.Fatal("answer:", answer)
	}
	status, tokens := s.redeem(r, answer.Get("code"))
	if status != http.StatusOK {
		t.Fatal(status, tokens)
	}
	id := idToken(t, tokens)
	if id["nonce"] != r.Get("nonce") || id["aud"] != "web" || id["email"] != testEmail || id["given_name"] != "Anna" || id["amr"] != nil {
		t.Error("ID token:", id)
	}
	header := http.Header{"Authorization": {"Bearer " + tokens["access_token"].(string)}}
	status, info, _ := s.call(http.MethodGet, "/userinfo", nil, header)
	if status != http.StatusOK || info["sub"] != id["sub"] || info["account_type"] != "natural_person" {
		t.Fatal(status, info)
	}

	// Single sign-on: no page is shown, the time of the login stays.
	second := newRequest("web", callbackURI)
	answer = b.authorize(second).answered()
	status, tokens = s.redeem(second, answer.Get("code"))
	if again := idToken(t, tokens); status != http.StatusOK || again["auth_time"] != id["auth_time"] || again["sid"] != id["sid"] {
		t.Error("single sign-on:", status, again)
	}

	// Next time on another machine: password and code, no QR.
	other := s.browser()
	other.seed = b.seed
	third := newRequest("web", callbackURI)
	answer = other.authorize(third).login(testEmail).answered()
	if status, tokens = s.redeem(third, answer.Get("code")); status != http.StatusOK || idToken(t, tokens)["sub"] != id["sub"] {
		t.Error("second browser:", status, tokens)
	}
}
