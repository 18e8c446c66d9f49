package login_test

import (
	"context"
	"fmt"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"

	"omgevingsloket-id/cmd/omgevingsloket-id/app"
	"omgevingsloket-id/e2e/site"
	"omgevingsloket-id/pkg/config"
	"omgevingsloket-id/pkg/limit"
	"omgevingsloket-id/pkg/password"
	"omgevingsloket-id/storage/storagetest"
)

// DO-01: a password that would not get to be hashed is refused before it costs
// anything, known address or not.
func TestDO01_FullQueueCostsNothing(t *testing.T) {
	t.Parallel()
	s, calls := site.NewWatched(t, nil)
	s.Active("p-active1@example.com")
	s.Active("p-locked1@example.com")
	s.FillLane("p-locked1@example.com")
	blocked, _ := s.Active("p-blocked@example.com")
	s.Blocked(blocked)
	b := s.Browser().Authorize(site.NewRequest("web", site.CallbackURI)).At("/login")
	login := b.URL.RequestURI()
	empty := s.FillQueue()
	var first site.Answer
	for i, c := range []struct{ what, email, password string }{
		{"right password", "p-active1@example.com", site.Password},
		{"wrong password", "p-active1@example.com", site.WrongPassword},
		{"unknown address", "p-nobody1@example.com", site.Password},
		{"locked", "p-locked1@example.com", site.Password},
		{"blocked", "p-blocked@example.com", site.Password},
		{"no address at all", "p-no-mail-example.com", site.Password},
	} {
		hashes := s.Hashes()
		calls.Reset()
		got := b.Send(b.Form("email", c.email, "password", c.password)).Plain()
		if n := calls.Calls(); len(n) != 0 || s.Hashes() != hashes {
			t.Errorf("%s: store calls %v and %d hashes, want none", c.what, n, s.Hashes()-hashes)
		}
		if i == 0 {
			first = got
			retry := got.Header.Get("Retry-After")
			if got.Status != http.StatusServiceUnavailable || retry == "" || !strings.Contains(got.Body, "Wacht "+retry+" seconde") || strings.Contains(got.Body, "klopt niet") {
				t.Fatalf("%s: %d, Retry-After %q\n%s", c.what, got.Status, retry, got.Body)
			}
			continue
		}
		if !reflect.DeepEqual(got, first) {
			t.Errorf("%s answers differently:\n%d %v\n%s", c.what, got.Status, got.Header, got.Body)
		}
	}
	b.Get(login).Submit("email", "p-active1@example.com", "password", "").At("/login").Is(http.StatusUnprocessableEntity) // is not hashed
	empty()
	b.Get(login).Submit("email", "p-active1@example.com", "password", site.Password).At("/login/code")
}

// DO-01: the place of a request is free again however the request ends.
func TestDO01_PlacesAreFreed(t *testing.T) {
	t.Parallel()
	// There is one place: that of a hash that begins at once.
	s, calls := site.NewWatched(t, func(c *config.Config) { c.Password.Wait, c.Password.Parallel = 1, 1 })
	s.Active(site.Email)
	hasher := s.SignIn.Hasher.(*password.Hasher)
	free := func(after string) {
		t.Helper()
		_, release, err := hasher.Reserve(t.Context(), "")
		if err != nil {
			t.Fatalf("after %s: %v, want the place", after, err)
		}
		if _, _, err := hasher.Reserve(t.Context(), ""); err == nil {
			t.Fatal("there are two places, want one")
		}
		release()
	}
	b := s.Browser().Authorize(site.NewRequest("web", site.CallbackURI)).At("/login")
	login := b.URL.RequestURI()
	free("nothing")
	for _, name := range []string{"Requests.Get", "Windows.Spend", "Accounts.ByEmail", "Lanes.Try", "Refusals.Refuse"} {
		calls.Always(name, storagetest.NotWritten)
		b.Send(b.Form("email", site.Email, "password", site.WrongPassword)).Is(http.StatusServiceUnavailable)
		calls.Heal()
		free(name)
	}
	b.Send(b.Form("email", site.Email, "password", site.WrongPassword)).Is(http.StatusUnprocessableEntity)
	free("a wrong password")
	gone := b.Form("email", site.Email, "password", site.Password)
	gone.URL.RawQuery = "login=olid_req_unknown"
	b.Send(gone).Is(http.StatusGone)
	free("a login that is gone")
	b.Get(login).Submit("email", site.Email, "password", site.Password).At("/login/code")
	free("a right password")
}

// beforeSpend calls a function before anything is charged to a budget.
type beforeSpend struct {
	limit.Windows
	call func()
}

func (w *beforeSpend) Spend(ctx context.Context, charges ...limit.Charge) (int, time.Duration, error) {
	w.call()
	return w.Windows.Spend(ctx, charges...)
}

// DO-01: a source that is beyond its budget holds no place in the queue, however many
// forms it sends at once.
func TestDO01_NoPlaceBeyondTheBudget(t *testing.T) {
	t.Parallel()
	w := &beforeSpend{call: func() {}}
	s := site.Start(t, site.Setup{
		// There is one place.
		Config: func(c *config.Config) { c.Password.Wait, c.Password.Parallel, c.Limits.LoginPerMinute = 1, 1, 1 },
		Wrap:   func(s *app.Stores) { w.Windows, s.Windows = s.Windows, w },
	})
	b := s.Browser().Authorize(site.NewRequest("web", site.CallbackURI)).At("/login")
	b.Send(b.Form("email", site.Email, "password", site.WrongPassword)).Is(http.StatusUnprocessableEntity)
	calls := 0
	w.call = func() {
		calls++
		_, release, err := s.SignIn.Hasher.(*password.Hasher).Reserve(t.Context(), "")
		if err != nil {
			t.Errorf("before the budget is charged: %v, want a place for others", err)
			return
		}
		release()
	}
	b.Send(b.Form("email", site.Email, "password", site.WrongPassword)).Is(http.StatusTooManyRequests)
	if calls == 0 {
		t.Error("no budget was charged")
	}
}

// DO-01: a browser that logged in with an address before gets its turn when
// strangers have filled the queue, at that address alone, and without a read.
func TestDO01_KnownBrowsersFirst(t *testing.T) {
	t.Parallel()
	s, calls := site.NewWatched(t, nil)
	_, owner := s.Active(site.Email)
	_, other := s.Active("p-other@example.com")
	at := func(b *site.Browser) *site.Browser {
		return b.Authorize(site.NewRequest("web", site.CallbackURI).With("prompt", "login")).At("/login")
	}
	proofs := owner.Cookies()
	stolen := at(s.Browser())
	stolen.Give(map[string]string{"olid-device": other.Cookies()["olid-device"], "olid-known": proofs["olid-known"]})
	guessed := at(s.Browser())
	guessed.Give(map[string]string{"olid-device": proofs["olid-device"], "olid-known": strings.Repeat("A", 22)})
	at(owner)
	at(other)
	stranger := at(s.Browser())
	defer s.FillQueue()()
	for what, c := range map[string]struct {
		b     *site.Browser
		email string
	}{
		"a stranger": {stranger, site.Email}, "a known browser of another address": {other, site.Email}, "the owner's at another address": {owner, "p-other@example.com"},
		"a proof of another browser": {stolen, site.Email}, "a browser without its proof": {guessed, site.Email},
	} {
		calls.Reset()
		if got := c.b.Send(c.b.Form("email", c.email, "password", site.Password)); got.Status != http.StatusServiceUnavailable || len(calls.Calls()) != 0 {
			t.Errorf("%s: %d after %v, want 503 after no call", what, got.Status, calls.Calls())
		}
	}
	for b, email := range map[*site.Browser]string{owner: strings.ToUpper(site.Email), other: "p-other@example.com"} {
		b.Submit("email", email, "password", site.Password).At("/login/code")
	}
}

// DO-01: a browser goes before strangers for the addresses of its last four logins.
func TestDO01_KnownForSeveralAddresses(t *testing.T) {
	t.Parallel()
	s := site.New(t, nil)
	b := s.Browser()
	for i := range 6 {
		_, each := s.Active(fmt.Sprintf("p-%d@example.com", i))
		b.Seed = each.Seed
		s.Clock.Add(time.Minute)
		b.Authorize(site.NewRequest("web", site.CallbackURI).With("prompt", "login")).Login(fmt.Sprintf("p-%d@example.com", i)).Answered()
	}
	b.Authorize(site.NewRequest("web", site.CallbackURI).With("prompt", "login")).At("/login")
	form := func(i int) *http.Request {
		return b.Form("email", fmt.Sprintf("p-%d@example.com", i), "password", site.WrongPassword)
	}
	var forms []*http.Request
	for i := range 6 {
		forms = append(forms, form(i))
	}
	defer s.FillQueue()()
	for i, f := range forms {
		want := http.StatusServiceUnavailable
		if i >= 2 {
			want = http.StatusUnprocessableEntity
		}
		if got := b.Send(f); got.Status != want {
			t.Errorf("address %d of 6: %d, want %d", i, got.Status, want)
		}
	}
}
