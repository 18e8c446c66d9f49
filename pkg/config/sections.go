package config

import (
	"time"

	"omgevingsloket-id/pkg/secret"
)

// TLS is the certificate of the server. Give both files or neither.
type TLS struct {
	// CertFile is the certificate chain in PEM, the server's own certificate
	// first. It is read at the start, and again at SIGHUP.
	CertFile string `yaml:"cert_file"`

	// KeyFile is the private key in PEM. In production only the server's own
	// user may have read permission.
	KeyFile string `yaml:"key_file"`
}

// Database is the SQL database.
type Database struct {
	// URL is sqlite:PATH for a single server, or
	// postgres://user:password@host/name for any number. Required. Across a
	// network add sslmode=verify-full.
	URL secret.Text `yaml:"url"`

	// URLFile is the path of a file that holds the address instead.
	URLFile string `yaml:"url_file"`

	// MaxConnections is the most connections of one server. Default: 20. Keep
	// the sum of all servers below PostgreSQL's max_connections.
	MaxConnections int `yaml:"max_connections"`
}

// Redis is an optional Redis server.
type Redis struct {
	// URL is redis://… or, across a network,
	// rediss://user:password@host:6379/0. Default: none; then the database
	// stores these things too. If Redis loses its data, people have to log in
	// again. It must run with noeviction.
	URL secret.Text `yaml:"url"`

	// URLFile is the path of a file that holds the address instead.
	URLFile string `yaml:"url_file"`

	// CAFile holds the CA certificates (PEM) for rediss://. Default: those of
	// the system.
	CAFile string `yaml:"ca_file"`
}

// Mail is the sender of e-mail. Give exactly one of SMTPURL and Dir.
type Mail struct {
	// From is the sender address. Required. Its domain needs SPF, DKIM and
	// DMARC records, or mails with codes end up as spam.
	From string `yaml:"from"`

	// FromName is the sender name. Default: Omgevingsloket-ID.
	FromName string `yaml:"from_name"`

	// SMTPURL is the relay: smtp://user:password@host:587 (STARTTLS,
	// required), smtps://user:password@host:465 (TLS from the start) or, in
	// practice only, smtp+insecure://localhost:25 for a relay on the same
	// machine. Required in production.
	SMTPURL secret.Text `yaml:"smtp_url"`

	// SMTPURLFile is the path of a file that holds the address instead.
	SMTPURLFile string `yaml:"smtp_url_file"`

	// Dir is a folder in which messages are saved as .eml files instead of
	// being sent. Practice only.
	Dir string `yaml:"dir"`

	// Helo is the host name in EHLO. Default: the domain of From.
	Helo string `yaml:"helo"`
}

// Helpdesk is shown on pages where people may need help. Production needs at
// least one of phone, e-mail and URL.
type Helpdesk struct {
	// Name is the name of the helpdesk. Default: Informatiepunt Leefomgeving.
	Name string `yaml:"name"`

	// Phone is the number in international form: +31 …
	Phone string `yaml:"phone"`

	// Email is the helpdesk's e-mail address.
	Email string `yaml:"email"`

	// URL is a page with the ways to reach the helpdesk.
	URL string `yaml:"url"`

	// HoursNL are the opening hours in Dutch, with the time zone.
	HoursNL string `yaml:"hours_nl"`

	// HoursEN are the opening hours in English, with the time zone.
	HoursEN string `yaml:"hours_en"`

	// AddressDelay is how long the holder can still object, at the old
	// address, after two officials agreed to a change of address. Default: 0,
	// none. At most 168h.
	AddressDelay time.Duration `yaml:"address_delay"`
}

// Session is how long a browser stays logged in. A shorter time applies to
// existing sessions too.
type Session struct {
	// Idle is the time without a request from a portal after which a session
	// ends. Default: 30m.
	Idle time.Duration `yaml:"idle"`

	// Absolute is the time after the login at which a session ends. Default:
	// 12h.
	Absolute time.Duration `yaml:"absolute"`
}

// Terms is how long links and proofs are valid.
type Terms struct {
	// StepUp is how long after the login the holder can change what matters on the
	// pages of the account, without giving password and code again. Default: 10m.
	StepUp time.Duration `yaml:"step_up"`

	// PasswordLink is how long a mailed link for a new password can be used, and
	// then how long the browser has to choose one. Default: 30m. At most 1h.
	PasswordLink time.Duration `yaml:"password_link"`

	// Disavow is how long the link 'Was this not you?' in a mail works. Default:
	// 240h. At most 720h.
	Disavow time.Duration `yaml:"disavow"`

	// NewApp is how long a new authenticator app can be confirmed after its QR
	// code was shown. Default: 1h. At most 24h.
	NewApp time.Duration `yaml:"new_app"`

	// AddressUndo is how long the link works that undoes a change of address by
	// the holder. Default: 168h. At most 168h.
	AddressUndo time.Duration `yaml:"address_undo"`
}

// Login limits the second factor.
type Login struct {
	// EnrolmentCodes is the number of wrong codes that blocks an account
	// before its first right one. Default: 5.
	EnrolmentCodes int `yaml:"enrolment_codes"`

	// Codes is the number of wrong codes in a row that blocks an active
	// account. Default: 10, at most 16: more would make guessing too likely to
	// succeed for an attacker who knows the password.
	Codes int `yaml:"codes"`

	// EnrolmentTime is the time between the QR code and its first right code
	// after which the account is blocked. Default: 168h (seven days).
	EnrolmentTime time.Duration `yaml:"enrolment_time"`

	// RecoveryDelay is the time from an unblock to the new QR code, for an
	// account that was active before, so that its holder can cancel the
	// unblock with the link in the mail about it. Default: 24h in production,
	// 0s (none) in practice. At most 168h. Another value also applies to
	// accounts that wait already, for which a mail named the time.
	RecoveryDelay time.Duration `yaml:"recovery_delay"`
}

// Password is the cost of argon2id and the limit on parallel hashes. An
// account gets a new cost at its next login.
type Password struct {
	// MemoryKiB is the memory of one hash. Default: 19456 (19 MiB).
	MemoryKiB int `yaml:"memory_kib"`

	// Time is the number of passes over that memory. Default: 2. Production
	// refuses less than 47104 KiB with 1 pass, 19456 with 2, 12288 with 3,
	// 9216 with 4 or 7168 with 5.
	Time int `yaml:"time"`

	// Threads is the parallelism inside one hash. Default: 1.
	Threads int `yaml:"threads"`

	// Parallel is how many hashes run at once; each takes MemoryKiB.
	// Default: 0, one for each processor but one, which is free for everything
	// else; at least one.
	Parallel int `yaml:"parallel"`

	// Wait is how long a login waits for its turn. One whose turn would not
	// come in that time gets 503 at once, with the time to come back.
	// Default: 2s.
	Wait time.Duration `yaml:"wait"`

	// Pepper is a key of at least 32 characters that is mixed into every hash,
	// so that passwords cannot be guessed from a stolen database alone.
	// Default: none. It can never change: without it no password is accepted.
	Pepper secret.Text `yaml:"pepper"`

	// PepperFile is the path of a file that holds the pepper instead.
	PepperFile string `yaml:"pepper_file"`

	// LeakedFile is the path of a list of leaked passwords, none of which can be
	// chosen: lines of the SHA-1 hash in hexadecimal, sorted, each with a colon
	// and a count or without, as the downloader of Have I Been Pwned writes them.
	// Default: none. SIGHUP takes another file or a new one with this name; move
	// that there, and do not write into the one in use.
	LeakedFile string `yaml:"leaked_file"`
}

// Keys is the schedule of a signing key: published, signing, retired, known
// for hints, removed.
type Keys struct {
	// Publish is how long a key is published before it signs. Default: 192h (8
	// days). Keep it longer than clients cache the keys.
	Publish time.Duration `yaml:"publish"`

	// Sign is how long a key signs. Default: 2160h (90 days).
	Sign time.Duration `yaml:"sign"`

	// Retain is how long a key stays published after that. Default: 192h. At
	// least 10m, because tokens are valid for five.
	Retain time.Duration `yaml:"retain"`

	// Hint is how long the public key is kept after that, to recognize old ID
	// tokens as hints. Default: 24h. At least session.absolute.
	Hint time.Duration `yaml:"hint"`
}

// Console is the officials' console.
type Console struct {
	// Origin is the console's own origin, such as https://beheer.example.nl:
	// https, another host than the issuer's, no path. Default: none; then
	// practice has the console below the issuer, at /console, and production
	// has no console.
	Origin string `yaml:"origin"`

	// Listen is the host:port on which that origin is served. Required with
	// origin. Keep it unreachable from the internet if officials work from
	// inside.
	Listen string `yaml:"listen"`

	// ViewsPerHour is how many different accounts and cases an official may
	// see in an hour, opened or by name in a list. One more alerts all
	// administrators; above three times as many, no page with a name can be
	// opened until an hour has passed. Default: 100.
	ViewsPerHour int `yaml:"views_per_hour"`

	// Domains are the domains of e-mail addresses that officials may be
	// invited at, such as [gemeente.example, rijk.example]; a subdomain is a
	// domain of its own. Officials who exist are not affected. Default: none;
	// then every address is allowed, and production warns about it, since an
	// administrator could invite mailboxes of their own as two colleagues.
	Domains []string `yaml:"domains"`
}

// Review is how officials decide on applications.
type Review struct {
	// Always makes officials decide in practice too, with production's rules
	// for answers and documents, for training. Default: false. In production
	// officials always decide.
	Always bool `yaml:"always"`

	// SecondReviewer says which applications two officials have to approve:
	// companies or everyone. Default: companies.
	SecondReviewer string `yaml:"second_reviewer"`

	// Reasons are the codes of reasons for rejection that officials can
	// choose: identity, unreadable, mismatch, other_means, company, authority,
	// no_answer, else. Default: all of them.
	Reasons []string `yaml:"reasons"`

	// KeepDocuments is how long the documents of an application are kept after
	// it was decided on, withdrawn or expired. Then their content is
	// destroyed, with an event in the audit log. Default: 720h, 30 days. It
	// applies in practice too.
	KeepDocuments time.Duration `yaml:"keep_documents"`
}

// Scanner is the malware scanner.
type Scanner struct {
	// Address is that of a clamd (ClamAV): unix:/run/clamav/clamd.ctl or
	// tcp:host:3310. Default: none; then no document is scanned, and officials
	// cannot open documents. Its StreamMaxLength must be at least 10M.
	Address string `yaml:"address"`
}

// Audit is the audit log.
type Audit struct {
	// Keep is the age from which `audit prune` removes events; nothing else
	// removes them. Default: 61320h (seven years). Production refuses less
	// than 4380h (half a year).
	Keep time.Duration `yaml:"keep"`
}

// Branding is the look of the pages.
type Branding struct {
	// Wordmark is the name at the top of each page. Default:
	// Omgevingsloket-ID.
	Wordmark string `yaml:"wordmark"`

	// ThemeDir is a folder with custom.css (design tokens), wordmark.svg or
	// both, which replace the built-in ones. Default: none. It is read at the
	// start, and again at SIGHUP. The national government's logo and fonts are not part of this
	// software and need permission.
	ThemeDir string `yaml:"theme_dir"`
}

// Log is the form of the log.
type Log struct {
	// Level is debug, info, warn or error. Default: info.
	Level string `yaml:"level"`

	// Format is json, for machines, or text. Default: json.
	Format string `yaml:"format"`
}

// Limits are numbers of requests from one source. Beyond them the response is
// 429 with Retry-After. The other budgets of strangers (deploy/decisions/015)
// change with them in proportion.
type Limits struct {
	// AuthorizePerMinute is the most logins that portals begin. Default: 120.
	AuthorizePerMinute int `yaml:"authorize_per_minute"`

	// ApplyPerHour is the most e-mail addresses to confirm for an application;
	// each gets a mail. Default: 30.
	ApplyPerHour int `yaml:"apply_per_hour"`

	// ApplyTries is the most mailed codes, chosen passwords and documents that
	// applicants send, each in ten minutes; a class or an office may share a
	// source. Default: 120.
	ApplyTries int `yaml:"apply_tries"`

	// LoginPerMinute is the most passwords that are tried or, at an
	// invitation, chosen, and the most codes at /address, each counted apart.
	// Codes of authenticator apps have no limit of this kind: they come after
	// a right password and are counted per account (login.codes). Default: 60;
	// a whole office may share one source.
	LoginPerMinute int `yaml:"login_per_minute"`
}

// Accessibility is what the operator states about accessibility. The server knows
// none of it: without a status the page says that none was established.
type Accessibility struct {
	// Status is A (complies), B (complies in part), C (first measures are
	// taken) or D (does not comply), as in the Dutch register of statements.
	// Default: none was established.
	Status string `yaml:"status"`

	// Date is the day on which the statement was drawn up or last revised:
	// 2026-12-31. Required with a status.
	Date string `yaml:"date"`

	// Organisation is the public authority that answers for the statement.
	// Required with a status.
	Organisation string `yaml:"organisation"`

	// ReportURL is the report of the investigation. Required with status A
	// and B.
	ReportURL string `yaml:"report_url"`

	// Email is where people report what is not accessible. Default: the
	// helpdesk, on the page /help.
	Email string `yaml:"email"`
}

// Links are the operator's own pages. Empty ones are left out of the footer.
type Links struct {
	// PrivacyURL is the privacy statement.
	PrivacyURL string `yaml:"privacy_url"`

	// AccessibilityURL is the accessibility statement, which Dutch public
	// authorities must have.
	AccessibilityURL string `yaml:"accessibility_url"`

	// TermsURL are the terms of use.
	TermsURL string `yaml:"terms_url"`
}
