package main

import (
	"context"
	"maps"
	"net/http"
	"reflect"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"omgevingsloket-id/pkg/config"
	"omgevingsloket-id/pkg/limit"
)

const wrongPassword = "quite another password"

// Unknown, wrong, blocked, locked, not linked yet: one answer, to the byte,
// at one price, and with nothing left behind. LG-08's "wrong code" has a page
// of its own here, behind a right password (DESIGN.md §3.5).
func TestLG08_LG10_RefusalsAreOneAnswer(t *testing.T) {
	s, calls := watched(t, nil)
	// Addresses of one length, so that the lengths of the answers compare.
	blocked, _ := s.active("p-blocked@example.com")
	s.blocked(blocked)
	s.active("p-active1@example.com")
	s.active("p-locked1@example.com")
	s.shown("p-shown01@example.com")
	s.person("p-waiting@example.com")
	lockedBlocked, _ := s.active("p-both001@example.com")
	s.fill("p-locked1@example.com")
	s.fill("p-both001@example.com")
	s.fill("p-nobody2@example.com")
	s.blocked(lockedBlocked)
	s.mails("")

	b := s.browser().authorize(newRequest("web", callbackURI)).at("/login")
	var first answer
	var price map[string]int
	for i, c := range []struct{ what, email, password string }{
		{"wrong password", "p-active1@example.com", wrongPassword},
		{"unknown address", "p-nobody1@example.com", testPassword},
		{"unknown address, locked", "p-nobody2@example.com", testPassword},
		{"locked, right password", "p-locked1@example.com", testPassword},
		{"locked, wrong password", "p-locked1@example.com", wrongPassword},
		{"blocked, wrong password", "p-blocked@example.com", wrongPassword},
		{"blocked and locked, right password", "p-both001@example.com", testPassword},
		{"awaiting enrolment, wrong password", "p-waiting@example.com", wrongPassword},
		{"QR shown, wrong password", "p-shown01@example.com", wrongPassword},
		{"no address at all", "p-no-mail-example.com", testPassword},
		{"a password that can be none", "p-active1@example.com", strings.Repeat("x", 1500)},
	} {
		hashes := s.hashes()
		calls.Reset()
		got := b.send(b.form("email", c.email, "password", c.password)).plain()
		got.body = strings.ReplaceAll(got.body, c.email, "ADDRESS")
		if n := s.hashes() - hashes; n != 1 {
			t.Errorf("%s: %d hash computations, want 1", c.what, n)
		}
		if i == 0 {
			first, price = got, calls.Calls()
			if got.status != http.StatusUnprocessableEntity || got.header["Set-Cookie"] != nil || !strings.Contains(got.body, "of het wachtwoord klopt niet") {
				t.Fatalf("%s: %d %v\n%s", c.what, got.status, got.header, got.body)
			}
			continue
		}
		if !reflect.DeepEqual(got, first) {
			t.Errorf("%s answers differently:\n%d %v\n%s", c.what, got.status, got.header, got.body)
		}
		if n := calls.Calls(); !maps.Equal(n, price) {
			t.Errorf("%s: store calls %v, want %v", c.what, n, price)
		}
	}
	if mails := s.mails("p-blocked@example.com"); mails != nil {
		t.Error("a refusal sends mail:", mails)
	}
	if e := s.happened(blocked); e[0].Action == "account.login" {
		t.Error("a refusal is on the record as", e[0].Action)
	}
}

// A right password tells of the block; a wrong one never does (DESIGN.md §4).
func TestLG08_BlockIsToldAfterTheRightPasswordOnly(t *testing.T) {
	s := newSite(t, nil)
	a, _ := s.active(testEmail)
	a = s.blocked(a)
	b := s.browser().authorize(newRequest("web", callbackURI))
	b.submit("email", testEmail, "password", wrongPassword).at("/login").is(http.StatusUnprocessableEntity)
	if strings.Contains(b.body, a.BlockRef) {
		t.Fatal("the block is told without the password")
	}
	b.submit("email", testEmail, "password", testPassword).at("/login/blocked").is(http.StatusForbidden).says(a.BlockRef).says("Informatiepunt Leefomgeving")
}

// A hint fills the field and looks nobody up.
func TestLG11_LoginHintTellsNothing(t *testing.T) {
	s, calls := watched(t, nil)
	s.person("p-someone@example.com")
	var pages []string
	var prices []map[string]int
	for _, hint := range []string{"p-someone@example.com", "p-nobody0@example.com"} {
		calls.Reset()
		b := s.browser().authorize(newRequest("web", callbackURI).with("login_hint", hint)).at("/login").says(`value="` + hint + `"`)
		prices = append(prices, calls.Calls())
		body := strings.ReplaceAll(b.body, hint, "ADDRESS")
		body = strings.ReplaceAll(body, b.url.Query().Get("login"), "LOGIN")
		pages = append(pages, csrfField.ReplaceAllString(body, "CSRF"))
	}
	if pages[0] != pages[1] || !maps.Equal(prices[0], prices[1]) {
		t.Errorf("a known address shows: %v, %v", prices[0], prices[1])
	}
}

// However an address is spelt, it is one account and one counter.
func TestLG13_OneAddressOneCounter(t *testing.T) {
	s := newSite(t, nil)
	s.active("anna.k@example.com")
	for _, spelling := range []string{"ANNA.K@EXAMPLE.COM", "  anna.k@example.com ", "Anna.K@example.com.", "anna.\u212a@example.com", "anna.k@ｅｘａｍｐｌｅ.com"} {
		s.browser().authorize(newRequest("web", callbackURI)).submit("email", spelling, "password", testPassword).at("/login/code")
	}
	b := s.browser().authorize(newRequest("web", callbackURI))
	for _, spelling := range []string{"ANNA.K@EXAMPLE.COM", "  anna.k@example.com ", "Anna.K@example.com.", "anna.\u212a@example.com", "anna.k@ｅｘａｍｐｌｅ.com"} {
		b.submit("email", spelling, "password", wrongPassword).at("/login")
	}
	b.submit("email", "anna.k@example.com", "password", testPassword).at("/login").is(http.StatusUnprocessableEntity)
	for _, other := range []string{"anna.k+x@example.com", `"anna.k"@example.com`, "anna.k@example.com\u200b", "annaı.k@example.com", "an%na.k@example.com"} {
		s.browser().authorize(newRequest("web", callbackURI)).submit("email", other, "password", testPassword).at("/login").is(http.StatusUnprocessableEntity)
	}
}

// openLanes counts how many tries found a lane open.
type openLanes struct {
	limit.Lanes
	open *atomic.Int64
}

func (l openLanes) Try(ctx context.Context, key, device string, now time.Time) (bool, error) {
	open, err := l.Lanes.Try(ctx, key, device, now)
	if open {
		l.open.Add(1)
	}
	return open, err
}

// 200 guesses at one moment are five tries.
func TestLG14_ParallelGuessesAreEachCounted(t *testing.T) {
	var open atomic.Int64
	s := newSiteWith(t, func(c *config.Config) { c.Password.Wait = 5 * time.Minute }, func(s *stores) { s.lanes = openLanes{s.lanes, &open} })
	s.active(testEmail)
	b := s.browser().authorize(newRequest("web", callbackURI)).at("/login")
	open.Store(0)
	const guesses = 200
	requests := make([]*http.Request, guesses)
	for i := range requests {
		requests[i] = b.form("email", testEmail, "password", wrongPassword)
	}
	var refused atomic.Int64
	atOnce(guesses, func(i int) {
		if res, err := b.http.Do(requests[i]); err == nil {
			_ = res.Body.Close()
			if res.StatusCode == http.StatusUnprocessableEntity {
				refused.Add(1)
			}
		}
	})
	if refused.Load() != guesses || open.Load() != 5 {
		t.Errorf("%d refused of %d, %d of them looked at; want all, and 5", refused.Load(), guesses, open.Load())
	}
	b.submit("email", testEmail, "password", testPassword).at("/login").is(http.StatusUnprocessableEntity)
	s.clock.add(time.Minute) // the first lock
	b.submit("email", testEmail, "password", testPassword).at("/login/code")
}

// Requests, browsers, servers and restarts share one budget.
func TestLG15_OneBudgetForAnAddress(t *testing.T) {
	s := newSite(t, onServers(t))
	s.active(testEmail)
	second := s.twin(0)
	for _, at := range []*site{s, second, s, second, s.twin(0)} {
		at.browser().authorize(newRequest("web", callbackURI)).submit("email", testEmail, "password", wrongPassword).at("/login")
	}
	for _, at := range []*site{s, second} {
		at.browser().authorize(newRequest("web", callbackURI)).submit("email", testEmail, "password", testPassword).at("/login").is(http.StatusUnprocessableEntity)
	}
}

// Strangers who burn their lane leave the owner's browser alone, and the
// other way round.
func TestLG16_LockIsNoWeapon(t *testing.T) {
	s := newSite(t, nil)
	_, owner := s.active(testEmail)
	s.fill(testEmail)
	s.browser().authorize(newRequest("web", callbackURI)).submit("email", testEmail, "password", testPassword).at("/login").is(http.StatusUnprocessableEntity)
	owner.authorize(newRequest("web", callbackURI).with("prompt", "login")).login(testEmail).answered()

	// A device of another account is a stranger here.
	_, other := s.active("other@example.com")
	other.authorize(newRequest("web", callbackURI).with("prompt", "login")).submit("email", testEmail, "password", testPassword).at("/login").is(http.StatusUnprocessableEntity)

	s.clock.add(24 * time.Hour)
	owner.authorize(newRequest("web", callbackURI))
	for range 5 {
		owner.at("/login").submit("email", testEmail, "password", wrongPassword)
	}
	owner.submit("email", testEmail, "password", testPassword).at("/login").is(http.StatusUnprocessableEntity)
	s.browser().authorize(newRequest("web", callbackURI)).submit("email", testEmail, "password", testPassword).at("/login/code")
}
