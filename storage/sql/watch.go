package sql

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"time"

	"omgevingsloket-id/pkg/audit"
	"omgevingsloket-id/pkg/effect"
	"omgevingsloket-id/pkg/staff"
)

type watched struct{ db *DB }

// Watched returns the store of the watch over officials.
func (db *DB) Watched() staff.Watched { return watched{db} }

func (s watched) Files(ctx context.Context, member string, actions []audit.Action, after time.Time) (int, error) {
	args, marks := []any{member, ms(after)}, []string{"''"}
	for _, a := range actions {
		args = append(args, a)
		marks = append(marks, fmt.Sprintf("$%d", len(args)))
	}
	var n int
	seen := `WHERE actor_kind = '` + string(audit.ActorStaff) + `' AND actor_id = $1 AND at > $2 AND action IN (` + strings.Join(marks, ",") + `)`
	err := s.db.sql.QueryRowContext(ctx, `SELECT COUNT(*) FROM (
		SELECT object_kind || ' ' || object_id AS file FROM audit_events `+seen+`
		UNION SELECT object_kind || ' ' || object_id FROM audit_pool `+seen+`
		UNION SELECT file FROM staff_seen WHERE member = $1 AND at > $2) AS seen`, args...).Scan(&n)
	return n, answer("files seen", err)
}

// listRows is how many files one statement of List writes.
const listRows = 500

func (s watched) List(ctx context.Context, member string, files []staff.File, at time.Time) error {
	keys := make([]string, len(files))
	for i, f := range files {
		keys[i] = string(f.Kind) + " " + f.ID
	}
	slices.Sort(keys) // so that concurrent transactions lock the rows in one order
	keys = slices.Compact(keys)
	return s.db.change(ctx, "list of files", func(tx *sql.Tx) (effect.Effects, error) {
		for part := range slices.Chunk(keys, listRows) {
			args, rows := []any{member, ms(at)}, make([]string, len(part))
			for i, key := range part {
				args = append(args, key)
				rows[i] = fmt.Sprintf("($1,$2,$%d)", len(args))
			}
			if _, err := tx.ExecContext(ctx, `INSERT INTO staff_seen (member, at, file) VALUES `+strings.Join(rows, ",")+`
				ON CONFLICT (member, file) DO UPDATE SET at = excluded.at WHERE staff_seen.at < excluded.at`, args...); err != nil {
				return effect.Effects{}, err
			}
		}
		return effect.Effects{}, nil
	})
}

func (s watched) Alarm(ctx context.Context, a staff.Alarm, since time.Time, rec effect.Effects) error {
	return s.db.change(ctx, "alarm", func(tx *sql.Tx) (effect.Effects, error) {
		return rec, one(tx.ExecContext(ctx, `INSERT INTO staff_alarms (member, at, files) VALUES ($1,$2,$3)
			ON CONFLICT (member) DO UPDATE SET at = excluded.at, files = excluded.files WHERE staff_alarms.at < $4`,
			a.Member, ms(a.At), a.Files, ms(since)))
	})
}

func (s watched) Alarms(ctx context.Context, since time.Time) ([]staff.Alarm, error) {
	rows, err := s.db.sql.QueryContext(ctx, `SELECT member, at, files FROM staff_alarms WHERE at >= $1 ORDER BY at DESC, member`, ms(since))
	out, err := all(rows, err, func(r row) (staff.Alarm, error) {
		var a staff.Alarm
		var when int64
		if err := r.Scan(&a.Member, &when, &a.Files); err != nil {
			return a, err
		}
		a.At = at(when)
		return a, nil
	})
	return out, answer("alarms", err)
}
