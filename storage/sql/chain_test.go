package sql

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"omgevingsloket-id/e2e/testenv"
	"omgevingsloket-id/pkg/audit"
	"omgevingsloket-id/pkg/effect"
	"omgevingsloket-id/pkg/secret"
)

// event returns an event with a name of its own.
func event(name string) effect.Effects {
	return effect.Of(audit.System("").Did(audit.InstallationClaimed, name, time.UnixMilli(1)))
}

// logged returns how often each event is in the log, and fails the test unless the
// chain holds.
func logged(t *testing.T, db *DB) map[string]int {
	t.Helper()
	found, prev := map[string]int{}, audit.Head{}
	events, err := db.Audit().Events(t.Context(), 0, 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range events {
		if e.Seq != prev.Seq+1 || e.PrevHash != prev.Hash || e.Hash != audit.ChainHash(prev.Hash, e) {
			t.Fatalf("event %d does not follow %d", e.Seq, prev.Seq)
		}
		prev = audit.Head{Seq: e.Seq, Hash: e.Hash}
		found[e.ObjectID]++
	}
	if head, err := db.Heads().Head(t.Context()); err != nil || head.Seq != prev.Seq || head.Hash != prev.Hash {
		t.Errorf("Head() = %d %s, %v, want %d %s", head.Seq, head.Hash, err, prev.Seq, prev.Hash)
	}
	return found
}

// openLite returns a new SQLite database with its schema.
func openLite(t *testing.T) *DB {
	t.Helper()
	return openLiteAt(t, filepath.Join(t.TempDir(), "id.db"))
}

func openLiteAt(t *testing.T, path string) *DB {
	t.Helper()
	db, err := Open(t.Context(), Options{URL: secret.Text("sqlite:" + path)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	if err := db.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	return db
}

func openPostgresPair(t *testing.T) [2]*DB {
	t.Helper()
	url := testenv.Postgres(t)
	var out [2]*DB
	for i := range out {
		db, err := Open(t.Context(), Options{URL: secret.Text(url)})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = db.Close() })
		if err := db.Migrate(t.Context()); err != nil {
			t.Fatal(err)
		}
		out[i] = db
	}
	return out
}

// An event whose transaction commits after later events were chained is chained too.
func TestChainLateCommit(t *testing.T) {
	t.Parallel()
	one := openPostgresPair(t)
	held, begun, committed := make(chan struct{}), make(chan struct{}), make(chan error)
	go func() {
		db := one[0]
		ctx := context.Background()
		tx, err := db.sql.BeginTx(ctx, nil)
		if err == nil {
			err = db.pool(ctx, tx, event("late").Events)
		}
		close(begun)
		<-held
		if err == nil {
			err = tx.Commit()
		}
		committed <- err
	}()
	<-begun
	if err := one[1].change(t.Context(), "test", func(*sql.Tx) (effect.Effects, error) { return event("early"), nil }); err != nil {
		t.Fatal(err)
	}
	if got := logged(t, one[1]); got["early"] != 1 || got["late"] != 0 {
		t.Errorf("before the late commit the log holds %v", got)
	}
	close(held)
	if err := <-committed; err != nil {
		t.Fatal(err)
	}
	if err := one[1].Chain(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := logged(t, one[1]); got["early"] != 1 || got["late"] != 1 {
		t.Errorf("after the late commit the log holds %v", got)
	}
}

// While one server holds the head, the others neither wait nor chain; when it dies,
// the next one chains what it had taken.
func TestChainHolderDies(t *testing.T) {
	t.Parallel()
	pair := openPostgresPair(t)
	if err := pair[0].change(t.Context(), "test", func(*sql.Tx) (effect.Effects, error) { return event("taken"), nil }); err != nil {
		t.Fatal(err)
	}
	conn, err := pair[0].sql.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	tx, err := conn.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	var head audit.Head
	var pid int
	err = errors.Join(tx.QueryRowContext(t.Context(), `SELECT seq, hash FROM audit_head WHERE id = 1 FOR UPDATE`).Scan(&head.Seq, &head.Hash),
		tx.QueryRowContext(t.Context(), `SELECT pg_backend_pid()`).Scan(&pid))
	if err != nil {
		t.Fatal(err)
	}
	if taken, err := takePool(t.Context(), tx); err != nil || len(taken) != 1 {
		t.Fatalf("takePool() = %v, %v, want the event", taken, err)
	}
	if err := pair[1].Chain(t.Context()); err != nil {
		t.Errorf("Chain() beside another server = %v, want nil", err)
	}
	if err := pair[1].change(t.Context(), "test", func(*sql.Tx) (effect.Effects, error) { return event("meanwhile"), nil }); err != nil {
		t.Errorf("a change waits for the server that chains: %v", err)
	}
	if _, err := pair[1].sql.ExecContext(t.Context(), `SELECT pg_terminate_backend($1)`, pid); err != nil {
		t.Fatal(err)
	}
	_ = tx.Rollback()
	_ = conn.Close()
	if got := logged(t, pair[1]); got["taken"] != 1 || got["meanwhile"] != 1 {
		t.Errorf("after the server died the log holds %v", got)
	}
}

// Servers that write and chain at once lose nothing and chain nothing twice, in
// batches of more than one transaction.
func TestChainCrowd(t *testing.T) {
	t.Parallel()
	lite := openLite(t)
	for name, pair := range map[string][2]*DB{"SQLite": {lite, lite}, "PostgreSQL": openPostgresPair(t)} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			const writers, each = 8, 25
			var all sync.WaitGroup
			for w := range writers {
				all.Go(func() {
					db := pair[w%2]
					for i := range each {
						rec := event(fmt.Sprintf("%d-%d", w, i))
						rec.Events = append(rec.Events, event(fmt.Sprintf("%d-%d second", w, i)).Events...)
						if err := db.change(context.Background(), "test", func(*sql.Tx) (effect.Effects, error) { return rec, nil }); err != nil {
							t.Error(err)
						}
						if i%5 == w%5 {
							if err := db.Chain(context.Background()); err != nil {
								t.Error(err)
							}
						}
					}
				})
			}
			all.Wait()
			got := logged(t, pair[0])
			for w := range writers {
				for i := range each {
					for _, name := range []string{fmt.Sprintf("%d-%d", w, i), fmt.Sprintf("%d-%d second", w, i)} {
						if got[name] != 1 {
							t.Errorf("event %s is %d times in the log", name, got[name])
						}
					}
				}
			}
			if left, err := pair[0].Heads().Waiting(t.Context()); err != nil || left.Events != 0 {
				t.Errorf("Waiting() = %+v, %v, want none", left, err)
			}
		})
	}
}

// Events are chained in the order in which they were made, whatever their times are.
func TestChainOrder(t *testing.T) {
	t.Parallel()
	db := openLite(t)
	at := func(name string, ms int64) audit.Event {
		return audit.System("").Did(audit.InstallationClaimed, name, time.UnixMilli(ms))
	}
	for _, rec := range []effect.Effects{{Events: []audit.Event{at("c", 3), at("d", 3), at("e", 3)}}, effect.Of(at("b", 2)), effect.Of(at("a", 1))} {
		if err := db.change(t.Context(), "test", func(*sql.Tx) (effect.Effects, error) { return rec, nil }); err != nil {
			t.Fatal(err)
		}
	}
	waiting, err := db.Heads().Waiting(t.Context())
	if want := (audit.Waiting{Events: 5, Since: time.UnixMilli(1).UTC()}); err != nil || waiting != want {
		t.Errorf("Waiting() = %+v, %v, want %+v", waiting, err, want)
	}
	events, err := db.Audit().Events(t.Context(), 0, 10)
	if err != nil {
		t.Fatal(err)
	}
	got := ""
	for _, e := range events {
		got += e.ObjectID
	}
	if got != "cdeba" {
		t.Errorf("the log holds %s, want cdeba", got)
	}
}

// A process that ends chains what it has added, also more than one batch.
func TestChainAtTheEnd(t *testing.T) {
	t.Parallel()
	url := secret.Text("sqlite:" + filepath.Join(t.TempDir(), "id.db"))
	db, err := Open(t.Context(), Options{URL: url})
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(db.Migrate(t.Context()), db.change(t.Context(), "test", func(*sql.Tx) (effect.Effects, error) {
		var rec effect.Effects
		for range 2*chainBatch + 1 {
			rec.Events = append(rec.Events, event("last").Events...)
		}
		return rec, nil
	}), db.Close()); err != nil {
		t.Fatal(err)
	}
	again, err := Open(t.Context(), Options{URL: url})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = again.Close() }()
	if left, err := again.Heads().Waiting(t.Context()); err != nil || left.Events != 0 {
		t.Errorf("Waiting() = %+v, %v, want none", left, err)
	}
}
