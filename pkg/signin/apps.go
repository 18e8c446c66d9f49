package signin

import (
	"context"
	"fmt"

	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/audit"
	"omgevingsloket-id/pkg/effect"
	"omgevingsloket-id/pkg/errs"
	"omgevingsloket-id/pkg/secret"
	"omgevingsloket-id/pkg/totp"
	"omgevingsloket-id/pkg/typed"
)

// Reasons of the events of a new app that was never linked.
const (
	appCancelled  = "cancelled"
	appWrongCodes = "wrong codes"
)

// ShowApp makes a TOTP secret for a new app, stores it sealed, and only then returns it.
// The caller sets Replaces, Name and SID of app. One of several concurrent calls returns
// a secret; the others return errs.ErrConflict, as account.Limits.ShowApp says.
func (r *Service) ShowApp(ctx context.Context, read account.Account, app account.NewApp, from From) (secret.Text, error) {
	s, err := totp.NewSecret(r.Rand)
	if err != nil {
		return "", err
	}
	err = r.Accounts.Change(ctx, read.ID, func(a account.Account) (account.Account, effect.Effects, error) {
		app.Number = a.NextApp()
		sealed, err := r.Ring.Seal([]byte(s.Reveal()), account.NewAppAAD(a.ID, a.Unblocks, app.Number))
		if err != nil {
			return a, effect.Effects{}, err
		}
		app.Sealed = sealed
		next, err := r.Limits.ShowApp(a, read.Epoch, app, r.Now())
		return next, effect.Of(r.event(a, audit.AppShown, from)), err
	})
	if err != nil {
		return "", err
	}
	return s, nil
}

// AppResult is the result of a code of a new app.
type AppResult struct {
	Account account.Account // as it is afterwards
	Change  account.AppChange
	Right   bool
	Left    int // not Right: how many more wrong codes the app has; it is removed after the last one
}

// LinkApp judges a code of the new app that was shown in the session with this sid, and
// links the app if it is right. The error is ErrNoCode if text cannot be a code, and
// errs.ErrConflict if no new app can be confirmed in this session.
func (r *Service) LinkApp(ctx context.Context, read account.Account, sid, text string, from From) (AppResult, error) {
	code := typed.Code(text, totp.Digits)
	if code == "" {
		return AppResult{}, ErrNoCode
	}
	var result AppResult
	err := r.Accounts.Change(ctx, read.ID, func(a account.Account) (account.Account, effect.Effects, error) {
		now := r.Now()
		app, waits := r.Limits.NewApp(a, now)
		if !waits {
			return a, effect.Effects{}, errs.ErrConflict
		}
		key, step, right, err := r.match(a, app, code)
		if err != nil {
			return a, effect.Effects{}, fmt.Errorf("new app of account %s: %w: %w", a.ID, errs.ErrUnavailable, err)
		}
		if !right {
			next, left, err := r.Limits.RefuseApp(a, read.Epoch, sid, now)
			result = AppResult{Account: next, Left: left}
			if err != nil || left > 0 {
				return next, effect.Effects{}, err
			}
			return next, effect.Of(r.event(a, audit.AppDropped, from).Because(appWrongCodes)), nil
		}
		sealed, err := r.Ring.Seal(key, placeAAD(a, app))
		if err != nil {
			return a, effect.Effects{}, err
		}
		next, err := r.Limits.LinkApp(a, read.Epoch, sid, step, sealed, now)
		if err != nil {
			return a, effect.Effects{}, err
		}
		result = AppResult{Account: next, Change: account.AppAdded, Right: true}
		if app.Replaces != 0 {
			result.Change = account.AppReplaced
		}
		return next, r.changed(next, result.Change, from), nil
	})
	if err != nil {
		return AppResult{}, err
	}
	return result, nil
}

// match opens the secret of a new app and returns it, with the step of a right code.
func (r *Service) match(a account.Account, app account.NewApp, code string) (key []byte, step int64, right bool, err error) {
	key, err = r.Ring.Open(app.Sealed, account.NewAppAAD(a.ID, a.Unblocks, app.Number))
	if err != nil {
		return nil, 0, false, err
	}
	step, right, err = totp.Match(secret.Text(key), code, r.Now())
	return key, step, right, err
}

// placeAAD returns the associated data of the place that a new app gets.
func placeAAD(a account.Account, app account.NewApp) string {
	if app.Replaces == a.AppList()[0].Number {
		return account.FactorAAD(a.ID, a.Unblocks)
	}
	return account.AppAAD(a.ID, a.Unblocks, app.Number)
}

// DropApp removes the new app of an account, which its holder no longer wants.
func (r *Service) DropApp(ctx context.Context, read account.Account, from From) error {
	return r.Accounts.Change(ctx, read.ID, func(a account.Account) (account.Account, effect.Effects, error) {
		next, err := a.DropApp(read.Epoch)
		return next, effect.Of(r.event(a, audit.AppDropped, from).Because(appCancelled)), err
	})
}

// RenameApp gives an app a name, as account.AppName returns it.
func (r *Service) RenameApp(ctx context.Context, read account.Account, number int, name string, from From) error {
	return r.Accounts.Change(ctx, read.ID, func(a account.Account) (account.Account, effect.Effects, error) {
		next, err := a.RenameApp(read.Epoch, number, name)
		return next, effect.Of(r.event(a, audit.AppRenamed, from)), err
	})
}

// RemoveApp removes one of two apps and returns the account as it is afterwards. The
// errors are those of account.Account.RemoveApp.
func (r *Service) RemoveApp(ctx context.Context, read account.Account, number int, from From) (account.Account, error) {
	var next account.Account
	err := r.Accounts.Change(ctx, read.ID, func(a account.Account) (account.Account, effect.Effects, error) {
		sealed, err := r.inFirstPlace(a)
		if err != nil {
			return a, effect.Effects{}, fmt.Errorf("second app of account %s: %w: %w", a.ID, errs.ErrUnavailable, err)
		}
		next, err = a.RemoveApp(read.Epoch, number, sealed, r.Now())
		if err != nil {
			return a, effect.Effects{}, err
		}
		return next, r.changed(next, account.AppRemoved, from), nil
	})
	return next, err
}

// inFirstPlace returns the secret of the second app sealed as that of the first one; nil
// if there is no second app.
func (r *Service) inFirstPlace(a account.Account) ([]byte, error) {
	second := a.Apps.Second
	if second.Number == 0 {
		return nil, nil
	}
	key, err := r.Ring.Open(second.Sealed, account.AppAAD(a.ID, a.Unblocks, second.Number))
	if err != nil {
		return nil, err
	}
	return r.Ring.Seal(key, account.FactorAAD(a.ID, a.Unblocks))
}

// changed returns the event and the mail about a change of the apps.
func (r *Service) changed(a account.Account, change account.AppChange, from From) effect.Effects {
	return effect.Of(r.event(a, audit.FactorChanged, from).Because(string(change)), r.Letters.FactorChanged(a, change, r.Now()))
}
