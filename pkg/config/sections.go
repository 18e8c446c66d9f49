package config

import (
	"time"

	"omgevingsloket-id/pkg/secret"
)

// TLS names a certificate. Both files or neither.
type TLS struct {
	// CertFile is the certificate chain in PEM, the server's own first. It
	// is read at the start.
	CertFile string `yaml:"cert_file"`

	// KeyFile is the private key in PEM. In production nobody but the
	// server's own user may read it.
	KeyFile string `yaml:"key_file"`
}

// Database names the SQL database.
type Database struct {
	// URL is sqlite:PATH for one server, or postgres://user:password@host/name
	// for any number. Required. Across a network give sslmode=verify-full.
	URL secret.Text `yaml:"url"`

	// URLFile is the path of a file that holds the address instead.
	URLFile string `yaml:"url_file"`

	// MaxConnections bounds the connections of one server. Default: 20.
	// Over all servers together keep below PostgreSQL's max_connections.
	MaxConnections int `yaml:"max_connections"`
}

// Redis names an optional Redis.
type Redis struct {
	// URL is redis://… or, across a network, rediss://user:password@host:6379/0.
	// Default: none; then the database keeps these things too. Losing Redis
	// logs people out and weakens nothing. It must run with noeviction.
	URL secret.Text `yaml:"url"`

	// URLFile is the path of a file that holds the address instead.
	URLFile string `yaml:"url_file"`

	// CAFile holds the certificates (PEM) that sign the server's, for
	// rediss://. Default: those of the system.
	CAFile string `yaml:"ca_file"`
}

// Mail is the sender's side of e-mail. Exactly one of SMTPURL and Dir.
type Mail struct {
	// From is the address messages come from. Required. Its domain needs SPF,
	// DKIM and DMARC records, or the codes end among the spam.
	From string `yaml:"from"`

	// FromName is the name beside that address. Default: Omgevingsloket-ID.
	FromName string `yaml:"from_name"`

	// SMTPURL is the relay: smtp://user:password@host:587 (TLS by STARTTLS,
	// never without), smtps://user:password@host:465 (TLS from the start) or,
	// in practice only, smtp+insecure://localhost:25 for a relay on the same
	// machine. Required in production.
	SMTPURL secret.Text `yaml:"smtp_url"`

	// SMTPURLFile is the path of a file that holds the address instead.
	SMTPURLFile string `yaml:"smtp_url_file"`

	// Dir is a folder where each message becomes an .eml file instead of
	// being sent. Practice only.
	Dir string `yaml:"dir"`

	// Helo is the name we greet the relay with. Default: the domain of From.
	Helo string `yaml:"helo"`
}

// Helpdesk is shown on every page where somebody is stuck. Production needs
// at least one of phone, e-mail and address.
type Helpdesk struct {
	// Name is what the helpdesk is called. Default: Informatiepunt
	// Leefomgeving.
	Name string `yaml:"name"`

	// Phone is the number as people dial it from abroad: +31 …
	Phone string `yaml:"phone"`

	// Email is the helpdesk's address.
	Email string `yaml:"email"`

	// URL is a page with the ways to reach the helpdesk.
	URL string `yaml:"url"`

	// HoursNL are the opening hours in Dutch, with the time zone.
	HoursNL string `yaml:"hours_nl"`

	// HoursEN are the opening hours in English, with the time zone.
	HoursEN string `yaml:"hours_en"`

	// AddressDelay is how long the holder of an account can still object, at
	// the old address, after two members agreed to another e-mail address.
	// Default: 0, none. At most 168h.
	AddressDelay time.Duration `yaml:"address_delay"`
}

// Session is how long a browser stays logged in. A shorter time takes effect
// at once, for existing sessions too.
type Session struct {
	// Idle ends a session that no portal asked about for this long.
	// Default: 30m.
	Idle time.Duration `yaml:"idle"`

	// Absolute ends every session this long after the login. Default: 12h.
	Absolute time.Duration `yaml:"absolute"`
}

// Login limits the second factor.
type Login struct {
	// EnrolmentCodes is the number of wrong codes that blocks an account
	// before its first right one. Default: 5.
	EnrolmentCodes int `yaml:"enrolment_codes"`

	// Codes is the number of wrong codes in a row that blocks an account in
	// use. Default: 10, at most 16: more gives a guesser who knows the
	// password too good a chance.
	Codes int `yaml:"codes"`

	// EnrolmentTime is how long after the QR code was shown its first right
	// code may come; later the account blocks. Default: 168h (seven days).
	EnrolmentTime time.Duration `yaml:"enrolment_time"`
}

// Password is argon2id's cost and the gate before it. A higher cost reaches
// an account at its next login.
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
	// Default: 0, one for each processor.
	Parallel int `yaml:"parallel"`

	// Wait is how long a login waits for its turn before it is told to try
	// later (503). Default: 2s.
	Wait time.Duration `yaml:"wait"`

	// Pepper is a key of at least 32 characters mixed into every hash, so
	// that a stolen database alone is not enough to guess. Default: none.
	// It can never change: without it no password is right any more.
	Pepper secret.Text `yaml:"pepper"`

	// PepperFile is the path of a file that holds the pepper instead.
	PepperFile string `yaml:"pepper_file"`
}

// Keys is the life of a signing key: published, signing, retired, known for
// hints, gone.
type Keys struct {
	// Publish is how long a key is published before it signs. Default: 192h
	// (8 days). Longer than clients keep our keys without asking again.
	Publish time.Duration `yaml:"publish"`

	// Sign is how long a key signs. Default: 2160h (90 days).
	Sign time.Duration `yaml:"sign"`

	// Retain is how long a key stays published after that. Default: 192h.
	// At least 10m: tokens live five.
	Retain time.Duration `yaml:"retain"`

	// Hint is how long its public half is kept after that, only to recognise
	// old ID tokens as hints. Default: 24h. At least session.absolute.
	Hint time.Duration `yaml:"hint"`
}

// Console is the place of the officials.
type Console struct {
	// Origin is the console's own address, such as https://beheer.example.nl:
	// https, another host than the issuer's, no path. Default: none; then
	// practice has the console below the issuer, at /console, and production
	// has none at all.
	Origin string `yaml:"origin"`

	// Listen is the host:port on which that origin is served. Required with
	// origin. Keep it out of reach of the internet if officials work from
	// inside.
	Listen string `yaml:"listen"`

	// ViewsPerHour is how many different files (accounts, applications) an
	// official may open within an hour. One more tells all administrators;
	// beyond three times as many nothing opens for an hour. Default: 100.
	ViewsPerHour int `yaml:"views_per_hour"`
}

// Review is how officials decide on applications.
type Review struct {
	// Always makes officials decide on practice too, with production's
	// rules for answers and documents: for those who learn the work.
	// Default: false. Production always has officials decide.
	Always bool `yaml:"always"`

	// SecondReviewer says whose applications two officials have to approve:
	// companies or everyone. Default: companies.
	SecondReviewer string `yaml:"second_reviewer"`

	// Reasons are the codes of rejections that reviewers can choose from:
	// identity, unreadable, mismatch, other_means, company, authority,
	// no_answer, else. Default: all of them.
	Reasons []string `yaml:"reasons"`

	// KeepDocuments is how long the documents of an application are kept
	// after it was decided on, withdrawn or expired; then their content is
	// destroyed, and the record proves it. Default: 720h, 30 days. It counts
	// on practice too.
	KeepDocuments time.Duration `yaml:"keep_documents"`
}

// Scanner is the malware scanner.
type Scanner struct {
	// Address is that of a clamd (ClamAV): unix:/run/clamav/clamd.ctl or
	// tcp:host:3310. Default: none; then no document is scanned, and one
	// that is not scanned can be opened by nobody. Its StreamMaxLength
	// must be at least 10M.
	Address string `yaml:"address"`
}

// Audit is the record of who did what.
type Audit struct {
	// Keep is how old events have to be before `audit prune` removes them;
	// nothing else ever does. Default: 61320h (seven years). Production
	// refuses less than 4380h (half a year).
	Keep time.Duration `yaml:"keep"`
}

// Branding is the operator's look.
type Branding struct {
	// Wordmark is the name at the top of each page. Default:
	// Omgevingsloket-ID.
	Wordmark string `yaml:"wordmark"`

	// ThemeDir is a folder with custom.css (design tokens) and wordmark.svg,
	// either or both, that replace our own. Default: none. It is read at the
	// start. The national government's logo and fonts may only be used by
	// those who are allowed to, and are not part of this software.
	ThemeDir string `yaml:"theme_dir"`
}

// Log is the form of the log.
type Log struct {
	// Level is debug, info, warn or error. Default: info.
	Level string `yaml:"level"`

	// Format is json, for machines, or text. Default: json.
	Format string `yaml:"format"`
}

// Limits are numbers of requests from one source. Beyond them the answer is
// 429 with Retry-After.
type Limits struct {
	// AuthorizePerMinute bounds the logins that portals begin. Default: 120.
	AuthorizePerMinute int `yaml:"authorize_per_minute"`

	// ApplyPerHour bounds the e-mail addresses to be confirmed for an
	// application, each of which sends a mail. Default: 30.
	ApplyPerHour int `yaml:"apply_per_hour"`

	// LoginPerMinute bounds the passwords and codes tried. Default: 60; a
	// whole office may share one source.
	LoginPerMinute int `yaml:"login_per_minute"`
}

// Links lead to the operator's own pages. Each is optional and left out of
// the foot when empty.
type Links struct {
	// PrivacyURL is the privacy statement.
	PrivacyURL string `yaml:"privacy_url"`

	// AccessibilityURL is the accessibility statement, which Dutch public
	// authorities must have.
	AccessibilityURL string `yaml:"accessibility_url"`

	// TermsURL are the terms of use.
	TermsURL string `yaml:"terms_url"`
}
