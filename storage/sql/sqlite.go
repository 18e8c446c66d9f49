package sql

import (
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"time"

	"modernc.org/sqlite"
)

func openSQLite(path string, fresh bool, connections int, limit time.Duration) (*pool, error) {
	inner, err1 := sqlite.NewConnector(sqliteDSN(path, limit/4, "FULL"))
	forgetful, err2 := sqlite.NewConnector(sqliteDSN(path, limit/4, "NORMAL"))
	if errors.Join(err1, err2) != nil {
		return nil, errors.New("database.url: cannot be read")
	}
	f, err := openFile(path, fresh)
	if err != nil {
		return nil, err
	}
	db := sql.OpenDB(connector{Connector: inner, usable: f.check, keeps: true})
	db.SetMaxOpenConns(connections + 1) // one is file.hold
	db.SetMaxIdleConns(connections)
	db.SetConnMaxIdleTime(5 * time.Minute)
	soft := sql.OpenDB(connector{Connector: forgetful, usable: f.check, keeps: true})
	soft.SetMaxOpenConns(2) // one at a time writes
	soft.SetConnMaxIdleTime(5 * time.Minute)
	return &pool{DB: db, patient: db, soft: soft, callTime: limit, file: f}, nil
}

// sqliteDSN names a file that exists, and sets a write-ahead log, transactions that lock for writing when they
// begin, waiting for a lock that another program has instead of failing, and
// overwriting of deleted data. synchronous is FULL for an fsync at each commit, or
// NORMAL: then a power cut may lose the last commits, and damages nothing. The wait is a part of a call's
// time, so that several writers can have their turn within it.
func sqliteDSN(path string, busy time.Duration, synchronous string) string {
	q := url.Values{"mode": {"rw"}, "_txlock": {"immediate"}, "_pragma": {
		fmt.Sprintf("busy_timeout(%d)", busy.Milliseconds()), "journal_mode(WAL)", "foreign_keys(1)", "synchronous(" + synchronous + ")", "secure_delete(1)",
	}}
	return "file:" + (&url.URL{Path: filepath.ToSlash(path)}).EscapedPath() + "?" + q.Encode()
}
