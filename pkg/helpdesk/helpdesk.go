// Package helpdesk defines what the helpdesk does with an account: find it,
// block and close it, send a mail again, and helpdesk requests (Request),
// which take more than one step and often more than one official.
//
// The server compares the answers of a caller. Officials do not see the
// account's data, so they cannot read it out to a caller. Next derives each
// step from the stored request alone, and pure functions (Admit, Confirm, End,
// TakeCode) judge each transition. The store writes the request, the account
// and the events in one transaction.
package helpdesk

import "time"

const (
	// RightAnswers is the number of right answers that identifies a caller,
	// besides the code.
	RightAnswers = 3
	// WrongAnswers is the number of wrong answers and codes that refuses a
	// request.
	WrongAnswers = 4
	// CaseTime is how long a request may stay open.
	CaseTime = time.Hour
	// ProposalTime is how long a proposal waits for a colleague.
	ProposalTime = 24 * time.Hour
	// Cooling is how long after a refused request no new one may begin.
	Cooling = time.Hour
	// SecondWithin is the time in which a request after an unblock, and an
	// unblock after a change of address, need a colleague, and in which the
	// receipt is not sent again to a new address.
	SecondWithin = 30 * 24 * time.Hour
	// HolderTime is how long the code for a new address is valid.
	HolderTime = 7 * 24 * time.Hour
	// HolderTries is the number of wrong codes that ends a change of address.
	HolderTries = 5
	// ReopenTime is how long a closed account can be reopened.
	ReopenTime = 30 * 24 * time.Hour
	// MailsAgain is the most mails that are sent again about an account within
	// MailsWithin.
	MailsAgain = 5
	// MailsWithin is the period of MailsAgain.
	MailsWithin = 24 * time.Hour
	// Most is the most results of a search.
	Most = 20
)

// Reason is the code of a reason for an act; each has a text.
type Reason string

// Reasons that have an effect besides the text.
const (
	// LostBoth: the holder has neither password nor factor. Two officials decide,
	// and after the delay a mailed link is enough for a new password.
	LostBoth Reason = "lost_both"
	// PasswordKnown: another person knows the password. The next login asks for a
	// new one.
	PasswordKnown Reason = "password_known"
)

// The reasons for each act.
var (
	UnblockReasons = []Reason{"qr_not_scanned", "new_phone", "lost_phone", LostBoth, "wrong_codes", PasswordKnown, "block_mistaken"}
	BlockReasons   = []Reason{"not_holder", "holder_asked", "phone_stolen", PasswordKnown, "suspicion"}
	MailReasons    = []Reason{"not_received", "thrown_away", "holder_asked_mail"}
	AddressReasons = []Reason{"address_typed_wrong", "address_lost", "address_other"}
	CloseReasons   = []Reason{"holder_asked_closing", "second_account", "company_ended", "holder_died", "misuse"}
	LaneReasons    = []Reason{"holder_asked", "not_holder"}
	LangReasons    = []Reason{"holder_asked_lang", "lang_chosen_wrong"}
	ReopenReasons  = []Reason{"closing_mistaken", "holder_changed_mind", "not_holder"}
)
