package sql

import (
	"context"
	"time"

	"omgevingsloket-id/pkg/application"
	"omgevingsloket-id/pkg/custody"
	"omgevingsloket-id/pkg/effect"
	"omgevingsloket-id/pkg/scan"
)

// Scans returns the store of the scanner's verdicts on documents.
func (db *DB) Scans() custody.Scans { return applications{db} }

func (s applications) Unscanned(ctx context.Context, after application.Document, limit int) ([]application.Document, error) {
	rows, err := s.db.sql.QueryContext(ctx, `SELECT d.id, d.application_id, d.name, d.type, d.size, d.sha256, d.sealed, d.created_at
		FROM documents d JOIN applications a ON a.id = d.application_id
		WHERE d.verdict = $4 AND d.destroyed_at = 0 AND a.submitted_at > 0 AND (d.created_at > $1 OR d.created_at = $1 AND d.id > $2)
		ORDER BY d.created_at, d.id LIMIT $3`, ms(after.CreatedAt), after.ID, limit, scan.Pending)
	out, err := all(rows, err, func(r row) (application.Document, error) {
		var d application.Document
		var created int64
		if err := r.Scan(&d.ID, &d.ApplicationID, &d.Name, &d.Type, &d.Size, &d.SHA256, &d.Sealed, &created); err != nil {
			return d, err
		}
		d.CreatedAt = at(created)
		return d, nil
	})
	return out, answer("unscanned documents", err)
}

func (s applications) Scanned(ctx context.Context, documentID string, v scan.Verdict, signature string, now time.Time, rec effect.Effects) error {
	return s.db.with(ctx, "verdict of the scanner", rec, `UPDATE documents SET verdict = $1, signature = $2, scanned_at = $3
		WHERE id = $4 AND verdict = $5`, v, signature, ms(now), documentID, scan.Pending)
}

func (s applications) Verdict(ctx context.Context, documentID string) (v scan.Verdict, signature string, err error) {
	err = s.db.sql.QueryRowContext(ctx, `SELECT verdict, signature FROM documents WHERE id = $1`, documentID).Scan(&v, &signature)
	return v, signature, answer("verdict of the scanner", err)
}
