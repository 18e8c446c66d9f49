package sql_test

import (
	"path/filepath"
	"strconv"
	"testing"

	"omgevingsloket-id/storage/sql"
)

// A connection prepares a statement once, also one that is run again while its rows
// are read, and holds a bounded number of prepared statements.
func TestPreparedStatements(t *testing.T) {
	t.Parallel()
	db := hasty(t, "sqlite:"+filepath.Join(t.TempDir(), "id.db"))
	one, err := db.Raw().Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = one.Close() }()
	kept := func() int {
		n, err := sql.Kept(one)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	const numbers = `WITH RECURSIVE n(i) AS (SELECT CAST($1 AS BIGINT) UNION ALL SELECT i + 1 FROM n WHERE i < $1 + 2) SELECT i FROM n ORDER BY i`
	read := func(from int, each func(int)) {
		rows, err := one.QueryContext(t.Context(), numbers, from)
		if err != nil {
			t.Fatal(err)
		}
		defer rows.Close()
		want := from
		for ; rows.Next(); want++ {
			var got int
			if err := rows.Scan(&got); err != nil || got != want {
				t.Fatalf("row = %d, %v, want %d", got, err, want)
			}
			each(got)
		}
		if rows.Err() != nil || want != from+3 {
			t.Fatalf("rows from %d end before %d: %v", from, want, rows.Err())
		}
	}
	before := kept()
	read(1, func(int) {})
	if got := kept(); got != before+1 {
		t.Errorf("a new statement makes %d of %d kept", got, before)
	}
	read(10, func(n int) { read(100*n, func(int) {}) })
	if got := kept(); got != before+1 {
		t.Errorf("nested reading makes %d of %d kept", got, before)
	}
	for i := range 1000 {
		if _, err := one.ExecContext(t.Context(), `DELETE FROM windows WHERE count = `+strconv.Itoa(i)); err != nil {
			t.Fatal(err)
		}
	}
	if got := kept(); got > 500 {
		t.Errorf("a connection keeps %d statements, want 500 at most", got)
	}
}
