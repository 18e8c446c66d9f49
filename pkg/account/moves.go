package account

import (
	"time"

	"omgevingsloket-id/pkg/errs"
)

// The functions below are the arrows of the picture at the top of this
// package. Each returns the account as it is afterwards, or errs.ErrConflict
// when the account is not in a state that the arrow leaves, or not of the
// epoch that the caller read. A store reads the row, calls one of them, and
// writes the result over the state and epoch that were judged.

// ShowQR stores the sealed secret of a QR that is shown at now, once.
func (a Account) ShowQR(epoch int64, sealed []byte, now time.Time) (Account, error) {
	if a.State != AwaitingEnrolment || a.Epoch != epoch {
		return Account{}, errs.ErrConflict
	}
	a.State, a.Factor = QRShown, Factor{Sealed: sealed, ShownAt: now}
	return a, nil
}

// Block blocks an account of this epoch; 0 = any.
func (a Account) Block(epoch int64, reason BlockReason, ref string) (Account, error) {
	if a.State == Blocked || a.State == Closed || epoch != 0 && a.Epoch != epoch {
		return Account{}, errs.ErrConflict
	}
	a.State, a.BlockReason, a.BlockRef = Blocked, reason, ref
	a.Epoch++
	return a, nil
}

// Unblock gives a blocked account a fresh enrolment: the second factor and
// everything counted about it are gone.
func (a Account) Unblock(epoch int64, now time.Time) (Account, error) {
	if a.State != Blocked || epoch != 0 && a.Epoch != epoch {
		return Account{}, errs.ErrConflict
	}
	a.State, a.BlockReason, a.BlockRef, a.Factor = AwaitingEnrolment, "", "", Factor{}
	a.Unblocks, a.UnblockedAt = a.Unblocks+1, now
	a.Epoch++
	return a, nil
}

// Close ends an account that was not closed before.
func (a Account) Close(epoch int64, now time.Time) (Account, error) {
	if a.State == Closed || a.Epoch != epoch {
		return Account{}, errs.ErrConflict
	}
	a.State, a.BlockReason, a.BlockRef, a.ClosedAt = Closed, "", "", now
	a.Epoch++
	return a, nil
}

// Reopen turns a closed account into a blocked one, if it was closed less than
// within ago.
func (a Account) Reopen(epoch int64, reason BlockReason, ref string, within time.Duration, now time.Time) (Account, error) {
	if a.State != Closed || a.Epoch != epoch || !now.Before(a.ClosedAt.Add(within)) {
		return Account{}, errs.ErrConflict
	}
	a.State, a.BlockReason, a.BlockRef, a.ClosedAt = Blocked, reason, ref, time.Time{}
	a.Epoch++
	return a, nil
}

// Try returns what a rule judges of a code, after the store counted the try;
// errs.ErrConflict when accounts in this state have no codes.
func (a Account) Try() (CodeTry, error) {
	if a.State != QRShown && a.State != Active {
		return CodeTry{}, errs.ErrConflict
	}
	return CodeTry{State: a.State, Enrolment: a.Unblocks, Factor: a.Factor}, nil
}

// Judged returns the account of a counted try after the verdict on its code.
func (a Account) Judged(v Verdict, now time.Time) (Account, error) {
	if v.Outcome == BlockedNow {
		return a.Block(a.Epoch, v.Reason, v.BlockRef)
	}
	var err error
	if a.Factor, err = a.Factor.Judged(v); err != nil {
		return Account{}, err
	}
	if v.Outcome == Accepted {
		a.State, a.LastLoginAt = Active, now
	}
	return a, nil
}

// Judged returns the factor of a counted try after the verdict on its code. A
// step that was spent is errs.ErrConflict, whatever the rule said (RFC 6238
// §5.2); outcomes that say nothing about the code take the count back.
func (f Factor) Judged(v Verdict) (Factor, error) {
	switch v.Outcome {
	case Accepted:
		if v.Step <= f.LastStep {
			return Factor{}, errs.ErrConflict
		}
		f.LastStep, f.Failures, f.NextTryAt = v.Step, 0, time.Time{}
	case Wrong:
		f.NextTryAt = v.NextTryAt
	case BlockedNow: // the count stays, for those who ask why
	default:
		f.Failures--
	}
	return f, nil
}

// ChangeEmail gives an account that is not closed another address (canonical).
func (a Account) ChangeEmail(epoch int64, email string) (Account, error) {
	if a.State == Closed || a.Epoch != epoch {
		return Account{}, errs.ErrConflict
	}
	a.Email = email
	a.Epoch++
	return a, nil
}
