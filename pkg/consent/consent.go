// Package consent owns what an account holder allowed a third-party client
// to see. First-party clients need none.
package consent

import (
	"context"
	"slices"
	"time"

	"omgevingsloket-id/pkg/effect"
)

// Consent is one remembered yes.
type Consent struct {
	AccountID string
	ClientID  string
	Claims    []string // names of the claims that were shown and allowed, sorted
	GivenAt   time.Time
}

// Covers tells whether every claim asked for was allowed before.
func (c Consent) Covers(claims []string) bool {
	for _, name := range claims {
		if !slices.Contains(c.Claims, name) {
			return false
		}
	}
	return true
}

// With lists the claims of c and these together, sorted, each once.
func (c Consent) With(claims []string) []string {
	return slices.Compact(slices.Sorted(slices.Values(slices.Concat(c.Claims, claims))))
}

// Store is the consent contract.
type Store interface {
	// Get answers errs.ErrNotFound when nothing was allowed yet.
	Get(ctx context.Context, accountID, clientID string) (Consent, error)
	// Give remembers a yes; it replaces an earlier one.
	Give(ctx context.Context, c Consent, rec effect.Effects) error
}
