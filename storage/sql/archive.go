package sql

import (
	"context"
	"database/sql"
	"time"

	"omgevingsloket-id/pkg/application"
	"omgevingsloket-id/pkg/custody"
	"omgevingsloket-id/pkg/effect"
	"omgevingsloket-id/pkg/errs"
)

type archive struct{ db *DB }

// Archive returns the store of the documents of submitted applications.
func (db *DB) Archive() custody.Archive { return archive{db} }

const (
	filedColumns = `d.id, d.application_id, d.name, d.type, d.size, d.sha256, d.created_at, d.verdict, d.signature, d.scanned_at, d.destroyed_at`
	filedFrom    = ` FROM documents d JOIN applications a ON a.id = d.application_id AND a.reference IS NOT NULL`
)

func scanFiled(r row) (custody.Filed, error) { return scanFiledAnd(r) }

// scanFiledAnd reads filedColumns and, into more, the columns after them.
func scanFiledAnd(r row, more ...any) (custody.Filed, error) {
	var f custody.Filed
	var created, scanned, destroyed int64
	err := r.Scan(append([]any{&f.ID, &f.ApplicationID, &f.Name, &f.Type, &f.Size, &f.SHA256, &created, &f.Verdict, &f.Signature, &scanned, &destroyed}, more...)...)
	if err != nil {
		return custody.Filed{}, err
	}
	f.CreatedAt, f.ScannedAt, f.DestroyedAt = at(created), at(scanned), at(destroyed)
	return f, nil
}

func (s archive) Filed(ctx context.Context, applicationID string) ([]custody.Filed, error) {
	rows, err := s.db.sql.QueryContext(ctx, `SELECT `+filedColumns+filedFrom+` WHERE d.application_id = $1 ORDER BY d.created_at, d.id`, applicationID)
	out, err := all(rows, err, scanFiled)
	return out, answer("documents", err)
}

func (s archive) FiledByID(ctx context.Context, documentID string) (custody.Filed, error) {
	f, err := scanFiled(s.db.sql.QueryRowContext(ctx, `SELECT `+filedColumns+filedFrom+` WHERE d.id = $1`, documentID))
	return f, answer("document", err)
}

// Admit judges the document as it is now; Redeem judges it again.
func (s archive) Admit(ctx context.Context, documentID, ticketHash string, expires time.Time, rec effect.Effects) error {
	return s.db.change(ctx, "look at a document", func(tx *sql.Tx) (effect.Effects, error) {
		f, err := scanFiled(tx.QueryRowContext(ctx, `SELECT `+filedColumns+filedFrom+` WHERE d.id = $1`, documentID))
		if err == nil && !f.MayBeShown() {
			err = errs.ErrConflict
		}
		if err != nil || ticketHash == "" {
			return rec, orConflict(err)
		}
		return rec, one(tx.ExecContext(ctx, `INSERT INTO document_tickets (hash, document_id, expires) VALUES ($1,$2,$3)`, ticketHash, documentID, ms(expires)))
	})
}

// Redeem uses up the ticket first: of concurrent calls one gets its row.
func (s archive) Redeem(ctx context.Context, ticketHash string, now time.Time) (application.Document, error) {
	var f custody.Filed
	err := s.db.change(ctx, "ticket to a document", func(tx *sql.Tx) (effect.Effects, error) {
		var id string
		var expires int64
		if err := tx.QueryRowContext(ctx, `DELETE FROM document_tickets WHERE hash = $1 RETURNING document_id, expires`, ticketHash).Scan(&id, &expires); err != nil {
			return effect.Effects{}, err
		}
		var sealed []byte
		var err error
		f, err = scanFiledAnd(tx.QueryRowContext(ctx, `SELECT `+filedColumns+`, d.sealed`+filedFrom+` WHERE d.id = $1`, id), &sealed)
		if f.Sealed = sealed; err == nil && !f.Admits(at(expires), now) {
			err = errs.ErrNotFound
		}
		return effect.Effects{}, err
	})
	if err != nil {
		return application.Document{}, err
	}
	return f.Document, nil
}

// Due lists the applications that still have a document and of which
// custody.Over reports true; Destroy judges each of them again. It begins with the
// documents that are left, which are few: no index has its order, so that a planner
// does not read the applications in it.
func (s archive) Due(ctx context.Context, since time.Time, limit int) ([]string, error) {
	const ended = `CASE WHEN a.decided_at > 0 THEN a.decided_at ELSE a.expires_at END`
	states := custody.Ended
	rows, err := s.db.sql.QueryContext(ctx, `SELECT a.id FROM (SELECT DISTINCT application_id FROM documents WHERE destroyed_at = 0) AS d CROSS JOIN applications a
		WHERE a.id = d.application_id AND a.state IN ($3, $4, $5, $6) AND `+ended+` <= $1 ORDER BY `+ended+`, a.id LIMIT $2`,
		ms(since), limit, states[0], states[1], states[2], states[3])
	out, err := all(rows, err, scanID)
	return out, answer("documents to destroy", err)
}

func (s archive) Destroy(ctx context.Context, applicationID string, since, now time.Time, proof func([]application.Document) effect.Effects) error {
	return applications{s.db}.move(ctx, "destroy documents", applicationID, func(a application.Application) (application.Application, error) {
		if !custody.Over(a, since) {
			return a, errs.ErrConflict
		}
		return a, nil
	}, func(tx *sql.Tx, a, _ application.Application) (effect.Effects, error) {
		rows, err := tx.QueryContext(ctx, `UPDATE documents SET sealed = $1, name = '', destroyed_at = $2
			WHERE application_id = $3 AND destroyed_at = 0 RETURNING `+goneColumns, []byte{}, ms(now), a.ID)
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
