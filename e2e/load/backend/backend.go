// Package backend opens the databases that the load tests work on directly: those of the
// yardstick, and that of the product before it starts.
package backend

import (
	"cmp"
	"database/sql"
	"net/url"
	"strings"

	_ "github.com/jackc/pgx/v5/stdlib" // registers "pgx"
	_ "modernc.org/sqlite"             // registers "sqlite"
)

// Connections is how many connections a server of the product has by default.
const Connections = 20

// Open opens a database by its URL (sqlite:PATH or postgres://…), with the driver and the settings of the
// product: on SQLite a write-ahead log and an fsync at each commit, with one connection that
// writes. On PostgreSQL, where writers do not exclude each other, read and write are the same.
func Open(address string) (read, write *sql.DB, err error) {
	path, lite := strings.CutPrefix(address, "sqlite:")
	if !lite {
		db, err := sql.Open("pgx", address)
		if err != nil {
			return nil, nil, err
		}
		db.SetMaxOpenConns(Connections)
		db.SetMaxIdleConns(Connections)
		return db, db, nil
	}
	settings := url.Values{"_txlock": {"immediate"}, "_pragma": {"busy_timeout(5000)", "journal_mode(WAL)", "foreign_keys(1)", "synchronous(FULL)", "secure_delete(1)"}}
	name := "file:" + (&url.URL{Path: path}).EscapedPath() + "?" + settings.Encode()
	write, err1 := sql.Open("sqlite", name)
	read, err2 := sql.Open("sqlite", name)
	if err := cmp.Or(err1, err2); err != nil {
		return nil, nil, err
	}
	write.SetMaxOpenConns(1)
	read.SetMaxOpenConns(Connections)
	read.SetMaxIdleConns(Connections)
	return read, write, nil
}
