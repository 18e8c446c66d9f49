package mail

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Refusal is a permanent refusal of a mail. It is an error of a Sender.
type Refusal struct {
	Code   int    // reply code of SMTP; 0 if a report has none
	Status string // enhanced status code (RFC 3463), such as "5.1.1"; may be ""
}

// Codes returns both codes, as "550 5.1.1".
func (r Refusal) Codes() string {
	if r.Code == 0 {
		return r.Status
	}
	return strings.TrimSpace(fmt.Sprint(r.Code, " ", r.Status))
}

// Error returns what happened, with the codes.
func (r Refusal) Error() string { return "refused with " + r.Codes() }

// OfAddress reports whether a refusal says that the address or its mailbox cannot be
// reached, and not that the mail, its sender or the relay was not accepted
// (RFC 3463 §3). Without an enhanced status code it is taken for one of the address.
func (r Refusal) OfAddress() bool {
	return r.Status == "" || strings.HasPrefix(r.Status, "5.1.") || strings.HasPrefix(r.Status, "5.2.")
}

// Source is who reported a refusal.
type Source string

// The sources.
const (
	FromRelay  Source = "relay"  // the reply to the mail itself
	FromReport Source = "report" // a delivery report (RFC 3464), after the relay accepted the mail
)

const (
	// ReportTime is how long after a mail a report about it is accepted; mail servers
	// give up after some days. A refusal from a report ends when this time has passed
	// since the relay accepted a later mail, because a relay accepts what it has to
	// report on later.
	ReportTime = 10 * 24 * time.Hour
	// BounceTime is how long a refusal is kept when no other mail is sent.
	BounceTime = 400 * 24 * time.Hour
)

// Bounce is the last refusal of a kind of mail to an address.
type Bounce struct {
	Refusal
	Kind   string
	At     time.Time
	Source Source
}

// Bounces stores which addresses refused mail. The outbox adds what the relay refuses,
// and ends refusals when the relay accepts a later mail; a change of an account's
// address ends those of the previous one. All methods return errs.ErrUnavailable when
// the database cannot be reached.
type Bounces interface {
	// ByAddress returns the refusals of a canonical address, the newest first.
	ByAddress(ctx context.Context, address string) ([]Bounce, error)

	// Mark adds what a report says of the message with the id, and its event. It returns
	// the kind of the message. It returns errs.ErrNotFound unless that message was sent to
	// this address within ReportTime, and no report about it was added before.
	Mark(ctx context.Context, id, address string, r Refusal, now time.Time) (kind string, err error)
}

// Unreachable returns the newest refusal that says that an address cannot be reached,
// and whether there is one. Its holder should be told at the next login.
func Unreachable(ctx context.Context, b Bounces, address string) (Bounce, bool, error) {
	all, err := b.ByAddress(ctx, address)
	if err != nil {
		return Bounce{}, false, err
	}
	i := slices.IndexFunc(all, func(b Bounce) bool { return b.OfAddress() })
	if i < 0 {
		return Bounce{}, false, nil
	}
	return all[i], true, nil
}
