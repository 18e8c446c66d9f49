package audit_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"omgevingsloket-id/pkg/audit"
	"omgevingsloket-id/pkg/errs"
)

// rehash recomputes the chain from event i on, as an attacker with write
// access to the database but no master key can.
func (m *memory) rehash(i int) {
	events := m.events
	m.head = audit.Head{Seq: events[i].Seq - 1, Hash: events[i].PrevHash}
	m.events = slices.Clone(events[:i])
	for _, e := range events[i:] {
		m.add(e)
	}
}

// Verify finds every change that is possible without the master key.
func TestVerify(t *testing.T) {
	t.Parallel()
	exportedAt := func(t *testing.T, n int) audit.SignedHead {
		m, s := log(t, n)
		return s.Sign(m.head)
	}
	for name, c := range map[string]struct {
		change   func(*memory)
		exported []audit.SignedHead
		want     string // a part of the fault; "" = none
	}{
		"whole":                                {func(*memory) {}, nil, ""},
		"empty":                                {func(m *memory) { *m = memory{} }, nil, ""},
		"whole, with what was exported":        {func(*memory) {}, []audit.SignedHead{exportedAt(t, 3), exportedAt(t, 5)}, ""},
		"an event changed":                     {func(m *memory) { m.events[2].ObjectID = "x" }, nil, "was changed after it was written"},
		"an event's time changed":              {func(m *memory) { m.events[2].At = noon.Add(time.Hour) }, nil, "was changed after it was written"},
		"an event removed":                     {func(m *memory) { m.events = slices.Delete(m.events, 2, 3) }, nil, "events are missing"},
		"the first events removed":             {func(m *memory) { m.events = m.events[2:] }, nil, "events are missing"},
		"two events exchanged":                 {func(m *memory) { m.events[2], m.events[3] = m.events[3], m.events[2] }, nil, "events are missing"},
		"an event put in the place of another": {func(m *memory) { m.events[2].PrevHash = m.events[0].Hash }, nil, "does not follow from the event before it"},
		"the tail cut off":                     {func(m *memory) { m.events = m.events[:4] }, nil, "the tail is cut off"},
		"the tail and the head's row cut off":  {func(m *memory) { m.events, m.head = m.events[:3], audit.Head{Seq: 3, Hash: m.events[2].Hash} }, nil, "a head was signed for this event, which is not there"},
		"everything removed":                   {func(m *memory) { m.events, m.head = nil, audit.Head{} }, nil, "a head was signed for this event, which is not there"},
		"rewritten before a kept head":         {func(m *memory) { m.events[3].ObjectID = "x"; m.rehash(3) }, nil, "the log was rewritten at or before it"},
		"rewritten, kept heads removed":        {func(m *memory) { m.events[2].ObjectID = "x"; m.rehash(2); m.signed = nil }, []audit.SignedHead{exportedAt(t, 3)}, "the log was rewritten at or before it"},
		"cut to before what was exported": {func(m *memory) {
			m.events, m.head, m.signed = m.events[:2], audit.Head{Seq: 2, Hash: m.events[1].Hash}, nil
		}, []audit.SignedHead{exportedAt(t, 3)}, "which is not there"},
		"the head's row of another event": {func(m *memory) { m.head.Hash = m.events[0].Hash }, nil, "is not the event that was signed for"},
		"a kept head of another key":      {func(m *memory) { m.signed[0] = signer(t, 2).Sign(m.signed[0].Head) }, nil, "does not verify"},
		"a kept head for another event":   {func(m *memory) { m.signed[0].Hash = m.events[0].Hash }, nil, "does not verify"},
		"an exported head of another key": {func(*memory) {}, []audit.SignedHead{signer(t, 2).Sign(audit.Head{Seq: 1})}, "does not verify"},
		"a beginning that is not signed": {func(m *memory) {
			m.anchor = audit.Anchor{Head: audit.Head{Seq: 2, Hash: m.events[1].Hash}}
			m.events = m.events[2:]
		}, nil, "is not signed"},
		"a kept head as the beginning": {func(m *memory) { m.anchor = audit.Anchor(m.signed[0]); m.events, m.signed = m.events[2:], nil }, nil, "is not signed"},
	} {
		m, s := log(t, 5)
		c.change(m)
		report, err := audit.Verify(t.Context(), m, m, s.Public(), time.Time{}, c.exported...)
		if err != nil {
			t.Errorf("%s: Verify() = %v, want nil", name, err)
		}
		found := slices.ContainsFunc(report.Faults, func(f audit.Fault) bool { return strings.Contains(f.Text, c.want) })
		if report.OK() != (c.want == "") || c.want != "" && !found {
			t.Errorf("%s: Verify() = %v, want %q", name, report.Faults, c.want)
		}
		if bad := strings.Count(c.want, "does not verify"); report.Heads != len(m.signed)+len(c.exported)-bad {
			t.Errorf("%s: Verify() counts %d heads, want all but %d of %d", name, report.Heads, bad, len(m.signed)+len(c.exported))
		}
		if c.want == "" && (report.Events != int64(len(m.events)) || report.Last != m.head || len(report.Notes) > 0) {
			t.Errorf("%s: Verify() = %+v, want %d events up to %+v", name, report, len(m.events), m.head)
		}
	}
	m, s := log(t, 5)
	m.down = true
	if _, err := audit.Verify(t.Context(), m, m, s.Public(), time.Time{}); !errors.Is(err, errs.ErrUnavailable) {
		t.Errorf("Verify() = %v, want errs.ErrUnavailable", err)
	}
}

// More than one page of events; each fault once, and at most a hundred.
func TestVerifyPages(t *testing.T) {
	t.Parallel()
	m, s := &memory{}, signer(t, 1)
	for range 2500 {
		m.add(audit.Event{At: noon})
	}
	if report, err := audit.Verify(t.Context(), m, m, s.Public(), time.Time{}); err != nil || !report.OK() || report.Events != 2500 {
		t.Errorf("Verify() = %d events with %v, %v, want 2500 without a fault", report.Events, report.Faults, err)
	}
	for i := range m.events {
		m.events[i].ObjectID = "x"
	}
	if report, err := audit.Verify(t.Context(), m, m, s.Public(), time.Time{}); err != nil || len(report.Faults) != 100 {
		t.Errorf("Verify() = %d faults, %v, want 100", len(report.Faults), err)
	}
}

// Events may be added and removed while the log is read.
func TestVerifyMeanwhile(t *testing.T) {
	t.Parallel()
	m, s := log(t, 6)
	m.during = func() {
		m.add(audit.Event{At: noon.Add(6 * time.Hour)})
		if _, _, err := audit.Prune(t.Context(), m, m, s, 7*time.Hour-1, noon.Add(10*time.Hour), audit.System("")); err != nil {
			t.Errorf("Prune() = %v, want nil", err)
		}
	}
	report, err := audit.Verify(t.Context(), m, m, s.Public(), time.Time{})
	if err != nil || !report.OK() || report.Begin.Seq != 4 || report.Events != 4 {
		t.Errorf("Verify() = %d events after %d with %v, %v, want 4 after 4 without a fault", report.Events, report.Begin.Seq, report.Faults, err)
	}
}

// An event may wait a second for its place in the chain.
func TestVerifyWaiting(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		pool audit.Waiting
		want bool
	}{
		{audit.Waiting{}, true},
		{audit.Waiting{Events: 3, Since: noon.Add(-time.Second)}, true},
		{audit.Waiting{Events: 1, Since: noon.Add(time.Minute)}, true}, // of a clock that is ahead
		{audit.Waiting{Events: 1, Since: noon.Add(-time.Second - time.Millisecond)}, false},
	} {
		m, s := log(t, 3)
		m.pool = c.pool
		report, err := audit.Verify(t.Context(), m, m, s.Public(), noon)
		if err != nil || report.OK() != c.want {
			t.Errorf("Verify() with %+v waiting = %v, %v, want it good: %t", c.pool, report.Faults, err, c.want)
		}
	}
}

// A clock that goes back is a note, no fault: servers differ.
func TestVerifyNotes(t *testing.T) {
	t.Parallel()
	for back, want := range map[time.Duration]int{0: 0, time.Minute: 0, time.Minute + time.Millisecond: 1} {
		m, s := &memory{}, signer(t, 1)
		m.add(audit.Event{At: noon})
		m.add(audit.Event{At: noon.Add(-back)})
		if report, err := audit.Verify(t.Context(), m, m, s.Public(), time.Time{}); err != nil || !report.OK() || len(report.Notes) != want {
			t.Errorf("%s back: Verify() = %v and notes %v, %v, want %d notes", back, report.Faults, report.Notes, err, want)
		}
	}
	m, s := &memory{}, signer(t, 1)
	for i := range 202 {
		m.add(audit.Event{At: noon.Add(-time.Duration(i) * time.Hour)})
	}
	if report, err := audit.Verify(t.Context(), m, m, s.Public(), time.Time{}); err != nil || len(report.Notes) != 100 {
		t.Errorf("Verify() = %d notes, %v, want 100", len(report.Notes), err)
	}
}

// The hash is over what a store keeps: the moment, in milliseconds, wherever
// it was read, and not the hashes themselves.
func TestChainHash(t *testing.T) {
	t.Parallel()
	base := audit.Event{Seq: 7, At: noon, ObjectID: "a1", Details: map[string]string{"b": "2", "a": "1"}}
	want := audit.ChainHash("prev", base)
	same := base
	same.At, same.Hash, same.PrevHash = noon.In(time.FixedZone("", 3600)).Add(999*time.Microsecond), "x", "y"
	if got := audit.ChainHash("prev", same); got != want {
		t.Errorf("ChainHash() of the same millisecond elsewhere = %q, want %q", got, want)
	}
	if got := audit.ChainHash("other", base); got == want {
		t.Errorf("ChainHash() after another event = %q, want another hash", got)
	}
}

// A signature is valid for one head, and no head for an anchor.
func TestSigner(t *testing.T) {
	t.Parallel()
	s, other := signer(t, 1), signer(t, 2)
	h := s.Sign(audit.Head{Seq: 3, Hash: "abc", At: noon.Add(999 * time.Microsecond)})
	changed := func(f func(*audit.SignedHead)) audit.SignedHead { c := h; f(&c); return c }
	for name, c := range map[string]struct {
		head   audit.SignedHead
		public string
		want   bool
	}{
		"as signed":     {h, s.Public(), true},
		"another key":   {h, other.Public(), false},
		"no key":        {h, "", false},
		"a short key":   {h, s.Public()[1:], false},
		"another event": {changed(func(h *audit.SignedHead) { h.Seq++ }), s.Public(), false},
		"another hash":  {changed(func(h *audit.SignedHead) { h.Hash += "d" }), s.Public(), false},
		"another time":  {changed(func(h *audit.SignedHead) { h.At = h.At.Add(time.Millisecond) }), s.Public(), false},
		"no signature":  {changed(func(h *audit.SignedHead) { h.Signature = "" }), s.Public(), false},
		"no base64":     {changed(func(h *audit.SignedHead) { h.Signature = "!" + h.Signature[1:] }), s.Public(), false},
	} {
		if err := c.head.Verify(c.public); (err == nil) != c.want {
			t.Errorf("%s: Verify() = %v, want it good: %t", name, err, c.want)
		}
	}
	if err := audit.Anchor(h).Verify(s.Public()); err == nil {
		t.Error("Verify() of a head as an anchor = nil, want an error")
	}
}

// A head is signed once.
func TestCheckpoint(t *testing.T) {
	t.Parallel()
	m, s := &memory{}, signer(t, 1)
	point := func(at time.Time, seq int64, kept int) {
		t.Helper()
		h, err := audit.Checkpoint(t.Context(), m, s, at)
		if err != nil || h.Seq != seq || len(m.signed) != kept || h.Verify(s.Public()) != nil {
			t.Errorf("Checkpoint() = head of %d, %v, with %d kept, want %d and %d", h.Seq, err, len(m.signed), seq, kept)
		}
	}
	point(noon, 0, 0)
	m.add(audit.Event{At: noon})
	point(noon, 1, 1)
	point(noon.Add(time.Hour), 1, 1)
	m.add(audit.Event{At: noon})
	point(noon.Add(time.Hour), 2, 2)
	m.down = true
	if _, err := audit.Checkpoint(t.Context(), m, s, noon); !errors.Is(err, errs.ErrUnavailable) {
		t.Errorf("Checkpoint() = %v, want errs.ErrUnavailable", err)
	}
}
