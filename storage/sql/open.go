// Package sql stores everything that must never be lost or happen twice, in
// SQLite (one server, one file) or PostgreSQL (any number of servers). One SQL
// text serves both.
//
// pkg judges; this package makes sure that the judgement still holds when it is
// written. Five rules hold in every file:
//
//   - A transition of state reads the row, lets a pure function of pkg judge it,
//     and writes the result where the row still has the state and the epoch or
//     version that were judged (transition).
//   - What is counted or used once (codes, tries, lanes, grants, tickets) is
//     counted or claimed first, by one statement that selects the row by its key
//     only; pkg judges the result. A refusal that is an error undoes the count.
//   - A change and its effects (audit events, mails) are one transaction, which
//     takes no lock for the chain of the audit log (chain.go).
//   - A call has one deadline, whatever it waits for (deadline.go).
//   - A method returns a value, errs.ErrNotFound, errs.ErrConflict or
//     errs.ErrUnavailable; every error of a driver is wrapped.
//
// Two rules hold for migrations (deploy/decisions/011-migrations.md):
//
//   - A migration on the main branch is never edited, renamed or removed, and a
//     new one has the highest number. testdata/migrations.sha256 lists them; add
//     a line for a new file.
//   - Servers of two versions use one database during an upgrade. So a version
//     expands first: it adds what it needs and leaves what the previous version
//     uses. A later version contracts: its migration removes that, and raises
//     schema_floor to the first migration whose binaries can do without it.
package sql

import (
	"cmp"
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"omgevingsloket-id/pkg/errs"
	"omgevingsloket-id/pkg/limit"
	"omgevingsloket-id/pkg/secret"
)

// Options configure Open.
type Options struct {
	// URL is sqlite:PATH or postgres://user:password@host/name, for which
	// several hosts may be given (host1:5432,host2:5432) with
	// target_session_attrs=read-write.
	URL            secret.Text
	MaxConnections int // 0 means 16
	Ring           *secret.KeyRing
	Now            func() time.Time // nil means time.Now
	Rand           io.Reader        // nil means crypto/rand

	// Fresh allows a new, empty SQLite file where there was a database before.
	Fresh bool

	// CallTime bounds one call of a store; 0 means 4 seconds.
	CallTime time.Duration

	// Trace, if set, is called before each statement with its text, and with BEGIN,
	// COMMIT or ROLLBACK. It is for tests that count.
	Trace func(statement string)
}

// DB is an open database; its methods return the stores.
type DB struct {
	sql      *pool
	ring     *secret.KeyRing
	now      func() time.Time
	rand     io.Reader
	postgres bool
	mailed   func() // called after a commit with mail; may be nil
	probe    probe
	fresh    bool          // Options.Fresh
	place    atomic.Int64  // the last result of nextPlace
	owes     atomic.Bool   // this process added events to the pool since it last chained
	events   chan struct{} // holds a value after events were added to the pool
	turn     chan struct{} // SQLite: holds a value while this process writes; nil on PostgreSQL
	memory   *limit.Memory // SQLite: short windows
}

// Open connects to a database, and returns an error if it does not answer. Call
// Migrate before anything else.
func Open(ctx context.Context, o Options) (*DB, error) {
	db := &DB{ring: o.Ring, now: o.Now, rand: o.Rand, events: make(chan struct{}, 1)}
	if db.now == nil {
		db.now = time.Now
	}
	if db.rand == nil {
		db.rand = rand.Reader
	}
	db.probe.name = secret.NewID(db.rand)
	connections, patience := cmp.Or(o.MaxConnections, 16), cmp.Or(o.CallTime, callTime)
	raw := o.URL.Reveal()
	var err error
	switch {
	case strings.HasPrefix(raw, "sqlite:"):
		db.turn, db.memory = make(chan struct{}, 1), limit.NewMemory(db.now)
		db.fresh = o.Fresh
		db.sql, err = openSQLite(strings.TrimPrefix(raw, "sqlite:"), o.Fresh, connections, patience, o.Trace)
	case strings.HasPrefix(raw, "postgres://"), strings.HasPrefix(raw, "postgresql://"):
		db.postgres = true
		db.sql, err = openPostgres(raw, connections, patience, o.Trace)
	default:
		return nil, errors.New("database.url: begin with sqlite:PATH or postgres://")
	}
	if err != nil {
		return nil, err
	}
	err = db.Ping(ctx)
	if db.postgres {
		err = unpooled(ctx, db.sql.DB, err)
	}
	if f := db.sql.file; err == nil && f != nil {
		err = errs.Unavailable("database", f.keep(ctx, db.sql.DB))
	}
	if err != nil {
		_ = db.sql.Close()
		return nil, err
	}
	return db, nil
}

// Ping checks that the database answers.
func (db *DB) Ping(ctx context.Context) error {
	return errs.Unavailable("database", db.sql.PingContext(ctx))
}

// Close chains what this process has added to the audit log, and ends all
// connections.
func (db *DB) Close() error {
	db.chainLast()
	return db.sql.Close()
}

// isUnique reports whether err is a violated unique constraint, in either
// dialect.
func isUnique(err error) bool {
	if pg, ok := errors.AsType[*pgconn.PgError](err); ok {
		return pg.Code == "23505"
	}
	if lite, ok := errors.AsType[*sqlite.Error](err); ok {
		return lite.Code() == sqlite3.SQLITE_CONSTRAINT_UNIQUE || lite.Code() == sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY
	}
	return false
}

// isDangling reports whether err is a violated foreign key.
func isDangling(err error) bool {
	if pg, ok := errors.AsType[*pgconn.PgError](err); ok {
		return pg.Code == "23503"
	}
	lite, ok := errors.AsType[*sqlite.Error](err)
	return ok && lite.Code() == sqlite3.SQLITE_CONSTRAINT_FOREIGNKEY
}

// isUnstorable reports whether err is about a text that PostgreSQL cannot store
// (NUL, invalid UTF-8), which therefore no row has.
func isUnstorable(err error) bool {
	pg, ok := errors.AsType[*pgconn.PgError](err)
	return ok && pg.Code == "22021"
}

// isTransient reports whether PostgreSQL asks for the transaction to be retried.
func isTransient(err error) bool {
	pg, ok := errors.AsType[*pgconn.PgError](err)
	return ok && (pg.Code == "40001" || pg.Code == "40P01")
}

// answer wraps a driver's error in one of the three errors of errs.
func answer(doing string, err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, sql.ErrNoRows):
		return fmt.Errorf("%s: %w", doing, errs.ErrNotFound)
	case errors.Is(err, errs.ErrNotFound), errors.Is(err, errs.ErrConflict), errors.Is(err, errs.ErrUnavailable):
		return err
	case isUnique(err), isDangling(err):
		return fmt.Errorf("%s: %w", doing, errs.ErrConflict)
	case isUnstorable(err):
		return fmt.Errorf("%s: %w", doing, errs.ErrNotFound)
	}
	return errs.Unavailable(doing, err)
}
