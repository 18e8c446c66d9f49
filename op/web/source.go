package web

import (
	"net/http"
	"net/netip"
	"strings"
)

// address is the caller's address: the peer's, or the rightmost one in
// X-Forwarded-For that is not a trusted proxy, if the peer is one. It is
// used for limits and the record only; anything unreadable falls back to the
// peer.
func (k *Kit) address(r *http.Request) netip.Addr {
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}
	}
	addr := peer.Addr().Unmap()
	if !k.trusted(addr) {
		return addr
	}
	const mostHops = 16
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for i := len(hops) - 1; i >= 0 && len(hops)-i <= mostHops; i-- {
		hop, err := netip.ParseAddr(strings.TrimSpace(hops[i]))
		if err != nil || hop.Zone() != "" {
			return addr
		}
		addr = hop.Unmap()
		if !k.trusted(addr) {
			return addr
		}
	}
	return addr
}

func (k *Kit) trusted(a netip.Addr) bool {
	for _, net := range k.Settings.TrustedNets {
		if net.Contains(a) {
			return true
		}
	}
	return false
}

// Source names the caller for limits: its address, or the /64 it is in.
func (k *Kit) Source(r *http.Request) string { return prefix(k.address(r), 32, 64) }

// Origin names the caller for the record: no closer than /24 or /48.
func (k *Kit) Origin(r *http.Request) string { return prefix(k.address(r), 24, 48) }

func prefix(a netip.Addr, v4, v6 int) string {
	bits := v4
	if a.Is6() {
		bits = v6
	}
	p, err := a.Prefix(bits)
	if err != nil {
		return "unknown"
	}
	return p.String()
}
