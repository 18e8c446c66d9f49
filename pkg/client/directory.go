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

// Directory finds clients: first those of the configuration file, then those
// of the store, which it caches for keepFor because nearly every request needs
// one. It is safe for concurrent use.
type Directory struct {
	store    Store
	policy   Policy
	insecure bool
	now      func() time.Time

	// RefuseNative makes stored native clients unknown. Set it before the
	// directory is used.
	RefuseNative bool

	mu    sync.Mutex
	fixed []Client
	known map[string]kept
}

type kept struct {
	client Client
	err    error
	until  time.Time
}

// keepFor is how long a removed or changed client may still be returned.
const keepFor = 2 * time.Second

// NewDirectory returns a directory of the configured clients and those of the
// store. issuer and insecure are as in Client.Validate.
func NewDirectory(fixed []Client, store Store, issuer Policy, insecure bool, now func() time.Time) *Directory {
	return &Directory{fixed: fixed, store: store, policy: issuer, insecure: insecure, now: now, known: map[string]kept{}}
}

// ByID returns errs.ErrNotFound for unknown clients and for stored ones that
// the issuer's policy no longer allows.
func (d *Directory) ByID(ctx context.Context, id string) (Client, error) {
	fixed := d.configured()
	if i := slices.IndexFunc(fixed, func(c Client) bool { return c.ID == id }); i >= 0 {
		return d.withPolicy(fixed[i]), nil
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
	if err == nil && (c.Validate(d.policy, d.insecure) != nil || d.RefuseNative && c.Native()) {
		c, err = Client{}, errs.ErrNotFound
	}
	if err != nil && !errors.Is(err, errs.ErrNotFound) {
		return Client{}, err
	}
	if err == nil {
		c = d.withPolicy(c)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	const most = 1000 // requests can name any number of unknown ids
	if len(d.known) >= most {
		clear(d.known)
	}
	d.known[id] = kept{client: c, err: err, until: d.now().Add(keepFor)}
	return c, err
}

// Configure replaces the clients of the configuration file.
func (d *Directory) Configure(fixed []Client) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.fixed = fixed
}

func (d *Directory) configured() []Client {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.fixed
}

// withPolicy returns c with the issuer's policy if it has none of its own.
func (d *Directory) withPolicy(c Client) Client {
	if c.Policy == "" {
		c.Policy = d.policy
	}
	return c
}

// List returns all clients in order of id.
func (d *Directory) List(ctx context.Context) ([]Client, error) {
	stored, err := d.store.List(ctx)
	if err != nil {
		return nil, err
	}
	all := slices.Concat(d.configured(), stored)
	for i := range all {
		all[i] = d.withPolicy(all[i])
	}
	slices.SortStableFunc(all, func(a, b Client) int { return strings.Compare(a.ID, b.ID) })
	return slices.CompactFunc(all, func(a, b Client) bool { return a.ID == b.ID }), nil
}
