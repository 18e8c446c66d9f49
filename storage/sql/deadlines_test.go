package sql_test

import (
	"testing"
	"time"

	"omgevingsloket-id/pkg/review"
	"omgevingsloket-id/pkg/staff"
	"omgevingsloket-id/storage/storagetest"
)

func TestDeadlinesContract(t *testing.T) {
	t.Parallel()
	for name, address := range map[string]func(*testing.T) string{"SQLite": sqlite, "Postgres": postgres} {
		t.Run(name, func(t *testing.T) {
			storagetest.Deadlines(t, func(t *testing.T) (storagetest.Stores, review.Cases, review.DeadlineStore, staff.Store) {
				db := open(t, address(t), time.Now)
				return storesOf(db), db.Cases(), db.Deadlines(), db.Staff()
			})
		})
	}
}
