package sql

import (
	"context"
	"database/sql"
	"errors"
	"time"
)

// pool hands out connections. Each of its methods is one call with a deadline,
// which includes the wait for a connection.
type pool struct {
	*sql.DB
	patient  *sql.DB // for calls of Patient contexts; the same as DB on SQLite
	soft     *sql.DB // for writes that may be forgotten; the same as DB on PostgreSQL
	callTime time.Duration
	file     *file     // of SQLite; nil on PostgreSQL
	locked   *lockedAt // of SQLite; nil on PostgreSQL
}

// patientConnections is how many connections PostgreSQL has for patient calls,
// besides the others.
const patientConnections = 3

// lifetime bounds a connection to PostgreSQL, so that after a change of
// servers, addresses or passwords no old one lasts.
const lifetime = 30 * time.Minute

func (p *pool) of(ctx context.Context) *sql.DB {
	if isPatient(ctx) {
		return p.patient
	}
	return p.DB
}

// BeginTx begins a transaction, whose deadline is that of the call.
func (p *pool) BeginTx(ctx context.Context, opts *sql.TxOptions) (*sql.Tx, error) {
	ctx, end := p.within(ctx)
	tx, err := p.of(ctx).BeginTx(ctx, opts)
	if err != nil {
		end()
	}
	return tx, p.locked.why(err)
}

// ExecContext runs a statement.
func (p *pool) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	ctx, end := p.within(ctx)
	defer end()
	done, err := p.of(ctx).ExecContext(ctx, query, args...)
	return done, p.locked.why(err)
}

// QueryContext runs a query. The deadline holds until the rows are closed; its
// timer is released with ctx.
func (p *pool) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	ctx, end := p.within(ctx)
	rows, err := p.of(ctx).QueryContext(ctx, query, args...)
	if err != nil {
		end()
	}
	return rows, err
}

// QueryRowContext runs a query for one row, with the deadline of QueryContext.
func (p *pool) QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row {
	ctx, _ = p.within(ctx)
	return p.of(ctx).QueryRowContext(ctx, query, args...)
}

// PingContext checks that the database answers.
func (p *pool) PingContext(ctx context.Context) error {
	ctx, end := p.within(ctx)
	defer end()
	return p.of(ctx).PingContext(ctx)
}

// Close closes all connections.
func (p *pool) Close() error {
	if p.patient == p.DB {
		return errors.Join(p.file.close(), p.soft.Close(), p.DB.Close())
	}
	return errors.Join(p.patient.Close(), p.DB.Close())
}
