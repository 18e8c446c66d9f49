// Package statistics owns what may be known of the work as a whole: how much
// came in, how much waits, how long decisions took and why applications were
// rejected. It counts and names nobody: neither applicants nor officials, and
// nothing that an official did can be told from it.
//
//	store ──one statement, one moment──► rows of counts ──Report──► figures
//
// The store counts; what has to be exact over all of it, the middle and the
// ninth of ten, is made here from how many decisions took how many days.
package statistics

import (
	"context"
	"maps"
	"slices"
	"time"

	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/application"
	"omgevingsloket-id/pkg/helpdesk"
)

// Query asks for a period. What is open is counted at Now, whatever the
// period.
type Query struct {
	From, To time.Time // To is the first moment behind it
	Now      time.Time
}

// What a row counts.
type What string

// The kinds of rows, with what Key and State mean there.
const (
	Received What = "received" // sent in the period
	Open     What = "open"     // not decided now; State; Late: the term is over
	Ended    What = "ended"    // came to an end in the period; State; Late; Days
	Rejected What = "rejected" // in the period; Key: the reason
	Asked    What = "asked"    // questions to applicants in the period
	Unblock  What = "unblock"  // cases of the helpdesk ended in the period; Key: the reason; State
)

// Row is one count.
type Row struct {
	What  What
	Kind  account.Kind
	Key   string
	State string
	Late  bool
	Days  int // whole days from being sent to the end
	N     int
}

// Store counts, all at one moment. errs.ErrUnavailable when it does not
// answer.
type Store interface {
	Count(ctx context.Context, q Query) ([]Row, error)
}

// Figures are the figures of one kind of applicant, or of both.
type Figures struct {
	Received                               int
	Waiting                                int // now, for an official
	Unanswered                             int // now, for their applicant
	Late                                   int // of Waiting: should have been decided
	Approved, Rejected, Withdrawn, Expired int
	Asked                                  int
	InTime, TooLate                        int            // of Approved and Rejected
	Reasons                                map[string]int // of Rejected
	Unblocked, Refused                     map[string]int // by the helpdesk, by reason; "" = none was given

	days map[int]int // of Approved and Rejected
}

// Open is what is not decided now.
func (f Figures) Open() int { return f.Waiting + f.Unanswered }

// Decided is what officials decided.
func (f Figures) Decided() int { return f.Approved + f.Rejected }

// Within gives in how many whole days so many percent of the decisions were
// there: the least number of days that is enough for them (the nearest-rank
// percentile). ok is false when there were none.
func (f Figures) Within(percent int) (days int, ok bool) {
	all := f.Decided()
	seen := 0
	for _, d := range slices.Sorted(maps.Keys(f.days)) {
		if seen += f.days[d]; seen*100 >= percent*all {
			return d, true
		}
	}
	return 0, false
}

// Report makes the figures of the kinds of applicants that are given, all of
// them together.
func Report(rows []Row, kinds ...account.Kind) Figures {
	f := Figures{Reasons: map[string]int{}, Unblocked: map[string]int{}, Refused: map[string]int{}, days: map[int]int{}}
	for _, r := range rows {
		if slices.Contains(kinds, r.Kind) {
			f.add(r)
		}
	}
	return f
}

func (f *Figures) add(r Row) {
	switch r.What {
	case Received:
		f.Received += r.N
	case Open:
		f.open(r)
	case Ended:
		f.ended(r)
	case Rejected:
		f.Reasons[r.Key] += r.N
	case Asked:
		f.Asked += r.N
	case Unblock:
		if r.State == string(helpdesk.Done) {
			f.Unblocked[r.Key] += r.N
		} else {
			f.Refused[r.Key] += r.N
		}
	}
}

func (f *Figures) open(r Row) {
	if r.State == string(application.MoreInformation) {
		f.Unanswered += r.N
		return
	}
	f.Waiting += r.N
	if r.Late {
		f.Late += r.N
	}
}

func (f *Figures) ended(r Row) {
	switch application.State(r.State) {
	case application.Approved:
		f.Approved += r.N
	case application.Rejected:
		f.Rejected += r.N
	case application.Withdrawn:
		f.Withdrawn += r.N
		return
	default:
		f.Expired += r.N
		return
	}
	f.days[r.Days] += r.N
	if r.Late {
		f.TooLate += r.N
	} else {
		f.InTime += r.N
	}
}
