package consent_test

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"omgevingsloket-id/cmd/omgevingsloket-id/app"
	"omgevingsloket-id/e2e/site"
	"omgevingsloket-id/pkg/client"
	"omgevingsloket-id/pkg/config"
	"omgevingsloket-id/pkg/consent"
	"omgevingsloket-id/pkg/effect"
	"omgevingsloket-id/pkg/errs"
	"omgevingsloket-id/pkg/grant"
)

const thirdURI = "https://third.example/cb"

func third(scope string) site.Request { return site.NewRequest("third", thirdURI).With("scope", scope) }

// withPhone lets the third-party client ask for one thing more.
func withPhone(c *config.Config) { c.Clients[1].Scopes = []string{"email", "phone"} }

// Asked once, with the client's name and address, the person and the claims
// in words; remembered; asked again for more, and a yes for less is kept.
func TestConsentAskedOnce(t *testing.T) {
	t.Parallel()
	s := site.New(t, withPhone)
	a, b := s.Active(site.Email)
	r := third("openid email")
	b.Authorize(r).At("/consent").Says("Third").Says("third.example").Says(site.Email).Says("e-mailadres")
	if strings.Contains(b.Body, "telefoonnummer") {
		t.Error("names a claim that nobody asked for")
	}
	before := len(s.Events(a))
	code := b.Submit("decision", "yes").Answered().Get("code")
	if status, out := redeemPublic(s, r, code); status != http.StatusOK || site.IDToken(t, out)["sub"] == nil {
		t.Fatal(status, out)
	}
	if events := s.Events(a); len(events) != before+2 || events[1].Action != "consent.given" || events[1].Details["client"] != "third" {
		t.Errorf("%+v", events)
	}
	if b.Authorize(third("openid email")).Answered().Get("code") == "" {
		t.Error("asked for what was allowed")
	}
	if b.Authorize(third("openid")).Answered().Get("code") == "" {
		t.Error("asked for less than was allowed")
	}
	b.Authorize(third("openid email phone")).At("/consent").Says("telefoonnummer").Submit("decision", "yes").Answered()
	for _, scope := range []string{"openid phone", "openid email", "openid email phone"} {
		if b.Authorize(third(scope)).Answered().Get("code") == "" {
			t.Error("forgot the yes for", scope)
		}
	}
	// Another person in another browser is asked for herself.
	_, other := s.Active("other@example.com")
	other.Authorize(third("openid email")).At("/consent")
}

// A yes to one claim after a yes to another leaves both remembered.
func TestConsentAddsUp(t *testing.T) {
	t.Parallel()
	s := site.New(t, withPhone)
	_, b := s.Active(site.Email)
	b.Authorize(third("openid email")).At("/consent").Submit("decision", "yes").Answered()
	b.Authorize(third("openid phone")).At("/consent").Submit("decision", "yes").Answered()
	if b.Authorize(third("openid email")).Answered().Get("code") == "" || b.Authorize(third("openid email phone")).Answered().Get("code") == "" {
		t.Error("the first yes is forgotten")
	}
}

// A refusal is answered to the client, is not remembered, and grants nothing.
func TestConsentDenied(t *testing.T) {
	t.Parallel()
	s := site.New(t, nil)
	_, b := s.Active(site.Email)
	r := third("openid email")
	b.Authorize(r).At("/consent")
	query := b.URL.RawQuery
	got := b.Submit("decision", "no").Answered()
	if got.Get("error") != "access_denied" || got.Get("state") != r.Get("state") || got.Get("iss") != s.Config.Issuer || got.Has("code") {
		t.Error(got)
	}
	b.Post("/consent?"+query, "decision", "yes")
	if b.URL.Path == "/authorize/callback" || b.URL.Host == "third.example" {
		t.Error("changed one's mind after the answer went out:", b.URL)
	}
	b.Authorize(third("openid email")).At("/consent")
	for _, decision := range []string{"", "maybe", "YES"} {
		b.Submit("decision", decision).At("/consent").Is(http.StatusUnprocessableEntity)
	}
	if got := b.Send(b.FormTo("/consent?"+b.URL.RawQuery, "decision", "yes", "decision", "no")); got.Status != http.StatusBadRequest {
		t.Error("yes and no at once:", got.Status)
	}
}

// First-party clients ask nobody, unless they want to.
func TestConsentFirstParty(t *testing.T) {
	t.Parallel()
	s := site.New(t, nil)
	_, b := s.Active(site.Email)
	if b.Authorize(site.NewRequest("web", site.CallbackURI).With("scope", "openid omgevingsloket email")).Answered().Get("code") == "" {
		t.Error("a first-party client has to ask")
	}
	b.Authorize(site.NewRequest("web", site.CallbackURI).With("prompt", "consent")).At("/consent").Submit("decision", "yes").Answered()
	b.Authorize(third("openid email")).At("/consent").Submit("decision", "yes").Answered()
	b.Authorize(third("openid email").With("prompt", "consent")).At("/consent") // remembered, and yet asked
}

// prompt=none shows no page, whatever is missing.
func TestConsentSilent(t *testing.T) {
	t.Parallel()
	s := site.New(t, nil)
	_, b := s.Active(site.Email)
	if got := b.Authorize(third("openid email").With("prompt", "none")).Answered(); got.Get("error") != "consent_required" || got.Has("code") {
		t.Error(got)
	}
	if got := s.Browser().Authorize(third("openid email").With("prompt", "none")).Answered(); got.Get("error") != "login_required" {
		t.Error(got)
	}
	b.Authorize(third("openid email")).At("/consent").Submit("decision", "yes").Answered()
	if got := b.Authorize(third("openid email").With("prompt", "none")).Answered(); got.Get("code") == "" {
		t.Error(got)
	}
}

// A yes for one client is none for another, and the client that a request
// began with cannot be changed on the way.
func TestConsentIsForOneClient(t *testing.T) {
	t.Parallel()
	s := site.New(t, func(c *config.Config) {
		c.Clients = append(c.Clients, client.Client{ID: "fourth", Name: "Fourth", RedirectURIs: []string{"https://fourth.example/cb"}, AuthMethod: client.None, Scopes: []string{"email"}, ThirdParty: true})
	})
	_, b := s.Active(site.Email)
	b.Authorize(third("openid email")).At("/consent").Submit("decision", "yes").Answered()
	b.Authorize(site.NewRequest("fourth", "https://fourth.example/cb").With("scope", "openid email")).At("/consent").Says("Fourth")
	query := b.URL.RawQuery
	if got := b.Send(b.FormTo("/consent?"+query, "decision", "yes", "client_id", "third")); got.Status != http.StatusBadRequest {
		t.Error("a client may be named in the form:", got.Status)
	}
	b.Get("/consent?" + query + "&client_id=third").At("/consent").Says("Fourth")
	other := s.Browser()
	other.Seed = b.Seed
	s.Clock.Add(time.Minute)
	other.Authorize(site.NewRequest("web", site.CallbackURI)).Login(site.Email).Answered()
	other.Post("/consent?"+query, "decision", "yes").Is(http.StatusGone)
}

// redeemPublic exchanges a code as the client "third".
func redeemPublic(s *site.Site, r site.Request, code string) (int, map[string]any) {
	s.T.Helper()
	status, out, _ := s.Call(http.MethodPost, "/token", url.Values{
		"grant_type": {"authorization_code"}, "client_id": {"third"}, "code": {code}, "redirect_uri": {r.Get("redirect_uri")}, "code_verifier": {r.Verifier},
	}, nil)
	return status, out
}

// withdrawing withdraws the consent for a client just before a grant is issued.
type withdrawing struct {
	grant.Store
	consents consent.Store
}

func (w withdrawing) Issue(ctx context.Context, g grant.Grant, rec effect.Effects) error {
	if err := w.consents.Withdraw(ctx, g.AccountID, g.ClientID, g.IssuedAt, effect.Effects{}); err != nil && !errors.Is(err, errs.ErrNotFound) {
		return err
	}
	return w.Store.Issue(ctx, g, rec)
}

// The code of a login that was under way when the consent was withdrawn cannot be
// redeemed. Without the withdrawal, TestConsentAskedOnce redeems such a code.
func TestConsentWithdrawnUnderWay(t *testing.T) {
	t.Parallel()
	s := site.Start(t, site.Setup{Wrap: func(s *app.Stores) { s.Grants = withdrawing{s.Grants, s.DB.Consents()} }})
	_, b := s.Active(site.Email)
	r := third("openid email")
	code := b.Authorize(r).At("/consent").Submit("decision", "yes").Answered().Get("code")
	if status, out := redeemPublic(s, r, code); status != http.StatusBadRequest || out["error"] != "invalid_grant" {
		t.Errorf("status %d, error %v, want 400, invalid_grant", status, out["error"])
	}
}
