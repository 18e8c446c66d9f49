package sql

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"omgevingsloket-id/pkg/application"
	"omgevingsloket-id/pkg/custody"
	"omgevingsloket-id/pkg/effect"
	"omgevingsloket-id/pkg/errs"
)

type archive struct{ db *DB }

// Archive gives the documents of sent applications.
func (db *DB) Archive() custody.Archive { return archive{db} }

const filedColumns = `d.id, d.application_id, d.name, d.type, d.size, d.sha256, d.created_at, d.verdict, d.signature, d.scanned_at, d.destroyed_at
	FROM documents d JOIN applications a ON a.id = d.application_id AND a.reference IS NOT NULL`

func scanFiled(r row) (custody.Filed, error) {
	var f custody.Filed
	var created, scanned, destroyed int64
	err := r.Scan(&f.ID, &f.ApplicationID, &f.Name, &f.Type, &f.Size, &f.SHA256, &created, &f.Verdict, &f.Signature, &scanned, &destroyed)
	if err != nil {
		return custody.Filed{}, err
	}
	f.CreatedAt, f.ScannedAt, f.DestroyedAt = at(created), at(scanned), at(destroyed)
	return f, nil
}

func (s archive) Filed(ctx context.Context, applicationID string) ([]custody.Filed, error) {
	rows, err := s.db.sql.QueryContext(ctx, `SELECT `+filedColumns+` WHERE d.application_id = $1 ORDER BY d.created_at, d.id`, applicationID)
	out, err := all(rows, err, scanFiled)
	return out, answer("documents", err)
}

func (s archive) FiledByID(ctx context.Context, documentID string) (custody.Filed, error) {
	f, err := scanFiled(s.db.sql.QueryRowContext(ctx, `SELECT `+filedColumns+` WHERE d.id = $1`, documentID))
	return f, answer("document", err)
}

// mayBeShown is what a document has to be for anybody to see it.
const mayBeShown = `verdict = 'clean' AND destroyed_at = 0 AND EXISTS
	(SELECT 1 FROM applications a WHERE a.id = documents.application_id AND a.reference IS NOT NULL)`

func (s archive) Admit(ctx context.Context, documentID, ticketHash string, expires time.Time, rec effect.Effects) error {
	return s.db.change(ctx, "look at a document", func(tx *sql.Tx) (effect.Effects, error) {
		var id string
		err := tx.QueryRowContext(ctx, `SELECT id FROM documents WHERE id = $1 AND `+mayBeShown, documentID).Scan(&id)
		if errors.Is(err, sql.ErrNoRows) {
			return rec, errs.ErrConflict
		}
		if err != nil || ticketHash == "" {
			return rec, err
		}
		return rec, one(tx.ExecContext(ctx, `INSERT INTO document_tickets (hash, document_id, expires) VALUES ($1,$2,$3)`, ticketHash, documentID, ms(expires)))
	})
}

func (s archive) Redeem(ctx context.Context, ticketHash string, now time.Time) (application.Document, error) {
	var d application.Document
	err := s.db.change(ctx, "ticket to a document", func(tx *sql.Tx) (effect.Effects, error) {
		var id string
		if err := tx.QueryRowContext(ctx, `DELETE FROM document_tickets WHERE hash = $1 AND expires > $2 RETURNING document_id`, ticketHash, ms(now)).Scan(&id); err != nil {
			return effect.Effects{}, err
		}
		var created int64
		err := tx.QueryRowContext(ctx, `SELECT id, application_id, name, type, size, sha256, sealed, created_at FROM documents WHERE id = $1 AND `+mayBeShown, id).
			Scan(&d.ID, &d.ApplicationID, &d.Name, &d.Type, &d.Size, &d.SHA256, &d.Sealed, &created)
		d.CreatedAt = at(created)
		return effect.Effects{}, err
	})
	if err != nil {
		return application.Document{}, err
	}
	return d, nil
}

// closed is an application that nobody works on any more, since $2 or longer.
// One that expired was never decided on.
const closed = `state IN ('approved', 'rejected', 'withdrawn', 'expired') AND
	CASE WHEN decided_at > 0 THEN decided_at ELSE expires_at END <= `

func (s archive) Due(ctx context.Context, since time.Time, limit int) ([]string, error) {
	rows, err := s.db.sql.QueryContext(ctx, `SELECT id FROM applications WHERE `+closed+`$1
		AND EXISTS (SELECT 1 FROM documents d WHERE d.application_id = applications.id AND d.destroyed_at = 0) ORDER BY decided_at, id LIMIT $2`, ms(since), limit)
	out, err := all(rows, err, scanID)
	return out, answer("documents to destroy", err)
}

func (s archive) Destroy(ctx context.Context, applicationID string, since, now time.Time, proof func([]application.Document) effect.Effects) error {
	return s.db.change(ctx, "destroy documents", func(tx *sql.Tx) (effect.Effects, error) {
		rows, err := tx.QueryContext(ctx, `UPDATE documents SET sealed = $1, name = '', destroyed_at = $2
			WHERE application_id = $3 AND destroyed_at = 0 AND EXISTS (SELECT 1 FROM applications WHERE id = $3 AND `+closed+`$4)
			RETURNING `+goneColumns, []byte{}, ms(now), applicationID, ms(since))
		gone, err := all(rows, err, scanGone)
		if err != nil {
			return effect.Effects{}, err
		}
		if len(gone) == 0 {
			return effect.Effects{}, errs.ErrConflict
		}
		return proof(gone), nil
	})
}
