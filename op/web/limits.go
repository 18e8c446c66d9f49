package web

import (
	"net/http"
	"net/netip"
	"strings"
	"time"

	"omgevingsloket-id/pkg/limit"
	"omgevingsloket-id/pkg/secret"
	"omgevingsloket-id/pkg/session"
	"omgevingsloket-id/pkg/signin"
)

// Limits charges what is spent, and identifies the source of a request.
type Limits struct {
	Windows limit.Windows
	Trusted []netip.Prefix // proxies whose X-Forwarded-For is used

	Exceeded func(limit.Budget) // is called for what is over a budget; may be nil
}

// Spend spends amount of a budget in the name of this request and returns an
// error, a 429, beyond it. What a source spends, its network spends too.
func (l *Limits) Spend(r *http.Request, b limit.Budget, amount int) error {
	charges := make([]limit.Charge, 0, 2)
	if b.Per == limit.Source {
		// First, so that a network that has many sources makes few counters.
		network := b.OfNetwork()
		charges = append(charges, network.Charge(l.key(r, network.Per), amount))
	}
	return l.within(r, append(charges, b.Charge(l.key(r, b.Per), amount)))
}

// SpendFor is Spend for budgets of another key, such as that of an address, of
// which the same amount is spent.
func (l *Limits) SpendFor(r *http.Request, key string, amount int, budgets ...limit.Budget) error {
	charges := make([]limit.Charge, len(budgets))
	for i, b := range budgets {
		charges[i] = b.Charge(key, amount)
	}
	return l.within(r, charges)
}

// SpendMail spends a mail that a stranger has sent to an address, of the budget of the
// source. A source may ask for few to one mailbox, and for few (a tenth) when many go to
// one domain or to everybody: that slows those who send many, and keeps nobody from
// asking. domainKey is the key of the counter of a domain.
func (l *Limits) SpendMail(r *http.Request, b limit.Budget, email string, domainKey []byte) error {
	if err := l.Spend(r, b, 1); err != nil {
		return err
	}
	if err := l.SpendFor(r, l.Origin(r)+" "+limit.Mailbox(email), 1, limit.MailboxMails); err != nil {
		return err
	}
	_, domain, _ := strings.Cut(email, "@")
	calm, err := l.WithinFor(r, limit.DomainMails, secret.MAC(domainKey, "domain", domain), 1)
	if err != nil {
		return err
	}
	all, err := l.Within(r, limit.AllMails, 1)
	if err != nil || calm && all {
		return err
	}
	return l.Spend(r, limit.AlarmMails.UpTo(max(b.Most/10, 1)), 1)
}

func (l *Limits) within(r *http.Request, charges []limit.Charge) error {
	over, wait, err := l.spend(r, charges)
	if err == nil && over >= 0 {
		key := "web.error.too_many"
		if charges[over].Per == limit.Address {
			key = "web.error.too_often" // whatever the connection
		}
		err = &Error{Status: http.StatusTooManyRequests, Key: key, Cause: Rule("over the budget " + charges[over].Name), Retry: wait}
	}
	return err
}

// Within spends amount of a budget and reports whether it was within it.
func (l *Limits) Within(r *http.Request, b limit.Budget, amount int) (bool, error) {
	return l.WithinFor(r, b, l.key(r, b.Per), amount)
}

// WithinFor is Within for a budget of another key.
func (l *Limits) WithinFor(r *http.Request, b limit.Budget, key string, amount int) (bool, error) {
	over, _, err := l.spend(r, []limit.Charge{b.Charge(key, amount)})
	return over < 0, err
}

func (l *Limits) spend(r *http.Request, charges []limit.Charge) (over int, wait time.Duration, err error) {
	over, wait, err = l.Windows.Spend(r.Context(), charges...)
	if err == nil && over >= 0 && l.Exceeded != nil {
		l.Exceeded(charges[over].Budget)
	}
	return over, wait, err
}

func (l *Limits) key(r *http.Request, per limit.Scope) string {
	switch per {
	case limit.Everybody:
		return ""
	case limit.Network:
		return l.Origin(r)
	}
	return l.Source(r)
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
	addr := peerOf(peer)
	if !l.trusted(addr) {
		return addr
	}
	const mostHops = 16
	forwarded := r.Header["X-Forwarded-For"]
	if len(forwarded) == 0 {
		return addr
	}
	hops := strings.Split(strings.Join(forwarded, ","), ",")
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

// peerOf returns the address of a peer as networks have it: a link-local peer has a
// zone, which no network contains.
func peerOf(peer netip.AddrPort) netip.Addr { return peer.Addr().WithZone("").Unmap() }

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

// Forwarded returns the addresses that are one source, for a request that came from a
// trusted proxy; ok is false for any other request.
func (l *Limits) Forwarded(r *http.Request) (source netip.Prefix, ok bool) {
	if len(l.Trusted) == 0 {
		return source, false
	}
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil || !l.trusted(peerOf(peer)) {
		return source, false
	}
	return masked(l.address(r), 32, 64), true
}

// NetworkOf returns the name of the network of an address: a /24 or a /48.
func NetworkOf(a netip.Addr) string { return prefix(a, 24, 48) }

// Origin returns the name of the caller for the audit log: a /24 or a /48.
func (l *Limits) Origin(r *http.Request) string { return NetworkOf(l.address(r)) }

func prefix(a netip.Addr, v4, v6 int) string {
	if !a.IsValid() {
		return "unknown"
	}
	return masked(a, v4, v6).String()
}

// masked returns the network of an address, of so many bits; the zero Prefix for the
// zero Addr.
func masked(a netip.Addr, v4, v6 int) netip.Prefix {
	bits := v4
	if a.Is6() {
		bits = v6
	}
	return netip.PrefixFrom(a, bits).Masked()
}

// From returns where a request comes from, for the audit log.
func (l *Limits) From(r *http.Request) signin.From {
	return signin.From{Origin: l.Origin(r), RequestID: RequestID(r), Agent: session.Agent(r.UserAgent())}
}
