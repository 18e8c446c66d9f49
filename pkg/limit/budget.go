package limit

import "time"

// Unit is what a budget counts.
type Unit string

// The units.
const (
	Requests Unit = "requests"
	Bytes    Unit = "bytes"
	Mails    Unit = "mails"
	Hashes   Unit = "hashes" // of passwords
	Millis   Unit = "ms"     // of processor time
)

// Scope is who shares a budget.
type Scope string

// The scopes.
const (
	Source    Scope = "source"    // an IPv4 address or an IPv6 /64
	Network   Scope = "network"   // an IPv4 /24 or an IPv6 /48
	Address   Scope = "address"   // a mailbox, an application, an account or an official; the key is a MAC or an id
	Everybody Scope = "everybody" // all sources together
)

// Budget is how much of a unit may be spent in a window, by each of its scope.
type Budget struct {
	Name   string
	Unit   Unit
	Per    Scope
	Most   int
	Window time.Duration
	// Beyond says what happens to what is over the budget.
	Beyond string
}

// UpTo returns the budget with another most, from the configuration.
func (b Budget) UpTo(most int) Budget {
	b.Most = most
	return b
}

// Charge returns an amount that a key spends of the budget.
func (b Budget) Charge(key string, amount int) Charge { return Charge{b, key, amount} }

// NetworkSources is how many times as much as one source its whole network may spend:
// one person may have all 65,536 sources of an IPv6 /48.
const NetworkSources = 16

// OfNetwork returns the budget that the sources of one network share.
func (b Budget) OfNetwork() Budget {
	b.Name, b.Per, b.Most = b.Name+"-network", Network, b.Most*NetworkSources
	return b
}

// The most connections of a listener: in all, and of one network. Beyond them, idle
// ones are closed. SourceRequests is the most requests that a trusted proxy forwards for one
// source at the same time.
const (
	Connections        = 4096
	NetworkConnections = 512
	SourceRequests     = 128
)

// StrangersBytes is how many bytes people without an account may have in the
// database together before there is an alarm. No one is refused beyond it.
const StrangersBytes = 2 << 30

// The bytes of documents that a source may send, and that its drafts may hold, for
// each e-mail address that it may confirm in an hour. Both are more than one document
// of the largest size.
const (
	uploadShare = 16 << 20
	draftShare  = 12 << 20
)

// UploadBytesOf and DraftsBytesOf return the budgets for a source that may confirm
// this many addresses in an hour.
func UploadBytesOf(perHour int) Budget { return UploadBytes.UpTo(perHour * uploadShare) }

// DraftsBytesOf is described at UploadBytesOf.
func DraftsBytesOf(perHour int) Budget { return DraftsBytes.UpTo(perHour * draftShare) }

// judgeShare is the processor time that each document that a source may send allows
// it, in milliseconds: a large photo takes 200, most others 50.
const judgeShare = 500

// JudgeTimeOf returns the budget of a source that may send this many documents.
func JudgeTimeOf(tries int) Budget { return JudgeTime.UpTo(tries * judgeShare) }

// The values of Beyond that several budgets have.
const (
	refused    = "429 with Retry-After"
	loginAgain = "the login page, or temporarily_unavailable to the client at prompt=none"
)

// The budgets. If the comment names a setting, Most comes from the configuration;
// here it is the default.
var (
	// AuthorizeRequests are authorization requests (limits.authorize_per_minute).
	AuthorizeRequests = Budget{"authorize", Requests, Source, 120, time.Minute, refused}
	// StartRequests are logins without a client (limits.authorize_per_minute).
	StartRequests = Budget{"start", Requests, Source, 120, time.Minute, refused}
	// LoginBytes is what authorization requests of one source make us store,
	// their state included: 4 kB for each that it may send in a minute.
	LoginBytes = Budget{"login-bytes", Bytes, Source, 120 * 4096, 10 * time.Minute, refused}
	// LoginBytesAll is what all authorization requests together make us store
	// before their first answer.
	LoginBytesAll = Budget{"login-bytes-all", Bytes, Everybody, 8 << 20, 10 * time.Minute, "the browser carries its authorization request and nothing is stored"}
	// LoginRequests are tries of passwords and codes (limits.login_per_minute).
	LoginRequests = Budget{"login", Hashes, Source, 60, time.Minute, refused}
	// ConsoleRequests are tries of officials' passwords and codes (limits.login_per_minute).
	ConsoleRequests = Budget{"console-login", Hashes, Source, 60, time.Minute, refused}
	// AddressRequests are tries of codes of new addresses (limits.login_per_minute).
	AddressRequests = Budget{"address", Requests, Source, 60, time.Minute, refused}
	// ChangeMails are mails with a code for a new address of an account
	// (limits.apply_per_hour).
	ChangeMails = Budget{"change-mail", Mails, Source, 30, time.Hour, refused}
	// AccountMails are those of one account.
	AccountMails = Budget{"change-mail-account", Mails, Address, 10, 24 * time.Hour, refused}
	// CancelRequests are uses of the links that cancel an unblock or undo a change of
	// address (limits.login_per_minute).
	CancelRequests = Budget{"cancel", Requests, Source, 60, time.Minute, refused}
	// ApplyMails are mails with a code to confirm an address (limits.apply_per_hour).
	ApplyMails = Budget{"apply-mail", Mails, Source, 30, time.Hour, refused}
	// StatusRequests are requests for a code to see an application (limits.apply_per_hour).
	StatusRequests = Budget{"apply-status", Mails, Source, 30, time.Hour, refused}
	// ForgottenMails are mails about a forgotten password (limits.apply_per_hour).
	ForgottenMails = Budget{"forgotten-mail", Mails, Source, 30, time.Hour, refused}
	// ResetRequests are uses of mailed links about an account, and what is sent after
	// them (limits.login_per_minute).
	ResetRequests = Budget{"reset", Hashes, Source, 60, time.Minute, refused}
	// MailboxMails are mails that one network asks for to one mailbox; the code in
	// the latest of them may be tried in as many drafts.
	MailboxMails = Budget{"mailbox-mail", Mails, Address, 60, 24 * time.Hour, refused}
	// DomainMails and AllMails only alarm, and slow the sources that go on.
	DomainMails = Budget{"domain-mail", Mails, Address, 200, time.Hour, "an alarm; each source has alarm-mail left"}
	AllMails    = Budget{"all-mail", Mails, Everybody, 2000, time.Hour, "an alarm; each source has alarm-mail left"}
	// AlarmMails are mails of one source beyond DomainMails or AllMails
	// (limits.apply_per_hour / 10).
	AlarmMails = Budget{"alarm-mail", Mails, Source, 3, time.Hour, refused}
	// CodeRequests are tries of mailed codes (limits.apply_tries).
	CodeRequests = Budget{"apply-code", Requests, Source, 120, 10 * time.Minute, refused}
	// PasswordHashes are passwords that applicants choose (limits.apply_tries).
	PasswordHashes = Budget{"apply-password", Hashes, Source, 120, 10 * time.Minute, refused}
	// UploadRequests are documents that are sent (limits.apply_tries).
	UploadRequests = Budget{"apply-upload", Requests, Source, 120, 10 * time.Minute, refused}
	// JudgeTime is the processor time in which documents of one source are judged
	// (limits.apply_tries * 500).
	JudgeTime = Budget{"apply-judge", Millis, Source, 120 * judgeShare, 10 * time.Minute, refused}
	// UploadBytes are documents that one source sends (limits.apply_per_hour).
	UploadBytes = Budget{"upload-bytes", Bytes, Source, 30 * uploadShare, time.Hour, refused}
	// DraftsBytes is what the drafts of one source hold; what is replaced or
	// submitted is given back (limits.apply_per_hour).
	DraftsBytes = Budget{"drafts-bytes", Bytes, Source, 30 * draftShare, 72 * time.Hour, refused}
	// DraftUploads and DraftBytes are the documents of one application.
	DraftUploads = Budget{"draft-uploads", Requests, Address, 20, 72 * time.Hour, refused}
	DraftBytes   = Budget{"draft-bytes", Bytes, Address, 60 << 20, 72 * time.Hour, refused}
	// ChangeRequests are change requests that the holder of one account begins; each
	// takes the place of the draft before it.
	ChangeRequests = Budget{"change-request", Requests, Address, 20, 24 * time.Hour, refused}
	// SessionCodes and SessionCodesDay are logins that reuse one session
	// (limits.authorize_per_minute / 4 and * 8).
	SessionCodes    = Budget{"session-codes", Requests, Address, 30, time.Minute, loginAgain}
	SessionCodesDay = Budget{"session-codes-day", Requests, Address, 960, 24 * time.Hour, loginAgain}
	// AppChanges are changes of the authenticator apps of one account, with the QR
	// codes of new ones.
	AppChanges = Budget{"app-changes", Requests, Address, 30, time.Hour, refused}
	// PasswordChanges are new passwords that one holder chooses while logged in; each is a
	// mail to every mailbox of the account.
	PasswordChanges = Budget{"password-changes", Mails, Address, 30, time.Hour, refused}
	// DataChanges are changes that one holder makes to the data of the account; each is
	// a mail.
	DataChanges = Budget{"data-changes", Mails, Address, 30, time.Hour, refused}
	// Exports are the exports of one official, since each costs work.
	Exports = Budget{"exports", Requests, Address, 30, time.Hour, refused}
)

// Budgets returns all budgets.
func Budgets() []Budget {
	return []Budget{
		AuthorizeRequests, StartRequests, LoginBytes, LoginBytesAll, LoginRequests, ConsoleRequests, AddressRequests, ChangeMails, AccountMails, CancelRequests, ApplyMails, StatusRequests,
		ForgottenMails, ResetRequests, MailboxMails, DomainMails, AllMails, AlarmMails, CodeRequests, PasswordHashes, UploadRequests, JudgeTime, UploadBytes, DraftsBytes, DraftUploads, DraftBytes, ChangeRequests, SessionCodes, SessionCodesDay, AppChanges, PasswordChanges, DataChanges, Exports,
	}
}
