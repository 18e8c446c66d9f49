package helpdesk

import (
	"context"
	"time"

	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/effect"
)

// Kind is what a request of the helpdesk is about.
type Kind string

// The kinds.
const (
	Unblock Kind = "unblock" // of a Case; a Change has one of the others
	Address Kind = "address" // another e-mail address
	Closing Kind = "closing" // the account ends
)

// Confirmed is a change of address that a colleague agreed to. It waits for a
// code that was mailed to the new address.
const Confirmed State = "confirmed"

const (
	// HolderTime is how long the code of a new address is good.
	HolderTime = 7 * 24 * time.Hour
	// HolderTries is how many wrong codes end a change of address.
	HolderTries = 5
	// ReopenTime is how long a closed account can be had back.
	ReopenTime = 30 * 24 * time.Hour
)

// Change is what the helpdesk changes about an account, from the call to the
// end.
//
//	address: open ──► proposed ──a colleague──► confirmed ──code from the new mailbox──► done
//	closing:          proposed ──a colleague, or at once──────────────────────────────► done
//
// An address is changed by two members, always, and by nobody who cannot
// read the mail of the new one: what tokens say of an address (that it is
// verified) stays true. Until then, and for as long as the operator wants
// (Rules.AddressDelay), the address of before can object. A closing needs a
// colleague where an unblock would.
type Change struct {
	ID          string
	Reference   string // what people name to the helpdesk
	AccountID   string
	Epoch       int64 // of the account when it began; another one ends it
	Kind        Kind
	State       State
	Second      bool   // a colleague has to confirm
	CodeAsked   bool   // the account was blocked: the caller has a page with a code
	Caller             // Address: what was proven so far
	Reason      Reason //
	Ticket      string //
	Email       string // Address: the new one, canonical
	Tries       int    // Address: codes typed by the holder
	OpenedBy    string // staff id
	OpenedAt    time.Time
	ConfirmedBy string    // the colleague
	From, Until time.Time // Address: when the code is good
	DecidedBy   string
	DecidedAt   time.Time
	Version     int64
}

// Identified tells whether the caller was recognised.
func (c Change) Identified() bool { return c.Caller.Identified(c.CodeAsked) }

// Ends is until when a change may go on; zero when it ended.
func (c Change) Ends() time.Time {
	switch c.State {
	case Open:
		return c.OpenedAt.Add(CaseTime)
	case Proposed:
		return c.OpenedAt.Add(ProposalTime)
	case Confirmed:
		return c.Until
	}
	return time.Time{}
}

// Over tells whether a change ended, or waited too long.
func (c Change) Over(now time.Time) bool { return !now.Before(c.Ends()) }

// HolderVerdict is what became of a code for a new address.
type HolderVerdict string

// The verdicts.
const (
	CodeRight HolderVerdict = "right"
	CodeWrong HolderVerdict = "wrong"
	CodeOver  HolderVerdict = "over"  // wrong, and once too often
	CodeEarly HolderVerdict = "early" // right, but before From; not counted
)

// Changes is the contract of changes. errs.ErrUnavailable when it does not
// answer.
type Changes interface {
	// Begin keeps a new change. An account has one at a time: errs.ErrConflict
	// while another is under way, in the time after a refused one (Cooling),
	// and when the account is closed or not of this epoch. An own one that was
	// left open is cancelled by this. A closing that needs no colleague is
	// done by this, in the same write; a change of address begins with the
	// wrong answers of before, as Store.Begin has it.
	Begin(ctx context.Context, c Change, rec effect.Effects) error
	// Change and ByReference answer errs.ErrNotFound.
	Change(ctx context.Context, id string) (Change, error)
	ByReference(ctx context.Context, reference string) (Change, error)
	// Live gives the change an account is under; errs.ErrNotFound.
	Live(ctx context.Context, accountID string, now time.Time) (Change, error)
	// OpenedBy lists what a member began and is not over, nor with the
	// holder, oldest first.
	OpenedBy(ctx context.Context, member string, now time.Time) ([]Change, error)
	// Waiting lists what waits for a colleague, oldest first.
	Waiting(ctx context.Context, now time.Time) ([]Change, error)
	// Save writes an open change as it is now, if nobody wrote it since:
	// errs.ErrConflict otherwise. It gives the change as kept.
	Save(ctx context.Context, c Change, rec effect.Effects) (Change, error)
	// Confirm makes a proposed change of address Confirmed, with c.From and
	// c.Until. errs.ErrConflict when it is not identified, has no reason or no
	// address, is over, by proposed it, or the account moved on.
	Confirm(ctx context.Context, c Change, by string, now time.Time, rec effect.Effects) error
	// TryCode counts a try on a confirmed change, lets judge decide, and acts
	// in the same transaction: CodeRight gives the account its new address and
	// a new epoch, writes what it is found by, and makes void the codes that
	// were mailed to the address of before. errs.ErrConflict when it is not
	// confirmed, is over, the account moved on, or another one has the address.
	TryCode(ctx context.Context, id string, now time.Time, judge func(Change) (HolderVerdict, effect.Effects)) (HolderVerdict, error)
	// Close ends the account of a proposed closing in the same write.
	// errs.ErrConflict when it is over, by proposed it, or the account moved on.
	Close(ctx context.Context, id, by string, now time.Time, rec effect.Effects) error
	// End refuses or cancels a change that is under way, if nobody wrote it
	// since it was read: errs.ErrConflict otherwise.
	End(ctx context.Context, c Change, state State, by string, now time.Time, rec effect.Effects) error
	// Reopen moves an account from Closed to Blocked, within ReopenTime.
	Reopen(ctx context.Context, accountID string, epoch int64, reason account.BlockReason, ref string, now time.Time, rec effect.Effects) error
}
