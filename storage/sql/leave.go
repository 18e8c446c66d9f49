package sql

import (
	"context"
	"database/sql"
	"time"

	"omgevingsloket-id/pkg/audit"
	"omgevingsloket-id/pkg/effect"
	"omgevingsloket-id/pkg/helpdesk"
	"omgevingsloket-id/pkg/review"
	"omgevingsloket-id/pkg/staff"
)

// leave ends the work that a member no longer has a role for (staff.Ends). It
// adds an event about each to rec, by the actor of the first event of rec.
func (s members) leave(ctx context.Context, tx *sql.Tx, m staff.Member, by string, rec effect.Effects) (effect.Effects, error) {
	var e audit.Event
	if len(rec.Events) > 0 {
		e = rec.Events[0]
	}
	var left []staff.Left
	for _, work := range m.Ends() {
		end := map[staff.Work]func(context.Context, *sql.Tx, string, string, time.Time) ([]staff.Left, error){
			staff.Cases: cases{s.db}.leave, staff.Requests: desk{s.db}.cancelRequests, staff.Renewals: s.cancelRenewals,
		}[work]
		ended, err := end(ctx, tx, m.ID, by, e.At)
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

// leave takes a member off open cases, as reviewer and as first approver.
func (s cases) leave(ctx context.Context, tx *sql.Tx, member, _ string, now time.Time) ([]staff.Left, error) {
	rows, err := tx.QueryContext(ctx, `SELECT `+reviewedColumns+` FROM applications
		WHERE (reviewer = $1 OR proposal = $1) AND `+open+` ORDER BY id`+s.db.locking(), member)
	found, err := all(rows, err, scanCase)
	if err != nil {
		return nil, err
	}
	var left []staff.Left
	for _, c := range found {
		next, ok := c.Left(member)
		if !ok {
			continue
		}
		if err := moveCase(ctx, tx, c, next, review.Act{Kind: review.ActRelease, Member: member, At: now}); err != nil {
			return nil, err
		}
		left = append(left, staff.Left{Action: audit.ApplicationReleased, ObjectID: c.ID})
	}
	return left, nil
}

// cancelRequests cancels the requests of the helpdesk that end with a member.
func (s desk) cancelRequests(ctx context.Context, tx *sql.Tx, member, by string, now time.Time) ([]staff.Left, error) {
	found, err := readRequests(ctx, tx, `SELECT `+requestColumns+` FROM helpdesk_requests WHERE opened_by = $1 AND `+underWay+` ORDER BY id`+s.db.locking(), member)
	if err != nil {
		return nil, err
	}
	var left []staff.Left
	for _, q := range found {
		next, ends := q.Leave(by, now)
		if !ends {
			continue
		}
		if err := put(ctx, tx, q.State, next); err != nil {
			return nil, err
		}
		left = append(left, staff.Left{Action: helpdesk.CancelActions[q.Kind], ObjectID: q.AccountID})
	}
	return left, nil
}

// cancelRenewals ends what a member proposed about colleagues.
func (s members) cancelRenewals(ctx context.Context, tx *sql.Tx, member, _ string, now time.Time) ([]staff.Left, error) {
	rows, err := tx.QueryContext(ctx, `SELECT `+memberColumns+` FROM staff WHERE renewal_by = $1 ORDER BY id`+s.db.locking(), member)
	found, err := all(rows, err, scanMember)
	if err != nil {
		return nil, err
	}
	var left []staff.Left
	for _, m := range found {
		next := m
		next.Renewal = staff.Renewal{}
		if err := moveMember(ctx, tx, m, next); err != nil {
			return nil, err
		}
		if _, live := m.Proposed(now); live {
			left = append(left, staff.Left{Action: audit.StaffRenewalCancelled, ObjectID: m.ID})
		}
	}
	return left, nil
}
