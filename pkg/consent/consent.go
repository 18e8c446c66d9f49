// Package consent defines which claims an account holder allowed a third-party
// client to receive. First-party clients need no consent.
package consent

import (
	"context"
	"slices"
	"time"

	"omgevingsloket-id/pkg/effect"
)

// Consent is a holder's consent for one client.
type Consent struct {
	AccountID string
	ClientID  string
	Claims    []string // names of the allowed claims, sorted
	GivenAt   time.Time
}

// Covers reports whether all these claims are allowed.
func (c Consent) Covers(claims []string) bool {
	for _, name := range claims {
		if !slices.Contains(c.Claims, name) {
			return false
		}
	}
	return true
}

// With returns the claims of c and these, sorted, without duplicates.
func (c Consent) With(claims []string) []string {
	return slices.Compact(slices.Sorted(slices.Values(slices.Concat(c.Claims, claims))))
}

// Store stores consents. All methods return errs.ErrUnavailable when the
// database cannot be reached.
type Store interface {
	// Get returns errs.ErrNotFound when there is no consent.
	Get(ctx context.Context, accountID, clientID string) (Consent, error)
	// Give stores a consent in place of the previous one.
	Give(ctx context.Context, c Consent, rec effect.Effects) error
	// Of returns the consents of an account, in order of client.
	Of(ctx context.Context, accountID string) ([]Consent, error)
	// Withdraw removes a consent and revokes the grants of that client for the
	// account. A grant that a login under way issues afterwards is not redeemed
	// (grant.Redemption.Consent). The error is errs.ErrNotFound when there is no
	// consent; the grants are revoked then too.
	Withdraw(ctx context.Context, accountID, clientID string, now time.Time, rec effect.Effects) error
}
