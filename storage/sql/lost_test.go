package sql_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"omgevingsloket-id/e2e/testenv"
	"omgevingsloket-id/pkg/errs"
	"omgevingsloket-id/pkg/secret"
	"omgevingsloket-id/storage/sql"
)

// warm fills the pool with open connections.
func warm(t *testing.T, db *sql.DB) {
	t.Helper()
	var conns []interface{ Close() error }
	for range 8 {
		c, err := db.Raw().Conn(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		conns = append(conns, c)
	}
	for _, c := range conns {
		if err := c.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// A session that turned read-only, or was ended, fails one call. The other sessions of
// the same time are closed before they are used.
func TestW1_LostSessions(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		sessions int
		lose     string // a statement in so many sessions
	}{
		"25006 read-only":  {8, `SET default_transaction_read_only = on`},
		"57P01 terminated": {1, `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db, err := sql.Open(t.Context(), sql.Options{URL: secret.Text(postgres(t)), MaxConnections: 8})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = db.Close() })
			warm(t, db)
			if err := db.InEachConnection(t.Context(), c.sessions, c.lose); err != nil {
				t.Fatal(err)
			}
			failed := 0
			for range 20 {
				if err := try(db)(t.Context()); errors.Is(err, errs.ErrUnavailable) {
					failed++
				} else if err != nil {
					t.Fatal(err)
				}
			}
			if failed > 1 {
				t.Errorf("%d calls failed, want one at most", failed)
			}
		})
	}
}

// Of two hosts, the one that takes writes is used, and after the roles changed
// the other one.
func TestW1_TwoHosts(t *testing.T) {
	t.Parallel()
	first, second := testenv.NewPostgres(t), testenv.NewPostgres(t)
	name := func(url string) string { return url[strings.LastIndex(url, "/")+1 : strings.Index(url, "?")] }
	// Each has the schema; the second has it under the name of the first.
	address := first.Database()
	second.Exec(`CREATE DATABASE ` + name(address))
	both := "postgres://olid@" + first.Addr + "," + second.Addr + "/" + name(address) + "?sslmode=disable&target_session_attrs=read-write"
	for _, s := range []*testenv.PostgresServer{first, second} {
		db, err := sql.Open(t.Context(), sql.Options{URL: secret.Text("postgres://olid@" + s.Addr + "/" + name(address) + "?sslmode=disable")})
		if err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(db.Migrate(t.Context()), db.Close()); err != nil {
			t.Fatal(err)
		}
	}
	readOnly := func(s *testenv.PostgresServer, value string) {
		t.Helper()
		s.Exec(`ALTER SYSTEM SET default_transaction_read_only = ` + value)
		s.Exec(`SELECT pg_reload_conf()`)
	}
	readOnly(second, "on")
	db, err := sql.Open(t.Context(), sql.Options{URL: secret.Text(both), MaxConnections: 8})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	warm(t, db)
	for _, from := range []struct{ stays, goes *testenv.PostgresServer }{{second, first}, {first, second}} {
		readOnly(from.goes, "on")
		readOnly(from.stays, "off")
		if err := recovers(try(db)); err != nil {
			t.Fatalf("after a change of roles: %v", err)
		}
	}
	second.Exec(`SELECT 1`)
	first.Freeze() // the one that serves
	readOnly(second, "off")
	if err := recovers(func(ctx context.Context) error { return try(db)(ctx) }); err != nil {
		t.Errorf("after the first host fell silent: %v", err)
	}
	first.Thaw()
}
