package account

import (
	"context"
	"time"

	"omgevingsloket-id/pkg/effect"
	"omgevingsloket-id/pkg/errs"
	"omgevingsloket-id/pkg/secret"
)

// Renewal says whether the password of an account is to be replaced, and how.
type Renewal string

// The renewals.
const (
	NoRenewal   Renewal = ""
	RenewalDue  Renewal = "due"  // another person knows the password: the next login asks for a new one
	RenewalLost Renewal = "lost" // the holder has neither password nor factor, as two officials have established: a mailed link is enough, once the delay is over
)

// SetPassword gives an account of this epoch another password. Its state stays as it
// is; its sessions and grants end.
func (a Account) SetPassword(epoch int64, hash secret.Text, now time.Time) (Account, error) {
	if a.State == Blocked || a.State == Closed || a.Epoch != epoch {
		return Account{}, errs.ErrConflict
	}
	a.PasswordHash, a.PasswordAt, a.Renewal = hash, now, NoRenewal
	a.raise()
	return a, nil
}

// EndSessions ends all sessions and grants of an account of this epoch.
func (a Account) EndSessions(epoch int64) (Account, error) {
	if a.State != Active || a.Epoch != epoch {
		return Account{}, errs.ErrConflict
	}
	a.raise()
	return a, nil
}

// Road is what a holder needs to choose a new password without the present one.
type Road string

// The roads. A mailbox alone never gives both password and factor of an account that
// was active.
const (
	RoadCode     Road = "code"     // the mailed link, and then a verification code
	RoadLink     Road = "link"     // the mailed link
	RoadEnrol    Road = "enrol"    // none: the account lost its factor, and is enrolled again first
	RoadWait     Road = "wait"     // none yet: the delay after an unblock
	RoadHelpdesk Road = "helpdesk" // none: blocked
	RoadNone     Road = "none"     // none: closed, or no account
)

// PasswordRoad returns the road of an account at now.
func (l Limits) PasswordRoad(a Account, now time.Time) Road {
	switch a.State {
	case Active:
		return RoadCode
	case Blocked:
		return RoadHelpdesk
	case AwaitingEnrolment, QRShown:
	default:
		return RoadNone
	}
	switch {
	case !a.Proven():
		return RoadLink
	case a.Renewal != RenewalLost || a.State == QRShown:
		return RoadEnrol
	case now.Before(l.QRFrom(a)):
		return RoadWait
	}
	return RoadLink
}

// ResetKept is how long the last link of an address is stored: longer than any pause,
// so that the pauses grow.
const ResetKept = 24 * time.Hour

// PasswordLink is the last link that was mailed to an address for a new password.
type PasswordLink struct {
	Key       string // limit.Key of the address
	AccountID string // "" if no account had the address, or none could use a link: it was not mailed
	Epoch     int64  // of the account when the link was mailed; a new one voids the link
	Hash      string // of the link
	ClientID  string // the client of the login that it was asked at; "" for none
	Sent      int    // mails, in a series whose pauses are shorter than ResetKept
	SentAt    time.Time
	OpenedAt  time.Time // when a browser used it; zero until then
}

// pause returns the time from a mail to the next one to the same address, n mails
// after the first. It is never longer than a link is valid, so that the link of the last
// mail is valid until there can be another one.
func (l Limits) pause(n int) time.Duration {
	return l.ResetTime * time.Duration(min(n, 3)) / 3
}

// SendLink returns next, which is mailed at now to the address of was and takes its
// place. The error is ErrSpaced if the pause after the last mail is not over: the pauses
// grow, but the number of mails has no limit.
func (l Limits) SendLink(was, next PasswordLink, now time.Time) (PasswordLink, error) {
	if was.Sent > 0 && now.Before(was.SentAt.Add(l.pause(was.Sent))) {
		return was, ErrSpaced
	}
	next.Key, next.SentAt, next.Sent, next.OpenedAt = was.Key, now, was.Sent+1, time.Time{}
	if now.Sub(was.SentAt) >= ResetKept {
		next.Sent = 1
	}
	return next, nil
}

// Opens reports whether a link can be used at now; a is its account as it is stored now.
func (l Limits) Opens(link PasswordLink, a Account, now time.Time) bool {
	road := l.PasswordRoad(a, now)
	return link.OpenedAt.IsZero() && now.Before(link.SentAt.Add(l.ResetTime)) && link.AccountID == a.ID && link.Epoch == a.Epoch && (road == RoadCode || road == RoadLink)
}

// OpenLink returns a link after the browser with this hash used it at now, and the
// reset that begins. The error is errs.ErrConflict if it cannot be used (Opens).
func (l Limits) OpenLink(link PasswordLink, a Account, browser string, now time.Time) (PasswordLink, Reset, error) {
	if !l.Opens(link, a, now) {
		return link, Reset{}, errs.ErrConflict
	}
	link.OpenedAt = now
	return link, Reset{Browser: browser, Key: link.Key, AccountID: a.ID, Epoch: a.Epoch, ClientID: link.ClientID, OpenedAt: now}, nil
}

// Reset is choosing a new password in the browser that used a PasswordLink.
type Reset struct {
	Browser   string // hash of the handle that the browser got
	Key       string // limit.Key of the address
	AccountID string
	Epoch     int64
	ClientID  string
	OpenedAt  time.Time
	CodeAt    time.Time // when the browser gave a right verification code
	UsedAt    time.Time // when the password was chosen
}

// ResetStep is what the browser has to do next.
type ResetStep string

// The steps.
const (
	ResetCode     ResetStep = "code"     // give a verification code
	ResetPassword ResetStep = "password" // choose a password
	ResetOver     ResetStep = "over"     // nothing: used, too old, or the account has changed since
)

// ResetUntil returns until when the browser of a reset can choose a password.
func (l Limits) ResetUntil(r Reset) time.Time { return r.OpenedAt.Add(l.ResetTime) }

// Step returns the next step of a reset, for its account as it is at now.
func (l Limits) Step(r Reset, a Account, now time.Time) ResetStep {
	if !r.UsedAt.IsZero() || !now.Before(l.ResetUntil(r)) || a.ID != r.AccountID || a.Epoch != r.Epoch {
		return ResetOver
	}
	switch l.PasswordRoad(a, now) {
	case RoadLink:
		return ResetPassword
	case RoadCode:
		if r.CodeAt.IsZero() {
			return ResetCode
		}
		return ResetPassword
	}
	return ResetOver
}

// Resets stores mailed links and what becomes of them. It is durable (SQL). All
// methods return errs.ErrUnavailable when the database cannot be reached, and the
// error of judge, which must not call a store.
type Resets interface {
	// Send stores the link that judge returns for the last one of the address, with
	// the effects; judge gets a link with only Key if there is none. It makes the same
	// statements whether or not an account has the address.
	Send(ctx context.Context, key string, judge func(PasswordLink) (PasswordLink, effect.Effects, error)) error
	// ByLink returns the link with this hash and its account. The error is
	// errs.ErrNotFound if there is none.
	ByLink(ctx context.Context, hash string) (PasswordLink, Account, error)
	// Open writes the link and the reset that judge returns for the locked link with
	// this hash. The error is errs.ErrNotFound if there is none.
	Open(ctx context.Context, hash string, judge func(PasswordLink, Account) (PasswordLink, Reset, effect.Effects, error)) error
	// ByBrowser returns the reset of a browser, and its account, or errs.ErrNotFound.
	ByBrowser(ctx context.Context, browser string) (Reset, Account, error)
	// Prove records that the browser gave a right verification code at now. The
	// error is errs.ErrConflict if the reset was used.
	Prove(ctx context.Context, browser string, now time.Time) error
	// Renew is account.Store.Change for a change of the password: the tries of
	// passwords with this key, and the browsers that are known for it, are forgotten.
	Renew(ctx context.Context, id, key string, judge func(Account) (Account, effect.Effects, error)) error
	// Use marks the reset of the browser as used at now and writes the account that
	// judge returns, once, as Renew does. The error is errs.ErrConflict if the
	// reset was used, or there is none.
	Use(ctx context.Context, browser string, now time.Time, judge func(Reset, Account) (Account, effect.Effects, error)) error
}
