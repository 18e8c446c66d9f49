package sql

import (
	"context"
	"database/sql"
	"errors"

	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/application"
	"omgevingsloket-id/pkg/effect"
	"omgevingsloket-id/pkg/errs"
	"omgevingsloket-id/pkg/review"
)

// The account of a change request is locked before the request, as a change of address
// does.

// changing locks the account of a change request; the zero Account if it was erased.
func (db *DB) changing(ctx context.Context, tx *sql.Tx, id string) (account.Account, error) {
	acc, err := db.lockAccount(ctx, tx, id)
	if errors.Is(err, sql.ErrNoRows) {
		return account.Account{}, nil
	}
	return acc, err
}

// StartChange wipes the draft that the account had before: the one of another browser,
// or one that was given up.
func (s applications) StartChange(ctx context.Context, a application.Application, rec effect.Effects) error {
	return s.db.change(ctx, "change request", func(tx *sql.Tx) (effect.Effects, error) {
		acc, err := s.db.changing(ctx, tx, a.Changes)
		if err != nil {
			return effect.Effects{}, err
		}
		if why := a.Obstacle(acc); why != "" {
			return effect.Effects{}, application.Obstructed{Why: why}
		}
		rows, err := tx.QueryContext(ctx, `UPDATE applications SET state = $1, answers = '{}', email = '', version = version + 1
			WHERE changes <> '' AND changes = $2 AND state = $3 RETURNING id`, application.Expired, a.Changes, application.EmailConfirmed)
		wiped, err := all(rows, err, scanID)
		if err != nil {
			return effect.Effects{}, err
		}
		for _, id := range wiped {
			if _, err := tx.ExecContext(ctx, `DELETE FROM documents WHERE application_id = $1`, id); err != nil {
				return effect.Effects{}, err
			}
		}
		return rec, one(tx.ExecContext(ctx, `INSERT INTO applications
			(id, handle_hash, kind, lang, email, state, taken, code_hash, code_expires, answers, changes, created_at, expires_at)
			VALUES ($1,$2,$3,$4,$5,$6,$7,'',0,$8,$9,$10,$11)`,
			a.ID, a.Handle, a.Kind, a.Lang, a.Email, application.EmailConfirmed, false, text(a.Answers), a.Changes, ms(a.CreatedAt), ms(a.ExpiresAt)))
	})
}

func (s applications) LastChange(ctx context.Context, accountID string) (application.Application, error) {
	if accountID == "" {
		return application.Application{}, errs.ErrNotFound
	}
	a, err := scanApplication(s.db.sql.QueryRowContext(ctx, `SELECT `+applicationColumns+` FROM applications
		WHERE changes <> '' AND changes = $1 AND submitted_at > 0 ORDER BY submitted_at DESC, id LIMIT 1`, accountID))
	return a, answer("change request", err)
}

// submitChange submits a change request, unless its account has changed since. If
// approve is not nil, it changes the account too.
func (s applications) submitChange(ctx context.Context, a application.Application, approve *account.Account, rec effect.Effects) error {
	var acc account.Account
	return transition(ctx, s.db, "submit change request", func(tx *sql.Tx) (application.Application, error) {
		var err error
		if acc, err = s.db.changing(ctx, tx, a.Changes); err != nil {
			return application.Application{}, err
		}
		return scanApplication(s.db.lock(ctx, tx, `SELECT `+applicationColumns+` FROM applications WHERE id = $1`, a.ID))
	}, func(stored application.Application) (application.Application, error) {
		next, err := a.Submit(stored, approve)
		if why := stored.Obstacle(acc); err == nil && why != "" {
			err = application.Obstructed{Why: why}
		}
		return next, err
	}, func(tx *sql.Tx, was, next application.Application) (effect.Effects, error) {
		if err := submit(ctx, tx, was, next); err != nil || approve == nil {
			return rec, err
		}
		changed, err := next.Change(acc, a.SubmittedAt)
		if err != nil {
			return effect.Effects{}, err
		}
		return rec, putAccount(ctx, tx, acc, changed)
	})
}

func (s cases) ApproveChange(ctx context.Context, c review.Case, act review.Act, rec effect.Effects) error {
	var acc account.Account
	return transition(ctx, s.db, "approve change request", func(tx *sql.Tx) (review.Case, error) {
		var err error
		if acc, err = s.db.changing(ctx, tx, c.Changes); err != nil {
			return review.Case{}, err
		}
		return s.lockCase(ctx, tx, c.ID)
	}, func(stored review.Case) (review.Case, error) {
		if !stored.IsChange() || stored.Changes != c.Changes {
			return stored, errs.ErrConflict
		}
		return stored.After(c, act)
	}, func(tx *sql.Tx, was, next review.Case) (effect.Effects, error) {
		changed, err := next.Change(acc, act.At)
		if err != nil {
			return effect.Effects{}, err
		}
		if err := moveCase(ctx, tx, was, next, act); err != nil {
			return effect.Effects{}, err
		}
		return rec, putAccount(ctx, tx, acc, changed)
	})
}

func (s cases) HandOver(ctx context.Context, id, accountID, handleHash string, rec effect.Effects) error {
	return s.db.with(ctx, "hand over", rec, `UPDATE applications SET handle_hash = $1
		WHERE id = $2 AND changes <> '' AND changes = $3 AND reference IS NOT NULL`, handleHash, id, accountID)
}
