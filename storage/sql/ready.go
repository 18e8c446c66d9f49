package sql

import (
	"context"
	"database/sql"
	"encoding/base64"
	"errors"
	"io"
	"strings"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"omgevingsloket-id/pkg/effect"
	"omgevingsloket-id/pkg/installation"
)

// probeLife is how long the row of a server that ended stays.
const probeLife = time.Minute

// probeBytes is what Probe writes: more than a login, and more than one page, so
// that it fails when nothing can be added although a row can be overwritten.
const probeBytes = 16 << 10

// probe is the name of a server's rows for Probe.
type probe struct {
	name  string
	count atomic.Int64
}

// Probe checks that the database can be written: it adds a row and removes the
// previous one. Reason says why not.
func (db *DB) Probe(ctx context.Context) error {
	filling := make([]byte, probeBytes*3/4)
	if _, err := io.ReadFull(db.rand, filling); err != nil { // random, since databases compress
		return err
	}
	now := db.now()
	key := db.probe.name + string('a'+rune(db.probe.count.Add(1)%2))
	return db.change(ctx, "probe", func(tx *sql.Tx) (effect.Effects, error) {
		if _, err := tx.ExecContext(ctx, `DELETE FROM ephemeral WHERE kind = 'probe' AND key = $1`, key); err != nil {
			return effect.Effects{}, err
		}
		if _, err := tx.ExecContext(ctx, `INSERT INTO ephemeral (kind, key, value, version, expires) VALUES ('probe', $1, $2, 1, $3)`,
			key, base64.StdEncoding.EncodeToString(filling), ms(now.Add(probeLife))); err != nil {
			return effect.Effects{}, err
		}
		_, err := tx.ExecContext(ctx, `DELETE FROM ephemeral WHERE kind = 'probe' AND key <> $1 AND key LIKE $2`, key, db.probe.name+"%")
		return effect.Effects{}, err
	})
}

// Reason returns why a call failed, in words for an operator that hold nothing
// of the address and of the driver's error.
func Reason(err error) string {
	if pg, ok := errors.AsType[*pgconn.PgError](err); ok {
		return postgresReason(pg.Code)
	}
	if lite, ok := errors.AsType[*sqlite.Error](err); ok {
		if reason, ok := sqliteReasons[lite.Code()&0xff]; ok {
			return reason
		}
		return "fails"
	}
	switch {
	case errors.Is(err, errLocked):
		return sqliteReasons[sqlite3.SQLITE_BUSY]
	case errors.Is(err, errGone):
		return "its file was removed or replaced"
	case errors.Is(err, installation.ErrPending), isRefusal[installation.TooOld](err), isRefusal[installation.Early](err):
		return "its schema is not that of this version; see the log"
	case errors.Is(err, context.DeadlineExceeded):
		return "does not answer in time"
	}
	return "does not answer"
}

func isRefusal[E error](err error) bool {
	_, ok := errors.AsType[E](err)
	return ok
}

// sqliteReasons are the reasons by primary result code.
var sqliteReasons = map[int]string{
	sqlite3.SQLITE_FULL:     "is full",
	sqlite3.SQLITE_BUSY:     "is locked by another program",
	sqlite3.SQLITE_LOCKED:   "is locked by another program",
	sqlite3.SQLITE_READONLY: "is read-only",
	sqlite3.SQLITE_PERM:     "may not be opened",
	sqlite3.SQLITE_CANTOPEN: "cannot be opened",
	sqlite3.SQLITE_IOERR:    "cannot be read or written: its disk is full or fails",
	sqlite3.SQLITE_CORRUPT:  "is damaged",
	sqlite3.SQLITE_NOTADB:   "is damaged",
}

// postgresReason returns the reason for a code of PostgreSQL's Appendix A.
func postgresReason(code string) string {
	for _, r := range []struct{ prefix, reason string }{
		{"25006", "is read-only"},
		{"53100", "its disk is full"},
		{"53300", "has no free connection"},
		{"53", "lacks memory or another resource"},
		{"55P03", "is locked by another session"},
		{"57014", "does not answer in time"},
		{"57P", "starts or stops"},
		{"58", "cannot be read or written: its disk fails"},
		{"28", "refuses the user or the password"},
		{"3D", "does not exist"},
		{"42501", "lacks a right of this server's role"},
		{"XX", "is damaged"},
	} {
		if strings.HasPrefix(code, r.prefix) {
			return r.reason
		}
	}
	return "fails with " + code
}
