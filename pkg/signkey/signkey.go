// Package signkey defines the keys that sign tokens and their rotation.
//
//	next (published) ──► active (signs) ──► retired (published) ──► hints only ──► gone
//
// There is one such sequence per algorithm. A key is published before it
// signs, so that clients that cache the keys know it by then, and stays
// published until the last token that it signed has expired. After that its
// public key is kept only to verify id_token_hint, for as long as the longest
// session.
package signkey

import (
	"context"
	"time"

	"omgevingsloket-id/pkg/effect"
)

// State is the state of a key.
type State string

// The states.
const (
	Next    State = "next"
	Active  State = "active"
	Retired State = "retired"
	Hints   State = "hints"
)

// Signs reports whether keys in this state sign or will sign, and so need
// their private key.
func (s State) Signs() bool { return s == Next || s == Active }

// Algorithms lists the algorithms, the one with the cheapest signatures first.
// EdDSA is with Ed25519 (RFC 8037).
var Algorithms = []string{"EdDSA", "ES256", "RS256", "PS256"}

// Key is a key pair; the private key is sealed.
type Key struct {
	ID        string // kid
	Alg       string
	State     State
	Public    []byte // JWK, JSON
	Sealed    []byte // PKCS #8, sealed with KeyAAD; nil unless State.Signs
	CreatedAt time.Time
	Since     time.Time // when State was reached
}

// KeyAAD returns the associated data that binds a sealed private key to its row.
func KeyAAD(kid, alg string) string { return "signing_keys|private|" + kid + "|" + alg }

// Schedule says how long a key stays in each state.
type Schedule struct {
	Publish time.Duration // in Next before it signs: at least the cache time of the JWKS
	Sign    time.Duration // in Active
	Retain  time.Duration // in Retired: longest token plus cache time
	Hint    time.Duration // in Hints: the longest session
}

// DefaultSchedule is for production: published for eight days, used for three
// months.
var DefaultSchedule = Schedule{
	Publish: 8 * 24 * time.Hour,
	Sign:    90 * 24 * time.Hour,
	Retain:  8 * 24 * time.Hour,
	Hint:    24 * time.Hour,
}

// Change is a change of the state of a key. From is "" for a new key, To is ""
// for a removal.
type Change struct {
	Key      Key
	From, To State
}

// Store stores keys. Both methods return errs.ErrUnavailable when the database
// cannot be reached.
type Store interface {
	// Keys returns all keys, oldest first.
	Keys(ctx context.Context) ([]Key, error)
	// Apply makes the changes of a rotation in one transaction, provided that
	// each key is in the state that it leaves. One of several concurrent calls
	// succeeds; the others return errs.ErrConflict.
	Apply(ctx context.Context, changes []Change, now time.Time, rec effect.Effects) error
}
