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

// Helpdesk runs the contract of the helpdesk's store.
func Helpdesk(t *testing.T, open func(*testing.T) (Stores, helpdesk.Store)) {
	for name, test := range map[string]func(*testing.T, deskWorld){
		"Search": helpdeskSearch, "Begin": helpdeskBegin, "Save": helpdeskSave, "Finish": helpdeskFinish, "FourEyes": helpdeskFourEyes, "Too late": helpdeskLate,
		"Mails again": helpdeskResend,
	} {
		t.Run(name, func(t *testing.T) {
			stores, desk := open(t)
			test(t, deskWorld{world{stores, t}, desk})
		})
	}
}

type deskWorld struct {
	world
	Helpdesk helpdesk.Store
}

func helpdeskSearch(t *testing.T, w deskWorld) {
	app := w.ready(draft())
	who := approved(app)
	who.Profile.GivenName, who.Profile.FamilyName = "Élodie", "Müller-Straß"
	who.Profile.Organization = &account.Organization{Name: "Bau & Söhne GmbH", RegistrationNumber: "HRB 12345", RegistrationCountry: "DE"}
	app.Reference = fresh("OLID")
	must(t, w.Applications.Submit(ctx(t), app, &who, effect.Effects{}))
	other := w.active()

	for typed, found := range map[string]bool{
		"elo": true, "ÉLODIE muller": true, "strass": true, "söhn": true, "hrb12345": true, "HRB 12345": true, "12345": true, who.Email: true,
		who.Email[:len(who.Email)-3]: true, "el": false, "12": false, "elodie berg": false, "%": false, "_lo": false, "' OR 1=1 --": false, "": false, "\x00": false,
	} {
		got, err := w.Helpdesk.Search(ctx(t), helpdesk.SearchWords(typed), 10)
		must(t, err)
		if slices.ContainsFunc(got, func(a account.Account) bool { return a.ID == who.ID }) != found || slices.ContainsFunc(got, func(a account.Account) bool { return a.ID == other.ID }) {
			t.Errorf("%q: found %d", typed, len(got))
		}
	}
	for range 3 {
		w.active()
	}
	if got := ok[[]account.Account](t)(w.Helpdesk.Search(ctx(t), helpdesk.SearchWords(other.Profile.FamilyName), 2)); len(got) != 2 {
		t.Errorf("%d found, two at most were asked for", len(got))
	}
	if got := ok[account.Account](t)(w.Helpdesk.AccountOf(ctx(t), app.Reference)); got.ID != who.ID {
		t.Error("by reference:", got.ID)
	}
	sent, _, err := w.Helpdesk.Application(ctx(t), who.ID)
	must(t, err)
	same(t, sent.Reference, app.Reference)
	for _, odd := range []string{"", "nobody"} {
		_, err := w.Helpdesk.AccountOf(ctx(t), odd)
		is(t, err, errs.ErrNotFound)
		_, _, err = w.Helpdesk.Application(ctx(t), odd)
		is(t, err, errs.ErrNotFound)
		_, err = w.Helpdesk.Case(ctx(t), odd)
		is(t, err, errs.ErrNotFound)
	}
	seen := note("account.viewed", who.ID)
	w.happened(w.Helpdesk.Note(ctx(t), seen), seen)
}

// OF-20: so many mails go again and no more, whoever asks at the same time;
// none goes to an account that was read before it changed.
func helpdeskResend(t *testing.T, w deskWorld) {
	a, other := w.active(), w.active()
	send := func(a account.Account, now time.Time) (effect.Effects, error) {
		rec := note("account.mail_resent", a.ID)
		rec.Events[0].At = now
		return rec, w.Helpdesk.Resend(ctx(t), a, now, rec)
	}
	for n := range helpdesk.MailsAgain - 1 {
		rec, err := send(a, noon.Add(time.Duration(n)*time.Minute))
		w.happened(err, rec)
	}
	last := noon.Add(time.Hour)
	exactlyOne(t, atOnce(func(int) error { _, err := send(a, last); return err }), helpdesk.ErrMails)
	rec, err := send(a, noon.Add(helpdesk.MailsWithin-time.Second))
	w.refused(err, helpdesk.ErrMails, rec)
	rec, err = send(other, last)
	w.happened(err, rec)
	rec, err = send(a, noon.Add(helpdesk.MailsWithin)) // the first one is a day old
	w.happened(err, rec)

	other.Epoch++
	rec, err = send(other, last)
	w.refused(err, errs.ErrConflict, rec)
}

// unblocking is a new case of an account.
func unblocking(a account.Account, by string) helpdesk.Case {
	return helpdesk.Case{ID: fresh("case"), AccountID: a.ID, Epoch: a.Epoch, State: helpdesk.Open, OpenedBy: by, OpenedAt: noon, Version: 1}
}

// identified is a case that has all it takes.
func (w deskWorld) identified(a account.Account, by string, second bool) helpdesk.Case {
	w.t.Helper()
	c := unblocking(a, by)
	c.Second = second
	must(w.t, w.Helpdesk.Begin(ctx(w.t), c, effect.Effects{}))
	c.CodeRight, c.Right, c.Answers = true, helpdesk.RightAnswers, map[helpdesk.Question]bool{helpdesk.Birthdate: true, helpdesk.Phone: false}
	c.Reason, c.Ticket = "lost_phone", "T-1"
	if second {
		c.State = helpdesk.Proposed
	}
	return ok[helpdesk.Case](w.t)(w.Helpdesk.Save(ctx(w.t), c, effect.Effects{}))
}

func helpdeskBegin(t *testing.T, w deskWorld) {
	a := w.blocked()
	first, rec := unblocking(a, "olga"), note("unblock.begun", a.ID)
	w.happened(w.Helpdesk.Begin(ctx(t), first, rec), rec)
	same(t, ok[helpdesk.Case](t)(w.Helpdesk.Case(ctx(t), first.ID)), first)

	rec = note("unblock.begun", a.ID)
	w.refused(w.Helpdesk.Begin(ctx(t), unblocking(a, "piet"), rec), errs.ErrConflict, rec)
	again := unblocking(a, "olga")
	must(t, w.Helpdesk.Begin(ctx(t), again, effect.Effects{}))
	same(t, ok[helpdesk.Case](t)(w.Helpdesk.Case(ctx(t), first.ID)).State, helpdesk.Cancelled)
	later := unblocking(a, "piet")
	later.OpenedAt = noon.Add(helpdesk.CaseTime)
	must(t, w.Helpdesk.Begin(ctx(t), later, effect.Effects{}))

	must(t, w.Helpdesk.End(ctx(t), later.ID, helpdesk.Refused, "piet", later.OpenedAt, effect.Effects{}))
	is(t, w.Helpdesk.End(ctx(t), later.ID, helpdesk.Cancelled, "piet", later.OpenedAt, effect.Effects{}), errs.ErrConflict)
	hot := unblocking(a, "piet")
	hot.OpenedAt = later.OpenedAt.Add(helpdesk.Cooling - time.Second)
	is(t, w.Helpdesk.Begin(ctx(t), hot, effect.Effects{}), errs.ErrConflict)
	hot.OpenedAt = later.OpenedAt.Add(helpdesk.Cooling)
	must(t, w.Helpdesk.Begin(ctx(t), hot, effect.Effects{}))

	stale := w.blocked()
	stale.Epoch--
	for _, who := range []account.Account{w.awaiting(), w.shown(), w.active(), stale} {
		rec := note("unblock.begun", who.ID)
		w.refused(w.Helpdesk.Begin(ctx(t), unblocking(who, "olga"), rec), errs.ErrConflict, rec)
	}
	b := w.blocked()
	exactlyOne(t, atOnce(func(i int) error {
		return w.Helpdesk.Begin(ctx(t), unblocking(b, fresh("member")), effect.Effects{})
	}), errs.ErrConflict)
}

func helpdeskSave(t *testing.T, w deskWorld) {
	a := w.blocked()
	c := unblocking(a, "olga")
	must(t, w.Helpdesk.Begin(ctx(t), c, effect.Effects{}))
	exactlyOne(t, atOnce(func(int) error {
		next := c
		next.Wrong, next.Answers = 1, map[helpdesk.Question]bool{helpdesk.Street: false}
		_, err := w.Helpdesk.Save(ctx(t), next, effect.Effects{})
		return err
	}), errs.ErrConflict)
	got := ok[helpdesk.Case](t)(w.Helpdesk.Case(ctx(t), c.ID))
	c.Wrong, c.Answers, c.Version = 1, map[helpdesk.Question]bool{helpdesk.Street: false}, 2
	same(t, got, c)
	must(t, w.Helpdesk.End(ctx(t), c.ID, helpdesk.Cancelled, "olga", noon, effect.Effects{}))
	rec := note("unblock.answers", a.ID)
	_, err := w.Helpdesk.Save(ctx(t), got, rec)
	w.refused(err, errs.ErrConflict, rec)
}

// EN-20, EN-21: one of a crowd unblocks; what is not identified, justified
// or of this block does not.
func helpdeskFinish(t *testing.T, w deskWorld) {
	for name, spoil := range map[string]func(*helpdesk.Case){
		"no code": func(c *helpdesk.Case) { c.CodeRight = false }, "two answers": func(c *helpdesk.Case) { c.Right = 2 }, "no reason": func(c *helpdesk.Case) { c.Reason = "" },
	} {
		a := w.blocked()
		c := w.identified(a, "olga", false)
		spoil(&c)
		c = ok[helpdesk.Case](t)(w.Helpdesk.Save(ctx(t), c, effect.Effects{}))
		rec := note("account.unblocked", a.ID)
		w.refused(w.Helpdesk.Finish(ctx(t), c.ID, "olga", noon, rec), errs.ErrConflict, rec)
		if got := w.account(a.ID); got.State != account.Blocked {
			t.Error(name, "unblocks")
		}
	}
	a := w.blocked()
	c := w.identified(a, "olga", false)
	rec := note("account.unblocked", a.ID)
	w.refused(w.Helpdesk.Finish(ctx(t), c.ID, "piet", noon, rec), errs.ErrConflict, rec) // it is not piet's
	exactlyOne(t, atOnce(func(int) error { return w.Helpdesk.Finish(ctx(t), c.ID, "olga", noon, rec) }), errs.ErrConflict)
	w.recorded(rec)
	got := w.account(a.ID)
	if got.State != account.AwaitingEnrolment || got.Unblocks != 1 || got.Epoch != a.Epoch+1 || got.Factor.Sealed != nil || !got.UnblockedAt.Equal(noon) {
		t.Errorf("afterwards: %+v", got)
	}
	w.unbroken()

	// Blocked again: the case is of a block that is over.
	b := w.blocked()
	c = w.identified(b, "olga", false)
	must(t, w.Accounts.Unblock(ctx(t), b.ID, noon, effect.Effects{}))
	must(t, w.Accounts.Block(ctx(t), b.ID, 0, account.Reported, fresh("BR"), noon, effect.Effects{}))
	rec = note("account.unblocked", b.ID)
	w.refused(w.Helpdesk.Finish(ctx(t), c.ID, "olga", noon, rec), errs.ErrConflict, rec)
	same(t, ok[helpdesk.Case](t)(w.Helpdesk.Case(ctx(t), c.ID)).State, helpdesk.Open)
	must(t, w.Helpdesk.Begin(ctx(t), unblocking(w.account(b.ID), "piet"), effect.Effects{}))
}

// OF-20: who proposes does not confirm.
func helpdeskFourEyes(t *testing.T, w deskWorld) {
	a := w.blocked()
	c := w.identified(a, "olga", true)
	if waiting := ok[[]helpdesk.Case](t)(w.Helpdesk.Waiting(ctx(t), noon)); len(waiting) != 1 {
		t.Fatal("waiting:", waiting)
	} else {
		same(t, waiting[0], c)
	}
	rec := note("account.unblocked", a.ID)
	w.refused(w.Helpdesk.Finish(ctx(t), c.ID, "olga", noon, rec), errs.ErrConflict, rec)
	is(t, w.Helpdesk.Begin(ctx(t), unblocking(a, "olga"), effect.Effects{}), errs.ErrConflict)
	exactlyOne(t, atOnce(func(i int) error {
		if i%2 == 0 {
			return w.Helpdesk.Finish(ctx(t), c.ID, "piet", noon, rec)
		}
		return w.Helpdesk.End(ctx(t), c.ID, helpdesk.Refused, "petra", noon, rec)
	}), errs.ErrConflict)
	w.recorded(rec)
	end := ok[helpdesk.Case](t)(w.Helpdesk.Case(ctx(t), c.ID))
	if done := w.account(a.ID).State == account.AwaitingEnrolment; done != (end.State == helpdesk.Done) {
		t.Errorf("the case is %s, the account %s", end.State, w.account(a.ID).State)
	}
	if waiting := ok[[]helpdesk.Case](t)(w.Helpdesk.Waiting(ctx(t), noon)); len(waiting) != 0 {
		t.Error("waiting still:", waiting)
	}
	// A case that needs a colleague is not done before it was proposed.
	b := w.blocked()
	open := unblocking(b, "olga")
	open.Second = true
	must(t, w.Helpdesk.Begin(ctx(t), open, effect.Effects{}))
	open.CodeRight, open.Right, open.Reason = true, helpdesk.RightAnswers, "lost_phone"
	open = ok[helpdesk.Case](t)(w.Helpdesk.Save(ctx(t), open, effect.Effects{}))
	for _, by := range []string{"olga", "piet"} {
		is(t, w.Helpdesk.Finish(ctx(t), open.ID, by, noon, effect.Effects{}), errs.ErrConflict)
	}
}

func helpdeskLate(t *testing.T, w deskWorld) {
	me, begun := fresh("me"), unblocking(w.blocked(), "")
	begun.OpenedBy = me
	must(t, w.Helpdesk.Begin(ctx(t), begun, effect.Effects{}))
	proposed := w.identified(w.blocked(), me, true)
	opened := func(member string, now time.Time) (ids []string) {
		for _, c := range ok[[]helpdesk.Case](t)(w.Helpdesk.OpenedBy(ctx(t), member, now)) {
			same(t, c, ok[helpdesk.Case](t)(w.Helpdesk.Case(ctx(t), c.ID)))
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
	must(t, w.Helpdesk.End(ctx(t), begun.ID, helpdesk.Cancelled, me, noon, effect.Effects{}))
	must(t, w.Helpdesk.End(ctx(t), proposed.ID, helpdesk.Refused, "piet", noon, effect.Effects{}))
	same(t, opened(me, noon), []string(nil))
	for second, limit := range map[bool]time.Duration{false: helpdesk.CaseTime, true: helpdesk.ProposalTime} {
		a := w.blocked()
		c := w.identified(a, "olga", second)
		by := map[bool]string{false: "olga", true: "piet"}[second]
		is(t, w.Helpdesk.Finish(ctx(t), c.ID, by, noon.Add(limit), effect.Effects{}), errs.ErrConflict)
		if waiting, err := w.Helpdesk.Waiting(ctx(t), noon.Add(limit)); err != nil || len(waiting) != 0 {
			t.Error("waiting:", waiting, err)
		}
		if err := w.Helpdesk.Finish(ctx(t), c.ID, by, noon.Add(limit-time.Second), effect.Effects{}); err != nil && !errors.Is(err, errs.ErrUnavailable) {
			t.Error("in time:", err)
		}
	}
}
