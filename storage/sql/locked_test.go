package sql

import (
	"context"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"omgevingsloket-id/pkg/limit"
	"omgevingsloket-id/pkg/secret"
	"omgevingsloket-id/pkg/session"
)

// W4: a call that waits in vain for its turn to write returns an error that another
// program holds the file, not that the database does not answer.
func TestW4_LockedBehindOthers(t *testing.T) {
	t.Parallel()
	url := secret.Text("sqlite:" + filepath.Join(t.TempDir(), "id.db"))
	open := func() *DB {
		t.Helper()
		db, err := Open(t.Context(), Options{URL: url, CallTime: time.Second})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = db.Close() })
		return db
	}
	db := open()
	if err := db.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	db.turn <- struct{}{}
	if got := Reason(db.Probe(ctx)); got != "does not answer in time" {
		t.Errorf("behind another writer: %q", got)
	}
	<-db.turn
	held, err := open().sql.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = held.Rollback() }()
	if got := Reason(db.Probe(t.Context())); got != "is locked by another program" {
		t.Errorf("beside another program: %q", got)
	}
	var all sync.WaitGroup
	for range 30 {
		all.Go(func() {
			ctx, cancel := context.WithTimeout(context.Background(), 400*time.Millisecond)
			defer cancel()
			if got := Reason(db.Probe(ctx)); got != "is locked by another program" {
				t.Errorf("behind others that wait for another program: %q", got)
			}
		})
	}
	all.Wait()
}

// W4: a call whose time is over when its turn comes returns the same error, without
// calling the driver.
func TestW4_LockedUntilTooLate(t *testing.T) {
	t.Parallel()
	db := openLite(t)
	db.sql.locked.at.Store(time.Now().UnixNano())
	ctx, cancel := context.WithDeadline(t.Context(), time.Now().Add(-time.Second))
	defer cancel()
	for name, do := range map[string]func() error{
		"a transaction": func() error { return db.Probe(ctx) },
		"a statement":   func() error { return db.Grants().UseOnce(ctx, "c", "j", time.Now()) },
		"a session":     func() error { return db.Sessions().Create(ctx, session.Session{Key: "k", Version: 1}, time.Hour) },
		"a window": func() error {
			_, _, err := db.Windows().Spend(ctx, limit.Charge{Budget: limit.Budget{Name: "name", Most: 1, Window: time.Hour}, Key: "key", Amount: 1})
			return err
		},
	} {
		for range 20 { // a turn that is free and a time that is over are ready at once
			if err := do(); Reason(err) != "is locked by another program" {
				t.Errorf("%s: %q, %v", name, Reason(err), err)
				break
			}
		}
	}
}

// A query that writes, such as that of a window, notes a lock as a statement does.
func TestW4_LockedBehindQueries(t *testing.T) {
	t.Parallel()
	url := secret.Text("sqlite:" + filepath.Join(t.TempDir(), "id.db"))
	var dbs [2]*DB
	for i := range dbs {
		var err error
		if dbs[i], err = Open(t.Context(), Options{URL: url, CallTime: time.Second}); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = dbs[i].Close() })
	}
	if err := dbs[0].Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	held, err := dbs[1].sql.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = held.Rollback() }()
	spend := func(ctx context.Context) string {
		_, _, err := dbs[0].Windows().Spend(ctx, limit.Charge{Budget: limit.Budget{Name: "name", Most: 1, Window: time.Hour}, Key: "key", Amount: 1})
		return Reason(err)
	}
	if got := spend(t.Context()); got != "is locked by another program" {
		t.Errorf("beside another program: %q", got)
	}
	dbs[0].turn <- struct{}{}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	if got := spend(ctx); got != "is locked by another program" {
		t.Errorf("behind a query that waits for another program: %q", got)
	}
	<-dbs[0].turn
}
