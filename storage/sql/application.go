package sql

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"time"

	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/application"
	"omgevingsloket-id/pkg/effect"
	"omgevingsloket-id/pkg/errs"
	"omgevingsloket-id/pkg/intake"
	"omgevingsloket-id/pkg/secret"
)

type applications struct{ db *DB }

// Applications gives the application store.
func (db *DB) Applications() intake.Store { return applications{db} }

const applicationColumns = `id, handle_hash, kind, lang, email, state, taken, code_hash, code_expires, code_failures, codes_sent,
	password_hash, answers, COALESCE(reference, ''), account_id, version, created_at, expires_at, submitted_at, due_at, asked_at, answer_by, decided_at`

// scanApplication reads applicationColumns, and what comes behind them.
func scanApplication(r row, more ...any) (application.Application, error) {
	var (
		a                                      application.Application
		hash, answers                          string
		codeExpires, created, expires          int64
		submitted, due, asked, answer, decided int64
	)
	targets := append([]any{&a.ID, &a.Handle, &a.Kind, &a.Lang, &a.Email, &a.State, &a.Taken, &a.CodeHash, &codeExpires, &a.CodeFailures, &a.CodesSent,
		&hash, &answers, &a.Reference, &a.AccountID, &a.Version, &created, &expires, &submitted, &due, &asked, &answer, &decided}, more...)
	if err := r.Scan(targets...); err != nil {
		return application.Application{}, err
	}
	if err := json.Unmarshal([]byte(answers), &a.Answers); err != nil {
		return application.Application{}, err
	}
	a.PasswordHash = secret.Text(hash)
	a.CodeExpires, a.CreatedAt, a.ExpiresAt = at(codeExpires), at(created), at(expires)
	a.SubmittedAt, a.DueAt, a.AskedAt, a.AnswerBy, a.DecidedAt = at(submitted), at(due), at(asked), at(answer), at(decided)
	return a, nil
}

func (s applications) Start(ctx context.Context, a application.Application, rec effect.Effects) error {
	return s.db.with(ctx, "application", rec, `INSERT INTO applications
		(id, handle_hash, kind, lang, email, state, taken, code_hash, code_expires, created_at, expires_at)
		VALUES ($1,$2,$3,$4,$5,'draft',$6,$7,$8,$9,$10)`,
		a.ID, a.Handle, a.Kind, a.Lang, a.Email, a.Taken, a.CodeHash, ms(a.CodeExpires), ms(a.CreatedAt), ms(a.ExpiresAt))
}

func (s applications) by(ctx context.Context, where, value string) (application.Application, error) {
	a, err := scanApplication(s.db.sql.QueryRowContext(ctx, `SELECT `+applicationColumns+` FROM applications WHERE `+where+` = $1`, value))
	return a, answer("application", err)
}

func (s applications) ByHandle(ctx context.Context, handleHash string) (application.Application, error) {
	return s.by(ctx, "handle_hash", handleHash)
}

func (s applications) ByReference(ctx context.Context, reference string) (application.Application, error) {
	return s.by(ctx, "reference", reference)
}

func (s applications) Renew(ctx context.Context, id, codeHash string, expires time.Time, rec effect.Effects) error {
	return s.db.with(ctx, "renew code", rec, `UPDATE applications
		SET code_hash = $1, code_expires = $2, code_failures = 0, codes_sent = codes_sent + 1
		WHERE id = $3 AND state = 'draft' AND codes_sent < $4`, codeHash, ms(expires), id, intake.CodesPerDraft)
}

func (s applications) TryCode(ctx context.Context, id, codeHash string, now time.Time) (intake.CodeVerdict, error) {
	var verdict intake.CodeVerdict
	err := s.db.change(ctx, "confirm address", func(tx *sql.Tx) (effect.Effects, error) {
		a, err := scanApplication(tx.QueryRowContext(ctx, `UPDATE applications SET code_failures = code_failures + 1
			WHERE id = $1 AND state = 'draft' AND expires_at > $2 RETURNING `+applicationColumns, id, ms(now)))
		if errors.Is(err, sql.ErrNoRows) {
			return effect.Effects{}, errs.ErrConflict
		}
		if err != nil {
			return effect.Effects{}, err
		}
		if verdict = intake.JudgeCode(a, codeHash, now); verdict != intake.CodeRight {
			return effect.Effects{}, nil
		}
		return effect.Effects{}, one(tx.ExecContext(ctx, `UPDATE applications SET state = 'email_confirmed', code_hash = '' WHERE id = $1 AND state = 'draft'`, id))
	})
	if err != nil {
		return "", err
	}
	return verdict, nil
}

func (s applications) Save(ctx context.Context, a application.Application) (application.Application, error) {
	err := s.db.with(ctx, "save answers", effect.Effects{}, `UPDATE applications
		SET answers = $1, password_hash = $2, version = version + 1
		WHERE id = $3 AND version = $4 AND state = 'email_confirmed'`, text(a.Answers), a.PasswordHash.Reveal(), a.ID, a.Version)
	if err != nil {
		return application.Application{}, err
	}
	a.Version++
	return a, nil
}

func (s applications) PutDocument(ctx context.Context, d application.Document) error {
	return s.db.change(ctx, "document", func(tx *sql.Tx) (effect.Effects, error) {
		// The row of the application is taken first: two uploads at once
		// follow each other, and a sent application takes no more.
		if err := one(tx.ExecContext(ctx, `UPDATE applications SET version = version + 1
			WHERE id = $1 AND state = 'email_confirmed' AND expires_at > $2`, d.ApplicationID, ms(d.CreatedAt))); err != nil {
			return effect.Effects{}, err
		}
		_, err := putDocument(ctx, tx, d) // what was chosen before was never sent
		return effect.Effects{}, err
	})
}

// goneColumns are what is left to tell of a document without its content.
const goneColumns = `id, application_id, type, size, sha256, created_at`

func scanGone(r row) (application.Document, error) {
	var d application.Document
	var created int64
	if err := r.Scan(&d.ID, &d.ApplicationID, &d.Type, &d.Size, &d.SHA256, &created); err != nil {
		return d, err
	}
	d.CreatedAt = at(created)
	return d, nil
}

// putDocument keeps a document instead of the application's earlier ones,
// and gives those.
func putDocument(ctx context.Context, tx *sql.Tx, d application.Document) ([]application.Document, error) {
	rows, err := tx.QueryContext(ctx, `DELETE FROM documents WHERE application_id = $1 RETURNING `+goneColumns, d.ApplicationID)
	gone, err := all(rows, err, scanGone)
	if err != nil {
		return nil, err
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO documents (id, application_id, name, type, size, sha256, sealed, created_at)
		VALUES ($1,$2,$3,$4,$5,$6,$7,$8)`, d.ID, d.ApplicationID, d.Name, d.Type, d.Size, d.SHA256, d.Sealed, ms(d.CreatedAt))
	return gone, err
}

func (s applications) Documents(ctx context.Context, applicationID string) ([]application.Document, error) {
	rows, err := s.db.sql.QueryContext(ctx, `SELECT id, application_id, name, type, size, sha256, created_at
		FROM documents WHERE application_id = $1 ORDER BY created_at, id`, applicationID)
	out, err := all(rows, err, func(r row) (application.Document, error) {
		var d application.Document
		var created int64
		if err := r.Scan(&d.ID, &d.ApplicationID, &d.Name, &d.Type, &d.Size, &d.SHA256, &created); err != nil {
			return d, err
		}
		d.CreatedAt = at(created)
		return d, nil
	})
	return out, answer("documents", err)
}

func (s applications) DocumentContent(ctx context.Context, documentID string) (application.Document, error) {
	var d application.Document
	var created int64
	err := s.db.sql.QueryRowContext(ctx, `SELECT id, application_id, name, type, size, sha256, sealed, created_at FROM documents WHERE id = $1`, documentID).
		Scan(&d.ID, &d.ApplicationID, &d.Name, &d.Type, &d.Size, &d.SHA256, &d.Sealed, &created)
	d.CreatedAt = at(created)
	return d, answer("document", err)
}

func (s applications) Submit(ctx context.Context, a application.Application, approve *account.Account, rec effect.Effects) error {
	return s.db.change(ctx, "submit", func(tx *sql.Tx) (effect.Effects, error) {
		state, accountID, decided := application.Submitted, "", int64(0)
		if approve != nil {
			state, accountID, decided = application.Approved, approve.ID, ms(a.SubmittedAt)
		}
		if err := one(tx.ExecContext(ctx, `UPDATE applications
			SET state = $1, reference = $2, answers = $3, submitted_at = $4, decided_at = $5, account_id = $6, version = version + 1, due_at = $9,
				password_hash = CASE WHEN $6 = '' THEN password_hash ELSE '' END
			WHERE id = $7 AND version = $8 AND state = 'email_confirmed' AND expires_at > $4`,
			state, a.Reference, text(a.Answers), ms(a.SubmittedAt), decided, accountID, a.ID, a.Version,
			ms(application.DecideBy(a.SubmittedAt)))); err != nil {
			return effect.Effects{}, err
		}
		if err := putTerms(ctx, tx, applicationTerms, a.ID, a.SearchTerms()); err != nil {
			return effect.Effects{}, err
		}
		if approve == nil {
			// An address that has an account by now cannot be sent in again.
			return rec, free(ctx, tx, a.Email)
		}
		return rec, insertAccount(ctx, tx, *approve)
	})
}

// free demands that an address has no account.
func free(ctx context.Context, tx *sql.Tx, email string) error {
	var n int
	if err := tx.QueryRowContext(ctx, `SELECT COUNT(*) FROM accounts WHERE email = $1`, email).Scan(&n); err != nil {
		return err
	}
	if n > 0 {
		return errs.ErrConflict
	}
	return nil
}

func (s applications) Expire(ctx context.Context, now time.Time) (int, error) {
	var n int64
	err := s.db.change(ctx, "expire applications", func(tx *sql.Tx) (effect.Effects, error) {
		if _, err := tx.ExecContext(ctx, `DELETE FROM documents WHERE application_id IN
			(SELECT id FROM applications WHERE state IN ('draft', 'email_confirmed') AND expires_at <= $1)`, ms(now)); err != nil {
			return effect.Effects{}, err
		}
		res, err := tx.ExecContext(ctx, `UPDATE applications
			SET state = 'expired', answers = '{}', password_hash = '', code_hash = '', email = '', version = version + 1
			WHERE state IN ('draft', 'email_confirmed') AND expires_at <= $1`, ms(now))
		if err != nil {
			return effect.Effects{}, err
		}
		n, err = res.RowsAffected()
		return effect.Effects{}, err
	})
	return int(n), err
}
