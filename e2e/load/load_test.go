package load

import (
	"testing"
	"time"

	"omgevingsloket-id/e2e/load/seed"
)

// Each party does each phase for a moment, and no request fails.
func TestLoad(t *testing.T) {
	l := plan{phase: 300 * time.Millisecond, clients: 2, codes: 20, logins: 10}
	const visitors = 2 * crowd
	// No login is turned away: the machine may be busy with other tests.
	with := setup{Amounts: seed.Amounts{Accounts: 50}, visitors: visitors, settings: "password: {wait: 1m}"}
	t.Run("SQLite", func(t *testing.T) {
		t.Parallel()
		for _, p := range []*party{startProduct(t, sqlite(t), with).party, startYardstick(t, sqlite(t), visitors)} {
			underLoad(t, p, l)
		}
	})
	t.Run("PostgreSQL and Redis", func(t *testing.T) {
		t.Parallel()
		next := servers(t)
		for _, p := range []*party{startProduct(t, next(), with).party, startYardstick(t, next(), visitors), startPeer(t, next(), visitors)} {
			underLoad(t, p, l)
		}
	})
}

func underLoad(t *testing.T, p *party, l plan) {
	t.Helper()
	for _, f := range phases {
		if f.only != "" && f.only != p.name {
			continue
		}
		r, err := f.do(t.Context(), p, l)
		if err != nil {
			t.Errorf("%s, %s: %d of %d requests failed: %v", p.name, f.name, r.failures, r.requests, err)
		}
		t.Logf("%s, %s: %d requests, %.3f ms CPU each", p.name, f.name, r.requests, r.cost())
	}
}
