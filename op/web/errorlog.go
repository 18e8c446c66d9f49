package web

import (
	"log"
	"log/slog"
	"net/netip"
	"regexp"
	"strings"
)

// NewErrorLog returns a logger for http.Server.ErrorLog, which holds addresses
// of clients. It writes to l at level Info, with network prefixes only.
func NewErrorLog(l *slog.Logger) *log.Logger { return log.New(errorLog{l}, "", 0) }

type errorLog struct{ log *slog.Logger }

// Write logs p as one entry.
func (e errorLog) Write(p []byte) (int, error) {
	e.log.Info("http server", "message", WithoutAddresses(strings.TrimSpace(string(p))))
	return len(p), nil
}

// addressLike matches what may be an IP address, with brackets, zone and port.
var addressLike = regexp.MustCompile(`\[?[0-9A-Fa-f]*[:.][0-9A-Fa-f:.]+(%[0-9A-Za-z_.-]+)?(\]:[0-9]+|\])?`)

// WithoutAddresses returns text with every IP address, and the port behind it,
// replaced by the prefix that Origin returns.
func WithoutAddresses(text string) string {
	return addressLike.ReplaceAllStringFunc(text, func(found string) string {
		for end := len(found); end > 0; end-- {
			if a, ok := parseAddress(found[:end]); ok {
				return prefix(a.WithZone("").Unmap(), 24, 48) + found[end:]
			}
			if !strings.ContainsAny(found[end-1:end], ":.") { // of the sentence, not of the address
				break
			}
		}
		return found
	})
}

// parseAddress parses an IP address, with or without brackets and port.
func parseAddress(s string) (netip.Addr, bool) {
	if p, err := netip.ParseAddrPort(s); err == nil {
		return p.Addr(), true
	}
	if strings.HasPrefix(s, "[") && strings.HasSuffix(s, "]") {
		s = s[1 : len(s)-1]
	}
	a, err := netip.ParseAddr(s)
	return a, err == nil
}
