package loss

import (
	"net/http"
	"net/url"
	"testing"
	"time"

	"omgevingsloket-id/e2e/site"
	"omgevingsloket-id/pkg/config"
	"omgevingsloket-id/pkg/staff"
)

// Addresses of the people here, by what they do.
const (
	leaver   = "leaver@example.com"   // logs out
	blocked  = "blocked@example.com"  // is blocked
	coder    = "coder@example.com"    // types the code of an app, for a client of its own
	agreeing = "agreeing@example.com" // consents to the claims of a client
	scanner  = "scanner@example.com"  // is shown a QR code
	unlocked = "unlocked@example.com" // is unblocked, and types a mailed code
	other    = "other@example.com"    // does nothing meanwhile
	official = "official@gov.example" // logs out
	invited  = "invited@gov.example"  // accepts an invitation
)

const deskPath = "/console"

// history is what people did at a site: what they began, and what happened since.
type history struct {
	*site.Site
	key     site.ClientKey
	now     map[string]*site.Browser
	then    map[string]*site.Browser // as they were when everything had begun
	asked   map[string]site.Request
	invite  string
	mailed  string // a code
	typed   string // the code of the coder's app
	codes   map[string]string
	claimed string // a client assertion that was used
}

// begin starts a site at which everything begins.
func begin(t *testing.T, on func(*config.Config)) *history {
	t.Helper()
	h := &history{key: site.NewClientKey(t, "ES256", "k1"), now: map[string]*site.Browser{}, then: map[string]*site.Browser{}, asked: map[string]site.Request{}, codes: map[string]string{}}
	h.Site = site.New(t, func(c *config.Config) {
		on(c)
		site.WithClients(site.KeyedClient(t, "keyed", site.KeyedURI, h.key))(c)
	})
	for _, who := range []string{leaver, blocked, coder, agreeing, other} {
		_, h.now[who] = h.Active(who)
	}
	h.Person(scanner)
	h.now[scanner] = h.ToEnrol(scanner)
	a, _ := h.Active(unlocked)
	site.Must(t, h.Unblock(h.Blocked(a)))
	h.now[unlocked] = h.ToMailbox(unlocked).Submit("send", "yes").At("/enrol/code")
	h.mailed = h.MailedCode("recovery-code", unlocked)
	h.now[official] = h.Official(official, staff.Helpdesk)
	h.invite = h.Invite(invited, staff.Helpdesk)

	h.asked[coder] = site.NewRequest("keyed", site.KeyedURI).With("prompt", "login")
	h.now[coder].Authorize(h.asked[coder]).Submit("email", coder, "password", site.Password).At("/login/code")
	h.asked[agreeing] = third()
	h.now[agreeing].Authorize(h.asked[agreeing]).At("/consent")
	for who, b := range h.now {
		h.then[who] = b.Copy()
	}
	return h
}

// third returns a request that asks for consent.
func third() site.Request {
	return site.NewRequest("third", "https://third.example/cb").With("scope", "openid email")
}

// happen ends what had begun, nine and a half minutes later.
func (h *history) happen(t *testing.T) {
	t.Helper()
	h.Pass(9*time.Minute + 30*time.Second)
	h.now[leaver].Post("/logout")
	h.Blocked(h.AccountOf(h.Browser().ToCode(blocked)))
	h.typed = h.now[coder].Code()
	h.codes[coder] = h.now[coder].Submit("code", h.typed).Answered().Get("code")
	h.claimed = h.key.Sign(t, h.Assertion("keyed"), nil)
	if status, got := h.redeem(h.Site, coder); status != http.StatusOK {
		t.Fatal(status, got)
	}
	h.codes[agreeing] = h.now[agreeing].Submit("decision", "yes").Answered().Get("code")
	if status, got := h.redeem(h.Site, agreeing); status != http.StatusOK {
		t.Fatal(status, got)
	}
	h.now[scanner].Submit().At("/enrol/qr").Scan()
	h.now[unlocked].Submit("code", h.mailed).At("/enrol").Submit().At("/enrol/qr").Scan()
	h.now[official].Press("/console/logout").At("/console/login")
	h.Browser().Join(h.invite)
}

// redeem redeems the code that somebody's request was answered with.
func (h *history) redeem(at *site.Site, who string) (int, map[string]any) {
	r := h.asked[who]
	more := url.Values{"client_id": {r.Get("client_id")}}
	if who == coder {
		more = site.Asserted(h.claimed)
	}
	status, got, _ := at.Call(http.MethodPost, "/token", r.Exchange(h.codes[who], more), nil)
	return status, got
}

// as returns somebody's browser as it was when everything had begun, at another server.
func (h *history) as(at *site.Site, who string) *site.Browser {
	b := h.then[who].Copy().On(at)
	return b
}

// holds requires of a server that what happened stays so, and that people can log in.
func (h *history) holds(t *testing.T, at *site.Site) {
	t.Helper()
	// A session that has ended.
	if h.as(at, leaver).LoggedIn() {
		t.Error("who logged out is logged in")
	}
	if b := h.as(at, leaver).Get("/portals"); b.URL.Path == "/portals" {
		t.Error("who logged out sees the list of portals")
	}
	if b := h.as(at, leaver).Authorize(third()); b.URL.Path != "/login" {
		t.Errorf("who logged out is at %s", b.URL)
	}
	h.as(at, leaver).Authorize(site.NewRequest("web", site.CallbackURI)).At("/login")
	if b := h.as(at, official).Get(deskPath); b.URL.Path != "/console/login" {
		t.Errorf("an official who logged out is at %s", b.URL)
	}

	// A blocked account.
	if h.as(at, blocked).LoggedIn() {
		t.Error("who was blocked is logged in")
	}
	at.Browser().Authorize(site.NewRequest("web", site.CallbackURI)).Submit("email", blocked, "password", site.Password).At("/login/blocked")

	// A code of an authenticator app, in the login that it ended and in another one.
	b := h.as(at, coder)
	if b.Submit("code", h.typed); b.URL.Host == "keyed.example" && b.URL.Query().Get("code") != "" {
		t.Error("a used code of the app ends the same login again")
	}
	b = at.Browser()
	b.Authorize(h.asked[coder]).Submit("email", coder, "password", site.Password).At("/login/code").Submit("code", h.typed)
	if b.At("/login/code"); b.Status != http.StatusUnprocessableEntity {
		t.Errorf("a used code of the app in another login: %d", b.Status)
	}

	// A QR code that was shown, a mailed code and an invitation.
	if b := h.as(at, scanner).Submit(); site.Reveals(b.Body) {
		t.Error("a QR code is shown again")
	}
	if b := h.as(at, unlocked).Submit("code", h.mailed); site.Reveals(b.Body) || b.URL.Path == "/enrol" {
		t.Errorf("a used mailed code leads to %s", b.URL)
	}
	if b := at.Browser().Get(h.invite); b.Status != http.StatusGone && b.Status != http.StatusNotFound {
		t.Errorf("a used invitation: %d at %s", b.Status, b.URL)
	}

	// Consent that was given once does not make another code; codes and assertions that were used.
	if b := h.as(at, agreeing).Submit("decision", "yes"); b.URL.Host == "third.example" && b.URL.Query().Get("code") != "" {
		was := h.codes[agreeing]
		h.codes[agreeing] = b.URL.Query().Get("code")
		if status, _ := h.redeem(at, agreeing); status == http.StatusOK {
			t.Error("one authorization request was answered with two codes")
		}
		h.codes[agreeing] = was
	}
	if status, got := h.redeem(at, coder); status != http.StatusUnauthorized || got["error"] != "invalid_client" {
		t.Errorf("a used assertion: %d %v", status, got)
	}
	was := h.claimed
	h.claimed = h.key.Sign(t, h.Assertion("keyed"), nil)
	for _, who := range []string{coder, agreeing} {
		if status, got := h.redeem(at, who); status != http.StatusBadRequest || got["error"] != "invalid_grant" {
			t.Errorf("a redeemed code: %d %v", status, got)
		}
	}
	h.claimed = was

	// Somebody else logs in as always.
	b = at.Browser()
	b.Seed = h.then[other].Seed
	b.Authorize(site.NewRequest("web", site.CallbackURI)).Submit("email", other, "password", site.Password).At("/login/code").Submit("code", b.Code())
	if b.Answered().Get("code") == "" {
		t.Errorf("a login ends at %s", b.URL)
	}
}
