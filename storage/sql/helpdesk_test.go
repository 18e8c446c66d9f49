package sql_test

import (
	"crypto/rand"
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
