package sql

import (
	"context"
	"database/sql"
	"time"

	"omgevingsloket-id/pkg/effect"
	"omgevingsloket-id/pkg/errs"
	"omgevingsloket-id/pkg/review"
	"omgevingsloket-id/pkg/staff"
)

// Deadlines returns the store of deadlines.
func (db *DB) Deadlines() review.DeadlineStore { return cases{db} }

// many returns the cases that match a condition.
func (s cases) many(ctx context.Context, doing, query string, args ...any) ([]review.Case, error) {
	rows, err := s.db.sql.QueryContext(ctx, `SELECT `+reviewedColumns+` FROM applications WHERE `+query, args...)
	out, err := all(rows, err, scanCase)
	return out, answer(doing, err)
}

func (s cases) Unanswered(ctx context.Context, until time.Time, reminded, limit int) ([]review.Case, error) {
	return s.many(ctx, "unanswered cases", `state = 'more_information' AND answer_by > 0 AND answer_by <= $1 AND reminders < $2 ORDER BY answer_by, id LIMIT $3`,
		ms(until), reminded, limit)
}

func (s cases) Urgent(ctx context.Context, until time.Time, limit int) ([]review.Case, error) {
	return s.many(ctx, "urgent cases", `state IN ('submitted', 'in_review') AND due_at <= $1 ORDER BY due_at, id LIMIT $2`, ms(until), limit)
}

func (s cases) Remind(ctx context.Context, c review.Case, n int, act review.Act, rec effect.Effects) error {
	return s.move(ctx, "remind applicant", c, act, rec, func(stored review.Case) (review.Case, error) { return stored.Remind(c, n, act) }, nil)
}

func (s cases) Expire(ctx context.Context, c review.Case, act review.Act, rec effect.Effects) error {
	return s.act(ctx, "expire case", c, act, rec)
}

func (s cases) Untold(ctx context.Context, day string) ([]review.Official, error) {
	rows, err := s.db.sql.QueryContext(ctx, `SELECT `+memberColumns+` FROM staff WHERE told_on < $1 ORDER BY id`, day)
	members, err := all(rows, err, scanMember)
	var out []review.Official
	for _, m := range members {
		if o, ok := review.OfficialOf(m); ok {
			out = append(out, o)
		}
	}
	return out, answer("untold staff", err)
}

func (s cases) Told(ctx context.Context, o review.Official, day string, rec effect.Effects) error {
	return transition(ctx, s.db, "tell staff",
		func(tx *sql.Tx) (staff.Member, error) { return members{s.db}.lock(ctx, tx, "id", o.ID) },
		func(m staff.Member) (staff.Member, error) {
			if now, ok := review.OfficialOf(m); !ok || now.Epoch != o.Epoch {
				return m, errs.ErrConflict
			}
			return m, nil
		},
		func(tx *sql.Tx, m, _ staff.Member) (effect.Effects, error) {
			return rec, one(tx.ExecContext(ctx, `UPDATE staff SET told_on = $1 WHERE id = $2 AND epoch = $3 AND told_on < $1`, day, m.ID, m.Epoch))
		})
}
