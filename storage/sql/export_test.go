package sql

import "omgevingsloket-id/pkg/application"

// QueueText gives the statement of a queue, for a test that asks how it is run.
func (db *DB) QueueText(q application.Query, common bool) (string, []any) {
	a := ask(q, common)
	return a.text, a.args
}

// Counting is the statement of the statistics, for the same.
const Counting = counting
