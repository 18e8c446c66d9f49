package sql

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"omgevingsloket-id/pkg/audit"
	"omgevingsloket-id/pkg/effect"
	"omgevingsloket-id/pkg/errs"
)

type auditLog struct{ db *DB }

// Audit returns the store of the audit log.
func (db *DB) Audit() audit.Store { return auditLog{db} }

const eventColumns = `seq, at, actor_kind, actor_id, origin, action, object_kind, object_id, outcome, reason, request_id, details, prev_hash, hash`

func (s auditLog) Events(ctx context.Context, after int64, limit int) ([]audit.Event, error) {
	return s.list(ctx, `SELECT `+eventColumns+` FROM audit_events WHERE seq > $1 ORDER BY seq LIMIT $2`, after, limit)
}

func (s auditLog) Find(ctx context.Context, f audit.Filter, limit int) ([]audit.Event, error) {
	query, args := findQuery(f, limit)
	return s.list(ctx, query, args...)
}

// The conditions of the partial indexes audit_events_refused, audit_events_others and
// audit_events_rare. Planners use such an index when a query holds the condition
// itself, not an argument.
const (
	isNotOK    = `outcome <> '` + string(audit.OK) + `'`
	isNoHolder = `actor_kind <> '` + string(audit.ActorHolder) + `'`
	isRare     = `action <> '` + string(audit.AccountLogin) + `' AND action <> '` + string(audit.AccountLogout) + `' AND action <> '` + string(audit.GrantIssued) + `'`
)

// frequent are the actions that isRare excludes.
var frequent = []audit.Action{audit.AccountLogin, audit.AccountLogout, audit.GrantIssued}

// findQuery names only the columns that are asked for, so that the planner
// takes the index of one of them. All indexes end in at and seq, the order of
// the result. Frequent values have no index, because enough of them are among the
// newest events.
func findQuery(f audit.Filter, limit int) (string, []any) {
	var where []string
	var args []any
	add := func(when bool, term string, values ...any) {
		if !when {
			return
		}
		for _, v := range values {
			args = append(args, v)
			term = strings.Replace(term, "?", fmt.Sprintf("$%d", len(args)), 1)
		}
		where = append(where, term)
	}
	add(!f.From.IsZero(), "at >= ?", ms(f.From))
	add(!f.Until.IsZero(), "at < ?", ms(f.Until))
	add(f.ActorKind != "", "actor_kind = ?", f.ActorKind)
	add(f.ActorID != "", "actor_id = ?", f.ActorID)
	// The events of one person are found by actor_id.
	add(f.ActorKind != "" && f.ActorKind != audit.ActorHolder && f.ActorID == "", isNoHolder)
	add(f.Action != "", "action = ?", f.Action)
	add(f.Action != "" && !slices.Contains(frequent, f.Action), isRare)
	add(f.ObjectKind != "", "object_kind = ?", f.ObjectKind)
	add(f.ObjectID != "", "object_id = ?", f.ObjectID)
	add(f.Outcome != "", "outcome = ?", f.Outcome)
	add(f.Outcome != "" && f.Outcome != audit.OK, isNotOK)
	if c := f.Before; !c.Zero() {
		add(true, "(at, seq) < (?, ?)", ms(c.At), c.Seq)
	}
	query := `SELECT ` + eventColumns + ` FROM audit_events`
	if len(where) > 0 {
		query += ` WHERE ` + strings.Join(where, " AND ")
	}
	args = append(args, limit)
	return query + fmt.Sprintf(` ORDER BY at DESC, seq DESC LIMIT $%d`, len(args)), args
}

func (s auditLog) EventsAbout(ctx context.Context, objectKind audit.ObjectKind, objectID string, limit int) ([]audit.Event, error) {
	return s.list(ctx, `SELECT `+eventColumns+` FROM audit_events WHERE object_kind = $1 AND object_id = $2 ORDER BY seq DESC LIMIT $3`, objectKind, objectID, limit)
}

// History reads the events of each object with a query of its own, which an index
// answers in order of seq.
func (s auditLog) History(ctx context.Context, h audit.History, limit int) ([]audit.Event, error) {
	out, err := []audit.Event(nil), answer("audit", ctx.Err())
	if err != nil {
		return nil, err
	}
	for _, o := range h.Of {
		query, args := historyQuery(h, o, limit)
		found, err := s.list(ctx, query, args...)
		if err != nil {
			return nil, err
		}
		out = append(out, found...)
	}
	slices.SortFunc(out, func(a, b audit.Event) int { return cmp.Compare(b.Seq, a.Seq) })
	return out[:min(len(out), limit)], nil
}

func historyQuery(h audit.History, o audit.Object, limit int) (string, []any) {
	args := []any{o.Kind, o.ID, ms(h.Since), cmp.Or(h.Before, math.MaxInt64), limit}
	actions := func(in string, names []audit.Action) string {
		if len(names) == 0 {
			return ""
		}
		var places []string
		for _, name := range names {
			args = append(args, name)
			places = append(places, fmt.Sprintf("$%d", len(args)))
		}
		return ` AND action ` + in + ` (` + strings.Join(places, ",") + `)`
	}
	return `SELECT ` + eventColumns + ` FROM audit_events WHERE object_kind = $1 AND object_id = $2 AND at >= $3 AND seq < $4` +
		actions("IN", h.Only) + actions("NOT IN", h.Without) + ` ORDER BY seq DESC LIMIT $5`, args
}

func (s auditLog) Note(ctx context.Context, e audit.Event) error {
	return s.db.change(ctx, "note", func(*sql.Tx) (effect.Effects, error) { return effect.Of(e), nil })
}

// list chains the pool first, so that it returns all events that were committed
// before.
func (s auditLog) list(ctx context.Context, query string, args ...any) ([]audit.Event, error) {
	s.db.chained(ctx)
	rows, err := s.db.sql.QueryContext(ctx, query, args...)
	out, err := all(rows, err, func(r row) (audit.Event, error) {
		var e audit.Event
		var when int64
		var details string
		if err := r.Scan(&e.Seq, &when, &e.ActorKind, &e.ActorID, &e.Origin, &e.Action, &e.ObjectKind, &e.ObjectID, &e.Outcome, &e.Reason,
			&e.RequestID, &details, &e.PrevHash, &e.Hash); err != nil {
			return e, err
		}
		e.At = at(when)
		var err error
		e.Details, err = detailsOf(details)
		return e, err
	})
	return out, answer("audit", err)
}

func detailsOf(stored string) (details map[string]string, err error) {
	err = json.Unmarshal([]byte(stored), &details)
	return details, err
}

// Heads returns the store of the chain's head and the signed heads.
func (db *DB) Heads() audit.Heads { return auditLog{db} }

func (s auditLog) Head(ctx context.Context) (audit.Head, error) {
	s.db.chained(ctx)
	var h audit.Head
	err := s.db.sql.QueryRowContext(ctx, `SELECT seq, hash FROM audit_head WHERE id = 1`).Scan(&h.Seq, &h.Hash)
	return h, answer("audit head", err)
}

func (s auditLog) Signed(ctx context.Context) ([]audit.SignedHead, error) {
	return s.signed(ctx, `SELECT seq, hash, at, signature FROM audit_signed_heads ORDER BY seq`)
}

func (s auditLog) Newest(ctx context.Context) (audit.SignedHead, error) {
	found, err := s.signed(ctx, `SELECT seq, hash, at, signature FROM audit_signed_heads ORDER BY seq DESC LIMIT 1`)
	if err != nil || len(found) == 0 {
		return audit.SignedHead{}, err
	}
	return found[0], nil
}

func (s auditLog) signed(ctx context.Context, query string) ([]audit.SignedHead, error) {
	rows, err := s.db.sql.QueryContext(ctx, query)
	out, err := all(rows, err, func(r row) (audit.SignedHead, error) {
		var h audit.SignedHead
		var when int64
		if err := r.Scan(&h.Seq, &h.Hash, &when, &h.Signature); err != nil {
			return h, err
		}
		h.At = at(when)
		return h, nil
	})
	return out, answer("signed heads", err)
}

func (s auditLog) Keep(ctx context.Context, h audit.SignedHead) error {
	_, err := s.db.exec(ctx, `INSERT INTO audit_signed_heads (seq, hash, at, signature) VALUES ($1,$2,$3,$4) ON CONFLICT (seq) DO NOTHING`,
		h.Seq, h.Hash, ms(h.At), h.Signature)
	return answer("signed heads", err)
}

func (s auditLog) Anchor(ctx context.Context) (audit.Anchor, error) {
	var a audit.Anchor
	var when int64
	err := s.db.sql.QueryRowContext(ctx, `SELECT seq, hash, at, signature FROM audit_anchor WHERE id = 1`).Scan(&a.Seq, &a.Hash, &when, &a.Signature)
	if errors.Is(err, sql.ErrNoRows) {
		return audit.Anchor{}, nil
	}
	a.At = at(when)
	return a, answer("audit anchor", err)
}

// Prune writes the anchor's row first, so that one of several concurrent calls
// succeeds.
func (s auditLog) Prune(ctx context.Context, was, to audit.Anchor, e audit.Event) error {
	return s.db.change(ctx, "prune the audit log", func(tx *sql.Tx) (effect.Effects, error) {
		move := `UPDATE audit_anchor SET seq = $1, hash = $2, at = $3, signature = $4 WHERE id = 1 AND seq = $5`
		if was.Seq == 0 {
			move = `INSERT INTO audit_anchor (id, seq, hash, at, signature) SELECT 1, CAST($1 AS BIGINT), CAST($2 AS TEXT), CAST($3 AS BIGINT), CAST($4 AS TEXT) WHERE CAST($5 AS BIGINT) = 0 ON CONFLICT (id) DO NOTHING`
		}
		if err := one(tx.ExecContext(ctx, move, to.Seq, to.Hash, ms(to.At), to.Signature, was.Seq)); err != nil {
			return effect.Effects{}, err
		}
		var n int
		if err := tx.QueryRowContext(ctx, `SELECT COUNT(*) FROM audit_events WHERE seq = $1 AND hash = $2`, to.Seq, to.Hash).Scan(&n); err != nil || n != 1 {
			return effect.Effects{}, cmp.Or(err, errs.ErrConflict)
		}
		if _, err := tx.ExecContext(ctx, `DELETE FROM audit_events WHERE seq <= $1`, to.Seq); err != nil {
			return effect.Effects{}, err
		}
		_, err := tx.ExecContext(ctx, `DELETE FROM audit_signed_heads WHERE seq <= $1`, to.Seq)
		return effect.Of(e), err
	})
}
