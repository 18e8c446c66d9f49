package web

import (
	"net/netip"
	"strings"
)

// parseHop returns the address in an entry of X-Forwarded-For: an address as
// such, in brackets, with a port, in quotes, or in the form of RFC 7239 §6
// ("for=…" with parameters after it). ok is false for everything else, such as
// "unknown", an obfuscated identifier or an address with a zone.
func parseHop(entry string) (addr netip.Addr, ok bool) {
	node, _, _ := strings.Cut(strings.TrimSpace(entry), ";")
	if name, value, found := strings.Cut(node, "="); found {
		if !strings.EqualFold(strings.TrimSpace(name), "for") {
			return netip.Addr{}, false
		}
		node = value
	}
	node = strings.TrimSpace(node)
	if inner, found := strings.CutPrefix(node, `"`); found {
		if node, found = strings.CutSuffix(inner, `"`); !found {
			return netip.Addr{}, false
		}
	}
	addr, err := netip.ParseAddr(node)
	if err != nil {
		if bare, found := strings.CutPrefix(node, "["); found && strings.HasSuffix(bare, "]") {
			addr, err = netip.ParseAddr(strings.TrimSuffix(bare, "]"))
			if err == nil && !addr.Is6() {
				return netip.Addr{}, false
			}
		} else {
			var withPort netip.AddrPort
			withPort, err = netip.ParseAddrPort(node)
			addr = withPort.Addr()
		}
	}
	if err != nil || addr.Zone() != "" {
		return netip.Addr{}, false
	}
	return addr.Unmap(), true
}
