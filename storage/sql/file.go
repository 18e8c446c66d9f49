package sql

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"

	"omgevingsloket-id/pkg/installation"
)

// private is the mode of the file, its log and its index: only the server's own
// user may read them. SQLite makes the other two with the mode of the first.
const private = 0o600

// errGone is returned when the file of a SQLite database is not at its path any more.
var errGone = errors.New("the database's file was removed or replaced while the server runs")

// file is the file of a SQLite database, as it was when it was opened. A process
// that holds a removed file open can go on writing to it, and loses all of it
// when it ends.
type file struct {
	path string
	real string    // path without symbolic links, where the log is
	hold *sql.Conn // keeps the log in place while connections come and go

	mu   sync.Mutex
	main fs.FileInfo
	log  fs.FileInfo // nil until there is a log
}

// openFile makes the file if there is none and makes it private. It returns an
// installation.Gone if there was one before and fresh is false.
func openFile(path string, fresh bool) (*file, error) {
	f := &file{path: path}
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		if f.known() && !fresh {
			return nil, installation.Gone{File: path}
		}
		// The file is never opened like this once SQLite has it open: closing a file
		// releases all locks that the process has on it.
		made, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, private)
		if err == nil {
			err = errors.Join(made.Chmod(private), made.Close())
		}
		if err != nil && !errors.Is(err, fs.ErrExist) {
			return nil, fmt.Errorf("database.url: the file cannot be made: %w", err)
		}
	case err != nil:
		return nil, fmt.Errorf("database.url: the file cannot be opened: %w", err)
	case info.IsDir():
		return nil, fmt.Errorf("database.url: %s is a folder", path)
	}
	if f.real, err = filepath.EvalSymlinks(path); err != nil {
		return nil, fmt.Errorf("database.url: the file cannot be opened: %w", err)
	}
	for _, name := range []string{f.real, f.real + "-wal", f.real + "-shm", f.note()} {
		if err := makePrivate(name); err != nil {
			return nil, err
		}
	}
	f.main, err = os.Stat(path)
	return f, err
}

// makePrivate removes the permissions of others on a file, which may be missing.
// Files of earlier versions had the mode that the umask left.
func makePrivate(path string) error {
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) || err == nil && info.Mode().Perm()&^private == 0 {
		return nil
	}
	if err == nil {
		err = os.Chmod(path, info.Mode().Perm()&private)
	}
	if err != nil {
		return fmt.Errorf("database.url: others can read %s, and that cannot be changed: %w; make it mode 0600", path, err)
	}
	return nil
}

// note returns the path of a file that says that there is a database. It is beside
// the database, so that it is on the same disk and of the same installation.
func (f *file) note() string { return f.path + ".installation" }

func (f *file) known() bool {
	_, err := os.Stat(f.note())
	return err == nil
}

// remember makes the note, once the database has tables.
func (f *file) remember() error {
	made, err := os.OpenFile(f.note(), os.O_WRONLY|os.O_CREATE|os.O_EXCL, private)
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("database.url: its folder cannot be written: %w", err)
	}
	_, err = fmt.Fprintf(made, "%s belongs to an installation of omgevingsloket-id. While this note is here, no server\n"+
		"makes a new, empty database in its place: see \"The file is gone\" in deploy/README.md.\n", f.path)
	return errors.Join(err, made.Chmod(private), made.Close())
}

// check returns errGone if the file or its log is not the one that this process
// has open. It costs two calls of stat.
func (f *file) check() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	main, err := os.Stat(f.path)
	if err != nil || !os.SameFile(main, f.main) {
		return errGone
	}
	log, err := os.Stat(f.real + "-wal")
	switch {
	case f.log == nil && err == nil:
		f.log = log
	case f.log != nil && (err != nil || !os.SameFile(log, f.log)):
		return errGone
	}
	return nil
}

// keep opens the connection that keeps the log in place: SQLite removes the log
// with the last connection.
func (f *file) keep(ctx context.Context, db *sql.DB) error {
	hold, err := db.Conn(ctx)
	if err != nil {
		return err
	}
	var n int
	if err := hold.QueryRowContext(ctx, `SELECT COUNT(*) FROM sqlite_master`).Scan(&n); err != nil {
		return errors.Join(err, hold.Close())
	}
	f.hold = hold
	return nil
}

// close closes what keep opened.
func (f *file) close() error {
	if f == nil || f.hold == nil {
		return nil
	}
	return f.hold.Close()
}
