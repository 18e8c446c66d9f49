package audit_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"slices"
	"strconv"
	"testing"
	"time"

	"omgevingsloket-id/pkg/audit"
	"omgevingsloket-id/pkg/errs"
)

var noon = time.Date(2026, time.March, 2, 12, 0, 0, 0, time.UTC)

// memory implements audit.Store and audit.Heads in memory, as far as the
// package needs them.
type memory struct {
	audit.Store
	events []audit.Event
	head   audit.Head
	signed []audit.SignedHead
	anchor audit.Anchor
	pool   audit.Waiting
	down   bool
	silent int    // the number of the call that fails: 1, 2, …
	during func() // called once while the events are read
}

func (m *memory) fault() error {
	if m.silent--; m.down || m.silent == 0 {
		return errs.ErrUnavailable
	}
	return nil
}

// add appends an event, as a store does.
func (m *memory) add(e audit.Event) {
	e.Seq, e.PrevHash = m.head.Seq+1, m.head.Hash
	e.Hash = audit.ChainHash(e.PrevHash, e)
	m.events, m.head = append(m.events, e), audit.Head{Seq: e.Seq, Hash: e.Hash, At: e.At}
}

func (m *memory) Events(_ context.Context, after int64, limit int) ([]audit.Event, error) {
	if during := m.during; during != nil {
		m.during = nil
		during()
	}
	i := slices.IndexFunc(m.events, func(e audit.Event) bool { return e.Seq > after })
	if err := m.fault(); err != nil || i < 0 {
		return nil, err
	}
	return m.events[i:min(i+limit, len(m.events))], nil
}

func (m *memory) Waiting(context.Context) (audit.Waiting, error) { return m.pool, m.fault() }

func (m *memory) Head(context.Context) (audit.Head, error)           { return m.head, m.fault() }
func (m *memory) Anchor(context.Context) (audit.Anchor, error)       { return m.anchor, m.fault() }
func (m *memory) Signed(context.Context) ([]audit.SignedHead, error) { return m.signed, m.fault() }

func (m *memory) Newest(context.Context) (audit.SignedHead, error) {
	if len(m.signed) == 0 {
		return audit.SignedHead{}, m.fault()
	}
	return m.signed[len(m.signed)-1], m.fault()
}

func (m *memory) Keep(_ context.Context, h audit.SignedHead) error {
	m.signed = append(m.signed, h)
	return m.fault()
}

func (m *memory) Prune(_ context.Context, was, to audit.Anchor, e audit.Event) error {
	if err := m.fault(); err != nil {
		return err
	}
	if m.anchor != was {
		return errs.ErrConflict
	}
	m.anchor = to
	m.events = slices.DeleteFunc(slices.Clone(m.events), func(e audit.Event) bool { return e.Seq <= to.Seq })
	m.signed = slices.DeleteFunc(slices.Clone(m.signed), func(h audit.SignedHead) bool { return h.Seq <= to.Seq })
	m.add(e)
	return nil
}

func signer(t *testing.T, seed byte) audit.Signer {
	t.Helper()
	return audit.NewSigner(bytes.Repeat([]byte{seed}, 32))
}

// log returns a log of n events, one an hour from noon on, with a signed head
// after each second one.
func log(t *testing.T, n int) (*memory, audit.Signer) {
	t.Helper()
	m, s := &memory{}, signer(t, 1)
	for i := range n {
		at := noon.Add(time.Duration(i) * time.Hour)
		m.add(audit.Official("olga").Did(audit.AccountViewed, "a"+strconv.Itoa(i+1), at))
		if i%2 == 1 {
			_, err := audit.Checkpoint(t.Context(), m, s, at)
			must(t, err)
		}
	}
	return m, s
}

// The error of any failing read or write is returned, and nothing is removed.
func TestNoAnswer(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		do    func(*memory, audit.Signer) error
		least int // calls of the store
	}{
		"Verify": {func(m *memory, s audit.Signer) error {
			_, err := audit.Verify(t.Context(), m, m, s.Public(), time.Time{})
			return err
		}, 4},
		"Verify of a broken log": {func(m *memory, s audit.Signer) error {
			m.events = slices.Clone(m.events)
			m.events[2].ObjectID = "x"
			_, err := audit.Verify(t.Context(), m, m, s.Public(), time.Time{})
			return err
		}, 5},
		"Prune": {func(m *memory, s audit.Signer) error {
			_, _, err := audit.Prune(t.Context(), m, m, s, time.Hour, noon.Add(24*time.Hour), audit.System(""))
			return err
		}, 8},
		"Checkpoint":    {func(m *memory, s audit.Signer) error { _, err := audit.Checkpoint(t.Context(), m, s, noon); return err }, 3},
		"Export":        {func(m *memory, s audit.Signer) error { return audit.Export(t.Context(), io.Discard, m, m, s, 0, noon) }, 5},
		"Logboek.Write": {func(m *memory, _ audit.Signer) error { return audit.Logboek{}.Write(t.Context(), io.Discard, m, m, 0) }, 3},
	} {
		answered := false
		for n := 1; !answered; n++ {
			m, s := log(t, 5)
			m.silent = n
			err := c.do(m, s)
			answered = m.silent > 0
			switch {
			case !answered && (!errors.Is(err, errs.ErrUnavailable) || len(m.events) != 5):
				t.Errorf("%s without the answer to question %d = %v with %d events left, want errs.ErrUnavailable and 5", name, n, err, len(m.events))
			case answered && (err != nil || n <= c.least):
				t.Errorf("%s asks %d questions, %v, want at least %d and nil", name, n-1, err, c.least)
			}
		}
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func (m *memory) History(context.Context, audit.History, int) ([]audit.Event, error) { return nil, nil }
