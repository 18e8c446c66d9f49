// Package storagetest holds the contracts of the stores as tests, and wrappers
// that count calls and inject faults. Every back end passes the same suite:
//
//	func TestContract(t *testing.T) { storagetest.Everything(t, open) }
//
// The suite uses only the interfaces in pkg. It makes accounts as people do,
// through an application, and tests three things of each change: the guard names
// the state it leaves, of 64 simultaneous callers exactly one succeeds, and its
// effects are written if and only if it happened.
package storagetest

import (
	"context"
	"crypto/rand"
	"errors"
	"reflect"
	"sync"
	"testing"
	"time"

	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/audit"
	"omgevingsloket-id/pkg/authreq"
	"omgevingsloket-id/pkg/client"
	"omgevingsloket-id/pkg/consent"
	"omgevingsloket-id/pkg/grant"
	"omgevingsloket-id/pkg/intake"
	"omgevingsloket-id/pkg/limit"
	"omgevingsloket-id/pkg/mail"
	"omgevingsloket-id/pkg/session"
	"omgevingsloket-id/pkg/signin"
	"omgevingsloket-id/pkg/signkey"
)

// Stores are the stores of a back end.
type Stores struct {
	Accounts     account.Store
	Recoveries   account.Recoveries
	Applications intake.Store
	Clients      client.Store
	Consents     consent.Store
	Grants       grant.Store
	Keys         signkey.Store
	Lanes        limit.Lanes
	Locks        limit.Locks
	Outbox       mail.Outbox
	Bounces      mail.Bounces
	Audit        audit.Store
	Requests     authreq.Store
	Sessions     session.Store
	Windows      limit.Windows
	Refusals     signin.Refusals
	Devices      signin.Devices
	Resets       account.Resets
	Logins       session.List
	Addresses    account.Addresses
}

// Everything runs the suite on a back end with all stores. open returns empty
// stores each time.
func Everything(t *testing.T, open func(*testing.T) Stores) {
	t.Run("Accounts", func(t *testing.T) { Accounts(t, open) })
	t.Run("Recoveries", func(t *testing.T) { Recoveries(t, open) })
	t.Run("Addresses", func(t *testing.T) { Addresses(t, open) })
	t.Run("Applications", func(t *testing.T) { Applications(t, open) })
	t.Run("Clients", func(t *testing.T) { Clients(t, open) })
	t.Run("Consents", func(t *testing.T) { Consents(t, open) })
	t.Run("Grants", func(t *testing.T) { Grants(t, open) })
	t.Run("Keys", func(t *testing.T) { Keys(t, open) })
	t.Run("Resets", func(t *testing.T) { Resets(t, open) })
	t.Run("Logins", func(t *testing.T) { Logins(t, open) })
	t.Run("Lanes", func(t *testing.T) { Lanes(t, open) })
	t.Run("Locks", func(t *testing.T) { Locks(t, open) })
	t.Run("Mailboxes", func(t *testing.T) { Mailboxes(t, open) })
	t.Run("Outbox", func(t *testing.T) { Outbox(t, open) })
	t.Run("Bounces", func(t *testing.T) { Bounces(t, open) })
	t.Run("Audit", func(t *testing.T) { Audit(t, open) })
	t.Run("Strings", func(t *testing.T) { Strings(t, open) })
	t.Run("Silence", func(t *testing.T) { Silence(t, open(t)) })
	t.Run("Requests", func(t *testing.T) {
		Requests(t, func(t *testing.T) authreq.Store { return open(t).Requests })
	})
	t.Run("Sessions", func(t *testing.T) {
		Sessions(t, func(t *testing.T) session.Store { return open(t).Sessions })
	})
	t.Run("Windows", func(t *testing.T) {
		Windows(t, func(t *testing.T) limit.Windows { return open(t).Windows })
	})
}

// noon is the suite's time, also for stores whose clock is injected.
var noon = time.Date(2026, time.March, 2, 12, 0, 0, 0, time.UTC)

// crowd is the number of simultaneous callers.
const crowd = 64

// atOnce runs do in a crowd that starts together, and returns each one's error.
func atOnce(do func(i int) error) []error {
	start := make(chan struct{})
	results := make([]error, crowd)
	var wait sync.WaitGroup
	for i := range crowd {
		wait.Go(func() {
			<-start
			results[i] = do(i)
		})
	}
	close(start)
	wait.Wait()
	return results
}

// exactlyOne requires one success, and the given error from all others.
func exactlyOne(t *testing.T, results []error, rest error) {
	t.Helper()
	exactly(t, 1, results, rest)
}

func exactly(t *testing.T, want int, results []error, rest error) {
	t.Helper()
	succeeded := 0
	for _, err := range results {
		if err == nil {
			succeeded++
		} else if !errors.Is(err, rest) {
			t.Errorf("one of the crowd got %v, want success or %v", err, rest)
		}
	}
	if succeeded != want {
		t.Errorf("%d of %d succeeded, want %d", succeeded, len(results), want)
	}
}

// eventually waits until so returns true. It does not judge how long that takes.
func eventually(t *testing.T, what string, so func() bool) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		if so() {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("never: %s", what)
		}
	}
}

func is(t *testing.T, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("got error %v, want %v", err, want)
	}
}

// ok returns the value of a call that has to succeed.
func ok[T any](t *testing.T) func(T, error) T {
	return func(v T, err error) T {
		t.Helper()
		must(t, err)
		return v
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatalf("got error %v, want success", err)
	}
}

func same(t *testing.T, got, want any) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

// fresh returns an unused id.
func fresh(what string) string { return what + "-" + rand.Text() }

func ctx(t *testing.T) context.Context { return t.Context() }
