package grant_test

import (
	"testing"
	"time"

	"omgevingsloket-id/pkg/grant"
)

// a code is valid for a minute at most.
func TestR145_CodeLifetime(t *testing.T) {
	t.Parallel()
	if got := grant.CodeLifetime; got <= 0 || got > time.Minute {
		t.Errorf("CodeLifetime = %s, want at most a minute", got)
	}
}

// An empty Refusal means that the code was redeemed, so no refusal is empty.
func TestRefusals(t *testing.T) {
	t.Parallel()
	seen := map[grant.Refusal]bool{}
	for _, r := range []grant.Refusal{
		grant.RefusedUnknown, grant.RefusedExpired, grant.RefusedReplay, grant.RefusedMismatch, grant.RefusedVerifier, grant.RefusedAccount, grant.RefusedRevoked,
	} {
		if r == "" || seen[r] {
			t.Errorf("refusal %q is empty or stands twice", r)
		}
		seen[r] = true
	}
}
