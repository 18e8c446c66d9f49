package audit

import (
	"context"
	"fmt"
	"time"
)

// Fault is one thing that does not hold.
type Fault struct {
	Seq  int64 // the event it is about
	Text string
}

// Report is what a verification found.
type Report struct {
	Events    int64
	Begin     Anchor // where the record begins; the zero value: with event 1
	Last      Head
	Heads     int // signed heads that were held against the chain
	Faults    []Fault
	Notes     []Fault      // odd, but no proof of tampering
	Unchecked []SignedHead // exported heads from before the beginning
	told      bool         // an event tells of the beginning
}

// OK tells whether everything that could be checked holds.
func (r Report) OK() bool { return len(r.Faults) == 0 }

const (
	page       = 1000
	mostFaults = 100
	// skew is how far the clocks of servers may be apart without a note.
	skew = time.Minute
)

// Verify walks the whole chain: from its beginning, which is event 1 or a
// signed anchor that an event tells of; numbers without a gap, each event's
// hash over the one before, the head's row at the end, and every signed head
// (the kept ones and those given, which were exported before) on the chain.
// Writers, and a removal of old events, may go on meanwhile.
func Verify(ctx context.Context, store Store, heads Heads, public string, exported ...SignedHead) (Report, error) {
	for {
		begin, err := heads.Anchor(ctx)
		if err != nil {
			return Report{}, err
		}
		r, err := verifyFrom(ctx, begin, store, heads, public, exported)
		if err != nil || r.OK() {
			return r, err
		}
		// What was removed while it was read is no fault.
		now, err := heads.Anchor(ctx)
		if err != nil || now == begin {
			return r, err
		}
	}
}

func verifyFrom(ctx context.Context, begin Anchor, store Store, heads Heads, public string, exported []SignedHead) (Report, error) {
	r := Report{Begin: begin, Last: Head{Seq: begin.Seq, Hash: begin.Hash}, told: begin.Seq == 0}
	if begin != (Anchor{}) {
		if err := begin.Verify(public); err != nil {
			r.fault(begin.Seq, "the beginning of the record is not signed: events before it were removed by somebody else")
		}
	}
	end, err := heads.Head(ctx)
	if err != nil {
		return r, err
	}
	kept, err := heads.Signed(ctx)
	if err != nil {
		return r, err
	}
	want := r.wanted(kept, public, nil)
	want = r.wanted(exported, public, want)
	want[end.Seq] = append(want[end.Seq], SignedHead{Head: end})
	if end.Seq == begin.Seq {
		delete(want, end.Seq)
	}
	if err := r.walk(ctx, store, want); err != nil {
		return r, err
	}
	// The head is read before the events: what came since is more, not less.
	if r.Last.Seq < end.Seq {
		r.fault(end.Seq, "the record ends at %d, its head says %d: the tail is cut off", r.Last.Seq, end.Seq)
		delete(want, end.Seq)
	}
	if !r.told {
		r.fault(begin.Seq, "the record begins after this event, and no event tells of that")
	}
	for seq := range want {
		r.fault(seq, "a head was signed for this event, which is not there")
	}
	return r, nil
}

// wanted adds the heads that have to be met on the way to want. One from
// before the beginning cannot be; one of the beginning itself is met at once.
func (r *Report) wanted(heads []SignedHead, public string, want map[int64][]SignedHead) map[int64][]SignedHead {
	if want == nil {
		want = map[int64][]SignedHead{}
	}
	for _, h := range heads {
		if err := h.Verify(public); err != nil {
			r.fault(h.Seq, "a signed head does not verify: %v", err)
			continue
		}
		switch {
		case h.Seq < r.Begin.Seq:
			r.Unchecked = append(r.Unchecked, h)
			continue
		case h.Seq == r.Begin.Seq && h.Seq > 0 && h.Hash != r.Begin.Hash:
			r.fault(h.Seq, "the record begins after another event than the one that was signed for")
		case h.Seq > r.Begin.Seq:
			want[h.Seq] = append(want[h.Seq], h)
		}
		r.Heads++
	}
	return want
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
	if back := r.Last.At.Sub(e.At); back > skew && len(r.Notes) < mostFaults {
		r.Notes = append(r.Notes, Fault{e.Seq, fmt.Sprintf("its time is %s before that of the event before it: a clock was set back, or two servers differ", back.Round(time.Second))})
	}
	r.told = r.told || r.Begin.toldBy(e)
	r.Events++
	r.Last = Head{Seq: e.Seq, Hash: e.Hash, At: e.At}
}

func (r *Report) fault(seq int64, format string, args ...any) {
	if len(r.Faults) < mostFaults {
		r.Faults = append(r.Faults, Fault{Seq: seq, Text: fmt.Sprintf(format, args...)})
	}
}
