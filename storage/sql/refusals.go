package sql

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"omgevingsloket-id/pkg/audit"
	"omgevingsloket-id/pkg/effect"
	"omgevingsloket-id/pkg/signin"
)

type refusals struct{ db *DB }

// Refusals returns the store of refused passwords.
func (db *DB) Refusals() signin.Refusals { return refusals{db} }

func (s refusals) Refuse(ctx context.Context, r signin.Refusal, now time.Time) error {
	_, err := s.db.exec(ctx, `INSERT INTO refusals (key, realm, who, origin, tries, first_at, last_at) VALUES ($1,$2,$3,$4,1,$5,$5)
		ON CONFLICT (key) DO UPDATE SET tries = refusals.tries + 1, last_at = excluded.last_at, who = excluded.who`,
		r.Key, r.Realm, r.Who, r.Origin, ms(now))
	return answer("refusal", err)
}

// seriesColumns are read by scanSeries.
const seriesColumns = `r.key, r.realm, r.who, r.origin, r.tries, r.first_at, r.last_at, r.told, r.locks, r.locked`

func scanSeries(r row) (signin.Series, error) {
	var s signin.Series
	var first, last, told, locked int64
	if err := r.Scan(&s.Key, &s.Realm, &s.Who, &s.Origin, &s.Tries, &first, &last, &told, &s.Locks, &locked); err != nil {
		return s, err
	}
	s.First, s.Last, s.Told, s.Locked = at(first), at(last), told == 1, at(locked)
	return s, nil
}

// longestLock is longer than any lock of a lane (limit.Count).
const longestLock = 2 * time.Hour

// Unreported has a query for each reason to report a series, so that each query uses
// an index.
func (s refusals) Unreported(ctx context.Context, now time.Time, n int) ([]signin.Series, error) {
	known := map[string]bool{}
	var out []signin.Series
	for _, q := range []struct {
		where string
		args  []any
	}{
		{`refusals r WHERE r.told = 0 AND r.who <> '' ORDER BY r.first_at LIMIT $1`, []any{n}},
		{`refusals r WHERE r.first_at <= $1 AND r.who <> '' ORDER BY r.first_at LIMIT $2`, []any{ms(now.Add(-signin.SeriesTime)), n}},
		{`lanes l JOIN refusals r ON r.key = l.key WHERE l.locked_until > $1 AND l.locked_until > r.locked AND l.locked_until > r.first_at AND r.who <> ''
			ORDER BY l.locked_until LIMIT $2`, []any{ms(now.Add(-longestLock)), n}},
	} {
		rows, err := s.db.sql.QueryContext(ctx, `SELECT `+seriesColumns+` FROM `+q.where, q.args...)
		found, err := all(rows, err, scanSeries)
		if err != nil {
			return nil, answer("refusals", err)
		}
		for _, series := range found {
			if known[series.Key] || len(out) == n {
				continue
			}
			known[series.Key] = true
			rows, err := s.db.sql.QueryContext(ctx, `SELECT locked_until FROM lanes WHERE key = $1 AND locked_until > $2 AND locked_until > $3 ORDER BY locked_until`,
				series.Key, ms(series.Locked), ms(series.First))
			series.NewLocks, err = all(rows, err, func(r row) (time.Time, error) {
				var until int64
				err := r.Scan(&until)
				return at(until), err
			})
			if err != nil {
				return nil, answer("refusals", err)
			}
			out = append(out, series)
		}
	}
	return out, nil
}

func (s refusals) Reported(ctx context.Context, was, next signin.Series, over bool, rec effect.Effects, now time.Time) error {
	told := map[bool]int{true: 1}
	return s.db.change(ctx, "refusals", func(tx *sql.Tx) (effect.Effects, error) {
		statement, args := `UPDATE refusals SET told = $1, locks = $2, locked = $3 WHERE key = $4 AND first_at = $5 AND told = $6 AND locks = $7`,
			[]any{told[next.Told], next.Locks, ms(next.Locked), was.Key, ms(was.First), told[was.Told], was.Locks}
		if over {
			statement, args = `DELETE FROM refusals WHERE key = $1 AND first_at = $2 AND told = $3 AND locks = $4 AND tries = $5`,
				[]any{was.Key, ms(was.First), told[was.Told], was.Locks, was.Tries}
		}
		if err := one(tx.ExecContext(ctx, statement, args...)); err != nil || len(rec.Mails) == 0 {
			return rec, err
		}
		var key string
		err := tx.QueryRowContext(ctx, `INSERT INTO told_tries (key, at) VALUES ($1,$2)
			ON CONFLICT (key) DO UPDATE SET at = excluded.at WHERE told_tries.at <= $3 RETURNING key`, was.Key, ms(now), ms(now.Add(-signin.TellAgain))).Scan(&key)
		if errors.Is(err, sql.ErrNoRows) {
			rec.Mails, err = nil, nil
		}
		return rec, err
	})
}

type devices struct{ db *DB }

// Devices returns the store of known browsers.
func (db *DB) Devices() signin.Devices { return devices{db} }

func (s devices) Known(ctx context.Context, key, deviceHash string) (bool, error) {
	err := s.db.sql.QueryRowContext(ctx, `SELECT device FROM devices WHERE key = $1 AND device = $2 AND until = 0`, key, deviceHash).Scan(&deviceHash)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	return err == nil, answer("devices", err)
}

type notices struct{ db *DB }

// Notices returns the store of what people have to be told.
func (db *DB) Notices() signin.Notices { return notices{db} }

// Gather reads the head first: every event up to it is committed.
func (s notices) Gather(ctx context.Context, n int) (int, error) {
	s.db.chained(ctx)
	var read, head int64
	err := s.db.sql.QueryRowContext(ctx, `SELECT n.seq, h.seq FROM notices_read n, audit_head h WHERE n.id = 1 AND h.id = 1`).Scan(&read, &head)
	if err != nil || read == head {
		return 0, answer("notices", err)
	}
	args, marks := []any{read, head, n}, []string{}
	for _, a := range signin.Noticed {
		args = append(args, a)
		marks = append(marks, fmt.Sprintf("$%d", len(args)))
	}
	events, err := auditLog{s.db}.list(ctx, `SELECT `+eventColumns+` FROM audit_events WHERE seq > $1 AND seq <= $2 AND action IN (`+strings.Join(marks, ",")+`)
		ORDER BY seq LIMIT $3`, args...)
	if err != nil {
		return 0, err
	}
	if len(events) == n {
		head = events[n-1].Seq
	}
	err = s.db.change(ctx, "notices", func(tx *sql.Tx) (effect.Effects, error) {
		if err := one(tx.ExecContext(ctx, `UPDATE notices_read SET seq = $1 WHERE id = 1 AND seq = $2`, head, read)); err != nil {
			return effect.Effects{}, err // another server has read them
		}
		for _, e := range events {
			if err := s.add(ctx, tx, e); err != nil {
				return effect.Effects{}, err
			}
		}
		return effect.Effects{}, nil
	})
	return len(events), err
}

func (s notices) add(ctx context.Context, tx *sql.Tx, e audit.Event) error {
	n, ok := signin.NoticeOf(e)
	if !ok {
		return nil
	}
	_, err := tx.ExecContext(ctx, `INSERT INTO notices (realm, who, codes, browsers, first_at, last_at) VALUES ($1,$2,$3,$4,$5,$5)
		ON CONFLICT (realm, who) DO UPDATE SET codes = notices.codes + excluded.codes, browsers = notices.browsers + excluded.browsers, last_at = excluded.last_at,
			first_at = CASE WHEN notices.first_at = 0 THEN excluded.first_at ELSE notices.first_at END`,
		n.Realm, n.Who, n.Codes, n.Browsers, ms(e.At))
	return err
}

func (s notices) Gathered(ctx context.Context, now time.Time, n int) ([]signin.Notice, error) {
	rows, err := s.db.sql.QueryContext(ctx, `SELECT realm, who, codes, browsers, first_at, last_at, mailed_at FROM notices
		WHERE first_at > 0 AND first_at <= $1 AND mailed_at <= $2 ORDER BY first_at LIMIT $3`,
		ms(now.Add(-signin.GatherTime)), ms(now.Add(-signin.NoticeSpacing)), n)
	out, err := all(rows, err, func(r row) (signin.Notice, error) {
		var n signin.Notice
		var first, last, mailed int64
		err := r.Scan(&n.Realm, &n.Who, &n.Codes, &n.Browsers, &first, &last, &mailed)
		n.First, n.Last, n.Mailed = at(first), at(last), at(mailed)
		return n, err
	})
	return out, answer("notices", err)
}

func (s notices) Mailed(ctx context.Context, n signin.Notice, now time.Time, rec effect.Effects) error {
	return s.db.with(ctx, "notices", rec, `UPDATE notices SET codes = 0, browsers = 0, first_at = 0, last_at = 0, mailed_at = $1
		WHERE realm = $2 AND who = $3 AND codes = $4 AND browsers = $5 AND first_at = $6`, ms(now), n.Realm, n.Who, n.Codes, n.Browsers, ms(n.First))
}
