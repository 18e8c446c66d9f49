package web

import (
	"net/netip"
	"strings"
)

// parseHop returns the address in an entry of X-Forwarded-For: an address as
// such, in brackets, with a port, in quotes, or in the form of RFC 7239 §4 and §6
// (pairs in any order, of which one is "for=…"). ok is false for everything else,
// such as "unknown", an obfuscated identifier or an address with a zone.
func parseHop(entry string) (addr netip.Addr, ok bool) {
	node, nodes := "", 0
	for i, part := range strings.Split(entry, ";") {
		if strings.Count(part, `"`)%2 != 0 {
			return netip.Addr{}, false // the separator, or the comma before, is quoted
		}
		name, value, pair := strings.Cut(part, "=")
		switch {
		case !pair && i == 0:
			node, nodes = part, nodes+1
		case pair && strings.EqualFold(strings.TrimSpace(name), "for"):
			node, nodes = value, nodes+1
		}
	}
	if nodes != 1 {
		return netip.Addr{}, false
	}
	return parseNode(strings.TrimSpace(node))
}

// parseNode returns the address of a node (RFC 7239 §6).
func parseNode(node string) (addr netip.Addr, ok bool) {
	if inner, found := strings.CutPrefix(node, `"`); found {
		if node, found = strings.CutSuffix(inner, `"`); !found {
			return netip.Addr{}, false
		}
	}
	host := withoutHiddenPort(node)
	addr, err := netip.ParseAddr(host)
	bare, bracket := strings.CutPrefix(host, "[")
	switch {
	case err == nil:
		if addr.Is6() && host != node {
			return netip.Addr{}, false // with a port, it stands in brackets
		}
	case bracket && strings.HasSuffix(bare, "]"):
		addr, err = netip.ParseAddr(strings.TrimSuffix(bare, "]"))
		if err == nil && !addr.Is6() {
			return netip.Addr{}, false
		}
	default:
		var withPort netip.AddrPort
		withPort, err = netip.ParseAddrPort(node)
		addr = withPort.Addr()
	}
	if err != nil || addr.Zone() != "" {
		return netip.Addr{}, false
	}
	return addr.Unmap(), true
}

// withoutHiddenPort returns node without a port that is an obfuscated identifier
// (RFC 7239 §6.3), such as ":_p1".
func withoutHiddenPort(node string) string {
	const allowed = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-"
	before, port, found := strings.Cut(node, ":_")
	if !found || port == "" || strings.Trim(port, allowed) != "" {
		return node
	}
	return before
}
