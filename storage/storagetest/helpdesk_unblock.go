package storagetest

import (
	"errors"
	"slices"
	"testing"
	"time"

	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/effect"
	"omgevingsloket-id/pkg/errs"
	"omgevingsloket-id/pkg/helpdesk"
)

// unblocking returns a new request to unblock an account.
func unblocking(a account.Account, by string) helpdesk.Request {
	return helpdesk.Request{ID: fresh("case"), AccountID: a.ID, Epoch: a.Epoch, Kind: helpdesk.Unblock, State: helpdesk.Open, CodeAsked: true, OpenedBy: by, OpenedAt: noon, Version: 1}
}

// identified returns a request to unblock that may be decided on.
func (w helpdeskWorld) identified(a account.Account, by string, second bool) helpdesk.Request {
	w.t.Helper()
	c := unblocking(a, by)
	c.Second = second
	must(w.t, w.begin(c, effect.Effects{}))
	c.CodeRight, c.Right, c.Answers = true, helpdesk.RightAnswers, map[helpdesk.Question]bool{helpdesk.Birthdate: true, helpdesk.Phone: false}
	c.Reason, c.Ticket = "lost_phone", "T-1"
	if second {
		c.State = helpdesk.Proposed
	}
	return ok[helpdesk.Request](w.t)(w.save(c, effect.Effects{}))
}

func unblockBegin(t *testing.T, w helpdeskWorld) {
	a := w.blocked()
	first, rec := unblocking(a, "olga"), note("unblock.begun", a.ID)
	w.happened(w.begin(first, rec), rec)
	same(t, w.request(first.ID), first)

	rec = note("unblock.begun", a.ID)
	w.refused(w.begin(unblocking(a, "piet"), rec), errs.ErrConflict, rec)
	again := unblocking(a, "olga")
	must(t, w.begin(again, effect.Effects{}))
	same(t, w.request(first.ID).State, helpdesk.Cancelled)
	later := unblocking(a, "piet")
	later.OpenedAt = noon.Add(helpdesk.CaseTime)
	must(t, w.begin(later, effect.Effects{}))

	must(t, w.end(later, helpdesk.Refused, "piet", later.OpenedAt, effect.Effects{}))
	is(t, w.end(later, helpdesk.Cancelled, "piet", later.OpenedAt, effect.Effects{}), errs.ErrConflict)
	hot := unblocking(a, "piet")
	hot.OpenedAt = later.OpenedAt.Add(helpdesk.Cooling - time.Second)
	is(t, w.begin(hot, effect.Effects{}), errs.ErrConflict)
	hot.OpenedAt = later.OpenedAt.Add(helpdesk.Cooling)
	must(t, w.begin(hot, effect.Effects{}))

	stale := w.blocked()
	stale.Epoch--
	for _, who := range []account.Account{w.awaiting(), w.shown(), w.active(), stale} {
		rec := note("unblock.begun", who.ID)
		w.refused(w.begin(unblocking(who, "olga"), rec), errs.ErrConflict, rec)
	}
	b := w.blocked()
	exactlyOne(t, atOnce(func(i int) error {
		return w.begin(unblocking(b, fresh("member")), effect.Effects{})
	}), errs.ErrConflict)
}

func unblockSave(t *testing.T, w helpdeskWorld) {
	a := w.blocked()
	c := unblocking(a, "olga")
	must(t, w.begin(c, effect.Effects{}))
	exactlyOne(t, atOnce(func(int) error {
		next := c
		next.Wrong, next.Answers = 1, map[helpdesk.Question]bool{helpdesk.Street: false}
		_, err := w.save(next, effect.Effects{})
		return err
	}), errs.ErrConflict)
	got := w.request(c.ID)
	c.Wrong, c.Answers, c.Version = 1, map[helpdesk.Question]bool{helpdesk.Street: false}, 2
	same(t, got, c)
	must(t, w.end(c, helpdesk.Cancelled, "olga", noon, effect.Effects{}))
	rec := note("unblock.answers", a.ID)
	_, err := w.save(got, rec)
	w.refused(err, errs.ErrConflict, rec)
}

// EN-20, EN-21: of simultaneous calls one unblocks; a request that is not
// identified, not justified or about another block does not.
func unblockConfirm(t *testing.T, w helpdeskWorld) {
	for name, spoil := range map[string]func(*helpdesk.Request){
		"no code": func(c *helpdesk.Request) { c.CodeRight = false }, "two answers": func(c *helpdesk.Request) { c.Right = 2 }, "no reason": func(c *helpdesk.Request) { c.Reason = "" },
	} {
		a := w.blocked()
		c := w.identified(a, "olga", false)
		spoil(&c)
		c = ok[helpdesk.Request](t)(w.save(c, effect.Effects{}))
		rec := note("account.unblocked", a.ID)
		w.refused(w.confirm(c.ID, "olga", noon, rec), errs.ErrConflict, rec)
		if got := w.account(a.ID); got.State != account.Blocked {
			t.Error(name, "unblocks")
		}
	}
	a := w.blocked()
	c := w.identified(a, "olga", false)
	rec := note("account.unblocked", a.ID)
	w.refused(w.confirm(c.ID, "piet", noon, rec), errs.ErrConflict, rec) // it is not piet's request
	exactlyOne(t, atOnce(func(int) error { return w.confirm(c.ID, "olga", noon, rec) }), errs.ErrConflict)
	w.written(rec)
	got := w.account(a.ID)
	if got.State != account.AwaitingEnrolment || got.Unblocks != 1 || got.Epoch != a.Epoch+1 || got.Factor.Sealed != nil || !got.UnblockedAt.Equal(noon) {
		t.Errorf("afterwards: %+v", got)
	}
	w.unbroken()

	// Blocked again: the request is about a previous block.
	b := w.blocked()
	c = w.identified(b, "olga", false)
	must(t, w.unblock(b.ID, "", effect.Effects{}))
	w.block(b, noon)
	rec = note("account.unblocked", b.ID)
	w.refused(w.confirm(c.ID, "olga", noon, rec), errs.ErrConflict, rec)
	same(t, w.request(c.ID).State, helpdesk.Open)
	must(t, w.begin(unblocking(w.account(b.ID), "piet"), effect.Effects{}))
}

// OF-20: the official who proposed cannot confirm.
func unblockFourEyes(t *testing.T, w helpdeskWorld) {
	a := w.blocked()
	c := w.identified(a, "olga", true)
	if waiting := ok[[]helpdesk.Request](t)(w.Helpdesk.Waiting(ctx(t), noon)); len(waiting) != 1 {
		t.Fatal("waiting:", waiting)
	} else {
		same(t, waiting[0], c)
	}
	rec := note("account.unblocked", a.ID)
	w.refused(w.confirm(c.ID, "olga", noon, rec), errs.ErrConflict, rec)
	is(t, w.begin(unblocking(a, "olga"), effect.Effects{}), errs.ErrConflict)
	exactlyOne(t, atOnce(func(i int) error {
		if i%2 == 0 {
			return w.confirm(c.ID, "piet", noon, rec)
		}
		return w.end(c, helpdesk.Refused, "petra", noon, rec)
	}), errs.ErrConflict)
	w.written(rec)
	end := w.request(c.ID)
	if done := w.account(a.ID).State == account.AwaitingEnrolment; done != (end.State == helpdesk.Done) {
		t.Errorf("the case is %s, the account %s", end.State, w.account(a.ID).State)
	}
	if waiting := ok[[]helpdesk.Request](t)(w.Helpdesk.Waiting(ctx(t), noon)); len(waiting) != 0 {
		t.Error("waiting still:", waiting)
	}
	// A request that needs a colleague cannot be done before it was proposed.
	b := w.blocked()
	open := unblocking(b, "olga")
	open.Second = true
	must(t, w.begin(open, effect.Effects{}))
	open.CodeRight, open.Right, open.Reason = true, helpdesk.RightAnswers, "lost_phone"
	open = ok[helpdesk.Request](t)(w.save(open, effect.Effects{}))
	for _, by := range []string{"olga", "piet"} {
		is(t, w.confirm(open.ID, by, noon, effect.Effects{}), errs.ErrConflict)
	}
}

func unblockLate(t *testing.T, w helpdeskWorld) {
	me, begun := fresh("me"), unblocking(w.blocked(), "")
	begun.OpenedBy = me
	must(t, w.begin(begun, effect.Effects{}))
	proposed := w.identified(w.blocked(), me, true)
	opened := func(member string, now time.Time) (ids []string) {
		for _, c := range ok[[]helpdesk.Request](t)(w.Helpdesk.OpenedBy(ctx(t), member, now)) {
			same(t, c, w.request(c.ID))
			ids = append(ids, c.ID)
		}
		slices.Sort(ids)
		return ids
	}
	both := []string{begun.ID, proposed.ID}
	slices.Sort(both)
	same(t, opened(me, noon), both)
	same(t, opened(me, noon.Add(helpdesk.CaseTime)), []string{proposed.ID})
	same(t, opened(me, noon.Add(helpdesk.ProposalTime)), []string(nil))
	same(t, opened(fresh("other"), noon), []string(nil))
	must(t, w.end(begun, helpdesk.Cancelled, me, noon, effect.Effects{}))
	must(t, w.end(proposed, helpdesk.Refused, "piet", noon, effect.Effects{}))
	same(t, opened(me, noon), []string(nil))
	for second, limit := range map[bool]time.Duration{false: helpdesk.CaseTime, true: helpdesk.ProposalTime} {
		a := w.blocked()
		c := w.identified(a, "olga", second)
		by := map[bool]string{false: "olga", true: "piet"}[second]
		is(t, w.confirm(c.ID, by, noon.Add(limit), effect.Effects{}), errs.ErrConflict)
		if waiting, err := w.Helpdesk.Waiting(ctx(t), noon.Add(limit)); err != nil || len(waiting) != 0 {
			t.Error("waiting:", waiting, err)
		}
		if err := w.confirm(c.ID, by, noon.Add(limit-time.Second), effect.Effects{}); err != nil && !errors.Is(err, errs.ErrUnavailable) {
			t.Error("in time:", err)
		}
	}
}
