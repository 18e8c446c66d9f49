package account

import (
	"slices"
	"time"

	"omgevingsloket-id/pkg/errs"
)

// The methods below are the arrows of the drawing in the package comment. Each
// returns the account after the transition, or errs.ErrConflict when the arrow
// does not leave the account's state or the account is not of the epoch that
// the caller read. A store reads the row, calls a method and writes the
// result, provided that state and epoch are still those that it read.

// ShowQR stores the sealed secret of a QR that is shown at now, once.
func (a Account) ShowQR(epoch int64, sealed []byte, now time.Time) (Account, error) {
	if a.State != AwaitingEnrolment || a.Epoch != epoch {
		return Account{}, errs.ErrConflict
	}
	a.State, a.Factor, a.Apps = QRShown, Factor{Sealed: sealed, ShownAt: now}, Apps{}
	return a, nil
}

// Block blocks an account of this epoch; 0 = any.
func (a Account) Block(epoch int64, reason BlockReason, ref string) (Account, error) {
	if a.State == Blocked || a.State == Closed || epoch != 0 && a.Epoch != epoch {
		return Account{}, errs.ErrConflict
	}
	a.State, a.BlockReason, a.BlockRef, a.CancelHash = Blocked, reason, ref, ""
	if reason == Disavowed {
		a.Renewal = RenewalDue
	}
	a.raise()
	return a, nil
}

// Unblock returns a blocked account to AwaitingEnrolment, without its apps and their
// counters; epoch 0 = any. cancelHash is the hash of the link by which its holder can
// cancel the unblock.
func (a Account) Unblock(epoch int64, cancelHash string, now time.Time) (Account, error) {
	if a.State != Blocked || epoch != 0 && a.Epoch != epoch {
		return Account{}, errs.ErrConflict
	}
	a.State, a.BlockReason, a.BlockRef, a.Factor, a.Apps = AwaitingEnrolment, "", "", Factor{}, Apps{}
	a.Unblocks, a.UnblockedAt, a.CancelHash = a.Unblocks+1, now, cancelHash
	a.forgetLost()
	a.raise()
	return a, nil
}

// Close closes an account that is not closed.
func (a Account) Close(epoch int64, now time.Time) (Account, error) {
	if a.State == Closed || a.Epoch != epoch {
		return Account{}, errs.ErrConflict
	}
	a.State, a.BlockReason, a.BlockRef, a.CancelHash, a.ClosedAt = Closed, "", "", "", now
	a.raise()
	return a, nil
}

// Reopen blocks a closed account that was closed less than within ago.
func (a Account) Reopen(epoch int64, reason BlockReason, ref string, within time.Duration, now time.Time) (Account, error) {
	if a.State != Closed || a.Epoch != epoch || !now.Before(a.ClosedAt.Add(within)) {
		return Account{}, errs.ErrConflict
	}
	a.State, a.BlockReason, a.BlockRef, a.ClosedAt = Blocked, reason, ref, time.Time{}
	a.raise()
	return a, nil
}

// forgetLost clears RenewalLost, which two officials establish for one enrolment only.
func (a *Account) forgetLost() {
	if a.Renewal == RenewalLost {
		a.Renewal = NoRenewal
	}
}

// Try returns the input of a rule that judges a code, after the store counted
// the try. It returns errs.ErrConflict when accounts in this state have no
// codes.
func (a Account) Try() (CodeTry, error) {
	if a.State != QRShown && a.State != Active {
		return CodeTry{}, errs.ErrConflict
	}
	return CodeTry{State: a.State, Enrolment: a.Unblocks, Factor: a.Factor, Second: a.Apps.Second}, nil
}

// Judged returns the account with the verdict on a counted try applied.
func (a Account) Judged(v Verdict, now time.Time) (Account, error) {
	if v.Outcome == BlockedNow {
		return a.Block(a.Epoch, v.Reason, v.BlockRef)
	}
	a, err := a.judged(v)
	if err != nil {
		return Account{}, err
	}
	if v.Outcome == Accepted {
		a.State, a.LastLoginAt = Active, now
		a.forgetLost()
	}
	return a, nil
}

// Judged returns the factor with the verdict on a counted try of its app applied. It
// returns errs.ErrConflict when the accepted step was used before (RFC 6238
// §5.2). Outcomes without a check of the code take the count back.
func (f Factor) Judged(v Verdict) (Factor, error) {
	switch v.Outcome {
	case Accepted:
		if v.Step <= f.LastStep {
			return Factor{}, errs.ErrConflict
		}
		f.LastStep, f.Failures, f.NextTryAt = v.Step, 0, time.Time{}
	case Wrong:
		f.NextTryAt = v.NextTryAt
	case BlockedNow: // the count is kept, as the reason for the block
	default:
		f.Failures--
	}
	return f, nil
}

// Langs are the languages of mails.
var Langs = []string{"nl", "en"}

// ChangeLang sets the language of the mails of an account that is not closed.
// It is no reason to end sessions, so the epoch stays.
func (a Account) ChangeLang(epoch int64, lang string) (Account, error) {
	if a.State == Closed || a.Epoch != epoch || a.Lang == lang || !slices.Contains(Langs, lang) {
		return Account{}, errs.ErrConflict
	}
	a.Lang = lang
	return a, nil
}

// ChangeEmail gives an account that is not closed another address (canonical).
// The one that it replaces is kept for PreviousTime.
func (a Account) ChangeEmail(epoch int64, email string, now time.Time) (Account, error) {
	if a.State == Closed || a.Epoch != epoch {
		return Account{}, errs.ErrConflict
	}
	a.Previous = append(a.Forget(now).Previous, PreviousAddress{Email: a.Email, Until: now.Add(PreviousTime)})
	a.Email = email
	a.raise()
	return a, nil
}
