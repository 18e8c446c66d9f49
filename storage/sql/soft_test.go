package sql

import (
	"errors"
	"testing"
	"time"

	"omgevingsloket-id/pkg/authreq"
	"omgevingsloket-id/pkg/errs"
	"omgevingsloket-id/pkg/limit"
	"omgevingsloket-id/pkg/session"
)

// Only writes that may be lost are made without an fsync: here the connections for them
// are closed, and all other writes work. The end of a session is not one that may be lost.
func TestSoftWrites(t *testing.T) {
	t.Parallel()
	db := openLite(t)
	for pool, want := range map[querier]int{db.sql.DB: 2, db.sql.soft: 1} {
		var got int
		if err := pool.QueryRowContext(t.Context(), `PRAGMA synchronous`).Scan(&got); err != nil || got != want {
			t.Errorf("PRAGMA synchronous = %d, %v, want %d", got, err, want)
		}
	}
	s := session.Session{Key: "k", Version: 1}
	if err := db.Sessions().Create(t.Context(), s, time.Hour); err != nil {
		t.Fatal(err)
	}
	if err := db.sql.soft.Close(); err != nil {
		t.Fatal(err)
	}
	_, save := db.Sessions().Save(t.Context(), s, time.Hour)
	_, _, spend := db.Windows().Spend(t.Context(), limit.SessionCodesDay.Charge("k", 1))
	for name, err := range map[string]error{
		"a request": db.Requests().Create(t.Context(), authreq.Request{Key: "r"}, time.Hour), "a session": save, "a window": spend,
	} {
		if !errors.Is(err, errs.ErrUnavailable) {
			t.Errorf("%s is written with an fsync: %v", name, err)
		}
	}
	for name, err := range map[string]error{
		"the end of a session": db.Sessions().Delete(t.Context(), "k"), "an assertion": db.Grants().UseOnce(t.Context(), "c", "j", time.Now()),
		"the sweep": db.Sweep(t.Context()),
	} {
		if err != nil {
			t.Errorf("%s is written without an fsync: %v", name, err)
		}
	}
}
