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

// Events 1 to 6 are of noon, one o'clock, …; signed heads exist of 2, 4 and 6.
func TestPrune(t *testing.T) {
	t.Parallel()
	now := noon.Add(10 * time.Hour)
	for name, c := range map[string]struct {
		keep    time.Duration
		through int64 // the last event that is removed; 0 = none
	}{
		"nothing is old":                       {10 * time.Hour, 0},
		"one is old, and no head was kept yet": {10*time.Hour - 1, 0},
		"two are not quite old":                {9 * time.Hour, 0},
		"two are old":                          {9*time.Hour - 1, 2},
		"three are old":                        {8*time.Hour - 1, 2},
		"four are old":                         {7*time.Hour - 1, 4},
		"all are old":                          {0, 6},
	} {
		m, s := log(t, 6)
		was := slices.Clone(m.signed)
		anchor, n, err := audit.Prune(t.Context(), m, m, s, c.keep, now, audit.Operator("root"))
		if err != nil || n != c.through || anchor.Seq != c.through {
			t.Errorf("%s: Prune() = anchor %d, %d events, %v, want %d", name, anchor.Seq, n, err, c.through)
		}
		if c.through == 0 {
			if len(m.events) != 6 || anchor != (audit.Anchor{}) {
				t.Errorf("%s: Prune() leaves %d events, want all 6", name, len(m.events))
			}
			continue
		}
		last := m.events[len(m.events)-1]
		if m.events[0].Seq != c.through+1 || last.Action != audit.AuditLogPruned || last.ActorID != "root" || !last.At.Equal(now) {
			t.Errorf("%s: after Prune() the log goes from %d to %+v, want from %d to an event about it by root", name, m.events[0].Seq, last, c.through+1)
		}
		report, err := audit.Verify(t.Context(), m, m, s.Public(), time.Time{})
		if err != nil || !report.OK() || report.Begin != anchor {
			t.Errorf("%s: Verify() = %v after %+v, %v, want no fault after %+v", name, report.Faults, report.Begin, err, anchor)
		}
		// Heads of removed events cannot be checked.
		report, err = audit.Verify(t.Context(), m, m, s.Public(), time.Time{}, was...)
		if want := int(c.through/2 - 1); err != nil || !report.OK() || len(report.Unchecked) != want || report.Heads != len(m.signed)+len(was)-want {
			t.Errorf("%s: Verify() with old heads = %v, %d heads, %d unchecked, %v, want no fault, %d unchecked and all others counted", name, report.Faults, report.Heads, len(report.Unchecked), err, want)
		}
	}
}

// A second removal begins where the first one ended, and a long log is read
// to its end.
func TestPruneAgain(t *testing.T) {
	t.Parallel()
	m, s := log(t, 6)
	for _, step := range []struct {
		keep          time.Duration
		through, gone int64
	}{{9*time.Hour - 1, 2, 2}, {7*time.Hour - 1, 4, 2}, {7*time.Hour - 1, 0, 0}} {
		anchor, n, err := audit.Prune(t.Context(), m, m, s, step.keep, noon.Add(10*time.Hour), audit.System(""))
		if err != nil || anchor.Seq != step.through || n != step.gone {
			t.Errorf("Prune(%s) = anchor %d, %d events, %v, want %d and %d", step.keep, anchor.Seq, n, err, step.through, step.gone)
		}
		if last := m.events[len(m.events)-1]; n > 0 && last.Details["events"] != "2" {
			t.Errorf("Prune(%s) has the event %v, want 2 events", step.keep, last.Details)
		}
	}
	m, s = &memory{}, signer(t, 1)
	for range 2000 {
		m.add(audit.Event{At: noon})
	}
	_, err := audit.Checkpoint(t.Context(), m, s, noon)
	must(t, err)
	if anchor, n, err := audit.Prune(t.Context(), m, m, s, time.Hour, noon.Add(2*time.Hour), audit.System("")); err != nil || anchor.Seq != 2000 || n != 2000 {
		t.Errorf("Prune() of 2000 events = anchor %d, %d events, %v, want 2000", anchor.Seq, n, err)
	}
}

// Nothing is removed while the log does not verify.
func TestPruneRefuses(t *testing.T) {
	t.Parallel()
	now := noon.Add(10 * time.Hour)
	for name, c := range map[string]struct {
		change   func(*memory)
		exported func(audit.Signer) []audit.SignedHead
		want     error
	}{
		"an event changed": {func(m *memory) { m.events[4].ObjectID = "x" }, nil, audit.ErrBroken},
		"another head exported": {func(*memory) {}, func(s audit.Signer) []audit.SignedHead {
			return []audit.SignedHead{s.Sign(audit.Head{Seq: 1, Hash: "x"})}
		}, audit.ErrBroken},
		"no answer": {func(m *memory) { m.down = true }, nil, errs.ErrUnavailable},
	} {
		m, s := log(t, 6)
		c.change(m)
		var exported []audit.SignedHead
		if c.exported != nil {
			exported = c.exported(s)
		}
		if anchor, n, err := audit.Prune(t.Context(), m, m, s, 0, now, audit.System(""), exported...); !errors.Is(err, c.want) || n != 0 || anchor != (audit.Anchor{}) || len(m.events) != 6 {
			t.Errorf("%s: Prune() = anchor %d, %d events, %v with %d left, want %v and all left", name, anchor.Seq, n, err, len(m.events), c.want)
		}
	}
	// A head from before the anchor can no longer be checked.
	m, s := log(t, 6)
	old := m.signed[0]
	if _, _, err := audit.Prune(t.Context(), m, m, s, 7*time.Hour-1, now, audit.System("")); err != nil {
		t.Fatalf("Prune() = %v, want nil", err)
	}
	if _, _, err := audit.Prune(t.Context(), m, m, s, 0, now, audit.System(""), old); !errors.Is(err, audit.ErrBroken) {
		t.Errorf("Prune() with an exported head from before the beginning = %v, want audit.ErrBroken", err)
	}
}

// Another anchor, or one that no event is about, is found.
func TestVerifyOfAPrunedLog(t *testing.T) {
	t.Parallel()
	now := noon.Add(10 * time.Hour)
	for name, c := range map[string]struct {
		change func(*memory)
		want   string
	}{
		"removed further by hand":  {func(m *memory) { m.events = m.events[1:] }, "events are missing"},
		"the anchor lost":          {func(m *memory) { m.anchor = audit.Anchor{} }, "events are missing"},
		"an anchor for another":    {func(m *memory) { m.anchor.Hash = m.events[0].Hash }, "is not signed"},
		"the event about it lost":  {func(m *memory) { m.events = m.events[:2]; m.head = audit.Head{Seq: 6, Hash: m.events[1].Hash} }, "no event is about the removal"},
		"an event about another":   {func(m *memory) { m.events[2].Details["hash"] = "x"; m.rehash(2) }, "no event is about the removal"},
		"an event about less":      {func(m *memory) { m.events[2].Details["through"] = "2"; m.rehash(2) }, "no event is about the removal"},
		"an event of another kind": {func(m *memory) { m.events[2].Action = audit.AccountViewed; m.rehash(2) }, "no event is about the removal"},
	} {
		m, s := log(t, 6)
		if _, _, err := audit.Prune(t.Context(), m, m, s, 7*time.Hour-1, now, audit.System("")); err != nil {
			t.Fatalf("Prune() = %v, want nil", err)
		}
		m.signed = nil
		c.change(m)
		report, err := audit.Verify(t.Context(), m, m, s.Public(), time.Time{})
		if err != nil || !slices.ContainsFunc(report.Faults, func(f audit.Fault) bool { return strings.Contains(f.Text, c.want) }) {
			t.Errorf("%s: Verify() = %v, %v, want %q", name, report.Faults, err, c.want)
		}
	}
	// Exported heads of the last removed event.
	m, s := log(t, 6)
	right, wrong := m.signed[1], s.Sign(audit.Head{Seq: 4, Hash: m.events[0].Hash})
	if _, _, err := audit.Prune(t.Context(), m, m, s, 7*time.Hour-1, now, audit.System("")); err != nil {
		t.Fatalf("Prune() = %v, want nil", err)
	}
	for head, want := range map[audit.SignedHead]string{right: "", wrong: "begins after another event"} {
		report, err := audit.Verify(t.Context(), m, m, s.Public(), time.Time{}, head)
		if err != nil || report.OK() != (want == "") || want != "" && !strings.Contains(report.Faults[0].Text, want) {
			t.Errorf("Verify(an exported head of %d) = %v, %v, want %q", head.Seq, report.Faults, err, want)
		}
	}
}
