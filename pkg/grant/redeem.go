package grant

import (
	"time"

	"omgevingsloket-id/pkg/account"
)

// Borne reports whether the account may have this grant: while it is active
// and of the epoch that the grant was made under.
func (g Grant) Borne(a account.Account) bool {
	return a.State == account.Active && a.Epoch == g.Epoch
}

// Alive reports whether a grant gives anything at now: redeemed, neither
// revoked nor expired, and borne by its account.
func (g Grant) Alive(a account.Account, now time.Time) bool {
	return !g.RedeemedAt.IsZero() && g.RevokedAt.IsZero() && now.Before(g.Expires) && g.Borne(a)
}

// Redeem judges a redemption of g by its account a, with this try already
// counted in g.Tries, and returns the grant to keep. refused is empty when the
// code is redeemed by it.
//
//   - A code that was spent before revokes what it gave (RFC 6749 §4.1.2), if
//     the same client brings it.
//   - A wrong proof uses up a try, and the last one kills the code. What is no
//     try at the proof takes its count back: another client must not use up
//     this one's.
func (g Grant) Redeem(a account.Account, r Redemption) (next Grant, refused Refusal) {
	switch refused = g.refuse(a, r); refused {
	case "":
		g.RedeemedAt, g.Expires = r.Now, r.Expires
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
	case !g.Borne(a):
		return RefusedAccount
	}
	return ""
}
