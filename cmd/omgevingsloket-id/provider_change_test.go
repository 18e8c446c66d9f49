package main

import (
	"context"
	"net/http"
	"testing"
	"time"

	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/grant"
	"omgevingsloket-id/pkg/record"
)

// What changes while somebody is on the way: accounts and settings. Clients
// that change are TestAZ23.

// TestTK12_AccountChangesOnTheWay: between login and code, code and token,
// token and userinfo.
func TestTK12_AccountChangesOnTheWay(t *testing.T) {
	s := newSite(t, nil)
	for i, change := range []func(a account.Account){
		func(a account.Account) { s.blocked(a) },
		func(a account.Account) {
			s.blocked(a)
			must(t, s.rules.Accounts.Unblock(t.Context(), a.ID, s.clock.now(), noRecord))
		},
	} {
		email := string(rune('a'+i)) + "@example.com"
		a, b := s.active(email)
		link := b.lastStep(newRequest("web", callbackURI).with("prompt", "login"), email)
		r := newRequest("web", callbackURI)
		tokens, code := b.tokens(newRequest("web", callbackURI)), b.newCode(r)
		change(a)
		if b.get(s.server.URL + link); b.url.Host != s.server.Listener.Addr().String() {
			t.Error("login to code:", b.url)
		}
		status, out := s.redeem(r, code)
		refused(t, status, out, http.StatusBadRequest, "invalid_grant")
		if status, _ := s.userinfo(tokens); status != http.StatusUnauthorized {
			t.Error("token to userinfo:", status)
		}
		if got := b.authorize(newRequest("web", callbackURI).with("prompt", "none")).answered(); got.Get("error") != "login_required" { // AZ-15
			t.Error("single sign-on:", got)
		}
	}
}

// lateGrants does something in the last moment before a code is issued.
type lateGrants struct {
	grant.Store
	before func()
}

func (l *lateGrants) Issue(ctx context.Context, g grant.Grant, rec record.Record) error {
	if l.before != nil {
		l.before()
	}
	return l.Store.Issue(ctx, g, rec)
}

// TestTK12_BlockedInThatVeryMoment: after the last look at the account and
// before the code.
func TestTK12_BlockedInThatVeryMoment(t *testing.T) {
	late := &lateGrants{}
	s := newSiteWith(t, nil, func(s *stores) { late.Store = s.grants; s.grants = late })
	a, b := s.active(testEmail)
	late.before = func() { late.before = nil; s.blocked(a) }
	b.toClient(newRequest("web", callbackURI), "access_denied")
	if n := s.issued(a); n != 1 { // of s.active
		t.Errorf("%d grants", n)
	}
}

// TestR273_ShorterSessions: a limit that was lowered counts for sessions
// that exist.
func TestR273_ShorterSessions(t *testing.T) {
	s := newSite(t, nil)
	_, b := s.active(testEmail)
	s.config.Session.Idle = 5 * time.Minute
	stricter := s.twin(0)
	s.clock.add(6 * time.Minute)
	b.on(stricter).toClient(newRequest("web", callbackURI).with("prompt", "none"), "login_required")
	b.newCode(newRequest("web", callbackURI).with("prompt", "none"))
	// A login that rests on such a session cannot be finished either.
	waiting := copyOf(b)
	waiting.authorize(newRequest("third", "https://third.example/cb").with("scope", "openid email")).at("/consent")
	s.clock.add(6 * time.Minute)
	if on := waiting.on(stricter); on.submit("decision", "yes").url.Path != "/login" {
		t.Error("finished at", on.url)
	}
}
