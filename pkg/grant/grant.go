// Package grant defines what a client was given: an authorization code, which
// works once, and the tokens for it, until they are revoked.
//
//	Issue (account active? epoch? session?) ─► code, 60 s ─► Redeem, once ─► tokens
//	                                                │            │
//	                             expired: void ◄────┘            └─ again ─► all revoked
//
// The row in the database decides. The same database stores that a session has
// ended; Issue, Redeem and Live read it, so that no grant that was under way at a
// logout outlives it. An access token names the grant: a handle, or a JWT (RFC
// 9068) whose jti is the id of the grant. Where it matters, the row and the account
// are read again.
package grant

import (
	"context"
	"encoding/json"
	"time"

	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/effect"
)

// CodeLifetime is how long a code is valid.
const CodeLifetime = 60 * time.Second

// WrongVerifiers is the number of wrong PKCE verifiers that revokes a code
// (TK-08).
const WrongVerifiers = 3

// Grant is what a client was given for one authorization request.
type Grant struct {
	ID          string
	CodeHash    string // hash of the code handle, unique
	ClientID    string
	AccountID   string
	SID         string
	Epoch       int64
	RedirectURI string
	Scopes      []string
	Claims      json.RawMessage // the validated claims parameter; may be empty
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

	// AccessHash is the hash of the handle in the access token; "" if the token
	// is a JWT.
	AccessHash string
}

// Redemption is a token request of an authenticated client.
type Redemption struct {
	CodeHash    string
	ClientID    string
	RedirectURI string
	Challenge   string    // computed from the verifier; "" when none was sent
	Now         time.Time //
	Expires     time.Time // of the new access token
	AccessHash  string    // of the new access token; "" for a JWT
	Consent     bool      // the client gets nothing without a stored consent of the holder
}

// Refusal says why a code was not redeemed, for the audit log. The client only
// gets invalid_grant.
type Refusal string

// The refusals.
const (
	RefusedUnknown  Refusal = "unknown"  // no such code
	RefusedExpired  Refusal = "expired"  // after CodeLifetime
	RefusedReplay   Refusal = "replay"   // redeemed before; the grant is revoked
	RefusedMismatch Refusal = "mismatch" // another client or redirect URI
	RefusedVerifier Refusal = "verifier" // the PKCE verifier does not match
	RefusedAccount  Refusal = "account"  // blocked, closed or of another epoch
	RefusedRevoked  Refusal = "revoked"
)

// Store stores grants. All methods return errs.ErrUnavailable when the database
// cannot be reached.
type Store interface {
	// Issue stores a grant if its account may have it (Grant.ValidFor) and its
	// session has not ended, at that moment. Otherwise, and if a grant has
	// this CodeHash, it returns errs.ErrConflict.
	Issue(ctx context.Context, g Grant, rec effect.Effects) error

	// Issued returns the grant of a code, in any state, or errs.ErrNotFound.
	Issued(ctx context.Context, codeHash string) (Grant, error)

	// ByID returns a grant in any state, or errs.ErrNotFound.
	ByID(ctx context.Context, id string) (Grant, error)

	// Redeem counts a try and writes the result of Grant.Redeem, in one
	// transaction. One of several concurrent calls gets the grant and the
	// account; refused is then empty. replay is written when a code that was
	// redeemed before is revoked. A code whose consent was withdrawn is revoked
	// like one whose session has ended.
	Redeem(ctx context.Context, r Redemption, replay effect.Effects) (g Grant, a account.Account, refused Refusal, err error)

	// Live returns a grant with its account if it is alive (Grant.Alive) and
	// its session has not ended. Otherwise it returns errs.ErrNotFound.
	Live(ctx context.Context, id string, now time.Time) (Grant, account.Account, error)

	// Revoke revokes a grant of this client. It returns errs.ErrNotFound if
	// the client has no such grant. Revoking twice is no error.
	Revoke(ctx context.Context, id, clientID string, now time.Time, rec effect.Effects) error

	// EndSession ends a session: its grants are revoked, and none is issued
	// or redeemed any more. It returns the ids of their clients. until is when
	// nothing can refer to the session any more. Ending it twice is no error.
	EndSession(ctx context.Context, sid string, now, until time.Time, rec effect.Effects) (clientIDs []string, err error)

	// Ended reports whether a session has ended.
	Ended(ctx context.Context, sid string) (bool, error)

	// UseOnce stores the jti of a client's assertion until expires. It returns
	// errs.ErrConflict if it is stored already.
	UseOnce(ctx context.Context, clientID, jti string, expires time.Time) error
}
