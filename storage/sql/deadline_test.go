package sql_test

import (
	"context"
	"crypto/rand"
	dbsql "database/sql"
	"errors"
	"sync"
	"testing"
	"time"

	"omgevingsloket-id/e2e/testenv"
	"omgevingsloket-id/pkg/errs"
	"omgevingsloket-id/pkg/limit"
	"omgevingsloket-id/pkg/mail"
	"omgevingsloket-id/pkg/secret"
	"omgevingsloket-id/storage/sql"
)

// hasty opens a database whose calls end after half a second, with two
// connections.
func hasty(t *testing.T, address string) *sql.DB {
	t.Helper()
	db, err := sql.Open(t.Context(), sql.Options{URL: secret.Text(address), MaxConnections: 2, Rand: rand.Reader, CallTime: 500 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	if err := db.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	return db
}

// crowded makes as many calls at the same time as a busy server and fails the test
// unless all return errs.ErrUnavailable. Without a deadline on each call the test would
// not end.
func crowded(t *testing.T, call func(ctx context.Context) error) {
	t.Helper()
	var all sync.WaitGroup
	for range 30 {
		all.Go(func() {
			if err := call(context.Background()); !errors.Is(err, errs.ErrUnavailable) {
				t.Errorf("a call that cannot succeed = %v, want errs.ErrUnavailable", err)
			}
		})
	}
	all.Wait()
}

func try(db *sql.DB) func(context.Context) error {
	return func(ctx context.Context) error {
		_, err := db.Lanes().Try(ctx, "somebody", "", time.Now())
		return err
	}
}

// session returns a database whose sessions do not have the limits that Open sets.
func session(t *testing.T, address string) *dbsql.DB {
	t.Helper()
	db, err := dbsql.Open("pgx", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

// recovers calls until there is no error, or until the time that a test waits is over.
func recovers(call func(context.Context) error) error {
	for until := time.Now().Add(testenv.Patience); ; time.Sleep(50 * time.Millisecond) {
		err := call(context.Background())
		if err == nil || time.Now().After(until) {
			return err
		}
	}
}

// A row that another session holds ends calls; others are served meanwhile.
func TestW2_LockedRow(t *testing.T) {
	t.Parallel()
	address := postgres(t)
	db := hasty(t, address)
	if err := try(db)(t.Context()); err != nil {
		t.Fatal(err)
	}
	other := session(t, address)
	holds, err := other.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := holds.ExecContext(t.Context(), `SELECT * FROM lanes FOR UPDATE`); err != nil {
		t.Fatal(err)
	}
	crowded(t, try(db))
	if _, err := db.Lanes().Try(t.Context(), "somebody else", "", time.Now()); err != nil {
		t.Errorf("another row while one is locked = %v, want nil", err)
	}
	if err := holds.Rollback(); err != nil {
		t.Fatal(err)
	}
	if err := try(db)(t.Context()); err != nil {
		t.Errorf("after the lock = %v, want nil", err)
	}
}

// A silent server ends calls, also those that wait for a connection and those
// in the midst of a transaction.
func TestW2_SilentServer(t *testing.T) {
	t.Parallel()
	server := testenv.NewPostgres(t)
	db := hasty(t, server.Database())
	if err := try(db)(t.Context()); err != nil {
		t.Fatal(err)
	}
	server.Freeze()
	crowded(t, try(db))
	crowded(t, db.Ping)
	server.Thaw()
	if err := recovers(try(db)); err != nil {
		t.Errorf("after the silence = %v, want nil", err)
	}
}

// The limits of a session are those that Open sets, whatever the parameters of the
// address are.
func TestW2_LimitsOfSession(t *testing.T) {
	t.Parallel()
	db, err := sql.Open(t.Context(), sql.Options{URL: secret.Text(postgres(t) + "&statement_timeout=0&lock_timeout=0")})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	for name, want := range map[string]string{"statement_timeout": "3s", "lock_timeout": "2s", "idle_in_transaction_session_timeout": "5s"} {
		var got string
		if err := db.Raw().QueryRowContext(t.Context(), `SHOW `+name).Scan(&got); err != nil || got != want {
			t.Errorf("%s = %q (%v), want %q", name, got, err, want)
		}
	}
}

// A call of a job may take longer than one of a page.
func TestW2_Patient(t *testing.T) {
	t.Parallel()
	address := postgres(t)
	db := hasty(t, address)
	ctx := sql.Patient(t.Context())
	holds, err := session(t, address).BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := holds.ExecContext(t.Context(), `LOCK TABLE lanes IN ACCESS EXCLUSIVE MODE`); err != nil {
		t.Fatal(err)
	}
	done := make(chan error)
	go func() { done <- try(db)(ctx) }()
	if err := try(db)(t.Context()); !errors.Is(err, errs.ErrUnavailable) {
		t.Errorf("a page's call at a locked table = %v, want errs.ErrUnavailable", err)
	}
	if err := holds.Rollback(); err != nil {
		t.Fatal(err)
	}
	if err := <-done; err != nil {
		t.Errorf("a job's call at a table that was locked = %v, want nil", err)
	}
}

// A file that another program has locked ends the call that has its turn to
// write and all that queue behind it. Readers are served.
func TestW3_LockedFile(t *testing.T) {
	t.Parallel()
	address := sqlite(t)
	db := hasty(t, address)
	other, err := dbsql.Open("sqlite", sql.FileOf(address))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = other.Close() }()
	holds, err := other.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	calls := []func(context.Context) error{
		try(db),
		func(ctx context.Context) error { return db.Outbox().Sent(ctx, mail.Message{ID: "none"}, time.Now()) },
		func(ctx context.Context) error {
			_, _, err := db.Windows().Spend(ctx, limit.SessionCodesDay.Charge("somebody", 1))
			return err
		},
	}
	crowded(t, func(ctx context.Context) error {
		for _, call := range calls {
			if err := call(ctx); !errors.Is(err, errs.ErrUnavailable) {
				return err
			}
		}
		return errs.ErrUnavailable
	})
	if n, err := db.Outbox().Waiting(t.Context()); n != 0 || err != nil {
		t.Errorf("Waiting() at a locked file = %d, %v, want 0, nil", n, err)
	}
	if err := holds.Rollback(); err != nil {
		t.Fatal(err)
	}
	if err := try(db)(t.Context()); err != nil {
		t.Errorf("after the lock = %v, want nil", err)
	}
}

// Tries of the same call in one transaction have the deadline of the first.
func TestW3_QueueHasOneDeadline(t *testing.T) {
	t.Parallel()
	db := hasty(t, sqlite(t))
	free, err := db.Occupy(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	crowded(t, try(db))
	free()
	if open, err := db.Lanes().Try(t.Context(), "somebody", "", time.Now()); err != nil || !open {
		t.Errorf("Try() after the queue = %t, %v, want true, nil", open, err)
	}
}
