// Package signin owns the rules of proving who one is: the password with its
// lanes, and the verification code with its step that counts once.
//
//	password: count on the lane ─► read account ─► one hash ─► right? lane open? ─► state
//	code:     count on the row  ─► too soon? ─► which step? ─► spent? ─► active | wrong | blocked
//
// Whatever a stranger can see of a password (text, status, number of hashes,
// number of store calls) is the same for an unknown address, a wrong
// password, a locked lane and a blocked account. Only a right password in an
// open lane tells anything.
package signin

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/audit"
	"omgevingsloket-id/pkg/effect"
	"omgevingsloket-id/pkg/errs"
	"omgevingsloket-id/pkg/limit"
	"omgevingsloket-id/pkg/mail"
	"omgevingsloket-id/pkg/secret"
	"omgevingsloket-id/pkg/totp"
)

// Hasher is what of package password is needed here. An empty PHC string
// stands for "no account" and costs the same.
type Hasher interface {
	Verify(ctx context.Context, phc, password string) (ok, rehash bool, err error)
	Hash(ctx context.Context, password string) (string, error)
}

// Letters writes the mails that go with a change, in the account's language.
type Letters interface {
	FactorLinked(a account.Account, now time.Time) mail.Message
	AccountBlocked(a account.Account, reason account.BlockReason, ref string, now time.Time) mail.Message
	AccountUnblocked(a account.Account, now time.Time) mail.Message
}

// Service judges passwords and codes.
type Service struct {
	Accounts account.Store
	Lanes    limit.Lanes
	Hasher   Hasher
	Ring     *secret.KeyRing
	Letters  Letters
	EmailKey []byte // for account.EmailKey
	Limits   account.Limits
	Rand     io.Reader
	Now      func() time.Time
}

// From says where a request came from; it goes into the audit log.
type From struct {
	Origin    string // network prefix
	RequestID string
}

// ErrRefused is every way in which a password does not open the door.
var ErrRefused = errors.New("signin: refused")

// longestAddress is RFC 5321's, in bytes.
const longestAddress = 254

// Password checks an address and a password. device is the browser's device
// handle, or "". It answers the account on success, in whatever state it is;
// ErrRefused or errs.ErrUnavailable otherwise.
func (r *Service) Password(ctx context.Context, email, password string, device secret.Text) (account.Account, error) {
	canonical, err := mail.CanonicalAddress(email)
	if err != nil {
		canonical = email // no account has it; it is counted and costs the same
		if len(canonical) > longestAddress {
			// A cut letter is no text, which a database would refuse.
			canonical = strings.ToValidUTF8(canonical[:longestAddress], "")
		}
	}
	key := account.EmailKey(r.EmailKey, canonical)
	open, err := r.Lanes.Try(ctx, key, deviceHash(device), r.Now())
	if err != nil {
		return account.Account{}, err
	}
	a, err := r.Accounts.ByEmail(ctx, canonical)
	known := err == nil
	if err != nil && !errors.Is(err, errs.ErrNotFound) {
		return account.Account{}, err
	}
	right, rehash, err := r.Hasher.Verify(ctx, a.PasswordHash.Reveal(), password)
	if err != nil {
		return account.Account{}, err
	}
	if !known || !right || !open || a.State == account.Closed {
		return account.Account{}, ErrRefused
	}
	if err := r.Lanes.Clear(ctx, key, deviceHash(device), false, r.Now()); err != nil {
		return account.Account{}, err
	}
	if rehash {
		r.rehash(ctx, a, password)
	}
	return a, nil
}

// rehash brings an old hash up to today's parameters; when it fails, the next
// login will.
func (r *Service) rehash(ctx context.Context, a account.Account, password string) {
	if fresh, err := r.Hasher.Hash(ctx, password); err == nil {
		_ = r.Accounts.Rehash(ctx, a.ID, a.PasswordHash, secret.Text(fresh))
	}
}

// Remember gives this browser a lane of its own for the account. It is called
// after both factors.
func (r *Service) Remember(ctx context.Context, a account.Account, device secret.Text) error {
	return r.Lanes.Clear(ctx, account.EmailKey(r.EmailKey, a.Email), deviceHash(device), true, r.Now())
}

// Lapse blocks an account whose QR was shown too long ago. It is called after
// a right password and gives the account as it is then.
func (r *Service) Lapse(ctx context.Context, a account.Account, from From) (account.Account, error) {
	if !r.Limits.EnrolmentLapsed(a, r.Now()) {
		return a, nil
	}
	return r.Block(ctx, a, account.EnrolmentLate, from)
}

// Block blocks an account and mails its holder. One that was blocked in
// between is given as it is.
func (r *Service) Block(ctx context.Context, a account.Account, reason account.BlockReason, from From) (account.Account, error) {
	err := WithReference(ctx, r.Accounts, a, r.Rand, func(ref string) error {
		return r.Accounts.Block(ctx, a.ID, a.Epoch, reason, ref, r.Now(), r.blocking(a, reason, ref, from))
	})
	if err != nil && !errors.Is(err, errs.ErrConflict) {
		return account.Account{}, err
	}
	return r.Accounts.ByID(ctx, a.ID)
}

func (r *Service) blocking(a account.Account, reason account.BlockReason, ref string, from From) effect.Effects {
	return effect.Of(r.event(a, audit.AccountBlocked, from).Because(string(reason)), r.Letters.AccountBlocked(a, reason, ref, r.Now()))
}

// Unblock gives a fresh enrolment. by, an
// operating-system user, and reason go into the audit log.
func (r *Service) Unblock(ctx context.Context, a account.Account, by, reason string) error {
	e := audit.Operator(by).Did(audit.AccountUnblocked, a.ID, r.Now()).Because(reason)
	return r.Accounts.Unblock(ctx, a.ID, r.Now(), effect.Of(e, r.Letters.AccountUnblocked(a, r.Now())))
}

// Reveal makes a secret, keeps it, and only then gives it: of any number of
// calls one gets it, ever; errs.ErrConflict for the rest.
func (r *Service) Reveal(ctx context.Context, a account.Account, from From) (secret.Text, error) {
	s, err := totp.NewSecret(r.Rand)
	if err != nil {
		return "", err
	}
	sealed, err := r.Ring.Seal([]byte(s.Reveal()), account.FactorAAD(a.ID, a.Unblocks))
	if err != nil {
		return "", err
	}
	rec := effect.Of(r.event(a, audit.AccountQRShown, from))
	if err := r.Accounts.Reveal(ctx, a.ID, a.Epoch, sealed, r.Now(), rec); err != nil {
		return "", err
	}
	return s, nil
}

// CodeResult is what became of one code.
type CodeResult struct {
	Outcome account.Outcome
	Wait    time.Duration // TooSoon, and Wrong when a delay began; Replayed: until the next code
	Left    int           // Wrong: tries before the account blocks
	First   bool          // Accepted: it completed the enrolment
}

// Code judges one verification code. errs.ErrConflict when the account has
// moved on since epoch, so that the caller asks again what comes next.
func (r *Service) Code(ctx context.Context, a account.Account, code string, from From) (CodeResult, error) {
	now := r.Now()
	var result CodeResult
	var fault error
	_, err := r.Accounts.TryCode(ctx, a.ID, a.Epoch, now, func(try account.CodeTry) account.Verdict {
		var v account.Verdict
		v, result, fault = r.judge(a, try, code, now, from)
		return v
	})
	if err == nil {
		err = fault
	}
	return result, err
}

func (r *Service) judge(a account.Account, try account.CodeTry, code string, now time.Time, from From) (account.Verdict, CodeResult, error) {
	if now.Before(try.Factor.NextTryAt) {
		return account.Verdict{Outcome: account.TooSoon}, CodeResult{Outcome: account.TooSoon, Wait: try.Factor.NextTryAt.Sub(now)}, nil
	}
	plain, err := r.Ring.Open(try.Factor.Sealed, account.FactorAAD(a.ID, try.Enrolment))
	if err != nil {
		// Not the holder's fault: the try does not count, and an operator has to look.
		return account.Verdict{Outcome: account.TooSoon}, CodeResult{}, fmt.Errorf("second factor of account %s: %w: %w", a.ID, errs.ErrUnavailable, err)
	}
	step, right, err := totp.Match(secret.Text(plain), code, now)
	switch {
	case err != nil:
		return account.Verdict{Outcome: account.TooSoon}, CodeResult{}, fmt.Errorf("second factor of account %s: %w: %w", a.ID, errs.ErrUnavailable, err)
	case right && step <= try.Factor.LastStep:
		return account.Verdict{Outcome: account.Replayed}, CodeResult{Outcome: account.Replayed, Wait: totp.Remaining(now)}, nil
	case right:
		first := try.State == account.QRShown
		return r.accept(a, step, first, from), CodeResult{Outcome: account.Accepted, First: first}, nil
	}
	limit := r.Limits.Limit(try.State)
	if try.Factor.Failures >= limit {
		reason := account.TooManyCodes
		if try.State == account.QRShown {
			reason = account.EnrolmentCodes
		}
		ref := Reference(r.Rand)
		return account.Verdict{Outcome: account.BlockedNow, Reason: reason, BlockRef: ref, Record: r.blocking(a, reason, ref, from)}, CodeResult{Outcome: account.BlockedNow}, nil
	}
	wait := account.Delay(try.Factor.Failures)
	return account.Verdict{Outcome: account.Wrong, NextTryAt: now.Add(wait), Record: effect.Of(r.event(a, audit.AccountCodeWrong, from))},
		CodeResult{Outcome: account.Wrong, Wait: wait, Left: limit - try.Factor.Failures}, nil
}

func (r *Service) accept(a account.Account, step int64, first bool, from From) account.Verdict {
	v := account.Verdict{Outcome: account.Accepted, Step: step}
	if first {
		v.Record = effect.Of(r.event(a, audit.AccountFactorLinked, from), r.Letters.FactorLinked(a, r.Now()))
	} else {
		v.Record = effect.Of(r.event(a, audit.AccountLogin, from))
	}
	return v
}

func (r *Service) event(a account.Account, action audit.Action, from From) audit.Event {
	return audit.Holder(a.ID).At(from.Origin, from.RequestID).Did(action, a.ID, r.Now())
}

func deviceHash(device secret.Text) string {
	if device == "" {
		return ""
	}
	return device.Hash()
}

// WithReference does something that gives an account a reference. When it is
// in conflict although the account stands as it was, another account has that
// very reference: it tries again with a new one.
func WithReference(ctx context.Context, accounts account.Store, a account.Account, rand io.Reader, do func(ref string) error) error {
	var err error
	for range 3 {
		if err = do(Reference(rand)); !errors.Is(err, errs.ErrConflict) {
			return err
		}
		now, look := accounts.ByID(ctx, a.ID)
		if look != nil {
			return look
		}
		if now.State != a.State || now.Epoch != a.Epoch {
			return err
		}
	}
	return err
}

// Reference makes a number that people can read out: eight characters without
// look-alikes, in two groups, such as "K7QD-2MXA".
func Reference(rand io.Reader) string {
	const letters = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789" // 32 of them: no bias
	var b [8]byte
	if _, err := io.ReadFull(rand, b[:]); err != nil {
		panic("signin: no randomness: " + err.Error())
	}
	for i := range b {
		b[i] = letters[b[i]%32]
	}
	return string(b[:4]) + "-" + string(b[4:])
}
