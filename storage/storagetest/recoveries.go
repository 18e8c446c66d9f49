package storagetest

import (
	"errors"
	"testing"
	"time"

	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/effect"
	"omgevingsloket-id/pkg/errs"
	"omgevingsloket-id/pkg/mail"
)

// Recoveries tests an account.Recoveries.
func Recoveries(t *testing.T, open func(*testing.T) Stores) {
	w := world{open(t), t}
	t.Run("X4: mailed codes", func(t *testing.T) { recoveryCodes(t, w.in(t)) })
	t.Run("X4: mailed codes at once", func(t *testing.T) { recoveryCodesAtOnce(t, w.in(t)) })
	t.Run("X4: cancel", func(t *testing.T) { recoveryCancel(t, w.in(t)) })
	t.Run("X4: both mailboxes", func(t *testing.T) { recoveryBothMailboxes(t, w.in(t)) })
	w.unbroken()
}

// unblocked returns an account that was active, blocked and unblocked. cancel is
// the hash of its link.
func (w world) unblocked(cancel string) account.Account {
	w.t.Helper()
	a := w.blocked()
	must(w.t, w.unblock(a.ID, cancel, effect.Effects{}))
	return w.account(a.ID)
}

// limits are those of a practice environment: no delay.
var limits = account.DefaultLimits

func (w world) send(a account.Account, hash string, now time.Time, rec effect.Effects) error {
	return w.Recoveries.Send(ctx(w.t), a.ID, func(locked account.Account, m account.Mailed) (account.Account, account.Mailed, effect.Effects, error) {
		m, err := limits.Send(m, locked, a.Epoch, hash, now)
		return locked, m, rec, err
	})
}

func (w world) tryMailed(a account.Account, hash string, rec effect.Effects) (account.MailedVerdict, error) {
	var verdict account.MailedVerdict
	err := w.Recoveries.Try(ctx(w.t), a.ID, func(locked account.Account, m account.Mailed) (account.Account, account.Mailed, effect.Effects, error) {
		m, v, err := limits.Judge(m, locked, a.Epoch, hash, fresh("login"), noon)
		verdict = v
		if err == nil && v == account.MailedOver {
			locked, err = locked.Block(locked.Epoch, account.RecoveryCodes, fresh("BR"))
		}
		return locked, m, rec, err
	})
	return verdict, err
}

func (w world) mailed(id string) account.Mailed {
	w.t.Helper()
	return ok[account.Mailed](w.t)(w.Recoveries.Mailed(ctx(w.t), id))
}

func recoveryCodes(t *testing.T, w world) {
	a := w.unblocked(fresh("link"))
	same(t, w.mailed(a.ID), account.Mailed{})
	for _, hash := range []string{"hash", ""} { // no code was mailed
		v, err := w.tryMailed(a, hash, effect.Effects{})
		must(t, err)
		same(t, v, account.MailedVoid)
	}
	rec := note("code sent", a.ID)
	w.happened(w.send(a, "hash", noon, rec), rec)
	want := account.Mailed{Enrolment: 1, Epoch: a.Epoch, Hash: "hash", Expires: noon.Add(account.MailedTime), Sent: 1, SentAt: noon}
	same(t, w.mailed(a.ID), want)
	rec = note("code sent", a.ID)
	w.refused(w.send(a, "other", noon.Add(time.Minute-1), rec), account.ErrSpaced, rec)
	same(t, w.mailed(a.ID), want)

	rec = note("code wrong", a.ID)
	v, err := w.tryMailed(a, "other", rec)
	w.happened(err, rec)
	same(t, v, account.MailedWrong)
	same(t, w.mailed(a.ID).Failures, 1)
	v, err = w.tryMailed(a, "hash", effect.Effects{})
	must(t, err)
	same(t, v, account.MailedRight)
	if m := w.mailed(a.ID); m.UsedBy == "" || m.Failures != 0 {
		t.Errorf("after a right code: %+v", m)
	}
	same(t, w.account(a.ID), a)

	// After another unblock nothing is left of it.
	must(t, w.Accounts.Block(ctx(t), a.ID, 0, account.Reported, fresh("BR"), noon, effect.Effects{}))
	must(t, w.unblock(a.ID, fresh("link"), effect.Effects{}))
	again := w.account(a.ID)
	rec = note("code sent", a.ID)
	w.refused(w.send(a, "hash", noon, rec), errs.ErrConflict, rec) // of the epoch before
	_, err = w.tryMailed(a, "hash", effect.Effects{})
	is(t, err, errs.ErrConflict)
	v, err = w.tryMailed(again, "hash", effect.Effects{})
	must(t, err)
	same(t, v, account.MailedVoid)
	must(t, w.send(again, "new", noon, effect.Effects{}))
	for _, who := range []account.Account{w.awaiting(), w.shown(), w.active(), w.blocked()} {
		rec := note("code sent", who.ID)
		w.refused(w.send(who, "hash", noon, rec), errs.ErrConflict, rec)
		same(t, w.mailed(who.ID), account.Mailed{})
	}
	is(t, w.send(account.Account{ID: fresh("nobody")}, "hash", noon, effect.Effects{}), errs.ErrConflict)
}

func recoveryCodesAtOnce(t *testing.T, w world) {
	t.Run("of a crowd one mails", func(t *testing.T) {
		w := w.in(t)
		a, rec := w.unblocked(fresh("link")), note("code sent", fresh("x"))
		exactlyOne(t, atOnce(func(int) error { return w.send(a, "hash", noon, rec) }), account.ErrSpaced)
		w.written(rec)
		same(t, w.mailed(a.ID).Sent, 1)
	})
	t.Run("of a crowd with the right code, one login gets in", func(t *testing.T) {
		w := w.in(t)
		a := w.unblocked(fresh("link"))
		must(t, w.send(a, "hash", noon, effect.Effects{}))
		void := errors.New("void")
		exactlyOne(t, atOnce(func(int) error {
			v, err := w.tryMailed(a, "hash", effect.Effects{})
			if err == nil && v == account.MailedVoid {
				err = void
			}
			return err
		}), void)
	})
	t.Run("guesses at once are each counted before they are judged", func(t *testing.T) {
		w := w.in(t)
		a := w.unblocked(fresh("link"))
		must(t, w.send(a, "hash", noon, effect.Effects{}))
		exactly(t, limits.Codes, atOnce(func(int) error {
			_, err := w.tryMailed(a, "other", effect.Effects{})
			return err
		}), errs.ErrConflict)
		if got := w.account(a.ID); got.State != account.Blocked || got.BlockReason != account.RecoveryCodes || got.Epoch != a.Epoch+1 {
			t.Errorf("afterwards: %+v", got)
		}
		same(t, w.mailed(a.ID).Failures, limits.Codes)
	})
}

func recoveryCancel(t *testing.T, w world) {
	link := fresh("link")
	a := w.unblocked(link)
	same(t, ok[account.Account](t)(w.Recoveries.ByCancelHash(ctx(t), link)), a)
	for _, unknown := range []string{"", "%", link + " ", "x' OR '1'='1"} {
		_, err := w.Recoveries.ByCancelHash(ctx(t), unknown)
		is(t, err, errs.ErrNotFound)
	}
	rec := note("cancelled", a.ID)
	cancel := func(hash string) error {
		return w.Accounts.Change(ctx(t), a.ID, func(locked account.Account) (account.Account, effect.Effects, error) {
			next, err := locked.Cancel(hash, fresh("BR"), noon)
			return next, rec, err
		})
	}
	w.refused(cancel("other"), errs.ErrConflict, rec)
	w.enrolled(a.ID) // the holder is late, and can still cancel
	exactlyOne(t, atOnce(func(int) error { return cancel(link) }), errs.ErrConflict)
	w.written(rec)
	if got := w.account(a.ID); got.State != account.Blocked || got.BlockReason != account.Cancelled || got.Epoch != a.Epoch+1 || got.CancelHash != "" {
		t.Errorf("afterwards: %+v", got)
	}
	_, err := w.Recoveries.ByCancelHash(ctx(t), link)
	is(t, err, errs.ErrNotFound)
	is(t, w.Accounts.Change(ctx(t), fresh("nobody"), func(locked account.Account) (account.Account, effect.Effects, error) {
		t.Error("an unknown account was judged")
		return locked, effect.Effects{}, nil
	}), errs.ErrConflict)
}

// A message to several addresses becomes one message for each address, each with its own
// id.
func recoveryBothMailboxes(t *testing.T, w world) {
	a := w.unblocked(fresh("link"))
	rec := note("code sent", a.ID)
	rec.Mails[0].Also = []string{"before@example.org", "earlier@example.org"}
	must(t, w.send(a, "hash", noon, rec))
	got := map[string]string{}
	for _, item := range ok[[]mail.Item](t)(w.Outbox.Take(ctx(t), noon, time.Hour, 1000)) {
		if item.Subject == rec.Mails[0].Subject && item.Text == rec.Mails[0].Text && item.Also == nil {
			got[item.To] = item.ID
		}
	}
	id := rec.Mails[0].ID
	same(t, got, map[string]string{rec.Mails[0].To: id, "before@example.org": id + "-2", "earlier@example.org": id + "-3"})
}
