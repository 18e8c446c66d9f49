package account

import (
	"bytes"
	"context"
	"time"

	"omgevingsloket-id/pkg/effect"
	"omgevingsloket-id/pkg/errs"
	"omgevingsloket-id/pkg/limit"
	"omgevingsloket-id/pkg/secret"
)

const (
	// AddressCodeTime is how long the code that confirms a new address is valid.
	AddressCodeTime = time.Hour
	// AddressCodeTries is the most tries of that code.
	AddressCodeTries = 5
)

// Factors is a copy of the second factor of an account at one moment.
type Factors struct {
	Enrolment int    `json:"enrolment"` // Account.Unblocks
	Factor    Factor `json:"factor"`
	Apps      Apps   `json:"apps,omitzero"`
}

// FactorsOf returns the second factor of an account.
func FactorsOf(a Account) Factors {
	return Factors{Enrolment: a.Unblocks, Factor: a.Factor, Apps: a.Apps.Of(a)}
}

// SameEnrolment reports whether the account has not been enrolled again since f was
// taken.
func (f Factors) SameEnrolment(a Account) bool { return f.Enrolment == a.Unblocks }

// Restore returns the account with the second factor of f. No time step that was used
// since is accepted again. An account that was enrolled again is returned unchanged, so
// that the earlier secret stays invalid.
func (f Factors) Restore(a Account) Account {
	if !f.SameEnrolment(a) {
		return a
	}
	was, used := a.Factor, max(a.Factor.LastStep, a.Apps.Second.LastStep)
	a.Factor = f.Factor
	a.Factor.LastStep = max(f.Factor.LastStep, used)
	given := max(f.Apps.Given, a.Apps.Given) // no number is given twice
	a.Apps = f.Apps
	a.Apps.New = NewApp{}
	if given > 0 {
		a.Apps.Enrolment, a.Apps.Given = a.Unblocks, given
	}
	if a.Apps.Second.Number != 0 {
		a.Apps.Second.LastStep = max(f.Apps.Second.LastStep, used)
	}
	if bytes.Equal(f.Factor.Sealed, was.Sealed) {
		a.Factor.Failures, a.Factor.NextTryAt = was.Failures, was.NextTryAt
	}
	return a
}

// AddressChange is the change of address that the holder of an account last asked for,
// until the code that was mailed to the new address confirms it.
type AddressChange struct {
	AccountID string
	SID       string // of the session in which it was asked for; no other one confirms it
	Epoch     int64  // of the account then; a new one voids it
	Email     string // canonical
	Taken     bool   // another account or application has the address: no code was mailed and every code is wrong
	CodeHash  string // of the code; "" if it was too early for a mail
	AskedAt   time.Time
	Failures  int // tries
}

// Of reports whether the change can be confirmed at now, in the session of the account
// with this sid.
func (c AddressChange) Of(a Account, sid string, now time.Time) bool {
	return c.AccountID == a.ID && c.SID == sid && c.Epoch == a.Epoch && a.State == Active && now.Before(c.Expires())
}

// Expires returns when the code is no longer valid.
func (c AddressChange) Expires() time.Time { return c.AskedAt.Add(AddressCodeTime) }

// LatestCode is the latest code that was mailed to a mailbox, from any page, and how
// often it was tried.
type LatestCode struct {
	Hash  string // limit.MailboxCode
	Tries int
}

// AddressVerdict is the verdict on a code for a new address.
type AddressVerdict string

// The verdicts.
const (
	AddressRight AddressVerdict = "right"
	AddressWrong AddressVerdict = "wrong"
	AddressSpent AddressVerdict = "spent" // too many tries: the holder needs a new mail
)

// Judge judges a typed code whose try is already counted. own is its hash as a code of
// this change, mailbox its hash as a code of the mailbox (limit.MailboxCode). The latest
// code of the mailbox is right too, for limit.MailboxTries tries: if it was asked for on
// another page, it may have been too early to mail a code of this change.
func (c AddressChange) Judge(latest LatestCode, own, mailbox string) AddressVerdict {
	right := c.CodeHash != "" && secret.Text(c.CodeHash).Equal(own)
	known := latest.Hash != "" && latest.Tries <= limit.MailboxTries && secret.Text(latest.Hash).Equal(mailbox)
	switch {
	case c.Failures > AddressCodeTries:
		return AddressSpent
	case !c.Taken && (right || known):
		return AddressRight
	case c.Failures == AddressCodeTries:
		return AddressSpent
	}
	return AddressWrong
}

// AddressUndo is a change of address by the holder that a link, mailed to the address
// that was replaced, undoes.
type AddressUndo struct {
	ID         string
	Hash       string // of the link
	AccountID  string
	Email      string // the address that was replaced
	At         time.Time
	Until      time.Time
	Password   secret.Text // Account.PasswordHash then; "" once it was used
	PasswordAt time.Time   // Account.PasswordAt then
	Factors    Factors     // then; none once it was used
	UsedAt     time.Time   // when this link, or one of an earlier change, was used; zero until then
}

// Live reports whether the link can be used at now.
func (u AddressUndo) Live(now time.Time) bool { return u.UsedAt.IsZero() && now.Before(u.Until) }

// Undo returns the undo of a change of the account's address at now.
func (l Limits) Undo(a Account, id, hash string, now time.Time) AddressUndo {
	return AddressUndo{ID: id, Hash: hash, AccountID: a.ID, Email: a.Email, At: now, Until: now.Add(l.UndoTime), Password: a.PasswordHash, PasswordAt: a.PasswordAt, Factors: FactorsOf(a)}
}

// Moved reports whether the address changed less than PreviousTime before now.
func (a Account) Moved(now time.Time) bool { return len(a.Forget(now).Previous) > 0 }

// UndoAddress returns the account with the address that it had before the change, also
// if it changed again later: all sessions end, and password and second factor are as
// they were. The next login asks for a new password, because the change was made with
// the present one. If the password had changed or the account had been enrolled again,
// another person may have done that, and the account is blocked; ref is the reference of
// the block. The error is errs.ErrConflict if the link is not of this account or cannot
// be used.
func (a Account) UndoAddress(u AddressUndo, ref string, now time.Time) (Account, error) {
	if u.AccountID != a.ID || !u.Live(now) {
		return Account{}, errs.ErrConflict
	}
	var before []PreviousAddress
	for _, p := range a.Forget(now).Previous {
		if p.Until.Add(-PreviousTime).Before(u.At) && p.Email != u.Email {
			before = append(before, p)
		}
	}
	a.Email, a.Previous = u.Email, before
	another := !a.PasswordAt.Equal(u.PasswordAt)
	enrolled := !u.Factors.SameEnrolment(a)
	a = u.Factors.Restore(a)
	if another {
		a.PasswordHash, a.PasswordAt = u.Password, u.PasswordAt
	}
	a.Renewal = RenewalDue
	switch {
	case !another && !enrolled, a.State == Closed:
	case a.State == Blocked:
		a.BlockReason = AddressUndone
	default:
		return a.Block(a.Epoch, AddressUndone, ref)
	}
	a.raise()
	return a, nil
}

// AddressTaken says whether an address belongs to another account or application.
type AddressTaken struct {
	Taken bool   // another account has it, or had it less than PreviousTime ago, or an application with it is under way
	Lang  string // of that person's mails
}

// AddressTry is the result of a rule that judges one code for a new address.
type AddressTry struct {
	Account Account
	Done    bool         // the address is changed: the change is over
	Undo    *AddressUndo // stored with the account; nil for none
	Effects effect.Effects
}

// Addresses stores changes of address by holders. It is durable (SQL). All methods
// return errs.ErrUnavailable when the database cannot be reached, and the error of
// judge, which must not call a store. They call judge with locked rows and write what
// it returns, with the effects, in one transaction.
type Addresses interface {
	// Asked returns the change that was last asked for; the zero value if there is
	// none.
	Asked(ctx context.Context, accountID string) (AddressChange, error)
	// Ask stores the change to the address email that judge returns, in place of an
	// earlier one. A mail for which it is too early is left out (limit.Space), and
	// the change then has no code of its own. It makes the same statements whether or
	// not the address is taken.
	Ask(ctx context.Context, accountID, email string, now time.Time, judge func(Account, AddressTaken) (AddressChange, effect.Effects, error)) error
	// Try counts a typed code before it calls judge, so that each of several
	// simultaneous tries sees the count of the others; undos are the live ones of the
	// account at now, the oldest first. The error is errs.ErrConflict if there is no
	// change, or another account has the address by now.
	Try(ctx context.Context, accountID string, now time.Time, judge func(a Account, c AddressChange, latest LatestCode, undos []AddressUndo) (AddressTry, error)) error
	// ByUndo returns the undo of the link with this hash, and its account. The error
	// is errs.ErrNotFound if there is none.
	ByUndo(ctx context.Context, hash string) (AddressUndo, Account, error)
	// Undo writes the account that judge returns for the link with this hash, once.
	// The links of later changes of its address are used up with it, and the lanes and
	// devices of the addresses with these keys (limit.Key) are forgotten. The error is
	// errs.ErrConflict if the link was used, or there is none.
	Undo(ctx context.Context, hash string, now time.Time, judge func(AddressUndo, Account) (next Account, keys []string, rec effect.Effects, err error)) error
}
