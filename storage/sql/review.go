package sql

import (
	"context"
	"database/sql"
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

// Cases returns the store of cases.
func (db *DB) Cases() review.Cases { return cases{db} }

// scanReviewed reads reviewedColumns and, into more, the columns after them.
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

// lockCase reads a case for a transition.
func (s cases) lockCase(ctx context.Context, tx *sql.Tx, id string) (review.Case, error) {
	return scanReviewed(s.db.lock(ctx, tx, `SELECT `+reviewedColumns+` FROM applications WHERE id = $1 AND reference IS NOT NULL`, id))
}

// moveCase writes all that a transition may change of a case, and the act, which
// makes it the next version.
func moveCase(ctx context.Context, tx *sql.Tx, was, next review.Case, act review.Act) error {
	if err := asJudged(tx.ExecContext(ctx, `UPDATE applications
		SET state = $1, reviewer = $2, proposal = $3, reminders = $4, password_hash = $5, account_id = $6,
			due_at = $7, asked_at = $8, answer_by = $9, decided_at = $10, version = $11
		WHERE id = $12 AND state = $13 AND version = $14`,
		next.State, next.Reviewer, next.Proposal, next.Reminded, next.PasswordHash.Reveal(), next.AccountID,
		ms(next.DueAt), ms(next.AskedAt), ms(next.AnswerBy), ms(next.DecidedAt), next.Version, was.ID, was.State, was.Version)); err != nil {
		return err
	}
	_, err := tx.ExecContext(ctx, `INSERT INTO decisions (application_id, version, member, kind, reason, text, at) VALUES ($1,$2,$3,$4,$5,$6,$7)`,
		was.ID, next.Version, act.Member, act.Kind, act.Reason, act.Text, ms(act.At))
	return err
}

// move makes a transition of the case in the version that was seen. then, unless
// it is nil, writes what else belongs to it and returns the effects instead of
// rec.
func (s cases) move(ctx context.Context, doing string, seen review.Case, act review.Act, rec effect.Effects,
	judge func(review.Case) (review.Case, error), then func(tx *sql.Tx) (effect.Effects, error)) error {
	return transition(ctx, s.db, doing,
		func(tx *sql.Tx) (review.Case, error) { return s.lockCase(ctx, tx, seen.ID) }, judge,
		func(tx *sql.Tx, was, next review.Case) (effect.Effects, error) {
			if err := moveCase(ctx, tx, was, next, act); err != nil || then == nil {
				return rec, err
			}
			return then(tx)
		})
}

// act makes the transition of an act.
func (s cases) act(ctx context.Context, doing string, seen review.Case, act review.Act, rec effect.Effects) error {
	return s.move(ctx, doing, seen, act, rec, func(c review.Case) (review.Case, error) { return c.After(seen, act) }, nil)
}

func (s cases) Take(ctx context.Context, c review.Case, act review.Act, rec effect.Effects) error {
	return s.act(ctx, "take case", c, act, rec)
}

func (s cases) Release(ctx context.Context, c review.Case, act review.Act, rec effect.Effects) error {
	return s.act(ctx, "release case", c, act, rec)
}

func (s cases) Note(ctx context.Context, c review.Case, act review.Act, rec effect.Effects) error {
	return s.act(ctx, "note", c, act, rec)
}

func (s cases) Propose(ctx context.Context, c review.Case, act review.Act, rec effect.Effects) error {
	return s.act(ctx, "propose", c, act, rec)
}

func (s cases) Approve(ctx context.Context, c review.Case, act review.Act, a account.Account, rec effect.Effects) error {
	return s.move(ctx, "approve", c, act, rec, func(stored review.Case) (review.Case, error) {
		if stored.IsChange() {
			return stored, errs.ErrConflict // no account is made from it
		}
		next, err := stored.After(c, act)
		next.AccountID = a.ID
		return next, err
	}, func(tx *sql.Tx) (effect.Effects, error) { return rec, insertAccount(ctx, tx, a) })
}

func (s cases) Reject(ctx context.Context, c review.Case, act review.Act, rec effect.Effects) error {
	return s.act(ctx, "reject", c, act, rec)
}

func (s cases) AskMore(ctx context.Context, c review.Case, act review.Act, rec effect.Effects) error {
	return s.act(ctx, "ask more", c, act, rec)
}

func (s cases) Answer(ctx context.Context, c review.Case, act review.Act, rec effect.Effects) error {
	return s.act(ctx, "answer", c, act, rec)
}

func (s cases) ReplaceDocument(ctx context.Context, c review.Case, d application.Document, act review.Act, proof func([]application.Document) effect.Effects) error {
	return s.move(ctx, "replace document", c, act, effect.Effects{},
		func(stored review.Case) (review.Case, error) { return stored.After(c, act) },
		func(tx *sql.Tx) (effect.Effects, error) {
			gone, err := putDocument(ctx, tx, d)
			if err != nil {
				return effect.Effects{}, err
			}
			return proof(gone), nil
		})
}

func (s cases) Withdraw(ctx context.Context, c review.Case, act review.Act, rec effect.Effects) error {
	return s.act(ctx, "withdraw", c, act, rec)
}

func (s cases) SetStatusCode(ctx context.Context, id, codeHash string, expires time.Time, rec effect.Effects) error {
	return s.db.change(ctx, "status code", func(tx *sql.Tx) (effect.Effects, error) {
		c, err := s.lockCase(ctx, tx, id)
		if err == nil && !c.Reachable() {
			err = errs.ErrConflict
		}
		if err != nil {
			return effect.Effects{}, orConflict(err)
		}
		// Until another mail may be sent, the code in the latest one is valid.
		rec, sent, err := s.db.space(ctx, tx, rec)
		if err != nil || !sent {
			return effect.Effects{}, err
		}
		return rec, one(tx.ExecContext(ctx, `UPDATE applications SET status_code = $1, status_code_expires = $2, status_code_failures = 0
			WHERE id = $3`, codeHash, ms(expires), id))
	})
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
