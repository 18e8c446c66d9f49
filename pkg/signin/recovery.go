package signin

import (
	"context"
	"errors"
	"strconv"
	"time"

	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/audit"
	"omgevingsloket-id/pkg/effect"
	"omgevingsloket-id/pkg/errs"
	"omgevingsloket-id/pkg/secret"
	"omgevingsloket-id/pkg/typed"
)

// RecoveryKey is the key of what holders are mailed about an unblock: codes, and
// the link that cancels it.
type RecoveryKey []byte

// Link returns the handle of the link that cancels an unblock of an account. It
// is the same in every mail about this unblock; Account.CancelHash decides
// whether it can still be used.
func (k RecoveryKey) Link(accountID string, enrolment int) secret.Text {
	return secret.Derive(k, secret.KindRecovery, accountID, strconv.Itoa(enrolment))
}

// LinkOf returns the handle of the link that cancels the last unblock of an
// account; "" if it cannot be cancelled.
func (k RecoveryKey) LinkOf(a account.Account) secret.Text {
	if link := k.Link(a.ID, a.Unblocks); a.CancelHash == link.Hash() {
		return link
	}
	return ""
}

func (k RecoveryKey) hash(a account.Account, code string) string {
	return secret.MAC(k, "mailed code", a.ID, strconv.FormatInt(a.Epoch, 10), code)
}

// MailCode mails a code to the holder of an account that was unblocked. It
// returns account.ErrSpaced if that is too soon, and errs.ErrConflict if the
// account has another state or epoch than when it was read, or has to wait.
func (r *Service) MailCode(ctx context.Context, read account.Account, from From) error {
	code, err := secret.NewCode(r.Rand)
	if err != nil {
		return err
	}
	return r.Recoveries.Send(ctx, read.ID, func(a account.Account, m account.Mailed) (account.Account, account.Mailed, effect.Effects, error) {
		now := r.Now()
		next, err := r.Limits.Send(m, a, read.Epoch, r.RecoveryKey.hash(a, code.Reveal()), now)
		if err != nil {
			return a, m, effect.Effects{}, err
		}
		link := r.RecoveryKey.Link(a.ID, a.Unblocks)
		a.CancelHash = link.Hash() // a server of an earlier version unblocks without one
		return a, next, effect.Of(r.event(a, audit.RecoveryCodeSent, from), r.Letters.RecoveryCode(a, code, link, next.Expires, now)), nil
	})
}

// MailedResult is the result of a typed code.
type MailedResult struct {
	Verdict account.MailedVerdict
	Left    int // MailedWrong: tries before the block
}

// TakeMailed judges a typed code. login is the key of the login in which it was
// typed. The error is ErrNoCode if text cannot be a code, and errs.ErrConflict if
// the account has another state or epoch than when it was read.
func (r *Service) TakeMailed(ctx context.Context, read account.Account, login, text string, from From) (MailedResult, error) {
	code := typed.Code(text, secret.CodeDigits)
	if code == "" {
		return MailedResult{}, ErrNoCode
	}
	var result MailedResult
	err := WithReference(ctx, r.Accounts, read, r.Rand, func(ref string) error {
		return r.Recoveries.Try(ctx, read.ID, func(a account.Account, m account.Mailed) (account.Account, account.Mailed, effect.Effects, error) {
			next, verdict, err := r.Limits.Judge(m, a, read.Epoch, r.RecoveryKey.hash(a, code), login, r.Now())
			result = MailedResult{Verdict: verdict, Left: r.Limits.Codes - next.Failures}
			if err != nil {
				return a, m, effect.Effects{}, err
			}
			switch verdict {
			case account.MailedWrong:
				return a, next, effect.Of(r.event(a, audit.RecoveryCodeWrong, from)), nil
			case account.MailedOver:
				blocked, err := a.Block(a.Epoch, account.RecoveryCodes, ref)
				return blocked, next, r.blocking(a, account.RecoveryCodes, ref, from), err
			}
			return a, next, effect.Effects{}, nil
		})
	})
	if err != nil {
		return MailedResult{}, err
	}
	return result, nil
}

// Cancellable returns the account whose last unblock this link can cancel now,
// or errs.ErrNotFound.
func (r *Service) Cancellable(ctx context.Context, link secret.Text) (account.Account, error) {
	a, err := r.Recoveries.ByCancelHash(ctx, link.Hash())
	if err == nil && (!a.MayCancel(r.Now()) || !r.RecoveryKey.LinkOf(a).Equal(link.Reveal())) {
		err = errs.ErrNotFound
	}
	return a, err
}

// CancelRecovery blocks the account whose last unblock this link cancels, once. It
// returns errs.ErrNotFound if the link can no longer be used.
func (r *Service) CancelRecovery(ctx context.Context, link secret.Text, from From) error {
	read, err := r.Cancellable(ctx, link)
	if err != nil {
		return err
	}
	err = WithReference(ctx, r.Accounts, read, r.Rand, func(ref string) error {
		return r.Accounts.Change(ctx, read.ID, func(a account.Account) (account.Account, effect.Effects, error) {
			now := r.Now()
			next, err := a.Cancel(link.Hash(), ref, now)
			rec := r.blocking(a, account.Cancelled, ref, from)
			rec.Events = append([]audit.Event{r.event(a, audit.RecoveryCancelled, from)}, rec.Events...)
			return next, rec, err
		})
	})
	if errors.Is(err, errs.ErrConflict) {
		return errs.ErrNotFound
	}
	return err
}

// Unblocking returns what an unblock of an account at now stores and mails: the
// link that cancels it, and from when the QR can be shown (Limits.QRFrom).
func (k RecoveryKey) Unblocking(a account.Account, limits account.Limits, now time.Time) (link secret.Text, from time.Time) {
	link = k.Link(a.ID, a.Unblocks+1)
	a.Unblocks, a.UnblockedAt = a.Unblocks+1, now
	return link, limits.QRFrom(a)
}
