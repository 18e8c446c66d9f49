package sql

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"sync/atomic"
	"time"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

func openSQLite(path string, fresh bool, connections int, limit time.Duration, trace func(string)) (*pool, error) {
	inner, err1 := sqlite.NewConnector(sqliteDSN(path, limit/4, "FULL"))
	forgetful, err2 := sqlite.NewConnector(sqliteDSN(path, limit/4, "NORMAL"))
	if errors.Join(err1, err2) != nil {
		return nil, errors.New("database.url: cannot be read")
	}
	f, err := openFile(path, fresh)
	if err != nil {
		return nil, err
	}
	locked := &lockedAt{within: limit}
	db := sql.OpenDB(connector{Connector: inner, usable: f.check, keeps: true, locked: locked, trace: trace})
	db.SetMaxOpenConns(connections + 1) // one is file.hold
	db.SetMaxIdleConns(connections)
	db.SetConnMaxIdleTime(5 * time.Minute)
	soft := sql.OpenDB(connector{Connector: forgetful, usable: f.check, keeps: true, locked: locked, trace: trace})
	soft.SetMaxOpenConns(2) // one at a time writes
	soft.SetConnMaxIdleTime(5 * time.Minute)
	return &pool{DB: db, patient: db, soft: soft, callTime: limit, file: f, locked: locked}, nil
}

// lockedAt records when another program was last seen to hold the file.
type lockedAt struct {
	at     atomic.Int64
	within time.Duration // the time of a call
}

// errLocked is returned for a call whose time was over before it could write, because
// another program holds the file.
var errLocked = errors.New("sql: another program holds the file")

// why returns err, the result of an attempt to write; errLocked instead of a deadline
// if a lock was seen within the time of a call.
func (l *lockedAt) why(err error) error {
	if l == nil || err == nil {
		return err
	}
	if lite, ok := errors.AsType[*sqlite.Error](err); ok && lite.Code()&0xff == sqlite3.SQLITE_BUSY {
		l.at.Store(time.Now().UnixNano())
	}
	if errors.Is(err, context.DeadlineExceeded) && time.Since(time.Unix(0, l.at.Load())) < l.within {
		return errLocked
	}
	return err
}

// sqliteDSN returns the data source name of a file that exists. It sets a write-ahead
// log, transactions that lock for writing when they begin, waiting for a lock that
// another program has instead of failing, and overwriting of deleted data. synchronous is
// FULL for an fsync at each commit, or NORMAL: then a power cut may lose the last commits,
// but damages nothing. busy, the longest wait for a lock, is a part of a call's time, so
// that several writers can have their turn within it.
func sqliteDSN(path string, busy time.Duration, synchronous string) string {
	q := url.Values{"mode": {"rw"}, "_txlock": {"immediate"}, "_pragma": {
		fmt.Sprintf("busy_timeout(%d)", busy.Milliseconds()), "journal_mode(WAL)", "foreign_keys(1)", "synchronous(" + synchronous + ")", "secure_delete(1)",
	}}
	return "file:" + (&url.URL{Path: filepath.ToSlash(path)}).EscapedPath() + "?" + q.Encode()
}
