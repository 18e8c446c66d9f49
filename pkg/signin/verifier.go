package signin

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/audit"
	"omgevingsloket-id/pkg/effect"
	"omgevingsloket-id/pkg/errs"
	"omgevingsloket-id/pkg/limit"
	"omgevingsloket-id/pkg/mail"
	"omgevingsloket-id/pkg/realm"
	"omgevingsloket-id/pkg/secret"
	"omgevingsloket-id/pkg/totp"
	"omgevingsloket-id/pkg/typed"
)

// Verifier checks passwords and codes of one realm; P is a person of it. What
// differs between the realms is in People, Password and Codes.
type Verifier[P any] struct {
	Realm   realm.Realm
	People  People[P]
	Lanes   limit.Lanes
	Hasher  Hasher
	Ring    *secret.KeyRing
	LaneKey []byte // for limit.Key
	Now     func() time.Time
	Subject func(P) Subject
	Watch   Watch
	Locks   limit.Locks // nil: no lock can be removed
}

// People are the stored people of a realm; account.Store and staff.Store
// implement it.
type People[P any] interface {
	// ByEmail returns the person with a canonical address, or errs.ErrNotFound.
	ByEmail(ctx context.Context, email string) (P, error)
	// Rehash replaces a password hash by one of the same password under newer
	// parameters, unless it has changed since.
	Rehash(ctx context.Context, id string, old, fresh secret.Text) error
	// TryCode counts a try, calls judge with the locked row, and writes the
	// verdict, in one transaction; errs.ErrConflict if the person has no codes
	// or is not of epoch.
	TryCode(ctx context.Context, id string, epoch int64, now time.Time, judge func(account.CodeTry) account.Verdict) (account.Verdict, error)
}

// Subject is what a Verifier needs to know of a person.
type Subject struct {
	ID, Email    string
	Epoch        int64
	Enrolment    int // how often the second factor was replaced; browsers known before are unknown
	PasswordHash secret.Text
	Admitted     bool // whether a right password is accepted in this state
}

// ErrRefused is returned for a password that is not accepted, whatever the reason.
var ErrRefused = errors.New("signin: refused")

// ErrNoCode is returned for text that cannot be a code. It is not counted, as a
// wrong code or as a try.
var ErrNoCode = errors.New("signin: cannot be a code")

// longestAddress is the longest address in bytes (RFC 5321 §4.5.3.1.3).
const longestAddress = 254

// Password returns the person with this address and password. The error is
// ErrRefused, after the same calls and one hash, if the address is unknown, the
// password wrong, the lane locked or the person not admitted.
func (v Verifier[P]) Password(ctx context.Context, email, password string, from From) (P, error) {
	var none P
	canonical, err := mail.CanonicalAddress(email)
	if err != nil {
		// No one has this address; it is counted and costs the same. A database
		// would refuse a letter that is cut in two.
		canonical = strings.ToValidUTF8(email[:min(len(email), longestAddress)], "")
	}
	p, err := v.People.ByEmail(ctx, canonical)
	known := err == nil
	if err != nil && !errors.Is(err, errs.ErrNotFound) {
		return none, err
	}
	s := v.Subject(p)
	key, device := v.key(canonical), v.deviceHash(from.Device, s.Enrolment)
	open, err := v.Lanes.Try(ctx, key, device, v.Now())
	if err != nil {
		return none, err
	}
	right, rehash, err := v.Hasher.Verify(ctx, s.PasswordHash.Reveal(), password)
	if err != nil {
		return none, err
	}
	if !known || !right || !open || !s.Admitted {
		why := NotAdmitted
		switch {
		case !open:
			why = LockedLane
		case !known:
			why = UnknownAddress
		case !right:
			why = WrongPassword
		}
		refused := Refusal{Realm: v.Realm, Key: key, Who: s.ID, Origin: from.Origin}
		if err := v.Watch.password(ctx, refused, why, v.Now()); err != nil {
			return none, err
		}
		return none, ErrRefused
	}
	if err := v.Lanes.Clear(ctx, key, device); err != nil {
		return none, err
	}
	if rehash {
		// If this fails, the next login does it.
		if fresh, err := v.Hasher.Hash(ctx, password); err == nil {
			_ = v.People.Rehash(ctx, s.ID, s.PasswordHash, secret.Text(fresh))
		}
	}
	return p, nil
}

// Know makes a browser known for an address that has no account yet.
func (v Verifier[P]) Know(ctx context.Context, email string, device secret.Text) error {
	return v.remember(ctx, email, v.deviceHash(device, 0))
}

// OpenLanes removes the locks that wrong passwords made for a person.
func (v Verifier[P]) OpenLanes(ctx context.Context, p P, e audit.Event) error {
	return v.Locks.Open(ctx, v.key(v.Subject(p).Email), effect.Of(e))
}

// Remember makes a browser known for a person, which gives it a lane of its
// own. It is called after both factors.
func (v Verifier[P]) Remember(ctx context.Context, p P, device secret.Text) error {
	s := v.Subject(p)
	return v.remember(ctx, s.Email, v.deviceHash(device, s.Enrolment))
}

func (v Verifier[P]) remember(ctx context.Context, email, device string) error {
	if device == "" {
		return nil
	}
	return v.Lanes.Remember(ctx, v.key(email), device, v.Now())
}

// newBrowser returns the details of the event of a login in a browser that is not
// known for the person; nil for one that is.
func (v Verifier[P]) newBrowser(ctx context.Context, p P, device secret.Text) (map[string]string, error) {
	if v.Watch.Devices == nil {
		return nil, nil
	}
	s := v.Subject(p)
	known, err := v.Watch.Devices.Known(ctx, v.key(s.Email), v.deviceHash(device, s.Enrolment))
	if err != nil || known {
		return nil, err
	}
	return map[string]string{detailBrowser: newBrowser}, nil
}

// key returns the key of the lanes and devices of a canonical address.
func (v Verifier[P]) key(canonical string) string {
	return limit.Key(v.LaneKey, v.Realm, canonical)
}

// deviceHash returns the hash under which a browser is known for a person; "" for a
// browser without a handle.
func (v Verifier[P]) deviceHash(device secret.Text, enrolment int) string {
	switch {
	case device == "":
		return ""
	case enrolment == 0:
		return device.Hash()
	}
	return secret.MAC(v.LaneKey, "device", device.Reveal(), strconv.Itoa(enrolment))
}

// Codes is what differs between the realms in judging a code.
type Codes struct {
	AAD      func(try account.CodeTry, app int) string                           // associated data of the sealed secret of an app, as in account.Key
	Most     func(account.CodeTry) int                                           // wrong codes in a row that block
	Accepted func(try account.CodeTry, browser map[string]string) effect.Effects // browser: details of the event of a login
	Wrong    func(account.CodeTry) effect.Effects
	Block    func(account.CodeTry) (account.BlockReason, string, effect.Effects) // the string is a reference
}

// CodeResult is the result of one code.
type CodeResult struct {
	Outcome account.Outcome
	Wait    time.Duration // TooSoon, and Wrong when a delay began; Replayed: until the next code
	Left    int           // Wrong: tries before the block
	First   bool          // Accepted: it completed the enrolment
}

// Code judges one verification code of a person, in the browser with a device
// handle, or "". The error is ErrNoCode if text cannot be a code, and
// errs.ErrConflict if the person has another epoch or state than when p was read.
func (v Verifier[P]) Code(ctx context.Context, p P, text string, device secret.Text, codes Codes) (CodeResult, error) {
	code := typed.Code(text, totp.Digits)
	if code == "" {
		return CodeResult{}, ErrNoCode
	}
	now, s := v.Now(), v.Subject(p)
	browser, err := v.newBrowser(ctx, p, device)
	if err != nil {
		return CodeResult{}, err
	}
	var result CodeResult
	var fault error
	_, err = v.People.TryCode(ctx, s.ID, s.Epoch, now, func(try account.CodeTry) account.Verdict {
		var verdict account.Verdict
		verdict, result, fault = v.judge(s, try, code, now, codes, browser)
		return verdict
	})
	if err != nil {
		return CodeResult{}, err
	}
	if why := refusedCodes[result.Outcome]; why != "" {
		v.Watch.count(v.Realm, why)
	}
	return result, fault
}

// judge returns the verdict on a code whose try is counted in try. After a fault,
// which the person did not cause, the try does not count.
func (v Verifier[P]) judge(s Subject, try account.CodeTry, code string, now time.Time, codes Codes, browser map[string]string) (account.Verdict, CodeResult, error) {
	same := func(o account.Outcome, wait time.Duration) (account.Verdict, CodeResult, error) {
		return account.Verdict{Outcome: o}, CodeResult{Outcome: o, Wait: wait}, nil
	}
	fault := func(err error) (account.Verdict, CodeResult, error) {
		return account.Verdict{Outcome: account.TooSoon}, CodeResult{}, fmt.Errorf("second factor of %s %s: %w: %w", v.Realm, s.ID, errs.ErrUnavailable, err)
	}
	if now.Before(try.Factor.NextTryAt) {
		return same(account.TooSoon, try.Factor.NextTryAt.Sub(now))
	}
	spent := false
	for _, key := range try.Keys() {
		plain, err := v.Ring.Open(key.Sealed, codes.AAD(try, key.App))
		if err != nil {
			return fault(err)
		}
		step, right, err := totp.Match(secret.Text(plain), code, now)
		switch {
		case err != nil:
			return fault(err)
		case right && step <= key.LastStep:
			spent = true
		case right:
			return account.Verdict{Outcome: account.Accepted, Step: step, App: key.App, Effects: codes.Accepted(try, browser)},
				CodeResult{Outcome: account.Accepted, First: try.State == account.QRShown}, nil
		}
	}
	if spent {
		return same(account.Replayed, totp.Remaining(now))
	}
	most := codes.Most(try)
	if try.Factor.Failures >= most {
		reason, ref, rec := codes.Block(try)
		return account.Verdict{Outcome: account.BlockedNow, Reason: reason, BlockRef: ref, Effects: rec}, CodeResult{Outcome: account.BlockedNow}, nil
	}
	wait := account.Delay(try.Factor.Failures)
	return account.Verdict{Outcome: account.Wrong, NextTryAt: now.Add(wait), Effects: codes.Wrong(try)},
		CodeResult{Outcome: account.Wrong, Wait: wait, Left: most - try.Factor.Failures}, nil
}
