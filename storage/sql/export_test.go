package sql

import (
	"database/sql"
	"strings"
	"testing"

	"omgevingsloket-id/pkg/review"
)

// Raw is the database itself, for what no method does.
func (db *DB) Raw() *sql.DB { return db.sql }

// Explain asks SQLite how it goes about a query, a line for each step.
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

// QueueText gives the statement of a queue, for a test that asks how it is run.
func (db *DB) QueueText(q review.Query, common bool) (string, []any) {
	a := ask(q, common)
	return a.text, a.args
}

// Counting is the statement of the statistics, for the same.
const Counting = counting

// CommonFrom makes every word common that finds so much, and gives the way
// back.
func CommonFrom(n int) (back func()) {
	before := manyThings
	manyThings = n
	return func() { manyThings = before }
}
