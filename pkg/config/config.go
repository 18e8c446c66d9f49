// Package config owns the settings: one struct whose comments are the
// documentation, where values come from, and what is refused.
//
//	defaults < YAML file < environment (OLID_…)
//
// A setting's path in the file is its name everywhere: session.idle is
// OLID_SESSION_IDLE in the environment. Whatever holds a secret can be given
// as a value or as the path of a file that holds it (database.url_file,
// OLID_DATABASE_URL_FILE), never both. A variable that is empty counts as not
// set. Lists of words are separated by commas in the environment; clients are
// written there as in the file, in YAML or JSON.
//
// Nothing is guessed: an unknown key, a value of the wrong shape and a
// setting that would weaken production stop the start, and all faults are
// told at once.
package config

import (
	"io"
	"net/netip"
	"os"
	"time"

	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/client"
	"omgevingsloket-id/pkg/secret"
	"omgevingsloket-id/pkg/session"
	"omgevingsloket-id/pkg/signkey"
)

// Environment says whom an account is worth something to.
type Environment string

// The environments. Anything but practice is treated as production.
const (
	Production Environment = "production"
	Practice   Environment = "practice"
)

// Config is every setting of one server. The zero value is refused by
// Validate; start from Default or Load.
type Config struct {
	// Environment is production or practice. Required, without a default,
	// for it decides what is checked: practice approves every application at
	// once (unless review.always), shows a ribbon on each page and may use
	// http on localhost; production refuses all of that.
	Environment Environment `yaml:"environment"`

	// Issuer is the address of this provider as browsers and clients know
	// it: https, without a slash at the end, preferably without a path.
	// Required. Every link, token and cookie is made from it, never from
	// what a request says; changing it makes all earlier tokens worthless.
	Issuer string `yaml:"issuer"`

	// Policy is the rule set all clients are held to: nlgov (the Dutch
	// government's profile of OpenID Connect: no client secrets, pairwise
	// subjects) or general. Default: nlgov in production, general in
	// practice. A client can be held to more, never to less.
	Policy client.Policy `yaml:"policy"`

	// ACR is the level of assurance that tokens state. Default:
	// http://eidas.europa.eu/NotNotified/LoA/low in production and
	// urn:omgevingsloket-id:practice in practice. Practice may not use a
	// value of eidas.europa.eu, so that it can never pass for the real thing.
	ACR string `yaml:"acr"`

	// Listen is the host:port on which people and clients are served.
	// Default: ":8080", all addresses.
	Listen string `yaml:"listen"`

	// AdminListen is the host:port of /healthz, /readyz and /metrics.
	// Default: "127.0.0.1:9090". These pages ask for no login: keep the
	// address out of reach of the internet.
	AdminListen string `yaml:"admin_listen"`

	// TrustedProxies lists the networks (CIDR) or addresses of the reverse
	// proxies in front. Only what they write in X-Forwarded-For is believed,
	// and only for limits per source and the audit log. Default: none; then
	// all people behind a proxy share one source and its limits.
	TrustedProxies []string `yaml:"trusted_proxies"`

	// TLS makes the server speak https itself. Leave it out behind a proxy
	// that ends TLS.
	TLS TLS `yaml:"tls"`

	// ShutdownGrace is how long running requests may finish after a stop
	// signal. Default: 20s. Make it shorter than what the supervisor waits
	// before it kills.
	ShutdownGrace time.Duration `yaml:"shutdown_grace"`

	// MasterKeyFile is the path of the key ring that seals documents, secrets
	// of authenticator apps, signing keys and mail at rest: lines of
	// `id base64(32 bytes)`, the newest first. Required. Nobody but the
	// server's own user may read it. Lost, everybody has to enrol again and
	// all documents are gone: keep a copy apart from the database's backups.
	MasterKeyFile string `yaml:"master_key_file"`

	// Database is where everything is kept that decides something once.
	Database Database `yaml:"database"`

	// Redis keeps what may be forgotten: browser sessions, logins in
	// progress, counters per source.
	Redis Redis `yaml:"redis"`

	// HomeClient is the client_id whose initiate_login_uri the button
	// 'Ga naar inloggen met Omgevingsloket-ID' opens. Default: none; then
	// that button leads to our own list of portals.
	HomeClient string `yaml:"home_client"`

	// Clients are the relying parties known from this file. Others can be
	// added while running (`omgevingsloket-id client add`); those are kept in
	// the database. The same id in both is an error at the start.
	Clients Clients `yaml:"clients"`

	// Mail is how messages to people leave.
	Mail Mail `yaml:"mail"`

	// Helpdesk is whom blocked people are told to turn to.
	Helpdesk Helpdesk `yaml:"helpdesk"`

	// Session is how long single sign-on lasts.
	Session Session `yaml:"session"`

	// Login limits wrong verification codes and the first scan.
	Login Login `yaml:"login"`

	// Password is what hashing passwords costs, us and a thief.
	Password Password `yaml:"password"`

	// Keys is the rhythm in which the keys that sign tokens follow each other.
	Keys Keys `yaml:"keys"`

	// Console is where officials work.
	Console Console `yaml:"console"`

	// Review is how officials decide on applications.
	Review Review `yaml:"review"`

	// Scanner looks for malware in documents.
	Scanner Scanner `yaml:"scanner"`

	// Audit is how long the record is kept.
	Audit Audit `yaml:"audit"`

	// Branding is what the pages look like.
	Branding Branding `yaml:"branding"`

	// Log is what the server says about itself, on standard error. It never
	// holds addresses, codes or tokens, at no level.
	Log Log `yaml:"log"`

	// Limits are counted for each source (IPv4 address, IPv6 /64). They
	// stop floods, not guessing: guessing is limited per account.
	Limits Limits `yaml:"limits"`

	// Links are addresses in the foot of every page.
	Links Links `yaml:"links"`

	source string   // path of the file read; "" for none
	inline []string // paths of secrets that stand in that file itself
}

// Production tells whether the strict rules hold. Only the word practice
// turns them off.
func (c Config) Production() bool { return c.Environment != Practice }

// Reviewed tells whether officials decide on applications; otherwise each is
// approved at once.
func (c Config) Reviewed() bool { return c.Production() || c.Review.Always }

// KeyRing reads the key ring from MasterKeyFile.
func (c Config) KeyRing(rand io.Reader) (*secret.KeyRing, error) {
	text, err := os.ReadFile(c.MasterKeyFile)
	if err != nil {
		return nil, err
	}
	return secret.ParseKeyRing(text, rand)
}

// Proxies gives TrustedProxies as networks; a bare address is a network of
// one. Entries that Validate refuses are left out, so that nothing is
// trusted by mistake.
func (c Config) Proxies() []netip.Prefix {
	var nets []netip.Prefix
	for _, s := range c.TrustedProxies {
		if p, err := parseNet(s); err == nil {
			nets = append(nets, p)
		}
	}
	return nets
}

func parseNet(s string) (netip.Prefix, error) {
	if a, err := netip.ParseAddr(s); err == nil {
		return netip.PrefixFrom(a, a.BitLen()), nil
	}
	return netip.ParsePrefix(s)
}

// SessionLimits gives Session in the form of its noun.
func (c Config) SessionLimits() session.Limits {
	return session.Limits{Idle: c.Session.Idle, Absolute: c.Session.Absolute}
}

// AccountLimits gives Login in the form of its noun.
func (c Config) AccountLimits() account.Limits {
	return account.Limits{EnrolmentCodes: c.Login.EnrolmentCodes, Codes: c.Login.Codes, EnrolmentTime: c.Login.EnrolmentTime}
}

// KeySchedule gives Keys in the form of its noun.
func (c Config) KeySchedule() signkey.Schedule {
	return signkey.Schedule{Publish: c.Keys.Publish, Sign: c.Keys.Sign, Retain: c.Keys.Retain, Hint: c.Keys.Hint}
}
