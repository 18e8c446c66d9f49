package load

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// overload is what was measured while twice as many passwords were sent as the machine can hash on all of its
// processors. The product leaves one free by default.
type overload struct {
	passwords result
	refused   int // passwords that were answered with 503 and a time to come back
	others    map[string]result
	recovery  time.Duration // from the end of the flood until a password is checked within a second
}

// bystanders are the calls of others, each by one client.
var bystanders = map[string]func(*party, context.Context) error{
	"JWKS": (*party).jwks, "userinfo": (*party).userinfo, "silent SSO": (*party).silent, "SSO + exchange": (*party).pair,
}

// flood sends passwords for a time, for an account each, and makes the calls of the others meanwhile.
func (p *party) flood(ctx context.Context, hash, d time.Duration) (o overload) {
	if p.watch != nil {
		defer p.watch()()
	}
	var mu sync.Mutex
	var wg sync.WaitGroup
	o.others = map[string]result{}
	for name, c := range bystanders {
		wg.Go(func() {
			r := closed(ctx, 1, d, func(ctx context.Context) error { return c(p, ctx) })
			slices.Sort(r.times)
			mu.Lock()
			defer mu.Unlock()
			o.others[name] = r
		})
	}
	rate := 2 * float64(runtime.NumCPU()) / hash.Seconds()
	o.passwords = measured(p, func() result {
		return open(ctx, rate, d, func(ctx context.Context) error {
			busy, err := p.password(ctx)
			mu.Lock()
			defer mu.Unlock()
			if busy {
				o.refused++
			}
			return err
		})
	})
	wg.Wait()
	over := time.Now()
	for time.Since(over) < time.Minute {
		start := time.Now()
		if busy, err := p.password(ctx); !busy && err == nil && time.Since(start) < time.Second {
			break
		}
	}
	o.recovery = time.Since(over)
	return o
}

// password sends the password of the next account from a new browser, and reports whether it was told to
// come back later.
func (p *party) password(ctx context.Context) (busy bool, err error) {
	account, ok := p.accounts.turn()
	if !ok {
		return false, errors.New("no accounts")
	}
	_, a, err := p.newVisitor().password(ctx, p, account)
	if err != nil {
		return false, err
	}
	if a.busy() {
		return true, nil
	}
	return false, a.expect(http.StatusOK, `data-page="login/code"`)
}

// failures returns what went wrong: passwords that were neither checked nor told to come back, and calls of
// others without their answer.
func (o overload) failures() (n int, first error) {
	n, first = o.passwords.failures, o.passwords.first
	for _, r := range o.others {
		n += r.failures
		first = errors.Join(first, r.first)
	}
	return n, first
}

// floodTable writes the medians of floods; normal is the memory without one.
func (s series) floodTable(w *strings.Builder, normal float64) {
	figure := func(f func(overload) float64) float64 {
		var all []float64
		for _, o := range s.floods {
			all = append(all, f(o))
		}
		return median(all)
	}
	line := func(what, format string, v, most float64) {
		fmt.Fprintf(w, "| flood: %s | "+format+" | %s |\n", what, v, met("≤ "+format, most, v <= most))
	}
	fmt.Fprintf(w, "| flood: passwords answered in a second, and those that were told to come back | %.0f, %.0f %% | |\n",
		figure(func(o overload) float64 { return o.passwords.rate() }),
		figure(func(o overload) float64 { return 100 * float64(o.refused) / float64(max(o.passwords.requests, 1)) }))
	for _, name := range slices.Sorted(maps.Keys(bystanders)) {
		line(name+", 99 percent within", "%.0f ms", figure(func(o overload) float64 { return o.others[name].percentile(99) }), 250)
	}
	line("failed requests", "%.0f", figure(func(o overload) float64 { n, _ := o.failures(); return float64(n) }), 0)
	line("recovered after", "%.1f s", figure(func(o overload) float64 { return o.recovery.Seconds() }), 5)
	line("memory, as a multiple of that in logins", "%.2f", figure(func(o overload) float64 { return float64(o.passwords.memory) })/max(normal, 1), 1.3)
}

// A flood is counted as it was answered.
func TestFlood(t *testing.T) {
	t.Parallel()
	s := series{floods: []overload{{
		passwords: result{requests: 40, elapsed: 2 * time.Second, memory: 130}, refused: 20, recovery: 6 * time.Second,
		others: map[string]result{"JWKS": {times: []time.Duration{time.Second}, failures: 1, first: errors.New("failed")}},
	}}}
	var b strings.Builder
	s.floodTable(&b, 100)
	for _, want := range []string{"come back | 20, 50 % | |\n", "JWKS, 99 percent within | 1000 ms | ≤ 250 ms missed |\n", "6.0 s | ≤ 5.0 s missed", "logins | 1.30 | ≤ 1.30 met", "failed requests | 1 | ≤ 0 missed"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("the table lacks %q:\n%s", want, &b)
		}
	}
	if n, err := s.floods[0].failures(); n != 1 || err == nil {
		t.Errorf("failures = %d, %v, want 1", n, err)
	}
}
