package app

import (
	"errors"
	"net"
	"net/http"
	"net/netip"
	"sync"
	"time"

	"omgevingsloket-id/op/web"
	"omgevingsloket-id/pkg/limit"
)

// connections caps the connections of one listener, of each network and in all.
// Beyond a cap the connection that has been idle longest is closed; if none is idle,
// the new one is closed. The connections of trusted proxies count only towards all,
// because atOnce counts what they forward.
type connections struct {
	all, network int
	trusted      []netip.Prefix
	closed       func(reason string) // may be nil

	mu     sync.Mutex
	turn   int64 // grows with each change of state, to order them
	open   map[*conn]bool
	counts map[string]int // by network
}

// conn is a connection that is counted. Its fields are guarded by of.mu.
type conn struct {
	net.Conn
	of      *connections
	network string // "" = of a trusted proxy
	idle    bool   // no request is being read or answered
	since   int64
}

func newConnections(all, network int, trusted []netip.Prefix, closed func(string)) *connections {
	return &connections{all: all, network: network, trusted: trusted, closed: closed, open: map[*conn]bool{}, counts: map[string]int{}}
}

// Close closes the connection and stops counting it.
func (c *conn) Close() error {
	c.of.mu.Lock()
	c.of.forget(c)
	c.of.mu.Unlock()
	return c.Conn.Close()
}

func (s *connections) forget(c *conn) {
	if !s.open[c] {
		return
	}
	delete(s.open, c)
	if s.counts[c.network]--; s.counts[c.network] == 0 {
		delete(s.counts, c.network)
	}
}

// admit counts a connection, and reports whether there is place for it.
func (s *connections) admit(nc net.Conn) (*conn, bool) {
	c := &conn{Conn: nc, of: s, network: s.networkOf(nc), idle: true}
	s.mu.Lock()
	var gone []*conn
	fits := true
	if c.network != "" && s.counts[c.network] >= s.network {
		fits = s.evict(&gone, func(o *conn) bool { return o.network == c.network }, "network")
	}
	if fits && len(s.open) >= s.all {
		fits = s.evict(&gone, func(o *conn) bool { return o.network != "" }, "all") || s.evict(&gone, func(*conn) bool { return true }, "all")
	}
	if fits {
		s.turn++
		c.since = s.turn
		s.open[c] = true
		s.counts[c.network]++
	} else if s.closed != nil {
		s.closed("refused")
	}
	s.mu.Unlock()
	for _, o := range gone {
		_ = o.Conn.Close()
	}
	return c, fits
}

// evict chooses the connection to close: of those that are idle, one of the
// network with the most, and of these the one that has been idle longest.
func (s *connections) evict(gone *[]*conn, among func(*conn) bool, reason string) bool {
	var oldest *conn
	for c := range s.open {
		if !c.idle || !among(c) {
			continue
		}
		if oldest == nil || s.counts[c.network] > s.counts[oldest.network] || s.counts[c.network] == s.counts[oldest.network] && c.since < oldest.since {
			oldest = c
		}
	}
	if oldest == nil {
		return false
	}
	s.forget(oldest)
	*gone = append(*gone, oldest)
	if s.closed != nil {
		s.closed(reason)
	}
	return true
}

func (s *connections) networkOf(nc net.Conn) string {
	peer, err := netip.ParseAddrPort(nc.RemoteAddr().String())
	if err != nil {
		return "unknown"
	}
	addr := peer.Addr().Unmap()
	for _, proxy := range s.trusted {
		if proxy.Contains(addr) {
			return ""
		}
	}
	return web.NetworkOf(addr)
}

// state follows what the server does with a connection (http.Server.ConnState).
func (s *connections) state(nc net.Conn, state http.ConnState) {
	if secure, ok := nc.(interface{ NetConn() net.Conn }); ok {
		nc = secure.NetConn()
	}
	c, ok := nc.(*conn)
	if !ok {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.turn++
	c.idle, c.since = state == http.StateNew || state == http.StateIdle, s.turn
}

// count returns the number of open connections.
func (s *connections) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.open)
}

// counted is a listener whose connections are counted.
type counted struct {
	net.Listener
	of *connections
}

func (l counted) Accept() (net.Conn, error) {
	for {
		nc, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		if c, ok := l.of.admit(nc); ok {
			return c, nil
		}
		_ = nc.Close()
	}
}

// atOnce caps the requests that a trusted proxy forwards for one source at the same
// time.
func atOnce(kit *web.Kit, most int, next http.Handler) http.Handler {
	var mu sync.Mutex
	running := map[netip.Prefix]int{}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		source, forwarded := kit.Limits.Forwarded(r)
		if !forwarded {
			next.ServeHTTP(w, r)
			return
		}
		mu.Lock()
		full := running[source] >= most
		if !full {
			running[source]++
		}
		mu.Unlock()
		if full {
			kit.Pages.ServeError(w, r, &web.Error{
				Status: http.StatusServiceUnavailable, Key: "web.error.unavailable", Cause: errors.New("too many requests of one source at once"), Retry: 5 * time.Second,
			})
			return
		}
		defer func() {
			mu.Lock()
			defer mu.Unlock()
			if running[source]--; running[source] == 0 {
				delete(running, source)
			}
		}()
		next.ServeHTTP(w, r)
	})
}

// connectionsOf returns the caps on the connections of a listener for strangers.
func (a *App) connectionsOf(setting string) *connections {
	c := newConnections(limit.Connections, limit.NetworkConnections, a.Config.Proxies(), func(reason string) { a.Metrics.connection(setting, reason) })
	a.Metrics.connected(setting, c.count)
	return c
}
