package storagetest

import (
	"testing"
	"time"

	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/effect"
	"omgevingsloket-id/pkg/errs"
	"omgevingsloket-id/pkg/secret"
)

// Accounts tests an account.Store.
func Accounts(t *testing.T, open func(*testing.T) Stores) {
	w := world{open(t), t}
	t.Run("look-ups", func(t *testing.T) { accountLookups(t, w.in(t)) })
	t.Run("in a session", func(t *testing.T) { accountInSession(t, w.in(t)) })
	t.Run("show QR", func(t *testing.T) { accountShowQR(t, w.in(t)) })
	t.Run("codes", func(t *testing.T) { accountCodes(t, w.in(t)) })
	t.Run("codes at once", func(t *testing.T) { accountCodesAtOnce(t, w.in(t)) })
	t.Run("64 wrong codes at once", func(t *testing.T) { accountGuesses(t, w.in(t)) })
	t.Run("block", func(t *testing.T) { accountBlock(t, w.in(t)) })
	t.Run("reference", func(t *testing.T) { accountReference(t, w.in(t)) })
	t.Run("unblock", func(t *testing.T) { accountUnblock(t, w.in(t)) })
	t.Run("rehash", func(t *testing.T) { accountRehash(t, w.in(t)) })
	t.Run("apps", func(t *testing.T) { accountApps(t, w.in(t)) })
	w.unbroken()
}

func accountLookups(t *testing.T, w world) {
	a, other := w.awaiting(), w.blocked()
	same(t, w.account(a.ID), a)
	same(t, ok[account.Account](t)(w.Accounts.ByEmail(ctx(t), a.Email)), a)
	same(t, ok[account.Account](t)(w.Accounts.ByBlockRef(ctx(t), other.BlockRef)), other)
	for _, unknown := range []string{"", "%", a.ID + " ", "x' OR '1'='1"} {
		_, err := w.Accounts.ByID(ctx(t), unknown)
		is(t, err, errs.ErrNotFound)
		_, err = w.Accounts.ByEmail(ctx(t), unknown)
		is(t, err, errs.ErrNotFound)
		_, err = w.Accounts.InSession(ctx(t), unknown, fresh("sid"))
		is(t, err, errs.ErrNotFound)
		_, err = w.Accounts.ByBlockRef(ctx(t), unknown) // accounts that are not blocked have the reference ""
		is(t, err, errs.ErrNotFound)
	}
}

func accountInSession(t *testing.T, w world) {
	a, sid, other := w.active(), fresh("sid"), fresh("sid")
	in := func(sid string) error {
		got, err := w.Accounts.InSession(ctx(t), a.ID, sid)
		if err == nil {
			same(t, got, w.account(a.ID))
		}
		return err
	}
	for _, s := range []string{sid, other, ""} {
		must(t, in(s))
	}
	_, err := w.Grants.EndSession(ctx(t), sid, noon, noon.Add(time.Hour), effect.Effects{})
	must(t, err)
	is(t, in(sid), errs.ErrNotFound)
	for _, s := range []string{other, ""} {
		must(t, in(s))
	}
}

func accountShowQR(t *testing.T, w world) {
	a := w.awaiting()
	rec := note("qr.shown", a.ID)
	w.refused(w.Accounts.ShowQR(ctx(t), a.ID, a.Epoch+1, []byte("s"), noon, rec), errs.ErrConflict, rec)
	w.refused(w.Accounts.ShowQR(ctx(t), a.ID, a.Epoch-1, []byte("s"), noon, rec), errs.ErrConflict, rec)
	same(t, w.account(a.ID), a)
	w.happened(w.Accounts.ShowQR(ctx(t), a.ID, a.Epoch, []byte("sealed"), noon, rec), rec)
	a.State, a.Factor = account.QRShown, account.Factor{Sealed: []byte("sealed"), ShownAt: noon}
	same(t, w.account(a.ID), a)

	again := note("qr.shown", a.ID)
	for _, who := range []account.Account{a, w.active(), w.blocked()} {
		before := w.account(who.ID)
		w.refused(w.Accounts.ShowQR(ctx(t), who.ID, before.Epoch, []byte("other"), noon, again), errs.ErrConflict, again)
		same(t, w.account(who.ID), before)
	}
	oneOf(t, w.Accounts.ShowQR(ctx(t), fresh("nobody"), 1, []byte("s"), noon, again), errs.ErrConflict, errs.ErrNotFound)

	t.Run("EN-04: of a crowd one is shown the QR", func(t *testing.T) {
		w := w.in(t)
		a := w.awaiting()
		rec := note("qr.shown", a.ID)
		exactlyOne(t, atOnce(func(i int) error {
			return w.Accounts.ShowQR(ctx(t), a.ID, a.Epoch, []byte{byte(i + 1)}, noon, rec)
		}), errs.ErrConflict)
		w.written(rec)
	})
}

func accountCodes(t *testing.T, w world) {
	t.Run("the first right code makes active", func(t *testing.T) {
		w := w.in(t)
		a := w.shown()
		rec := note("enrolled", a.ID)
		var seen account.CodeTry
		v, err := w.Accounts.TryCode(ctx(t), a.ID, a.Epoch, noon.Add(time.Minute), func(try account.CodeTry) account.Verdict {
			seen = try
			return judge(100, rec)(try)
		})
		w.happened(err, rec)
		counted := a.Factor
		counted.Failures = 1
		same(t, seen, account.CodeTry{State: account.QRShown, Enrolment: a.Unblocks, Factor: counted})
		same(t, v.Outcome, account.Accepted)
		a.State, a.Factor.LastStep, a.LastLoginAt = account.Active, 100, noon.Add(time.Minute)
		same(t, w.account(a.ID), a)
	})
	t.Run("TP-01, TP-04: a step is spent for good, and the ones before it", func(t *testing.T) {
		w := w.in(t)
		a := w.active()
		for _, step := range []int64{100, 99} {
			v, err := w.Accounts.TryCode(ctx(t), a.ID, a.Epoch, noon, judge(step, effect.Effects{}))
			must(t, err)
			same(t, v.Outcome, account.Replayed)
		}
		// The store refuses a step that was used, even if the rule accepts it.
		rec := note("login", a.ID)
		v, err := w.Accounts.TryCode(ctx(t), a.ID, a.Epoch, noon, func(account.CodeTry) account.Verdict {
			return account.Verdict{Outcome: account.Accepted, Step: 100, Effects: rec}
		})
		w.refused(err, errs.ErrConflict, rec)
		if v.Outcome == account.Accepted {
			t.Error("a failed try says accepted")
		}
		same(t, w.account(a.ID), a)
	})
	t.Run("wrong codes count, right ones clear, other outcomes leave the count", func(t *testing.T) {
		w := w.in(t)
		a := w.active()
		try := func(judge func(account.CodeTry) account.Verdict) {
			t.Helper()
			_, err := w.Accounts.TryCode(ctx(t), a.ID, a.Epoch, noon, judge)
			must(t, err)
		}
		try(wrong(9, effect.Effects{}))
		try(wrong(9, effect.Effects{}))
		for _, uncounted := range []account.Outcome{account.Replayed, account.TooSoon} {
			try(func(account.CodeTry) account.Verdict { return account.Verdict{Outcome: uncounted} })
		}
		f := w.account(a.ID).Factor
		if f.Failures != 2 || !f.NextTryAt.Equal(noon.Add(2*time.Second)) {
			t.Errorf("after two wrong codes: %d failures, next try at %v", f.Failures, f.NextTryAt)
		}
		try(judge(101, effect.Effects{}))
		if f := w.account(a.ID).Factor; f.Failures != 0 || !f.NextTryAt.IsZero() || f.LastStep != 101 {
			t.Errorf("after a right code: %+v", f)
		}
	})
	t.Run("one wrong code too many blocks", func(t *testing.T) {
		for _, a := range []account.Account{w.in(t).shown(), w.in(t).active()} {
			w, rec := w.in(t), note("account.blocked", a.ID)
			v, err := w.Accounts.TryCode(ctx(t), a.ID, a.Epoch, noon, wrong(1, rec))
			w.happened(err, rec)
			got := w.account(a.ID)
			if got.State != account.Blocked || got.BlockReason != account.TooManyCodes || got.BlockRef != v.BlockRef || got.Epoch != a.Epoch+1 {
				t.Errorf("after the last wrong code: %+v", got)
			}
		}
	})
	t.Run("only QR shown and active of this epoch have codes", func(t *testing.T) {
		w := w.in(t)
		blocked, awaiting, active := w.blocked(), w.awaiting(), w.active()
		never := func(account.CodeTry) account.Verdict {
			t.Error("a code was judged")
			return account.Verdict{Outcome: account.Accepted, Step: 1000}
		}
		for _, try := range []struct {
			id    string
			epoch int64
		}{{awaiting.ID, awaiting.Epoch}, {blocked.ID, blocked.Epoch}, {active.ID, active.Epoch + 1}, {active.ID, active.Epoch - 1}, {fresh("nobody"), 1}} {
			_, err := w.Accounts.TryCode(ctx(t), try.id, try.epoch, noon, never)
			is(t, err, errs.ErrConflict)
		}
		same(t, w.account(active.ID), active)
	})
}

func accountCodesAtOnce(t *testing.T, w world) {
	t.Run("TP-02: of a crowd with one code, one is accepted", func(t *testing.T) {
		w := w.in(t)
		a := w.active()
		rec := note("login", a.ID)
		exactlyOne(t, atOnce(func(int) error {
			v, err := w.Accounts.TryCode(ctx(t), a.ID, a.Epoch, noon, judge(101, rec))
			if err == nil && v.Outcome != account.Accepted {
				err = errs.ErrConflict
			}
			return err
		}), errs.ErrConflict)
		w.written(rec)
		if f := w.account(a.ID).Factor; f.LastStep != 101 || f.Failures != 0 {
			t.Errorf("afterwards: %+v", f)
		}
	})
	t.Run("TP-06: guesses at once are each counted before they are judged", func(t *testing.T) {
		w := w.in(t)
		a := w.active()
		rec := note("account.blocked", a.ID)
		results := atOnce(func(int) error {
			_, err := w.Accounts.TryCode(ctx(t), a.ID, a.Epoch, noon, wrong(10, rec))
			return err
		})
		exactly(t, 10, results, errs.ErrConflict) // nine wrong codes, one that blocks, and the rest conflict
		w.written(rec)
		if got := w.account(a.ID); got.State != account.Blocked || got.Epoch != a.Epoch+1 {
			t.Errorf("afterwards: %+v", got)
		}
	})
}

func accountBlock(t *testing.T, w world) {
	for name, who := range map[string]account.Account{"awaiting": w.awaiting(), "shown": w.shown(), "active": w.active()} {
		t.Run(name, func(t *testing.T) {
			w, rec := w.in(t), note("account.blocked", who.ID)
			w.refused(w.Accounts.Block(ctx(t), who.ID, who.Epoch+1, account.Reported, "R", noon, rec), errs.ErrConflict, rec)
			same(t, w.account(who.ID), who)
			w.happened(w.Accounts.Block(ctx(t), who.ID, who.Epoch, account.NotScanned, "REF-"+name, noon, rec), rec)
			want := who
			want.State, want.BlockReason, want.BlockRef, want.Epoch = account.Blocked, account.NotScanned, "REF-"+name, who.Epoch+1
			same(t, w.account(who.ID), want)
			again := note("account.blocked", who.ID)
			w.refused(w.Accounts.Block(ctx(t), who.ID, 0, account.Reported, "R2", noon, again), errs.ErrConflict, again)
			same(t, w.account(who.ID), want)
		})
	}
	a := w.active()
	rec := note("account.blocked", a.ID)
	w.happened(w.Accounts.Block(ctx(t), a.ID, 0, account.Reported, "any", noon, rec), rec) // 0 means any epoch
	oneOf(t, w.Accounts.Block(ctx(t), fresh("nobody"), 0, account.Reported, "R", noon, note("x", "y")), errs.ErrConflict, errs.ErrNotFound)
	t.Run("of a crowd one blocks", func(t *testing.T) {
		w := w.in(t)
		a := w.active()
		rec := note("account.blocked", a.ID)
		exactlyOne(t, atOnce(func(int) error {
			return w.Accounts.Block(ctx(t), a.ID, 0, account.Reported, "R", noon, rec)
		}), errs.ErrConflict)
		w.written(rec)
		same(t, w.account(a.ID).Epoch, a.Epoch+1)
	})
}

// A reference belongs to one block: two accounts never share it.
func accountReference(t *testing.T, w world) {
	a, b, ref := w.active(), w.active(), fresh("BR")
	must(t, w.Accounts.Block(ctx(t), a.ID, 0, account.Reported, ref, noon, effect.Effects{}))
	rec := note("account.blocked", b.ID)
	w.refused(w.Accounts.Block(ctx(t), b.ID, 0, account.Reported, ref, noon, rec), errs.ErrConflict, rec)
	same(t, w.account(b.ID), b)
	must(t, w.unblock(a.ID, "", effect.Effects{}))
	must(t, w.Accounts.Block(ctx(t), b.ID, 0, account.Reported, ref, noon, effect.Effects{})) // ref is free again
}

func accountUnblock(t *testing.T, w world) {
	for _, who := range []account.Account{w.awaiting(), w.shown(), w.active()} {
		rec := note("account.unblocked", who.ID)
		w.refused(w.unblock(who.ID, "", rec), errs.ErrConflict, rec)
		same(t, w.account(who.ID), who)
	}
	oneOf(t, w.unblock(fresh("nobody"), "", note("x", "y")), errs.ErrConflict, errs.ErrNotFound)
	t.Run("EN-20: everything of the old factor is gone", func(t *testing.T) {
		w := w.in(t)
		a := w.blocked()
		rec := note("account.unblocked", a.ID)
		w.happened(w.unblock(a.ID, "", rec), rec)
		want := a
		want.State, want.BlockReason, want.BlockRef = account.AwaitingEnrolment, "", ""
		want.Epoch, want.Unblocks, want.UnblockedAt, want.Factor = a.Epoch+1, a.Unblocks+1, noon, account.Factor{}
		same(t, w.account(a.ID), want)
		_, err := w.Accounts.ByBlockRef(ctx(t), a.BlockRef)
		is(t, err, errs.ErrNotFound)
	})
	t.Run("EN-21: of a crowd one unblocks", func(t *testing.T) {
		w := w.in(t)
		a := w.blocked()
		rec := note("account.unblocked", a.ID)
		exactlyOne(t, atOnce(func(int) error { return w.unblock(a.ID, "", rec) }), errs.ErrConflict)
		w.written(rec)
		if got := w.account(a.ID); got.Epoch != a.Epoch+1 || got.Unblocks != a.Unblocks+1 {
			t.Errorf("afterwards: %+v", got)
		}
	})
	t.Run("blocks and unblocks at once each take their turn", func(t *testing.T) {
		w := w.in(t)
		a := w.active()
		moved := 0
		for _, err := range atOnce(func(i int) error {
			if i%2 == 0 {
				return w.Accounts.Block(ctx(t), a.ID, 0, account.Reported, "R", noon, effect.Effects{})
			}
			return w.unblock(a.ID, "", effect.Effects{})
		}) {
			if err == nil {
				moved++
			} else {
				is(t, err, errs.ErrConflict)
			}
		}
		if got := w.account(a.ID); got.Epoch != a.Epoch+int64(moved) || got.Unblocks != moved/2 {
			t.Errorf("%d moves happened, the account says %+v", moved, got)
		}
	})
}

func accountRehash(t *testing.T, w world) {
	a := w.active()
	must(t, w.Accounts.Rehash(ctx(t), a.ID, a.PasswordHash, "$argon2id$second"))
	a.PasswordHash = "$argon2id$second"
	same(t, w.account(a.ID), a)
	if err := w.Accounts.Rehash(ctx(t), a.ID, "$argon2id$first", "$argon2id$third"); err != nil {
		is(t, err, errs.ErrConflict)
	}
	same(t, w.account(a.ID).PasswordHash, secret.Text("$argon2id$second"))
}
