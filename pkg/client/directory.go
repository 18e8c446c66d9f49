package client

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"time"

	"omgevingsloket-id/pkg/errs"
)

// Directory finds clients: those of the configuration file first, then those
// of the store, which are kept for a moment, because nearly every request
// asks for one.
type Directory struct {
	fixed    []Client
	store    Store
	policy   Policy
	insecure bool
	now      func() time.Time

	mu    sync.Mutex
	known map[string]kept
}

type kept struct {
	client Client
	err    error
	until  time.Time
}

// keepFor is how long a removed or changed client may still be seen.
const keepFor = 2 * time.Second

// NewDirectory joins the configured clients and the store.
func NewDirectory(fixed []Client, store Store, issuer Policy, insecure bool, now func() time.Time) *Directory {
	return &Directory{fixed: fixed, store: store, policy: issuer, insecure: insecure, now: now, known: map[string]kept{}}
}

// ByID answers errs.ErrNotFound for unknown clients and for those that the
// issuer's policy does not allow any more.
func (d *Directory) ByID(ctx context.Context, id string) (Client, error) {
	if i := slices.IndexFunc(d.fixed, func(c Client) bool { return c.ID == id }); i >= 0 {
		return d.tightened(d.fixed[i]), nil
	}
	if id == "" || len(id) > 128 {
		return Client{}, errs.ErrNotFound
	}
	d.mu.Lock()
	k, ok := d.known[id]
	d.mu.Unlock()
	if ok && d.now().Before(k.until) {
		return k.client, k.err
	}
	c, err := d.store.ByID(ctx, id)
	if err == nil && c.Validate(d.policy, d.insecure) != nil {
		c, err = Client{}, errs.ErrNotFound
	}
	if err != nil && !errors.Is(err, errs.ErrNotFound) {
		return Client{}, err
	}
	if err == nil {
		c = d.tightened(c)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	const most = 1000 // unknown ids come from anywhere
	if len(d.known) >= most {
		clear(d.known)
	}
	d.known[id] = kept{client: c, err: err, until: d.now().Add(keepFor)}
	return c, err
}

// tightened fills in the issuer's policy.
func (d *Directory) tightened(c Client) Client {
	if c.Policy == "" {
		c.Policy = d.policy
	}
	return c
}

// List gives all clients by id.
func (d *Directory) List(ctx context.Context) ([]Client, error) {
	stored, err := d.store.List(ctx)
	if err != nil {
		return nil, err
	}
	all := slices.Concat(d.fixed, stored)
	for i := range all {
		all[i] = d.tightened(all[i])
	}
	slices.SortStableFunc(all, func(a, b Client) int { return strings.Compare(a.ID, b.ID) })
	return slices.CompactFunc(all, func(a, b Client) bool { return a.ID == b.ID }), nil
}
