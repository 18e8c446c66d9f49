// Package mail owns messages to people: what is sent, the outbox it waits in
// and the worker that empties it.
//
//	change + message ─ one transaction ─► outbox ─► worker ─► SMTP or a file
//	                                        ▲          │
//	                                        └─ later ──┘ on failure, with growing pauses
//
// A message is rendered when it is written, in the reader's language, and is
// kept sealed until it is sent, for it may hold a code.
package mail

import (
	"context"
	"errors"
	"strings"
	"time"

	"omgevingsloket-id/pkg/secret"
)

// Message is one mail, ready to go. The subject holds no secret.
type Message struct {
	ID      string      // random; also the left part of the Message-ID
	To      string      // one address
	Lang    string      // "nl" or "en"
	Kind    string      // "confirm-email", "receipt", …; for metrics and the log
	Subject string      //
	Text    secret.Text // plain text body; may hold a code
	At      time.Time   // when it was written
	Expires time.Time   // when sending it has no sense any more; zero = never
}

// Item is a message in the outbox that a worker has taken.
type Item struct {
	Message
	Attempts int
}

// Outbox is where messages wait. Putting happens with a change (package
// record). Methods answer errs.ErrUnavailable when the store does not.
type Outbox interface {
	// Take leases up to n messages that are due at now for the given time,
	// so that no two workers send the same one.
	Take(ctx context.Context, now time.Time, lease time.Duration, n int) ([]Item, error)
	// Sent removes a message.
	Sent(ctx context.Context, id string) error
	// Later puts a message back until the given time and counts the attempt.
	Later(ctx context.Context, id string, until time.Time, reason string) error
	// Drop gives up on a message; it stays as a row without its text.
	Drop(ctx context.Context, id string, now time.Time, reason string) error
	// Waiting counts what has not been sent.
	Waiting(ctx context.Context) (int, error)
}

// Sender delivers one message. A temporary failure satisfies
// errors.Is(err, ErrTemporary).
type Sender interface {
	Send(ctx context.Context, m Message) error
}

// ErrTemporary says that trying again later may help.
var ErrTemporary = errors.New("temporary failure")

// ErrAddress says that an address is not one we accept.
var ErrAddress = errors.New("mail: not an address")

// CanonicalAddress gives the one spelling under which an address is stored
// and compared: trimmed, lower case, without quoting tricks. It accepts what
// people really have (local@domain.tld, ASCII local part, IDN domains in
// punycode) and refuses the rest, control characters first of all.
func CanonicalAddress(s string) (string, error) {
	s = strings.ToLower(strings.TrimSpace(s))
	if len(s) > 254 {
		return "", ErrAddress
	}
	local, domain, ok := strings.Cut(s, "@")
	if !ok || local == "" || len(local) > 64 || strings.HasPrefix(local, ".") || strings.HasSuffix(local, ".") || strings.Contains(local, "..") {
		return "", ErrAddress
	}
	for _, r := range local {
		if !(r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || strings.ContainsRune("!#$%&'*+/=?^_`{|}~.-", r)) {
			return "", ErrAddress
		}
	}
	domain, err := canonicalDomain(domain)
	if err != nil {
		return "", ErrAddress
	}
	return local + "@" + domain, nil
}
