package sql

import (
	"context"
	"database/sql"
	"errors"
	"path/filepath"
	"testing"

	"omgevingsloket-id/pkg/effect"
	"omgevingsloket-id/pkg/errs"
	"omgevingsloket-id/pkg/secret"
)

// TestTransition tests what the suite in storagetest cannot cause: a row that changes
// after it was judged and before the write.
func TestTransition(t *testing.T) {
	t.Parallel()
	db, err := Open(t.Context(), Options{URL: secret.Text("sqlite:" + filepath.Join(t.TempDir(), "t.db"))})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	broken := errors.New("broken")
	for name, test := range map[string]struct {
		read, judge error
		moved       int // how often the row has changed after it was judged
		write       error
		want        error // as errors.Is
		judged      int
	}{
		"at once":         {judged: 1},
		"no such row":     {read: sql.ErrNoRows, want: errs.ErrConflict},
		"refused":         {judge: errs.ErrConflict, want: errs.ErrConflict, judged: 1},
		"moved once":      {moved: 1, judged: 2},
		"moved twice":     {moved: 2, judged: 3},
		"moved each time": {moved: 9, want: errs.ErrUnavailable, judged: 3},
		"broken":          {write: broken, want: errs.ErrUnavailable, judged: 1},
		"a conflict":      {write: errs.ErrConflict, want: errs.ErrConflict, judged: 1},
	} {
		row, judged := 0, 0
		err := transition(t.Context(), db, "test",
			func(*sql.Tx) (int, error) { row++; return row, test.read },
			func(was int) (int, error) { judged++; return was + 100, test.judge },
			func(_ *sql.Tx, was, next int) (effect.Effects, error) {
				if was != row || next != row+100 {
					t.Errorf("%s: write(%d, %d), want %d, %d", name, was, next, row, row+100)
				}
				if judged <= test.moved {
					return effect.Effects{}, asJudged(noRows{}, nil)
				}
				return effect.Effects{}, test.write
			})
		if !errors.Is(err, test.want) || judged != test.judged {
			t.Errorf("transition(%s) = %v after %d judgements, want %v after %d", name, err, judged, test.want, test.judged)
		}
	}
	over, cancel := context.WithCancel(t.Context())
	cancel()
	if err := transition(over, db, "test", func(*sql.Tx) (int, error) { return 0, nil }, nil, nil); !errors.Is(err, errs.ErrUnavailable) {
		t.Errorf("transition(cancelled) = %v, want %v", err, errs.ErrUnavailable)
	}
}

// noRows is the result of a write that changed nothing.
type noRows struct{}

func (noRows) LastInsertId() (int64, error) { return 0, nil }
func (noRows) RowsAffected() (int64, error) { return 0, nil }
