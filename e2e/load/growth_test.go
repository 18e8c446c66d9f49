package load

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"omgevingsloket-id/cmd/omgevingsloket-id/app"
	"omgevingsloket-id/e2e/load/backend"
	"omgevingsloket-id/e2e/load/seed"
	"omgevingsloket-id/e2e/testenv"
	"omgevingsloket-id/pkg/account"
)

var (
	grown  = flag.Int("accounts", 20_000, "accounts of the large installation of TestGrowth")
	events = flag.Int("events", 100_000, "events in its audit log")
)

const (
	// most is how many times as much a call may cost in the large installation. The aim is 1.2; a statement
	// that reads a whole table is far beyond most.
	most = 2.0
	// small is the number of accounts of the small one.
	small = 1000
)

// common ends the name of a search that reads everybody of a name; it is listed, and not judged.
const common = "of many"

// growing are the phases whose cost may not grow.
var growing = []string{"silent SSO", "exchange ES256", "userinfo", "whole login"}

// A call costs the same in a large installation as in a small one, and so does what officials and jobs read.
// The log says that, and what an account, a session and an event take in the database.
func TestGrowth(t *testing.T) {
	testenv.Long(t)
	next := servers(t)
	for name, stores := range map[string]func() stores{onSQLite: func() stores { return sqlite(t) }, "PostgreSQL and Redis": next} {
		t.Run(name, func(t *testing.T) {
			before := grow(t, stores(), seed.Amounts{Accounts: small, Sessions: small / 10, Events: small})
			after := grow(t, stores(), seed.Amounts{Accounts: *grown, Sessions: *grown / 10, Events: *events})
			var b strings.Builder
			fmt.Fprintf(&b, "\n| CPU time in milliseconds | %d accounts | %d accounts | ratio |\n|---|---|---|---|\n", small, *grown)
			for _, what := range slices.Sorted(maps.Keys(before)) {
				ratio := after[what] / before[what]
				fmt.Fprintf(&b, "| %s | %.3f | %.3f | %.2f |\n", what, before[what], after[what], ratio)
				if ratio > most && !strings.HasSuffix(what, common) {
					t.Errorf("%s costs %.1f times as much with %d accounts as with %d", what, ratio, *grown, small)
				}
			}
			t.Log(b.String())
		})
	}
}

// grow returns what each of the calls costs in an installation with so much in it, in milliseconds.
func grow(t *testing.T, s stores, n seed.Amounts) map[string]float64 {
	t.Helper()
	size := stored(t, s)
	n.Stored = func(what string, n int) {
		now := stored(t, s)
		t.Logf("%d bytes for each %s, of %d", (now-size)/int64(n), what, n)
		size = now
	}
	l := plan{phase: 3 * time.Second, clients: 2, codes: 500, logins: 4}
	i := startProduct(t, s, setup{Amounts: n, visitors: l.clients})
	costs := map[string]float64{}
	for _, f := range phases {
		if !slices.Contains(growing, f.name) {
			continue
		}
		r, err := f.do(t.Context(), i.party, l)
		if err != nil {
			t.Error(f.name, err)
		}
		costs[f.name] = r.cost()
	}
	i.process.Stop()
	self := &party{server: process{pid: os.Getpid()}, stores: s.processes}
	a, err := app.New(t.Context(), i.settings(), app.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	calls := map[string]call{
		"search, a name of many":     func(ctx context.Context) error { return found(a.Helpdesk.Search(ctx, "Müller")) },
		"search, an address":         func(ctx context.Context) error { return found(a.Helpdesk.Search(ctx, i.accounts.list[0].Email)) },
		"search, both names of many": func(ctx context.Context) error { return found(a.Helpdesk.Search(ctx, "Anna Müller")) },
	}
	for _, job := range a.Jobs {
		if job.Name == "watch logins" || job.Name == "sweep" {
			calls["job: "+job.Name] = job.Run
		}
	}
	for what, c := range calls {
		r := measured(self, func() result { return closed(t.Context(), 1, time.Second, c) })
		if r.first != nil {
			t.Error(what, r.first)
		}
		costs[what] = r.cost()
	}
	return costs
}

// found returns an error unless accounts were found.
func found(accounts []account.Account, err error) error {
	if err == nil && len(accounts) == 0 {
		err = errors.New("nothing found")
	}
	return err
}

// stored returns the bytes of a database.
func stored(t *testing.T, s stores) (size int64) {
	t.Helper()
	if path, lite := strings.CutPrefix(s.database, "sqlite:"); lite {
		for _, end := range []string{"", "-wal"} {
			if info, err := os.Stat(path + end); err == nil {
				size += info.Size()
			}
		}
		return size
	}
	read, _, err := backend.Open(s.database)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = read.Close() }()
	if err := read.QueryRowContext(t.Context(), `SELECT pg_database_size(current_database())`).Scan(&size); err != nil {
		t.Fatal(err)
	}
	return size
}
