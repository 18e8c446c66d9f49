package sql_test

import (
	"context"
	dbsql "database/sql"
	"errors"
	"fmt"
	"strings"
	"testing"

	"omgevingsloket-id/pkg/errs"
	"omgevingsloket-id/storage/sql"
)

// A database that takes no writes is reported, with the reason, and is usable again when
// it takes them.
func TestW4_Probe(t *testing.T) {
	t.Parallel()
	const connections = 2
	each := func(db *sql.DB, statement string) error {
		return db.InEachConnection(t.Context(), connections, statement)
	}
	for name, c := range map[string]struct {
		address func(*testing.T) string
		fault   func(db *sql.DB, address string) (undo func() error, err error)
		want    string
	}{
		"SQLite full": {sqlite, func(db *sql.DB, _ string) (func() error, error) {
			var pages int
			if err := db.Raw().QueryRowContext(t.Context(), `PRAGMA page_count`).Scan(&pages); err != nil {
				return nil, err
			}
			undo := func() error { return each(db, `PRAGMA max_page_count = 1000000`) }
			if err := each(db, fmt.Sprintf(`PRAGMA max_page_count = %d`, pages)); err != nil {
				return nil, err
			}
			for n := 0; ; n++ { // until there is no free page
				if _, err := db.Raw().ExecContext(t.Context(), `INSERT INTO ephemeral VALUES ('filling', $1, $2, 1, 1)`, n, strings.Repeat("x", 3000)); err != nil {
					return undo, nil
				}
			}
		}, "is full"},
		"SQLite read-only": {sqlite, func(db *sql.DB, _ string) (func() error, error) {
			return func() error { return each(db, `PRAGMA query_only = 0`) }, each(db, `PRAGMA query_only = 1`)
		}, "is read-only"},
		"SQLite locked": {sqlite, func(_ *sql.DB, address string) (func() error, error) {
			other, err := dbsql.Open("sqlite", sql.FileOf(address))
			if err != nil {
				return nil, err
			}
			t.Cleanup(func() { _ = other.Close() })
			tx, err := other.BeginTx(t.Context(), nil)
			if err != nil {
				return nil, err
			}
			return tx.Rollback, nil
		}, "is locked by another program"},
		"PostgreSQL read-only": {postgres, func(_ *sql.DB, address string) (func() error, error) {
			set := func(value string) error {
				_, err := session(t, address).ExecContext(t.Context(), `DO $$ BEGIN
					EXECUTE format('ALTER DATABASE %I SET default_transaction_read_only = `+value+`', current_database());
					PERFORM pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid();
				END $$`)
				return err
			}
			return func() error {
				_, err := session(t, address+"&options=-c%20default_transaction_read_only%3Doff").ExecContext(t.Context(), `DO $$ BEGIN
					EXECUTE format('ALTER DATABASE %I RESET default_transaction_read_only', current_database()); END $$`)
				return err
			}, set("on")
		}, "is read-only"},
		"PostgreSQL locked": {postgres, func(_ *sql.DB, address string) (func() error, error) {
			tx, err := session(t, address).BeginTx(t.Context(), nil)
			if err != nil {
				return nil, err
			}
			_, err = tx.ExecContext(t.Context(), `LOCK TABLE ephemeral IN ACCESS EXCLUSIVE MODE`)
			return tx.Rollback, err
		}, "is locked by another session"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			address := c.address(t)
			db := hasty(t, address)
			for range 3 {
				if err := db.Probe(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
			undo, err := c.fault(db, address)
			if err != nil {
				t.Fatal(err)
			}
			if err := db.Probe(t.Context()); !errors.Is(err, errs.ErrUnavailable) {
				t.Errorf("Probe() = %v, want errs.ErrUnavailable", err)
			} else if err := recovers(func(ctx context.Context) error { // the first error may be that of a lost connection
				if got := sql.Reason(db.Probe(ctx)); got != c.want {
					return fmt.Errorf("Reason() = %q, want %q", got, c.want)
				}
				return nil
			}); err != nil {
				t.Error(err)
			}
			if err := undo(); err != nil {
				t.Fatal(err)
			}
			if err := recovers(db.Probe); err != nil {
				t.Errorf("Probe() afterwards = %v, want nil", err)
			}
			var rows int
			if err := db.Raw().QueryRowContext(t.Context(), `SELECT COUNT(*) FROM ephemeral WHERE kind = 'probe'`).Scan(&rows); err != nil || rows != 1 {
				t.Errorf("%d rows (%v) after many probes, want 1", rows, err)
			}
		})
	}
}
