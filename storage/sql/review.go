package sql

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/application"
	"omgevingsloket-id/pkg/effect"
	"omgevingsloket-id/pkg/errs"
	"omgevingsloket-id/pkg/intake"
	"omgevingsloket-id/pkg/review"
)

type cases struct{ db *DB }

// Cases gives the store of deciding on applications.
func (db *DB) Cases() review.Cases { return cases{db} }

// scanReviewed reads reviewedColumns, and what comes behind them.
func scanReviewed(r row, more ...any) (review.Case, error) {
	var c review.Case
	var err error
	c.Application, err = scanApplication(r, append([]any{&c.Reviewer, &c.Proposal, &c.Reminded}, more...)...)
	return c, err
}

func scanCase(r row) (review.Case, error) { return scanReviewed(r) }

const reviewedColumns = applicationColumns + `, reviewer, proposal, reminders`

func (s cases) Case(ctx context.Context, id string) (review.Case, error) {
	c, err := scanReviewed(s.db.sql.QueryRowContext(ctx, `SELECT `+reviewedColumns+` FROM applications WHERE id = $1 AND reference IS NOT NULL`, id))
	return c, answer("case", err)
}

func (s cases) Acts(ctx context.Context, id string) ([]review.Act, error) {
	rows, err := s.db.sql.QueryContext(ctx, `SELECT kind, member, reason, text, at FROM decisions WHERE application_id = $1 ORDER BY version`, id)
	out, err := all(rows, err, func(r row) (review.Act, error) {
		var a review.Act
		var when int64
		if err := r.Scan(&a.Kind, &a.Member, &a.Reason, &a.Text, &when); err != nil {
			return a, err
		}
		a.At = at(when)
		return a, nil
	})
	return out, answer("decisions", err)
}

func (s cases) Viewed(ctx context.Context, id string, rec effect.Effects) error {
	return s.db.change(ctx, "case viewed", func(tx *sql.Tx) (effect.Effects, error) {
		var n int
		return rec, tx.QueryRowContext(ctx, `SELECT 1 FROM applications WHERE id = $1 AND reference IS NOT NULL`, id).Scan(&n)
	})
}

// move is one guarded change of a case. $1 is its id, $2 the version seen,
// $3 the member; further args follow.
type move struct {
	doing, set, where string
	args              []any
	then              func(tx *sql.Tx) (effect.Effects, error) // nil = nothing; its record goes with the move
}

// act makes a move, and its act the next version of the case.
func (s cases) act(ctx context.Context, c review.Case, act review.Act, rec effect.Effects, m move) error {
	return s.db.change(ctx, m.doing, func(tx *sql.Tx) (effect.Effects, error) {
		var version int64
		err := tx.QueryRowContext(ctx, `UPDATE applications SET version = version + 1`+m.set+`
			WHERE id = $1 AND `+m.where+` RETURNING version`, append([]any{c.ID, c.Version, act.Member}, m.args...)...).Scan(&version)
		if errors.Is(err, sql.ErrNoRows) {
			return rec, errs.ErrConflict
		}
		if err != nil {
			return rec, err
		}
		if _, err := tx.ExecContext(ctx, `INSERT INTO decisions (application_id, version, member, kind, reason, text, at) VALUES ($1,$2,$3,$4,$5,$6,$7)`,
			c.ID, version, act.Member, act.Kind, act.Reason, act.Text, ms(act.At)); err != nil {
			return rec, err
		}
		if m.then == nil {
			return rec, nil
		}
		return m.then(tx)
	})
}

// seen demands the version that the official saw, and that it is theirs.
const seen = `version = $2 AND state = 'in_review' AND reviewer = $3`

func (s cases) Take(ctx context.Context, c review.Case, act review.Act, rec effect.Effects) error {
	return s.act(ctx, c, act, rec, move{
		doing: "take case", set: `, state = 'in_review', reviewer = $3`,
		where: `version = $2 AND state IN ('submitted', 'in_review') AND reviewer = ''`,
	})
}

func (s cases) Release(ctx context.Context, c review.Case, act review.Act, rec effect.Effects) error {
	return s.act(ctx, c, act, rec, move{
		doing: "release case", set: `, reviewer = ''`, where: `version = $2 AND state IN ('in_review', 'more_information') AND reviewer = $3`,
	})
}

func (s cases) Note(ctx context.Context, c review.Case, act review.Act, rec effect.Effects) error {
	return s.act(ctx, c, act, rec, move{doing: "note", where: undecided + ` AND CAST($3 AS TEXT) <> ''`})
}

// undecided is for changes that hold whatever was done since the version seen.
const undecided = `version >= $2 AND state IN ('submitted', 'in_review', 'more_information')`

func (s cases) Propose(ctx context.Context, c review.Case, act review.Act, rec effect.Effects) error {
	return s.act(ctx, c, act, rec, move{doing: "propose", set: `, proposal = $3, reviewer = ''`, where: seen + ` AND proposal = ''`})
}

func (s cases) Approve(ctx context.Context, c review.Case, act review.Act, a account.Account, rec effect.Effects) error {
	return s.act(ctx, c, act, rec, move{
		doing: "approve", set: `, state = 'approved', password_hash = '', account_id = $4, decided_at = $5`,
		where: seen + ` AND proposal <> $3`, args: []any{a.ID, ms(act.At)},
		then: func(tx *sql.Tx) (effect.Effects, error) { return rec, insertAccount(ctx, tx, a) },
	})
}

func (s cases) Reject(ctx context.Context, c review.Case, act review.Act, rec effect.Effects) error {
	return s.act(ctx, c, act, rec, move{
		doing: "reject", set: `, state = 'rejected', password_hash = '', decided_at = $4`, where: seen, args: []any{ms(act.At)},
	})
}

func (s cases) AskMore(ctx context.Context, c review.Case, act review.Act, rec effect.Effects) error {
	return s.act(ctx, c, act, rec, move{
		doing: "ask more", set: `, state = 'more_information', proposal = '', reminders = 0, asked_at = $4, answer_by = $5`,
		where: seen, args: []any{ms(act.At), ms(application.AnswerBy(act.At))},
	})
}

// byApplicant is for what applicants do: no member, any version since.
const byApplicant = `version >= $2 AND CAST($3 AS TEXT) = ''`

func (s cases) Answer(ctx context.Context, c review.Case, act review.Act, rec effect.Effects) error {
	return s.act(ctx, c, act, rec, move{
		doing: "answer", set: `, state = 'in_review', asked_at = 0, answer_by = 0, due_at = $4`,
		where: byApplicant + ` AND state = 'more_information' AND asked_at = $5`, args: []any{ms(c.DueAfter(act.At)), ms(c.AskedAt)},
	})
}

func (s cases) ReplaceDocument(ctx context.Context, c review.Case, d application.Document, act review.Act, proof func([]application.Document) effect.Effects) error {
	return s.act(ctx, c, act, effect.Effects{}, move{
		doing: "replace document", where: byApplicant + ` AND state = 'more_information'`,
		then: func(tx *sql.Tx) (effect.Effects, error) {
			gone, err := putDocument(ctx, tx, d)
			if err != nil {
				return effect.Effects{}, err
			}
			return proof(gone), nil
		},
	})
}

func (s cases) Withdraw(ctx context.Context, c review.Case, act review.Act, rec effect.Effects) error {
	return s.act(ctx, c, act, rec, move{
		doing: "withdraw", set: `, state = 'withdrawn', password_hash = '', decided_at = $4, asked_at = 0, answer_by = 0`,
		where: byApplicant + ` AND ` + undecided, args: []any{ms(act.At)},
	})
}

func (s cases) SetStatusCode(ctx context.Context, id, codeHash string, expires time.Time, rec effect.Effects) error {
	return s.db.with(ctx, "status code", rec, `UPDATE applications SET status_code = $1, status_code_expires = $2, status_code_failures = 0
		WHERE id = $3 AND reference IS NOT NULL AND email <> ''`, codeHash, ms(expires), id)
}

func (s cases) TryStatusCode(ctx context.Context, id, codeHash, handleHash string, now time.Time, rec effect.Effects) (intake.CodeVerdict, error) {
	var verdict intake.CodeVerdict
	err := s.db.change(ctx, "status code", func(tx *sql.Tx) (effect.Effects, error) {
		var a application.Application
		var expires int64
		err := tx.QueryRowContext(ctx, `UPDATE applications SET status_code_failures = status_code_failures + 1
			WHERE id = $1 AND reference IS NOT NULL RETURNING status_code, status_code_expires, status_code_failures`, id).Scan(&a.CodeHash, &expires, &a.CodeFailures)
		if err != nil {
			return effect.Effects{}, err
		}
		a.CodeExpires = at(expires)
		if verdict = intake.JudgeCode(a, codeHash, now); verdict != intake.CodeRight {
			return effect.Effects{}, nil
		}
		if err := one(tx.ExecContext(ctx, `UPDATE applications SET status_code = '', status_code_expires = 0, handle_hash = $1 WHERE id = $2 AND status_code = $3`,
			handleHash, id, codeHash)); err != nil {
			return effect.Effects{}, fmt.Errorf("hand over: %w", err)
		}
		return rec, nil
	})
	if err != nil {
		return "", err
	}
	return verdict, nil
}
