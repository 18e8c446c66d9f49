// Package statistics defines figures about the work as a whole: how much came
// in, how much waits, how long decisions took and why applications were
// rejected. The figures identify neither applicants nor officials.
//
//	store ──one statement──► rows of counts ──Report──► figures
//
// The store counts. Percentiles are computed here, from the numbers of
// decisions per duration in days.
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

// Query selects a period. Open applications are counted at Now, whatever the
// period.
type Query struct {
	From, To time.Time // From <= t < To
	Now      time.Time
}

// What says what a row counts.
type What string

// What rows count, and which other fields they use.
const (
	Received What = "received" // submitted in the period
	Open     What = "open"     // undecided now; State; Late: the deadline has passed
	Ended    What = "ended"    // ended in the period; State; Late; Days
	Rejected What = "rejected" // in the period; Key: the reason
	Asked    What = "asked"    // questions asked in the period
	Unblock  What = "unblock"  // unblocks ended in the period; Key: the reason; State
	Change   What = "change"   // change requests; Key: received, open or ended; State if ended
)

// The keys of rows about change requests, which the other rows do not count. A store may
// count them in the other rows and subtract them, with rows whose N is negative.
const (
	ChangeReceived = "received"
	ChangeOpen     = "open"
	ChangeEnded    = "ended"
)

// Row is a count.
type Row struct {
	What  What
	Kind  account.Kind
	Key   string
	State string
	Late  bool
	Days  int // whole days from submission to the end
	N     int
}

// Store counts. Count reads one snapshot, and returns errs.ErrUnavailable when the
// database cannot be reached.
type Store interface {
	Count(ctx context.Context, q Query) ([]Row, error)
}

// Figures holds the figures of one kind of applicant or of several.
type Figures struct {
	Received                               int
	Waiting                                int // undecided now, waiting for an official
	Unanswered                             int // undecided now, waiting for the applicant
	Late                                   int // of Waiting: after the deadline
	Approved, Rejected, Withdrawn, Expired int
	Asked                                  int
	InTime, TooLate                        int            // of Approved and Rejected
	Reasons                                map[string]int // of Rejected, by reason
	Unblocked, Refused                     map[string]int // by the helpdesk, by reason; "" = none given
	Changes                                ChangeFigures

	days map[int]int // of Approved and Rejected
}

// ChangeFigures holds the figures of change requests, which the others leave out.
type ChangeFigures struct {
	Received, Open, Approved, Rejected int
	Stopped                            int // withdrawn or expired
}

// Open returns the number of undecided applications.
func (f Figures) Open() int { return f.Waiting + f.Unanswered }

// Decided returns the number of decisions.
func (f Figures) Decided() int { return f.Approved + f.Rejected }

// Within returns the least number of whole days within which at least percent
// of the decisions were made (the nearest-rank percentile). ok is false when
// there were none.
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

// Report returns the figures of these kinds of applicants together.
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
	case Change:
		f.Changes.add(r)
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
	if f.days[r.Days] += r.N; f.days[r.Days] == 0 {
		delete(f.days, r.Days)
	}
	if r.Late {
		f.TooLate += r.N
	} else {
		f.InTime += r.N
	}
}

func (c *ChangeFigures) add(r Row) {
	switch {
	case r.Key == ChangeReceived:
		c.Received += r.N
	case r.Key == ChangeOpen:
		c.Open += r.N
	case application.State(r.State) == application.Approved:
		c.Approved += r.N
	case application.State(r.State) == application.Rejected:
		c.Rejected += r.N
	default:
		c.Stopped += r.N
	}
}
