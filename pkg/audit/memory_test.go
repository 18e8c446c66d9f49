package audit_test

import (
	"bytes"
	"context"
	"slices"
	"strconv"
	"testing"
	"time"

	"omgevingsloket-id/pkg/audit"
	"omgevingsloket-id/pkg/errs"
)

var noon = time.Date(2026, time.March, 2, 12, 0, 0, 0, time.UTC)

// memory is the log in memory. It keeps the contracts of audit.Store and
// audit.Heads, as far as the package needs them.
type memory struct {
	audit.Store
	events []audit.Event
	head   audit.Head
	signed []audit.SignedHead
	anchor audit.Anchor
	down   bool
	during func() // what happens once while the events are read
}

func (m *memory) fault() error {
	if m.down {
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
	if i < 0 || m.down {
		return nil, m.fault()
	}
	return m.events[i:min(i+limit, len(m.events))], nil
}

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

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
