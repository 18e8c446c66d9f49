package account

import (
	"context"
	"errors"
	"slices"
	"time"

	"omgevingsloket-id/pkg/effect"
	"omgevingsloket-id/pkg/errs"
	"omgevingsloket-id/pkg/secret"
)

const (
	// PreviousTime is how long mails to a holder also go to an address that
	// was replaced.
	PreviousTime = 7 * 24 * time.Hour
	// CancelTime is how long after the QR was shown an unblock can still be
	// cancelled. Until the QR is shown it can always be cancelled.
	CancelTime = 7 * 24 * time.Hour
	// MailedTime is how long a mailed code is valid. No pause between two
	// mails is longer, so that the code of the last mail is valid until there
	// can be another one.
	MailedTime = time.Hour
)

// ErrSpaced is returned when it is too soon for the next mail with a code.
var ErrSpaced = errors.New("account: a code was mailed a moment ago")

// PreviousAddress is an address that an account had.
type PreviousAddress struct {
	Email string    `json:"email"`
	Until time.Time `json:"until"` // when it is erased
}

// Mailboxes returns the addresses to which mails to the holder go at now: the
// account's own, and those that it replaced less than PreviousTime ago.
func (a Account) Mailboxes(now time.Time) []string {
	out := []string{a.Email}
	for _, p := range a.Forget(now).Previous {
		if !slices.Contains(out, p.Email) {
			out = append(out, p.Email)
		}
	}
	return out
}

// Forget returns the account without the previous addresses whose time is over.
func (a Account) Forget(now time.Time) Account {
	var kept []PreviousAddress
	for _, p := range a.Previous {
		if now.Before(p.Until) {
			kept = append(kept, p)
		}
	}
	a.Previous = kept
	return a
}

// MovedAt returns when the address last changed; the zero time when that was
// longer than PreviousTime ago.
func (a Account) MovedAt() time.Time {
	var last time.Time
	for _, p := range a.Previous {
		if at := p.Until.Add(-PreviousTime); at.After(last) {
			last = at
		}
	}
	return last
}

// UpdatedAt returns when the holder's data last changed: the creation, a change of
// the data, or one of the address of less than PreviousTime ago.
func (a Account) UpdatedAt() time.Time {
	last := a.CreatedAt
	for _, t := range []time.Time{a.MovedAt(), a.ChangedAt} {
		if t.After(last) {
			last = t
		}
	}
	return last
}

// Proven reports whether the account was ever active. LastLoginAt is set by
// every right code, on every version of the server, and never cleared.
func (a Account) Proven() bool { return !a.LastLoginAt.IsZero() }

// Delay returns how long after an unblock the QR of an account can be shown.
func (l Limits) Delay(a Account) time.Duration {
	if !a.Proven() {
		return 0
	}
	return l.RecoveryDelay
}

// QRFrom returns from when the QR of an account that was unblocked can be
// shown; the zero time if there is no delay. A change of address begins the
// delay again, because the first one may have been for another mailbox.
func (l Limits) QRFrom(a Account) time.Time {
	if a.Unblocks == 0 || l.Delay(a) == 0 {
		return time.Time{}
	}
	from := a.UnblockedAt
	if moved := a.MovedAt(); moved.After(from) {
		from = moved
	}
	return from.Add(l.Delay(a))
}

// Ahead is what comes next for a person who gave the right password of an
// account that awaits its enrolment.
type Ahead string

// What can come next.
const (
	AheadQR   Ahead = "qr"   // the QR
	AheadWait Ahead = "wait" // the delay
	AheadMail Ahead = "mail" // the mailed code
)

// Ahead returns what comes next in a login at now. mailbox says whether the
// login has a right mailed code of the account's present epoch. The password is
// enough for the first enrolment, that of an account that was never unblocked.
func (l Limits) Ahead(a Account, mailbox bool, now time.Time) Ahead {
	switch {
	case a.Unblocks == 0:
		return AheadQR
	case now.Before(l.QRFrom(a)):
		return AheadWait
	case !mailbox:
		return AheadMail
	}
	return AheadQR
}

// MayCancel reports whether the holder can cancel the last unblock: until the QR is
// shown and for CancelTime after that, also if the account is active again.
func (a Account) MayCancel(now time.Time) bool {
	switch a.State {
	case AwaitingEnrolment:
		return a.CancelHash != ""
	case QRShown, Active:
		return a.CancelHash != "" && now.Before(a.Factor.ShownAt.Add(CancelTime))
	}
	return false
}

// Cancel blocks an account whose holder cancels its last unblock.
func (a Account) Cancel(cancelHash, ref string, now time.Time) (Account, error) {
	if !a.MayCancel(now) || a.CancelHash != cancelHash {
		return Account{}, errs.ErrConflict
	}
	return a.Block(a.Epoch, Cancelled, ref)
}

// Mailed is the code that was last mailed to the holder for an enrolment after
// an unblock, and the tries of that enrolment. The zero value is none.
type Mailed struct {
	Enrolment int    // Account.Unblocks
	Epoch     int64  // of the account when the code was mailed; a new one voids the code
	Hash      string // of the code
	Expires   time.Time
	UsedBy    string // key of the login that the code was right in; "" until then
	Sent      int    // mails in this enrolment
	SentAt    time.Time
	Failures  int // wrong codes in this enrolment, also of earlier mails
}

// Of returns m if it belongs to the present enrolment of the account, and none
// otherwise. A code of an earlier epoch is left out.
func (m Mailed) Of(a Account) Mailed {
	if m.Enrolment != a.Unblocks {
		return Mailed{Enrolment: a.Unblocks}
	}
	if m.Epoch != a.Epoch {
		m.Hash, m.Expires, m.UsedBy = "", time.Time{}, ""
	}
	return m
}

// Valid reports whether a code can be typed at now.
func (m Mailed) Valid(now time.Time) bool {
	return m.Hash != "" && m.UsedBy == "" && now.Before(m.Expires)
}

// NextAt returns when the next code can be mailed, the zero time if none was
// mailed: the pauses grow to MailedTime, but the number of mails has no limit.
func (m Mailed) NextAt() time.Time {
	pauses := []time.Duration{0, time.Minute, 5 * time.Minute, 15 * time.Minute, 30 * time.Minute, MailedTime}
	if m.Sent == 0 {
		return time.Time{}
	}
	return m.SentAt.Add(pauses[min(m.Sent, len(pauses)-1)])
}

// Send returns m with a code that is mailed at now. It returns
// errs.ErrConflict if a mailed code is not what comes next for the account
// (Ahead), and ErrSpaced before NextAt.
func (l Limits) Send(m Mailed, a Account, epoch int64, hash string, now time.Time) (Mailed, error) {
	if !l.takesMail(a, epoch, now) {
		return m, errs.ErrConflict
	}
	if m = m.Of(a); now.Before(m.NextAt()) {
		return m, ErrSpaced
	}
	m.Epoch, m.Hash, m.Expires, m.UsedBy = a.Epoch, hash, now.Add(MailedTime), ""
	m.Sent, m.SentAt = m.Sent+1, now
	return m, nil
}

func (l Limits) takesMail(a Account, epoch int64, now time.Time) bool {
	return a.State == AwaitingEnrolment && a.Epoch == epoch && l.Ahead(a, false, now) == AheadMail
}

// MailedVerdict is the verdict on a typed code.
type MailedVerdict string

// The verdicts.
const (
	MailedRight MailedVerdict = "right"
	MailedWrong MailedVerdict = "wrong"
	MailedOver  MailedVerdict = "over" // wrong, and the last one allowed: the account is blocked
	MailedVoid  MailedVerdict = "void" // there is no valid code: not compared, not counted
)

// Judge judges a typed code whose try is already counted in m.Failures. login
// is the key of the login in which it was typed: there the code stays right,
// so that it can be sent again when the response was lost. After Limits.Codes
// wrong codes the verdict is MailedOver. It returns errs.ErrConflict as Send does.
func (l Limits) Judge(m Mailed, a Account, epoch int64, hash, login string, now time.Time) (Mailed, MailedVerdict, error) {
	if !l.takesMail(a, epoch, now) {
		return m, "", errs.ErrConflict
	}
	counted := m.Failures
	m = m.Of(a)
	right := m.Hash != "" && secret.Text(m.Hash).Equal(hash)
	switch {
	case right && m.UsedBy == login && login != "":
		m.Failures--
		return m, MailedRight, nil
	case !m.Valid(now):
		m.Failures = max(m.Failures-1, 0)
		return m, MailedVoid, nil
	case right:
		m.UsedBy, m.Failures = login, 0
		return m, MailedRight, nil
	case counted >= l.Codes:
		return m, MailedOver, nil
	}
	return m, MailedWrong, nil
}

// Recoveries stores mailed codes and the cancelling of unblocks. All methods
// return errs.ErrUnavailable when the database cannot be reached, an error of
// judge, and errs.ErrConflict when there is no such account. They call judge
// with locked rows and write what it returns, with the effects, in one
// transaction. judge must not call a store.
type Recoveries interface {
	// Mailed returns the code that was last mailed for an account; the zero
	// value if there is none.
	Mailed(ctx context.Context, accountID string) (Mailed, error)
	// Send stores the code that judge returns.
	Send(ctx context.Context, accountID string, judge func(Account, Mailed) (Account, Mailed, effect.Effects, error)) error
	// Try counts a typed code before it calls judge, so that each of several
	// simultaneous tries sees the count of the others.
	Try(ctx context.Context, accountID string, judge func(Account, Mailed) (Account, Mailed, effect.Effects, error)) error
	// ByCancelHash returns the account whose last unblock can be cancelled by
	// a link with this hash, or errs.ErrNotFound.
	ByCancelHash(ctx context.Context, hash string) (Account, error)
}
