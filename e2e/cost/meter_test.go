package cost

import (
	"net/http"
	"net/http/httptest"
	"regexp"
	"runtime"
	"strings"
	"sync"
	"testing"

	"omgevingsloket-id/e2e/site"
	"omgevingsloket-id/pkg/config"
)

// tally is what one operation cost.
type tally struct {
	statements, transactions, trips, bytes int
	allocations                            uint64
	trace                                  []string // what was sent to the stores, in order
}

func (t *tally) add(other tally) {
	t.statements += other.statements
	t.transactions += other.transactions
	t.trips += other.trips
	t.bytes += other.bytes
	t.allocations += other.allocations
	t.trace = append(t.trace, other.trace...)
}

// meter is a transport that calls the handler of a site itself and counts what that does.
type meter struct {
	*site.Site
	sizes *sizes
	open  []operation
	done  map[string][]tally // by the name of the operation, one for each time

	mu    sync.Mutex
	now   tally
	begun bool // a transaction
}

// operation is what is counted at the moment.
type operation struct {
	name string
	only string // the request that is counted, such as "POST /login"; "" = all
	sum  tally
}

// newMeter starts a site on these stores. Benchmarks are not traced, which would cost a part of their time.
func newMeter(t testing.TB, on func(*config.Config)) *meter {
	t.Helper()
	m := &meter{done: map[string][]tally{}}
	setup := site.Setup{Config: on, TraceSQL: m.statement, TraceRedis: m.trip}
	if _, timed := t.(*testing.B); timed {
		setup.TraceSQL, setup.TraceRedis = nil, nil
	}
	m.Site = site.Start(t, setup)
	m.Kit.Pages.Stale = nil // rendering parts again is no part of the cost
	m.sizes = newSizes(t, m.Config)
	return m
}

// browser returns a new browser that calls the handler.
func (m *meter) browser() *site.Browser {
	b := m.Browser()
	b.HTTP.Transport = m
	return b
}

var (
	blanks = regexp.MustCompile(`\s+`)
	writes = regexp.MustCompile(`^(INSERT|UPDATE|DELETE|WITH .*(INSERT INTO|UPDATE|DELETE FROM) )`)
	hashes = regexp.MustCompile(`[0-9a-f]{64}$`)
)

// statement is the trace of the database.
func (m *meter) statement(text string) {
	text = strings.TrimSpace(blanks.ReplaceAllString(text, " "))
	m.mu.Lock()
	defer m.mu.Unlock()
	switch text {
	case "BEGIN":
		m.now.transactions++
		m.begun = true
	case "COMMIT", "ROLLBACK":
		m.begun = false
	default:
		m.now.statements++
		if !m.begun && writes.MatchString(text) {
			m.now.transactions++
			text += "  [its own transaction]"
		}
	}
	m.now.trace = append(m.now.trace, text)
}

// trip is the trace of Redis.
func (m *meter) trip(text string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.now.trips++
	m.now.trace = append(m.now.trace, "redis: "+hashes.ReplaceAllString(text, "…"))
}

// during counts the requests that do makes, or only those to one route, as an operation.
func (m *meter) during(name, only string, do func()) {
	m.open = append(m.open, operation{name: name, only: only})
	do()
	last := len(m.open) - 1
	m.done[name] = append(m.done[name], m.open[last].sum)
	m.open = m.open[:last]
}

// atServer returns the request of a client as a server receives it.
func atServer(r *http.Request) *http.Request {
	served := httptest.NewRequest(r.Method, r.URL.RequestURI(), r.Body)
	served.Host, served.Header, served.ContentLength = r.URL.Host, r.Header.Clone(), r.ContentLength
	return served
}

// RoundTrip implements http.RoundTripper.
func (m *meter) RoundTrip(r *http.Request) (*http.Response, error) {
	served := atServer(r)
	route := r.Method + " " + r.URL.Path
	counted := false
	for _, o := range m.open {
		counted = counted || o.only == "" || o.only == route
	}
	w := httptest.NewRecorder()
	if !counted {
		m.Citizens.ServeHTTP(w, served)
		return w.Result(), nil
	}
	before := m.sizes.now()
	m.mu.Lock()
	m.now = tally{trace: make([]string, 0, 100)}
	m.mu.Unlock()
	var from, to runtime.MemStats
	runtime.ReadMemStats(&from)
	m.Citizens.ServeHTTP(w, served)
	runtime.ReadMemStats(&to)
	m.mu.Lock()
	cost := m.now
	m.mu.Unlock()
	cost.allocations = to.Mallocs - from.Mallocs
	cost.bytes = grown(before, m.sizes.now())
	cost.trace = append([]string{"-- " + route}, cost.trace...)
	for i := range m.open {
		if o := &m.open[i]; o.only == "" || o.only == route {
			o.sum.add(cost)
		}
	}
	return w.Result(), nil
}
