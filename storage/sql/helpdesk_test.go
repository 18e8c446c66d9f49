package sql_test

import (
	"crypto/rand"
	stdsql "database/sql"
	"net/url"
	"strings"
	"testing"
	"time"

	"omgevingsloket-id/e2e/testenv"
	"omgevingsloket-id/pkg/helpdesk"
	"omgevingsloket-id/pkg/secret"
	"omgevingsloket-id/storage/sql"
	"omgevingsloket-id/storage/storagetest"
)

func TestHelpdeskContract(t *testing.T) {
	for name, address := range map[string]func(*testing.T) string{"SQLite": sqlite, "Postgres": func(t *testing.T) string { return testenv.Postgres(t) }} {
		t.Run(name, func(t *testing.T) {
			storagetest.Helpdesk(t, func(t *testing.T) (storagetest.Stores, helpdesk.Store) {
				db := database(t, address(t))
				return storagetest.Stores{Accounts: db.Accounts(), Applications: db.Applications(), Outbox: db.Outbox(), Audit: db.Audit()}, db.Helpdesk()
			})
		})
	}
}

// database opens an empty database with its schema.
func database(t *testing.T, address string) *sql.DB {
	t.Helper()
	file, err := secret.NewKeyRingFile("test", rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	ring, err := secret.ParseKeyRing(file, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open(t.Context(), sql.Options{URL: secret.Text(address), Ring: ring, Now: time.Now, Rand: rand.Reader})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	if err := db.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	return db
}

// Accounts of before there were terms are found after a migration, and a
// second one changes nothing.
func TestSearchTermsAreBackfilled(t *testing.T) {
	for driver, address := range map[string]string{"sqlite": sqlite(t), "pgx": testenv.Postgres(t)} {
		t.Run(driver, func(t *testing.T) {
			db := database(t, address)
			name := strings.TrimPrefix(address, "sqlite:")
			if driver == "sqlite" {
				name = "file:" + (&url.URL{Path: name}).EscapedPath()
			}
			raw, err := stdsql.Open(driver, name)
			if err != nil {
				t.Fatal(err)
			}
			defer raw.Close()
			if _, err := raw.ExecContext(t.Context(), `INSERT INTO accounts (id, kind, email, profile, lang, password_hash, state, epoch, created_at)
				VALUES ('old', 'natural_person', 'old@example.com', '{"given_name":"Jörg"}', 'nl', 'x', 'awaiting_enrolment', 1, 1)`); err != nil {
				t.Fatal(err)
			}
			for want := range 3 {
				found, err := db.Helpdesk().Search(t.Context(), helpdesk.SearchWords("jorg old@"), 5)
				if err != nil || len(found) != min(want, 1) {
					t.Fatalf("after %d migrations: %d found, %v", want, len(found), err)
				}
				if err := db.Migrate(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}
