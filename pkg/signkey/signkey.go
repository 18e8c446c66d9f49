// Package signkey owns the keys that sign tokens and the order in which they
// follow each other.
//
//	next (published) ──► active (signs) ──► retired (published) ──► hints only ──► gone
//
// There is one chain for each algorithm. A key is published before it signs,
// so that clients that keep our keys for a while know it by then, and stays
// until the last token it signed is over. After that its public half is kept
// for id_token_hint alone, as long as the longest session.
package signkey

import (
	"context"
	"time"

	"omgevingsloket-id/pkg/effect"
)

// State of a key.
type State string

// The states.
const (
	Next    State = "next"
	Active  State = "active"
	Retired State = "retired"
	Hints   State = "hints"
)

// Signs reports whether keys in this state sign, or will: the others need no
// private half.
func (s State) Signs() bool { return s == Next || s == Active }

// Algorithms that exist, the cheapest to sign with first.
var Algorithms = []string{"ES256", "RS256", "PS256"}

// Key is one key pair; the private half is sealed.
type Key struct {
	ID        string // kid
	Alg       string
	State     State
	Public    []byte // JWK, JSON
	Sealed    []byte // PKCS #8 under the key ring, KeyAAD; nil once it cannot sign any more
	CreatedAt time.Time
	Since     time.Time // when it got its state
}

// KeyAAD binds a sealed private key to its row.
func KeyAAD(kid, alg string) string { return "signing_keys|private|" + kid + "|" + alg }

// Schedule says how long a key stays in each state.
type Schedule struct {
	Publish time.Duration // in Next before it signs: at least the cache time of the JWKS
	Sign    time.Duration // in Active
	Retain  time.Duration // in Retired: longest token plus cache time
	Hint    time.Duration // in Hints: the longest session
}

// DefaultSchedule suits production: a week of notice, three months of use.
var DefaultSchedule = Schedule{
	Publish: 8 * 24 * time.Hour,
	Sign:    90 * 24 * time.Hour,
	Retain:  8 * 24 * time.Hour,
	Hint:    24 * time.Hour,
}

// Change is one move of one key; From is "" for a new key and To is "" for
// the end.
type Change struct {
	Key      Key
	From, To State
}

// Store is the key contract.
type Store interface {
	// Keys lists all keys, oldest first.
	Keys(ctx context.Context) ([]Key, error)
	// Apply makes the changes of one rotation in one transaction, each
	// guarded by the state it leaves. Of several servers that rotate at
	// once, one succeeds; errs.ErrConflict for the rest.
	Apply(ctx context.Context, changes []Change, now time.Time, rec effect.Effects) error
}
