// Package mail defines messages to people, the outbox in which they wait, and
// the worker that sends them.
//
//	change + message ─ one transaction ─► outbox ─► worker ─► SMTP or a file
//	                                        ▲          │
//	                                        └─ later ──┘ on failure, after growing pauses
//
// A message is rendered in the reader's language when it is written, and is
// stored sealed until it is sent, because it may hold a code.
package mail

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"omgevingsloket-id/pkg/secret"
	"omgevingsloket-id/pkg/typed"
)

// Message is a mail that is ready to send. The subject holds no secret.
type Message struct {
	ID      string      // random; also the left part of the Message-ID
	To      string      // one address
	Also    []string    // other addresses, which get the same message apart; none in an Outbox
	Lang    string      // "nl" or "en"
	Kind    string      // "confirm-email", "receipt", …; for metrics and the log
	Subject string      //
	Text    secret.Text // plain text body; may hold a code
	At      time.Time   // when it was written
	Expires time.Time   // not sent from then on; zero = never
	Asked   *Asked      // a stranger may have asked for it; nil = no stranger can
}

// Asked describes a mail that strangers can have sent to any address, and that is
// spaced (limit.Space).
type Asked struct {
	Known bool   // an account or application has the address
	Code  string // the hash of the code in the mail, bound to the mailbox; may be ""
}

// Each returns the message for each of its addresses, the copies with ids of
// their own.
func (m Message) Each() []Message {
	out := []Message{m}
	for i, to := range m.Also {
		c := m
		c.ID, c.To, c.Also = fmt.Sprintf("%s-%d", m.ID, i+2), to, nil
		out = append(out, c)
	}
	out[0].Also = nil
	return out
}

// Item is a message in the outbox that a worker has taken.
type Item struct {
	Message
	Attempts int
}

// Outbox stores messages that wait. They are added with a change (package
// effect). All methods return errs.ErrUnavailable when the database cannot be
// reached.
type Outbox interface {
	// Take returns at most n messages that are due at now, and leases them for
	// the given time, so that no two workers send the same one. Those that
	// expire come first, the soonest first.
	Take(ctx context.Context, now time.Time, lease time.Duration, n int) ([]Item, error)
	// TakeExpiring is Take for messages that expire.
	TakeExpiring(ctx context.Context, now time.Time, lease time.Duration, n int) ([]Item, error)
	// Sent removes a message that the relay accepted, keeps its id for reports about it
	// (Bounces), and ends refusals of its address.
	Sent(ctx context.Context, m Message, now time.Time) error
	// Later puts a message back until the given time and counts the attempt.
	Later(ctx context.Context, id string, until time.Time, reason string) error
	// Drop gives up on a message. Its row is kept without the text.
	Drop(ctx context.Context, id string, now time.Time, reason string) error
	// Refused is Drop for a message that the relay refused for good. It marks the address
	// (Bounces), with an event about the account that has it.
	Refused(ctx context.Context, m Message, now time.Time, r Refusal) error
	// Waiting returns the number of messages that wait.
	Waiting(ctx context.Context) (int, error)
}

// Sender sends a message. If a later attempt may succeed, the error wraps
// ErrTemporary.
type Sender interface {
	Send(ctx context.Context, m Message) error
}

// ErrTemporary is wrapped by errors of which a later attempt may succeed.
var ErrTemporary = errors.New("temporary failure")

// lookAlikes are the apostrophes and full stops that keyboards type for ' and .
var lookAlikes = strings.NewReplacer("’", "'", "‘", "'", "ʼ", "'", "´", "'", "。", ".")

// ErrAddress is returned for an address that is not accepted.
var ErrAddress = errors.New("mail: not an address")

// CanonicalAddress returns the form in which an address is stored and
// compared: folded (package typed) and in lower case, an IDN domain in punycode.
// It accepts local@domain.tld with an ASCII local part without quotes, and returns
// ErrAddress for anything else.
func CanonicalAddress(s string) (string, error) {
	s = strings.ToLower(lookAlikes.Replace(typed.Line(s)))
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
