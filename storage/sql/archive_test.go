package sql_test

import (
	"testing"
	"time"

	"omgevingsloket-id/e2e/testenv"
	"omgevingsloket-id/pkg/application"
	"omgevingsloket-id/storage/storagetest"
)

func TestArchiveContract(t *testing.T) {
	for name, address := range map[string]func(*testing.T) string{
		"SQLite":   sqlite,
		"Postgres": func(t *testing.T) string { return testenv.Postgres(t) },
	} {
		t.Run(name, func(t *testing.T) {
			storagetest.Archive(t, func(t *testing.T) (storagetest.Stores, application.Cases, application.Archive, application.Scans) {
				db := open(t, address(t), time.Now)
				return storesOf(db), db.Cases(), db.Archive(), db.Scans()
			})
		})
	}
}
