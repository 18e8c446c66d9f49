package sql

import (
	"context"
	"database/sql"
	"encoding/json"
	"time"

	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/application"
	"omgevingsloket-id/pkg/effect"
	"omgevingsloket-id/pkg/errs"
	"omgevingsloket-id/pkg/intake"
	"omgevingsloket-id/pkg/limit"
	"omgevingsloket-id/pkg/secret"
)

type applications struct{ db *DB }

// Applications returns the store of applications.
func (db *DB) Applications() intake.Store { return applications{db} }

const applicationColumns = `id, handle_hash, kind, lang, email, state, taken, code_hash, code_expires, code_failures, codes_sent,
	password_hash, answers, COALESCE(reference, ''), account_id, version, created_at, expires_at, submitted_at, due_at, asked_at, answer_by, decided_at, changes`

// scanApplication reads applicationColumns and, into more, the columns after
// them.
func scanApplication(r row, more ...any) (application.Application, error) {
	var (
		a                                      application.Application
		hash, answers                          string
		codeExpires, created, expires          int64
		submitted, due, asked, answer, decided int64
	)
	targets := append([]any{&a.ID, &a.Handle, &a.Kind, &a.Lang, &a.Email, &a.State, &a.Taken, &a.CodeHash, &codeExpires, &a.CodeFailures, &a.CodesSent,
		&hash, &answers, &a.Reference, &a.AccountID, &a.Version, &created, &expires, &submitted, &due, &asked, &answer, &decided, &a.Changes}, more...)
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
	return s.db.change(ctx, "application", func(tx *sql.Tx) (effect.Effects, error) {
		rec, sent, err := s.db.space(ctx, tx, rec)
		if err != nil {
			return rec, err
		}
		code := a.CodeHash
		if !sent {
			code = intake.Unmailed
		}
		return rec, one(tx.ExecContext(ctx, `INSERT INTO applications
			(id, handle_hash, kind, lang, email, state, taken, code_hash, code_expires, created_at, expires_at)
			VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11)`,
			a.ID, a.Handle, a.Kind, a.Lang, a.Email, application.Draft, a.Taken, code, ms(a.CodeExpires), ms(a.CreatedAt), ms(a.ExpiresAt)))
	})
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

func (s applications) OfAccount(ctx context.Context, accountID string) ([]string, error) {
	rows, err := s.db.sql.QueryContext(ctx, `SELECT id FROM applications WHERE account_id = $1 ORDER BY id`, accountID)
	ids, err := all(rows, err, scanID)
	return ids, answer("applications", err)
}

// move makes a transition of an application.
func (s applications) move(ctx context.Context, doing, id string, judge func(application.Application) (application.Application, error),
	write func(tx *sql.Tx, was, next application.Application) (effect.Effects, error)) error {
	return transition(ctx, s.db, doing, func(tx *sql.Tx) (application.Application, error) {
		return scanApplication(s.db.lock(ctx, tx, `SELECT `+applicationColumns+` FROM applications WHERE id = $1`, id))
	}, judge, write)
}

// moveCode writes the columns that a try of the mailed code, or a new code,
// changes.
func moveCode(ctx context.Context, tx *sql.Tx, was, next application.Application) error {
	return asJudged(tx.ExecContext(ctx, `UPDATE applications
		SET state = $1, code_hash = $2, code_expires = $3, code_failures = $4, codes_sent = $5 WHERE id = $6 AND state = $7 AND version = $8`,
		next.State, next.CodeHash, ms(next.CodeExpires), next.CodeFailures, next.CodesSent, was.ID, was.State, was.Version))
}

func (s applications) Renew(ctx context.Context, id, codeHash string, expires time.Time, rec effect.Effects) error {
	return s.move(ctx, "renew code", id,
		func(a application.Application) (application.Application, error) {
			return intake.Renew(a, codeHash, expires)
		},
		func(tx *sql.Tx, was, next application.Application) (effect.Effects, error) {
			rec, sent, err := s.db.space(ctx, tx, rec)
			if err != nil {
				return rec, err
			}
			if !sent {
				if next, err = intake.Waits(was, expires, s.db.now()); err != nil {
					return rec, err
				}
				rec.Events = nil
			}
			return rec, moveCode(ctx, tx, was, next)
		})
}

// TryCode counts first: simultaneous tries wait for each other on the row, and
// each one sees the count of the others.
func (s applications) TryCode(ctx context.Context, id, codeHash string, now time.Time) (intake.CodeVerdict, error) {
	var verdict intake.CodeVerdict
	err := s.db.change(ctx, "confirm address", func(tx *sql.Tx) (effect.Effects, error) {
		a, err := scanApplication(tx.QueryRowContext(ctx, `UPDATE applications SET code_failures = code_failures + 1
			WHERE id = $1 RETURNING `+applicationColumns, id))
		if err != nil {
			return effect.Effects{}, orConflict(err)
		}
		if intake.Comparable(a, now) {
			if a.MailboxCode, a.MailboxTries, err = tryLatestCode(ctx, tx, a.Email); err != nil {
				return effect.Effects{}, err
			}
		}
		next, judged, err := intake.Confirm(a, codeHash, now)
		if verdict = judged; err != nil || verdict != intake.CodeRight {
			return effect.Effects{}, err
		}
		// Mails that strangers had sent there no longer delay those to its owner.
		if _, err := tx.ExecContext(ctx, `DELETE FROM mailboxes WHERE key = $1`, limit.Mailbox(a.Email)); err != nil {
			return effect.Effects{}, err
		}
		return effect.Effects{}, moveCode(ctx, tx, a, next)
	})
	if err != nil {
		return "", err
	}
	return verdict, nil
}

func (s applications) Save(ctx context.Context, a application.Application) (application.Application, error) {
	err := s.move(ctx, "save answers", a.ID,
		func(stored application.Application) (application.Application, error) { return intake.Answer(stored, a) },
		func(tx *sql.Tx, was, next application.Application) (effect.Effects, error) {
			return effect.Effects{}, asJudged(tx.ExecContext(ctx, `UPDATE applications SET answers = $1, password_hash = $2, version = $3
				WHERE id = $4 AND state = $5 AND version = $6`, text(next.Answers), next.PasswordHash.Reveal(), next.Version, was.ID, was.State, was.Version))
		})
	if err != nil {
		return application.Application{}, err
	}
	a.Version++
	return a, nil
}

// PutDocument locks the row of the application, so that simultaneous uploads
// follow each other.
func (s applications) PutDocument(ctx context.Context, d application.Document) error {
	return s.move(ctx, "document", d.ApplicationID,
		func(a application.Application) (application.Application, error) { return intake.Attach(a, d.CreatedAt) },
		func(tx *sql.Tx, was, next application.Application) (effect.Effects, error) {
			if err := asJudged(tx.ExecContext(ctx, `UPDATE applications SET version = $1 WHERE id = $2 AND state = $3 AND version = $4`,
				next.Version, was.ID, was.State, was.Version)); err != nil {
				return effect.Effects{}, err
			}
			_, err := putDocument(ctx, tx, d) // the earlier document was never sent
			return effect.Effects{}, err
		})
}

// goneColumns are the columns of a document that are kept without its content.
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

// putDocument replaces the application's documents by d and returns the earlier
// ones.
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
	if a.IsChange() {
		return s.submitChange(ctx, a, approve, rec)
	}
	return s.move(ctx, "submit", a.ID,
		func(stored application.Application) (application.Application, error) {
			return a.Submit(stored, approve)
		},
		func(tx *sql.Tx, was, next application.Application) (effect.Effects, error) {
			if err := submit(ctx, tx, was, next); err != nil {
				return effect.Effects{}, err
			}
			if approve == nil {
				// An application cannot be submitted if its address has got an account since.
				return rec, free(ctx, tx, next.Email, next.SubmittedAt)
			}
			return rec, insertAccount(ctx, tx, *approve)
		})
}

// submit writes a submission.
func submit(ctx context.Context, tx *sql.Tx, was, next application.Application) error {
	if err := asJudged(tx.ExecContext(ctx, `UPDATE applications
		SET state = $1, reference = $2, answers = $3, submitted_at = $4, due_at = $5, decided_at = $6, account_id = $7, password_hash = $8, version = $9
		WHERE id = $10 AND state = $11 AND version = $12`,
		next.State, next.Reference, text(next.Answers), ms(next.SubmittedAt), ms(next.DueAt), ms(next.DecidedAt), next.AccountID,
		next.PasswordHash.Reveal(), next.Version, was.ID, was.State, was.Version)); err != nil {
		return err
	}
	return putTerms(ctx, tx, applicationTerms, next.ID, next.SearchTerms())
}

// free returns errs.ErrConflict if an account has an address, or had it less than
// account.PreviousTime before now.
func free(ctx context.Context, tx *sql.Tx, email string, now time.Time) error {
	var n int
	if err := tx.QueryRowContext(ctx, `SELECT (SELECT COUNT(*) FROM accounts WHERE email = $1) + (SELECT COUNT(*) FROM previous_addresses WHERE email = $1 AND until > $2)`,
		email, ms(now)).Scan(&n); err != nil {
		return err
	}
	if n > 0 {
		return errs.ErrConflict
	}
	return nil
}

// expireBatch is the most applications that one transaction of Expire wipes: each may
// have a document of megabytes.
const expireBatch = 50

// Expire wipes the applications that are no longer open (Application.Open), in
// batches. No rule depends on it: each compares the time itself.
func (s applications) Expire(ctx context.Context, now time.Time) (int, error) {
	for n := 0; ; {
		some, err := s.expireSome(ctx, now)
		if n += some; err != nil || some < expireBatch {
			return n, err
		}
	}
}

// expireSome wipes one batch and returns its size.
func (s applications) expireSome(ctx context.Context, now time.Time) (int, error) {
	var wiped []string
	err := s.db.change(ctx, "expire applications", func(tx *sql.Tx) (effect.Effects, error) {
		rows, err := tx.QueryContext(ctx, `UPDATE applications
			SET state = $4, answers = '{}', password_hash = '', code_hash = '', email = '', version = version + 1
			WHERE state IN ($1, $2) AND expires_at <= $3
				AND id IN (SELECT id FROM applications WHERE state IN ($1, $2) AND expires_at <= $3 ORDER BY state, expires_at LIMIT $5)
			RETURNING id`, application.Draft, application.EmailConfirmed, ms(now), application.Expired, expireBatch)
		if wiped, err = all(rows, err, scanID); err != nil {
			return effect.Effects{}, err
		}
		for _, id := range wiped {
			if _, err := tx.ExecContext(ctx, `DELETE FROM documents WHERE application_id = $1`, id); err != nil {
				return effect.Effects{}, err
			}
		}
		return effect.Effects{}, nil
	})
	return len(wiped), err
}
