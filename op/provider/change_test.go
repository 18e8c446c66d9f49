package provider_test

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"omgevingsloket-id/cmd/omgevingsloket-id/app"
	"omgevingsloket-id/e2e/site"
	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/effect"
	"omgevingsloket-id/pkg/grant"
)

// What changes while somebody is on the way: accounts and settings. Clients
// that change are TestAZ23.

// TestTK12_AccountChangesOnTheWay: between login and code, code and token,
// token and userinfo.
func TestTK12_AccountChangesOnTheWay(t *testing.T) {
	t.Parallel()
	s := site.New(t, nil)
	for i, change := range []func(a account.Account){
		func(a account.Account) { s.Blocked(a) },
		func(a account.Account) {
			s.Blocked(a)
			site.Must(t, s.Unblock(a))
		},
	} {
		email := string(rune('a'+i)) + "@example.com"
		a, b := s.Active(email)
		link := lastStep(b, site.NewRequest("web", site.CallbackURI).With("prompt", "login"), email)
		r := site.NewRequest("web", site.CallbackURI)
		tokens, code := b.Tokens(site.NewRequest("web", site.CallbackURI)), b.NewCode(r)
		change(a)
		if b.Get(s.Server.URL + link); b.URL.Host != s.Server.Listener.Addr().String() {
			t.Error("login to code:", b.URL)
		}
		status, out := s.Redeem(r, code)
		WantRefused(t, status, out, http.StatusBadRequest, "invalid_grant")
		if status, _ := s.Userinfo(tokens); status != http.StatusUnauthorized {
			t.Error("token to userinfo:", status)
		}
		if got := b.Authorize(site.NewRequest("web", site.CallbackURI).With("prompt", "none")).Answered(); got.Get("error") != "login_required" { // AZ-15
			t.Error("single sign-on:", got)
		}
	}
}

// lateGrants does something in the last moment before a code is issued.
type lateGrants struct {
	grant.Store
	before func()
}

func (l *lateGrants) Issue(ctx context.Context, g grant.Grant, rec effect.Effects) error {
	if l.before != nil {
		l.before()
	}
	return l.Store.Issue(ctx, g, rec)
}

// TestTK12_BlockedInThatVeryMoment: after the last look at the account and
// before the code.
func TestTK12_BlockedInThatVeryMoment(t *testing.T) {
	t.Parallel()
	late := &lateGrants{}
	s := site.Start(t, site.Setup{Wrap: func(s *app.Stores) { late.Store = s.Grants; s.Grants = late }})
	a, b := s.Active(site.Email)
	late.before = func() { late.before = nil; s.Blocked(a) }
	if b.Authorize(site.NewRequest("web", site.CallbackURI)); b.URL.Path != "/login" {
		t.Errorf("the login goes on at %s, want the password", b.URL)
	}
	silent, c := s.Active("silent@example.com")
	late.before = func() { late.before = nil; s.Blocked(silent) }
	c.RefusedAtClient(site.NewRequest("web", site.CallbackURI).With("prompt", "none"), "login_required")
	if n := issued(s, a); n != 1 { // of s.active
		t.Errorf("%d grants", n)
	}
}

// A single sign-on that no page interrupts stores no authorization request, and each
// has a code of its own.
func TestSingleSignOnStoresNoRequest(t *testing.T) {
	t.Parallel()
	s, faults := site.NewWatched(t, nil)
	_, b := s.Active(site.Email)
	before := faults.Calls()
	codes := map[string]bool{}
	for _, prompt := range []string{"", "none", "none"} {
		r := site.NewRequest("web", site.CallbackURI)
		if prompt != "" {
			r = r.With("prompt", prompt)
		}
		code := b.Authorize(r).Answered().Get("code")
		if code == "" || codes[code] {
			t.Errorf("prompt %q: code %q", prompt, code)
		}
		codes[code] = true
		if status, tokens := s.Redeem(r, code); status != http.StatusOK {
			t.Errorf("prompt %q: %d %v", prompt, status, tokens)
		}
	}
	for call, n := range faults.Calls() {
		if strings.HasPrefix(call, "Requests.") && n != before[call] {
			t.Errorf("%s is called %d times", call, n-before[call])
		}
	}
	// One that a page interrupts is stored.
	b.Authorize(site.NewRequest("third", "https://third.example/cb").With("scope", "openid email")).At("/consent")
	if faults.Calls()["Requests.Create"] != before["Requests.Create"]+1 {
		t.Error("the request that waits for consent is not stored")
	}
}

// TestR273_ShorterSessions: a limit that was lowered counts for sessions
// that exist.
func TestR273_ShorterSessions(t *testing.T) {
	t.Parallel()
	s := site.New(t, nil)
	_, b := s.Active(site.Email)
	s.Config.Session.Idle = 5 * time.Minute
	stricter := s.Twin(0)
	s.Clock.Add(6 * time.Minute)
	b.On(stricter).RefusedAtClient(site.NewRequest("web", site.CallbackURI).With("prompt", "none"), "login_required")
	b.NewCode(site.NewRequest("web", site.CallbackURI).With("prompt", "none"))
	// A login that rests on such a session cannot be finished either.
	waiting := copyOf(b)
	waiting.Authorize(site.NewRequest("third", "https://third.example/cb").With("scope", "openid email")).At("/consent")
	s.Clock.Add(6 * time.Minute)
	if on := waiting.On(stricter); on.Submit("decision", "yes").URL.Path != "/login" {
		t.Error("finished at", on.URL)
	}
}
