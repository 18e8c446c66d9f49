package sql_test

import (
	"testing"
	"time"

	"omgevingsloket-id/pkg/custody"
	"omgevingsloket-id/pkg/review"
	"omgevingsloket-id/storage/storagetest"
)

func TestArchiveContract(t *testing.T) {
	t.Parallel()
	for name, address := range map[string]func(*testing.T) string{
		"SQLite":   sqlite,
		"Postgres": postgres,
	} {
		t.Run(name, func(t *testing.T) {
			storagetest.Archive(t, func(t *testing.T) (storagetest.Stores, review.Cases, custody.Archive, custody.Scans) {
				db := open(t, address(t), time.Now)
				return storesOf(db), db.Cases(), db.Archive(), db.Scans()
			})
		})
	}
}
