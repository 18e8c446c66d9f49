package sql

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"time"

	"omgevingsloket-id/pkg/audit"
	"omgevingsloket-id/pkg/effect"
	"omgevingsloket-id/pkg/errs"
	"omgevingsloket-id/pkg/mail"
)

// querier is implemented by *sql.DB and *sql.Tx.
type querier interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// change runs fn and writes the effects that it returns, in one transaction. It
// retries what PostgreSQL asks to retry, so fn must be repeatable. All tries are
// one call with one deadline, which the statements of fn have too.
func (db *DB) change(ctx context.Context, doing string, fn func(tx *sql.Tx) (effect.Effects, error)) error {
	ctx, end := db.sql.within(ctx)
	defer end()
	return answer(doing, retried(func() error { return db.changeOnce(ctx, fn) }))
}

// retried calls fn again when PostgreSQL asks for it, four times in all.
func retried(fn func() error) error {
	var err error
	for range 4 {
		if err = fn(); err == nil || !isTransient(err) {
			break
		}
	}
	return err
}

func (db *DB) changeOnce(ctx context.Context, fn func(tx *sql.Tx) (effect.Effects, error)) error {
	ctx, done, err := db.write(ctx)
	if err != nil {
		return err
	}
	defer done()
	tx, err := db.sql.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }() // no effect after a commit
	rec, err := fn(tx)
	if err != nil {
		return err
	}
	for _, m := range rec.Mails {
		for _, m := range m.Each() {
			if err := db.putMail(ctx, tx, m); err != nil {
				return err
			}
		}
	}
	if err := db.pool(ctx, tx, rec.Events); err != nil {
		return err
	}
	if err := tx.Commit(); err != nil {
		return err
	}
	if len(rec.Events) > 0 {
		db.notePooled()
	}
	if len(rec.Mails) > 0 && db.mailed != nil {
		db.mailed()
	}
	return nil
}

// OnMail registers a function that is called after each commit that added mail
// to the outbox. It must not block. Call OnMail before the stores are used.
func (db *DB) OnMail(mailed func()) { db.mailed = mailed }

// write waits until this goroutine may write, at most until the deadline of the
// call, which the returned context has. SQLite has one writer at a time and makes
// the others poll, at ever longer intervals; here they queue. done lets the next
// one write.
func (db *DB) write(ctx context.Context) (within context.Context, done func(), err error) {
	ctx, end := db.sql.within(ctx)
	if db.turn == nil {
		return ctx, end, nil
	}
	select {
	case db.turn <- struct{}{}:
		return ctx, func() { <-db.turn; end() }, nil
	case <-ctx.Done():
		end()
		return nil, nil, db.sql.locked.why(ctx.Err())
	}
}

// exec runs one writing statement when write allows it.
func (db *DB) exec(ctx context.Context, query string, args ...any) (sql.Result, error) {
	ctx, done, err := db.write(ctx)
	if err != nil {
		return nil, err
	}
	defer done()
	return db.sql.ExecContext(ctx, query, args...)
}

// execSoft is exec for a change that a power cut may undo, because no check is weaker
// without it.
func (db *DB) execSoft(ctx context.Context, query string, args ...any) (sql.Result, error) {
	ctx, done, err := db.write(ctx)
	if err != nil {
		return nil, err
	}
	defer done()
	res, err := db.sql.soft.ExecContext(ctx, query, args...)
	return res, db.sql.locked.why(err)
}

// with runs one guarded statement with its effects. It returns errs.ErrConflict
// when no row is in the state that the statement names.
func (db *DB) with(ctx context.Context, doing string, rec effect.Effects, query string, args ...any) error {
	if db.postgres && len(rec.Mails) == 0 && len(rec.Events) == 1 {
		return db.withEvent(ctx, doing, rec.Events[0], query, args)
	}
	return db.change(ctx, doing, func(tx *sql.Tx) (effect.Effects, error) {
		return rec, one(tx.ExecContext(ctx, query, args...))
	})
}

// withEvent is with on PostgreSQL for one event: both in one statement, which is one
// round trip instead of four.
func (db *DB) withEvent(ctx context.Context, doing string, e audit.Event, query string, args []any) error {
	ctx, end := db.sql.within(ctx)
	defer end()
	query, args = db.pooling(query, args, e)
	err := retried(func() error { return one(db.sql.ExecContext(ctx, query, args...)) })
	if err == nil {
		db.notePooled()
	}
	return answer(doing, err)
}

// row is implemented by *sql.Row and *sql.Rows.
type row interface{ Scan(...any) error }

// all scans every row of rows; rows and err are the results of a query.
func all[T any](rows *sql.Rows, err error, scan func(row) (T, error)) ([]T, error) {
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []T
	for rows.Next() {
		one, err := scan(rows)
		if err != nil {
			return nil, err
		}
		out = append(out, one)
	}
	return out, rows.Err()
}

func scanID(r row) (id string, err error) {
	err = r.Scan(&id)
	return id, err
}

// one returns errs.ErrConflict unless exactly one row was changed.
func one(res sql.Result, err error) error {
	if err != nil {
		return err
	}
	if n, err := res.RowsAffected(); err != nil {
		return err
	} else if n != 1 {
		return errs.ErrConflict
	}
	return nil
}

func (db *DB) putMail(ctx context.Context, tx *sql.Tx, m mail.Message) error {
	sealed, err := db.ring.Seal([]byte(m.Text.Reveal()), mailAAD(m.ID))
	if err != nil {
		return fmt.Errorf("outbox: %w", err)
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO outbox (id, recipient, lang, kind, subject, sealed, at, expires, due)
		VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9)`,
		m.ID, m.To, m.Lang, m.Kind, m.Subject, sealed, ms(m.At), ms(m.Expires), ms(m.At))
	return err
}

func mailAAD(id string) string { return "outbox|text|" + id }

// ms and at convert times to and from Unix milliseconds; 0 is the zero time.
func ms(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

func at(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}

// text encodes a value as JSON. Strings, numbers and structs of them cannot
// fail.
func text(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic("sql: value does not encode: " + err.Error())
	}
	return string(b)
}
