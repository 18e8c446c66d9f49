package sql_test

import (
	"testing"
	"time"

	"omgevingsloket-id/e2e/testenv"
	"omgevingsloket-id/pkg/audit"
	"omgevingsloket-id/storage/sql"
	"omgevingsloket-id/storage/storagetest"
)

// eachDatabase runs a test on both kinds.
func eachDatabase(t *testing.T, run func(t *testing.T, open func(*testing.T) *sql.DB)) {
	for name, address := range map[string]func(*testing.T) string{
		"SQLite":   sqlite,
		"Postgres": func(t *testing.T) string { return testenv.Postgres(t) },
	} {
		t.Run(name, func(t *testing.T) {
			run(t, func(t *testing.T) *sql.DB { return open(t, address(t), time.Now) })
		})
	}
}

func TestHeadsContract(t *testing.T) {
	eachDatabase(t, func(t *testing.T, open func(*testing.T) *sql.DB) {
		storagetest.Heads(t, func(t *testing.T) (storagetest.Stores, audit.Heads) {
			db := open(t)
			return storesOf(db), db.Heads()
		})
	})
}
