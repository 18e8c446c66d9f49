package sql

import (
	"context"
	"database/sql"
	"errors"

	"omgevingsloket-id/pkg/effect"
	"omgevingsloket-id/pkg/errs"
)

// tries is how often a transition is tried.
const tries = 3

// errMoved reports that a row changed after it was judged.
var errMoved = errors.New("the row changed after it was judged")

// transition moves one row from its state to the next, in one transaction: read
// locks the row (db.lock) or only reads it, judge is the rule of pkg, and write
// names the state and the epoch or version that were judged (asJudged), and
// returns the effects. If the row does not exist, or judge refuses it,
// transition returns errs.ErrConflict. If the row changed after it was judged,
// transition tries again; the third time it returns errs.ErrUnavailable.
func transition[T any](ctx context.Context, db *DB, doing string,
	read func(*sql.Tx) (T, error), judge func(T) (T, error), write func(tx *sql.Tx, was, next T) (effect.Effects, error)) error {
	var err error
	for range tries {
		err = db.change(ctx, doing, func(tx *sql.Tx) (effect.Effects, error) {
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
		if !errors.Is(err, errMoved) {
			return err
		}
	}
	return err
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

// orConflict turns errs.ErrNotFound into errs.ErrConflict: to a guarded change, a
// missing row is one that is not in the state asked for.
func orConflict(err error) error {
	if errors.Is(err, sql.ErrNoRows) {
		return errs.ErrConflict
	}
	return err
}
