package signin_test

import (
	"context"
	"crypto/rand"
	"errors"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/errs"
	"omgevingsloket-id/pkg/limit"
	"omgevingsloket-id/pkg/secret"
	"omgevingsloket-id/pkg/signin"
)

var noon = time.Date(2026, time.March, 2, 12, 0, 0, 0, time.UTC)

// house is one account behind the contracts; it writes down what it was asked.
type house struct {
	account.Store
	limit.Lanes
	account account.Account
	open    bool
	rehash  bool
	yes     bool   // the hasher says yes to everything
	fail    string // the call that is unavailable
	asked   []string
	keys    []string
}

func (h *house) ask(what string) error {
	h.asked = append(h.asked, what)
	if what == h.fail {
		return errs.Unavailable(what, errors.New("gone"))
	}
	return nil
}

func (h *house) Try(_ context.Context, key, _ string, _ time.Time) (bool, error) {
	h.keys = append(h.keys, key)
	return h.open, h.ask("try")
}

func (h *house) Clear(context.Context, string, string, bool, time.Time) error { return h.ask("clear") }

func (h *house) ByEmail(_ context.Context, email string) (account.Account, error) {
	if err := h.ask("account"); err != nil {
		return account.Account{}, err
	}
	if email != h.account.Email {
		return account.Account{}, errs.ErrNotFound
	}
	return h.account, nil
}

func (h *house) Rehash(_ context.Context, _ string, old, fresh secret.Text) error {
	if old != h.account.PasswordHash || fresh != "new hash" {
		return errors.New("another hash")
	}
	return h.ask("rehash")
}

func (h *house) Verify(_ context.Context, phc, password string) (bool, bool, error) {
	return h.yes || phc != "" && password == "right", h.rehash, h.ask("verify")
}

func (h *house) Hash(context.Context, string) (string, error) { return "new hash", h.ask("hash") }

func newHouse() *house {
	return &house{open: true, account: account.Account{ID: "a", Email: "anna@example.com", PasswordHash: "old hash", State: account.Active, Epoch: 1}}
}

func (h *house) rules() *signin.Service {
	return &signin.Service{Accounts: h, Lanes: h, Hasher: h, EmailKey: []byte("key"), Limits: account.DefaultLimits, Rand: rand.Reader, Now: func() time.Time { return noon }}
}

// The try is counted first, then the account is read, then one hash is made,
// whatever is wrong; a refusal asks nothing else.
func TestLG08_RefusalsAskTheSame(t *testing.T) {
	t.Parallel()
	for what, change := range map[string]func(*house) (email, password string){
		"wrong":        func(*house) (string, string) { return "anna@example.com", "wrong" },
		"unknown":      func(*house) (string, string) { return "nobody@example.com", "right" },
		"unknown, yes": func(h *house) (string, string) { h.yes = true; return "nobody@example.com", "right" },
		"no address":   func(*house) (string, string) { return "nobody", "right" },
		"empty":        func(*house) (string, string) { return "", "right" },
		"too long":     func(*house) (string, string) { return strings.Repeat("é", 300), "right" },
		"locked":       func(h *house) (string, string) { h.open = false; return "anna@example.com", "right" },
		"closed":       func(h *house) (string, string) { h.account.State = account.Closed; return "anna@example.com", "right" },
		"wrong, dated": func(h *house) (string, string) { h.rehash = true; return "anna@example.com", "wrong" },
	} {
		h := newHouse()
		email, password := change(h)
		a, err := h.rules().Password(t.Context(), email, password, "")
		if !errors.Is(err, signin.ErrRefused) || a.ID != "" || !slices.Equal(h.asked, []string{"try", "account", "verify"}) {
			t.Errorf("%s: %v, asked %v", what, err, h.asked)
		}
	}
}

// Each store and the hashing gate may be away: that is never a refusal.
func TestUnavailableIsNoRefusal(t *testing.T) {
	t.Parallel()
	for _, call := range []string{"try", "account", "verify", "clear"} {
		for _, password := range []string{"right", "wrong"} {
			h := newHouse()
			h.fail = call
			a, err := h.rules().Password(t.Context(), "anna@example.com", password, "")
			if call == "clear" && password == "wrong" {
				continue
			}
			if !errors.Is(err, errs.ErrUnavailable) || errors.Is(err, signin.ErrRefused) || a.ID != "" {
				t.Errorf("%s away, %s password: %v", call, password, err)
			}
		}
	}
}

// an old hash is renewed by the login that proves it right; that this
// fails stops nobody.
func TestR320_Rehash(t *testing.T) {
	t.Parallel()
	for _, fail := range []string{"", "hash", "rehash"} {
		h := newHouse()
		h.rehash, h.fail = true, fail
		a, err := h.rules().Password(t.Context(), " Anna@Example.com", "right", "")
		if err != nil || a.ID != "a" || !slices.Contains(h.asked, "hash") || fail == "" && h.asked[len(h.asked)-1] != "rehash" {
			t.Errorf("%q fails: %v, asked %v", fail, err, h.asked)
		}
	}
}

// Blocked is no refusal: after a right password in an open lane the caller
// may tell.
func TestBlockedIsToldByTheCaller(t *testing.T) {
	t.Parallel()
	h := newHouse()
	h.account.State = account.Blocked
	if a, err := h.rules().Password(t.Context(), "anna@example.com", "right", ""); err != nil || a.State != account.Blocked {
		t.Error(a.State, err)
	}
}

// The lane's key is of the canonical address, and does not hold it.
func TestLG13_LaneKeys(t *testing.T) {
	t.Parallel()
	h := newHouse()
	for _, email := range []string{"anna@example.com", "ANNA@EXAMPLE.COM ", "anna@example.com."} {
		_, _ = h.rules().Password(t.Context(), email, "wrong", "")
	}
	if len(slices.Compact(h.keys)) != 1 || strings.Contains(h.keys[0], "anna") {
		t.Error(h.keys)
	}
}

// Eight characters that can be read out over a telephone.
func TestReference(t *testing.T) {
	t.Parallel()
	shape := regexp.MustCompile(`^[A-HJ-NP-Z2-9]{4}-[A-HJ-NP-Z2-9]{4}$`)
	seen, letters := map[string]bool{}, map[rune]int{}
	for range 4000 {
		ref := signin.Reference(rand.Reader)
		if !shape.MatchString(ref) || seen[ref] {
			t.Fatal(ref, seen[ref])
		}
		seen[ref] = true
		for _, r := range ref {
			letters[r]++
		}
	}
	if len(letters) != 33 { // 32 and the dash
		t.Error("letters used:", len(letters))
	}
	defer func() {
		if recover() == nil {
			t.Error("a reference without randomness")
		}
	}()
	signin.Reference(strings.NewReader("short"))
}
