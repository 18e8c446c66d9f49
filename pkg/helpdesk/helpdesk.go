// Package helpdesk owns what the helpdesk does with an account: finding it,
// blocking and closing it, sending a mail again, and the two acts that could
// hand it to somebody else: the unblock, and another e-mail address (Change).
//
//	open ──► identified ──► reason given ──┬──► done
//	 │  code on the caller's own page      │
//	 │  + three answers right              └──► proposed ──a colleague──► done
//	 │                                             │
//	 └─ too much was wrong ──► refused             └──► cancelled
//
// The server compares the answers; nobody at the helpdesk is shown what the
// file says, so that there is nothing to read out to a caller. Each step is
// judged from the stored case alone, and the last one is a single guarded
// write: the case, the account and the record change together or not at all.
package helpdesk

import (
	"context"
	"time"

	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/application"
	"omgevingsloket-id/pkg/effect"
)

const (
	// RightAnswers is how many answers have to be right, besides the code.
	RightAnswers = 3
	// WrongAnswers ends a case: answers and codes together.
	WrongAnswers = 4
	// CaseTime is how long a case may be worked on.
	CaseTime = time.Hour
	// ProposalTime is how long a proposal waits for a colleague.
	ProposalTime = 24 * time.Hour
	// Cooling is how long an account is left alone after a refused case.
	Cooling = time.Hour
	// SecondWithin is the time in which another unblock, or one after a change
	// of address, needs a colleague, and in which the receipt is not sent again
	// to an address that is new.
	SecondWithin = 30 * 24 * time.Hour
	// MailsAgain is how many mails are sent again about an account in the time
	// MailsWithin.
	MailsAgain  = 5
	MailsWithin = 24 * time.Hour
	// Most is how many accounts a search gives.
	Most = 20
)

// State of a case.
type State string

// The states.
const (
	Open      State = "open"      // with the member who took the call
	Proposed  State = "proposed"  // waits for a colleague
	Done      State = "done"      // the account is unblocked
	Refused   State = "refused"   // the caller could not be identified, or a colleague said no
	Cancelled State = "cancelled" // given up, or too late
)

// Case is one unblock of one account, from the call to the end.
type Case struct {
	ID        string
	AccountID string
	Epoch     int64 // of the account when the case began; another one ends it
	State     State
	Second    bool // a colleague has to confirm
	Caller         // what was proven so far
	Reason    Reason
	Ticket    string
	OpenedBy  string // staff id
	OpenedAt  time.Time
	DecidedBy string
	DecidedAt time.Time
	Version   int64
}

// Identified tells whether the caller was recognised.
func (c Case) Identified() bool { return c.Caller.Identified(true) }

// Over tells whether a case ended, or waited too long.
func (c Case) Over(now time.Time) bool {
	return c.State != Open && c.State != Proposed || !now.Before(c.Ends())
}

// Ends is until when a case may be worked on, or waits for a colleague.
func (c Case) Ends() time.Time {
	if c.State == Proposed {
		return c.OpenedAt.Add(ProposalTime)
	}
	return c.OpenedAt.Add(CaseTime)
}

// Reason is why something is done; texts exist for each.
type Reason string

// What can be chosen, by act.
var (
	UnblockReasons = []Reason{"qr_not_scanned", "new_phone", "lost_phone", "wrong_codes", "block_mistaken"}
	BlockReasons   = []Reason{"not_holder", "holder_asked", "phone_stolen", "password_known", "suspicion"}
	MailReasons    = []Reason{"not_received", "thrown_away", "holder_asked_mail"}
	AddressReasons = []Reason{"address_typed_wrong", "address_lost", "address_other"}
	CloseReasons   = []Reason{"holder_asked_closing", "second_account", "company_ended", "holder_died", "misuse"}
	ReopenReasons  = []Reason{"closing_mistaken", "holder_changed_mind", "not_holder"}
)

// Store is the helpdesk's contract. errs.ErrUnavailable when it does not
// answer.
type Store interface {
	// Search gives accounts whose terms begin with all of the words
	// (SearchWords), by name, at most max.
	Search(ctx context.Context, words []string, max int) ([]account.Account, error)
	// Application gives the application an account came from, and its
	// documents without content; errs.ErrNotFound when it is gone.
	Application(ctx context.Context, accountID string) (application.Application, []application.Document, error)
	// AccountOf gives the account of a reference; errs.ErrNotFound.
	AccountOf(ctx context.Context, reference string) (account.Account, error)
	// Note writes a record about something that changes nothing else.
	Note(ctx context.Context, rec effect.Effects) error
	// Moved tells whether the address of an account changed in the last time
	// (SecondWithin).
	Moved(ctx context.Context, accountID string, now time.Time) (bool, error)
	// Resend writes the record, an "account.mail_resent", of a mail that goes
	// to a again. ErrMails when it has MailsAgain of them in the last time
	// (MailsWithin); of any number of callers at once no more get through.
	// errs.ErrConflict when the account is closed or not of this epoch: then
	// the address may be another one too.
	Resend(ctx context.Context, a account.Account, now time.Time, rec effect.Effects) error

	// Begin keeps a new case as Open. An account has one case at a time:
	// errs.ErrConflict while another member works on one or one waits for a
	// colleague, in the time after a refused one (Cooling), and when the
	// account is not blocked in this epoch. An own case that was left lying
	// is cancelled by this. It begins with as many wrong answers as were given
	// about the account in the last time (Cooling), here or for a Change, and
	// not done by that; WrongAnswers of them are a conflict too. Where the
	// address changed in the last time (SecondWithin) it needs a colleague,
	// whatever c.Second: the two together hand an account over.
	Begin(ctx context.Context, c Case, rec effect.Effects) error
	// Case answers errs.ErrNotFound.
	Case(ctx context.Context, id string) (Case, error)
	// Waiting lists what waits for a colleague, oldest first.
	Waiting(ctx context.Context, now time.Time) ([]Case, error)
	// OpenedBy lists what a member has begun and what is not over, oldest
	// first.
	OpenedBy(ctx context.Context, member string, now time.Time) ([]Case, error)
	// Save writes an open case as it is now, if nobody wrote it since:
	// errs.ErrConflict otherwise. It gives the case as kept.
	Save(ctx context.Context, c Case, rec effect.Effects) (Case, error)
	// Finish unblocks the account of a case in the same write that ends it.
	// Of any number of callers one succeeds; errs.ErrConflict for the rest,
	// and for a case that is not identified, has no reason, is over, or
	// needs somebody else than by.
	Finish(ctx context.Context, id, by string, now time.Time, rec effect.Effects) error
	// End refuses or cancels a case that is open or proposed.
	End(ctx context.Context, id string, state State, by string, now time.Time, rec effect.Effects) error
}
