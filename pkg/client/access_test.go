package client_test

import (
	"testing"

	"omgevingsloket-id/pkg/client"
)

// the policy decides first what access tokens are, then the client, then the
// installation.
func TestR062_AccessFormat(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		policy          client.Policy
		own, made, want client.AccessTokens
	}{
		{client.General, "", client.OpaqueTokens, client.OpaqueTokens},
		{client.General, "", client.JWTTokens, client.JWTTokens},
		{client.General, client.OpaqueTokens, client.JWTTokens, client.OpaqueTokens},
		{client.General, client.JWTTokens, client.OpaqueTokens, client.JWTTokens},
		{client.NLGov, "", client.OpaqueTokens, client.JWTTokens},
		{client.NLGov, client.OpaqueTokens, client.OpaqueTokens, client.JWTTokens},
	} {
		if got := (client.Client{AccessTokens: c.own}).AccessFormat(c.policy, c.made); got != c.want {
			t.Errorf("AccessFormat(%s, %s) of a client with %q = %s, want %s", c.policy, c.made, c.own, got, c.want)
		}
	}
}
