package storagetest

import (
	"strings"
	"testing"
	"time"

	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/effect"
	"omgevingsloket-id/pkg/errs"
	"omgevingsloket-id/pkg/helpdesk"
	"omgevingsloket-id/pkg/mail"
	"omgevingsloket-id/pkg/secret"
)

func changing(a account.Account, kind helpdesk.Kind, by string) helpdesk.Request {
	c := helpdesk.Request{
		ID: fresh("change"), Reference: fresh("CH"), AccountID: a.ID, Epoch: a.Epoch, Kind: kind, State: helpdesk.Open, Second: true, OpenedBy: by, OpenedAt: noon, Version: 1,
	}
	if kind == helpdesk.Closing {
		c.State, c.Reason, c.Ticket = helpdesk.Proposed, "misuse", "T-1"
	}
	return c
}

// proposed returns a change of address that waits for a colleague.
func (w helpdeskWorld) proposed(a account.Account, email string, spoil ...func(*helpdesk.Request)) helpdesk.Request {
	w.t.Helper()
	c := w.begun(changing(a, helpdesk.Address, "olga"))
	c.Right, c.Wrong, c.Answers = helpdesk.RightAnswers, 1, map[helpdesk.Question]bool{helpdesk.Birthdate: true, helpdesk.Phone: false}
	c.Reason, c.Ticket, c.Email, c.State = "address_lost", "T-1", email, helpdesk.Proposed
	for _, s := range spoil {
		s(&c)
	}
	c = ok[helpdesk.Request](w.t)(w.save(c, effect.Effects{}))
	c.From, c.Until = noon.Add(delay), noon.Add(delay+helpdesk.HolderTime)
	return c
}

// confirmed returns a change that waits for the code from the new mailbox.
func (w helpdeskWorld) confirmed(a account.Account, email string) helpdesk.Request {
	w.t.Helper()
	c := w.proposed(a, email)
	must(w.t, w.confirm(c.ID, "piet", noon, effect.Effects{}))
	return w.request(c.ID)
}

func newAddress() string { return strings.ToLower(fresh("new")) + "@example.net" }

func changeBegin(t *testing.T, w helpdeskWorld) {
	for _, a := range []account.Account{w.awaiting(), w.shown(), w.active(), w.blocked()} {
		first, rec := changing(a, helpdesk.Address, "olga"), note("address.begun", a.ID)
		first.CodeAsked = a.State == account.Blocked
		w.happened(w.begin(first, rec), rec)
		same(t, w.request(first.ID), first)
		same(t, ok[helpdesk.Request](t)(w.Helpdesk.ByReference(ctx(t), first.Reference)), first)
		same(t, ok[helpdesk.Request](t)(w.Helpdesk.LiveChange(ctx(t), a.ID, noon)), first)

		if mine := ok[[]helpdesk.Request](t)(w.Helpdesk.OpenedBy(ctx(t), "olga", noon)); len(mine) == 0 || mine[len(mine)-1].ID == "" {
			t.Error("what olga began:", mine)
		}
		if none := ok[[]helpdesk.Request](t)(w.Helpdesk.OpenedBy(ctx(t), "olga", noon.Add(helpdesk.CaseTime))); len(none) != 0 {
			t.Error("what is over:", none)
		}

		rec = note("closing.proposed", a.ID)
		w.refused(w.begin(changing(a, helpdesk.Closing, "piet"), rec), errs.ErrConflict, rec)
		again := w.begun(changing(a, helpdesk.Address, "olga"))
		same(t, w.request(first.ID).State, helpdesk.Cancelled)
		later := changing(a, helpdesk.Address, "piet")
		later.OpenedAt = noon.Add(helpdesk.CaseTime - time.Second)
		is(t, w.begin(later, effect.Effects{}), errs.ErrConflict)
		later.OpenedAt = noon.Add(helpdesk.CaseTime)
		w.begun(later)
		same(t, w.request(again.ID).State, helpdesk.Cancelled)

		must(t, w.end(later, helpdesk.Refused, "anna", later.OpenedAt, effect.Effects{}))
		is(t, w.end(later, helpdesk.Cancelled, "piet", later.OpenedAt, effect.Effects{}), errs.ErrConflict)
		hot := changing(a, helpdesk.Address, "piet")
		hot.OpenedAt = later.OpenedAt.Add(helpdesk.Cooling - time.Second)
		is(t, w.begin(hot, effect.Effects{}), errs.ErrConflict)
		hot.OpenedAt = later.OpenedAt.Add(helpdesk.Cooling)
		w.begun(hot)
	}
	stale := w.active()
	stale.Epoch--
	rec := note("address.begun", stale.ID)
	w.refused(w.begin(changing(stale, helpdesk.Address, "olga"), rec), errs.ErrConflict, rec)
	nobody := account.Account{ID: fresh("nobody"), Epoch: 1}
	is(t, w.begin(changing(nobody, helpdesk.Address, "olga"), effect.Effects{}), errs.ErrConflict)
	b := w.active()
	exactlyOne(t, atOnce(func(int) error {
		return w.begin(changing(b, helpdesk.Address, fresh("member")), effect.Effects{})
	}), errs.ErrConflict)
	// A block ends a change in progress.
	w.block(b, noon)
	_, err := w.Helpdesk.LiveChange(ctx(t), b.ID, noon)
	is(t, err, errs.ErrNotFound)
	w.begun(changing(w.account(b.ID), helpdesk.Address, "anna"))
}

func changeSave(t *testing.T, w helpdeskWorld) {
	a := w.active()
	c := w.begun(changing(a, helpdesk.Address, "olga"))
	exactlyOne(t, atOnce(func(int) error {
		next := c
		next.Wrong = 1
		_, err := w.save(next, effect.Effects{})
		return err
	}), errs.ErrConflict)
	c.Wrong, c.Version = 1, 2
	same(t, w.request(c.ID), c)
	must(t, w.end(c, helpdesk.Cancelled, "olga", noon, effect.Effects{}))
	rec := note("address.answers", a.ID)
	_, err := w.save(c, rec)
	w.refused(err, errs.ErrConflict, rec)
}

// OF-20: it takes two officials, an identified caller, a reason and an address;
// of simultaneous confirmations one succeeds.
func changeConfirm(t *testing.T, w helpdeskWorld) {
	for name, spoil := range map[string]func(*helpdesk.Request){
		"two answers": func(c *helpdesk.Request) { c.Right = 2 }, "no reason": func(c *helpdesk.Request) { c.Reason = "" }, "no address": func(c *helpdesk.Request) { c.Email = "" },
		"not proposed": func(c *helpdesk.Request) { c.State = helpdesk.Open },
	} {
		a := w.active()
		c := w.proposed(a, newAddress(), spoil)
		rec := note("address.confirmed", a.ID)
		w.refused(w.confirm(c.ID, "piet", noon, rec), errs.ErrConflict, rec)
		if got := w.request(c.ID); got.State == helpdesk.Confirmed {
			t.Error(name)
		}
	}
	blocked := w.blocked()
	asked := changing(blocked, helpdesk.Address, "olga")
	asked.CodeAsked = true
	w.begun(asked)
	asked.Right, asked.Reason, asked.Email, asked.State = helpdesk.RightAnswers, "address_lost", newAddress(), helpdesk.Proposed
	asked = ok[helpdesk.Request](t)(w.save(asked, effect.Effects{}))
	is(t, w.confirm(asked.ID, "piet", noon, effect.Effects{}), errs.ErrConflict) // the code was asked for and not entered

	a := w.active()
	c := w.proposed(a, newAddress())
	if waiting := ok[[]helpdesk.Request](t)(w.Helpdesk.Waiting(ctx(t), noon)); len(waiting) < 1 || waiting[len(waiting)-1].State != helpdesk.Proposed {
		t.Error("waiting:", waiting)
	}
	rec := note("address.confirmed", a.ID)
	w.refused(w.confirm(c.ID, "olga", noon, rec), errs.ErrConflict, rec) // the official who proposed cannot confirm
	exactlyOne(t, atOnce(func(i int) error {
		if i%2 == 0 {
			return w.confirm(c.ID, "piet", noon, rec)
		}
		return w.end(c, helpdesk.Refused, "petra", noon, effect.Effects{})
	}), errs.ErrConflict)
	got := w.request(c.ID)
	if got.State == helpdesk.Confirmed {
		w.written(rec)
		if got.ConfirmedBy != "piet" || !got.From.Equal(c.From) || !got.Until.Equal(c.Until) {
			t.Errorf("%+v", got)
		}
	}
	same(t, w.account(a.ID), a) // nothing has changed yet

	b := w.active()
	c = w.proposed(b, newAddress())
	w.block(b, noon)
	is(t, w.confirm(c.ID, "piet", noon, effect.Effects{}), errs.ErrConflict)
}

// The change itself updates the address, the epoch, the search terms and the mail
// in the outbox.
func changeAddress(t *testing.T, w helpdeskWorld) {
	app := w.ready(draft())
	who := approved(app)
	app.Reference = fresh("OLID")
	must(t, w.Applications.Submit(ctx(t), app, &who, effect.Effects{}))
	w.enrolled(who.ID)
	a := w.account(who.ID)
	email := newAddress()
	c := w.confirmed(a, email)
	// A mail with a code waits to be sent to the present address.
	code := note("application.status_code_sent", app.ID)
	code.Mails[0].To, code.Mails[0].Kind, code.Mails[0].Text = a.Email, "status-code", secret.Text("123456")
	other := note("account.mail_resent", a.ID)
	other.Mails[0].To = a.Email
	must(t, w.Helpdesk.Note(ctx(t), code))
	must(t, w.Helpdesk.Note(ctx(t), other))

	must(t, w.Outbox.Refused(ctx(t), w.sending(a.Email, "receipt"), noon, mail.Refusal{Code: 550}))
	must(t, w.Outbox.Refused(ctx(t), w.sending("other@example.org", "receipt"), noon, mail.Refusal{Code: 550}))

	early := noon.Add(time.Minute)
	same(t, ok[helpdesk.HolderVerdict](t)(w.try(c.ID, true, early, effect.Effects{})), helpdesk.CodeEarly)
	rec := note("account.address_changed", a.ID)
	_, err := w.Helpdesk.Try(ctx(t), c.ID, func(q helpdesk.Request, _ account.Account) (helpdesk.Request, effect.Effects, error) {
		q.State, q.DecidedAt = helpdesk.Done, early // as a rule would that does not check the time
		return q, rec, nil
	})
	w.refused(err, errs.ErrUnavailable, rec)
	same(t, w.account(a.ID), a)
	same(t, w.request(c.ID).Tries, 0)

	exactlyOne(t, atOnce(func(int) error {
		_, err := w.try(c.ID, true, c.From, rec)
		return err
	}), errs.ErrConflict)
	w.written(rec)
	want := a
	want.Email, want.Epoch = email, a.Epoch+1
	want.Previous = []account.PreviousAddress{{Email: a.Email, Until: c.From.Add(account.PreviousTime)}}
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
	same(t, len(w.bounced(a.Email)), 0) // the account has another address
	same(t, len(w.bounced("other@example.org")), 1)
	if len(w.mails(code.Mails[0].ID)) != 0 || len(w.mails(other.Mails[0].ID)) != 1 {
		t.Error("a code goes to the previous address, or another mail does not")
	}
	end := w.request(c.ID)
	if end.State != helpdesk.Done || !end.DecidedAt.Equal(c.From) {
		t.Errorf("%+v", end)
	}
}

func changeWrongCodes(t *testing.T, w helpdeskWorld) {
	a := w.active()
	c := w.confirmed(a, newAddress())
	for n := range helpdesk.HolderTries - 1 {
		same(t, ok[helpdesk.HolderVerdict](t)(w.try(c.ID, false, c.From, effect.Effects{})), helpdesk.CodeWrong)
		same(t, w.request(c.ID).Tries, n+1)
	}
	rec := note("address.codes_wrong", a.ID)
	over, err := w.try(c.ID, false, c.From, rec)
	w.happened(err, rec)
	same(t, over, helpdesk.CodeOver)
	_, err = w.try(c.ID, true, c.From, effect.Effects{})
	is(t, err, errs.ErrConflict)
	same(t, w.account(a.ID), a)
	// The helpdesk cancels a change that the holder objected to.
	b := w.active()
	c = w.confirmed(b, newAddress())
	must(t, w.end(c, helpdesk.Cancelled, "olga", noon, effect.Effects{}))
	_, err = w.try(c.ID, true, c.From, effect.Effects{})
	is(t, err, errs.ErrConflict)
	same(t, w.account(b.ID), b)
}

// The new address has got another account meanwhile; the account changed.
func changeTaken(t *testing.T, w helpdeskWorld) {
	a, email := w.active(), newAddress()
	c := w.confirmed(a, email)
	second := w.active()
	same(t, ok[helpdesk.HolderVerdict](t)(w.try(w.confirmed(second, email).ID, true, c.From, effect.Effects{})), helpdesk.CodeRight)
	rec := note("account.address_changed", a.ID)
	_, err := w.try(c.ID, true, c.From, rec)
	w.refused(err, errs.ErrConflict, rec)
	same(t, w.account(a.ID), a)
	same(t, w.request(c.ID).State, helpdesk.Confirmed)

	b := w.active()
	c = w.confirmed(b, newAddress())
	w.block(b, noon)
	_, err = w.try(c.ID, true, c.From, effect.Effects{})
	is(t, err, errs.ErrConflict)
}

func changeClose(t *testing.T, w helpdeskWorld) {
	for _, a := range []account.Account{w.awaiting(), w.shown(), w.active(), w.blocked()} {
		rec := note("account.closed", a.ID)
		exactlyOne(t, atOnce(func(int) error {
			one := changing(a, helpdesk.Closing, "olga")
			one.Second = false
			return w.begin(one, rec)
		}), errs.ErrConflict)
		w.written(rec)
		got := w.account(a.ID)
		if got.State != account.Closed || got.Epoch != a.Epoch+1 || got.BlockRef != "" || got.BlockReason != "" || !got.ClosedAt.Equal(noon) {
			t.Errorf("%+v", got)
		}
		is(t, w.begin(changing(got, helpdesk.Closing, "olga"), effect.Effects{}), errs.ErrConflict)
		is(t, w.Accounts.Block(ctx(t), a.ID, 0, account.Reported, fresh("BR"), noon, effect.Effects{}), errs.ErrConflict)
	}
	a := w.active()
	c := w.begun(changing(a, helpdesk.Closing, "olga"))
	rec := note("account.closed", a.ID)
	w.refused(w.confirm(c.ID, "olga", noon, rec), errs.ErrConflict, rec)
	exactlyOne(t, atOnce(func(i int) error {
		if i%2 == 0 {
			return w.confirm(c.ID, "piet", noon, effect.Effects{})
		}
		return w.end(c, helpdesk.Refused, "petra", noon, effect.Effects{})
	}), errs.ErrConflict)
	end := w.request(c.ID)
	if closed := w.account(a.ID).State == account.Closed; closed != (end.State == helpdesk.Done) {
		t.Errorf("the change is %s, the account %s", end.State, w.account(a.ID).State)
	}
	// Confirming a change of address closes nothing; confirming a closing waits for no code.
	b := w.active()
	must(t, w.confirm(w.proposed(b, newAddress()).ID, "piet", noon, effect.Effects{}))
	same(t, w.account(b.ID), b)
	d := w.active()
	closing := w.begun(changing(d, helpdesk.Closing, "olga"))
	must(t, w.confirm(closing.ID, "piet", noon, effect.Effects{}))
	same(t, w.request(closing.ID).State, helpdesk.Done)
	same(t, w.account(d.ID).State, account.Closed)
}

func changeLate(t *testing.T, w helpdeskWorld) {
	late := noon.Add(helpdesk.ProposalTime)
	a, b := w.active(), w.active()
	address, closing := w.proposed(a, newAddress()), w.begun(changing(b, helpdesk.Closing, "olga"))
	is(t, w.confirm(address.ID, "piet", late, effect.Effects{}), errs.ErrConflict)
	is(t, w.confirm(closing.ID, "piet", late, effect.Effects{}), errs.ErrConflict)
	if waiting := ok[[]helpdesk.Request](t)(w.Helpdesk.Waiting(ctx(t), late)); len(waiting) != 0 {
		t.Error("waiting:", waiting)
	}
	for _, id := range []string{a.ID, b.ID} {
		_, err := w.Helpdesk.LiveChange(ctx(t), id, late)
		is(t, err, errs.ErrNotFound)
	}
	c := w.confirmed(w.active(), newAddress())
	_, err := w.try(c.ID, true, c.Until, effect.Effects{})
	is(t, err, errs.ErrConflict)
	same(t, ok[helpdesk.HolderVerdict](t)(w.try(c.ID, true, c.Until.Add(-time.Second), effect.Effects{})), helpdesk.CodeRight)
}
