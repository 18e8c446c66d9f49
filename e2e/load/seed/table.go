package seed

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"
)

// table gathers rows for INSERT statements.
type table struct {
	into string
	rows [][]any
}

func (t *table) add(values ...any) { t.rows = append(t.rows, values) }

// insert inserts the rows, with at most about a thousand parameters in one statement.
func (t table) insert(ctx context.Context, tx *sql.Tx) error {
	if len(t.rows) == 0 {
		return nil
	}
	columns := len(t.rows[0])
	each := min(1000/columns, len(t.rows))
	full, err := tx.PrepareContext(ctx, t.statement(each, columns))
	if err != nil {
		return err
	}
	defer func() { _ = full.Close() }()
	for rows := range slices.Chunk(t.rows, each) {
		args := slices.Concat(rows...)
		if len(rows) == each {
			_, err = full.ExecContext(ctx, args...)
		} else {
			_, err = tx.ExecContext(ctx, t.statement(len(rows), columns), args...)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// statement returns the statement that inserts so many rows.
func (t table) statement(rows, columns int) string {
	var text strings.Builder
	text.WriteString("INSERT INTO " + t.into + " VALUES ")
	for i := range rows * columns {
		switch {
		case i == 0:
			text.WriteString("(")
		case i%columns == 0:
			text.WriteString("), (")
		default:
			text.WriteString(", ")
		}
		fmt.Fprintf(&text, "$%d", i+1)
	}
	return text.String() + ") ON CONFLICT DO NOTHING"
}
