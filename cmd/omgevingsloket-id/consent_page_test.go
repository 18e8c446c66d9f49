package main

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"omgevingsloket-id/pkg/client"
	"omgevingsloket-id/pkg/config"
)

const thirdURI = "https://third.example/cb"

func third(scope string) request { return newRequest("third", thirdURI).with("scope", scope) }

// withPhone lets the third-party client ask for one thing more.
func withPhone(c *config.Config) { c.Clients[1].Scopes = []string{"email", "phone"} }

// Asked once, with the client's name and address, the person and the claims
// in words; remembered; asked again for more, and a yes for less is kept.
func TestConsentAskedOnce(t *testing.T) {
	s := newSite(t, withPhone)
	a, b := s.active(testEmail)
	r := third("openid email")
	b.authorize(r).at("/consent").says("Third").says("third.example").says(testEmail).says("e-mailadres")
	if strings.Contains(b.body, "telefoonnummer") {
		t.Error("names a claim that nobody asked for")
	}
	before := len(s.happened(a))
	code := b.submit("decision", "yes").answered().Get("code")
	if status, out := s.redeemPublic(r, code); status != http.StatusOK || idToken(t, out)["sub"] == nil {
		t.Fatal(status, out)
	}
	if events := s.happened(a); len(events) != before+2 || events[1].Action != "consent.given" || events[1].Details["client"] != "third" {
		t.Errorf("%+v", events)
	}
	if b.authorize(third("openid email")).answered().Get("code") == "" {
		t.Error("asked for what was allowed")
	}
	if b.authorize(third("openid")).answered().Get("code") == "" {
		t.Error("asked for less than was allowed")
	}
	b.authorize(third("openid email phone")).at("/consent").says("telefoonnummer").submit("decision", "yes").answered()
	for _, scope := range []string{"openid phone", "openid email", "openid email phone"} {
		if b.authorize(third(scope)).answered().Get("code") == "" {
			t.Error("forgot the yes for", scope)
		}
	}
	// Another person in another browser is asked for herself.
	_, other := s.active("other@example.com")
	other.authorize(third("openid email")).at("/consent")
}

// A yes to one claim after a yes to another leaves both remembered.
func TestConsentAddsUp(t *testing.T) {
	s := newSite(t, withPhone)
	_, b := s.active(testEmail)
	b.authorize(third("openid email")).at("/consent").submit("decision", "yes").answered()
	b.authorize(third("openid phone")).at("/consent").submit("decision", "yes").answered()
	if b.authorize(third("openid email")).answered().Get("code") == "" || b.authorize(third("openid email phone")).answered().Get("code") == "" {
		t.Error("the first yes is forgotten")
	}
}

// No is an answer to the client, is not remembered, and gives nothing.
func TestConsentDenied(t *testing.T) {
	s := newSite(t, nil)
	_, b := s.active(testEmail)
	r := third("openid email")
	b.authorize(r).at("/consent")
	query := b.url.RawQuery
	got := b.submit("decision", "no").answered()
	if got.Get("error") != "access_denied" || got.Get("state") != r.Get("state") || got.Get("iss") != s.config.Issuer || got.Has("code") {
		t.Error(got)
	}
	b.post("/consent?"+query, "decision", "yes")
	if b.url.Path == "/authorize/callback" || b.url.Host == "third.example" {
		t.Error("changed one's mind after the answer went out:", b.url)
	}
	b.authorize(third("openid email")).at("/consent")
	for _, decision := range []string{"", "maybe", "YES"} {
		b.submit("decision", decision).at("/consent").is(http.StatusUnprocessableEntity)
	}
	if got := b.send(b.formTo("/consent?"+b.url.RawQuery, "decision", "yes", "decision", "no")); got.status != http.StatusBadRequest {
		t.Error("yes and no at once:", got.status)
	}
}

// First-party clients ask nobody, unless they want to.
func TestConsentFirstParty(t *testing.T) {
	s := newSite(t, nil)
	_, b := s.active(testEmail)
	if b.authorize(newRequest("web", callbackURI).with("scope", "openid omgevingsloket email")).answered().Get("code") == "" {
		t.Error("a first-party client has to ask")
	}
	b.authorize(newRequest("web", callbackURI).with("prompt", "consent")).at("/consent").submit("decision", "yes").answered()
	b.authorize(third("openid email")).at("/consent").submit("decision", "yes").answered()
	b.authorize(third("openid email").with("prompt", "consent")).at("/consent") // remembered, and yet asked
}

// prompt=none shows no page, whatever is missing.
func TestConsentSilent(t *testing.T) {
	s := newSite(t, nil)
	_, b := s.active(testEmail)
	if got := b.authorize(third("openid email").with("prompt", "none")).answered(); got.Get("error") != "consent_required" || got.Has("code") {
		t.Error(got)
	}
	if got := s.browser().authorize(third("openid email").with("prompt", "none")).answered(); got.Get("error") != "login_required" {
		t.Error(got)
	}
	b.authorize(third("openid email")).at("/consent").submit("decision", "yes").answered()
	if got := b.authorize(third("openid email").with("prompt", "none")).answered(); got.Get("code") == "" {
		t.Error(got)
	}
}

// A yes for one client is none for another, and the client that a request
// began with cannot be changed on the way.
func TestConsentIsForOneClient(t *testing.T) {
	s := newSite(t, func(c *config.Config) {
		c.Clients = append(c.Clients, client.Client{ID: "fourth", Name: "Fourth", RedirectURIs: []string{"https://fourth.example/cb"}, AuthMethod: client.None, Scopes: []string{"email"}, ThirdParty: true})
	})
	_, b := s.active(testEmail)
	b.authorize(third("openid email")).at("/consent").submit("decision", "yes").answered()
	b.authorize(newRequest("fourth", "https://fourth.example/cb").with("scope", "openid email")).at("/consent").says("Fourth")
	query := b.url.RawQuery
	if got := b.send(b.formTo("/consent?"+query, "decision", "yes", "client_id", "third")); got.status != http.StatusBadRequest {
		t.Error("a client may be named in the form:", got.status)
	}
	b.get("/consent?" + query + "&client_id=third").at("/consent").says("Fourth")
	other := s.browser()
	other.seed = b.seed
	s.clock.add(time.Minute)
	other.authorize(newRequest("web", callbackURI)).login(testEmail).answered()
	other.post("/consent?"+query, "decision", "yes").is(http.StatusGone)
}

// redeemPublic exchanges a code as the client "third".
func (s *site) redeemPublic(r request, code string) (int, map[string]any) {
	s.t.Helper()
	status, out, _ := s.call(http.MethodPost, "/token", url.Values{
		"grant_type": {"authorization_code"}, "client_id": {"third"}, "code": {code}, "redirect_uri": {r.Get("redirect_uri")}, "code_verifier": {r.verifier},
	}, nil)
	return status, out
}
