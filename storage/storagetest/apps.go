package storagetest

import (
	"reflect"
	"testing"
	"time"

	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/effect"
	"omgevingsloket-id/pkg/errs"
)

const appSID = "session-1"

// showApp shows the QR of a new app that replaces an app, or of a second one (0).
func (w world) showApp(a account.Account, replaces int, rec effect.Effects) error {
	return w.Accounts.Change(ctx(w.t), a.ID, func(locked account.Account) (account.Account, effect.Effects, error) {
		next, err := limits.ShowApp(locked, a.Epoch, account.NewApp{Number: locked.NextApp(), Replaces: replaces, Name: "tablet", Sealed: []byte("new"), SID: appSID}, noon)
		return next, rec, err
	})
}

// linkApp links the new app, by its code of a step.
func (w world) linkApp(a account.Account, step int64, rec effect.Effects) error {
	return w.Accounts.Change(ctx(w.t), a.ID, func(locked account.Account) (account.Account, effect.Effects, error) {
		next, err := limits.LinkApp(locked, a.Epoch, appSID, step, []byte("linked"), noon)
		return next, rec, err
	})
}

// twoApps returns an active account with two apps; step 100 of the first and 200 of the
// second are used.
func (w world) twoApps() account.Account {
	w.t.Helper()
	a := w.active()
	must(w.t, w.showApp(a, 0, effect.Effects{}))
	must(w.t, w.linkApp(a, 200, effect.Effects{}))
	return w.account(a.ID)
}

func accountApps(t *testing.T, w world) {
	t.Run("what is written is read", func(t *testing.T) {
		w := w.in(t)
		a := w.active()
		same(t, a.Apps, account.Apps{})
		rec := note("account.app_shown", a.ID)
		w.happened(w.showApp(a, 1, rec), rec)
		shown := w.account(a.ID)
		want := a
		want.Apps = account.Apps{Given: 2, First: account.App{Number: 1, Since: noon}, New: account.NewApp{Number: 2, Replaces: 1, Name: "tablet", Sealed: []byte("new"), SID: appSID, Epoch: a.Epoch, ShownAt: noon}}
		same(t, shown, want)
		rec = note("account.factor_changed", a.ID)
		w.happened(w.linkApp(a, 200, rec), rec)
		got := w.account(a.ID)
		if string(got.Factor.Sealed) != "linked" || got.Factor.LastStep != 200 || got.Epoch != a.Epoch+1 || got.Apps.New.Number != 0 || got.AppList()[0].Number != 2 {
			t.Errorf("replaced: %+v", got)
		}
	})
	t.Run("EN-04: of a crowd one is shown the QR of a new app", func(t *testing.T) {
		w := w.in(t)
		a, rec := w.active(), note("account.app_shown", w.t.Name())
		exactlyOne(t, atOnce(func(i int) error { return w.showApp(a, i%2, rec) }), errs.ErrConflict)
		w.written(rec)
	})
	t.Run("of a crowd one links the new app", func(t *testing.T) {
		w := w.in(t)
		a, rec := w.active(), note("account.factor_changed", w.t.Name())
		must(t, w.showApp(a, 1, effect.Effects{}))
		exactlyOne(t, atOnce(func(int) error { return w.linkApp(a, 200, rec) }), errs.ErrConflict)
		w.written(rec)
		same(t, w.account(a.ID).Epoch, a.Epoch+1)
	})
	t.Run("EN-13: of a crowd of wrong codes of a new app five are counted", func(t *testing.T) {
		w := w.in(t)
		a := w.active()
		must(t, w.showApp(a, 1, effect.Effects{}))
		exactly(t, limits.EnrolmentCodes, atOnce(func(int) error {
			return w.Accounts.Change(ctx(t), a.ID, func(locked account.Account) (account.Account, effect.Effects, error) {
				next, _, err := limits.RefuseApp(locked, a.Epoch, appSID, noon)
				return next, effect.Effects{}, err
			})
		}), errs.ErrConflict)
		got := w.account(a.ID)
		if got.State != account.Active || got.Epoch != a.Epoch || got.Apps.New.Number != 0 || !reflect.DeepEqual(got.Factor, a.Factor) {
			t.Errorf("afterwards: %+v", got)
		}
	})
	t.Run("TP-02, TP-04: a step of the second app is spent once", func(t *testing.T) {
		w := w.in(t)
		a := w.twoApps()
		accept := func(step int64, app int) func(account.CodeTry) account.Verdict {
			return func(try account.CodeTry) account.Verdict {
				for _, k := range try.Keys() {
					if k.App == app && k.LastStep < step {
						return account.Verdict{Outcome: account.Accepted, Step: step, App: app}
					}
				}
				return account.Verdict{Outcome: account.Replayed}
			}
		}
		exactlyOne(t, atOnce(func(int) error {
			v, err := w.Accounts.TryCode(ctx(t), a.ID, a.Epoch, noon, accept(201, 2))
			if err == nil && v.Outcome != account.Accepted {
				err = errs.ErrConflict
			}
			return err
		}), errs.ErrConflict)
		v, err := w.Accounts.TryCode(ctx(t), a.ID, a.Epoch, noon, accept(201, 0)) // the first app has its own steps
		must(t, err)
		same(t, v.Outcome, account.Accepted)
		// The store refuses a step that was used, even if the rule accepts it.
		_, err = w.Accounts.TryCode(ctx(t), a.ID, a.Epoch, noon, func(account.CodeTry) account.Verdict {
			return account.Verdict{Outcome: account.Accepted, Step: 201, App: 2}
		})
		is(t, err, errs.ErrConflict)
		got := w.account(a.ID)
		if got.Factor.LastStep != 201 || got.Apps.Second.LastStep != 201 || got.Factor.Failures != 0 {
			t.Errorf("afterwards: %+v", got)
		}
	})
	t.Run("codes of the apps and a new name at once", func(t *testing.T) {
		w := w.in(t)
		a := w.twoApps()
		for _, err := range atOnce(func(i int) error {
			if i%2 == 0 {
				return w.Accounts.Change(ctx(t), a.ID, func(locked account.Account) (account.Account, effect.Effects, error) {
					next, err := locked.RenameApp(a.Epoch, 2, "renamed")
					return next, effect.Effects{}, err
				})
			}
			_, err := w.Accounts.TryCode(ctx(t), a.ID, a.Epoch, noon, func(try account.CodeTry) account.Verdict {
				return account.Verdict{Outcome: account.Accepted, Step: try.Second.LastStep + 1, App: 2}
			})
			return err
		}) {
			must(t, err)
		}
		if got := w.account(a.ID).Apps.Second; got.Name != "renamed" || got.LastStep != 200+crowd/2 {
			t.Errorf("%+v, want the new name and %d codes", got, crowd/2)
		}
	})
	t.Run("of both apps removed at once one stays", func(t *testing.T) {
		w := w.in(t)
		a := w.twoApps()
		exactlyOne(t, atOnce(func(i int) error {
			return w.Accounts.Change(ctx(t), a.ID, func(locked account.Account) (account.Account, effect.Effects, error) {
				next, err := locked.RemoveApp(a.Epoch, 1+i%2, []byte("moved"), noon)
				return next, effect.Effects{}, err
			})
		}), errs.ErrConflict)
		if got := w.account(a.ID); len(got.AppList()) != 1 || len(got.Factor.Sealed) == 0 || got.Epoch != a.Epoch+1 {
			t.Errorf("afterwards: %+v", got)
		}
	})
	t.Run("EN-20: nothing is left after a block and an unblock", func(t *testing.T) {
		w := w.in(t)
		a := w.twoApps()
		must(t, w.showApp(a, 1, effect.Effects{}))
		must(t, w.Accounts.Block(ctx(t), a.ID, 0, account.Reported, fresh("BR"), noon.Add(time.Minute), effect.Effects{}))
		same(t, w.account(a.ID).Apps.New, account.NewApp{})
		is(t, w.linkApp(a, 300, effect.Effects{}), errs.ErrConflict)
		must(t, w.unblock(a.ID, "", effect.Effects{}))
		same(t, w.account(a.ID).Apps, account.Apps{})
		w.enrolled(a.ID)
		same(t, w.account(a.ID).Apps, account.Apps{})
	})
}
