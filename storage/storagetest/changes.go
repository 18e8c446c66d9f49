package storagetest

import (
	"errors"
	"strings"
	"testing"
	"time"

	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/effect"
	"omgevingsloket-id/pkg/errs"
	"omgevingsloket-id/pkg/helpdesk"
	"omgevingsloket-id/pkg/secret"
)

// Changes runs the contract of what the helpdesk changes about accounts.
func Changes(t *testing.T, open func(*testing.T) (Stores, helpdesk.Store, helpdesk.Changes)) {
	for name, test := range map[string]func(*testing.T, changeWorld){
		"Begin": changeBegin, "Save": changeSave, "Confirm": changeConfirm, "Address": changeAddress, "Wrong codes": changeWrongCodes, "Taken": changeTaken,
		"Close": changeClose, "Too late": changeLate, "Reopen": changeReopen, "Silence": changeSilence,
		"Wrong answers": changeWrongAnswers, "Unblock after it": changeThenUnblock,
	} {
		t.Run(name, func(t *testing.T) {
			stores, desk, changes := open(t)
			w := changeWorld{deskWorld{world{stores, t}, desk}, changes}
			test(t, w)
			w.unbroken()
		})
	}
}

type changeWorld struct {
	deskWorld
	Changes helpdesk.Changes
}

func changing(a account.Account, kind helpdesk.Kind, by string) helpdesk.Change {
	c := helpdesk.Change{
		ID: fresh("change"), Reference: fresh("CH"), AccountID: a.ID, Epoch: a.Epoch, Kind: kind, State: helpdesk.Open, Second: true, OpenedBy: by, OpenedAt: noon, Version: 1,
	}
	if kind == helpdesk.Closing {
		c.State, c.Reason, c.Ticket = helpdesk.Proposed, "misuse", "T-1"
	}
	return c
}

// begun begins a change, or fails the test.
func (w changeWorld) begun(c helpdesk.Change) helpdesk.Change {
	w.t.Helper()
	must(w.t, w.Changes.Begin(ctx(w.t), c, effect.Effects{}))
	return c
}

// ready is a change of address that waits for a colleague.
func (w changeWorld) ready(a account.Account, email string, spoil ...func(*helpdesk.Change)) helpdesk.Change {
	w.t.Helper()
	c := w.begun(changing(a, helpdesk.Address, "olga"))
	c.Right, c.Wrong, c.Answers = helpdesk.RightAnswers, 1, map[helpdesk.Question]bool{helpdesk.Birthdate: true, helpdesk.Phone: false}
	c.Reason, c.Ticket, c.Email, c.State = "address_lost", "T-1", email, helpdesk.Proposed
	for _, s := range spoil {
		s(&c)
	}
	c = ok[helpdesk.Change](w.t)(w.Changes.Save(ctx(w.t), c, effect.Effects{}))
	c.From, c.Until = noon.Add(time.Hour), noon.Add(time.Hour+helpdesk.HolderTime)
	return c
}

// confirmed is one that waits for the code from the new mailbox.
func (w changeWorld) confirmed(a account.Account, email string) helpdesk.Change {
	w.t.Helper()
	c := w.ready(a, email)
	must(w.t, w.Changes.Confirm(ctx(w.t), c, "piet", noon, effect.Effects{}))
	return ok[helpdesk.Change](w.t)(w.Changes.Change(ctx(w.t), c.ID))
}

func verdict(v helpdesk.HolderVerdict, rec effect.Effects) func(helpdesk.Change) (helpdesk.HolderVerdict, effect.Effects) {
	return func(helpdesk.Change) (helpdesk.HolderVerdict, effect.Effects) { return v, rec }
}

func newAddress() string { return strings.ToLower(fresh("new")) + "@example.net" }

func changeBegin(t *testing.T, w changeWorld) {
	for _, a := range []account.Account{w.awaiting(), w.shown(), w.active(), w.blocked()} {
		first, rec := changing(a, helpdesk.Address, "olga"), note("address.begun", a.ID)
		first.CodeAsked = a.State == account.Blocked
		w.happened(w.Changes.Begin(ctx(t), first, rec), rec)
		same(t, ok[helpdesk.Change](t)(w.Changes.Change(ctx(t), first.ID)), first)
		same(t, ok[helpdesk.Change](t)(w.Changes.ByReference(ctx(t), first.Reference)), first)
		same(t, ok[helpdesk.Change](t)(w.Changes.Live(ctx(t), a.ID, noon)), first)

		if mine := ok[[]helpdesk.Change](t)(w.Changes.OpenedBy(ctx(t), "olga", noon)); len(mine) == 0 || mine[len(mine)-1].ID == "" {
			t.Error("what olga began:", mine)
		}
		if none := ok[[]helpdesk.Change](t)(w.Changes.OpenedBy(ctx(t), "olga", noon.Add(helpdesk.CaseTime))); len(none) != 0 {
			t.Error("what is over:", none)
		}

		rec = note("closing.proposed", a.ID)
		w.refused(w.Changes.Begin(ctx(t), changing(a, helpdesk.Closing, "piet"), rec), errs.ErrConflict, rec)
		again := w.begun(changing(a, helpdesk.Address, "olga"))
		same(t, ok[helpdesk.Change](t)(w.Changes.Change(ctx(t), first.ID)).State, helpdesk.Cancelled)
		later := changing(a, helpdesk.Address, "piet")
		later.OpenedAt = noon.Add(helpdesk.CaseTime - time.Second)
		is(t, w.Changes.Begin(ctx(t), later, effect.Effects{}), errs.ErrConflict)
		later.OpenedAt = noon.Add(helpdesk.CaseTime)
		w.begun(later)
		same(t, ok[helpdesk.Change](t)(w.Changes.Change(ctx(t), again.ID)).State, helpdesk.Cancelled)

		must(t, w.Changes.End(ctx(t), later, helpdesk.Refused, "anna", later.OpenedAt, effect.Effects{}))
		is(t, w.Changes.End(ctx(t), later, helpdesk.Cancelled, "piet", later.OpenedAt, effect.Effects{}), errs.ErrConflict)
		hot := changing(a, helpdesk.Address, "piet")
		hot.OpenedAt = later.OpenedAt.Add(helpdesk.Cooling - time.Second)
		is(t, w.Changes.Begin(ctx(t), hot, effect.Effects{}), errs.ErrConflict)
		hot.OpenedAt = later.OpenedAt.Add(helpdesk.Cooling)
		w.begun(hot)
	}
	stale := w.active()
	stale.Epoch--
	rec := note("address.begun", stale.ID)
	w.refused(w.Changes.Begin(ctx(t), changing(stale, helpdesk.Address, "olga"), rec), errs.ErrConflict, rec)
	nobody := account.Account{ID: fresh("nobody"), Epoch: 1}
	is(t, w.Changes.Begin(ctx(t), changing(nobody, helpdesk.Address, "olga"), effect.Effects{}), errs.ErrConflict)
	b := w.active()
	exactlyOne(t, atOnce(func(int) error {
		return w.Changes.Begin(ctx(t), changing(b, helpdesk.Address, fresh("member")), effect.Effects{})
	}), errs.ErrConflict)
	// A block ends what was under way.
	must(t, w.Accounts.Block(ctx(t), b.ID, 0, account.Reported, fresh("BR"), noon, effect.Effects{}))
	_, err := w.Changes.Live(ctx(t), b.ID, noon)
	is(t, err, errs.ErrNotFound)
	w.begun(changing(w.account(b.ID), helpdesk.Address, "anna"))
}

func changeSave(t *testing.T, w changeWorld) {
	a := w.active()
	c := w.begun(changing(a, helpdesk.Address, "olga"))
	exactlyOne(t, atOnce(func(int) error {
		next := c
		next.Wrong = 1
		_, err := w.Changes.Save(ctx(t), next, effect.Effects{})
		return err
	}), errs.ErrConflict)
	c.Wrong, c.Version = 1, 2
	same(t, ok[helpdesk.Change](t)(w.Changes.Change(ctx(t), c.ID)), c)
	must(t, w.Changes.End(ctx(t), c, helpdesk.Cancelled, "olga", noon, effect.Effects{}))
	rec := note("address.answers", a.ID)
	_, err := w.Changes.Save(ctx(t), c, rec)
	w.refused(err, errs.ErrConflict, rec)
}

// OF-20: two members, a recognised caller, a reason and an address; of a
// crowd one confirms.
func changeConfirm(t *testing.T, w changeWorld) {
	for name, spoil := range map[string]func(*helpdesk.Change){
		"two answers": func(c *helpdesk.Change) { c.Right = 2 }, "no reason": func(c *helpdesk.Change) { c.Reason = "" }, "no address": func(c *helpdesk.Change) { c.Email = "" },
		"not proposed": func(c *helpdesk.Change) { c.State = helpdesk.Open },
	} {
		a := w.active()
		c := w.ready(a, newAddress(), spoil)
		rec := note("address.confirmed", a.ID)
		w.refused(w.Changes.Confirm(ctx(t), c, "piet", noon, rec), errs.ErrConflict, rec)
		if got := ok[helpdesk.Change](t)(w.Changes.Change(ctx(t), c.ID)); got.State == helpdesk.Confirmed {
			t.Error(name)
		}
	}
	blocked := w.blocked()
	asked := changing(blocked, helpdesk.Address, "olga")
	asked.CodeAsked = true
	w.begun(asked)
	asked.Right, asked.Reason, asked.Email, asked.State = helpdesk.RightAnswers, "address_lost", newAddress(), helpdesk.Proposed
	asked = ok[helpdesk.Change](t)(w.Changes.Save(ctx(t), asked, effect.Effects{}))
	is(t, w.Changes.Confirm(ctx(t), asked, "piet", noon, effect.Effects{}), errs.ErrConflict) // the code was asked, and not given

	a := w.active()
	c := w.ready(a, newAddress())
	if waiting := ok[[]helpdesk.Change](t)(w.Changes.Waiting(ctx(t), noon)); len(waiting) < 1 || waiting[len(waiting)-1].State != helpdesk.Proposed {
		t.Error("waiting:", waiting)
	}
	rec := note("address.confirmed", a.ID)
	w.refused(w.Changes.Confirm(ctx(t), c, "olga", noon, rec), errs.ErrConflict, rec) // who proposes does not confirm
	exactlyOne(t, atOnce(func(i int) error {
		if i%2 == 0 {
			return w.Changes.Confirm(ctx(t), c, "piet", noon, rec)
		}
		return w.Changes.End(ctx(t), c, helpdesk.Refused, "petra", noon, effect.Effects{})
	}), errs.ErrConflict)
	got := ok[helpdesk.Change](t)(w.Changes.Change(ctx(t), c.ID))
	if got.State == helpdesk.Confirmed {
		w.recorded(rec)
		if got.ConfirmedBy != "piet" || !got.From.Equal(c.From) || !got.Until.Equal(c.Until) {
			t.Errorf("%+v", got)
		}
	}
	same(t, w.account(a.ID), a) // nothing has changed yet

	b := w.active()
	c = w.ready(b, newAddress())
	must(t, w.Accounts.Block(ctx(t), b.ID, 0, account.Reported, fresh("BR"), noon, effect.Effects{}))
	is(t, w.Changes.Confirm(ctx(t), c, "piet", noon, effect.Effects{}), errs.ErrConflict)
}

// The change itself: address, epoch, what is searched, what was mailed.
func changeAddress(t *testing.T, w changeWorld) {
	app := w.world.ready(draft())
	who := approved(app)
	app.Reference = fresh("OLID")
	must(t, w.Applications.Submit(ctx(t), app, &who, effect.Effects{}))
	w.enrolled(who.ID)
	a := w.account(who.ID)
	email := newAddress()
	c := w.confirmed(a, email)
	// A mail with a code is on its way to the address of before.
	code := note("application.status_code_sent", app.ID)
	code.Mails[0].To, code.Mails[0].Kind, code.Mails[0].Text = a.Email, "status-code", secret.Text("123456")
	other := note("account.mail_resent", a.ID)
	other.Mails[0].To = a.Email
	must(t, w.Helpdesk.Note(ctx(t), code))
	must(t, w.Helpdesk.Note(ctx(t), other))

	early := noon.Add(time.Minute)
	same(t, ok[helpdesk.HolderVerdict](t)(w.Changes.TryCode(ctx(t), c.ID, early, verdict(helpdesk.CodeEarly, effect.Effects{}))), helpdesk.CodeEarly)
	rec := note("account.address_changed", a.ID)
	_, err := w.Changes.TryCode(ctx(t), c.ID, early, verdict(helpdesk.CodeRight, rec)) // a rule that forgets to look
	w.refused(err, errs.ErrConflict, rec)
	same(t, w.account(a.ID), a)
	same(t, ok[helpdesk.Change](t)(w.Changes.Change(ctx(t), c.ID)).Tries, 0)

	exactlyOne(t, atOnce(func(int) error {
		_, err := w.Changes.TryCode(ctx(t), c.ID, c.From, verdict(helpdesk.CodeRight, rec))
		return err
	}), errs.ErrConflict)
	w.recorded(rec)
	want := a
	want.Email, want.Epoch = email, a.Epoch+1
	same(t, w.account(a.ID), want)
	same(t, ok[account.Account](t)(w.Accounts.ByEmail(ctx(t), email)), want)
	_, err = w.Accounts.ByEmail(ctx(t), a.Email)
	is(t, err, errs.ErrNotFound)
	for typed, n := range map[string]int{email: 1, a.Email: 0} {
		if got := ok[[]account.Account](t)(w.Helpdesk.Search(ctx(t), []string{typed}, 10)); len(got) != n {
			t.Errorf("by %q: %d found, want %d", typed, len(got), n)
		}
	}
	moved, _, err := w.Helpdesk.Application(ctx(t), a.ID)
	must(t, err)
	same(t, moved.Email, email)
	if len(w.mails(code.Mails[0].ID)) != 0 || len(w.mails(other.Mails[0].ID)) != 1 {
		t.Error("a code goes to the address of before, or another mail does not")
	}
	end := ok[helpdesk.Change](t)(w.Changes.Change(ctx(t), c.ID))
	if end.State != helpdesk.Done || !end.DecidedAt.Equal(c.From) {
		t.Errorf("%+v", end)
	}
}

func changeWrongCodes(t *testing.T, w changeWorld) {
	a := w.active()
	c := w.confirmed(a, newAddress())
	tries := 0
	for range 2 {
		_, err := w.Changes.TryCode(ctx(t), c.ID, c.From, func(now helpdesk.Change) (helpdesk.HolderVerdict, effect.Effects) {
			tries = now.Tries
			return helpdesk.CodeWrong, effect.Effects{}
		})
		must(t, err)
	}
	same(t, tries, 2)
	rec := note("address.codes_wrong", a.ID)
	_, err := w.Changes.TryCode(ctx(t), c.ID, c.From, verdict(helpdesk.CodeOver, rec))
	w.happened(err, rec)
	_, err = w.Changes.TryCode(ctx(t), c.ID, c.From, verdict(helpdesk.CodeRight, effect.Effects{}))
	is(t, err, errs.ErrConflict)
	same(t, w.account(a.ID), a)
	// The helpdesk takes back what the holder objected to.
	b := w.active()
	c = w.confirmed(b, newAddress())
	must(t, w.Changes.End(ctx(t), c, helpdesk.Cancelled, "olga", noon, effect.Effects{}))
	_, err = w.Changes.TryCode(ctx(t), c.ID, c.From, verdict(helpdesk.CodeRight, effect.Effects{}))
	is(t, err, errs.ErrConflict)
	same(t, w.account(b.ID), b)
}

// An address that somebody else got meanwhile; an account that moved on.
func changeTaken(t *testing.T, w changeWorld) {
	a, email := w.active(), newAddress()
	c := w.confirmed(a, email)
	second := w.active()
	same(t, ok[helpdesk.HolderVerdict](t)(w.Changes.TryCode(ctx(t), w.confirmed(second, email).ID, c.From, verdict(helpdesk.CodeRight, effect.Effects{}))), helpdesk.CodeRight)
	rec := note("account.address_changed", a.ID)
	_, err := w.Changes.TryCode(ctx(t), c.ID, c.From, verdict(helpdesk.CodeRight, rec))
	w.refused(err, errs.ErrConflict, rec)
	same(t, w.account(a.ID), a)
	same(t, ok[helpdesk.Change](t)(w.Changes.Change(ctx(t), c.ID)).State, helpdesk.Confirmed)

	b := w.active()
	c = w.confirmed(b, newAddress())
	must(t, w.Accounts.Block(ctx(t), b.ID, 0, account.Reported, fresh("BR"), noon, effect.Effects{}))
	_, err = w.Changes.TryCode(ctx(t), c.ID, c.From, verdict(helpdesk.CodeRight, effect.Effects{}))
	is(t, err, errs.ErrConflict)
}

func changeClose(t *testing.T, w changeWorld) {
	for _, a := range []account.Account{w.awaiting(), w.shown(), w.active(), w.blocked()} {
		rec := note("account.closed", a.ID)
		exactlyOne(t, atOnce(func(int) error {
			one := changing(a, helpdesk.Closing, "olga")
			one.Second = false
			return w.Changes.Begin(ctx(t), one, rec)
		}), errs.ErrConflict)
		w.recorded(rec)
		got := w.account(a.ID)
		if got.State != account.Closed || got.Epoch != a.Epoch+1 || got.BlockRef != "" || got.BlockReason != "" || !got.ClosedAt.Equal(noon) {
			t.Errorf("%+v", got)
		}
		is(t, w.Changes.Begin(ctx(t), changing(got, helpdesk.Closing, "olga"), effect.Effects{}), errs.ErrConflict)
		is(t, w.Accounts.Block(ctx(t), a.ID, 0, account.Reported, fresh("BR"), noon, effect.Effects{}), errs.ErrConflict)
	}
	a := w.active()
	c := w.begun(changing(a, helpdesk.Closing, "olga"))
	rec := note("account.closed", a.ID)
	w.refused(w.Changes.Close(ctx(t), c.ID, "olga", noon, rec), errs.ErrConflict, rec)
	exactlyOne(t, atOnce(func(i int) error {
		if i%2 == 0 {
			return w.Changes.Close(ctx(t), c.ID, "piet", noon, effect.Effects{})
		}
		return w.Changes.End(ctx(t), c, helpdesk.Refused, "petra", noon, effect.Effects{})
	}), errs.ErrConflict)
	end := ok[helpdesk.Change](t)(w.Changes.Change(ctx(t), c.ID))
	if closed := w.account(a.ID).State == account.Closed; closed != (end.State == helpdesk.Done) {
		t.Errorf("the change is %s, the account %s", end.State, w.account(a.ID).State)
	}
	// A change of address is not closed by this, nor the other way round.
	b := w.active()
	address := w.ready(b, newAddress())
	is(t, w.Changes.Close(ctx(t), address.ID, "piet", noon, effect.Effects{}), errs.ErrConflict)
	d := w.active()
	closing := w.begun(changing(d, helpdesk.Closing, "olga"))
	closing.From, closing.Until = noon, noon.Add(time.Hour)
	is(t, w.Changes.Confirm(ctx(t), closing, "piet", noon, effect.Effects{}), errs.ErrConflict)
}

func changeLate(t *testing.T, w changeWorld) {
	late := noon.Add(helpdesk.ProposalTime)
	a, b := w.active(), w.active()
	address, closing := w.ready(a, newAddress()), w.begun(changing(b, helpdesk.Closing, "olga"))
	is(t, w.Changes.Confirm(ctx(t), address, "piet", late, effect.Effects{}), errs.ErrConflict)
	is(t, w.Changes.Close(ctx(t), closing.ID, "piet", late, effect.Effects{}), errs.ErrConflict)
	if waiting := ok[[]helpdesk.Change](t)(w.Changes.Waiting(ctx(t), late)); len(waiting) != 0 {
		t.Error("waiting:", waiting)
	}
	for _, id := range []string{a.ID, b.ID} {
		_, err := w.Changes.Live(ctx(t), id, late)
		is(t, err, errs.ErrNotFound)
	}
	c := w.confirmed(w.active(), newAddress())
	_, err := w.Changes.TryCode(ctx(t), c.ID, c.Until, verdict(helpdesk.CodeRight, effect.Effects{}))
	is(t, err, errs.ErrConflict)
	same(t, ok[helpdesk.HolderVerdict](t)(w.Changes.TryCode(ctx(t), c.ID, c.Until.Add(-time.Second), verdict(helpdesk.CodeRight, effect.Effects{}))), helpdesk.CodeRight)
}

func changeReopen(t *testing.T, w changeWorld) {
	closed := func() account.Account {
		a := w.active()
		c := changing(a, helpdesk.Closing, "olga")
		c.Second = false
		w.begun(c)
		return w.account(a.ID)
	}
	a := closed()
	rec, ref := note("account.reopened", a.ID), fresh("BR")
	w.refused(w.Changes.Reopen(ctx(t), a.ID, a.Epoch-1, account.Reopened, ref, noon, rec), errs.ErrConflict, rec)
	w.refused(w.Changes.Reopen(ctx(t), a.ID, a.Epoch, account.Reopened, ref, noon.Add(helpdesk.ReopenTime), rec), errs.ErrConflict, rec)
	exactlyOne(t, atOnce(func(int) error { return w.Changes.Reopen(ctx(t), a.ID, a.Epoch, account.Reopened, ref, noon, rec) }), errs.ErrConflict)
	got := w.account(a.ID)
	if got.State != account.Blocked || got.BlockReason != account.Reopened || got.BlockRef != ref || got.Epoch != a.Epoch+1 || !got.ClosedAt.IsZero() {
		t.Errorf("%+v", got)
	}
	// A reference names one account.
	b := closed()
	is(t, w.Changes.Reopen(ctx(t), b.ID, b.Epoch, account.Reopened, ref, noon, effect.Effects{}), errs.ErrConflict)
	for _, open := range []account.Account{w.active(), w.blocked()} {
		is(t, w.Changes.Reopen(ctx(t), open.ID, open.Epoch, account.Reopened, fresh("BR"), noon, effect.Effects{}), errs.ErrConflict)
	}
}

func changeSilence(t *testing.T, w changeWorld) {
	for _, odd := range []string{"", "nobody", "a\x00b", "\xff", "' OR 1=1 --"} {
		for _, look := range []func() error{
			func() error { _, err := w.Changes.Change(ctx(t), odd); return err },
			func() error { _, err := w.Changes.ByReference(ctx(t), odd); return err },
			func() error { _, err := w.Changes.Live(ctx(t), odd, noon); return err },
		} {
			is(t, look(), errs.ErrNotFound)
		}
		_, err := w.Changes.TryCode(ctx(t), odd, noon, verdict(helpdesk.CodeRight, effect.Effects{}))
		oneOf(t, err, errs.ErrConflict, errs.ErrNotFound)
		if errors.Is(err, errs.ErrUnavailable) {
			t.Errorf("%q: %v", odd, err)
		}
	}
}
