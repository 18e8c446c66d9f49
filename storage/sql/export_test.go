package sql

import (
	"context"
	"database/sql"
	"strings"
	"testing"
	"time"

	"omgevingsloket-id/pkg/application"
	"omgevingsloket-id/pkg/review"
)

// Raw returns the database, for statements that no method runs.
func (db *DB) Raw() *sql.DB { return db.sql.DB }

// Explain returns SQLite's plan of a query, a line for each step.
func (db *DB) Explain(t *testing.T, query string, args ...any) string {
	t.Helper()
	rows, err := db.sql.QueryContext(t.Context(), "EXPLAIN QUERY PLAN "+query, args...)
	steps, err := all(rows, err, func(r row) (string, error) {
		var id, parent, unused int
		var detail string
		err := r.Scan(&id, &parent, &unused, &detail)
		return detail + "\n", err
	})
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(steps, "")
}

// QueueText returns the statement of a queue; common is whether each word of the search
// finds many cases.
func (db *DB) QueueText(q review.Query, common bool) (string, []any) {
	a := ask(q, sought{in: applicationTerms, words: application.SearchWords(q.Search), short: 1, common: common})
	return a.text, a.args
}

// SearchText returns the statement of a search for accounts.
func SearchText(words []string, most int) (string, []any) {
	return sought{in: accountTerms, words: words, short: shortWord}.accounts(most)
}

// Counting returns the statement of the statistics.
const Counting = counting

// CommonFrom makes a word common when it finds n things, and returns a function
// that restores the numbers.
func CommonFrom(n int) (back func()) {
	one, each := oneFinds, eachFinds
	oneFinds, eachFinds = n, n
	return func() { oneFinds, eachFinds = one, each }
}

// Occupy takes the writer's turn on SQLite until free is called.
func (db *DB) Occupy(ctx context.Context) (free func(), err error) {
	_, free, err = db.write(ctx)
	return free, err
}

// FileOf returns the driver's name of the file at an address.
func FileOf(address string) string {
	return sqliteDSN(strings.TrimPrefix(address, "sqlite:"), time.Second, "FULL")
}

// InEachConnection runs a statement in n connections of the pool.
func (db *DB) InEachConnection(ctx context.Context, n int, statement string) error {
	for range n {
		c, err := db.sql.Conn(ctx)
		if err != nil {
			return err
		}
		defer func() { _ = c.Close() }()
		if _, err := c.ExecContext(ctx, statement); err != nil {
			return err
		}
	}
	return nil
}

// Kept returns the number of prepared statements that a connection holds.
func Kept(c *sql.Conn) (n int, err error) {
	err = c.Raw(func(driver any) error {
		n = len(driver.(*conn).kept)
		return nil
	})
	return n, err
}

// Writing reports whether a call of this process writes, or waits for another
// process that does.
func (db *DB) Writing() bool { return len(db.turn) > 0 }
