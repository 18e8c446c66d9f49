package sql_test

import (
	"testing"
	"time"

	"omgevingsloket-id/e2e/testenv"
	"omgevingsloket-id/pkg/helpdesk"
	"omgevingsloket-id/storage/sql"
	"omgevingsloket-id/storage/storagetest"
)

func TestHelpdeskContract(t *testing.T) {
	t.Parallel()
	for name, address := range map[string]func(*testing.T) string{"SQLite": sqlite, "Postgres": postgres} {
		t.Run(name, func(t *testing.T) {
			storagetest.Helpdesk(t, func(t *testing.T) (storagetest.Stores, helpdesk.Store) {
				db := open(t, address(t), time.Now)
				return storagetest.Stores{Accounts: db.Accounts(), Applications: db.Applications(), Outbox: db.Outbox(), Bounces: db.Bounces(), Audit: db.Audit()}, db.Helpdesk()
			})
		})
	}
}

// Accounts from before there were search terms are found after a migration, and
// a second migration changes nothing.
func TestSearchTermsAreBackfilled(t *testing.T) {
	t.Parallel()
	backfilled(t, `INSERT INTO accounts (id, kind, email, profile, lang, password_hash, state, epoch, created_at)
		VALUES ('old', 'natural_person', 'old@example.com', '{"given_name":"Jörg"}', 'nl', 'x', 'awaiting_enrolment', 1, 1)`,
		func(db *sql.DB) (int, error) {
			found, err := db.Helpdesk().Search(t.Context(), helpdesk.SearchWords("jorg old@"), 5)
			return len(found), err
		})
}

// backfilled inserts a row without search terms, as a database from before has it, and
// requires that it is found after a migration, and not twice after a second one.
func backfilled(t *testing.T, insert string, search func(*sql.DB) (int, error)) {
	t.Helper()
	for driver, address := range map[string]string{"sqlite": noFile(t), "pgx": testenv.Postgres(t)} {
		t.Run(driver, func(t *testing.T) {
			db := open(t, address, time.Now)
			for _, statement := range []string{insert, `UPDATE schema_floor SET terms = 0`} {
				if _, err := db.Raw().ExecContext(t.Context(), statement); err != nil {
					t.Fatal(err)
				}
			}
			for want := range 3 {
				if found, err := search(db); err != nil || found != min(want, 1) {
					t.Fatalf("after %d migrations: %d found, %v", want, found, err)
				}
				if err := db.Migrate(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}
