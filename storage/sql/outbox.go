package sql

import (
	"context"
	"database/sql"
	"time"

	"omgevingsloket-id/pkg/audit"
	"omgevingsloket-id/pkg/mail"
	"omgevingsloket-id/pkg/record"
	"omgevingsloket-id/pkg/secret"

	"encoding/json"
)

type outbox struct{ db *DB }

// Outbox gives the messages that wait to be sent.
func (db *DB) Outbox() mail.Outbox { return outbox{db} }

func (s outbox) Take(ctx context.Context, now time.Time, lease time.Duration, n int) ([]mail.Item, error) {
	var items []mail.Item
	err := s.db.change(ctx, "outbox", func(tx *sql.Tx) (record.Record, error) {
		items = nil
		skip := ""
		if s.db.postgres {
			skip = "FOR UPDATE SKIP LOCKED" // SQLite has one writer at a time anyway
		}
		rows, err := tx.QueryContext(ctx, `UPDATE outbox SET due = $1 WHERE id IN
			(SELECT id FROM outbox WHERE state = 'waiting' AND due <= $2 ORDER BY due, id LIMIT $3 `+skip+`)
			RETURNING id, recipient, lang, kind, subject, sealed, at, expires, attempts`, ms(now.Add(lease)), ms(now), n)
		if err != nil {
			return record.Record{}, err
		}
		defer rows.Close()
		for rows.Next() {
			var item mail.Item
			var sealed []byte
			var written, expires int64
			if err := rows.Scan(&item.ID, &item.To, &item.Lang, &item.Kind, &item.Subject, &sealed, &written, &expires, &item.Attempts); err != nil {
				return record.Record{}, err
			}
			plain, err := s.db.ring.Open(sealed, mailAAD(item.ID))
			if err != nil {
				return record.Record{}, err
			}
			item.Text, item.At, item.Expires = secret.Text(plain), at(written), at(expires)
			items = append(items, item)
		}
		return record.Record{}, rows.Err()
	})
	return items, err
}

func (s outbox) Sent(ctx context.Context, id string) error {
	_, err := s.db.sql.ExecContext(ctx, `DELETE FROM outbox WHERE id = $1`, id)
	return answer("outbox", err)
}

func (s outbox) Later(ctx context.Context, id string, until time.Time, reason string) error {
	_, err := s.db.sql.ExecContext(ctx, `UPDATE outbox SET due = $1, attempts = attempts + 1, reason = $2 WHERE id = $3 AND state = 'waiting'`, ms(until), reason, id)
	return answer("outbox", err)
}

func (s outbox) Drop(ctx context.Context, id string, now time.Time, reason string) error {
	_, err := s.db.sql.ExecContext(ctx, `UPDATE outbox SET state = 'dropped', sealed = NULL, due = $1, reason = $2 WHERE id = $3`, ms(now), reason, id)
	return answer("outbox", err)
}

func (s outbox) Waiting(ctx context.Context) (int, error) {
	var n int
	err := s.db.sql.QueryRowContext(ctx, `SELECT COUNT(*) FROM outbox WHERE state = 'waiting'`).Scan(&n)
	return n, answer("outbox", err)
}

type auditLog struct{ db *DB }

// Audit reads the record.
func (db *DB) Audit() audit.Store { return auditLog{db} }

const eventColumns = `seq, at, actor_kind, actor_id, origin, action, object_kind, object_id, outcome, reason, request_id, details, prev_hash, hash`

func (s auditLog) Events(ctx context.Context, after int64, limit int) ([]audit.Event, error) {
	return s.list(ctx, `SELECT `+eventColumns+` FROM audit_events WHERE seq > $1 ORDER BY seq LIMIT $2`, after, limit)
}

func (s auditLog) EventsAbout(ctx context.Context, objectKind, objectID string, limit int) ([]audit.Event, error) {
	return s.list(ctx, `SELECT `+eventColumns+` FROM audit_events WHERE object_kind = $1 AND object_id = $2 ORDER BY seq DESC LIMIT $3`, objectKind, objectID, limit)
}

func (s auditLog) list(ctx context.Context, query string, args ...any) ([]audit.Event, error) {
	rows, err := s.db.sql.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, answer("audit", err)
	}
	defer rows.Close()
	var out []audit.Event
	for rows.Next() {
		var e audit.Event
		var when int64
		var details string
		if err := rows.Scan(&e.Seq, &when, &e.ActorKind, &e.ActorID, &e.Origin, &e.Action, &e.ObjectKind, &e.ObjectID, &e.Outcome, &e.Reason,
			&e.RequestID, &details, &e.PrevHash, &e.Hash); err != nil {
			return nil, answer("audit", err)
		}
		if err := json.Unmarshal([]byte(details), &e.Details); err != nil {
			return nil, answer("audit", err)
		}
		e.At = at(when)
		out = append(out, e)
	}
	return out, answer("audit", rows.Err())
}
