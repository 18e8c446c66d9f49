package load

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"maps"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"omgevingsloket-id/cmd/omgevingsloket-id/app"
	"omgevingsloket-id/e2e/load/backend"
	"omgevingsloket-id/e2e/load/seed"
	"omgevingsloket-id/e2e/testenv"
	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/audit"
	"omgevingsloket-id/pkg/review"
)

var (
	grown  = flag.Int("accounts", 20_000, "accounts of the large installation of TestGrowth")
	events = flag.Int("events", 100_000, "events in its audit log")
)

const (
	// aimed is how many times as much a call may cost in the large installation, and most is where the test
	// fails: a statement that reads a whole table is far beyond it.
	aimed, most = 1.2, 2.0
	// least is how many milliseconds more that has to be. PostgreSQL plans a statement anew for each call when
	// tables are large enough for it to pay.
	least = 0.5
	// small is the number of accounts of the small one.
	small = 1000
)

// growing are the phases whose cost may not grow.
var growing = []string{"silent SSO", "exchange ES256", "userinfo", "whole login"}

// fuller are searches that find less than their limit in the small installation. They are not judged.
var fuller = []string{"accounts: two frequent names", "queue: all, a frequent name", "queue: all, two frequent names"}

// amounts returns what an installation with so many accounts and events has.
func amounts(accounts, events int) seed.Amounts {
	return seed.Amounts{Accounts: accounts, Applied: accounts, Sessions: accounts, Grants: accounts, Events: events}
}

// size is what an installation stores, in bytes for each of a kind.
type size map[string]int64

// A call costs the same in a large installation as in a small one, and so does what officials and jobs read.
// The report says that, and what is stored.
func TestGrowth(t *testing.T) {
	testenv.Long(t)
	next := servers(t)
	var b strings.Builder
	b.WriteString(growthHead(t))
	for _, on := range []struct {
		name   string
		stores func() stores
	}{{onSQLite, func() stores { return sqlite(t) }}, {"PostgreSQL and Redis", next}} {
		t.Run(on.name, func(t *testing.T) {
			before, _ := grow(t, on.stores(), amounts(small, small))
			after, bytes := grow(t, on.stores(), amounts(*grown, *events))
			fmt.Fprintf(&b, "\n## %s\n\n| CPU time in milliseconds | %d accounts | %d accounts | ratio | aim |\n|---|---|---|---|---|\n", on.name, small, *grown)
			for _, what := range slices.Sorted(maps.Keys(before)) {
				ratio := after[what] / before[what]
				aim := met("≤ %.1f", aimed, ratio <= aimed)
				if slices.Contains(fuller, what) {
					aim = "finds more"
				}
				fmt.Fprintf(&b, "| %s | %.3f | %.3f | %.2f | %s |\n", what, before[what], after[what], ratio, aim)
				if ratio > most && after[what]-before[what] > least && !slices.Contains(fuller, what) {
					t.Errorf("%s costs %.1f times as much with %d accounts as with %d", what, ratio, *grown, small)
				}
			}
			bytes.table(&b)
		})
	}
	t.Log("\n" + b.String())
	if *write && !t.Failed() {
		if err := os.WriteFile("../../deploy/growth.md", []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// growthHead describes what was measured, on what.
func growthHead(t *testing.T) string {
	t.Helper()
	return fmt.Sprintf(`# What grows

Written by `+"`make growth` (`TestGrowth` in `e2e/load`, as `make long` runs it with smaller numbers)"+`; never edited. An installation of %d accounts
is compared with one of %d, each with as many applications, live sessions and grants as accounts, and %d and %d events in the audit log. Times
are comparable within this page only.

| | |
|---|---|
| machine | %s |
| versions | %s, PostgreSQL %s, Redis %s |
`, *grown, small, *events, small, machine(), runtime.Version(), version(t, "postgres", "--version"), version(t, "redis-server", "--version"))
}

// table writes what is stored.
func (s size) table(w *strings.Builder) {
	fmt.Fprint(w, "\n| stored in the database | bytes |\n|---|---|\n")
	for _, what := range []string{"account", "application", "session", "grant", "event"} {
		if s[what] > 0 { // sessions may be in Redis
			fmt.Fprintf(w, "| %s | %d |\n", what, s[what])
		}
	}
	login := s["grant"] + 2*s["event"]
	fmt.Fprintf(w, "| login at a portal: a grant for two days, two events for years | %d |\n", login)
	fmt.Fprintf(w, "| year of audit, for each 1000 of these logins a day | %d MB |\n", 365*1000*2*s["event"]>>20)
}

// grow returns what each of the calls costs in an installation with so much in it, in milliseconds, and what is
// stored.
func grow(t *testing.T, s stores, n seed.Amounts) (map[string]float64, size) {
	t.Helper()
	bytes, before := size{}, stored(t, s)
	n.Stored = func(what string, n int) {
		now := stored(t, s)
		bytes[what] = (now - before) / int64(n)
		t.Logf("%d bytes for each %s, of %d", bytes[what], what, n)
		before = now
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
		"accounts: a frequent name":      func(ctx context.Context) error { return found(a.Helpdesk.Search(ctx, "Müller")) },
		"accounts: an address":           func(ctx context.Context) error { return found(a.Helpdesk.Search(ctx, i.accounts.list[0].Email)) },
		"accounts: two frequent names":   func(ctx context.Context) error { return found(a.Helpdesk.Search(ctx, "Anna Müller")) },
		"audit log: newest":              logged(a, audit.Filter{}),
		"audit log: one account":         logged(a, audit.Filter{ActorKind: audit.ActorHolder, ActorID: i.accounts.list[0].ID}),
		"audit log: logins":              logged(a, audit.Filter{Action: audit.AccountLogin}),
		"start: migrations":              func(ctx context.Context) error { return a.Stores.Migrate(ctx, i.settings(), time.Now()) },
		"queue: how many":                func(ctx context.Context) error { _, err := a.Stores.DB.Cases().Counts(ctx, "m"); return err },
		"queue: waiting":                 queued(a, review.Query{Show: review.ShowWaiting}),
		"queue: decided":                 queued(a, review.Query{Show: review.ShowDecided}),
		"queue: all":                     queued(a, review.Query{Show: review.ShowAll}),
		"queue: all, a frequent name":    queued(a, review.Query{Show: review.ShowAll, Search: "Müller"}),
		"queue: all, two frequent names": queued(a, review.Query{Show: review.ShowAll, Search: "Anna Müller"}),
		"queue: decided, an address":     queued(a, review.Query{Show: review.ShowAll, Search: i.accounts.list[len(i.accounts.list)-1].Email}),
	}
	for _, job := range a.Jobs {
		if job.Name != "mail" { // runs in a loop of its own
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
	return costs, bytes
}

// queued returns a call that reads a part of a queue.
func queued(a *app.App, q review.Query) call {
	q.Member, q.Limit = "m", 50
	return func(ctx context.Context) error {
		part, err := a.Stores.DB.Cases().Queue(ctx, q)
		if err == nil && len(part.Cases) == 0 {
			err = errors.New("an empty queue")
		}
		return err
	}
}

// logged returns a call that reads a page of the audit log.
func logged(a *app.App, f audit.Filter) call {
	return func(ctx context.Context) error {
		events, err := a.Stores.DB.Audit().Find(ctx, f, 101)
		if err == nil && len(events) == 0 {
			err = errors.New("an empty page")
		}
		return err
	}
}

// found returns an error unless accounts were found.
func found(accounts []account.Account, err error) error {
	if err == nil && len(accounts) == 0 {
		err = errors.New("nothing found")
	}
	return err
}

// stored returns the bytes of a database and of what Redis holds.
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
	options, err := redis.ParseURL(s.redis)
	if err != nil {
		t.Fatal(err)
	}
	r := redis.NewClient(options)
	defer func() { _ = r.Close() }()
	info, err := r.InfoMap(t.Context(), "memory").Result()
	if err != nil {
		t.Fatal(err)
	}
	used, err := strconv.ParseInt(info["Memory"]["used_memory"], 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return size + used
}
