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

// Addresses tests an account.Addresses.
func Addresses(t *testing.T, open func(*testing.T) Stores) {
	w := world{open(t), t}
	t.Run("asked and confirmed", func(t *testing.T) { addressConfirmed(t, w.in(t)) })
	t.Run("codes at once", func(t *testing.T) { addressCodesAtOnce(t, w.in(t)) })
	t.Run("the latest code of a mailbox", func(t *testing.T) { addressLatest(t, w.in(t)) })
	t.Run("taken", func(t *testing.T) { addressTaken(t, w.in(t)) })
	t.Run("ML-01: undone once", func(t *testing.T) { addressUndone(t, w.in(t)) })
	t.Run("ML-09: the first of a chain", func(t *testing.T) { addressChain(t, w.in(t)) })
	t.Run("an address that was left", func(t *testing.T) { addressReserved(t, w.in(t)) })
	t.Run("two who take one address", func(t *testing.T) { addressRace(t, w.in(t)) })
	t.Run("the undo and other acts at once", func(t *testing.T) { addressUndoRaces(t, w.in(t)) })
	w.unbroken()
}

// askAddress asks for a change whose code has the hash "hash"; the mailbox is that of
// the address.
func (w world) askAddress(a account.Account, email string, now time.Time, rec effect.Effects) (taken account.AddressTaken, err error) {
	err = w.Addresses.Ask(ctx(w.t), a.ID, email, now, func(locked account.Account, by account.AddressTaken) (account.AddressChange, effect.Effects, error) {
		taken = by
		return account.AddressChange{AccountID: a.ID, SID: "sid", Epoch: locked.Epoch, Email: email, Taken: by.Taken, CodeHash: "hash", AskedAt: now}, rec, nil
	})
	return taken, err
}

// tryAddress tries a code; a right one changes the address with an undo, whose link has
// the hash link.
func (w world) tryAddress(a account.Account, hash, link string, now time.Time, rec effect.Effects) (verdict account.AddressVerdict, err error) {
	err = w.Addresses.Try(ctx(w.t), a.ID, now, func(locked account.Account, c account.AddressChange, latest account.LatestCode, _ []account.AddressUndo) (account.AddressTry, error) {
		verdict = ""
		if !c.Of(locked, "sid", now) {
			return account.AddressTry{}, errs.ErrConflict
		}
		if verdict = c.Judge(latest, hash, hash); verdict != account.AddressRight {
			return account.AddressTry{}, nil
		}
		next, err := locked.ChangeEmail(locked.Epoch, c.Email, now)
		u := limits.Undo(locked, fresh("undo"), link, now)
		return account.AddressTry{Account: next, Done: true, Undo: &u, Effects: rec}, err
	})
	return verdict, err
}

// moved changes the address of an account, and returns the hash of the link that undoes
// it.
func (w world) moved(a account.Account, email string, now time.Time) string {
	w.t.Helper()
	_, err := w.askAddress(a, email, now, effect.Effects{})
	must(w.t, err)
	link := fresh("link")
	verdict, err := w.tryAddress(a, "hash", link, now, effect.Effects{})
	must(w.t, err)
	same(w.t, verdict, account.AddressRight)
	return link
}

func (w world) undo(link string, now time.Time, rec effect.Effects, keys ...string) error {
	return w.Addresses.Undo(ctx(w.t), link, now, func(u account.AddressUndo, a account.Account) (account.Account, []string, effect.Effects, error) {
		next, err := a.UndoAddress(u, fresh("BR"), now)
		return next, keys, rec, err
	})
}

func newEmail() string { return fresh("new") + "@example.org" }

func addressConfirmed(t *testing.T, w world) {
	a, email := w.active(), newEmail()
	same(t, ok[account.AddressChange](t)(w.Addresses.Asked(ctx(t), a.ID)), account.AddressChange{})
	_, err := w.tryAddress(a, "hash", fresh("link"), noon, effect.Effects{})
	is(t, err, errs.ErrConflict) // nothing was asked for
	rec := note("address asked", a.ID)
	taken, err := w.askAddress(a, email, noon, rec)
	w.happened(err, rec)
	same(t, taken, account.AddressTaken{})
	want := account.AddressChange{AccountID: a.ID, SID: "sid", Epoch: a.Epoch, Email: email, CodeHash: "hash", AskedAt: noon}
	same(t, ok[account.AddressChange](t)(w.Addresses.Asked(ctx(t), a.ID)), want)
	verdict, err := w.tryAddress(a, "other", fresh("link"), noon, effect.Effects{})
	must(t, err)
	same(t, verdict, account.AddressWrong)
	same(t, w.account(a.ID), a)
	want.Failures = 1
	same(t, ok[account.AddressChange](t)(w.Addresses.Asked(ctx(t), a.ID)), want)

	rec, link := note("address changed", a.ID), fresh("link")
	verdict, err = w.tryAddress(a, "hash", link, noon, rec)
	w.happened(err, rec)
	same(t, verdict, account.AddressRight)
	next := ok[account.Account](t)(a.ChangeEmail(a.Epoch, email, noon))
	same(t, w.account(a.ID), next)
	same(t, ok[account.AddressChange](t)(w.Addresses.Asked(ctx(t), a.ID)), account.AddressChange{})
	u, of, err := w.Addresses.ByUndo(ctx(t), link)
	must(t, err)
	same(t, of, next)
	wantUndo := limits.Undo(a, u.ID, link, noon)
	same(t, u, wantUndo)
	for _, unknown := range []string{"", "%", link + " ", "x' OR '1'='1"} {
		_, _, err := w.Addresses.ByUndo(ctx(t), unknown)
		is(t, err, errs.ErrNotFound)
	}
	_, err = w.askAddress(account.Account{ID: fresh("nobody")}, email, noon, effect.Effects{})
	is(t, err, errs.ErrConflict)
}

func addressCodesAtOnce(t *testing.T, w world) {
	t.Run("guesses at once are each counted before they are judged", func(t *testing.T) {
		w := w.in(t)
		a := w.active()
		_, err := w.askAddress(a, newEmail(), noon, effect.Effects{})
		must(t, err)
		spent := errors.New("spent")
		exactly(t, account.AddressCodeTries-1, atOnce(func(int) error {
			verdict, err := w.tryAddress(a, "other", fresh("link"), noon, effect.Effects{})
			if err == nil && verdict == account.AddressSpent {
				err = spent
			}
			return err
		}), spent)
		verdict, err := w.tryAddress(a, "hash", fresh("link"), noon, effect.Effects{})
		must(t, err)
		same(t, verdict, account.AddressSpent) // the right one is too late
		same(t, w.account(a.ID), a)
	})
	t.Run("of a crowd with the right code one changes the address", func(t *testing.T) {
		w := w.in(t)
		a, rec := w.active(), note("address changed", fresh("x"))
		_, err := w.askAddress(a, newEmail(), noon, effect.Effects{})
		must(t, err)
		exactlyOne(t, atOnce(func(int) error {
			_, err := w.tryAddress(a, "hash", fresh("link"), noon, rec)
			return err
		}), errs.ErrConflict)
		w.written(rec)
		same(t, w.account(a.ID).Epoch, a.Epoch+1)
	})
}

// X12: a mail for which it is too early is left out, and the code that was mailed
// before is right.
func addressLatest(t *testing.T, w world) {
	a, other, email := w.active(), w.active(), newEmail()
	ask := func(a account.Account, hash string) bool {
		rec := note("address asked", a.ID)
		rec.Mails[0].To, rec.Mails[0].At, rec.Mails[0].Asked = email, noon, &mail.Asked{Code: hash}
		_, err := w.askAddress(a, email, noon, rec)
		must(t, err)
		return w.sent(rec)
	}
	if !ask(a, "first") || ask(other, "second") {
		t.Error("want the first mail and not the second one")
	}
	same(t, ok[account.AddressChange](t)(w.Addresses.Asked(ctx(t), other.ID)).CodeHash, "")
	for hash, want := range map[string]account.AddressVerdict{"hash": account.AddressWrong, "second": account.AddressWrong, "": account.AddressWrong} {
		verdict, err := w.tryAddress(other, hash, fresh("link"), noon, effect.Effects{})
		must(t, err)
		same(t, verdict, want)
	}
	verdict, err := w.tryAddress(other, "first", fresh("link"), noon, effect.Effects{})
	must(t, err)
	same(t, verdict, account.AddressRight)
	_, err = w.tryAddress(a, "hash", fresh("link"), noon, effect.Effects{})
	is(t, err, errs.ErrConflict) // the address has an account by now
	same(t, w.account(a.ID), a)
}

func addressTaken(t *testing.T, w world) {
	a, other, left := w.active(), w.active(), w.active()
	before := left.Email
	w.moved(left, newEmail(), noon)
	running := w.ready(draft())
	must(t, w.Applications.Submit(ctx(t), running, nil, effect.Effects{}))
	for name, email := range map[string]string{"an account": other.Email, "an address that was left": before, "an application": running.Email} {
		taken, err := w.askAddress(a, email, noon, effect.Effects{})
		must(t, err)
		if !taken.Taken || taken.Lang == "" {
			t.Errorf("%s: taken = %+v", name, taken)
		}
		for _, hash := range []string{"hash", "", "other"} {
			verdict, err := w.tryAddress(a, hash, fresh("link"), noon, effect.Effects{})
			must(t, err)
			same(t, verdict, account.AddressWrong)
		}
	}
	for name, email := range map[string]string{"one's own": a.Email, "an unconfirmed draft's": w.started(draft()).Email, "another person's, a week later": before} {
		taken, err := w.askAddress(a, email, noon.Add(account.PreviousTime), effect.Effects{})
		must(t, err)
		if taken.Taken {
			t.Errorf("%s is taken", name)
		}
	}
	same(t, w.account(a.ID), a)
	// An application that is sent in after the code was mailed has the address.
	late := w.ready(draft())
	_, err := w.askAddress(a, late.Email, noon, effect.Effects{})
	must(t, err)
	must(t, w.Applications.Submit(ctx(t), late, nil, effect.Effects{}))
	rec := note("address changed", a.ID)
	_, err = w.tryAddress(a, "hash", fresh("link"), noon, rec)
	w.refused(err, errs.ErrConflict, rec)
	same(t, w.account(a.ID), a)
}

func addressUndone(t *testing.T, w world) {
	a, key := w.active(), fresh("key")
	link := w.moved(a, newEmail(), noon)
	must(t, w.Lanes.Remember(ctx(t), key, "device", noon))
	w.lock(key, "device", noon)
	w.lock(key, "stranger", noon)
	later := noon.Add(limits.UndoTime)
	rec := note("address undone", a.ID)
	w.refused(w.undo(link, later, rec, key), errs.ErrConflict, rec) // too late
	w.refused(w.undo("other", noon, rec, key), errs.ErrConflict, rec)
	exactlyOne(t, atOnce(func(int) error { return w.undo(link, later.Add(-1), rec, key) }), errs.ErrConflict)
	w.written(rec)
	want := a
	want.Epoch += 2
	want.Renewal = account.RenewalDue
	same(t, w.account(a.ID), want)
	u, _, err := w.Addresses.ByUndo(ctx(t), link)
	must(t, err)
	if u.UsedAt.IsZero() || u.Factors.Factor.Sealed != nil || u.Password != "" {
		t.Error("a used link keeps password or factor")
	}
	for _, device := range []string{"device", "stranger"} {
		if !w.try(key, device, noon) {
			t.Errorf("the lane of %s is not forgotten", device)
		}
	}
	end := w.lock(key, "stranger", later.Add(72*time.Hour))
	if w.try(key, "device", end.Add(-1)) {
		t.Error("the device has a lane of its own")
	}
}

func addressChain(t *testing.T, w world) {
	a := w.active()
	first := w.moved(a, newEmail(), noon)
	second := w.moved(w.account(a.ID), newEmail(), noon.Add(time.Hour))
	must(t, w.undo(first, noon.Add(2*time.Hour), effect.Effects{}))
	got := w.account(a.ID)
	if got.Email != a.Email || len(got.Previous) != 0 {
		t.Errorf("after the undo of the first change: %s, before %+v, want %s", got.Email, got.Previous, a.Email)
	}
	is(t, w.undo(second, noon.Add(2*time.Hour), effect.Effects{}), errs.ErrConflict)
	same(t, w.account(a.ID), got)

	b := w.active()
	middle := newEmail()
	first = w.moved(b, middle, noon)
	second = w.moved(w.account(b.ID), newEmail(), noon.Add(time.Hour))
	must(t, w.undo(second, noon.Add(2*time.Hour), effect.Effects{}))
	if got := w.account(b.ID); got.Email != middle || len(got.Previous) != 1 {
		t.Errorf("after the undo of the second change: %s, before %+v, want %s", got.Email, got.Previous, middle)
	}
	must(t, w.undo(first, noon.Add(2*time.Hour), effect.Effects{}))
	same(t, w.account(b.ID).Email, b.Email)
}

// For account.PreviousTime no other account can take an address that an account left;
// the account itself can take it back at any time.
func addressReserved(t *testing.T, w world) {
	a, other := w.active(), w.active()
	sent := w.ready(draft())
	left := sent.Email
	w.moved(a, left, noon)
	w.moved(w.account(a.ID), newEmail(), noon)
	owner := ok[account.Account](t)(w.Accounts.Owner(ctx(t), left, noon.Add(account.PreviousTime-1)))
	same(t, owner.ID, a.ID)
	_, err := w.Accounts.Owner(ctx(t), left, noon.Add(account.PreviousTime))
	is(t, err, errs.ErrNotFound)
	_, err = w.Accounts.ByEmail(ctx(t), left)
	is(t, err, errs.ErrNotFound)
	move := func(who account.Account, now time.Time) error {
		return w.Accounts.Change(ctx(t), who.ID, func(locked account.Account) (account.Account, effect.Effects, error) {
			next, err := locked.ChangeEmail(locked.Epoch, left, now)
			return next, effect.Effects{}, err
		})
	}
	is(t, move(other, noon.Add(account.PreviousTime-1)), errs.ErrConflict)
	is(t, w.Applications.Submit(ctx(t), sent, nil, effect.Effects{}), errs.ErrConflict)
	who := approved(sent)
	is(t, w.Applications.Submit(ctx(t), sent, &who, effect.Effects{}), errs.ErrConflict)
	must(t, move(w.account(a.ID), noon.Add(time.Hour))) // back
	same(t, ok[account.Account](t)(w.Accounts.Owner(ctx(t), left, noon)).Email, left)
	w.moved(w.account(a.ID), newEmail(), noon.Add(2*time.Hour))
	must(t, move(other, noon.Add(2*time.Hour+account.PreviousTime)))
}

// Of accounts that take one address at the same time exactly one gets it, and no account
// can take an address while another leaves it.
func addressRace(t *testing.T, w world) {
	for range 8 {
		email, left := newEmail(), w.active()
		all := make([]account.Account, 8)
		for i := range all {
			all[i] = w.active()
			_, err := w.askAddress(all[i], email, noon, effect.Effects{})
			must(t, err)
		}
		results := make(chan error, len(all))
		for _, a := range all {
			go func() {
				_, err := w.tryAddress(a, "hash", fresh("link"), noon, effect.Effects{})
				results <- err
			}()
		}
		var errors []error
		for range all {
			errors = append(errors, <-results)
		}
		exactlyOne(t, errors, errs.ErrConflict)

		// While left leaves its address, another one takes it.
		taker := w.active()
		_, err := w.askAddress(left, newEmail(), noon, effect.Effects{})
		must(t, err)
		both := make(chan error, 2)
		go func() {
			_, err := w.tryAddress(left, "hash", fresh("link"), noon, effect.Effects{})
			both <- err
		}()
		go func() {
			err := w.Accounts.Change(ctx(t), taker.ID, func(locked account.Account) (account.Account, effect.Effects, error) {
				next, err := locked.ChangeEmail(locked.Epoch, left.Email, noon)
				return next, effect.Effects{}, err
			})
			if err == nil {
				t.Error("an address was taken while it was left")
			}
			both <- nil
		}()
		must(t, <-both)
		must(t, <-both)
	}
}

// The undo and any other act on the account happen one after the other: the address is
// back, and the other act is undone or refused.
func addressUndoRaces(t *testing.T, w world) {
	later := noon.Add(time.Hour)
	for name, c := range map[string]struct {
		state account.State // afterwards, if the act came first
		act   func(w world, a account.Account) error
	}{
		"a second change": {account.Active, func(w world, a account.Account) error {
			_, err := w.tryAddress(a, "hash", fresh("link"), later, effect.Effects{})
			return err
		}},
		"a block": {account.Blocked, func(w world, a account.Account) error {
			return w.Accounts.Block(ctx(w.t), a.ID, a.Epoch, account.Reported, fresh("BR"), later, effect.Effects{})
		}},
		"a closing": {account.Closed, func(w world, a account.Account) error {
			return w.Accounts.Change(ctx(w.t), a.ID, func(locked account.Account) (account.Account, effect.Effects, error) {
				next, err := locked.Close(a.Epoch, later)
				return next, effect.Effects{}, err
			})
		}},
		"a password": {account.Blocked, func(w world, a account.Account) error {
			return w.Accounts.Change(ctx(w.t), a.ID, func(locked account.Account) (account.Account, effect.Effects, error) {
				next, err := locked.SetPassword(a.Epoch, "thief's", later)
				return next, effect.Effects{}, err
			})
		}},
	} {
		t.Run(name, func(t *testing.T) {
			w := w.in(t)
			for range 6 {
				a := w.active()
				link := w.moved(a, newEmail(), noon)
				read := w.account(a.ID)
				_, err := w.askAddress(read, newEmail(), later, effect.Effects{})
				must(t, err)
				results := make(chan error, 2)
				var acted error
				go func() { acted = c.act(w, read); results <- nil }()
				go func() { results <- w.undo(link, later, effect.Effects{}) }()
				must(t, <-results)
				must(t, <-results)
				got := w.account(a.ID)
				want := account.Active
				if acted == nil {
					want = c.state
				} else {
					is(t, acted, errs.ErrConflict)
				}
				if got.Email != a.Email || got.State != want || got.PasswordHash == "thief's" || len(got.Previous) != 0 {
					t.Errorf("after the undo and %s (%v): %+v", name, acted, got)
				}
			}
		})
	}
	t.Run("an unblock", func(t *testing.T) {
		w := w.in(t)
		for range 6 {
			a := w.active()
			link := w.moved(a, newEmail(), noon)
			must(t, w.Accounts.Block(ctx(t), a.ID, 0, account.Reported, fresh("BR"), later, effect.Effects{}))
			results := make(chan error, 2)
			go func() { results <- w.unblock(a.ID, fresh("cancel"), effect.Effects{}) }()
			go func() { results <- w.undo(link, later, effect.Effects{}) }()
			must(t, <-results)
			must(t, <-results)
			got := w.account(a.ID)
			// If the undo comes first, the unblock follows. If the unblock comes first, the
			// undo blocks, because the enrolment is another one.
			if got.Email != a.Email || got.Factor.Sealed != nil || got.State != account.AwaitingEnrolment && (got.State != account.Blocked || got.BlockReason != account.AddressUndone) {
				t.Errorf("after the undo and an unblock: %+v", got)
			}
		}
	})
}
