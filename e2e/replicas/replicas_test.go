package replicas

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"

	"omgevingsloket-id/e2e/browser"
	"omgevingsloket-id/e2e/practice"
)

// TestTwoServers makes the main journey with every second request at the other server, and
// then sends simultaneous requests to both for what may happen once.
func TestTwoServers(t *testing.T) {
	h := build(t)
	t.Run("journey", h.journey)
	t.Run("one server, then the other", h.across)
	t.Run("TP-02 same step", h.sameStep)
	t.Run("EN-04 same QR code", h.sameQR)
	t.Run("TK-01 same code", h.sameCode)
}

// journey applies, enrols and logs in, with a browser.
func (h *cluster) journey(t *testing.T) {
	p := h.Person(t, practice.Burger, practice.Dutch)
	b := browser.New(t)
	p.Apply(b)
	b.Click(p.GoToLogin)
	p.LogIn(b)
	p.Enrol(b)
	p.EnterCode(b)
	if b.URL() != h.Portal+"/" || b.TextOf("#user-email") != p.Email {
		t.Fatalf("at %s, which says:\n%s", b.URL(), b.Text())
	}
	b.Click(p.PortalLogout)
	b.WaitText(p.PortalLoggedOut)
	for i := range h.requests {
		if n := h.requests[i].Load(); n < 10 {
			t.Errorf("server %d had %d requests", i, n)
		}
	}
}

// across changes the server at each step of a login.
func (h *cluster) across(t *testing.T) {
	p := h.Person(t, practice.Bedrijf, practice.Dutch)
	c := h.Client(t)
	c.Apply(p)
	h.pin(c, "0")
	c.Start()
	h.pin(c, "1")
	c.Submit("email", p.Email, "password", p.Password)
	h.pin(c, "0")
	c.Enrol(p)
	h.pin(c, "1")
	c.Submit("code", p.Phone.Code())
	if c.URL != h.Portal+"/" || !strings.Contains(c.Body, p.Email) {
		t.Errorf("at %s:\n%s", c.URL, c.Body)
	}
}

// pin sends all requests of a visitor to one server.
func (h *cluster) pin(c *practice.Client, n string) {
	c.HTTP.Transport = pinned{c.HTTP.Transport, n}
}

type pinned struct {
	http.RoundTripper
	n string
}

func (p pinned) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Header.Set(server, p.n)
	if inner, ok := p.RoundTripper.(pinned); ok {
		return inner.RoundTripper.RoundTrip(r)
	}
	return p.RoundTripper.RoundTrip(r)
}

// atBoth sends the requests at the same time, alternating between the servers, each with the
// cookies of its visitor, and returns the bodies.
func atBoth(visitors []*practice.Client, requests []*http.Request) []string {
	bodies := make([]string, len(requests))
	var wg sync.WaitGroup
	for i, r := range requests {
		r.Header.Set(server, fmt.Sprint(i%2))
		wg.Go(func() { bodies[i] = visitors[i].Raw(r) })
	}
	wg.Wait()
	return bodies
}

// sameStep sends one right code from eight logins at the same time: one succeeds, and the
// others are told that the code was used, which does not count as a wrong try.
func (h *cluster) sameStep(t *testing.T) {
	for range 4 {
		p := h.Person(t, practice.Burger, practice.Dutch)
		h.Client(t).Apply(p)
		var visitors []*practice.Client
		for i := range 8 {
			c := h.Client(t).LogIn(p)
			if i == 0 {
				c.Enrol(p)
			}
			visitors = append(visitors, c.On("login/code"))
		}
		code := p.Phone.Code()
		var requests []*http.Request
		for _, c := range visitors {
			requests = append(requests, c.Form("code", code))
		}
		in, used := 0, 0
		for _, body := range atBoth(visitors, requests) {
			switch {
			case strings.Contains(body, `data-page="web/onward"`):
				in++
			case strings.Contains(body, "Deze code heeft u al gebruikt"):
				used++
			default:
				t.Errorf("an answer that is neither:\n%s", body)
			}
		}
		if in != 1 || used != 7 {
			t.Errorf("%d logins with one code, %d were told that it was used", in, used)
		}
	}
}

// sameQR presses the button at both servers at the same time.
func (h *cluster) sameQR(t *testing.T) {
	for range 4 {
		p := h.Person(t, practice.Burger, practice.Dutch)
		h.Client(t).Apply(p)
		var visitors []*practice.Client
		var requests []*http.Request
		for range 8 {
			c := h.Client(t).LogIn(p).On("enrol/enrol")
			visitors, requests = append(visitors, c), append(requests, c.Form())
		}
		shown := 0
		for _, body := range atBoth(visitors, requests) {
			shown += strings.Count(body, `<div class="qr"`)
		}
		if shown != 1 {
			t.Errorf("%d QR codes for one account", shown)
		}
	}
}

// sameCode redeems one authorization code at both servers at the same time: one gets tokens,
// which the second try revokes.
func (h *cluster) sameCode(t *testing.T) {
	p := h.Member(h.Person(t, practice.Burger, practice.Dutch))
	c := h.Client(t)
	c.LogIn(p).On("login/code").Submit("code", p.Phone.Code())
	if c.URL != h.Portal+"/" {
		t.Fatalf("the login ended at %s:\n%s", c.URL, c.Body)
	}
	for range 6 {
		form := h.authorized(t, c)
		var visitors []*practice.Client
		var requests []*http.Request
		for range 8 {
			r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, h.Issuer+"/token", strings.NewReader(form))
			if err != nil {
				t.Fatal(err)
			}
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			visitors, requests = append(visitors, c), append(requests, r)
		}
		var tokens []string
		for _, body := range atBoth(visitors, requests) {
			var answer struct {
				AccessToken string `json:"access_token"`
				Error       string `json:"error"`
			}
			if err := json.Unmarshal([]byte(body), &answer); err != nil {
				t.Fatalf("%v: %s", err, body)
			}
			if answer.AccessToken != "" {
				tokens = append(tokens, answer.AccessToken)
			} else if answer.Error != "invalid_grant" {
				t.Errorf("a loser hears %s", body)
			}
		}
		if len(tokens) != 1 {
			t.Fatalf("%d exchanges of one code succeeded", len(tokens))
		}
		for n := range 2 {
			r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, h.Issuer+"/userinfo", nil)
			if err != nil {
				t.Fatal(err)
			}
			r.Header.Set("Authorization", "Bearer "+tokens[0])
			r.Header.Set(server, fmt.Sprint(n))
			if body := c.Raw(r); strings.Contains(body, "sub") {
				t.Errorf("TK-02: server %d honours the token of a code that was used twice: %s", n, body)
			}
		}
	}
}

// authorized gets a code with a visitor's session and returns the form that redeems it.
func (h *cluster) authorized(t *testing.T, c *practice.Client) string {
	t.Helper()
	verifier := strings.Repeat("v", 43)
	sum := sha256.Sum256([]byte(verifier))
	q := url.Values{
		"client_id": {"direct"}, "redirect_uri": {h.client}, "response_type": {"code"}, "scope": {"openid email"},
		"state": {strings.Repeat("s", 22)}, "nonce": {strings.Repeat("n", 22)},
		"code_challenge": {base64.RawURLEncoding.EncodeToString(sum[:])}, "code_challenge_method": {"S256"},
	}
	c.Get(h.Issuer + "/authorize?" + q.Encode())
	back, err := url.Parse(c.URL)
	if err != nil || !strings.HasPrefix(c.URL, h.client) || back.Query().Get("code") == "" {
		t.Fatalf("at %s (%v):\n%s", c.URL, err, c.Body)
	}
	return url.Values{
		"grant_type": {"authorization_code"}, "code": {back.Query().Get("code")}, "redirect_uri": {h.client},
		"client_id": {"direct"}, "code_verifier": {verifier},
	}.Encode()
}
