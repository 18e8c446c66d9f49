package sql

import "omgevingsloket-id/pkg/application"

// QueueText gives the statement of a queue, for a test that asks how it is run.
func (db *DB) QueueText(q application.Query, common bool) (string, []any) {
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
