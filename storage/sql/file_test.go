package sql_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"omgevingsloket-id/pkg/errs"
	"omgevingsloket-id/pkg/installation"
	"omgevingsloket-id/pkg/secret"
	"omgevingsloket-id/storage/sql"
)

func pathOf(address string) string { return strings.TrimPrefix(address, "sqlite:") }

// Once the file, or its log, was replaced, nothing is read or acknowledged.
func TestW5_FileGone(t *testing.T) {
	t.Parallel()
	move := func(name string) error { return os.Rename(name, name+".away") }
	for name, lose := range map[string]func(path string) error{
		"removed": os.Remove,
		"moved":   move,
		"replaced": func(path string) error {
			content, err := os.ReadFile(path)
			return errors.Join(err, os.Remove(path), os.WriteFile(path, content, 0o600))
		},
		"folder moved": func(path string) error { return move(filepath.Dir(path)) },
		"log removed":  func(path string) error { return os.Remove(path + "-wal") },
		"all removed": func(path string) error {
			return errors.Join(os.Remove(path), os.Remove(path+"-wal"), os.Remove(path+"-shm"))
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			address := "sqlite:" + filepath.Join(t.TempDir(), "data", "olid.db")
			if err := os.Mkdir(filepath.Dir(pathOf(address)), 0o700); err != nil {
				t.Fatal(err)
			}
			db := hasty(t, address)
			if err := errors.Join(try(db)(t.Context()), db.Probe(t.Context())); err != nil {
				t.Fatal(err)
			}
			if err := lose(pathOf(address)); err != nil {
				t.Fatal(err)
			}
			crowded(t, try(db))
			if _, err := db.Outbox().Waiting(t.Context()); !errors.Is(err, errs.ErrUnavailable) {
				t.Errorf("a read = %v, want errs.ErrUnavailable", err)
			}
			if got := sql.Reason(db.Probe(t.Context())); got != "its file was removed or replaced" {
				t.Errorf("Reason() = %q", got)
			}
		})
	}
}

// Where there was a database, an empty one is created only on request.
func TestW5_NoFreshFileUnasked(t *testing.T) {
	t.Parallel()
	for name, lose := range map[string]func(path string) error{
		"removed": os.Remove,
		"empty":   func(path string) error { return os.Truncate(path, 0) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			address := sqlite(t)
			start := func(fresh bool) error {
				db, err := sql.Open(t.Context(), sql.Options{URL: secret.Text(address), Fresh: fresh})
				if err != nil {
					return err
				}
				return errors.Join(db.Migrate(t.Context()), db.Close())
			}
			for range 2 { // the first start needs no word
				if err := start(false); err != nil {
					t.Fatal(err)
				}
			}
			if err := lose(pathOf(address)); err != nil {
				t.Fatal(err)
			}
			for range 2 {
				if err := start(false); !errors.As(err, new(installation.Gone)) {
					t.Errorf("a start without the file = %v, want an installation.Gone", err)
				}
			}
			if err := start(true); err != nil {
				t.Errorf("a start that may make a new file = %v, want nil", err)
			}
			if err := start(false); err != nil {
				t.Errorf("the start after it = %v, want nil", err)
			}
		})
	}
}

// The log stays in place while connections come and go.
func TestW5_LogStays(t *testing.T) {
	t.Parallel()
	db := hasty(t, sqlite(t))
	db.Raw().SetMaxIdleConns(0)
	for range 5 {
		if err := try(db)(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
}

// Files of an earlier version that others can read become private.
func TestX10_FilesOfBefore(t *testing.T) {
	t.Parallel()
	address := sqlite(t)
	running := hasty(t, address)
	if err := try(running)(t.Context()); err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, end := range []string{"", "-wal", "-shm", ".installation"} {
		name := pathOf(address) + end
		names = append(names, name)
		if info, err := os.Stat(name); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s has mode %v (%v), want 0600", name, info.Mode(), err)
		}
		if err := os.Chmod(name, 0o664); err != nil {
			t.Fatal(err)
		}
	}
	second, err := sql.Open(t.Context(), sql.Options{URL: secret.Text(address), Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = second.Close() }()
	for _, name := range names {
		if info, err := os.Stat(name); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s has mode %v (%v) after a start, want 0600", name, info.Mode(), err)
		}
	}
}
