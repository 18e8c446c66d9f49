package storagetest

import (
	"context"
	"errors"
	"maps"
	"slices"
	"testing"
	"time"

	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/audit"
	"omgevingsloket-id/pkg/authreq"
	"omgevingsloket-id/pkg/client"
	"omgevingsloket-id/pkg/consent"
	"omgevingsloket-id/pkg/errs"
	"omgevingsloket-id/pkg/grant"
	"omgevingsloket-id/pkg/intake"
	"omgevingsloket-id/pkg/limit"
	"omgevingsloket-id/pkg/mail"
	"omgevingsloket-id/pkg/session"
	"omgevingsloket-id/pkg/signin"
	"omgevingsloket-id/pkg/signkey"
)

// savedSessions is a session store that remembers the sessions it saved. The embedded
// interface is nil, so any other call panics.
type savedSessions struct {
	session.Store
	saved []session.Session
	err   error
}

func (b *savedSessions) Save(_ context.Context, s session.Session, _ time.Duration) (session.Session, error) {
	b.saved = append(b.saved, s)
	s.Version++
	return s, b.err
}

func TestFaults(t *testing.T) {
	t.Parallel()
	save := func(f *Faults, b *savedSessions) (session.Session, error) {
		return f.Wrap(Stores{Sessions: b}).Sessions.Save(t.Context(), session.Session{SID: "s"}, time.Minute)
	}
	t.Run("passes what is asked and answered", func(t *testing.T) {
		b := &savedSessions{}
		got, err := save(&Faults{}, b)
		if err != nil || got.SID != "s" || got.Version != 1 || len(b.saved) != 1 {
			t.Errorf("got %+v, %v, after %d", got, err, len(b.saved))
		}
		b.err = errs.ErrConflict
		if _, err := save(&Faults{}, b); !errors.Is(err, errs.ErrConflict) {
			t.Errorf("got %v", err)
		}
	})
	for fault, done := range map[Fault]int{NotWritten: 0, Written: 1} {
		f, b := &Faults{}, &savedSessions{err: errs.ErrConflict}
		f.Once("Sessions.Save", fault)
		got, err := save(f, b)
		if !errors.Is(err, errs.ErrUnavailable) || errors.Is(err, errs.ErrConflict) || got.SID != "" || len(b.saved) != done {
			t.Errorf("fault %d: got %+v, %v, done %d times", fault, got, err, len(b.saved))
		}
		if _, err := save(f, b); !errors.Is(err, errs.ErrConflict) {
			t.Errorf("after one fault: got %v", err)
		}
		f.Always("Sessions.Save", fault)
		for range 3 {
			if _, err := save(f, b); !errors.Is(err, errs.ErrUnavailable) {
				t.Errorf("always: got %v", err)
			}
		}
		f.Heal()
		if _, err := save(f, b); !errors.Is(err, errs.ErrConflict) {
			t.Errorf("healed: got %v", err)
		}
	}
}

// TestWrappers calls every method of every store: each is counted under its own
// name, and each can be made to fail.
func TestWrappers(t *testing.T) {
	t.Parallel()
	s := Stores{
		struct{ account.Store }{}, struct{ account.Recoveries }{}, struct{ intake.Store }{}, struct{ client.Store }{}, struct{ consent.Store }{},
		struct{ grant.Store }{}, struct{ signkey.Store }{}, struct{ limit.Lanes }{}, struct{ limit.Locks }{}, struct{ mail.Outbox }{}, struct{ mail.Bounces }{},
		struct{ audit.Store }{}, struct{ authreq.Store }{}, struct{ session.Store }{}, struct{ limit.Windows }{},
		struct{ signin.Refusals }{}, struct{ signin.Devices }{}, struct{ account.Resets }{}, struct{ session.List }{}, struct{ account.Addresses }{},
	}
	f := &Faults{}
	want := map[string]int{}
	eachMethod(f.Wrap(s), func(name string, call func(context.Context) error) {
		want[name] = 1
		f.Once(name, NotWritten)
		if err := call(t.Context()); !errors.Is(err, errs.ErrUnavailable) { // a call that got through would reach a nil store
			t.Errorf("%s: got %v", name, err)
		}
	})
	if got := f.Calls(); !maps.Equal(got, want) {
		t.Errorf("counted %v", slices.Sorted(maps.Keys(got)))
	}
	f.Reset()
	if got := f.Calls(); len(got) != 0 {
		t.Errorf("after a reset: %v", got)
	}
	if (&Faults{}).Wrap(Stores{}) != (Stores{}) {
		t.Error("a store came from nowhere")
	}
}
