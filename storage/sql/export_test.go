package sql

import "omgevingsloket-id/pkg/application"

// QueueText gives the statement of a queue, for a test that asks how it is run.
func (db *DB) QueueText(q application.Query) (string, []any) { a := ask(q); return a.text, a.args }
