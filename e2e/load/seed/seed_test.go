package seed_test

import (
	"bytes"
	"testing"
	"time"

	"omgevingsloket-id/e2e/load/seed"
	"omgevingsloket-id/e2e/site"
	"omgevingsloket-id/e2e/testenv"
	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/audit"
	"omgevingsloket-id/pkg/config"
	"omgevingsloket-id/pkg/review"
)

// What is seeded is what the product itself would have stored: accounts and applications that are found, and a
// log that verifies, also when more is added.
func TestInto(t *testing.T) {
	t.Parallel()
	testenv.Slow(t)
	site.OnEach(t, func(t *testing.T, on func(*config.Config)) {
		s := site.New(t, on)
		for range 2 {
			all, err := seed.Into(t.Context(), s.Config, seed.Amounts{Accounts: 1500, Applied: 1200, Sessions: 3, Grants: 1700, Events: 2500})
			if err != nil || len(all) != 1500 {
				t.Fatalf("%d accounts, %v", len(all), err)
			}
			last := all[len(all)-1]
			a, err := s.Stores.Accounts.ByEmail(t.Context(), last.Email)
			if err != nil || a.ID != last.ID || a.State != account.Active {
				t.Fatalf("%+v, %v", a, err)
			}
			key, err := s.Stores.Ring.Open(a.Factor.Sealed, account.FactorAAD(a.ID, a.Unblocks))
			if err != nil || !bytes.Equal(key, []byte(last.Key)) {
				t.Fatalf("another key: %v", err)
			}
		}
		waiting, err := s.Stores.DB.Cases().Queue(t.Context(), review.Query{Show: review.ShowWaiting, Member: "m", Limit: 1000})
		if err != nil || len(waiting.Cases) != 2*seed.Waiting {
			t.Errorf("%d applications wait, %v", len(waiting.Cases), err)
		}
		found, err := s.Stores.DB.Cases().Queue(t.Context(), review.Query{Show: review.ShowDecided, Search: "muller", Limit: 1})
		if err != nil || len(found.Cases) != 1 {
			t.Errorf("%d applications are found, %v", len(found.Cases), err)
		}
		signer, err := s.Stores.AuditSigner(t.Context())
		site.Must(t, err)
		site.Must(t, s.Stores.DB.Chain(t.Context()))
		report, err := audit.Verify(t.Context(), s.Stores.DB.Audit(), s.Stores.DB.Heads(), signer.Public(), time.Now())
		if err != nil || !report.OK() || report.Events < 5000 {
			t.Errorf("%+v, %v", report, err)
		}
	})
}
