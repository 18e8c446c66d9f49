package staff

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
	"omgevingsloket-id/pkg/signin"
	"omgevingsloket-id/pkg/totp"
)

// Service judges how members get in.
type Service struct {
	Store    Store
	Lanes    limit.Lanes
	Hasher   signin.Hasher
	Ring     *secret.KeyRing
	EmailKey []byte // for limit lanes; not the one of account holders
	Letters  Letters
	Link     func(invite secret.Text) secret.Text // where an invitation is accepted
	Rand     io.Reader
	Now      func() time.Time
}

// Accept spends an invitation with a chosen password and gives the secret
// for the authenticator app: once. errs.ErrNotFound when the invitation is
// unknown, used or too old.
func (r *Service) Accept(ctx context.Context, invite secret.Text, password string, origin string) (Member, secret.Text, error) {
	m, err := r.Invited(ctx, invite)
	if err != nil {
		return Member{}, "", err
	}
	hash, err := r.Hasher.Hash(ctx, password)
	if err != nil {
		return Member{}, "", err
	}
	key, err := totp.NewSecret(r.Rand)
	if err != nil {
		return Member{}, "", err
	}
	sealed, err := r.Ring.Seal([]byte(key.Reveal()), FactorAAD(m.ID))
	if err != nil {
		return Member{}, "", err
	}
	err = r.Store.Accept(ctx, invite.Hash(), secret.Text(hash), sealed, r.Now(), effect.Of(r.event(m, audit.StaffJoined, origin)))
	if errors.Is(err, errs.ErrConflict) {
		err = errs.ErrNotFound
	}
	return m, key, err
}

// Invited gives the member of a live invitation.
func (r *Service) Invited(ctx context.Context, invite secret.Text) (Member, error) {
	m, err := r.Store.ByInvite(ctx, invite.Hash())
	if err == nil && !m.MayAccept(r.Now()) {
		return Member{}, errs.ErrNotFound
	}
	return m, err
}

// longestAddress is RFC 5321's, in bytes.
const longestAddress = 254

// Password checks address and password: the same cost and the same answer,
// signin.ErrRefused, for everything but a right password of an active member
// in an open lane. device is the browser's device handle, or "": a stranger
// who guesses does not lock an official out at the desk.
func (r *Service) Password(ctx context.Context, email, password string, device secret.Text) (Member, error) {
	address, err := mail.CanonicalAddress(email)
	if err != nil {
		// A cut letter is no text, which a database would refuse.
		address = strings.ToValidUTF8(email[:min(len(email), longestAddress)], "")
	}
	key := account.EmailKey(r.EmailKey, address)
	open, err := r.Lanes.Try(ctx, key, deviceHash(device), r.Now())
	if err != nil {
		return Member{}, err
	}
	m, err := r.Store.ByEmail(ctx, address)
	known := err == nil
	if err != nil && !errors.Is(err, errs.ErrNotFound) {
		return Member{}, err
	}
	right, _, err := r.Hasher.Verify(ctx, m.PasswordHash.Reveal(), password)
	if err != nil {
		return Member{}, err
	}
	if !known || !right || !open || m.State != Active {
		return Member{}, signin.ErrRefused
	}
	return m, r.Lanes.Clear(ctx, key, deviceHash(device), false, r.Now())
}

// Remember gives this browser a lane of its own for the member. It is called
// after both factors.
func (r *Service) Remember(ctx context.Context, m Member, device secret.Text) error {
	return r.Lanes.Clear(ctx, account.EmailKey(r.EmailKey, m.Email), deviceHash(device), true, r.Now())
}

func deviceHash(device secret.Text) string {
	if device == "" {
		return ""
	}
	return device.Hash()
}

// Code judges the verification code of a login; each step counts once.
func (r *Service) Code(ctx context.Context, m Member, code, origin string) (account.Outcome, time.Duration, error) {
	return r.code(ctx, m, code, audit.StaffLogin, origin)
}

// Again judges a code of somebody who is logged in, before a critical act.
func (r *Service) Again(ctx context.Context, m Member, code, origin string) (account.Outcome, time.Duration, error) {
	return r.code(ctx, m, code, audit.StaffProven, origin)
}

func (r *Service) code(ctx context.Context, m Member, code string, action audit.Action, origin string) (account.Outcome, time.Duration, error) {
	now := r.Now()
	var wait time.Duration
	var fault error
	verdict, err := r.Store.TryCode(ctx, m.ID, m.Epoch, now, func(try account.CodeTry) account.Verdict {
		var v account.Verdict
		v, wait, fault = r.judge(m, try, code, action, now, origin)
		return v
	})
	if err == nil {
		err = fault
	}
	return verdict.Outcome, wait, err
}

func (r *Service) judge(m Member, try account.CodeTry, code string, action audit.Action, now time.Time, origin string) (account.Verdict, time.Duration, error) {
	if now.Before(try.Factor.NextTryAt) {
		return account.Verdict{Outcome: account.TooSoon}, try.Factor.NextTryAt.Sub(now), nil
	}
	plain, err := r.Ring.Open(try.Factor.Sealed, FactorAAD(m.ID))
	if err != nil {
		return account.Verdict{Outcome: account.TooSoon}, 0, fmt.Errorf("second factor of staff member %s: %w: %w", m.ID, errs.ErrUnavailable, err)
	}
	step, right, err := totp.Match(secret.Text(plain), code, now)
	switch {
	case err != nil:
		return account.Verdict{Outcome: account.TooSoon}, 0, fmt.Errorf("second factor of staff member %s: %w: %w", m.ID, errs.ErrUnavailable, err)
	case right && step <= try.Factor.LastStep:
		return account.Verdict{Outcome: account.Replayed}, totp.Remaining(now), nil
	case right:
		return account.Verdict{Outcome: account.Accepted, Step: step, Record: effect.Of(r.event(m, action, origin))}, 0, nil
	case try.Factor.Failures >= WrongCodes:
		return account.Verdict{Outcome: account.BlockedNow, Record: effect.Of(r.event(m, audit.StaffBlocked, origin).Because("wrong codes"))}, 0, nil
	}
	wait := account.Delay(try.Factor.Failures)
	return account.Verdict{Outcome: account.Wrong, NextTryAt: now.Add(wait), Record: effect.Of(r.event(m, audit.StaffCodeWrong, origin))}, wait, nil
}

func (r *Service) event(m Member, action audit.Action, origin string) audit.Event {
	return audit.Official(m.ID).At(origin, "").Did(action, m.ID, r.Now())
}
