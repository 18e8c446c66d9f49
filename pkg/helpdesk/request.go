package helpdesk

import (
	"time"

	"omgevingsloket-id/pkg/account"
)

// Kind is the kind of a helpdesk request.
type Kind string

// The kinds.
const (
	Unblock Kind = "unblock" // a blocked account gets a new enrolment
	Address Kind = "address" // another e-mail address
	Closing Kind = "closing" // the account is closed
)

// State is the state of a helpdesk request.
type State string

// The states.
const (
	Open      State = "open"      // the official who began it works on it
	Proposed  State = "proposed"  // waits for a colleague
	Confirmed State = "confirmed" // Address: a colleague agreed; waits for the code that was mailed to the new address
	Done      State = "done"      // the account is changed
	Refused   State = "refused"   // the caller was not identified, or a colleague refused
	Cancelled State = "cancelled" // given up, or not finished in time
)

// Request is a helpdesk request: what a caller asks about one account.
//
//	unblock: open ──┬──► done, where no colleague is needed
//	                └──► proposed ──a colleague──► done
//	address: open ──────► proposed ──a colleague──► confirmed ──code from the new mailbox──► done
//	closing: ───────┬──► done, where no colleague is needed
//	                └──► proposed ──a colleague──► done
//
// An unblock and a change of address begin with the identification of the
// caller. A change of address always takes two officials and a code that is
// mailed to the new address, so that email_verified in tokens stays true.
// Until it is done, and at least for Service.AddressDelay, the holder of the
// present address can object.
type Request struct {
	ID          string
	Reference   string // reference for people; "" for an unblock, which has the account's BlockRef
	AccountID   string
	Epoch       int64 // of the account at the beginning; a new epoch ends the request
	Kind        Kind
	State       State
	Second      bool // a colleague has to confirm
	CodeAsked   bool // the account was blocked, so the holder has a page with a code
	Caller           // zero for a closing
	Reason      Reason
	Ticket      string
	Email       string // Address: the new address, canonical
	CancelHash  string // Unblock: hash of the link by which the holder can cancel it; only when it becomes Done, not stored with the request
	Tries       int    // Address: codes typed by the holder
	OpenedBy    string // staff id
	OpenedAt    time.Time
	ConfirmedBy string    // staff id of the official who confirmed it
	From, Until time.Time // Address: when the code is valid
	DecidedBy   string    // staff id; "" when the holder ended it or it expired
	DecidedAt   time.Time
	Version     int64
}

// Identified reports whether the caller has been identified.
func (r Request) Identified() bool { return r.Caller.Identified(r.CodeAsked) }

// Ends returns the time at which a request expires; the zero time when it has
// ended.
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

// Over reports whether a request has ended or expired.
func (r Request) Over(now time.Time) bool { return !now.Before(r.Ends()) }

// Live reports whether a request can go on: it is not over, and its account
// has not changed since it began.
func (r Request) Live(a account.Account, now time.Time) bool {
	return !r.Over(now) && r.stands(a)
}

// stands reports whether the account is in the state and epoch that the request
// needs.
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
		next, err := a.Unblock(a.Epoch, r.CancelHash, r.DecidedAt)
		next.Renewal = r.Renewal(next)
		return next, err
	case r.Kind == Closing:
		return a.Close(a.Epoch, r.DecidedAt)
	}
	return a.ChangeEmail(a.Epoch, r.Email, r.DecidedAt)
}

// Renewal returns whether the password of an account is to be replaced after the
// request.
func (r Request) Renewal(a account.Account) account.Renewal {
	switch {
	case r.Kind == Unblock && r.Reason == LostBoth:
		return account.RenewalLost
	case r.Kind == Unblock && r.Reason == PasswordKnown:
		return account.RenewalDue
	}
	return a.Renewal
}

// complete reports whether a request has everything that its kind needs except
// the confirmation.
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
