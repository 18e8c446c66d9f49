package sql

import (
	"context"
	"database/sql"
	"fmt"

	"omgevingsloket-id/pkg/application"
	"omgevingsloket-id/pkg/audit"
	"omgevingsloket-id/pkg/effect"
	"omgevingsloket-id/pkg/helpdesk"
	"omgevingsloket-id/pkg/review"
	"omgevingsloket-id/pkg/staff"
)

// leave ends what a member began and has no role for any more, so that
// nothing waits for somebody who is gone, and nobody's yes is half of a
// decision of today. The audit log gets an event about each, by
// the actor of the first event of rec.
func leave(ctx context.Context, tx *sql.Tx, m staff.Member, by string, rec effect.Effects) (effect.Effects, error) {
	var e audit.Event
	if len(rec.Events) > 0 {
		e = rec.Events[0]
	}
	var left []staff.Left
	if !m.Has(staff.Reviewer) {
		for _, column := range []string{"reviewer", "proposal"} {
			freed, err := leaveCases(ctx, tx, column, m.ID)
			if err != nil {
				return rec, err
			}
			for _, c := range freed {
				if _, err := tx.ExecContext(ctx, `INSERT INTO decisions (application_id, version, member, kind, reason, text, at) VALUES ($1,$2,$3,$4,'','',$5)`,
					c.ID, c.Version, m.ID, review.ActRelease, ms(e.At)); err != nil {
					return rec, err
				}
				left = append(left, staff.Left{Action: audit.ApplicationReleased, ObjectID: c.ID})
			}
		}
	}
	if !m.Has(staff.Helpdesk) {
		rows, err := tx.QueryContext(ctx, `UPDATE helpdesk_requests SET state = 'cancelled', decided_by = $1, decided_at = $2, version = version + 1
			WHERE opened_by = $3 AND `+withOfficial+` RETURNING kind, account_id`, by, ms(e.At), m.ID)
		ended, err := all(rows, err, func(r row) (staff.Left, error) {
			var kind helpdesk.Kind
			var l staff.Left
			if err := r.Scan(&kind, &l.ObjectID); err != nil {
				return l, err
			}
			if l.Action = helpdesk.CancelActions[kind]; l.Action == "" {
				return l, fmt.Errorf("a request of the unknown kind %q", kind)
			}
			return l, nil
		})
		if err != nil {
			return rec, err
		}
		left = append(left, ended...)
	}
	if len(rec.Events) > 0 {
		for _, l := range left {
			rec.Events = append(rec.Events, l.Event(e))
		}
	}
	return rec, nil
}

// leaveCases takes a member from the undecided cases that name it there.
func leaveCases(ctx context.Context, tx *sql.Tx, column, member string) ([]application.Application, error) {
	rows, err := tx.QueryContext(ctx, `UPDATE applications SET `+column+` = '', version = version + 1 WHERE `+column+` = $1 AND `+open+` RETURNING id, version`, member)
	return all(rows, err, func(r row) (a application.Application, err error) {
		err = r.Scan(&a.ID, &a.Version)
		return a, err
	})
}
