package seed

import (
	"context"
	"database/sql"
	"fmt"
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
	for rows := t.rows; len(rows) > 0; {
		n := min(len(rows), 1000/len(rows[0]))
		var text strings.Builder
		var args []any
		text.WriteString("INSERT INTO " + t.into + " VALUES ")
		for i, row := range rows[:n] {
			if i > 0 {
				text.WriteString(", ")
			}
			for j, v := range row {
				args = append(args, v)
				fmt.Fprintf(&text, "%c$%d", "(,"[min(j, 1)], len(args))
			}
			text.WriteString(")")
		}
		text.WriteString(" ON CONFLICT DO NOTHING")
		if _, err := tx.ExecContext(ctx, text.String(), args...); err != nil {
			return err
		}
		rows = rows[n:]
	}
	return nil
}
