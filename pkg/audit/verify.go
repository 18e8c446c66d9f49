package audit

import (
	"context"
	"fmt"
	"time"
)

// Fault is a finding of a verification.
type Fault struct {
	Seq  int64 // the event it is about
	Text string
}

// Report is the result of a verification.
type Report struct {
	Events    int64
	Begin     Anchor // where the log begins
	Last      Head
	Heads     int // signed heads that were compared with the chain
	Faults    []Fault
	Notes     []Fault      // unusual, but no proof of tampering
	Unchecked []SignedHead // exported heads of events before the anchor
	anchored  bool         // an event about the anchor was found
}

// OK reports whether there are no faults.
func (r Report) OK() bool { return len(r.Faults) == 0 }

const (
	page       = 1000
	mostFaults = 100
	// skew is the difference between clocks of servers that needs no note.
	skew = time.Minute
)

// Verify checks the whole chain: that no event waits for its place in it for longer
// than ChainTime at now, that it begins with event 1 or with a signed
// anchor that an event is about, that the numbers have no gap, that each hash
// is over the previous one, that the chain ends at the stored head, and that
// every signed head, stored or given, is on it. Events may be added and old
// ones pruned meanwhile. It returns an error only if reading fails; what does
// not verify is in the report.
func Verify(ctx context.Context, store Store, heads Heads, public string, now time.Time, exported ...SignedHead) (Report, error) {
	waiting, err := heads.Waiting(ctx)
	if err != nil {
		return Report{}, err
	}
	for {
		begin, err := heads.Anchor(ctx)
		if err != nil {
			return Report{}, err
		}
		r, err := verifyFrom(ctx, begin, store, heads, public, exported)
		if err != nil || r.OK() {
			if waiting.Age(now) > ChainTime {
				r.fault(r.Last.Seq, "%d events waited for their place after it, the oldest since %s: no server chained them", waiting.Events, waiting.Since.Format(time.RFC3339))
			}
			return r, err
		}
		// Events that were pruned during the reading look like faults: try again.
		end, err := heads.Anchor(ctx)
		if err != nil || end == begin {
			return r, err
		}
	}
}

func verifyFrom(ctx context.Context, begin Anchor, store Store, heads Heads, public string, exported []SignedHead) (Report, error) {
	r := Report{Begin: begin, Last: Head{Seq: begin.Seq, Hash: begin.Hash}, anchored: begin.Seq == 0}
	if begin != (Anchor{}) {
		if err := begin.Verify(public); err != nil {
			r.fault(begin.Seq, "the beginning of the log is not signed: the events before it were not removed by `audit prune`")
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
	// The head was read before the events, so there may be more, never fewer.
	if r.Last.Seq < end.Seq {
		r.fault(end.Seq, "the log ends at %d, its head says %d: the tail is cut off", r.Last.Seq, end.Seq)
		delete(want, end.Seq)
	}
	if !r.anchored {
		r.fault(begin.Seq, "the log begins after this event, and no event is about the removal")
	}
	for seq := range want {
		r.fault(seq, "a head was signed for this event, which is not there")
	}
	return r, nil
}

// wanted adds to want the heads that walk has to find. Those of events before
// the anchor cannot be checked; one of the anchor's event is checked here.
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
			r.fault(h.Seq, "the log begins after another event than the one that was signed for")
		case h.Seq > r.Begin.Seq:
			want[h.Seq] = append(want[h.Seq], h)
		}
		r.Heads++
	}
	return want
}

// walk reads all events and removes from want the heads that it has passed.
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
					r.fault(e.Seq, "is not the event that was signed for: the log was rewritten at or before it")
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
	r.anchored = r.anchored || r.Begin.matches(e)
	r.Events++
	r.Last = Head{Seq: e.Seq, Hash: e.Hash, At: e.At}
}

func (r *Report) fault(seq int64, format string, args ...any) {
	if len(r.Faults) < mostFaults {
		r.Faults = append(r.Faults, Fault{Seq: seq, Text: fmt.Sprintf(format, args...)})
	}
}
