package sql

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"omgevingsloket-id/pkg/errs"
	"omgevingsloket-id/pkg/limit"
	"omgevingsloket-id/pkg/secret"
	"omgevingsloket-id/pkg/session"
)

// After a power cut the log has what had an fsync, and any part of what came after it.
// Wherever the log ends, or is corrupt from there on, the database opens and is whole. It
// has all writes that decide something once, and those that may be lost up to some moment.
func TestSoftWrites_TornLog(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "id.db")
	db := openLiteAt(t, path)
	ctx := context.Background()
	size := func() int {
		t.Helper()
		info, err := os.Stat(path + "-wal")
		if err != nil {
			t.Fatal(err)
		}
		return int(info.Size())
	}
	create := func(key string) {
		t.Helper()
		if err := db.Sessions().Create(ctx, session.Session{Key: key, Version: 1}, time.Hour); err != nil {
			t.Fatal(err)
		}
	}
	create("ended")
	if _, err := db.sql.DB.ExecContext(ctx, `PRAGMA wal_checkpoint(TRUNCATE)`); err != nil { // after it, the size of the log is its end
		t.Fatal(err)
	}
	create("kept")
	if err := errors.Join(db.Grants().UseOnce(ctx, "c", "j", time.Now().Add(time.Hour)), db.Sessions().Delete(ctx, "ended")); err != nil {
		t.Fatal(err)
	}
	durable := size()
	const soft = 4
	for i := range soft {
		create(fmt.Sprint("soft", i))
		if _, _, err := db.Windows().Spend(ctx, limit.Charge{Budget: limit.Budget{Name: "n", Most: 10, Window: time.Hour}, Key: "k", Amount: 1}); err != nil {
			t.Fatal(err)
		}
	}
	main, err1 := os.ReadFile(path)
	log, err2 := os.ReadFile(path + "-wal")
	if err := errors.Join(err1, err2); err != nil {
		t.Fatal(err)
	}
	if durable == 0 || len(log) <= durable {
		t.Fatalf("the log has %d bytes, %d of them before the last fsync", len(log), durable)
	}
	check := func(name string, log []byte, least int) (found int) {
		t.Helper()
		copied := filepath.Join(t.TempDir(), "id.db")
		if err := errors.Join(os.WriteFile(copied, main, 0o600), os.WriteFile(copied+"-wal", log, 0o600)); err != nil {
			t.Fatal(err)
		}
		db, err := Open(ctx, Options{URL: secret.Text("sqlite:" + copied)})
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		defer func() { _ = db.Close() }()
		var whole string
		if err := db.sql.DB.QueryRowContext(ctx, `PRAGMA integrity_check`).Scan(&whole); err != nil || whole != "ok" {
			t.Errorf("%s: %s, %v", name, whole, err)
		}
		if err := db.Migrate(ctx); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if err := db.Grants().UseOnce(ctx, "c", "j", time.Now().Add(time.Hour)); !errors.Is(err, errs.ErrConflict) {
			t.Errorf("%s: an assertion is taken again: %v", name, err)
		}
		if _, err := db.Sessions().Get(ctx, "ended"); !errors.Is(err, errs.ErrNotFound) {
			t.Errorf("%s: a session that had ended is back: %v", name, err)
		}
		if _, err := db.Sessions().Get(ctx, "kept"); err != nil {
			t.Errorf("%s: a session from before the last fsync is gone: %v", name, err)
		}
		for i := range soft {
			_, err := db.Sessions().Get(ctx, fmt.Sprint("soft", i))
			switch {
			case err == nil && found == i:
				found++
			case err == nil:
				t.Errorf("%s: session %d is there, an earlier one is not", name, i)
			case !errors.Is(err, errs.ErrNotFound):
				t.Errorf("%s: %v", name, err)
			}
		}
		if found < least {
			t.Errorf("%s: %d sessions, want %d", name, found, least)
		}
		return found
	}
	check("the whole log", log, soft)
	if found := check("the log up to the last fsync", log[:durable], 0); found != 0 {
		t.Errorf("%d of the sessions were written with an fsync", found)
	}
	const step = 2700 // ends in headers and in pages
	for cut := durable; cut < len(log); cut += step {
		check(fmt.Sprint("cut at ", cut), log[:cut], 0)
		hole := append([]byte{}, log...)
		clear(hole[cut:min(cut+512, len(hole))])
		check(fmt.Sprint("a sector of zeros at ", cut), hole, 0)
		noise := append([]byte{}, log...)
		for i := cut; i < len(noise); i++ {
			noise[i] ^= byte(i)
		}
		check(fmt.Sprint("something else from ", cut), noise, 0)
	}
}
