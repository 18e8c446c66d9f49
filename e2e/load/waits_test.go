package load

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"omgevingsloket-id/e2e/testenv"
)

const (
	// sampling is the name of the measurement of waits among the phases.
	sampling = "waits"
	// processes is how many servers share the stores meanwhile.
	processes = 4
)

// waits is what was measured of one server and of several on the same stores.
type waits struct {
	one, several result
	// samples counts the connections to PostgreSQL that were busy for the latter, by
	// what they waited for (TYPE:EVENT); "" = for nothing.
	samples map[string]int
	// behind counts the statements that waited for a lock, each with those that held it.
	behind map[string]int
}

// waits has clients log in silently and redeem their codes, at one server and then at several.
func (c *contest) waits(t *testing.T, l plan) *waits {
	t.Helper()
	crowded := phase{name: sampling, run: pairs(crowd)}
	do := func(what string) result {
		t.Helper()
		got, err := crowded.do(t.Context(), c.ours.party, l)
		if err != nil {
			t.Errorf("waits, %s: %d of %d requests failed: %v", what, got.failures, got.requests, err)
		}
		t.Logf("waits, %s: %d requests, %.0f a second", what, got.requests, got.rate())
		return got
	}
	w := &waits{one: do("one process")}
	alone := c.ours.transport
	defer func() { c.ours.transport, c.ours.watch = alone, nil }()
	addresses := []string{strings.TrimPrefix(c.ours.issuer, "http://")}
	for range processes - 1 {
		address, stop := c.ours.another()
		defer stop()
		addresses = append(addresses, address)
	}
	c.ours.transport = among(addresses)
	defer c.ours.transport.CloseIdleConnections()
	c.ours.watch = func() (done func()) {
		stop := w.sample(t, c.ours.settings().Database.URL.Reveal())
		return func() {
			if err := stop(); err != nil {
				t.Error(err)
			}
		}
	}
	w.several = do(fmt.Sprintf("%d processes", processes))
	for _, s := range slices.Sorted(maps.Keys(w.behind)) {
		t.Logf("%d samples waited: %s", w.behind[s], s)
	}
	return w
}

// another starts one more server on the same stores, and returns its address and how it is stopped.
func (i *installation) another() (address string, stop func()) {
	i.t.Helper()
	address, admin := testenv.FreeAddr(i.t), testenv.FreeAddr(i.t)
	p := testenv.Start(i.t, i.binary, []string{"serve", "--config", i.config}, "OLID_LISTEN="+address, "OLID_ADMIN_LISTEN="+admin)
	p.WaitReady("http://" + admin + "/readyz")
	return address, func() { p.Stop() }
}

// among returns a transport whose connections, for any address, are to each of these servers in turn.
func among(addresses []string) *http.Transport {
	var next atomic.Int64
	var dialer net.Dialer
	return &http.Transport{
		MaxIdleConnsPerHost: 512, DisableCompression: true,
		DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return dialer.DialContext(ctx, network, addresses[int(next.Add(1))%len(addresses)])
		},
	}
}

// busy has a row for each busy connection to the database but this one: what it waits for, and, if that is a
// lock, its statement and those of the connections that hold it.
const busy = `SELECT COALESCE(a.wait_event_type || ':' || a.wait_event, ''), CASE WHEN a.wait_event_type = 'Lock' THEN
		a.wait_event || ' -- ' || a.query || ' -- behind: ' || COALESCE((SELECT string_agg(DISTINCT b.query, ' -- and: ') FROM pg_stat_activity b WHERE b.pid = ANY(pg_blocking_pids(a.pid))), '')
		ELSE '' END
	FROM pg_stat_activity a WHERE a.datname = current_database() AND a.state = 'active' AND a.pid <> pg_backend_pid()`

// sample looks at the connections of a database every ten milliseconds until it is stopped.
func (w *waits) sample(t testing.TB, database string) (stop func() error) {
	w.samples, w.behind = map[string]int{}, map[string]int{}
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	conn, err := pgx.Connect(ctx, database)
	ended := make(chan error, 1)
	go func() {
		var event, behind string
		for err == nil {
			rows, failed := conn.Query(ctx, busy)
			if failed == nil {
				_, failed = pgx.ForEachRow(rows, []any{&event, &behind}, func() error {
					w.samples[event]++
					if behind != "" {
						w.behind[strings.Join(strings.Fields(behind), " ")]++
					}
					return nil
				})
			}
			if err = failed; err == nil {
				select {
				case <-ctx.Done():
					err = ctx.Err()
				case <-time.After(10 * time.Millisecond):
				}
			}
		}
		if ctx.Err() != nil {
			err = nil
		}
		if conn != nil {
			err = errors.Join(err, conn.Close(context.WithoutCancel(ctx)))
		}
		ended <- err
	}()
	return func() error { cancel(); return <-ended }
}

// share returns how many percent of the samples waited for what begins with kind.
func (w *waits) share(kind string) float64 {
	of, all := 0, 0
	for event, n := range w.samples {
		all += n
		if strings.HasPrefix(event, kind) {
			of += n
		}
	}
	return 100 * float64(of) / float64(max(all, 1))
}

// table writes what was measured.
func (w *waits) table(b *strings.Builder) {
	all := 0
	for _, n := range w.samples {
		all += n
	}
	fmt.Fprintf(b, "\n## PostgreSQL with %d processes\n\nSSO + exchange, crowded, at %d processes on one PostgreSQL and one Redis. Every 10 ms, for what busy connections wait: %d samples.\n\n", processes, processes, all)
	fmt.Fprint(b, "| wait | share |\n|---|---|\n")
	events := slices.SortedFunc(maps.Keys(w.samples), func(a, c string) int { return cmp.Or(w.samples[c]-w.samples[a], strings.Compare(a, c)) })
	for _, event := range events {
		fmt.Fprintf(b, "| %s | %.1f %% |\n", cmp.Or(event, "none: on a processor, or ready for one"), 100*float64(w.samples[event])/float64(all))
	}
	locks := w.share("Lock:")
	fmt.Fprintf(b, "\n| product | measured | aim |\n|---|---|---|\n| waits for a row or a table (Lock:*) | %.1f %% of samples | %s |\n", locks, met("≤ %.0f %%", 1, locks <= 1))
	fmt.Fprintf(b, "| pairs a second, with one process and with %d | %.0f, %.0f | |\n", processes, w.one.rate(), w.several.rate())
	fmt.Fprintf(b, "| failed requests | %d | 0 |\n", w.one.failures+w.several.failures)
}

// Waits for locks are those of all their kinds, and of no other.
func TestWaits(t *testing.T) {
	t.Parallel()
	w := waits{
		one: result{requests: 100, elapsed: time.Second}, several: result{requests: 180, elapsed: time.Second},
		samples: map[string]int{"": 50, "IO:WALSync": 30, "LWLock:WALWrite": 16, "Lock:tuple": 1, "Lock:transactionid": 3},
	}
	var b strings.Builder
	w.table(&b)
	for _, want := range []string{
		": 100 samples.\n", "| none: on a processor, or ready for one | 50.0 % |\n| IO:WALSync | 30.0 % |\n", "| Lock:tuple | 1.0 % |\n",
		"(Lock:*) | 4.0 % of samples | ≤ 1 % missed |\n", "| pairs a second, with one process and with 4 | 100, 180 | |\n",
	} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("the table lacks %q:\n%s", want, &b)
		}
	}
}
