package enrol_test

import (
	"errors"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"omgevingsloket-id/e2e/site"
	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/audit"
	"omgevingsloket-id/pkg/effect"
	"omgevingsloket-id/pkg/errs"
	"omgevingsloket-id/pkg/totp"
)

// Five wrong codes before the first right one block.
func TestEN13_FiveWrongCodesBlock(t *testing.T) {
	t.Parallel()
	s := site.New(t, nil)
	a, b := s.Shown(site.Email)
	for range 4 {
		b.Submit("code", b.WrongCode()).At("/login/code")
		s.Clock.Add(5 * time.Second)
	}
	if b.Submit("code", b.WrongCode()).At("/login/blocked"); s.Reload(a).BlockReason != account.EnrolmentCodes {
		t.Error(s.Reload(a).BlockReason)
	}
	s.WantMails(site.Email, "account-blocked")
}

// Seven days after the QR, at the next login: not a second earlier, not a
// second later, and never by a code that was right.
func TestEN14_Deadline(t *testing.T) {
	t.Parallel()
	s := site.New(t, nil)
	inTime, b := s.Shown("intime@example.com")
	late, c := s.Shown("late@example.com")
	week := s.Config.Login.EnrolmentTime
	if week != 7*24*time.Hour {
		t.Fatal("default:", week)
	}
	s.Clock.Add(inTime.Factor.ShownAt.Add(week).Sub(s.Clock.Now()) - time.Second)
	seed := b.Seed
	b = s.Browser().Authorize(site.NewRequest("web", site.CallbackURI)).Submit("email", inTime.Email, "password", site.Password).At("/login/code")
	b.Seed = seed
	b.Submit("code", b.Code()).Answered()

	s.Clock.Add(late.Factor.ShownAt.Add(week).Sub(s.Clock.Now()))
	d := s.Browser().Authorize(site.NewRequest("web", site.CallbackURI))
	if d.Submit("email", late.Email, "password", site.WrongPassword).At("/login"); s.Reload(late).State != account.QRShown {
		t.Error("a wrong password blocked the account")
	}
	d.Submit("email", late.Email, "password", site.Password).At("/login/blocked")
	got := s.Reload(late)
	if got.State != account.Blocked || got.BlockReason != account.EnrolmentLate {
		t.Fatal(got.State, got.BlockReason)
	}
	d.Says(got.BlockRef)
	d.Post("/login/code?"+d.URL.RawQuery, "code", c.Code()).At("/login/blocked")
	s.WantMails(late.Email, "account-blocked")
}

// 'QR-code niet gescand?': the link explains, the button blocks and mails. It
// exists before the first right code only.
func TestEN13_NotScanned(t *testing.T) {
	t.Parallel()
	s := site.New(t, nil)
	a, b := s.Shown(site.Email)
	b.Says("QR-code niet gescand?").Get("/login/lost?" + b.URL.RawQuery).At("/login/lost").Says("Informatiepunt Leefomgeving")
	if s.Reload(a).State != account.QRShown {
		t.Fatal("the explanation blocked")
	}
	b.Submit().At("/login/blocked").Is(http.StatusForbidden)
	got := s.Reload(a)
	if got.State != account.Blocked || got.BlockReason != account.NotScanned {
		t.Fatal(got.State, got.BlockReason)
	}
	b.Says(got.BlockRef)
	s.WantMails(site.Email, "account-blocked")
	if e := s.Events(a)[0]; e.Action != "account.blocked" || e.Reason != string(account.NotScanned) || e.ActorKind != audit.ActorHolder {
		t.Errorf("%+v", e)
	}

	_, b = s.Active("linked@example.com")
	b.ToCode("linked@example.com")
	if query := b.URL.RawQuery; strings.Contains(b.Body, "/login/lost") {
		t.Error("the link is shown to somebody who has an app")
	} else {
		b.Get("/login/lost?" + query).At("/login/code")
		b.Post("/login/lost?" + query).At("/login/code")
	}
}

// After an unblock everything from before is dead: codes of the old secret,
// sessions, tokens, codes on their way. The new enrolment is whole.
func TestEN20_Unblock(t *testing.T) {
	t.Parallel()
	s := site.New(t, nil)
	s.Person(site.Email)
	b := s.Browser()
	r := site.NewRequest("web", site.CallbackURI)
	_, tokens := s.Redeem(r, b.Authorize(r).Enrol(site.Email).Answered().Get("code"))
	bearer := http.Header{"Authorization": {"Bearer " + tokens["access_token"].(string)}}
	pending := site.NewRequest("web", site.CallbackURI)
	code := b.Authorize(pending).Answered().Get("code")
	a, err := s.Stores.Accounts.ByEmail(t.Context(), site.Email)
	site.Must(t, err)
	old := b.Seed
	open := s.Browser() // a login that waits for its code all the while
	open.Seed = old
	open.ToCode(site.Email)

	a = s.Blocked(a)
	s.Mails(site.Email)
	site.Must(t, s.Unblock(a))
	got := s.Reload(a)
	if got.State != account.AwaitingEnrolment || got.Factor.Sealed != nil || got.Factor.LastStep != 0 || got.BlockRef != "" || got.Epoch <= a.Epoch || got.Unblocks != 1 {
		t.Fatalf("%+v", got)
	}
	s.WantMails(site.Email, "account-unblocked")
	if e := s.Events(a)[0]; e.Action != "account.unblocked" || e.Reason != "ticket 4711" || e.ActorKind != audit.ActorOperator || e.ActorID != "operator" {
		t.Errorf("%+v", e)
	}
	if b.LoggedIn() {
		t.Error("the session lives on")
	}
	if status, _, _ := s.Call(http.MethodGet, "/userinfo", nil, bearer); status != http.StatusUnauthorized {
		t.Error("the token lives on:", status)
	}
	if status, out := s.Redeem(pending, code); status != http.StatusBadRequest {
		t.Error("the code lives on:", status, out)
	}
	s.Clock.Add(time.Minute)
	open.Submit("code", open.Code()).At("/login") // its password counted for the account as it was

	again := s.ToMailbox(site.Email).Mailbox().Says("Verwijder").Submit().At("/enrol/qr").Scan()
	if again.Seed == old {
		t.Fatal("the old secret came back")
	}
	fresh := again.Seed
	again.Get("/login/code?" + again.URL.RawQuery)
	again.Seed = old
	again.Submit("code", again.Code()).At("/login/code").Is(http.StatusUnprocessableEntity)
	again.Seed = fresh
	again.Submit("code", again.Code()).Answered()
	// Active once more, and what was made before the block stays dead.
	if b.LoggedIn() {
		t.Error("the session came back")
	}
	if status, _, _ := s.Call(http.MethodGet, "/userinfo", nil, bearer); status != http.StatusUnauthorized {
		t.Error("the token came back:", status)
	}
	for range 3 {
		s.Clock.Add(time.Minute)
		again.ToCode(site.Email)
		stale, err := totp.Code(old, totp.Step(s.Clock.Now()))
		site.Must(t, err)
		if again.Submit("code", stale).At("/login/code"); s.Reload(a).Factor.Failures != 1 {
			t.Error("an old code is not simply wrong")
		}
		again.Submit("code", again.Code()).Answered()
	}
}

// The unblock of an account that is not blocked does nothing; of many at
// once, one does.
func TestEN21_UnblockIsGuarded(t *testing.T) {
	t.Parallel()
	s := site.New(t, site.OnServers(t))
	active, _ := s.Active("active@example.com")
	shown, b := s.Shown("shown@example.com")
	waiting := s.Person("waiting@example.com")
	s.Mails("")
	for _, a := range []account.Account{active, shown, waiting} {
		if err := s.Unblock(a); !errors.Is(err, errs.ErrConflict) || s.Reload(a).Epoch != a.Epoch || s.Reload(a).State != a.State {
			t.Errorf("unblock of %s: %v", a.State, err)
		}
	}
	b.Submit("code", b.Code()).Answered()
	if m := append(s.Mails(active.Email), s.Mails(waiting.Email)...); m != nil {
		t.Error("mails:", m)
	}

	s.Mails("")
	a := s.Blocked(active)
	var done, conflicts atomic.Int64
	site.AtOnce(16, func(int) {
		switch err := s.Unblock(a); {
		case err == nil:
			done.Add(1)
		case errors.Is(err, errs.ErrConflict):
			conflicts.Add(1)
		}
	})
	if got := s.Reload(a); done.Load() != 1 || conflicts.Load() != 15 || got.Unblocks != 1 {
		t.Errorf("%d done, %d refused, %d unblocks", done.Load(), conflicts.Load(), got.Unblocks)
	}
	s.WantMails(a.Email, "account-unblocked")
}

// A secret that does not open is our fault: 503, never "wrong", not counted.
func TestEN19_SecretOfAnotherRow(t *testing.T) {
	t.Parallel()
	s := site.New(t, nil)
	_, other := s.Shown("other@example.com")
	sealed := s.Reload(account.Account{ID: s.AccountOf(other).ID}).Factor.Sealed
	a := s.Person(site.Email)
	b := s.ToEnrol(site.Email)
	site.Must(t, s.Stores.Accounts.ShowQR(t.Context(), a.ID, a.Epoch, sealed, s.Clock.Now(), effect.Effects{}))
	b.Get("/login/code?"+b.URL.RawQuery).At("/login/code").Submit("code", other.Code()).Is(http.StatusServiceUnavailable)
	if strings.Contains(b.Body, "klopt niet") || s.Reload(a).Factor.Failures != 0 || s.Reload(a).State != account.QRShown {
		t.Error("told or counted as wrong")
	}
}
