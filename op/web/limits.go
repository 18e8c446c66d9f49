package web

import (
	"net/http"
	"net/netip"
	"strings"
	"time"

	"omgevingsloket-id/pkg/limit"
)

// Limits counts events by source, and identifies the source of a request.
type Limits struct {
	Windows limit.Windows
	Trusted []netip.Prefix // proxies whose X-Forwarded-For is used
}

// Allow counts one event of this request's source and returns an error when
// there were more than max in the window.
func (l *Limits) Allow(r *http.Request, name string, max int, window time.Duration) error {
	ok, wait, err := l.Windows.Allow(r.Context(), name, l.Source(r), max, window)
	if err != nil {
		return err
	}
	if !ok {
		return &Error{Status: http.StatusTooManyRequests, Key: "web.error.too_many", Retry: wait}
	}
	return nil
}

// address is the caller's address: the peer's, or the rightmost one in
// X-Forwarded-For that is not a trusted proxy, if the peer is one. It is
// used for limits and the audit log only. If a hop cannot be parsed, the last one
// that could be is used.
func (l *Limits) address(r *http.Request) netip.Addr {
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}
	}
	addr := peer.Addr().Unmap()
	if !l.trusted(addr) {
		return addr
	}
	const mostHops = 16
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for i := len(hops) - 1; i >= 0 && len(hops)-i <= mostHops; i-- {
		hop, ok := parseHop(hops[i])
		if !ok {
			return addr
		}
		addr = hop
		if !l.trusted(addr) {
			return addr
		}
	}
	return addr
}

func (l *Limits) trusted(a netip.Addr) bool {
	for _, net := range l.Trusted {
		if net.Contains(a) {
			return true
		}
	}
	return false
}

// Source returns the name of the caller for limits: its IPv4 address, or the /64
// of its IPv6 address.
func (l *Limits) Source(r *http.Request) string { return prefix(l.address(r), 32, 64) }

// Origin returns the name of the caller for the audit log: a /24 or a /48.
func (l *Limits) Origin(r *http.Request) string { return prefix(l.address(r), 24, 48) }

func prefix(a netip.Addr, v4, v6 int) string {
	if !a.IsValid() {
		return "unknown"
	}
	bits := v4
	if a.Is6() {
		bits = v6
	}
	return netip.PrefixFrom(a, bits).Masked().String()
}
