package helpdesk

import (
	"time"

	"omgevingsloket-id/pkg/account"
)

// Kind is what a helpdesk request is about.
type Kind string

// The kinds.
const (
	Unblock Kind = "unblock" // a blocked account gets a new enrolment
	Address Kind = "address" // another e-mail address
	Closing Kind = "closing" // the account ends
)

// State of a helpdesk request.
type State string

// The states.
const (
	Open      State = "open"      // with the official who took the call
	Proposed  State = "proposed"  // waits for a colleague
	Confirmed State = "confirmed" // Address: a colleague agreed; waits for the code that was mailed to the new address
	Done      State = "done"      // the account is changed
	Refused   State = "refused"   // the caller could not be identified, or a colleague said no
	Cancelled State = "cancelled" // given up, or too late
)

// Request is what the helpdesk changes about one account, from the call to the
// end.
//
//	unblock: open ──┬──► done, where no colleague is needed
//	                └──► proposed ──a colleague──► done
//	address: open ──────► proposed ──a colleague──► confirmed ──code from the new mailbox──► done
//	closing: ───────┬──► done, where no colleague is needed
//	                └──► proposed ──a colleague──► done
//
// An unblock and a change of address begin with an identified caller. An
// address is changed by two officials, always, and by nobody who cannot read
// the mail of the new one: what tokens say of an address (that it is verified)
// stays true. Until then, and for as long as the operator wants
// (Service.AddressDelay), the present address can object.
type Request struct {
	ID          string
	Reference   string // what people name to the helpdesk; "" for an unblock, which has the reference of the block
	AccountID   string
	Epoch       int64 // of the account when it began; another one ends it
	Kind        Kind
	State       State
	Second      bool // a colleague has to confirm
	CodeAsked   bool // the account was blocked: the caller has a page with a code
	Caller           // what was proven so far; nothing for a closing
	Reason      Reason
	Ticket      string
	Email       string // Address: the new one, canonical
	Tries       int    // Address: codes typed by the holder
	OpenedBy    string // staff id
	OpenedAt    time.Time
	ConfirmedBy string    // staff id of the official who said yes
	From, Until time.Time // Address: when the code is good
	DecidedBy   string    // staff id; "" when the holder or time ended it
	DecidedAt   time.Time
	Version     int64
}

// Identified reports whether the caller was recognised.
func (r Request) Identified() bool { return r.Caller.Identified(r.CodeAsked) }

// Ends returns until when a request may go on, the zero time when it ended.
func (r Request) Ends() time.Time {
	switch r.State {
	case Open:
		return r.OpenedAt.Add(CaseTime)
	case Proposed:
		return r.OpenedAt.Add(ProposalTime)
	case Confirmed:
		return r.Until
	}
	return time.Time{}
}

// Over reports whether a request ended, or waited too long.
func (r Request) Over(now time.Time) bool { return !now.Before(r.Ends()) }

// Live reports whether a request can go on: it is not over, and its account is
// as it was when it began.
func (r Request) Live(a account.Account, now time.Time) bool {
	return !r.Over(now) && r.stands(a)
}

// stands reports whether an account is one that the request is about.
func (r Request) stands(a account.Account) bool {
	if r.Kind == Unblock && a.State != account.Blocked {
		return false
	}
	return a.ID == r.AccountID && a.Epoch == r.Epoch && a.State != account.Closed
}

// Act returns the account after a request: one that is done unblocks or closes
// it, or changes its address, under a new epoch; any other leaves it as it is.
// The error is errs.ErrConflict if the account is not in a state to which that
// can be done.
func (r Request) Act(a account.Account) (account.Account, error) {
	switch {
	case r.State != Done:
		return a, nil
	case r.Kind == Unblock:
		return a.Unblock(a.Epoch, r.DecidedAt)
	case r.Kind == Closing:
		return a.Close(a.Epoch, r.DecidedAt)
	}
	return a.ChangeEmail(a.Epoch, r.Email)
}

// complete reports whether a request has all that its kind takes, but for the
// yes of the official who may give it.
func (r Request) complete() bool {
	switch r.Kind {
	case Unblock:
		return r.Identified() && r.Reason != ""
	case Address:
		return r.Identified() && r.Reason != "" && r.Email != ""
	case Closing:
		return r.Reason != ""
	}
	return false
}
