package apply_test

import (
	"context"
	"sync"
	"time"

	"omgevingsloket-id/op/apply"
	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/application"
	"omgevingsloket-id/pkg/effect"
	"omgevingsloket-id/pkg/intake"
)

// counter records the calls to the stores behind it, and can delay one of them.
type counter struct {
	intake.Store
	accounts apply.Accounts

	mu     sync.Mutex
	calls  []string
	before func(call string) // runs before each call; may be nil
}

func (c *counter) reset() { c.mu.Lock(); c.calls = nil; c.mu.Unlock() }

func (c *counter) note(call string) {
	c.mu.Lock()
	c.calls = append(c.calls, call)
	before := c.before
	c.mu.Unlock()
	if before != nil {
		before(call)
	}
}

func (c *counter) Owner(ctx context.Context, email string, now time.Time) (account.Account, error) {
	c.note("Owner")
	return c.accounts.Owner(ctx, email, now)
}

func (c *counter) Start(ctx context.Context, a application.Application, rec effect.Effects) error {
	c.note("Start")
	return c.Store.Start(ctx, a, rec)
}

func (c *counter) ByHandle(ctx context.Context, handleHash string) (application.Application, error) {
	c.note("ByHandle")
	return c.Store.ByHandle(ctx, handleHash)
}

func (c *counter) Renew(ctx context.Context, id, codeHash string, expires time.Time, rec effect.Effects) error {
	c.note("Renew")
	return c.Store.Renew(ctx, id, codeHash, expires, rec)
}

func (c *counter) TryCode(ctx context.Context, id, codeHash string, now time.Time) (intake.CodeVerdict, error) {
	c.note("TryCode")
	return c.Store.TryCode(ctx, id, codeHash, now)
}

func (c *counter) Save(ctx context.Context, a application.Application) (application.Application, error) {
	c.note("Save")
	return c.Store.Save(ctx, a)
}

func (c *counter) PutDocument(ctx context.Context, d application.Document) error {
	c.note("PutDocument")
	return c.Store.PutDocument(ctx, d)
}

func (c *counter) Submit(ctx context.Context, a application.Application, approve *account.Account, rec effect.Effects) error {
	c.note("Submit")
	return c.Store.Submit(ctx, a, approve, rec)
}
