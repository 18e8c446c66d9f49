package login_test

import (
	"context"
	"maps"
	"net/http"
	"reflect"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"omgevingsloket-id/cmd/omgevingsloket-id/app"
	"omgevingsloket-id/e2e/site"
	"omgevingsloket-id/pkg/config"
	"omgevingsloket-id/pkg/limit"
)

// Unknown, wrong, blocked, locked and not linked yet get one answer, equal to the
// byte, at the same cost, and nothing is stored. LG-08's "wrong code" has a page of
// its own here, after a right password (DESIGN.md §3.5).
func TestLG08_LG10_RefusalsAreOneAnswer(t *testing.T) {
	t.Parallel()
	s, calls := site.NewWatched(t, nil)
	// The addresses have one length, so that the lengths of the answers can be compared.
	blocked, _ := s.Active("p-blocked@example.com")
	s.Blocked(blocked)
	s.Active("p-active1@example.com")
	s.Active("p-locked1@example.com")
	s.Shown("p-shown01@example.com")
	s.Person("p-waiting@example.com")
	lockedBlocked, _ := s.Active("p-both001@example.com")
	s.FillLane("p-locked1@example.com")
	s.FillLane("p-both001@example.com")
	s.FillLane("p-nobody2@example.com")
	s.Blocked(lockedBlocked)
	s.Mails("")

	b := s.Browser().Authorize(site.NewRequest("web", site.CallbackURI)).At("/login")
	var first site.Answer
	var price map[string]int
	for i, c := range []struct{ what, email, password string }{
		{"wrong password", "p-active1@example.com", site.WrongPassword},
		{"unknown address", "p-nobody1@example.com", site.Password},
		{"unknown address, locked", "p-nobody2@example.com", site.Password},
		{"locked, right password", "p-locked1@example.com", site.Password},
		{"locked, wrong password", "p-locked1@example.com", site.WrongPassword},
		{"blocked, wrong password", "p-blocked@example.com", site.WrongPassword},
		{"blocked and locked, right password", "p-both001@example.com", site.Password},
		{"awaiting enrolment, wrong password", "p-waiting@example.com", site.WrongPassword},
		{"QR shown, wrong password", "p-shown01@example.com", site.WrongPassword},
		{"no address at all", "p-no-mail-example.com", site.Password},
		{"a password that can be none", "p-active1@example.com", strings.Repeat("x", 1500)},
	} {
		hashes := s.Hashes()
		calls.Reset()
		got := b.Send(b.Form("email", c.email, "password", c.password)).Plain()
		got.Body = strings.ReplaceAll(got.Body, c.email, "ADDRESS")
		if n := s.Hashes() - hashes; n != 1 {
			t.Errorf("%s: %d hash computations, want 1", c.what, n)
		}
		if i == 0 {
			first, price = got, calls.Calls()
			if got.Status != http.StatusUnprocessableEntity || len(got.Header["Set-Cookie"]) != 1 || !strings.Contains(got.Body, "of het wachtwoord klopt niet") {
				t.Fatalf("%s: %d %v\n%s", c.what, got.Status, got.Header, got.Body)
			}
			continue
		}
		if !reflect.DeepEqual(got, first) {
			t.Errorf("%s answers differently:\n%d %v\n%s", c.what, got.Status, got.Header, got.Body)
		}
		if n := calls.Calls(); !maps.Equal(n, price) {
			t.Errorf("%s: store calls %v, want %v", c.what, n, price)
		}
	}
	if mails := s.Mails("p-blocked@example.com"); mails != nil {
		t.Error("a refusal sends mail:", mails)
	}
	if e := s.Events(blocked); e[0].Action == "account.login" {
		t.Error("a refusal is in the audit log as", e[0].Action)
	}
}

// The block is shown after a right password, and never after a wrong one (DESIGN.md
// §4).
func TestLG08_BlockIsToldAfterTheRightPasswordOnly(t *testing.T) {
	t.Parallel()
	s := site.New(t, nil)
	a, _ := s.Active(site.Email)
	a = s.Blocked(a)
	b := s.Browser().Authorize(site.NewRequest("web", site.CallbackURI))
	b.Submit("email", site.Email, "password", site.WrongPassword).At("/login").Is(http.StatusUnprocessableEntity)
	if strings.Contains(b.Body, a.BlockRef) {
		t.Fatal("the block is told without the password")
	}
	b.Submit("email", site.Email, "password", site.Password).At("/login/blocked").Is(http.StatusForbidden).Says(a.BlockRef).Says("Informatiepunt Leefomgeving")
}

// A hint fills the field and does not look up an account.
func TestLG11_LoginHintTellsNothing(t *testing.T) {
	t.Parallel()
	s, calls := site.NewWatched(t, nil)
	s.Person("p-someone@example.com")
	var pages []string
	var prices []map[string]int
	for _, hint := range []string{"p-someone@example.com", "p-nobody0@example.com"} {
		calls.Reset()
		b := s.Browser().Authorize(site.NewRequest("web", site.CallbackURI).With("login_hint", hint)).At("/login").Says(`value="` + hint + `"`)
		prices = append(prices, calls.Calls())
		body := strings.ReplaceAll(b.Body, hint, "ADDRESS")
		body = strings.ReplaceAll(body, b.URL.Query().Get("login"), "LOGIN")
		pages = append(pages, site.WithoutToken(body))
	}
	if pages[0] != pages[1] || !maps.Equal(prices[0], prices[1]) {
		t.Errorf("a known address shows: %v, %v", prices[0], prices[1])
	}
}

// Y3, LG-13: all spellings of an address are one account and one counter.
func TestY3_LG13_OneAddressOneCounter(t *testing.T) {
	t.Parallel()
	s := site.New(t, nil)
	s.Active("anna.k@example.com")
	for _, spelling := range []string{"ANNA.K@EXAMPLE.COM", "  anna.k@example.com ", "Anna.K@example.com.", "anna.\u212a@example.com", "anna.k@ｅｘａｍｐｌｅ.com"} {
		s.Browser().Authorize(site.NewRequest("web", site.CallbackURI)).Submit("email", spelling, "password", site.Password).At("/login/code")
	}
	for _, typing := range site.Typings() {
		s.Browser().Authorize(site.NewRequest("web", site.CallbackURI)).Submit("email", typing.Of("anna.k@example.com"), "password", site.Password).At("/login/code")
	}
	b := s.Browser().Authorize(site.NewRequest("web", site.CallbackURI))
	for _, spelling := range []string{"\u202aanna.k@example.com\u202c", "ANNA.K@EXAMPLE.COM", "  anna.k@example.com ", "anna.k@example.com\u200b", "Anna.K@example.com.", "anna.\u212a@example.com", "anna.k@ｅｘａｍｐｌｅ.com"} {
		b.Submit("email", spelling, "password", site.WrongPassword).At("/login")
	}
	b.Submit("email", "anna.k@example.com", "password", site.Password).At("/login").Is(http.StatusUnprocessableEntity)
	for _, other := range []string{"anna.k+x@example.com", `"anna.k"@example.com`, "annaı.k@example.com", "an%na.k@example.com"} {
		s.Browser().Authorize(site.NewRequest("web", site.CallbackURI)).Submit("email", other, "password", site.Password).At("/login").Is(http.StatusUnprocessableEntity)
	}
}

// openLanes counts the tries that found a lane open.
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

// 200 simultaneous guesses are five tries.
func TestLG14_ParallelGuessesAreEachCounted(t *testing.T) {
	t.Parallel()
	var open atomic.Int64
	s := site.Start(t, site.Setup{
		Config: func(c *config.Config) { c.Password.Wait = 5 * time.Minute },
		Wrap:   func(s *app.Stores) { s.Lanes = openLanes{s.Lanes, &open} },
	})
	s.Active(site.Email)
	b := s.Browser().Authorize(site.NewRequest("web", site.CallbackURI)).At("/login")
	open.Store(0)
	const guesses = 200
	requests := make([]*http.Request, guesses)
	for i := range requests {
		requests[i] = b.Form("email", site.Email, "password", site.WrongPassword)
	}
	var refused atomic.Int64
	site.AtOnce(guesses, func(i int) {
		for again := true; again; {
			res, err := b.HTTP.Do(requests[i])
			if err != nil {
				return
			}
			_ = res.Body.Close()
			// On a busy machine a store's turn may not come within its deadline (W2):
			// the guess is made again, as Retry-After asks.
			if again = res.StatusCode == http.StatusServiceUnavailable; again {
				requests[i] = b.Form("email", site.Email, "password", site.WrongPassword)
			}
			if site.Status(res) == http.StatusUnprocessableEntity {
				refused.Add(1)
			}
		}
	})
	if refused.Load() != guesses || open.Load() != 5 {
		t.Errorf("%d refused of %d, %d of them looked at; want all, and 5", refused.Load(), guesses, open.Load())
	}
	b.Submit("email", site.Email, "password", site.Password).At("/login").Is(http.StatusUnprocessableEntity)
	s.Clock.Add(time.Minute) // the first lock ends
	b.Submit("email", site.Email, "password", site.Password).At("/login/code")
}

// Requests, browsers, servers and restarts share one budget.
func TestLG15_OneBudgetForAnAddress(t *testing.T) {
	t.Parallel()
	s := site.New(t, site.OnServers(t))
	s.Active(site.Email)
	second := s.Twin(0)
	for _, at := range []*site.Site{s, second, s, second, s.Twin(0)} {
		at.Browser().Authorize(site.NewRequest("web", site.CallbackURI)).Submit("email", site.Email, "password", site.WrongPassword).At("/login")
	}
	for _, at := range []*site.Site{s, second} {
		at.Browser().Authorize(site.NewRequest("web", site.CallbackURI)).Submit("email", site.Email, "password", site.Password).At("/login").Is(http.StatusUnprocessableEntity)
	}
}

// Strangers who lock their lane do not lock the owner's browser, and vice versa.
func TestLG16_LockIsNoWeapon(t *testing.T) {
	t.Parallel()
	s := site.New(t, nil)
	_, owner := s.Active(site.Email)
	s.FillLane(site.Email)
	s.Browser().Authorize(site.NewRequest("web", site.CallbackURI)).Submit("email", site.Email, "password", site.Password).At("/login").Is(http.StatusUnprocessableEntity)
	owner.Authorize(site.NewRequest("web", site.CallbackURI).With("prompt", "login")).Login(site.Email).Answered()

	// The device of another account counts as unknown here.
	_, other := s.Active("other@example.com")
	other.Authorize(site.NewRequest("web", site.CallbackURI).With("prompt", "login")).Submit("email", site.Email, "password", site.Password).At("/login").Is(http.StatusUnprocessableEntity)

	s.Clock.Add(24 * time.Hour)
	owner.Authorize(site.NewRequest("web", site.CallbackURI))
	for range 5 {
		owner.At("/login").Submit("email", site.Email, "password", site.WrongPassword)
	}
	owner.Submit("email", site.Email, "password", site.Password).At("/login").Is(http.StatusUnprocessableEntity)
	s.Browser().Authorize(site.NewRequest("web", site.CallbackURI)).Submit("email", site.Email, "password", site.Password).At("/login/code")
}
