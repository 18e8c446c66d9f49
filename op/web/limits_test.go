package web_test

import (
	"context"
	"errors"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"omgevingsloket-id/op/web"
	"omgevingsloket-id/pkg/errs"
	"omgevingsloket-id/pkg/limit"
)

// Y29: the source of a request is its peer, or, behind proxies that are trusted, the
// last address that none of them wrote.
func TestY29_LimitsSource(t *testing.T) {
	t.Parallel()
	l := web.Limits{Trusted: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("fd00::/8"), netip.MustParsePrefix("fe80:0:0:1::/64")}}
	many := func(n int) string { return "203.0.113.7" + strings.Repeat(", 10.0.0.9", n) }
	for name, c := range map[string]struct {
		peer           string
		forwarded      []string
		source, origin string
	}{
		"a peer":                       {"203.0.113.7:1", nil, "203.0.113.7/32", "203.0.113.0/24"},
		"a peer of IPv6":               {"[2001:db8:1:2:3::4]:1", nil, "2001:db8:1:2::/64", "2001:db8:1::/48"},
		"IPv4 in IPv6":                 {"[::ffff:203.0.113.7]:1", nil, "203.0.113.7/32", "203.0.113.0/24"},
		"a peer that pretends":         {"203.0.113.7:1", []string{"198.51.100.1"}, "203.0.113.7/32", "203.0.113.0/24"},
		"a proxy":                      {"10.0.0.1:1", []string{"203.0.113.7"}, "203.0.113.7/32", "203.0.113.0/24"},
		"a proxy of IPv6":              {"[fd00::1]:1", []string{"2001:db8:1:2::4"}, "2001:db8:1:2::/64", "2001:db8:1::/48"},
		"a proxy as IPv4 in IPv6":      {"[::ffff:10.0.0.1]:1", []string{"::ffff:203.0.113.7"}, "203.0.113.7/32", "203.0.113.0/24"},
		"two proxies":                  {"10.0.0.1:1", []string{"203.0.113.7, 10.0.0.2"}, "203.0.113.7/32", "203.0.113.0/24"},
		"what the caller wrote before": {"10.0.0.1:1", []string{"198.51.100.1, 203.0.113.7,10.0.0.2"}, "203.0.113.7/32", "203.0.113.0/24"},
		"two headers":                  {"10.0.0.1:1", []string{"198.51.100.1", "203.0.113.7"}, "203.0.113.7/32", "203.0.113.0/24"},
		"a proxy alone":                {"10.0.0.1:1", nil, "10.0.0.1/32", "10.0.0.0/24"},
		"an empty header":              {"10.0.0.1:1", []string{""}, "10.0.0.1/32", "10.0.0.0/24"},
		"a hop that cannot be read":    {"10.0.0.1:1", []string{"203.0.113.7, unknown, 10.0.0.2"}, "10.0.0.2/32", "10.0.0.0/24"},
		"a hop with a port":            {"10.0.0.1:1", []string{"203.0.113.7:80"}, "203.0.113.7/32", "203.0.113.0/24"},
		"a hop with a zone":            {"10.0.0.1:1", []string{"fe80::1%eth0"}, "10.0.0.1/32", "10.0.0.0/24"},
		"proxies alone":                {"10.0.0.1:1", []string{"10.0.0.3, 10.0.0.2"}, "10.0.0.3/32", "10.0.0.0/24"},
		"sixteen hops":                 {"10.0.0.1:1", []string{many(15)}, "203.0.113.7/32", "203.0.113.0/24"},
		"more hops than are read":      {"10.0.0.1:1", []string{many(16)}, "10.0.0.9/32", "10.0.0.0/24"},
		"a peer with a zone":           {"[fe80::1%eth0]:1", nil, "fe80::/64", "fe80::/48"},
		"a proxy with a zone":          {"[fe80:0:0:1::1%eth0]:1", []string{"203.0.113.7"}, "203.0.113.7/32", "203.0.113.0/24"},
		"a hop of RFC 7239":            {"10.0.0.1:1", []string{`by=10.0.0.2;for="[2001:db8:1:2::4]:_p", for=10.0.0.3`}, "2001:db8:1:2::/64", "2001:db8:1::/48"},
		"no address":                   {"@", nil, "unknown", "unknown"},
	} {
		r := get("/")
		r.RemoteAddr = c.peer
		r.Header["X-Forwarded-For"] = c.forwarded
		r.Header.Set("X-Real-Ip", "192.0.2.9")
		r.Header.Set("Forwarded", "for=192.0.2.9")
		if got := l.Source(r); got != c.source {
			t.Errorf("Source(%s) = %q, want %q", name, got, c.source)
		}
		if got := l.Origin(r); got != c.origin {
			t.Errorf("Origin(%s) = %q, want %q", name, got, c.origin)
		}
	}
}

// answers are windows that give one answer, and keep what they were asked.
type answers struct {
	ok   bool
	wait time.Duration
	err  error

	charges []limit.Charge // of the last call
}

func (a *answers) Spend(_ context.Context, charges ...limit.Charge) (int, time.Duration, error) {
	a.charges = charges
	if a.ok {
		return -1, 0, a.err
	}
	return 0, a.wait, a.err
}

// Who is beyond the limit is told when to come back; a store that does not
// answer lets nobody through.
func TestLimitsSpend(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		windows answers
		status  int // of the *web.Error; 0 = none
		err     error
	}{
		"within":    {answers{ok: true}, 0, nil},
		"beyond":    {answers{wait: 42 * time.Second}, http.StatusTooManyRequests, nil},
		"no answer": {answers{ok: true, err: errs.ErrUnavailable}, 0, errs.ErrUnavailable},
	} {
		l, r := web.Limits{Windows: &c.windows}, get("/")
		r.RemoteAddr = "203.0.113.7:1"
		err := l.Spend(r, limit.Budget{Name: "login", Per: limit.Source, Most: 5, Window: time.Minute}, 1)
		page, _ := errors.AsType[*web.Error](err)
		if c.status == 0 && (page != nil || !errors.Is(err, c.err)) || c.status != 0 && (page == nil || page.Status != c.status || page.Retry != c.windows.wait) {
			t.Errorf("Spend(%s) = %v, want status %d, %v", name, err, c.status, c.err)
		}
		if c.status != 0 && page.Cause.Error() != "over the budget login-network" { // Y32
			t.Errorf("Spend(%s): the log would say %v", name, page.Cause)
		}
		b := limit.Budget{Name: "login", Per: limit.Source, Most: 5, Window: time.Minute}
		want := []limit.Charge{ // its network comes first
			limit.Budget{Name: "login-network", Per: limit.Network, Most: 5 * limit.NetworkSources, Window: time.Minute}.Charge("203.0.113.0/24", 1), b.Charge("203.0.113.7/32", 1),
		}
		if !slices.Equal(c.windows.charges, want) {
			t.Errorf("Spend(%s) charges %+v, want %+v", name, c.windows.charges, want)
		}
	}
}
