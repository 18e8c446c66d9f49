// Package seed stores accounts, applications, sessions, grants and events straight into the stores of the
// product, as many as an installation has after years. Applying, enrolling and logging in would take a password
// hash and some pages for each.
package seed

import (
	"context"
	"crypto/rand"
	"database/sql"
	"fmt"
	mathrand "math/rand/v2"
	"strings"
	"time"

	"omgevingsloket-id/cmd/omgevingsloket-id/app"
	"omgevingsloket-id/e2e/load/backend"
	"omgevingsloket-id/pkg/config"
	"omgevingsloket-id/pkg/secret"
	"omgevingsloket-id/pkg/session"
)

// Password is that of every account.
const Password = "correct horse battery staple"

// Amounts is how much there is to be.
type Amounts struct {
	Accounts int
	Applied  int // applications of these accounts, all decided on but Waiting
	Sessions int // of these accounts, live, in browsers that nobody has
	Grants   int // of these accounts, redeemed
	Events   int // of logins of these accounts, in the past year

	Stored func(what string, n int) // called after each kind, unless nil
}

// batch is how many rows are in one transaction.
const batch = 1000

// Into makes the tables of an installation if there are none, and adds to what they hold. It returns the
// accounts. Meanwhile no server may write events.
func Into(ctx context.Context, c config.Config, m Amounts) ([]Account, error) {
	stores, err := app.OpenStores(ctx, c, app.Options{})
	if err != nil {
		return nil, err
	}
	defer stores.Close()
	if err := stores.Migrate(ctx, c, time.Now()); err != nil {
		return nil, err
	}
	_, db, err := backend.Open(c.Database.URL.Reveal())
	if err != nil {
		return nil, err
	}
	defer func() { _ = db.Close() }()
	hasher, err := app.NewHasher(c, time.Now)
	if err != nil {
		return nil, err
	}
	hash, err := hasher.Hash(ctx, Password)
	if err != nil {
		return nil, err
	}
	stored := func(what string, n int) {
		if m.Stored != nil {
			m.Stored(what, n)
		}
	}
	var all []Account
	err = batches(m.Accounts, func(n int) error {
		some, err := accounts(ctx, db, stores.Ring, hash, len(all), n)
		all = append(all, some...)
		return err
	})
	stored("account", m.Accounts)
	if err == nil && m.Applied > 0 {
		done, number := 0, mathrand.Uint64()
		err = batches(min(m.Applied, len(all)), func(n int) error {
			waiting := max(Waiting-done, 0)
			some := all[done : done+n]
			done += n
			return applications(ctx, db, some, done-n, waiting, number+uint64(done-n))
		})
		stored("application", m.Applied)
	}
	if err == nil && m.Sessions > 0 {
		err = sessions(ctx, stores.Sessions, c.Session, all, m.Sessions)
		stored("session", m.Sessions)
	}
	if err == nil && m.Grants > 0 {
		done := 0
		err = batches(m.Grants, func(n int) error {
			some := make([]Account, n)
			for i := range some {
				some[i] = all[(done+i)%len(all)]
			}
			done += n
			return grants(ctx, db, some)
		})
		stored("grant", m.Grants)
	}
	if err == nil && m.Events > 0 {
		err = events(ctx, db, all, m.Events)
		stored("event", m.Events)
	}
	if err == nil && strings.HasPrefix(c.Database.URL.Reveal(), "postgres") {
		_, err = db.ExecContext(ctx, `VACUUM (ANALYZE)`) // as the server itself does within minutes
	}
	if err != nil {
		return nil, fmt.Errorf("seed: %w", err)
	}
	return all, nil
}

// batches calls store until it has stored n.
func batches(n int, store func(n int) error) error {
	for done := 0; done < n; done += batch {
		if err := store(min(batch, n-done)); err != nil {
			return err
		}
	}
	return nil
}

// within runs write in a transaction.
func within(ctx context.Context, db *sql.DB, write func(*sql.Tx) error) error {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }()
	if err := write(tx); err != nil {
		return err
	}
	return tx.Commit()
}

// sessions stores live sessions of the accounts, in turn.
func sessions(ctx context.Context, store session.Store, limits config.Session, of []Account, n int) error {
	for i := range n {
		now := time.Now()
		s := session.Session{
			Key: secret.New(rand.Reader, secret.KindSession).Hash(), SID: secret.NewID(rand.Reader), AccountID: of[i%len(of)].ID, Epoch: 1,
			Browser: secret.New(rand.Reader, secret.KindBrowser).Hash(), AuthTime: now, CreatedAt: now, SeenAt: now, Version: 1,
		}
		if err := store.Create(ctx, s, limits.Idle); err != nil {
			return err
		}
	}
	return nil
}
