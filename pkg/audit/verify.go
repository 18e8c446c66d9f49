package audit

import (
	"context"
	"fmt"
)

// Fault is one thing that does not hold.
type Fault struct {
	Seq  int64 // the event it is about
	Text string
}

// Report is what a verification found.
type Report struct {
	Events int64
	Last   Head
	Heads  int // signed heads that were held against the chain
	Faults []Fault
}

// OK tells whether everything holds.
func (r Report) OK() bool { return len(r.Faults) == 0 }

const (
	page       = 1000
	mostFaults = 100
)

// Verify walks the whole chain: numbers without a gap, each event's hash
// over the one before, the head's row at the end, and every signed head (the
// kept ones and those given, which were exported before) on the chain.
func Verify(ctx context.Context, store Store, heads Heads, public string, exported ...SignedHead) (Report, error) {
	var r Report
	end, err := heads.Head(ctx)
	if err != nil {
		return r, err
	}
	kept, err := heads.Signed(ctx)
	if err != nil {
		return r, err
	}
	want := map[int64][]SignedHead{}
	for _, h := range append(kept, exported...) {
		r.Heads++
		if err := h.Verify(public); err != nil {
			r.fault(h.Seq, "a signed head does not verify: %v", err)
			continue
		}
		want[h.Seq] = append(want[h.Seq], h)
	}
	if err := r.walk(ctx, store, want); err != nil {
		return r, err
	}
	// The head is read before the events: what came since is more, not less.
	if r.Last.Seq < end.Seq {
		r.fault(end.Seq, "the record ends at %d, its head says %d: the tail is cut off", r.Last.Seq, end.Seq)
	}
	for seq := range want {
		r.fault(seq, "a head was signed for event %d, which is not there", seq)
	}
	return r, nil
}

// walk reads all events and takes from want each head that it has passed.
func (r *Report) walk(ctx context.Context, store Store, want map[int64][]SignedHead) error {
	for {
		events, err := store.Events(ctx, r.Last.Seq, page)
		if err != nil {
			return err
		}
		for _, e := range events {
			r.step(e)
			for _, h := range want[e.Seq] {
				if h.Hash != e.Hash {
					r.fault(e.Seq, "is not the event that was signed for: the record was rewritten at or before it")
				}
			}
			delete(want, e.Seq)
		}
		if len(events) < page {
			return nil
		}
	}
}

func (r *Report) step(e Event) {
	if e.Seq != r.Last.Seq+1 {
		r.fault(e.Seq, "follows %d: events are missing", r.Last.Seq)
	}
	if e.PrevHash != r.Last.Hash {
		r.fault(e.Seq, "does not follow from the event before it")
	}
	if ChainHash(e.PrevHash, e) != e.Hash {
		r.fault(e.Seq, "was changed after it was written")
	}
	r.Events++
	r.Last = Head{Seq: e.Seq, Hash: e.Hash, At: e.At}
}

func (r *Report) fault(seq int64, format string, args ...any) {
	if len(r.Faults) < mostFaults {
		r.Faults = append(r.Faults, Fault{Seq: seq, Text: fmt.Sprintf(format, args...)})
	}
}
