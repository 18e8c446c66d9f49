package sql

import (
	"context"
	"database/sql"
	"errors"

	"omgevingsloket-id/pkg/effect"
	"omgevingsloket-id/pkg/errs"
)

// tries is how often a change is judged before it is given up.
const tries = 3

// errMoved is returned when a row is not as it was judged.
var errMoved = errors.New("the row changed after it was judged")

// rejudged calls change, which reads, judges and writes, again if it returns
// errMoved; the third time, the error is errs.ErrUnavailable.
func rejudged(change func() error) error {
	var err error
	for range tries {
		if err = change(); !errors.Is(err, errMoved) {
			return err
		}
	}
	return err
}

// transition moves one row to its next state in one transaction. read locks it
// (db.lock) or only reads it; judge is the rule of pkg; write has the condition that
// the row still has the state and the epoch or version that were judged (asJudged),
// and returns the effects. The error is errs.ErrConflict if there is no row or judge
// refuses it, and that of rejudged if the row is not as it was judged.
func transition[T any](ctx context.Context, db *DB, doing string,
	read func(*sql.Tx) (T, error), judge func(T) (T, error), write func(tx *sql.Tx, was, next T) (effect.Effects, error)) error {
	return rejudged(func() error {
		return db.change(ctx, doing, func(tx *sql.Tx) (effect.Effects, error) {
			was, err := read(tx)
			if err != nil {
				return effect.Effects{}, orConflict(err)
			}
			next, err := judge(was)
			if err != nil {
				return effect.Effects{}, err
			}
			return write(tx, was, next)
		})
	})
}

// lock reads one row and keeps other transactions from changing it until this
// one ends. PostgreSQL waits for those that do; SQLite has one writer at a time.
func (db *DB) lock(ctx context.Context, tx *sql.Tx, query string, args ...any) *sql.Row {
	return tx.QueryRowContext(ctx, query+db.locking(), args...)
}

func (db *DB) locking() string {
	if db.postgres {
		return ` FOR NO KEY UPDATE` // lets others insert rows that refer to it
	}
	return ``
}

// asJudged returns errMoved unless exactly one row was still as it was judged.
func asJudged(res sql.Result, err error) error {
	if err = one(res, err); errors.Is(err, errs.ErrConflict) {
		return errMoved
	}
	return err
}

// orConflict turns sql.ErrNoRows into errs.ErrConflict: for a guarded change, a
// missing row is one that is not in the state asked for.
func orConflict(err error) error {
	if errors.Is(err, sql.ErrNoRows) {
		return errs.ErrConflict
	}
	return err
}
