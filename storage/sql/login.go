package sql

import (
	"context"
	"time"

	"omgevingsloket-id/pkg/session"
)

type logins struct{ db *DB }

// Logins returns the list of the sessions of each account.
func (db *DB) Logins() session.List { return logins{db} }

// Add is soft: if it is lost, the session can be ended with all others.
func (s logins) Add(ctx context.Context, e session.Entry) error {
	_, err := s.db.execSoft(ctx, `INSERT INTO logins (sid, account_id, epoch, key, agent, started_at, expires) VALUES ($1,$2,$3,$4,$5,$6,$7)
		ON CONFLICT (sid) DO UPDATE SET epoch = excluded.epoch, key = excluded.key, agent = excluded.agent, expires = excluded.expires`,
		e.SID, e.AccountID, e.Epoch, e.Key, e.Agent, ms(e.StartedAt), ms(e.Expires))
	return answer("list session", err)
}

func (s logins) Of(ctx context.Context, accountID string, epoch int64, now time.Time, most int) ([]session.Entry, error) {
	rows, err := s.db.sql.QueryContext(ctx, `SELECT l.sid, l.account_id, l.epoch, l.key, l.agent, l.started_at, l.expires FROM logins l
		WHERE l.account_id = $1 AND l.epoch = $2 AND l.expires > $3 AND NOT EXISTS (SELECT 1 FROM ended_sessions e WHERE e.sid = l.sid)
		ORDER BY l.started_at DESC, l.sid LIMIT $4`, accountID, epoch, ms(now), most)
	out, err := all(rows, err, func(r row) (session.Entry, error) {
		var e session.Entry
		var started, expires int64
		err := r.Scan(&e.SID, &e.AccountID, &e.Epoch, &e.Key, &e.Agent, &started, &expires)
		e.StartedAt, e.Expires = at(started), at(expires)
		return e, err
	})
	return out, answer("sessions", err)
}
