package provider

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"sync"
	"syscall"
	"time"

	"github.com/go-jose/go-jose/v4"

	"omgevingsloket-id/pkg/client"
)

// KeyFetcher fetches the keys of clients from their jwks_uri. It follows no
// redirects, reads at most 64 KiB, waits at most three seconds, fetches an address
// at most once a minute, and in production calls public addresses only.
type KeyFetcher struct {
	client *http.Client
	now    func() time.Time

	mu    sync.Mutex
	known map[string]*fetched
}

type fetched struct {
	mu  sync.Mutex
	set jose.JSONWebKeySet
	at  time.Time // of the last success
	try time.Time // of the last attempt
}

const (
	keysFresh   = 10 * time.Minute
	keysPause   = time.Minute
	longestJWKS = 64 << 10
)

// NewKeyFetcher returns a fetcher; local allows private and loopback addresses,
// for practice and tests.
func NewKeyFetcher(local bool, now func() time.Time) *KeyFetcher {
	dialer := &net.Dialer{Timeout: 2 * time.Second, Control: func(_, address string, _ syscall.RawConn) error {
		return allowedAddress(address, local)
	}}
	return &KeyFetcher{
		now: now, known: map[string]*fetched{},
		client: &http.Client{
			Timeout:       3 * time.Second,
			Transport:     &http.Transport{DialContext: dialer.DialContext, ResponseHeaderTimeout: 2 * time.Second, MaxIdleConns: 4, IdleConnTimeout: time.Minute},
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}
}

func allowedAddress(address string, local bool) error {
	ap, err := netip.ParseAddrPort(address)
	if err != nil {
		return err
	}
	a := ap.Addr().Unmap()
	if local && (a.IsLoopback() || a.IsPrivate()) {
		return nil
	}
	if a.IsLoopback() || a.IsPrivate() || a.IsLinkLocalUnicast() || a.IsMulticast() || a.IsUnspecified() {
		return errNotPublic
	}
	for _, net := range special {
		if net.Contains(a) {
			return errNotPublic
		}
	}
	return nil
}

var errNotPublic = errors.New("jwks_uri: does not lead to a public address")

// special are further networks that are not public, or that lead to such networks
// (RFC 6890).
var special = []netip.Prefix{
	netip.MustParsePrefix("0.0.0.0/8"), netip.MustParsePrefix("100.64.0.0/10"), netip.MustParsePrefix("192.0.0.0/24"),
	netip.MustParsePrefix("198.18.0.0/15"), netip.MustParsePrefix("240.0.0.0/4"),
	netip.MustParsePrefix("64:ff9b::/96"), netip.MustParsePrefix("64:ff9b:1::/48"), netip.MustParsePrefix("2002::/16"),
}

// Fetch returns the keys at uri. fresh skips keys that are cached, unless the last
// attempt was within a minute. When the client's server does not answer, the
// previous keys are returned; without any, there is an error, as for an answer that
// is no JWK set. Keys that cannot be read are left out (client.ParseKeys).
func (f *KeyFetcher) Fetch(ctx context.Context, uri string, fresh bool) (jose.JSONWebKeySet, error) {
	f.mu.Lock()
	k, ok := f.known[uri]
	if !ok {
		k = &fetched{}
		f.known[uri] = k
	}
	f.mu.Unlock()

	k.mu.Lock()
	defer k.mu.Unlock()
	now := f.now()
	if now.Sub(k.at) < keysFresh && !fresh || now.Sub(k.try) < keysPause {
		if k.at.IsZero() {
			return jose.JSONWebKeySet{}, errors.New("jwks_uri: gave no keys a moment ago")
		}
		return k.set, nil
	}
	k.try = now
	// A caller that disconnects must not use up the attempt of this minute.
	set, err := f.get(context.WithoutCancel(ctx), uri)
	if err != nil {
		if !k.at.IsZero() {
			return k.set, nil
		}
		return jose.JSONWebKeySet{}, fmt.Errorf("jwks_uri: %w", err)
	}
	k.set, k.at = set, now
	return set, nil
}

func (f *KeyFetcher) get(ctx context.Context, uri string) (jose.JSONWebKeySet, error) {
	var set jose.JSONWebKeySet
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, uri, nil)
	if err != nil {
		return set, err
	}
	req.Header.Set("Accept", "application/jwk-set+json, application/json")
	res, err := f.client.Do(req)
	if err != nil {
		return set, err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return set, fmt.Errorf("status %d", res.StatusCode)
	}
	body, err := io.ReadAll(io.LimitReader(res.Body, longestJWKS))
	if err != nil {
		return set, err
	}
	set.Keys, err = client.ParseKeys(body)
	return set, err
}
