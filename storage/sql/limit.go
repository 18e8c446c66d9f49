package sql

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"omgevingsloket-id/pkg/effect"
	"omgevingsloket-id/pkg/errs"
	"omgevingsloket-id/pkg/limit"
)

type lanes struct{ db *DB }

// Lanes returns the store of the counters of wrong passwords.
func (db *DB) Lanes() limit.Lanes { return lanes{db} }

// Try reads, judges, and writes what it judged with one guarded statement. If
// another try was quicker, count judges again. It makes the same statements whether
// or not the device, the lane or the account exists, and whether the lane is open.
func (s lanes) Try(ctx context.Context, key, deviceHash string, now time.Time) (open bool, err error) {
	var lane string
	var tally limit.Tally
	var locked, last int64
	err = s.db.sql.QueryRowContext(ctx, `SELECT COALESCE(d.device, CAST($3 AS TEXT)), COALESCE(l.failures, 0), COALESCE(l.locked_until, 0), COALESCE(l.last_at, 0)
		FROM (SELECT CAST($1 AS TEXT) AS key) k LEFT JOIN devices d ON d.key = k.key AND d.device = $2 AND (d.until = 0 OR d.until > $4)
		LEFT JOIN lanes l ON l.key = k.key AND l.lane = COALESCE(d.device, CAST($3 AS TEXT))`, key, deviceHash, limit.Strangers, ms(now)).
		Scan(&lane, &tally.Failures, &locked, &last)
	if err != nil {
		return false, answer("count password try", err)
	}
	was := tally.Failures
	tally.LockedUntil, tally.LastAt = at(locked), at(last)
	open, tally = limit.Count(tally, now)
	err = one(s.db.exec(ctx, `INSERT INTO lanes (key, lane, failures, locked_until, last_at) VALUES ($1,$2,$3,$4,$5)
		ON CONFLICT (key, lane) DO UPDATE SET failures = excluded.failures, locked_until = excluded.locked_until, last_at = excluded.last_at
		WHERE lanes.failures = $6 AND lanes.locked_until = $7 AND lanes.last_at = $8`,
		key, lane, tally.Failures, ms(tally.LockedUntil), ms(tally.LastAt), was, locked, last))
	if errors.Is(err, errs.ErrConflict) {
		return s.count(ctx, key, lane, now)
	}
	return open, answer("count password try", err)
}

// count locks the lane's row by writing it, so that concurrent tries are each counted.
func (s lanes) count(ctx context.Context, key, lane string, now time.Time) (open bool, err error) {
	err = s.db.change(ctx, "count password try", func(tx *sql.Tx) (effect.Effects, error) {
		var tally limit.Tally
		var locked, last int64
		if err := tx.QueryRowContext(ctx, `INSERT INTO lanes (key, lane, failures, locked_until, last_at) VALUES ($1,$2,0,0,0)
			ON CONFLICT (key, lane) DO UPDATE SET failures = lanes.failures RETURNING failures, locked_until, last_at`, key, lane).
			Scan(&tally.Failures, &locked, &last); err != nil {
			return effect.Effects{}, err
		}
		tally.LockedUntil, tally.LastAt = at(locked), at(last)
		open, tally = limit.Count(tally, now)
		return effect.Effects{}, one(tx.ExecContext(ctx, `UPDATE lanes SET failures = $1, locked_until = $2, last_at = $3 WHERE key = $4 AND lane = $5`,
			tally.Failures, ms(tally.LockedUntil), ms(tally.LastAt), key, lane))
	})
	return open, err
}

// Clear is soft: if it is lost, the try counts as a wrong one.
func (s lanes) Clear(ctx context.Context, key, deviceHash string) error {
	_, err := s.db.execSoft(ctx, `DELETE FROM lanes WHERE key = $1
		AND lane = COALESCE((SELECT device FROM devices WHERE key = $1 AND device = $2 AND (until = 0 OR until > $4)), CAST($3 AS TEXT))`,
		key, deviceHash, limit.Strangers, ms(s.db.now()))
	return answer("clear password tries", err)
}

// Remember is soft: if it is lost, the browser shares the lane of strangers.
func (s lanes) Remember(ctx context.Context, key, deviceHash string, now time.Time) error {
	_, err := s.db.execSoft(ctx, `INSERT INTO devices (key, device, used_at) VALUES ($1,$2,$3)
		ON CONFLICT (key, device) DO UPDATE SET used_at = excluded.used_at, until = 0 WHERE devices.used_at <= $4 OR devices.until <> 0`, key, deviceHash, ms(now), ms(now.Add(-aDay)))
	return answer("remember device", err)
}

// Lend is soft, as Remember is.
func (s lanes) Lend(ctx context.Context, key, deviceHash string, now, until time.Time) error {
	_, err := s.db.execSoft(ctx, `INSERT INTO devices (key, device, used_at, until) VALUES ($1,$2,$3,$4)
		ON CONFLICT (key, device) DO UPDATE SET until = excluded.until WHERE devices.until <> 0`, key, deviceHash, ms(now), ms(until))
	return answer("remember device", err)
}

// forgetLanes forgets the tries of passwords for a key, and the browsers that are known
// for it.
func forgetLanes(ctx context.Context, tx *sql.Tx, key string) error {
	for _, table := range []string{"devices", "lanes"} {
		if _, err := tx.ExecContext(ctx, `DELETE FROM `+table+` WHERE key = $1`, key); err != nil {
			return err
		}
	}
	return nil
}

type locks struct{ db *DB }

// Locks returns the store that opens locked lanes.
func (db *DB) Locks() limit.Locks { return locks{db} }

func (s locks) Open(ctx context.Context, key string, rec effect.Effects) error {
	return s.db.change(ctx, "open lanes", func(tx *sql.Tx) (effect.Effects, error) {
		_, err := tx.ExecContext(ctx, `DELETE FROM lanes WHERE key = $1`, key)
		return rec, err
	})
}

type windows struct{ db *DB }

// Windows returns the counters of what is spent, for installations without Redis.
// On SQLite, which is for a single server, those of short windows are in memory.
func (db *DB) Windows() limit.Windows {
	if db.postgres {
		return windows{db}
	}
	return limit.Split(db.memory, windows{db})
}

func (s windows) Spend(ctx context.Context, charges ...limit.Charge) (over int, wait time.Duration, err error) {
	for i, c := range charges {
		if ok, wait, err := s.spend(ctx, c); err != nil || !ok {
			return i, wait, err
		}
	}
	return -1, 0, nil
}

func (s windows) spend(ctx context.Context, c limit.Charge) (ok bool, wait time.Duration, err error) {
	now := s.db.now()
	var count int
	var expires int64
	ctx, done, err := s.db.write(ctx)
	if err != nil {
		return false, 0, answer("window", err)
	}
	defer done()
	err = s.db.sql.soft.QueryRowContext(ctx, `INSERT INTO windows (name, key, count, expires) VALUES ($1,$2,$5,$3)
		ON CONFLICT (name, key) DO UPDATE SET
			count = CASE WHEN windows.expires <= $4 THEN $5 ELSE windows.count + $5 END,
			expires = CASE WHEN windows.expires <= $4 THEN excluded.expires ELSE windows.expires END
		RETURNING count, expires`, c.Name, c.Key, ms(now.Add(c.Window)), ms(now), c.Amount).Scan(&count, &expires)
	if err != nil {
		return false, 0, answer("window", s.db.sql.locked.why(err))
	}
	if count <= c.Most {
		return true, 0, nil
	}
	return false, at(expires).Sub(now), nil
}
