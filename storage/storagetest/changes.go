package storagetest

import (
	"errors"
	"testing"
	"time"

	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/application"
	"omgevingsloket-id/pkg/effect"
	"omgevingsloket-id/pkg/errs"
	"omgevingsloket-id/pkg/review"
)

// changeOf returns the draft of a change request of an account.
func changeOf(a account.Account) application.Application {
	return application.ChangeOf(a, fresh("app"), key(), noon, noon.Add(72*time.Hour))
}

// asks makes a draft ask for another name.
func (w world) asks(a application.Application, name string) application.Application {
	w.t.Helper()
	a.Answers.FamilyName, a.Answers.PersonDone = name, true
	a = ok[application.Application](w.t)(w.Applications.Save(ctx(w.t), a))
	a.Reference, a.SubmittedAt = fresh("REF"), noon.Add(time.Minute)
	return a
}

// begunChange stores the draft of a change request of an account.
func (w world) begunChange(a account.Account) application.Application {
	w.t.Helper()
	c := changeOf(a)
	must(w.t, w.Applications.StartChange(ctx(w.t), c, effect.Effects{}))
	return w.application(c.Handle)
}

// sentChange stores a change request that waits for an official.
func (d caseWorld) sentChange(a account.Account) review.Case {
	d.t.Helper()
	c := d.asks(d.begunChange(a), "Changed")
	must(d.t, d.Applications.Submit(ctx(d.t), c, nil, effect.Effects{}))
	return d.reload(c.ID)
}

func (d caseWorld) takenChange(a account.Account, member string) review.Case {
	d.t.Helper()
	c := d.sentChange(a)
	must(d.t, d.cases.Take(ctx(d.t), c, act(review.ActTake, member), effect.Effects{}))
	return d.reload(c.ID)
}

// won returns how many of several calls at once succeeded.
func won(results []error) (n int) {
	for _, err := range results {
		if err == nil {
			n++
		}
	}
	return n
}

// obstructed requires an error with a reason.
func obstructed(t *testing.T, err error, want application.Obstacle) {
	t.Helper()
	var why application.Obstructed
	if !errors.As(err, &why) || why.Why != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

func caseChanges(t *testing.T, d caseWorld) {
	t.Run("start", func(t *testing.T) { changeStart(t, d.in(t)) })
	t.Run("submit", func(t *testing.T) { changeSubmit(t, d.in(t)) })
	t.Run("approve", func(t *testing.T) { changeApprove(t, d.in(t)) })
	t.Run("obstacles", func(t *testing.T) { changeObstacles(t, d.in(t)) })
	t.Run("never an account", func(t *testing.T) { changeNoAccount(t, d.in(t)) })
	t.Run("hand over", func(t *testing.T) { changeHandOver(t, d.in(t)) })
}

func changeStart(t *testing.T, d caseWorld) {
	a := d.active()
	first := changeOf(a)
	rec := note("application.started", first.ID)
	d.happened(d.Applications.StartChange(ctx(t), first, rec), rec)
	first.CodesSent = 1
	same(t, d.application(first.Handle), first)
	_, err := d.Applications.LastChange(ctx(t), a.ID) // it was not sent
	is(t, err, errs.ErrNotFound)
	must(t, d.Applications.PutDocument(ctx(t), application.Document{ID: fresh("doc"), ApplicationID: first.ID, Type: "image/png", Sealed: []byte{1}, CreatedAt: noon}))

	second := d.begunChange(a)
	wiped := d.application(first.Handle)
	same(t, wiped.State, application.Expired)
	same(t, wiped.Answers, application.Answers{})
	same(t, len(ok[[]application.Document](t)(d.Applications.Documents(ctx(t), first.ID))), 0)
	first.Reference, first.SubmittedAt = fresh("REF"), noon
	is(t, d.Applications.Submit(ctx(t), first, nil, effect.Effects{}), errs.ErrConflict)

	must(t, d.Applications.Submit(ctx(t), d.asks(second, "Changed"), nil, effect.Effects{}))
	same(t, ok[application.Application](t)(d.Applications.LastChange(ctx(t), a.ID)).ID, second.ID)
	third := changeOf(a)
	rec = note("application.started", third.ID)
	d.refused(d.Applications.StartChange(ctx(t), third, rec), errs.ErrConflict, rec) // one at a time

	must(t, d.cases.Withdraw(ctx(t), d.reload(second.ID), review.Act{Kind: review.ActWithdraw, At: noon}, effect.Effects{}))
	same(t, d.account(a.ID).Profile, a.Profile)
	d.begunChange(a)

	racing := d.active()
	wins := won(atOnce(func(int) error { return d.Applications.StartChange(ctx(t), changeOf(racing), effect.Effects{}) }))
	if wins == 0 {
		t.Error("nobody could begin a request")
	}
}

func changeSubmit(t *testing.T, d caseWorld) {
	a := d.active()
	c := d.begunChange(a)
	c.Reference, c.SubmittedAt = fresh("REF"), noon.Add(time.Minute)
	is(t, d.Applications.Submit(ctx(t), c, nil, effect.Effects{}), errs.ErrConflict) // it asks for nothing
	c = d.asks(d.application(c.Handle), "At once")
	rec := note("account.data_approved", a.ID)
	d.happened(d.Applications.Submit(ctx(t), c, &account.Account{ID: a.ID}, rec), rec)
	want := a
	want.Profile.FamilyName, want.ChangedAt = "At once", c.SubmittedAt
	same(t, d.account(a.ID), want)
	same(t, d.application(c.Handle).State, application.Approved)
	is(t, d.Applications.Submit(ctx(t), c, &account.Account{ID: a.ID}, effect.Effects{}), errs.ErrConflict) // once

	// The data changed between the beginning and the submission.
	stale := d.begunChange(want)
	must(t, d.Accounts.Change(ctx(t), a.ID, func(a account.Account) (account.Account, effect.Effects, error) {
		a.Profile.GivenName = "Other"
		return a, effect.Effects{}, nil
	}))
	obstructed(t, d.Applications.Submit(ctx(t), d.asks(stale, "Late"), nil, effect.Effects{}), application.AccountChanged)
	same(t, d.application(stale.Handle).State, application.EmailConfirmed)
}

func changeApprove(t *testing.T, d caseWorld) {
	a := d.active()
	c := d.takenChange(a, "olga")
	// What the holder changes meanwhile stays.
	moved := d.account(a.ID)
	moved.Profile.Phone, moved.Profile.Address = "+49 30 1234567", account.Address{Line1: "Home 3", Country: "FR"}
	must(t, d.Accounts.Change(ctx(t), a.ID, func(account.Account) (account.Account, effect.Effects, error) {
		return moved, effect.Effects{}, nil
	}))
	by := act(review.ActApprove, "olga")
	rec := note("account.data_approved", a.ID)
	d.happened(d.cases.ApproveChange(ctx(t), c, by, rec), rec)
	want := moved
	want.Profile.FamilyName, want.ChangedAt = "Changed", by.At
	same(t, d.account(a.ID), want)
	got := d.reload(c.ID)
	same(t, got.State, application.Approved)
	same(t, got.AccountID, "")
	again := note("account.data_approved", a.ID)
	d.refused(d.cases.ApproveChange(ctx(t), c, by, again), errs.ErrConflict, again)

	second := d.takenChange(d.active(), "olga")
	wins := won(atOnce(func(int) error { return d.cases.ApproveChange(ctx(t), second, by, effect.Effects{}) }))
	same(t, wins, 1)

	other := d.active()
	proposed := d.takenChange(other, "olga")
	must(t, d.cases.Propose(ctx(t), proposed, act(review.ActPropose, "olga"), effect.Effects{}))
	must(t, d.cases.Take(ctx(t), d.reload(proposed.ID), act(review.ActTake, "olga"), effect.Effects{}))
	is(t, d.cases.ApproveChange(ctx(t), d.reload(proposed.ID), by, effect.Effects{}), errs.ErrConflict)
	same(t, d.account(other.ID), other)

	rejected := d.takenChange(d.active(), "olga")
	must(t, d.cases.Reject(ctx(t), rejected, act(review.ActReject, "olga"), effect.Effects{}))
	same(t, d.account(rejected.Changes).ChangedAt.IsZero(), true)
}

func changeObstacles(t *testing.T, d caseWorld) {
	for want, alter := range map[application.Obstacle]func(a account.Account){
		application.AccountBlocked: func(a account.Account) {
			must(t, d.Accounts.Block(ctx(t), a.ID, a.Epoch, account.Reported, fresh("ref"), noon, effect.Effects{}))
		},
		application.AccountUnblocked: func(a account.Account) {
			must(t, d.Accounts.Block(ctx(t), a.ID, a.Epoch, account.Reported, fresh("ref"), noon, effect.Effects{}))
			must(t, d.Accounts.Change(ctx(t), a.ID, func(a account.Account) (account.Account, effect.Effects, error) {
				next, err := a.Unblock(0, fresh("hash"), noon)
				return next, effect.Effects{}, err
			}))
		},
		application.AccountChanged: func(a account.Account) {
			must(t, d.Accounts.Change(ctx(t), a.ID, func(a account.Account) (account.Account, effect.Effects, error) {
				a.Profile.Birthdate = "1970-01-01"
				return a, effect.Effects{}, nil
			}))
		},
		application.AccountClosed: func(a account.Account) {
			must(t, d.Accounts.Change(ctx(t), a.ID, func(a account.Account) (account.Account, effect.Effects, error) {
				a.State, a.ClosedAt = account.Closed, noon
				return a, effect.Effects{}, nil
			}))
		},
	} {
		t.Run(string(want), func(t *testing.T) {
			d := d.in(t)
			a := d.active()
			c := d.takenChange(a, "olga")
			begun := d.begunChange(d.active())
			draftOf := d.account(begun.Changes)
			begun = d.asks(begun, "Changed")
			alter(a)
			alter(draftOf)
			before := d.account(a.ID)
			rec := note("account.data_approved", a.ID)
			err := d.cases.ApproveChange(ctx(t), c, act(review.ActApprove, "olga"), rec)
			obstructed(t, err, want)
			d.refused(err, errs.ErrConflict, rec)
			same(t, d.account(a.ID), before)
			same(t, d.reload(c.ID).State, application.InReview)
			obstructed(t, d.Applications.Submit(ctx(t), begun, nil, effect.Effects{}), want)
			obstructed(t, d.Applications.StartChange(ctx(t), changeOf(draftOf), effect.Effects{}), want)
			must(t, d.cases.Reject(ctx(t), d.reload(c.ID), act(review.ActReject, "olga"), effect.Effects{}))
		})
	}
}

// Approving a change request as an application never creates an account, not even for an
// address that has none.
func changeNoAccount(t *testing.T, d caseWorld) {
	a := d.active()
	c := d.takenChange(a, "olga")
	made := c.Account(fresh("acc"), noon)
	made.Email = "free-" + made.Email
	rec := note("account.created", made.ID)
	d.refused(d.cases.Approve(ctx(t), c, act(review.ActApprove, "olga"), made, rec), errs.ErrConflict, rec)
	_, err := d.Accounts.ByID(ctx(t), made.ID)
	is(t, err, errs.ErrNotFound)

	// An application cannot be approved as a change of an account.
	other := d.taken("olga")
	is(t, d.cases.ApproveChange(ctx(t), other, act(review.ActApprove, "olga"), effect.Effects{}), errs.ErrConflict)
	forged := other
	forged.Changes = a.ID
	is(t, d.cases.ApproveChange(ctx(t), forged, act(review.ActApprove, "olga"), effect.Effects{}), errs.ErrConflict)
	same(t, d.account(a.ID), a)
}

func changeHandOver(t *testing.T, d caseWorld) {
	a := d.active()
	c := d.sentChange(a)
	for _, wrong := range []struct{ id, account string }{{c.ID, d.active().ID}, {c.ID, ""}, {d.sent().ID, ""}, {d.begunChange(d.active()).ID, a.ID}} {
		rec := note("application.status_opened", wrong.id)
		d.refused(d.cases.HandOver(ctx(t), wrong.id, wrong.account, key(), rec), errs.ErrConflict, rec)
	}
	handle, rec := key(), note("application.status_opened", c.ID)
	d.happened(d.cases.HandOver(ctx(t), c.ID, a.ID, handle, rec), rec)
	same(t, d.application(handle).ID, c.ID)
	_, err := d.Applications.ByHandle(ctx(t), c.Handle)
	is(t, err, errs.ErrNotFound)
}
