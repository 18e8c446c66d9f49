package storagetest

import (
	"errors"
	"reflect"
	"testing"
	"time"

	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/effect"
	"omgevingsloket-id/pkg/errs"
	"omgevingsloket-id/pkg/helpdesk"
)

func helpdeskReopen(t *testing.T, w helpdeskWorld) {
	closed := func() account.Account {
		a := w.active()
		c := changing(a, helpdesk.Closing, "olga")
		c.Second = false
		w.begun(c)
		return w.account(a.ID)
	}
	a := closed()
	rec, ref := note("account.reopened", a.ID), fresh("BR")
	w.refused(w.Helpdesk.Reopen(ctx(t), a.ID, a.Epoch-1, account.Reopened, ref, noon, rec), errs.ErrConflict, rec)
	w.refused(w.Helpdesk.Reopen(ctx(t), a.ID, a.Epoch, account.Reopened, ref, noon.Add(helpdesk.ReopenTime), rec), errs.ErrConflict, rec)
	exactlyOne(t, atOnce(func(int) error { return w.Helpdesk.Reopen(ctx(t), a.ID, a.Epoch, account.Reopened, ref, noon, rec) }), errs.ErrConflict)
	got := w.account(a.ID)
	if got.State != account.Blocked || got.BlockReason != account.Reopened || got.BlockRef != ref || got.Epoch != a.Epoch+1 || !got.ClosedAt.IsZero() {
		t.Errorf("%+v", got)
	}
	// A reference belongs to one account.
	b := closed()
	is(t, w.Helpdesk.Reopen(ctx(t), b.ID, b.Epoch, account.Reopened, ref, noon, effect.Effects{}), errs.ErrConflict)
	for _, open := range []account.Account{w.active(), w.blocked()} {
		is(t, w.Helpdesk.Reopen(ctx(t), open.ID, open.Epoch, account.Reopened, fresh("BR"), noon, effect.Effects{}), errs.ErrConflict)
	}
}

func helpdeskSilence(t *testing.T, w helpdeskWorld) {
	unblock := w.begun(unblocking(w.blocked(), "olga")) // has no reference, and is not a change of address
	_, err := w.Helpdesk.LiveChange(ctx(t), unblock.AccountID, noon)
	is(t, err, errs.ErrNotFound)
	for _, odd := range []string{"", "nobody", "a\x00b", "\xff", "' OR 1=1 --"} {
		for _, look := range []func() error{
			func() error { _, err := w.Helpdesk.Request(ctx(t), odd); return err },
			func() error { _, err := w.Helpdesk.ByReference(ctx(t), odd); return err },
			func() error { _, err := w.Helpdesk.LiveChange(ctx(t), odd, noon); return err },
		} {
			is(t, look(), errs.ErrNotFound)
		}
		is(t, w.confirm(odd, "piet", noon, effect.Effects{}), errs.ErrNotFound)
		_, err = w.try(odd, true, noon, effect.Effects{})
		oneOf(t, err, errs.ErrConflict, errs.ErrNotFound)
		if errors.Is(err, errs.ErrUnavailable) {
			t.Errorf("%q: %v", odd, err)
		}
	}
}

// A request that changes while it is judged, or whose account does, is judged
// again in its new state, three times at most.
func helpdeskJudgedAgain(t *testing.T, w helpdeskWorld) {
	for name, meddle := range map[string]func(helpdesk.Request, account.Account){
		"request": func(q helpdesk.Request, _ account.Account) {
			ok[helpdesk.Request](t)(w.save(w.request(q.ID), effect.Effects{}))
		},
		"account": func(_ helpdesk.Request, a account.Account) {
			must(t, w.unblock(a.ID, "", effect.Effects{}))
			w.block(a, noon)
		},
	} {
		for meddled, want := range map[int]error{0: nil, 1: nil, 2: nil, 3: errs.ErrUnavailable} {
			a := w.blocked()
			q, rec := w.begun(unblocking(a, "olga")), note("unblock.answers", a.ID)
			judged := 0
			got, err := w.Helpdesk.Move(ctx(t), q.ID, func(q helpdesk.Request, a account.Account) (helpdesk.Request, effect.Effects, error) {
				if judged++; judged <= meddled {
					meddle(q, a)
				}
				q.Ticket = "M-1"
				return q, rec, nil
			})
			same(t, judged, min(meddled+1, 3))
			if kept := w.request(q.ID); want == nil {
				w.happened(err, rec)
				same(t, got, kept)
				same(t, kept.Ticket, "M-1")
			} else {
				w.refused(err, want, rec)
				if same(t, kept.Ticket, ""); errors.Is(err, errs.ErrConflict) {
					t.Errorf("%s changed each time: Move() = %v, which is a conflict too", name, err)
				}
			}
		}
	}
}

// An account whose state changes within one epoch is judged again too.
func helpdeskAccountState(t *testing.T, w helpdeskWorld) {
	a := w.awaiting()
	q, states := w.begun(changing(a, helpdesk.Address, "olga")), []account.State(nil)
	_, err := w.Helpdesk.Move(ctx(t), q.ID, func(q helpdesk.Request, now account.Account) (helpdesk.Request, effect.Effects, error) {
		if states = append(states, now.State); len(states) == 1 {
			must(t, w.Accounts.ShowQR(ctx(t), a.ID, a.Epoch, []byte("sealed"), noon, effect.Effects{}))
		}
		return q, effect.Effects{}, nil
	})
	must(t, err)
	same(t, states, []account.State{account.AwaitingEnrolment, account.QRShown})
}

// OF-20: the store refuses to hand over an account even if a rule lacks a check.
func helpdeskForgetfulRules(t *testing.T, w helpdeskWorld) {
	complete := func(q helpdesk.Request) helpdesk.Request {
		q.CodeRight, q.Right, q.Reason, q.Email = true, helpdesk.RightAnswers, "lost_phone", newAddress()
		q.ConfirmedBy, q.DecidedBy, q.DecidedAt = "piet", "piet", noon
		q.From, q.Until = noon, noon.Add(time.Hour)
		return q
	}
	for _, test := range []struct {
		name  string
		kind  helpdesk.Kind
		state helpdesk.State
		spoil func(*helpdesk.Request)
		fine  bool
	}{
		{"unblock", helpdesk.Unblock, helpdesk.Done, func(*helpdesk.Request) {}, true},
		{"unblock without the code", helpdesk.Unblock, helpdesk.Done, func(q *helpdesk.Request) { q.CodeRight = false }, false},
		{"unblock after two answers", helpdesk.Unblock, helpdesk.Done, func(q *helpdesk.Request) { q.Right = 2 }, false},
		{"unblock without a reason", helpdesk.Unblock, helpdesk.Done, func(q *helpdesk.Request) { q.Reason = "" }, false},
		{"unblock by one", helpdesk.Unblock, helpdesk.Done, func(q *helpdesk.Request) { q.ConfirmedBy = q.OpenedBy }, false},
		{"unblock by nobody", helpdesk.Unblock, helpdesk.Done, func(q *helpdesk.Request) { q.ConfirmedBy = "" }, false},
		{"unblock that waits for a code", helpdesk.Unblock, helpdesk.Confirmed, func(*helpdesk.Request) {}, false},
		{"closing", helpdesk.Closing, helpdesk.Done, func(*helpdesk.Request) {}, true},
		{"closing without a reason", helpdesk.Closing, helpdesk.Done, func(q *helpdesk.Request) { q.Reason = "" }, false},
		{"closing by one", helpdesk.Closing, helpdesk.Done, func(q *helpdesk.Request) { q.ConfirmedBy = q.OpenedBy }, false},
		{"closing that waits for a code", helpdesk.Closing, helpdesk.Confirmed, func(*helpdesk.Request) {}, false},
		{"address", helpdesk.Address, helpdesk.Confirmed, func(*helpdesk.Request) {}, true},
		{"address after two answers", helpdesk.Address, helpdesk.Confirmed, func(q *helpdesk.Request) { q.Right = 2 }, false},
		{"address without the code", helpdesk.Address, helpdesk.Confirmed, func(q *helpdesk.Request) { q.CodeRight = false }, false},
		{"address without a reason", helpdesk.Address, helpdesk.Confirmed, func(q *helpdesk.Request) { q.Reason = "" }, false},
		{"address without an address", helpdesk.Address, helpdesk.Confirmed, func(q *helpdesk.Request) { q.Email = "" }, false},
		{"address by one", helpdesk.Address, helpdesk.Confirmed, func(q *helpdesk.Request) { q.ConfirmedBy = q.OpenedBy }, false},
		{"address done", helpdesk.Address, helpdesk.Done, func(*helpdesk.Request) {}, true},
		{"address done by one", helpdesk.Address, helpdesk.Done, func(q *helpdesk.Request) { q.ConfirmedBy = q.OpenedBy }, false},
		{"address done too early", helpdesk.Address, helpdesk.Done, func(q *helpdesk.Request) { q.DecidedAt = q.From.Add(-time.Second) }, false},
		{"address done too late", helpdesk.Address, helpdesk.Done, func(q *helpdesk.Request) { q.DecidedAt = q.Until }, false},
	} {
		a := w.blocked()
		q := changing(a, test.kind, "olga")
		q.CodeAsked = test.kind != helpdesk.Closing
		w.begun(q)
		rec := note("account.viewed", a.ID)
		_, err := w.Helpdesk.Move(ctx(t), q.ID, func(q helpdesk.Request, _ account.Account) (helpdesk.Request, effect.Effects, error) {
			q = complete(q)
			q.State = test.state
			test.spoil(&q)
			return q, rec, nil
		})
		if test.fine {
			w.happened(err, rec)
			continue
		}
		if w.refused(err, errs.ErrUnavailable, rec); !reflect.DeepEqual(w.account(a.ID), a) {
			t.Errorf("%s changes the account", test.name)
		}
	}
	// A kind that takes two officials begins so, and an unblock asks for the code.
	a := w.blocked()
	for kind, spoil := range map[helpdesk.Kind]func(*helpdesk.Request){
		helpdesk.Address: func(q *helpdesk.Request) { q.Second = false }, helpdesk.Unblock: func(q *helpdesk.Request) { q.CodeAsked = false },
	} {
		q, rec := changing(a, kind, "olga"), note("account.viewed", a.ID)
		err := w.Helpdesk.Begin(ctx(t), a.ID, noon, func(account.Account, []helpdesk.Request) (helpdesk.Request, []helpdesk.Request, effect.Effects, error) {
			q.CodeAsked = true
			spoil(&q)
			return q, nil, rec, nil
		})
		w.refused(err, errs.ErrUnavailable, rec)
	}
	// At most one unblock and one change is in progress.
	for _, kind := range []helpdesk.Kind{helpdesk.Unblock, helpdesk.Address} {
		first := changing(a, kind, "olga")
		first.CodeAsked = true
		w.begun(first)
		q, rec := changing(a, kind, "piet"), note("account.viewed", a.ID)
		q.CodeAsked = true
		err := w.Helpdesk.Begin(ctx(t), a.ID, noon, func(account.Account, []helpdesk.Request) (helpdesk.Request, []helpdesk.Request, effect.Effects, error) {
			return q, nil, rec, nil
		})
		w.refused(err, errs.ErrConflict, rec)
	}
}

// OF-20: a change of address followed by an unblock would hand an account over,
// so for a while the second one needs a colleague as well.
func unblockAfterChange(t *testing.T, w helpdeskWorld) {
	moved, other := w.active(), w.active()
	c := w.confirmed(moved, newAddress())
	done := c.From.Add(time.Minute)
	same(t, ok[helpdesk.HolderVerdict](t)(w.try(c.ID, true, done, effect.Effects{})), helpdesk.CodeRight)
	for passed, lately := range map[time.Duration]bool{helpdesk.SecondWithin - time.Second: true, helpdesk.SecondWithin: false} {
		same(t, ok[bool](t)(w.Helpdesk.Moved(ctx(t), moved.ID, done.Add(passed))), lately)
		same(t, ok[bool](t)(w.Helpdesk.Moved(ctx(t), other.ID, done.Add(passed))), false)
	}
	for _, a := range []account.Account{moved, other} {
		w.block(a, done)
		for passed, second := range map[time.Duration]bool{helpdesk.SecondWithin - time.Second: a.ID == moved.ID, helpdesk.SecondWithin: false} {
			c := unblocking(w.account(a.ID), "olga")
			c.OpenedAt = done.Add(passed)
			must(t, w.begin(c, effect.Effects{}))
			if got := w.request(c.ID); got.Second != second {
				t.Errorf("after %s a colleague is needed: %t, want %t", passed, got.Second, second)
			}
		}
	}
}

// OF-20: beginning again, as another official or with another kind, allows no new
// tries within helpdesk.Cooling. Wrong answers in a request that was done do not count.
func helpdeskWrongAnswers(t *testing.T, w helpdeskWorld) {
	a := w.blocked()
	at := noon.Add
	unblock := func(by string, passed time.Duration) (helpdesk.Request, error) {
		c := unblocking(a, by)
		c.OpenedAt = at(passed)
		if err := w.begin(c, effect.Effects{}); err != nil {
			return c, err
		}
		return w.Helpdesk.Request(ctx(t), c.ID)
	}
	address := func(by string, passed time.Duration) (helpdesk.Request, error) {
		c := changing(a, helpdesk.Address, by)
		c.OpenedAt = at(passed)
		if err := w.begin(c, effect.Effects{}); err != nil {
			return c, err
		}
		return w.Helpdesk.Request(ctx(t), c.ID)
	}
	c := ok[helpdesk.Request](t)(unblock("olga", 0))
	c.Wrong = 1
	ok[helpdesk.Request](t)(w.save(c, effect.Effects{}))
	c = ok[helpdesk.Request](t)(unblock("olga", time.Minute)) // cancels olga's own request
	same(t, c.Wrong, 1)
	must(t, w.end(c, helpdesk.Cancelled, "olga", at(time.Minute), effect.Effects{}))
	change := ok[helpdesk.Request](t)(address("piet", 2*time.Minute))
	same(t, change.Wrong, 1)
	change.Wrong = helpdesk.WrongAnswers - 1
	change = ok[helpdesk.Request](t)(w.save(change, effect.Effects{}))
	c = ok[helpdesk.Request](t)(unblock("anna", 3*time.Minute))
	same(t, c.Wrong, helpdesk.WrongAnswers-1)
	c.Wrong++
	c.State, c.DecidedBy, c.DecidedAt = helpdesk.Refused, "anna", at(3*time.Minute)
	ok[helpdesk.Request](t)(w.save(c, effect.Effects{}))
	must(t, w.end(change, helpdesk.Cancelled, "piet", at(4*time.Minute), effect.Effects{}))
	_, err := address("anna", 5*time.Minute)
	is(t, err, errs.ErrConflict)
	same(t, ok[helpdesk.Request](t)(unblock("anna", 5*time.Minute+helpdesk.Cooling)).Wrong, 0)
}

// Codes that are tried while a request is judged stay counted: their step is not
// accepted a second time, and the number of failures does not go back.
func helpdeskKeepsTries(t *testing.T, w helpdeskWorld) {
	for state, done := range map[helpdesk.State]bool{helpdesk.Open: false, helpdesk.Done: true} {
		a := w.active()
		q := changing(a, helpdesk.Closing, "olga")
		w.begun(q)
		_, err := w.Helpdesk.Move(ctx(t), q.ID, func(q helpdesk.Request, _ account.Account) (helpdesk.Request, effect.Effects, error) {
			for _, outcome := range []account.Verdict{{Outcome: account.Accepted, Step: 900}, {Outcome: account.Wrong}} {
				_, err := w.Accounts.TryCode(ctx(t), a.ID, a.Epoch, noon, func(account.CodeTry) account.Verdict { return outcome })
				must(t, err)
			}
			if q.State = state; done {
				q.Reason, q.ConfirmedBy, q.DecidedBy, q.DecidedAt = "on_request", "piet", "piet", noon
			}
			return q, effect.Effects{}, nil
		})
		must(t, err)
		if got := w.account(a.ID).Factor; got.LastStep != 900 || got.Failures != 1 {
			t.Errorf("after a request that is %s the factor is %+v, want step 900 and 1 failure", state, got)
		}
	}
}
