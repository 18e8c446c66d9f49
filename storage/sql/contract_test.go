package sql_test

import (
	"crypto/rand"
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"omgevingsloket-id/e2e/testenv"
	"omgevingsloket-id/pkg/review"
	"omgevingsloket-id/pkg/secret"
	"omgevingsloket-id/storage/sql"
	"omgevingsloket-id/storage/storagetest"
)

func TestContractSQLite(t *testing.T) {
	t.Parallel()
	storagetest.Everything(t, func(t *testing.T) storagetest.Stores { return stores(t, sqlite(t), time.Now) })
}

func TestContractPostgres(t *testing.T) {
	t.Parallel()
	storagetest.Everything(t, func(t *testing.T) storagetest.Stores { return stores(t, postgres(t), time.Now) })
}

func TestCK05_ExactEnds(t *testing.T) {
	t.Parallel()
	for name, address := range map[string]func(*testing.T) string{
		"SQLite":   sqlite,
		"Postgres": postgres,
	} {
		t.Run(name, func(t *testing.T) {
			clock := storagetest.NewClock()
			storagetest.ExactEnds(t, stores(t, address(t), clock.Now), clock)
		})
	}
}

// noFile returns the address of a database that does not exist.
func noFile(t *testing.T) string { return "sqlite:" + filepath.Join(t.TempDir(), "a b#%?.db") }

// sqlite returns a new database with its schema.
func sqlite(t *testing.T) string {
	t.Helper()
	address := noFile(t)
	testenv.SQLiteCopy(t, strings.TrimPrefix(address, "sqlite:"), "migrated", func(file string) error { return migrate(t, "sqlite:"+file) })
	return address
}

// postgres returns a new database with its schema.
func postgres(t *testing.T) string {
	t.Helper()
	return testenv.PostgresCopy(t, "migrated", func(url string) error { return migrate(t, url) })
}

func migrate(t *testing.T, url string) error {
	db, err := sql.Open(t.Context(), sql.Options{URL: secret.Text(url), Now: time.Now})
	if err != nil {
		return err
	}
	return errors.Join(db.Migrate(t.Context()), db.Close())
}

func stores(t *testing.T, address string, now func() time.Time) storagetest.Stores {
	t.Helper()
	return storesOf(open(t, address, now))
}

// open opens an empty database with its schema.
func open(t *testing.T, address string, now func() time.Time) *sql.DB {
	t.Helper()
	file, err := secret.NewKeyRingFile("test", rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	ring, err := secret.ParseKeyRing(file, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	used := &statements{}
	db, err := sql.Open(t.Context(), sql.Options{URL: secret.Text(address), Ring: ring, Now: now, Rand: rand.Reader, Trace: used.add})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		used.check(t, db, address)
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	if err := db.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	used.begin()
	return db
}

func storesOf(db *sql.DB) storagetest.Stores {
	return storagetest.Stores{
		Accounts: db.Accounts(), Recoveries: db.Recoveries(), Applications: db.Applications(), Clients: db.Clients(), Consents: db.Consents(),
		Grants: db.Grants(), Keys: db.Keys(), Lanes: db.Lanes(), Locks: db.Locks(), Outbox: db.Outbox(), Bounces: db.Bounces(), Audit: db.Audit(),
		Requests: db.Requests(), Sessions: db.Sessions(), Windows: db.Windows(),
		Refusals: db.Refusals(), Devices: db.Devices(), Resets: db.Resets(), Logins: db.Logins(), Addresses: db.Addresses(),
	}
}

func TestStatisticsContract(t *testing.T) {
	t.Parallel()
	for name, address := range map[string]func(*testing.T) string{
		"SQLite":   sqlite,
		"Postgres": postgres,
	} {
		t.Run(name, func(t *testing.T) {
			db := open(t, address(t), time.Now)
			storagetest.Statistics(t, storesOf(db), db.Cases(), db.Deadlines(), db.Helpdesk(), db.Statistics())
		})
	}
}

func TestCasesContract(t *testing.T) {
	t.Parallel()
	for name, address := range map[string]func(*testing.T) string{
		"SQLite":   sqlite,
		"Postgres": postgres,
	} {
		t.Run(name, func(t *testing.T) {
			opened := func(t *testing.T) (storagetest.Stores, review.Cases) {
				db := open(t, address(t), time.Now)
				return storesOf(db), db.Cases()
			}
			storagetest.Cases(t, opened)
			t.Run("every word is common", func(t *testing.T) {
				t.Cleanup(sql.CommonFrom(1))
				storagetest.Search(t, opened)
			})
		})
	}
}
