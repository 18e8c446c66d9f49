package sql

import (
	"context"
	"database/sql"
	"errors"

	"omgevingsloket-id/pkg/effect"
	"omgevingsloket-id/pkg/errs"
)

// tries is how often a transition is judged before it is given up.
const tries = 3

// errMoved says that a row is not as it was judged.
var errMoved = errors.New("the row changed after it was judged")

// transition moves one row from its state to the next, in one transaction:
// read locks it (db.lock) or only reads it, judge is the rule of pkg, and write names the state
// and the epoch or version that were judged (asJudged), and returns what goes
// with the change. A row that there is not, or that judge refuses, is
// errs.ErrConflict. A row that is not as it was judged is read and judged
// again; the third time, nobody knows (errs.ErrUnavailable).
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

// lock reads one row that no other transaction changes until this one ends.
// PostgreSQL waits for those that do; on SQLite there is one writer at a time.
func (db *DB) lock(ctx context.Context, tx *sql.Tx, query string, args ...any) *sql.Row {
	return tx.QueryRowContext(ctx, query+db.locking(), args...)
}

func (db *DB) locking() string {
	if db.postgres {
		return ` FOR NO KEY UPDATE` // which lets others insert rows that refer to it
	}
	return ``
}

// asJudged demands that exactly one row was still as it was judged.
func asJudged(res sql.Result, err error) error {
	if err = one(res, err); errors.Is(err, errs.ErrConflict) {
		return errMoved
	}
	return err
}

// orConflict turns a row that there is not into errs.ErrConflict: for a guarded
// change it is one that is not in the state asked for.
func orConflict(err error) error {
	if errors.Is(err, sql.ErrNoRows) {
		return errs.ErrConflict
	}
	return err
}
