package storagetest

import (
	"slices"
	"sync"
	"testing"
	"time"

	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/effect"
	"omgevingsloket-id/pkg/errs"
	"omgevingsloket-id/pkg/intake"
)

// guesses collects the counts that the rule was given.
type guesses struct {
	sync.Mutex
	seen []int
}

// judge returns wrong(limit), which also appends to the counts.
func (g *guesses) judge(limit int) func(account.CodeTry) account.Verdict {
	return func(try account.CodeTry) account.Verdict {
		g.Lock()
		defer g.Unlock()
		g.seen = append(g.seen, try.Factor.Failures)
		return wrong(limit, effect.Effects{})(try)
	}
}

// counts requires that n tries were judged, each with a different count.
func (g *guesses) counts(t *testing.T, n int) {
	t.Helper()
	want := make([]int, n)
	for i := range want {
		want[i] = i + 1
	}
	slices.Sort(g.seen)
	same(t, g.seen, want)
}

// accountGuesses: of simultaneous wrong codes each one is counted, none gets
// errs.ErrUnavailable, and the holder's right code is accepted.
func accountGuesses(t *testing.T, w world) {
	for name, makes := range map[string]func() account.Account{"enrolled": w.active, "enrolling": w.shown} {
		t.Run(name, func(t *testing.T) {
			w := w.in(t)
			a := makes()
			var g guesses
			exactly(t, crowd, atOnce(func(int) error {
				v, err := w.Accounts.TryCode(ctx(t), a.ID, a.Epoch, noon, g.judge(crowd+1))
				if err == nil && v.Outcome != account.Wrong {
					err = errTooMany
				}
				return err
			}), nil)
			g.counts(t, crowd)
			same(t, w.account(a.ID).Factor.Failures, crowd)
			w.accept(a, 101)
			if got := w.account(a.ID); got.State != account.Active || got.Factor.Failures != 0 || got.Factor.LastStep != 101 {
				t.Errorf("after the right code: %s, %+v", got.State, got.Factor)
			}
		})
	}
	t.Run("over the limit", func(t *testing.T) {
		w := w.in(t)
		a := w.active()
		var g guesses
		exactly(t, account.DefaultLimits.Codes, atOnce(func(int) error {
			_, err := w.Accounts.TryCode(ctx(t), a.ID, a.Epoch, noon, g.judge(account.DefaultLimits.Codes))
			return err
		}), errs.ErrConflict)
		g.counts(t, account.DefaultLimits.Codes)
		if got := w.account(a.ID); got.State != account.Blocked || got.Factor.Failures != account.DefaultLimits.Codes {
			t.Errorf("after %d wrong codes at once: %s, %d counted", crowd, got.State, got.Factor.Failures)
		}
	})
}

// applicationGuesses is the same for the code that is mailed to an applicant.
func applicationGuesses(t *testing.T, w world) {
	a := w.started(draft())
	results := make([]intake.CodeVerdict, crowd)
	exactly(t, crowd, atOnce(func(i int) error {
		var err error
		results[i], err = w.Applications.TryCode(ctx(t), a.ID, "wrong", noon)
		return err
	}), nil)
	judged := map[intake.CodeVerdict]int{}
	for _, v := range results {
		judged[v]++
	}
	same(t, judged, map[intake.CodeVerdict]int{intake.CodeWrong: intake.CodeTries, intake.CodeSpent: crowd - intake.CodeTries})
	same(t, w.application(a.Handle).CodeFailures, crowd)
	same(t, ok[intake.CodeVerdict](t)(w.Applications.TryCode(ctx(t), a.ID, rightCode, noon)), intake.CodeSpent)
	must(t, w.Applications.Renew(ctx(t), a.ID, "another", noon.Add(time.Hour), effect.Effects{}))
	same(t, ok[intake.CodeVerdict](t)(w.Applications.TryCode(ctx(t), a.ID, "another", noon)), intake.CodeRight)
}
