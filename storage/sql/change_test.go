package sql_test

import (
	"testing"
	"time"

	"omgevingsloket-id/pkg/helpdesk"
	"omgevingsloket-id/pkg/signin"
	"omgevingsloket-id/pkg/staff"
	"omgevingsloket-id/storage/sql"
	"omgevingsloket-id/storage/storagetest"
)

func both(t *testing.T, run func(t *testing.T, open func(*testing.T) *sql.DB)) {
	for name, address := range map[string]func(*testing.T) string{"SQLite": sqlite, "Postgres": postgres} {
		t.Run(name, func(t *testing.T) {
			run(t, func(t *testing.T) *sql.DB { return open(t, address(t), time.Now) })
		})
	}
}

func TestWatchingContract(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, open func(*testing.T) *sql.DB) {
		storagetest.Watching(t, func(t *testing.T) (storagetest.Stores, signin.Notices) {
			db := open(t)
			return storesOf(db), db.Notices()
		})
	})
}

func TestWatchedContract(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, open func(*testing.T) *sql.DB) {
		storagetest.Watched(t, func(t *testing.T) (storagetest.Stores, helpdesk.Store, staff.Watched) {
			db := open(t)
			return storesOf(db), db.Helpdesk(), db.Watched()
		})
	})
}
