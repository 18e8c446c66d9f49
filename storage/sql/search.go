package sql

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/hex"
	"fmt"
	"slices"
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

// sought is what a search looks for.
type sought struct {
	in     termTable
	words  []string // the one that finds the fewest rows first
	short  int      // words of fewer letters have to be a whole term
	common bool     // each word is common
}

// seek sorts words by the number of rows that they find, the fewest first. It counts
// at most most rows for a word; a word that finds that many is common.
func (db *DB) seek(ctx context.Context, in termTable, words []string, short, most int) (sought, error) {
	s := sought{in: in, short: short, common: len(words) > 0}
	finds := make(map[string]int, len(words))
	for _, w := range words {
		where, args := begins(w, short, []any{most})
		var n int
		if err := db.sql.QueryRowContext(ctx, `SELECT COUNT(*) FROM (SELECT 1 FROM `+in.table+` WHERE `+where+` LIMIT $1) AS found`, args...).Scan(&n); err != nil {
			return s, err
		}
		finds[w], s.common = n, s.common && n == most
		most = min(most, max(n, 1)) // enough to see that another one finds more
	}
	s.words = slices.SortedStableFunc(slices.Values(words), func(a, b string) int { return cmp.Compare(finds[a], finds[b]) })
	return s, nil
}

// ids returns the condition that a row has, for each word, a term that begins with
// it. The rows are read from the terms of the first word. Without words it is false.
func (s sought) ids(args []any) (string, []any) {
	if len(s.words) == 0 {
		return `FALSE`, args
	}
	with, args := begins(s.words[0], s.short, args)
	others, args := s.has(`t`, s.in.column, s.words[1:], args)
	return `id IN (SELECT ` + s.in.column + ` FROM ` + s.in.table + ` AS t WHERE ` + with + others + `)`, args
}

// first is ids for at most $1 rows, in the order of the terms: those that have the
// word itself come first. A row counts only at the first of its terms, so that reading
// can stop after $1 rows.
func (s sought) first(args []any) (string, []any) {
	if len(s.words) == 0 {
		return `FALSE`, args
	}
	with, args := begins(s.words[0], s.short, args)
	others, args := s.has(`t`, s.in.column, s.words[1:], args)
	return `id IN (SELECT ` + s.in.column + ` FROM ` + s.in.table + ` AS t WHERE ` + with + others + `
		AND NOT EXISTS (SELECT 1 FROM ` + s.in.table + ` AS e WHERE e.` + s.in.column + ` = t.` + s.in.column + ` AND e.term < t.term AND ` + strings.ReplaceAll(with, `term`, `e.term`) + `)
		ORDER BY term, ` + s.in.column + ` LIMIT $1)`, args
}

// has returns conditions, each with AND before it, that a row has a term for each
// word. They are checked row by row.
func (s sought) has(table, id string, words []string, args []any) (string, []any) {
	var all strings.Builder
	for _, w := range words {
		var with string
		with, args = begins(w, s.short, args)
		all.WriteString(` AND EXISTS (SELECT 1 FROM ` + s.in.table + ` WHERE ` + s.in.column + ` = ` + table + `.` + id + ` AND ` + with + `)`)
	}
	return all.String(), args
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

// backfill adds search terms to rows without any. some does so for a few rows and
// returns how many.
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
