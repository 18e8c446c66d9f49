package sql

import (
	"context"
	"database/sql"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"omgevingsloket-id/pkg/effect"
	"omgevingsloket-id/pkg/helpdesk"
)

// termTable is a table of search terms (package term), and its column with the
// id of what they find. Terms are stored in hexadecimal.
type termTable struct{ table, column string }

var (
	accountTerms     = termTable{"account_terms", "account_id"}
	applicationTerms = termTable{"application_terms", "application_id"}
)

// putTerms stores the search terms of id.
func putTerms(ctx context.Context, tx *sql.Tx, in termTable, id string, list []string) error {
	var rows []string
	args := []any{id}
	for _, term := range list {
		args = append(args, hex.EncodeToString([]byte(term)))
		rows = append(rows, fmt.Sprintf(`($%d, $1)`, len(args)))
	}
	if len(rows) == 0 {
		return nil
	}
	_, err := tx.ExecContext(ctx, `INSERT INTO `+in.table+` (term, `+in.column+`) VALUES `+strings.Join(rows, ", ")+` ON CONFLICT DO NOTHING`, args...)
	return err
}

// found returns the condition that a row has, for each word, a term that begins
// with it; words of fewer letters than short have to be a whole term. Without
// words it is false.
func found(in termTable, words []string, short int, args []any) (string, []any) {
	if len(words) == 0 {
		return `FALSE`, args
	}
	var each []string
	for _, w := range words {
		var where string
		where, args = begins(w, short, args)
		each = append(each, `SELECT `+in.column+` FROM `+in.table+` WHERE `+where)
	}
	return `id IN (` + strings.Join(each, ` INTERSECT `) + `)`, args
}

// begins returns the condition on terms that begin with w.
func begins(w string, short int, args []any) (string, []any) {
	from := hex.EncodeToString([]byte(w))
	to := from + "g" // after every term that begins with w
	if utf8.RuneCountInString(w) < short {
		to = from + "0" // directly after the term w
	}
	args = append(args, from, to)
	return fmt.Sprintf(`term >= $%d AND term < $%d`, len(args)-1, len(args)), args
}

// manyThings is how many rows a common word finds. Tests change it, to test both
// ways to search.
var manyThings = 500

// common reports whether words is one word that finds so many rows that a list
// is better walked in its own order than sorted.
func (db *DB) common(ctx context.Context, in termTable, words []string) (bool, error) {
	if len(words) != 1 {
		return false, nil
	}
	where, args := begins(words[0], 1, nil)
	var n int
	err := db.sql.QueryRowContext(ctx, `SELECT COUNT(*) FROM (SELECT 1 FROM `+in.table+` WHERE `+where+` LIMIT `+strconv.Itoa(manyThings)+`) AS found`, args...).Scan(&n)
	return n == manyThings, err
}

// backfill adds search terms to rows without any: rows from before there were
// terms, and rows that an older server added beside a newer one. some does so
// for a few rows and returns how many.
func (db *DB) backfill(ctx context.Context, some func(tx *sql.Tx) (int, error)) error {
	for {
		n := 0
		err := db.change(ctx, "search terms", func(tx *sql.Tx) (effect.Effects, error) {
			var err error
			n, err = some(tx)
			return effect.Effects{}, err
		})
		if err != nil || n == 0 {
			return err
		}
	}
}

func (db *DB) backfillAccountTerms(ctx context.Context) error {
	return db.backfill(ctx, func(tx *sql.Tx) (int, error) {
		some, err := scanAccounts(tx.QueryContext(ctx, `SELECT `+accountColumns+` FROM accounts
			WHERE NOT EXISTS (SELECT 1 FROM account_terms WHERE account_id = accounts.id) LIMIT 500`))
		for _, a := range some {
			if err == nil {
				err = putTerms(ctx, tx, accountTerms, a.ID, helpdesk.Terms(a))
			}
		}
		return len(some), err
	})
}

func (db *DB) backfillApplicationTerms(ctx context.Context) error {
	return db.backfill(ctx, func(tx *sql.Tx) (int, error) {
		rows, err := tx.QueryContext(ctx, `SELECT `+reviewedColumns+` FROM applications
			WHERE reference IS NOT NULL AND NOT EXISTS (SELECT 1 FROM application_terms WHERE application_id = applications.id) LIMIT 500`)
		some, err := all(rows, err, scanCase)
		for _, c := range some {
			if err == nil {
				err = putTerms(ctx, tx, applicationTerms, c.ID, c.SearchTerms())
			}
		}
		return len(some), err
	})
}
