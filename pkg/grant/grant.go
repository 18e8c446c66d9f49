// Package grant owns what a client was given: an authorization code, once,
// and the tokens that came from it, until they are revoked.
//
//	Issue (account active? epoch?) ─► code, 60 s ─► Redeem, once ─► tokens
//	                                       │            │
//	                     too late: dead ◄──┘            └─ again ─► all revoked
//
// The row in SQL decides. An access token is a JWT (RFC 9068) whose jti is
// the grant's id; where it matters, the row and the account are read again.
package grant

import (
	"context"
	"encoding/json"
	"time"

	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/effect"
)

// CodeLifetime is how long a code may wait.
const CodeLifetime = 60 * time.Second

// WrongVerifiers is how many wrong proofs kill a code (TK-08).
const WrongVerifiers = 3

// Grant is one authorization.
type Grant struct {
	ID          string
	CodeHash    string // hash of the code handle, unique
	ClientID    string
	AccountID   string
	SID         string
	Epoch       int64
	RedirectURI string
	Scopes      []string
	Claims      json.RawMessage // the claims parameter, checked; may be empty
	Nonce       string
	Challenge   string // PKCE S256; empty only for clients that are exempt
	AuthTime    time.Time
	ACR         string
	IssuedAt    time.Time
	CodeExpires time.Time
	Expires     time.Time // of the access token; zero until redeemed
	RedeemedAt  time.Time
	RevokedAt   time.Time
	Tries       int // wrong verifiers so far
}

// Redemption is what a client brings to the token endpoint, after it has
// been authenticated.
type Redemption struct {
	CodeHash    string
	ClientID    string
	RedirectURI string
	Challenge   string    // computed from the verifier; "" when none was sent
	Now         time.Time //
	Expires     time.Time // of the access token that will be made
}

// Refusal says why a code was not redeemed; for the record, not for the
// client, who hears invalid_grant.
type Refusal string

// The refusals.
const (
	RefusedUnknown  Refusal = "unknown"  // no such code
	RefusedExpired  Refusal = "expired"  // later than CodeLifetime
	RefusedReplay   Refusal = "replay"   // redeemed before; everything is revoked
	RefusedMismatch Refusal = "mismatch" // another client or redirect URI
	RefusedVerifier Refusal = "verifier" // PKCE does not fit
	RefusedAccount  Refusal = "account"  // blocked, closed or of another epoch
	RefusedRevoked  Refusal = "revoked"
)

// Store is the grant contract. errs.ErrUnavailable when it does not answer.
type Store interface {
	// Issue keeps a grant if its account bears it (Grant.Borne) at that moment;
	// errs.ErrConflict otherwise.
	Issue(ctx context.Context, g Grant, rec effect.Effects) error

	// Redeem counts a try, and writes what Grant.Redeem says of it: of any
	// number of callers, one gets the grant and the account as read in the same
	// transaction. refused is empty on success. replay is written with the
	// revocation of a code that was spent before.
	Redeem(ctx context.Context, r Redemption, replay effect.Effects) (g Grant, a account.Account, refused Refusal, err error)

	// Live gives a grant that is alive (Grant.Alive) with its account;
	// errs.ErrNotFound for others.
	Live(ctx context.Context, id string, now time.Time) (Grant, account.Account, error)

	// Revoke ends a grant of this client; errs.ErrNotFound when it has none
	// such. Revoking twice is no error.
	Revoke(ctx context.Context, id, clientID string, now time.Time, rec effect.Effects) error

	// RevokeSession ends all grants of a session and tells which clients
	// had one.
	RevokeSession(ctx context.Context, sid string, now time.Time, rec effect.Effects) (clientIDs []string, err error)

	// UseOnce spends the jti of a client's assertion until it expires;
	// errs.ErrConflict the second time.
	UseOnce(ctx context.Context, clientID, jti string, expires time.Time) error
}
