// Package helpdesk owns what the helpdesk does with an account: finding it,
// blocking and closing it, sending a mail again, and its requests (Request):
// what takes more than one step, and often more than one official.
//
// The server compares the answers of a caller; no official is shown what the
// account holds, so that there is nothing to read out to a caller. Each step is
// judged from the stored request alone (Next), and each transition by a pure
// function (Admit, Confirm, End, TakeCode) on what the store read; the store
// writes the request, the account and the audit log together or not at all.
package helpdesk

import "time"

const (
	// RightAnswers is how many answers have to be right, besides the code.
	RightAnswers = 3
	// WrongAnswers ends a request: answers and codes together.
	WrongAnswers = 4
	// CaseTime is how long a request may be worked on.
	CaseTime = time.Hour
	// ProposalTime is how long a proposal waits for a colleague.
	ProposalTime = 24 * time.Hour
	// Cooling is how long an account is left alone after a refused request.
	Cooling = time.Hour
	// SecondWithin is the time in which another unblock, or one after a change
	// of address, needs a colleague, and in which the receipt is not sent again
	// to an address that is new.
	SecondWithin = 30 * 24 * time.Hour
	// HolderTime is how long the code of a new address is good.
	HolderTime = 7 * 24 * time.Hour
	// HolderTries is how many wrong codes end a change of address.
	HolderTries = 5
	// ReopenTime is how long a closed account can be had back.
	ReopenTime = 30 * 24 * time.Hour
	// MailsAgain is how many mails are sent again about an account in the time
	// MailsWithin.
	MailsAgain = 5
	// MailsWithin is the period of MailsAgain.
	MailsWithin = 24 * time.Hour
	// Most is how many accounts a search gives.
	Most = 20
)

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
