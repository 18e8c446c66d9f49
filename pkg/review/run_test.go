package review_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"omgevingsloket-id/e2e/site"
	"omgevingsloket-id/pkg/effect"
	"omgevingsloket-id/pkg/errs"
	"omgevingsloket-id/pkg/review"
)

// faulty are deadlines at which ending some cases fails.
type faulty struct {
	review.DeadlineStore
	errs map[string]error // by id
}

func (f faulty) Expire(ctx context.Context, c review.Case, act review.Act, rec effect.Effects) error {
	if err := f.errs[c.ID]; err != nil {
		return err
	}
	return f.DeadlineStore.Expire(ctx, c, act, rec)
}

// A round ends every case whose question stayed unanswered, more than are read at
// a time too; what somebody else did first does not count, and what fails is
// reported.
func TestDeadlinesRun(t *testing.T) {
	t.Parallel()
	s := site.New(t, nil)
	var cases []review.Case
	for i := range 103 { // more than a job reads at a time
		c := s.Sent(fmt.Sprintf("a%d@example.com", i))
		must(s, c, olga, review.ActTake, review.ActMore)
		cases = append(cases, s.Case(c.ID))
	}
	s.Clock.Add(cases[0].AnswerBy.Sub(s.Clock.Now()))
	run := func(name string, errs map[string]error, mails int, want error) {
		t.Helper()
		d := *s.Deadlines
		d.Store = faulty{s.Deadlines.Store, errs}
		if got, err := d.Run(t.Context()); got != mails || !errors.Is(err, want) {
			t.Errorf("Run(%s) = %d, %v, want %d, %v", name, got, err, mails, want)
		}
	}
	all := map[string]error{}
	for _, c := range cases {
		all[c.ID] = errs.ErrConflict
	}
	run("others are first everywhere", all, 0, nil)
	slices.SortFunc(cases, func(a, b review.Case) int { return cmp.Compare(a.ID, b.ID) }) // as they are read
	broken := errors.New("disk full")
	run("the third fails", map[string]error{cases[2].ID: broken}, 2, broken)
	run("another server has the third", map[string]error{cases[2].ID: errs.ErrConflict}, 100, nil)
	run("the third", nil, 1, nil)
	run("nothing is left", nil, 0, nil)
}

// Officials are told from seven o'clock in the Netherlands on.
func TestDeadlinesTellFrom(t *testing.T) {
	t.Parallel()
	s := site.New(t, nil)
	s.Reviewer("olga")
	due := s.Sent("anna@example.com").DueAt
	monday := workday(s, 7)
	for monday.AddDate(0, 0, 14).Before(due) {
		monday = monday.AddDate(0, 0, 7)
	}
	for _, step := range []struct {
		at   time.Time
		want int
	}{{monday.Add(-time.Millisecond), 0}, {monday, 1}, {monday.Add(time.Hour), 0}, {monday.AddDate(0, 0, 1), 1}} {
		s.Clock.Add(step.at.Sub(s.Clock.Now()))
		if got, err := s.Deadlines.Run(t.Context()); got != step.want || err != nil {
			t.Errorf("Run(at %v) = %d, %v, want %d, nil", step.at, got, err, step.want)
		}
	}
}
