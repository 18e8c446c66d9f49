package main

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/storage/storagetest"
)

// through tries to get from wherever the browser is to the client, the way a
// patient person does: what failed is tried again, a code that was used is
// waited out. It fails when anybody is told that something was wrong.
func (b *browser) through(email string) {
	b.s.t.Helper()
	for range 12 {
		if b.url.Host == "rp.example" {
			if b.url.Query().Get("code") == "" {
				b.s.t.Fatal("the client got", b.url.Query())
			}
			return
		}
		for _, lie := range []string{"wachtwoord klopt niet", "code klopt niet", "geblokkeerd"} {
			if strings.Contains(b.body, lie) {
				b.s.t.Fatalf("at %s: %q after a fault of ours", b.url, lie)
			}
		}
		switch {
		case b.status == http.StatusServiceUnavailable:
			b.get("/login/code?login=" + b.url.Query().Get("login")) // any page leads to the right one
			if b.url.Query().Get("login") == "" {
				b.authorize(newRequest("web", callbackURI))
			}
		case b.status == http.StatusGone:
			b.authorize(newRequest("web", callbackURI))
		case b.url.Path == "/login":
			b.submit("email", email, "password", testPassword)
		case b.url.Path == "/login/code":
			if strings.Contains(b.body, "al gebruikt") {
				b.s.clock.add(30 * time.Second)
			}
			b.submit("code", b.code())
		default:
			b.s.t.Fatalf("stuck at %s (%d)", b.url, b.status)
		}
	}
	b.s.t.Fatalf("no way through, last at %s (%d)", b.url, b.status)
}

// Whichever call to a store fails once, before it was done or after: nobody is
// told that a password or code was wrong, and trying again gets there.
func TestFaultAtEachCallOfALogin(t *testing.T) {
	for _, name := range []string{
		"Windows.Allow", "Requests.Create", "Requests.Get", "Requests.Save", "Lanes.Try", "Lanes.Clear", "Accounts.ByEmail", "Accounts.ByID",
		"Accounts.TryCode", "Sessions.Create", "Sessions.Get", "Sessions.Save", "Grants.Issue",
	} {
		for _, fault := range []storagetest.Fault{storagetest.NotWritten, storagetest.Written} {
			s, calls := watched(t, nil)
			a, first := s.active(testEmail)
			s.clock.add(time.Minute)
			b := s.browser()
			b.seed = first.seed
			if name == "Sessions.Save" { // single sign-on keeps a session alive
				b = first
			}
			calls.Reset()
			calls.Once(name, fault)
			b.authorize(newRequest("web", callbackURI)).through(testEmail)
			if calls.Calls()[name] == 0 {
				t.Errorf("%s is not part of a login", name)
			}
			if got := s.reload(a); got.State != account.Active || got.Factor.Failures != 0 {
				t.Errorf("%s, fault %d: %s, %d failures", name, fault, got.State, got.Factor.Failures)
			}
			s.server.Close()
		}
	}
}

// The new session is made before the old one's tokens are looked at, or not
// at all: a fault while another person logs in leaves nothing of the first.
func TestFaultWhileAnotherPersonLogsIn(t *testing.T) {
	for _, name := range []string{"Sessions.Get", "Sessions.Delete", "Grants.RevokeSession", "Sessions.Create"} {
		s, calls := watched(t, nil)
		_, second := s.active("second@example.com")
		s.person("first@example.com")
		b := s.browser()
		r := newRequest("web", callbackURI)
		_, tokens := s.redeem(r, b.authorize(r).enrol("first@example.com").answered().Get("code"))
		bearer := http.Header{"Authorization": {"Bearer " + tokens["access_token"].(string)}}
		s.clock.add(time.Minute)
		b.seed = second.seed
		b.authorize(newRequest("web", callbackURI).with("prompt", "login")).submit("email", "second@example.com", "password", testPassword).at("/login/code")
		calls.Once(name, storagetest.NotWritten)
		b.submit("code", b.code())
		b.through("second@example.com")
		if status, _, _ := s.call(http.MethodGet, "/userinfo", nil, bearer); status != http.StatusUnauthorized {
			t.Errorf("%s: the first person's token outlives the login of the second: %d", name, status)
		}
		s.server.Close()
	}
}
