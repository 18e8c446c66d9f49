package sql

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"omgevingsloket-id/pkg/effect"
	"omgevingsloket-id/pkg/limit"
)

type lanes struct{ db *DB }

// Lanes gives the counters of wrong passwords.
func (db *DB) Lanes() limit.Lanes { return lanes{db} }

// Try takes the lane's row by writing it, so that guesses which come at the
// same moment are each counted. It makes the same statements whether or not
// the device, the lane or the account exists.
func (s lanes) Try(ctx context.Context, key, deviceHash string, now time.Time) (open bool, err error) {
	err = s.db.change(ctx, "count password try", func(tx *sql.Tx) (effect.Effects, error) {
		lane, err := laneOf(ctx, tx, key, deviceHash)
		if err != nil {
			return effect.Effects{}, err
		}
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

func laneOf(ctx context.Context, q querier, key, deviceHash string) (string, error) {
	var device string
	err := q.QueryRowContext(ctx, `SELECT device FROM devices WHERE key = $1 AND device = $2`, key, deviceHash).Scan(&device)
	if errors.Is(err, sql.ErrNoRows) {
		return limit.Strangers, nil
	}
	return device, err
}

func (s lanes) Clear(ctx context.Context, key, deviceHash string, remember bool, now time.Time) error {
	return s.db.change(ctx, "clear password tries", func(tx *sql.Tx) (effect.Effects, error) {
		lane, err := laneOf(ctx, tx, key, deviceHash)
		if err != nil {
			return effect.Effects{}, err
		}
		if _, err := tx.ExecContext(ctx, `DELETE FROM lanes WHERE key = $1 AND lane = $2`, key, lane); err != nil {
			return effect.Effects{}, err
		}
		if !remember || deviceHash == "" {
			return effect.Effects{}, nil
		}
		_, err = tx.ExecContext(ctx, `INSERT INTO devices (key, device, used_at) VALUES ($1,$2,$3)
			ON CONFLICT (key, device) DO UPDATE SET used_at = excluded.used_at`, key, deviceHash, ms(now))
		return effect.Effects{}, err
	})
}

type locks struct{ db *DB }

// Locks returns what is done about locked lanes.
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
