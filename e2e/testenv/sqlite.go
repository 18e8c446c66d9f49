package testenv

import (
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
)

// sqliteTemplates are the contents of the templates of SQLiteCopy, by name.
var sqliteTemplates sync.Map

// SQLiteCopy writes a database to path that is a copy of a template, as PostgresCopy does.
// prepare gets the name of a new file.
func SQLiteCopy(t testing.TB, path, template string, prepare func(file string) error) {
	t.Helper()
	made, _ := sqliteTemplates.LoadOrStore(template, sync.OnceValues(func() ([]byte, error) {
		dir, err := os.MkdirTemp("", "olid-template-")
		if err != nil {
			return nil, err
		}
		defer func() { _ = os.RemoveAll(dir) }()
		file := filepath.Join(dir, "template.db")
		if err := prepare(file); err != nil {
			return nil, err
		}
		if _, err := os.Stat(file + "-wal"); err == nil {
			return nil, fmt.Errorf("%s has a log that a copy would lack: close all connections", file)
		}
		return os.ReadFile(file)
	}))
	content, err := made.(func() ([]byte, error))()
	if err == nil {
		err = os.WriteFile(path, content, 0o600)
	}
	if err != nil {
		t.Fatalf("template %s: %v", template, err)
	}
}
