package sql_test

import (
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"omgevingsloket-id/pkg/audit"
	"omgevingsloket-id/pkg/errs"
	"omgevingsloket-id/pkg/installation"
	"omgevingsloket-id/pkg/staff"
	"omgevingsloket-id/storage/sql"
	"omgevingsloket-id/storage/storagetest"
)

// eachDatabase runs a test on both kinds of database.
func eachDatabase(t *testing.T, run func(t *testing.T, open func(*testing.T) *sql.DB)) {
	for name, address := range map[string]func(*testing.T) string{
		"SQLite":   sqlite,
		"Postgres": postgres,
	} {
		t.Run(name, func(t *testing.T) {
			run(t, func(t *testing.T) *sql.DB { return open(t, address(t), time.Now) })
		})
	}
}

func TestHeadsContract(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, open func(*testing.T) *sql.DB) {
		storagetest.Heads(t, func(t *testing.T) (storagetest.Stores, audit.Heads) {
			db := open(t)
			return storesOf(db), db.Heads()
		})
	})
}

func TestStaffContract(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, open func(*testing.T) *sql.DB) {
		storagetest.Staff(t, func(t *testing.T) (storagetest.Stores, staff.Store) {
			db := open(t)
			return storesOf(db), db.Staff()
		})
	})
}

// Of many servers that start on a new database one claims it; the others, and
// later ones, get that one's installation. The issuer moves once.
func TestInstallationContract(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, open func(*testing.T) *sql.DB) {
		db := open(t)
		store := db.Installation()
		if _, err := store.Owner(t.Context()); !errors.Is(err, errs.ErrNotFound) {
			t.Error(err)
		}
		const crowd = 16
		var wait sync.WaitGroup
		have := make([]installation.Installation, crowd)
		failed := make([]error, crowd)
		for n := range crowd {
			wait.Go(func() {
				i := installation.Installation{Environment: "practice", Issuer: fmt.Sprint("https://", n)}
				have[n], failed[n] = store.Claim(t.Context(), i, audit.Event{Action: "installation.claimed"})
			})
		}
		wait.Wait()
		for n := range crowd {
			if failed[n] != nil || have[n] != have[0] {
				t.Error(have[n], failed[n])
			}
		}
		moves := make([]error, crowd)
		for n := range crowd {
			wait.Go(func() {
				i := installation.Installation{Environment: "practice", Issuer: fmt.Sprint("https://moved-", n)}
				moves[n] = store.Move(t.Context(), have[0].Issuer, i, audit.Event{Action: "installation.moved"})
			})
		}
		wait.Wait()
		moved := 0
		for _, err := range moves {
			if err == nil {
				moved++
			} else if !errors.Is(err, errs.ErrConflict) {
				t.Error(err)
			}
		}
		events, err := db.Audit().Events(t.Context(), 0, 100)
		if err != nil || moved != 1 || len(events) != 2 {
			t.Error(moved, "moves;", len(events), "events;", err)
		}
	})
}
