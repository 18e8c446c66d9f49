package mail

import (
	"errors"
	"net/url"
	"strconv"
	"strings"

	"omgevingsloket-id/pkg/secret"
)

// Security is how a connection to the relay is protected.
type Security string

// The kinds of security. There is no opportunistic TLS.
const (
	StartTLS    Security = "starttls" // STARTTLS, required
	ImplicitTLS Security = "tls"      // TLS from the first byte (RFC 8314 §3.3)
	Plain       Security = "plain"    // no TLS and no password; never in production
)

// Relay is the mail server that accepts our messages.
type Relay struct {
	Host     string
	Port     int
	User     string // "" = no authentication
	Password secret.Text
	Security Security
}

// ParseSMTPURL parses smtp://user:password@host:587, smtps://…:465 or
// smtp+insecure://host:25; ports are optional. Its errors never hold the URL,
// which has a password.
func ParseSMTPURL(raw secret.Text) (Relay, error) {
	u, err := url.Parse(raw.Reveal())
	if err != nil {
		return Relay{}, errors.New("is not an address; escape special characters in the password (%40 for @)")
	}
	relay := Relay{Host: u.Hostname(), User: u.User.Username()}
	switch u.Scheme {
	case "smtp":
		relay.Security, relay.Port = StartTLS, 587
	case "smtps":
		relay.Security, relay.Port = ImplicitTLS, 465
	case "smtp+insecure":
		relay.Security, relay.Port = Plain, 25
	default:
		return Relay{}, errors.New("does not start with smtp://, smtps:// or smtp+insecure://")
	}
	if u.Port() != "" {
		port, err := strconv.ParseUint(u.Port(), 10, 16)
		if err != nil || port == 0 {
			return Relay{}, errors.New("has a port that is none")
		}
		relay.Port = int(port)
	}
	password, hasPassword := u.User.Password()
	relay.Password = secret.Text(password)
	switch {
	case relay.Host == "" || u.Opaque != "":
		return Relay{}, errors.New("has no host")
	case strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.Fragment != "":
		return Relay{}, errors.New("has something after the host and port")
	case (relay.User == "") != (!hasPassword || password == ""):
		return Relay{}, errors.New("has a user without a password, or the reverse")
	case relay.Security == Plain && relay.User != "":
		return Relay{}, errors.New("would send its password without TLS")
	}
	return relay, nil
}
