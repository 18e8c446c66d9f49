package sql

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
)

func openPostgres(raw string, connections int, limit time.Duration, trace func(string)) (*pool, error) {
	e := &era{trace: trace}
	db, err := e.open(raw, connections, limit*5/8, map[string]time.Duration{
		// The server gives up before the client, so that the connection stays usable.
		// Locks are held for milliseconds; a call that waits longer for one gives up,
		// because other calls need its connection.
		"statement_timeout": limit * 3 / 4, "lock_timeout": limit / 2, "idle_in_transaction_session_timeout": limit * 5 / 4,
	})
	if err != nil {
		return nil, err
	}
	patient, err := e.open(raw, patientConnections, limit*5/8, map[string]time.Duration{
		// Only clients bound the statements: a migration may take as long as it needs.
		"statement_timeout": 0, "lock_timeout": patientTime / 10, "idle_in_transaction_session_timeout": patientTime,
	})
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return &pool{DB: db, patient: patient, soft: db, callTime: limit}, nil
}

// era numbers the connections. An era ends when one of them shows that its server
// no longer serves; then all connections of the era are closed instead of used.
type era struct {
	now   atomic.Int64
	trace func(string) // Options.Trace
}

const eraKey = "omgevingsloket-id era"

// open returns the connections to a database. connect bounds the attempts to
// connect to all its hosts together, so that a host that is silent leaves time
// for the next. limits are set for each session, also if the address or the role
// has others.
func (e *era) open(raw string, connections int, connect time.Duration, limits map[string]time.Duration) (*sql.DB, error) {
	c, err := pgx.ParseConfig(raw)
	if err != nil {
		return nil, errors.New("database.url: cannot be read") // the error may hold the password
	}
	if each := connect / time.Duration(1+len(c.Fallbacks)); c.ConnectTimeout == 0 || c.ConnectTimeout > each {
		c.ConnectTimeout = each
	}
	for name, limit := range limits {
		c.RuntimeParams[name] = strconv.FormatInt(limit.Milliseconds(), 10)
	}
	keep := c.OnPgError
	c.OnPgError = func(conn *pgconn.PgConn, err *pgconn.PgError) bool {
		if !lost(err) {
			return keep(conn, err)
		}
		e.end(conn)
		return false // closes the connection
	}
	inner := stdlib.GetConnector(*c,
		stdlib.OptionAfterConnect(func(_ context.Context, conn *pgx.Conn) error {
			conn.PgConn().CustomData()[eraKey] = e.now.Load()
			return nil
		}),
		stdlib.OptionShouldPing(func(ctx context.Context, p stdlib.ShouldPingParams) bool {
			// The driver's own ping would wait until the call's deadline, with each
			// connection to a silent server.
			if p.IdleDuration > time.Second && !answers(ctx, p.Conn.PgConn(), connect/3) {
				e.end(p.Conn.PgConn())
			}
			return false
		}),
		stdlib.OptionResetSession(func(_ context.Context, conn *pgx.Conn) error {
			if conn.PgConn().CustomData()[eraKey] != e.now.Load() {
				return driver.ErrBadConn
			}
			return nil
		}))
	db := sql.OpenDB(connector{Connector: inner, trace: e.trace})
	db.SetMaxOpenConns(connections)
	db.SetMaxIdleConns(connections)
	db.SetConnMaxIdleTime(5 * time.Minute)
	db.SetConnMaxLifetime(lifetime)
	return db, nil
}

// end ends the era of a connection, unless it has ended.
func (e *era) end(conn *pgconn.PgConn) {
	if was, ok := conn.CustomData()[eraKey].(int64); ok {
		e.now.CompareAndSwap(was, was+1)
	}
}

// answers reports whether the server at a connection answers in time.
func answers(ctx context.Context, conn *pgconn.PgConn, in time.Duration) bool {
	ctx, cancel := context.WithTimeout(ctx, in)
	defer cancel()
	return conn.Ping(ctx) == nil
}

// lost reports whether an error shows that a session is of no use any more: it
// turned read-only, or its server stops, starts, or ended it (PostgreSQL,
// Appendix A).
func lost(err *pgconn.PgError) bool {
	class := strings.HasPrefix
	return class(err.Code, "08") || class(err.Code, "57P") || err.Code == "25006" || err.Code == "25P03" || err.Code == "25P04"
}
