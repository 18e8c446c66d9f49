// Package config defines the settings of a server, reads them and checks them.
// The comments of the struct Config are their documentation.
//
//	defaults < YAML file < environment (OLID_…)
//
// A setting has one name: session.idle in the file is OLID_SESSION_IDLE in the
// environment. A secret is given either as a value or as the path of a file
// that holds it (database.url_file, OLID_DATABASE_URL_FILE). An empty variable
// counts as not set. In the environment, lists of words are separated by
// commas; clients are written in YAML or JSON.
//
// An unknown key, a value of the wrong type and a setting that is unsafe in
// production stop the start. All faults are reported at once.
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

// Environment is the environment that a server runs in.
type Environment string

// The environments. Anything but practice is treated as production.
const (
	Production Environment = "production"
	Practice   Environment = "practice"
)

// Config is every setting of one server. The zero value is refused by
// Validate; start from Default or Load.
type Config struct {
	// Environment is production or practice. Required, without a default.
	// Practice approves every application at once (unless review.always),
	// shows a ribbon on each page and may use http on localhost; production
	// refuses all of that.
	Environment Environment `yaml:"environment"`

	// Issuer is the URL of this provider: https, without a slash at the end,
	// preferably without a path. Required. Every link, token and cookie is
	// made from it, never from a request. Changing it invalidates all earlier
	// tokens.
	Issuer string `yaml:"issuer"`

	// Policy is the set of rules for all clients: nlgov (the Dutch
	// government's profile of OpenID Connect: no client secrets, pairwise
	// subjects) or general. Default: nlgov in production, general in practice.
	// A client can have the stricter policy, not the looser one.
	Policy client.Policy `yaml:"policy"`

	// NativeClients allows clients with application_type native, which run on
	// the person's own device, in production. Any program there can pretend to
	// be such a client; people are asked for consent at each login. Practice
	// allows them always.
	NativeClients bool `yaml:"native_clients"`

	// ACR is the level of assurance in tokens. Default:
	// http://eidas.europa.eu/NotNotified/LoA/low in production and
	// urn:omgevingsloket-id:practice in practice. Practice may not use a value
	// of eidas.europa.eu, so that its tokens are not mistaken for
	// production's.
	ACR string `yaml:"acr"`

	// Listen is the host:port on which people and clients are served. Default:
	// ":8080", on all interfaces.
	Listen string `yaml:"listen"`

	// AdminListen is the host:port of /healthz, /readyz and /metrics. Default:
	// "127.0.0.1:9090". These pages need no login: keep them unreachable from
	// the internet.
	AdminListen string `yaml:"admin_listen"`

	// TrustedProxies lists the networks (CIDR) or addresses of the reverse
	// proxies in front. Only their X-Forwarded-For is used, and only for
	// limits per source and the audit log. Default: none; then all people
	// behind a proxy share one source and its limits.
	TrustedProxies []string `yaml:"trusted_proxies"`

	// TLS makes the server serve https itself. Leave it out behind a proxy
	// that terminates TLS.
	TLS TLS `yaml:"tls"`

	// ShutdownDelay is how long the server goes on serving after a stop signal,
	// while /readyz already answers 503, so that proxies and load balancers send
	// new requests elsewhere before it closes its addresses. Default: 5s; 0s
	// without a proxy that asks /readyz.
	ShutdownDelay time.Duration `yaml:"shutdown_delay"`

	// ShutdownGrace is how long running requests and jobs may take to finish
	// after that. Default: 20s. The supervisor has to wait for longer than both
	// together.
	ShutdownGrace time.Duration `yaml:"shutdown_grace"`

	// MasterKeyFile is the path of the key ring that seals documents, secrets
	// of authenticator apps, signing keys and mail at rest. Each line is
	// `id base64(32 bytes)`, the newest key first. Required. Only the server's
	// own user may have read permission. If it is lost, all holders have to
	// enrol again and all documents are lost: keep a copy apart from the
	// backups of the database.
	MasterKeyFile string `yaml:"master_key_file"`

	// Database stores everything that must not be lost.
	Database Database `yaml:"database"`

	// Redis stores what may be lost: browser sessions, logins in progress,
	// counters per source.
	Redis Redis `yaml:"redis"`

	// HomeClient is the client_id of the client whose initiate_login_uri the
	// button 'Ga naar inloggen met Omgevingsloket-ID' opens. Default: none;
	// then the button leads to the list of portals.
	HomeClient string `yaml:"home_client"`

	// Clients are the relying parties of this file. Others can be added to the
	// database with `omgevingsloket-id client add`. The same id in both is an
	// error at the start.
	Clients Clients `yaml:"clients"`

	// Mail is how messages are sent.
	Mail Mail `yaml:"mail"`

	// Helpdesk is how people reach the helpdesk.
	Helpdesk Helpdesk `yaml:"helpdesk"`

	// Session is how long single sign-on lasts.
	Session Session `yaml:"session"`

	// Terms is how long links and proofs are valid.
	Terms Terms `yaml:"terms"`

	// Login limits wrong verification codes and the first scan.
	Login Login `yaml:"login"`

	// Password is the cost of hashing passwords.
	Password Password `yaml:"password"`

	// Keys is the schedule of the keys that sign tokens.
	Keys Keys `yaml:"keys"`

	// Console is the address and the limits of the officials' console.
	Console Console `yaml:"console"`

	// Review is how officials decide on applications.
	Review Review `yaml:"review"`

	// Scanner looks for malware in documents.
	Scanner Scanner `yaml:"scanner"`

	// Audit is how long the audit log is kept.
	Audit Audit `yaml:"audit"`

	// Branding is what the pages look like.
	Branding Branding `yaml:"branding"`

	// Log is the server's own log, on standard error. It never holds
	// addresses, codes or tokens, at any level.
	Log Log `yaml:"log"`

	// Limits are counted per source (IPv4 address, IPv6 /64). They are against
	// floods; guessing is limited per account.
	Limits Limits `yaml:"limits"`

	// Links are in the footer of every page.
	Links Links `yaml:"links"`

	// Accessibility is what the page /accessibility states of this
	// installation, in the Dutch model of an accessibility statement.
	Accessibility Accessibility `yaml:"accessibility"`

	// SecurityContact is where people report weaknesses, in
	// /.well-known/security.txt: an e-mail address or an https address.
	// Default: the helpdesk's page, e-mail address or telephone number, or else /help.
	SecurityContact string `yaml:"security_contact"`

	source string   // path of the file read; "" for none
	inline []string // names of secrets whose value is in that file
}

// Production reports whether the strict rules apply: in every environment but
// Practice.
func (c Config) Production() bool { return c.Environment != Practice }

// Reviewed reports whether officials decide on applications. Otherwise each is
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

// Proxies returns TrustedProxies as networks; an address is a network of one.
// Entries that Validate refuses are left out.
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

// SessionLimits returns Session as package session uses it.
func (c Config) SessionLimits() session.Limits {
	return session.Limits{Idle: c.Session.Idle, Absolute: c.Session.Absolute}
}

// AccountLimits returns Login as package account uses it.
func (c Config) AccountLimits() account.Limits {
	return account.Limits{EnrolmentCodes: c.Login.EnrolmentCodes, Codes: c.Login.Codes, EnrolmentTime: c.Login.EnrolmentTime, RecoveryDelay: c.Login.RecoveryDelay, ResetTime: c.Terms.PasswordLink,
		NewAppTime: c.Terms.NewApp, UndoTime: c.Terms.AddressUndo}
}

// KeySchedule returns Keys as package signkey uses it.
func (c Config) KeySchedule() signkey.Schedule {
	return signkey.Schedule{Publish: c.Keys.Publish, Sign: c.Keys.Sign, Retain: c.Keys.Retain, Hint: c.Keys.Hint}
}
