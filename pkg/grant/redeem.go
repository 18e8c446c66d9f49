package grant

import (
	"time"

	"omgevingsloket-id/pkg/account"
)

// Wants returns the state and the epoch that an account must have to have this
// grant.
func (g Grant) Wants() (account.State, int64) { return account.Active, g.Epoch }

// ValidFor reports whether the account may have this grant.
func (g Grant) ValidFor(a account.Account) bool {
	state, epoch := g.Wants()
	return a.State == state && a.Epoch == epoch
}

// Pending reports whether the code of a grant can still be redeemed at now, as
// far as the grant itself says.
func (g Grant) Pending(now time.Time) bool {
	return g.RedeemedAt.IsZero() && g.RevokedAt.IsZero() && now.Before(g.CodeExpires)
}

// Alive reports whether the access token of a grant is valid at now: the grant
// is redeemed, neither revoked nor expired, and valid for its account.
func (g Grant) Alive(a account.Account, now time.Time) bool {
	return !g.RedeemedAt.IsZero() && g.RevokedAt.IsZero() && now.Before(g.Expires) && g.ValidFor(a)
}

// Redeem judges a redemption of g by its account a, with this try already
// counted in g.Tries, and returns the grant to store. ended is whether the
// session of the grant has ended, or a consent that r needs was withdrawn,
// which revokes it. refused is empty if the code is redeemed.
//
//   - A code that was redeemed before is revoked with its tokens (RFC 6749
//     §4.1.2), if the same client sends it.
//   - A wrong verifier uses up a try, and the last try revokes the code. Other
//     refusals take the count back, so that no other client uses up the tries.
func (g Grant) Redeem(a account.Account, ended bool, r Redemption) (next Grant, refused Refusal) {
	if ended && g.RevokedAt.IsZero() {
		g.RevokedAt = r.Now
	}
	switch refused = g.refuse(a, r); refused {
	case "":
		g.RedeemedAt, g.Expires, g.AccessHash = r.Now, r.Expires, r.AccessHash
		return g, ""
	case RefusedVerifier:
		if g.Tries >= WrongVerifiers {
			g.RevokedAt = r.Now
		}
		return g, refused
	case RefusedReplay:
		if g.RevokedAt.IsZero() {
			g.RevokedAt = r.Now
		}
	}
	g.Tries--
	return g, refused
}

func (g Grant) refuse(a account.Account, r Redemption) Refusal {
	switch {
	case g.ClientID != r.ClientID:
		return RefusedMismatch
	case !g.RedeemedAt.IsZero():
		return RefusedReplay
	case g.RedirectURI != r.RedirectURI:
		return RefusedMismatch
	case !g.RevokedAt.IsZero():
		return RefusedRevoked
	case !r.Now.Before(g.CodeExpires):
		return RefusedExpired
	case g.Challenge != r.Challenge:
		return RefusedVerifier
	case !g.ValidFor(a):
		return RefusedAccount
	}
	return ""
}
