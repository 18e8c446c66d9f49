package signin

import (
	"context"
	"errors"
	"time"

	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/audit"
	"omgevingsloket-id/pkg/effect"
	"omgevingsloket-id/pkg/errs"
	"omgevingsloket-id/pkg/mail"
	"omgevingsloket-id/pkg/secret"
)

// Asked says for which address a new password was asked, and where.
type Asked struct {
	Email    string // canonical
	Lang     string // of the page; an account has its own
	ClientID string // of the login at which it was asked; "" for none
}

// Forgotten mails to an address what can be done about a forgotten password: a link,
// or why there is none. An address that no account has gets a mail as well, after the
// same statements, so that only its mailbox shows the difference. Within the pause
// between two mails (account.Limits.SendLink) none is sent, and that is no error.
func (r *Service) Forgotten(ctx context.Context, asked Asked) error {
	a, err := r.Accounts.ByEmail(ctx, asked.Email)
	if err != nil && !errors.Is(err, errs.ErrNotFound) {
		return err
	}
	now, link := r.Now(), secret.New(r.Rand, secret.KindPassword)
	road := r.Limits.PasswordRoad(a, now)
	next := account.PasswordLink{Hash: link.Hash(), ClientID: asked.ClientID}
	if next.AccountID, next.Epoch = a.ID, a.Epoch; road != account.RoadCode && road != account.RoadLink {
		next.AccountID, next.Epoch, link = "", 0, ""
	}
	err = r.Resets.Send(ctx, r.key(asked.Email), func(was account.PasswordLink) (account.PasswordLink, effect.Effects, error) {
		next, err := r.Limits.SendLink(was, next, now)
		if err != nil {
			return was, effect.Effects{}, err
		}
		var m mail.Message
		until := now.Add(r.Limits.ResetTime)
		if road == account.RoadNone {
			m = r.Letters.PasswordUnknown(asked.Email, asked.Lang, until, now)
		} else {
			p := PasswordMail{Road: road, Link: link, Until: until, From: r.Limits.QRFrom(a)}
			if road == account.RoadHelpdesk {
				p.Callback = secret.Text(r.Callback.MailedCode(a, now))
			}
			m = r.Letters.PasswordLink(a, p, now)
		}
		return next, effect.Effects{Mails: []mail.Message{m}}, nil
	})
	if errors.Is(err, account.ErrSpaced) {
		return nil
	}
	return err
}

// key returns the key of the lanes, devices and links of an address.
func (r *Service) key(canonical string) string { return r.verifier().key(canonical) }

// Opens returns nil if a link can be used now, or else errs.ErrNotFound.
func (r *Service) Opens(ctx context.Context, link secret.Text) error {
	l, a, err := r.Resets.ByLink(ctx, link.Hash())
	if err == nil && !r.Limits.Opens(l, a, r.Now()) {
		err = errs.ErrNotFound
	}
	return err
}

// OpenLink uses a link up, once, and begins a reset in the browser that has the handle.
// Passwords that the browser tries are counted apart from those of strangers for as
// long as the reset lasts. The error is errs.ErrNotFound if the link cannot be used.
func (r *Service) OpenLink(ctx context.Context, link, browser secret.Text, from From) error {
	now := r.Now()
	var begun account.Reset
	var of account.Account
	err := r.Resets.Open(ctx, link.Hash(), func(l account.PasswordLink, a account.Account) (account.PasswordLink, account.Reset, effect.Effects, error) {
		next, reset, err := r.Limits.OpenLink(l, a, browser.Hash(), now)
		begun, of = reset, a
		return next, reset, effect.Of(r.event(a, audit.PasswordLinkUsed, from)), err
	})
	if errors.Is(err, errs.ErrConflict) {
		return errs.ErrNotFound
	}
	if err != nil {
		return err
	}
	if device := r.verifier().deviceHash(from.Device, of.Unblocks); device != "" {
		r.remembered(ctx, from.RequestID, r.Lanes.Lend(ctx, begun.Key, device, now, r.Limits.ResetUntil(begun)))
	}
	return nil
}

// Resetting is a reset that is under way.
type Resetting struct {
	account.Reset
	Account account.Account
	Step    account.ResetStep
	Until   time.Time
}

// Resetting returns the reset of the browser with this handle, at its next step. The
// error is errs.ErrNotFound if there is none, or it is over.
func (r *Service) Resetting(ctx context.Context, browser secret.Text) (Resetting, error) {
	reset, a, err := r.Resets.ByBrowser(ctx, browser.Hash())
	if err != nil {
		return Resetting{}, err
	}
	v := Resetting{reset, a, r.Limits.Step(reset, a, r.Now()), r.Limits.ResetUntil(reset)}
	if v.Step == account.ResetOver {
		return v, errs.ErrNotFound
	}
	return v, nil
}

// ResetCode judges the verification code of a reset, as Code does that of a login.
func (r *Service) ResetCode(ctx context.Context, v Resetting, code string, from From) (CodeResult, error) {
	if v.Step != account.ResetCode {
		return CodeResult{}, errs.ErrConflict
	}
	codes := r.codes(v.Account, from)
	codes.Accepted = func(account.CodeTry, map[string]string) effect.Effects {
		return effect.Of(r.event(v.Account, audit.PasswordCodeRight, from))
	}
	result, err := r.verifier().Code(ctx, v.Account, code, from.Device, codes)
	if err == nil && result.Outcome == account.Accepted {
		err = r.Resets.Prove(ctx, v.Browser, r.Now())
	}
	return result, err
}

// ChooseForgotten ends a reset with a new password: sessions, grants, known browsers
// and the tries of passwords end. It does not log in. The browser that gave a code is
// known from then on. The error is errs.ErrConflict if the reset is at another step, or
// over.
func (r *Service) ChooseForgotten(ctx context.Context, v Resetting, password string, from From) error {
	if v.Step != account.ResetPassword {
		return errs.ErrConflict
	}
	hash, err := r.Hasher.Hash(ctx, password)
	if err != nil {
		return err
	}
	now := r.Now()
	err = r.Resets.Use(ctx, v.Browser, now, func(reset account.Reset, a account.Account) (account.Account, effect.Effects, error) {
		if r.Limits.Step(reset, a, now) != account.ResetPassword {
			return a, effect.Effects{}, errs.ErrConflict
		}
		next, err := a.SetPassword(reset.Epoch, secret.Text(hash), now)
		return next, r.passwordChanged(a, audit.PasswordReset, from), err
	})
	if err == nil && !v.CodeAt.IsZero() {
		r.remembered(ctx, from.RequestID, r.Remember(ctx, v.Account, from.Device))
	}
	return err
}

func (r *Service) passwordChanged(a account.Account, action audit.Action, from From) effect.Effects {
	return effect.Of(r.event(a, action, from), r.Letters.PasswordChanged(a, r.Now()))
}

// ChangePassword replaces the password of an account whose holder gave password and
// code a moment ago, and returns the account as it is then: sessions, grants, known
// browsers and the tries of passwords end. The browser is known from then on. The error
// is errs.ErrConflict if the account has changed since it was read.
func (r *Service) ChangePassword(ctx context.Context, read account.Account, password string, from From) (account.Account, error) {
	hash, err := r.Hasher.Hash(ctx, password)
	if err != nil {
		return account.Account{}, err
	}
	var changed account.Account
	err = r.Resets.Renew(ctx, read.ID, r.key(read.Email), func(a account.Account) (account.Account, effect.Effects, error) {
		next, err := a.SetPassword(read.Epoch, secret.Text(hash), r.Now())
		changed = next
		return next, r.passwordChanged(a, audit.PasswordChanged, from), err
	})
	if err != nil {
		return account.Account{}, err
	}
	r.remembered(ctx, from.RequestID, r.Remember(ctx, changed, from.Device))
	return changed, nil
}
