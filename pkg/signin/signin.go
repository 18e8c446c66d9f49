// Package signin defines the rules of signing in: the password with its lanes, and
// the verification code whose step counts once. Verifier checks both, for
// account holders (Service) and for officials (pkg/staff).
//
//	password: count on the lane ─► read account ─► one hash ─► right? lane open? ─► state
//	code:     count on the row  ─► too soon? ─► which step? ─► spent? ─► active | wrong | blocked
//
// What a stranger can see of the answer to a password (text, status, number of
// hashes, number of store calls) is the same for an unknown address, a wrong
// password, a locked lane and a blocked account. Only a right password in an
// open lane has another answer.
package signin

import (
	"cmp"
	"context"
	"errors"
	"io"
	"log/slog"
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
)

// Hasher hashes and verifies passwords; password.Hasher implements it. An empty
// PHC string stands for "no such person" and costs the same.
type Hasher interface {
	Verify(ctx context.Context, phc, password string) (ok, rehash bool, err error)
	Hash(ctx context.Context, password string) (string, error)
}

// Letters writes the mails that go with a change, in the account's language.
type Letters interface {
	FactorLinked(a account.Account, now time.Time) mail.Message
	FactorChanged(a account.Account, change account.AppChange, now time.Time) mail.Message
	AccountBlocked(a account.Account, reason account.BlockReason, ref string, now time.Time) mail.Message
	// AccountUnblocked has the link that cancels the unblock, if it is not "",
	// and from when the QR can be shown; zero means at once.
	AccountUnblocked(a account.Account, link secret.Text, from, now time.Time) mail.Message
	RecoveryCode(a account.Account, code, link secret.Text, until, now time.Time) mail.Message
	// PasswordLink has the link for a new password, or says why there is none.
	PasswordLink(a account.Account, p PasswordMail, now time.Time) mail.Message
	// PasswordUnknown is the same mail for an address that no account has.
	PasswordUnknown(email, lang string, until, now time.Time) mail.Message
	PasswordChanged(a account.Account, now time.Time) mail.Message
	// Disavowed are the mails to the helpdesk about a block with a reference; none if
	// it has no address.
	Disavowed(ref string, now time.Time) []mail.Message
}

// PasswordMail is what a mail about a forgotten password says.
type PasswordMail struct {
	Road     account.Road
	Link     secret.Text // of RoadCode and RoadLink
	Until    time.Time   // when the link ends
	From     time.Time   // RoadWait: when there can be one
	Callback secret.Text // RoadHelpdesk: the code that the holder reads out
}

// Service signs in account holders, and makes the transitions of an account
// that signing in brings about.
type Service struct {
	Accounts    account.Store
	Recoveries  account.Recoveries
	Lanes       limit.Lanes
	Hasher      Hasher
	Ring        *secret.KeyRing
	Letters     Letters
	LaneKey     []byte // for limit.Key
	RecoveryKey RecoveryKey
	Resets      account.Resets
	Disavowal   Disavowal
	Callback    Callback
	Limits      account.Limits
	Rand        io.Reader
	Now         func() time.Time
	Watch       Watch
	Locks       limit.Locks  // nil: no lock can be removed
	Log         *slog.Logger // nil: nothing is logged
}

// From says where a request came from; it goes into the audit log.
type From struct {
	Origin    string // network prefix
	RequestID string
	Agent     string      // browser and system (session.Agent)
	Device    secret.Text // handle of the browser; "" if it has none. Not in the audit log
}

// agent returns Agent as details of an event; nil if it is "".
func (f From) agent() map[string]string {
	if f.Agent == "" {
		return nil
	}
	return map[string]string{audit.DetailAgent: f.Agent}
}

func (r *Service) verifier() Verifier[account.Account] {
	return Verifier[account.Account]{
		Realm: realm.Holder, People: r.Accounts, Lanes: r.Lanes, Hasher: r.Hasher, Ring: r.Ring, LaneKey: r.LaneKey, Now: r.Now, Watch: r.Watch, Locks: r.Locks,
		Subject: func(a account.Account) Subject {
			return Subject{ID: a.ID, Email: a.Email, Epoch: a.Epoch, Enrolment: a.Unblocks, PasswordHash: a.PasswordHash, Admitted: a.State != account.Closed}
		},
	}
}

// Password returns the account with this address and password, in any state but
// Closed: see Verifier.Password.
func (r *Service) Password(ctx context.Context, email, password string, from From) (account.Account, error) {
	return r.verifier().Password(ctx, email, password, from)
}

// Remember makes a browser known for an account: see Verifier.Remember.
func (r *Service) Remember(ctx context.Context, a account.Account, device secret.Text) error {
	return r.verifier().Remember(ctx, a, device)
}

// remembered logs that a browser could not be made known after a change that is stored.
// It is no error of the change: at the next login, the browser shares the lane of
// strangers.
func (r *Service) remembered(ctx context.Context, requestID string, err error) {
	if err != nil && r.Log != nil {
		r.Log.WarnContext(ctx, "device not remembered", "request", requestID, "error", err.Error())
	}
}

// Know makes the browser that confirmed an address known for the account that is
// made from its application, which gives it a lane of its own before its first login.
func (r *Service) Know(ctx context.Context, email string, device secret.Text) error {
	return r.verifier().Know(ctx, email, device)
}

// Recognize is Know after a change that is stored: an error is logged, and does not fail
// the change.
func (r *Service) Recognize(ctx context.Context, email string, device secret.Text, requestID string) {
	r.remembered(ctx, requestID, r.Know(ctx, email, device))
}

// OpenLanes removes the locks that wrong passwords made for an account, with an
// event.
func (r *Service) OpenLanes(ctx context.Context, a account.Account, e audit.Event) error {
	return r.verifier().OpenLanes(ctx, a, e)
}

// Lapse blocks an account whose QR was shown too long ago, and returns the
// account as it is afterwards. It is called after a right password.
func (r *Service) Lapse(ctx context.Context, a account.Account, from From) (account.Account, error) {
	if !r.Limits.EnrolmentLapsed(a, r.Now()) {
		return a, nil
	}
	return r.Block(ctx, a, account.EnrolmentLate, from)
}

// Block blocks an account, mails its holder, and returns the account as it is
// afterwards. It is no error if the account was blocked already.
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

// Unblock moves a blocked account to a new enrolment, with a renewal of its password if
// that is not account.NoRenewal. by, the name of an operating-system user, and reason go
// into the audit log.
func (r *Service) Unblock(ctx context.Context, a account.Account, renewal account.Renewal, by, reason string) error {
	now := r.Now()
	e := audit.Operator(by).Did(audit.AccountUnblocked, a.ID, now).Because(reason)
	link, from := r.RecoveryKey.Unblocking(a, r.Limits, now)
	return r.Accounts.Change(ctx, a.ID, func(locked account.Account) (account.Account, effect.Effects, error) {
		next, err := locked.Unblock(0, link.Hash(), now)
		a.Renewal = cmp.Or(renewal, next.Renewal)
		next.Renewal = a.Renewal
		return next, effect.Of(e, r.Letters.AccountUnblocked(a, link, from, now)), err
	})
}

// ShowQR makes a TOTP secret, stores it sealed, and only then returns it. Of any
// number of calls for one enrolment, one returns it; the others return
// errs.ErrConflict, and so does a call before its time (Limits.Ahead). mailbox
// says that the login has a right mailed code of the account's epoch.
func (r *Service) ShowQR(ctx context.Context, a account.Account, mailbox bool, from From) (secret.Text, error) {
	if r.Limits.Ahead(a, mailbox, r.Now()) != account.AheadQR {
		return "", errs.ErrConflict
	}
	s, err := totp.NewSecret(r.Rand)
	if err != nil {
		return "", err
	}
	sealed, err := r.Ring.Seal([]byte(s.Reveal()), account.FactorAAD(a.ID, a.Unblocks))
	if err != nil {
		return "", err
	}
	rec := effect.Of(r.event(a, audit.AccountQRShown, from))
	if err := r.Accounts.ShowQR(ctx, a.ID, a.Epoch, sealed, r.Now(), rec); err != nil {
		return "", err
	}
	return s, nil
}

// Code judges one verification code. The error is errs.ErrConflict if the
// account has another state or epoch than when a was read: the caller then asks
// for the next step again.
func (r *Service) Code(ctx context.Context, a account.Account, code string, from From) (CodeResult, error) {
	return r.verifier().Code(ctx, a, code, from.Device, r.codes(a, from))
}

// codes returns how the codes of a login are judged.
func (r *Service) codes(a account.Account, from From) Codes {
	return Codes{
		AAD: func(try account.CodeTry, app int) string {
			if app != 0 {
				return account.AppAAD(a.ID, try.Enrolment, app)
			}
			return account.FactorAAD(a.ID, try.Enrolment)
		},
		Most: func(try account.CodeTry) int { return r.Limits.Limit(try.State, len(try.Keys())) },
		Accepted: func(try account.CodeTry, browser map[string]string) effect.Effects {
			if try.State == account.QRShown {
				return effect.Of(r.event(a, audit.AccountFactorLinked, from).With(from.agent()), r.Letters.FactorLinked(a, r.Now()))
			}
			return effect.Of(r.event(a, audit.AccountLogin, from).With(browser).With(from.agent()))
		},
		Wrong: func(account.CodeTry) effect.Effects { return effect.Of(r.event(a, audit.AccountCodeWrong, from)) },
		Block: func(try account.CodeTry) (account.BlockReason, string, effect.Effects) {
			reason, ref := account.TooManyCodes, Reference(r.Rand)
			if try.State == account.QRShown {
				reason = account.EnrolmentCodes
			}
			return reason, ref, r.blocking(a, reason, ref, from)
		},
	}
}

func (r *Service) event(a account.Account, action audit.Action, from From) audit.Event {
	return audit.Holder(a.ID).At(from.Origin, from.RequestID).Did(action, a.ID, r.Now())
}

// WithReference calls do with a new reference for an account. If do returns
// errs.ErrConflict although the account is as it was, another account has that
// reference, and do is called again with another one, at most three times.
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

// Reference returns a random reference that people can read out: eight
// characters without look-alikes, in two groups, such as "K7QD-2MXA".
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
