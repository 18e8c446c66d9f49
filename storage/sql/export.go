package sql

import (
	"context"
	"encoding/json"
	"strconv"

	"omgevingsloket-id/pkg/review"
)

func (s cases) Lines(ctx context.Context, q review.Query, most int) ([]review.Line, error) {
	l := queueOf(q.Show)
	search, err := s.seek(ctx, q.Search)
	if err != nil {
		return nil, answer("lines", err)
	}
	search.common = false // all of them are read
	where, args := l.condition(q, search)
	args = append(args, most+1)
	rows, err := s.db.sql.QueryContext(Patient(ctx), `SELECT id, reference, kind, state, reviewer, proposal, answers, submitted_at, due_at, decided_at,
			COALESCE((SELECT MAX(reason) FROM decisions WHERE application_id = applications.id AND kind = 'reject'), '')
		FROM applications WHERE `+where+` ORDER BY `+l.sorted(true)+` LIMIT $`+strconv.Itoa(len(args)), args...)
	if err != nil {
		return nil, answer("lines", err)
	}
	defer rows.Close()
	var out []review.Line
	for rows.Next() {
		var c review.Case
		var answers, reason string
		var submitted, due, decided int64
		if err := rows.Scan(&c.ID, &c.Reference, &c.Kind, &c.State, &c.Reviewer, &c.Proposal, &answers, &submitted, &due, &decided, &reason); err != nil {
			return nil, answer("lines", err)
		}
		if err := json.Unmarshal([]byte(answers), &c.Answers); err != nil {
			return nil, answer("lines", err)
		}
		c.SubmittedAt, c.DueAt, c.DecidedAt = at(submitted), at(due), at(decided)
		if out = append(out, c.Line(reason)); len(out) > most {
			return nil, review.ErrTooMany
		}
	}
	if err := rows.Err(); err != nil {
		return nil, answer("lines", err)
	}
	return out, nil
}
