package sql

import (
	"time"

	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/authreq"
	"omgevingsloket-id/pkg/mail"
	"omgevingsloket-id/pkg/signin"
	"omgevingsloket-id/pkg/staff"
)

// Life is what a table holds about people, and when that ends. lives is the one
// list; a test compares it with the schema, so that no column is forgotten.
type Life struct {
	Table    string
	Personal string // the columns with data about a person, or that a person can be found by
	Other    string // all other columns
	Ends     string // when the personal data ends; for tables without any, ""

	sweeps []sweep
}

// sweep removes what is older than keep: $1 is now minus keep.
type sweep struct {
	query string
	keep  time.Duration
}

const (
	aDay = 24 * time.Hour

	// DeadCode is how long a code that was never redeemed is kept after its end:
	// longer than its authorization request, which would make the same code again.
	DeadCode = authreq.Lifetime + 10*time.Minute
	// DeadDraft is how long the row of an expired draft is kept, without answers
	// and address.
	DeadDraft = aDay
	// DeadMail is how long a mail that was given up is kept, with its address and
	// without its text.
	DeadMail = 30 * aDay
	// DeadCodeMail is DeadMail for mails with a code, whose address may be that of
	// a person who never asked for them.
	DeadCodeMail = aDay
)

// keptByLaw is the end of data that the organisation keeps under its own retention
// list (Archiefwet); the program removes none of it.
const keptByLaw = "as the retention list of the organisation says; closing the account ends its use"

var lives = []Life{
	{
		Table:    "accounts",
		Personal: "id kind email profile lang password_hash totp_sealed totp_last_step totp_failures totp_next_try totp_shown_at last_login_at block_reason block_ref previous cancel_hash password_at changed_at apps",
		Other:    "state epoch unblocks created_at unblocked_at closed_at previous_ends renewal", Ends: keptByLaw + "; previous addresses after seven days",
	},
	{Table: "mailed_codes", Personal: "account_id hash used_by", Other: "enrolment epoch expires sent sent_at failures", Ends: "with the account"},
	{Table: "account_terms", Personal: "term account_id", Ends: "with the account"},
	{
		Table:    "applications",
		Personal: "id handle_hash kind lang email code_hash password_hash answers reference account_id status_code changes",
		Other: "state taken code_expires code_failures codes_sent version created_at expires_at submitted_at decided_at reviewer proposal " +
			"status_code_expires status_code_failures due_at asked_at answer_by reminders",
		Ends: "drafts: answers, password and address after 72 hours, the row a day later; sent ones as the retention list of the organisation says",
		sweeps: []sweep{
			{`DELETE FROM applications WHERE state = 'expired' AND reference IS NULL AND expires_at <= $1`, DeadDraft},
		},
	},
	{Table: "application_terms", Personal: "term application_id", Ends: "with the application"},
	{Table: "decisions", Personal: "application_id member text", Other: "version kind reason at", Ends: "with the application"},
	{
		Table: "documents", Personal: "id application_id name sha256 sealed signature", Other: "type size created_at verdict scanned_at destroyed_at",
		Ends: "with the draft; of a sent application the content review.keep_documents after the decision",
	},
	{Table: "document_tickets", Personal: "document_id", Other: "hash expires", Ends: "after a minute, or when the next sweep runs", sweeps: []sweep{{`DELETE FROM document_tickets WHERE expires <= $1`, 0}}},
	{Table: "clients", Other: "id data"},
	{Table: "consents", Personal: "account_id client_id claims given_at", Ends: "with the account"},
	{
		Table:    "grants",
		Personal: "id client_id account_id sid nonce claims auth_time", Other: "code_hash epoch redirect_uri scopes challenge acr issued_at code_expires expires redeemed_at revoked_at tries access_hash",
		Ends: "48 hours after its tokens, for replays and the end of the session; ten minutes after a code that was never redeemed",
		sweeps: []sweep{
			{`DELETE FROM grants WHERE code_expires <= $1 AND expires <= $1`, 2 * aDay},
			{`DELETE FROM grants WHERE redeemed_at = 0 AND code_expires <= $1`, DeadCode},
		},
	},
	{Table: "ended_sessions", Personal: "sid", Other: "expires", Ends: "when nothing can refer to the session any more", sweeps: []sweep{{`DELETE FROM ended_sessions WHERE expires <= $1`, 0}}},
	{Table: "assertions", Other: "client_id jti expires", sweeps: []sweep{{`DELETE FROM assertions WHERE expires <= $1`, time.Hour}}},
	{Table: "signing_keys", Other: "id alg state public sealed created_at since"},
	{Table: "lanes", Personal: "key lane", Other: "failures locked_until last_at", Ends: "48 hours after the last try", sweeps: []sweep{{`DELETE FROM lanes WHERE last_at <= $1`, 2 * aDay}}},
	{
		Table: "refusals", Personal: "key realm who origin", Other: "tries first_at last_at told locks locked",
		Ends:   "24 hours after the first refused password; of an address that somebody has with an event",
		sweeps: []sweep{{`DELETE FROM refusals WHERE who = '' AND first_at <= $1`, signin.SeriesTime}},
	},
	{
		Table: "notices", Personal: "realm who", Other: "codes browsers first_at last_at mailed_at", Ends: "two hours after the mail",
		sweeps: []sweep{{`DELETE FROM notices WHERE first_at = 0 AND mailed_at <= $1`, 2 * signin.NoticeSpacing}},
	},
	{Table: "notices_read", Other: "id seq"},
	{
		Table: "staff_seen", Personal: "member file", Other: "at", Ends: "two hours after the look",
		sweeps: []sweep{{`DELETE FROM staff_seen WHERE at <= $1`, 2 * staff.WatchTime}},
	},
	{Table: "told_tries", Personal: "key", Other: "at", Ends: "48 hours after the mail", sweeps: []sweep{{`DELETE FROM told_tries WHERE at <= $1`, 2 * aDay}}},
	{Table: "mailboxes", Personal: "key code", Other: "mails last_at tries", Ends: "48 hours after the last mail", sweeps: []sweep{{`DELETE FROM mailboxes WHERE last_at <= $1`, 2 * aDay}}},
	{
		Table: "devices", Personal: "key device used_at", Other: "until", Ends: "400 days after the last login; 30 minutes after a mailed link was used",
		sweeps: []sweep{{`DELETE FROM devices WHERE used_at <= $1`, 400 * aDay}},
	},
	{
		Table: "logins", Personal: "sid account_id key agent", Other: "epoch started_at expires", Ends: "when the session has reached its longest time",
		sweeps: []sweep{{`DELETE FROM logins WHERE expires <= $1`, 0}},
	},
	{
		Table: "password_links", Personal: "key account_id hash", Other: "epoch client_id sent sent_at opened_at", Ends: "a day after the last mail",
		sweeps: []sweep{{`DELETE FROM password_links WHERE sent_at <= $1`, account.ResetKept}},
	},
	{
		Table: "password_resets", Personal: "browser key account_id", Other: "epoch client_id opened_at code_at used_at", Ends: "a day after the link was used",
		sweeps: []sweep{{`DELETE FROM password_resets WHERE opened_at <= $1`, account.ResetKept}},
	},
	{Table: "previous_addresses", Personal: "email account_id", Other: "until", Ends: "seven days after the change of address", sweeps: []sweep{{`DELETE FROM previous_addresses WHERE until <= $1`, 0}}},
	{
		Table: "address_changes", Personal: "account_id sid email code_hash", Other: "epoch taken asked_at failures", Ends: "a day after it was asked for",
		sweeps: []sweep{{`DELETE FROM address_changes WHERE asked_at <= $1`, aDay}},
	},
	{
		Table: "address_undos", Personal: "id hash account_id email password password_at factors", Other: "at until used_at", Ends: "seven days after the change of address",
		sweeps: []sweep{{`DELETE FROM address_undos WHERE until <= $1`, 0}},
	},
	{
		Table: "outbox", Personal: "recipient lang subject sealed", Other: "id kind at expires due attempts state reason",
		Ends: "when it is sent; of a mail that was given up after 30 days, and with a code after a day",
		sweeps: []sweep{
			{`DELETE FROM outbox WHERE state = 'dropped' AND due <= $1`, DeadMail},
			{`DELETE FROM outbox WHERE state = 'dropped' AND expires <> 0 AND expires <= $1`, DeadCodeMail},
		},
	},
	{Table: "sent_mails", Personal: "mailbox", Other: "id kind at", Ends: "ten days after the mail", sweeps: []sweep{{`DELETE FROM sent_mails WHERE at <= $1`, mail.ReportTime}}},
	{
		Table: "bounces", Personal: "mailbox", Other: "kind at code status source accepted_at",
		Ends: "when the relay accepts a later mail, ten days later after a report; when the account gets another address; after 400 days",
		sweeps: []sweep{
			{`DELETE FROM bounces WHERE at <= $1`, mail.BounceTime},
			{`DELETE FROM bounces WHERE accepted_at > 0 AND accepted_at <= $1`, mail.ReportTime},
		},
	},
	{Table: "ephemeral", Personal: "value", Other: "kind key version expires", Ends: "after an hour, of a session at its end", sweeps: []sweep{{`DELETE FROM ephemeral WHERE expires <= $1`, 0}}},
	{Table: "windows", Personal: "key", Other: "name count expires", Ends: "with the window, three days at most", sweeps: []sweep{{`DELETE FROM windows WHERE expires <= $1`, 0}}},
	{
		Table: "audit_events", Personal: "actor_id origin object_id request_id details",
		Other: "seq at actor_kind action object_kind outcome reason prev_hash hash", Ends: "audit.keep, with `audit prune`",
	},
	{
		Table: "audit_pool", Personal: "actor_id origin object_id request_id details",
		Other: "id place at actor_kind action object_kind outcome reason", Ends: "within a second, in the audit log",
	},
	{Table: "audit_head", Other: "id seq hash"},
	{Table: "audit_signed_heads", Other: "seq hash at signature"},
	{Table: "audit_anchor", Other: "id seq hash at signature"},
	{
		Table: "staff", Personal: "id name email lang password_hash totp_sealed totp_last_step totp_failures totp_next_try last_login_at told_on renewal renewal_by",
		Other: "roles state epoch invite invite_expires created_at", Ends: "as the audit log, which names members by id; removing a member ends its use",
	},
	{Table: "staff_alarms", Personal: "member at files", Ends: "with the member"},
	{
		Table:    "helpdesk_requests",
		Personal: "id reference account_id answers ticket email opened_by confirmed_by",
		Other:    "epoch kind state second code_asked code_right rights wrongs reason tries opened_at valid_from valid_until decided_by decided_at version", Ends: "with the account",
	},
	{Table: "unblock_cases", Personal: "id account_id answers ticket opened_by", Other: "epoch state second code_right rights wrongs reason opened_at decided_by decided_at version", Ends: "with the account; nothing is added any more"},
	{
		Table:    "account_changes",
		Personal: "id reference account_id answers ticket email opened_by confirmed_by",
		Other:    "epoch kind state second code_asked code_right rights wrongs reason tries opened_at valid_from valid_until decided_by decided_at version", Ends: "with the account; nothing is added any more",
	},
	{Table: "constants", Other: "name sealed"},
	{Table: "installation", Other: "id environment issuer access_tokens"},
	{Table: "schema_floor", Other: "id version terms"},
	{Table: "goose_db_version", Other: "id version_id is_applied tstamp"},
}
