package sql

import (
	"context"
	"encoding/json"

	"omgevingsloket-id/pkg/audit"
)

type auditLog struct{ db *DB }

// Audit reads the record.
func (db *DB) Audit() audit.Store { return auditLog{db} }

const eventColumns = `seq, at, actor_kind, actor_id, origin, action, object_kind, object_id, outcome, reason, request_id, details, prev_hash, hash`

func (s auditLog) Events(ctx context.Context, after int64, limit int) ([]audit.Event, error) {
	return s.list(ctx, `SELECT `+eventColumns+` FROM audit_events WHERE seq > $1 ORDER BY seq LIMIT $2`, after, limit)
}

func (s auditLog) Latest(ctx context.Context, before int64, limit int) ([]audit.Event, error) {
	return s.list(ctx, `SELECT `+eventColumns+` FROM audit_events WHERE CAST($1 AS BIGINT) = 0 OR seq < CAST($1 AS BIGINT) ORDER BY seq DESC LIMIT $2`, before, limit)
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

// Heads gives the chain's head and the signed ones.
func (db *DB) Heads() audit.Heads { return auditLog{db} }

func (s auditLog) Head(ctx context.Context) (audit.Head, error) {
	var h audit.Head
	err := s.db.sql.QueryRowContext(ctx, `SELECT seq, hash FROM audit_head WHERE id = 1`).Scan(&h.Seq, &h.Hash)
	return h, answer("audit head", err)
}

func (s auditLog) Signed(ctx context.Context) ([]audit.SignedHead, error) {
	rows, err := s.db.sql.QueryContext(ctx, `SELECT seq, hash, at, signature FROM audit_signed_heads ORDER BY seq`)
	if err != nil {
		return nil, answer("signed heads", err)
	}
	defer rows.Close()
	var out []audit.SignedHead
	for rows.Next() {
		var h audit.SignedHead
		var when int64
		if err := rows.Scan(&h.Seq, &h.Hash, &when, &h.Signature); err != nil {
			return nil, answer("signed heads", err)
		}
		h.At = at(when)
		out = append(out, h)
	}
	return out, answer("signed heads", rows.Err())
}

func (s auditLog) Keep(ctx context.Context, h audit.SignedHead) error {
	_, err := s.db.exec(ctx, `INSERT INTO audit_signed_heads (seq, hash, at, signature) VALUES ($1,$2,$3,$4) ON CONFLICT (seq) DO NOTHING`,
		h.Seq, h.Hash, ms(h.At), h.Signature)
	return answer("signed heads", err)
}
