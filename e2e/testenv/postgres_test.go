package testenv

import (
	"context"
	"database/sql"
	"strings"
	"testing"

	_ "github.com/jackc/pgx/v5/stdlib"
)

func open(t *testing.T, dsn string) *sql.DB {
	t.Helper()
	db, err := sql.Open("pgx", dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

func run(t *testing.T, db *sql.DB, statement string) {
	t.Helper()
	if _, err := db.Exec(statement); err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
}

func TestPostgresDatabasesArePrivate(t *testing.T) {
	one, two := open(t, Postgres(t)), open(t, Postgres(t))
	run(t, one, "CREATE TABLE t (n BIGINT)")
	run(t, two, "CREATE TABLE t (n BIGINT)") // fails if it is the same database
}

func TestPostgresDatabaseGoesWithTheTest(t *testing.T) {
	Slow(t)
	var dsn string
	t.Run("inner", func(t *testing.T) {
		dsn = Postgres(t)
		db, err := sql.Open("pgx", dsn)
		if err != nil {
			t.Fatal(err)
		}
		run(t, db, "SELECT 1") // leaves the connection open
	})
	err := open(t, dsn).Ping()
	if err == nil || !strings.Contains(err.Error(), "does not exist") {
		t.Errorf("the database of a test that has ended: %v", err)
	}
}

func TestPostgresGoneAndBack(t *testing.T) {
	s := NewPostgres(t)
	db := open(t, s.Database())
	run(t, db, "CREATE TABLE t (n BIGINT)")
	for n, away := range []func(){s.Stop, s.Kill} {
		run(t, db, "INSERT INTO t VALUES (1)")
		away()
		if err := db.Ping(); err == nil {
			t.Fatal("a stopped server answered")
		}
		s.Start()
		var rows int
		if err := db.QueryRowContext(context.Background(), "SELECT count(*) FROM t").Scan(&rows); err != nil {
			t.Fatalf("after the restart: %v", err)
		}
		if rows != n+1 {
			t.Errorf("%d rows after the restart, want %d", rows, n+1)
		}
	}
}
