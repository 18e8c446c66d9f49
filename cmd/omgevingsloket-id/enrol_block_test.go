package main

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/audit"
	"omgevingsloket-id/pkg/errs"
	"omgevingsloket-id/pkg/record"
	"omgevingsloket-id/pkg/totp"
)

func (s *site) unblock(a account.Account) error {
	return s.rules.Unblock(context.Background(), a, "operator", "ticket 4711")
}

// Five wrong codes before the first right one block.
func TestEN13_FiveWrongCodesBlock(t *testing.T) {
	s := newSite(t, nil)
	a, b := s.shown(testEmail)
	for range 4 {
		b.submit("code", b.wrong()).at("/login/code")
		s.clock.add(5 * time.Second)
	}
	if b.submit("code", b.wrong()).at("/login/blocked"); s.reload(a).BlockReason != account.EnrolmentCodes {
		t.Error(s.reload(a).BlockReason)
	}
	if m := s.mails(testEmail); !slices.Equal(m, []string{"account-blocked"}) {
		t.Error("mails:", m)
	}
}

// Seven days after the QR, at the next login: not a second earlier, not a
// second later, and never by a code that was right.
func TestEN14_Deadline(t *testing.T) {
	s := newSite(t, nil)
	inTime, b := s.shown("intime@example.com")
	late, c := s.shown("late@example.com")
	week := s.config.Login.EnrolmentTime
	if week != 7*24*time.Hour {
		t.Fatal("default:", week)
	}
	s.clock.add(inTime.Factor.ShownAt.Add(week).Sub(s.clock.now()) - time.Second)
	seed := b.seed
	b = s.browser().authorize(newRequest("web", callbackURI)).submit("email", inTime.Email, "password", testPassword).at("/login/code")
	b.seed = seed
	b.submit("code", b.code()).answered()

	s.clock.add(late.Factor.ShownAt.Add(week).Sub(s.clock.now()))
	d := s.browser().authorize(newRequest("web", callbackURI))
	if d.submit("email", late.Email, "password", wrongPassword).at("/login"); s.reload(late).State != account.QRShown {
		t.Error("a wrong password blocked the account")
	}
	d.submit("email", late.Email, "password", testPassword).at("/login/blocked")
	got := s.reload(late)
	if got.State != account.Blocked || got.BlockReason != account.EnrolmentLate {
		t.Fatal(got.State, got.BlockReason)
	}
	d.says(got.BlockRef)
	d.post("/login/code?"+d.url.RawQuery, "code", c.code()).at("/login/blocked")
	if m := s.mails(late.Email); !slices.Equal(m, []string{"account-blocked"}) {
		t.Error("mails:", m)
	}
}

// 'QR-code niet gescand?': the link explains, the button blocks and mails. It
// exists before the first right code only.
func TestEN13_NotScanned(t *testing.T) {
	s := newSite(t, nil)
	a, b := s.shown(testEmail)
	b.says("QR-code niet gescand?").get("/login/lost?" + b.url.RawQuery).at("/login/lost").says("Informatiepunt Leefomgeving")
	if s.reload(a).State != account.QRShown {
		t.Fatal("the explanation blocked")
	}
	b.submit().at("/login/blocked").is(http.StatusForbidden)
	got := s.reload(a)
	if got.State != account.Blocked || got.BlockReason != account.NotScanned {
		t.Fatal(got.State, got.BlockReason)
	}
	b.says(got.BlockRef)
	if m := s.mails(testEmail); !slices.Equal(m, []string{"account-blocked"}) {
		t.Error("mails:", m)
	}
	if e := s.happened(a)[0]; e.Action != "account.blocked" || e.Reason != string(account.NotScanned) || e.ActorKind != audit.ActorHolder {
		t.Errorf("%+v", e)
	}

	_, b = s.active("linked@example.com")
	b.toCode("linked@example.com")
	if query := b.url.RawQuery; strings.Contains(b.body, "/login/lost") {
		t.Error("the link is shown to somebody who has an app")
	} else {
		b.get("/login/lost?" + query).at("/login/code")
		b.post("/login/lost?" + query).at("/login/code")
	}
}

// After an unblock everything from before is dead: codes of the old secret,
// sessions, tokens, codes on their way. The new enrolment is whole.
func TestEN20_Unblock(t *testing.T) {
	s := newSite(t, nil)
	s.person(testEmail)
	b := s.browser()
	r := newRequest("web", callbackURI)
	_, tokens := s.redeem(r, b.authorize(r).enrol(testEmail).answered().Get("code"))
	bearer := http.Header{"Authorization": {"Bearer " + tokens["access_token"].(string)}}
	pending := newRequest("web", callbackURI)
	code := b.authorize(pending).answered().Get("code")
	a, err := s.stores.accounts.ByEmail(t.Context(), testEmail)
	must(t, err)
	old := b.seed
	open := s.browser() // a login that waits for its code all the while
	open.seed = old
	open.toCode(testEmail)

	a = s.blocked(a)
	s.mails(testEmail)
	must(t, s.unblock(a))
	got := s.reload(a)
	if got.State != account.AwaitingEnrolment || got.Factor.Sealed != nil || got.Factor.LastStep != 0 || got.BlockRef != "" || got.Epoch <= a.Epoch || got.Unblocks != 1 {
		t.Fatalf("%+v", got)
	}
	if m := s.mails(testEmail); !slices.Equal(m, []string{"account-unblocked"}) {
		t.Error("mails:", m)
	}
	if e := s.happened(a)[0]; e.Action != "account.unblocked" || e.Reason != "ticket 4711" || e.ActorKind != audit.ActorOperator || e.ActorID != "operator" {
		t.Errorf("%+v", e)
	}
	if b.loggedIn() {
		t.Error("the session lives on")
	}
	if status, _, _ := s.call(http.MethodGet, "/userinfo", nil, bearer); status != http.StatusUnauthorized {
		t.Error("the token lives on:", status)
	}
	if status, out := s.redeem(pending, code); status != http.StatusBadRequest {
		t.Error("the code lives on:", status, out)
	}
	s.clock.add(time.Minute)
	open.submit("code", open.code()).at("/login") // its password counted for the account as it was

	again := s.toEnrol(testEmail).says("Verwijder").submit().at("/enrol/qr").scan()
	if again.seed == old {
		t.Fatal("the old secret came back")
	}
	fresh := again.seed
	again.get("/login/code?" + again.url.RawQuery)
	again.seed = old
	again.submit("code", again.code()).at("/login/code").is(http.StatusUnprocessableEntity)
	again.seed = fresh
	again.submit("code", again.code()).answered()
	// Active once more, and what was made before the block stays dead.
	if b.loggedIn() {
		t.Error("the session came back")
	}
	if status, _, _ := s.call(http.MethodGet, "/userinfo", nil, bearer); status != http.StatusUnauthorized {
		t.Error("the token came back:", status)
	}
	for range 3 {
		s.clock.add(time.Minute)
		again.toCode(testEmail)
		stale, err := totp.Code(old, totp.Step(s.clock.now()))
		must(t, err)
		if again.submit("code", stale).at("/login/code"); s.reload(a).Factor.Failures != 1 {
			t.Error("an old code is not simply wrong")
		}
		again.submit("code", again.code()).answered()
	}
}

// The unblock of an account that is not blocked does nothing; of many at
// once, one does.
func TestEN21_UnblockIsGuarded(t *testing.T) {
	s := newSite(t, onServers(t))
	active, _ := s.active("active@example.com")
	shown, b := s.shown("shown@example.com")
	waiting := s.person("waiting@example.com")
	s.mails("")
	for _, a := range []account.Account{active, shown, waiting} {
		if err := s.unblock(a); !errors.Is(err, errs.ErrConflict) || s.reload(a).Epoch != a.Epoch || s.reload(a).State != a.State {
			t.Errorf("unblock of %s: %v", a.State, err)
		}
	}
	b.submit("code", b.code()).answered()
	if m := append(s.mails(active.Email), s.mails(waiting.Email)...); m != nil {
		t.Error("mails:", m)
	}

	s.mails("")
	a := s.blocked(active)
	var done, conflicts atomic.Int64
	atOnce(16, func(int) {
		switch err := s.unblock(a); {
		case err == nil:
			done.Add(1)
		case errors.Is(err, errs.ErrConflict):
			conflicts.Add(1)
		}
	})
	if got := s.reload(a); done.Load() != 1 || conflicts.Load() != 15 || got.Unblocks != 1 {
		t.Errorf("%d done, %d refused, %d unblocks", done.Load(), conflicts.Load(), got.Unblocks)
	}
	if m := s.mails(a.Email); !slices.Equal(m, []string{"account-unblocked"}) {
		t.Error("mails:", m)
	}
}

// A secret that does not open is our fault: 503, never "wrong", not counted.
func TestEN19_SecretOfAnotherRow(t *testing.T) {
	s := newSite(t, nil)
	_, other := s.shown("other@example.com")
	sealed := s.reload(account.Account{ID: s.accountOf(other).ID}).Factor.Sealed
	a := s.person(testEmail)
	b := s.toEnrol(testEmail)
	must(t, s.stores.accounts.Reveal(t.Context(), a.ID, a.Epoch, sealed, s.clock.now(), record.Record{}))
	b.get("/login/code?"+b.url.RawQuery).at("/login/code").submit("code", other.code()).is(http.StatusServiceUnavailable)
	if strings.Contains(b.body, "klopt niet") || s.reload(a).Factor.Failures != 0 || s.reload(a).State != account.QRShown {
		t.Error("told or counted as wrong")
	}
}
