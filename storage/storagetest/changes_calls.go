package storagetest

import (
	"testing"
	"time"

	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/effect"
	"omgevingsloket-id/pkg/errs"
	"omgevingsloket-id/pkg/helpdesk"
)

// OF-20: another address and then an unblock hand an account over; the second
// of the two needs a colleague as well, for a while.
func changeThenUnblock(t *testing.T, w changeWorld) {
	moved, other := w.active(), w.active()
	c := w.confirmed(moved, newAddress())
	done := c.From.Add(time.Minute)
	ok[helpdesk.HolderVerdict](t)(w.Changes.TryCode(ctx(t), c.ID, done, verdict(helpdesk.CodeRight, effect.Effects{})))
	for passed, lately := range map[time.Duration]bool{helpdesk.SecondWithin - time.Second: true, helpdesk.SecondWithin: false} {
		same(t, ok[bool](t)(w.Helpdesk.Moved(ctx(t), moved.ID, done.Add(passed))), lately)
		same(t, ok[bool](t)(w.Helpdesk.Moved(ctx(t), other.ID, done.Add(passed))), false)
	}
	for _, a := range []account.Account{moved, other} {
		must(t, w.Accounts.Block(ctx(t), a.ID, 0, account.Reported, fresh("BR"), done, effect.Effects{}))
		for passed, second := range map[time.Duration]bool{helpdesk.SecondWithin - time.Second: a.ID == moved.ID, helpdesk.SecondWithin: false} {
			c := unblocking(w.account(a.ID), "olga")
			c.OpenedAt = done.Add(passed)
			must(t, w.Helpdesk.Begin(ctx(t), c, effect.Effects{}))
			if got := ok[helpdesk.Case](t)(w.Helpdesk.Case(ctx(t), c.ID)); got.Second != second {
				t.Errorf("after %s a colleague is needed: %t, want %t", passed, got.Second, second)
			}
		}
	}
}

// OF-20: beginning anew, as somebody else or for something else gives no new
// tries; time does, and so does a call that ended well.
func changeWrongAnswers(t *testing.T, w changeWorld) {
	a := w.blocked()
	at := func(passed time.Duration) time.Time { return noon.Add(passed) }
	unblock := func(by string, passed time.Duration) (helpdesk.Case, error) {
		c := unblocking(a, by)
		c.OpenedAt = at(passed)
		if err := w.Helpdesk.Begin(ctx(t), c, effect.Effects{}); err != nil {
			return c, err
		}
		return w.Helpdesk.Case(ctx(t), c.ID)
	}
	address := func(by string, passed time.Duration) (helpdesk.Change, error) {
		c := changing(a, helpdesk.Address, by)
		c.OpenedAt = at(passed)
		if err := w.Changes.Begin(ctx(t), c, effect.Effects{}); err != nil {
			return c, err
		}
		return w.Changes.Change(ctx(t), c.ID)
	}
	c := ok[helpdesk.Case](t)(unblock("olga", 0))
	c.Wrong = 1
	ok[helpdesk.Case](t)(w.Helpdesk.Save(ctx(t), c, effect.Effects{}))
	c = ok[helpdesk.Case](t)(unblock("olga", time.Minute)) // cancels the own one
	same(t, c.Wrong, 1)
	must(t, w.Helpdesk.End(ctx(t), c.ID, helpdesk.Cancelled, "olga", at(time.Minute), effect.Effects{}))
	change := ok[helpdesk.Change](t)(address("piet", 2*time.Minute))
	same(t, change.Wrong, 1)
	change.Wrong = helpdesk.WrongAnswers - 1
	change = ok[helpdesk.Change](t)(w.Changes.Save(ctx(t), change, effect.Effects{}))
	c = ok[helpdesk.Case](t)(unblock("anna", 3*time.Minute))
	same(t, c.Wrong, helpdesk.WrongAnswers-1)
	c.Wrong++
	c.State, c.DecidedBy, c.DecidedAt = helpdesk.Refused, "anna", at(3*time.Minute)
	ok[helpdesk.Case](t)(w.Helpdesk.Save(ctx(t), c, effect.Effects{}))
	must(t, w.Changes.End(ctx(t), change, helpdesk.Cancelled, "piet", at(4*time.Minute), effect.Effects{}))
	_, err := address("anna", 5*time.Minute)
	is(t, err, errs.ErrConflict)
	same(t, ok[helpdesk.Case](t)(unblock("anna", 5*time.Minute+helpdesk.Cooling)).Wrong, 0)
}
