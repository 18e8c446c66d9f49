package sql

import (
	"context"
	"encoding/json"
	"strings"
	"time"

	"omgevingsloket-id/pkg/application"
	"omgevingsloket-id/pkg/authreq"
	"omgevingsloket-id/pkg/session"
)

// ephemeral stores one kind of short-lived value, for installations without
// Redis.
type ephemeral struct {
	db   *DB
	kind string
}

func (s ephemeral) create(ctx context.Context, key, value string, version int64, ttl time.Duration) error {
	now := s.db.now()
	// A row that has expired and was not swept yet is replaced.
	res, err := s.db.execSoft(ctx, `INSERT INTO ephemeral (kind, key, value, version, expires) VALUES ($1,$2,$3,$4,$5)
		ON CONFLICT (kind, key) DO UPDATE SET value = excluded.value, version = excluded.version, expires = excluded.expires WHERE ephemeral.expires <= $6`,
		s.kind, key, value, version, ms(now.Add(ttl)), ms(now))
	return answer(s.kind, one(res, err))
}

func (s ephemeral) get(ctx context.Context, key string, value any) (version int64, err error) {
	var data string
	err = s.db.sql.QueryRowContext(ctx, `SELECT value, version FROM ephemeral WHERE kind = $1 AND key = $2 AND expires > $3`,
		s.kind, key, ms(s.db.now())).Scan(&data, &version)
	if err != nil {
		return 0, answer(s.kind, err)
	}
	return version, answer(s.kind, json.Unmarshal([]byte(data), value))
}

func (s ephemeral) save(ctx context.Context, key, value string, version int64, ttl time.Duration) error {
	now := s.db.now()
	res, err := s.db.execSoft(ctx, `UPDATE ephemeral SET value = $1, version = version + 1, expires = $2
		WHERE kind = $3 AND key = $4 AND version = $5 AND expires > $6`, value, ms(now.Add(ttl)), s.kind, key, version, ms(now))
	if err = answer(s.kind, one(res, err)); err == nil {
		return nil
	}
	if _, missing := s.get(ctx, key, new(json.RawMessage)); missing != nil {
		return missing
	}
	return err
}

// delete is not soft: a session that a person has ended does not come back.
func (s ephemeral) delete(ctx context.Context, key string) error {
	_, err := s.db.exec(ctx, `DELETE FROM ephemeral WHERE kind = $1 AND key = $2`, s.kind, key)
	return answer(s.kind, err)
}

type requests struct{ ephemeral }

// Requests returns the store of authorization requests in progress.
func (db *DB) Requests() authreq.Store { return requests{ephemeral{db, "request"}} }

func (s requests) Create(ctx context.Context, r authreq.Request, ttl time.Duration) error {
	stored, err := r.Stored()
	if err != nil {
		return err
	}
	return s.create(ctx, r.Key, string(stored), r.Version, ttl)
}

func (s requests) Get(ctx context.Context, key string) (authreq.Request, error) {
	var r authreq.Request
	version, err := s.get(ctx, key, &r)
	if err != nil {
		return authreq.Request{}, err
	}
	r.Key, r.Version = key, version
	return r, nil
}

func (s requests) Save(ctx context.Context, r authreq.Request, ttl time.Duration) (authreq.Request, error) {
	stored, err := r.Stored()
	if err != nil {
		return authreq.Request{}, err
	}
	if err := s.save(ctx, r.Key, string(stored), r.Version, ttl); err != nil {
		return authreq.Request{}, err
	}
	r.Version++
	return r, nil
}

type sessions struct{ ephemeral }

// Sessions returns the store of browser sessions.
func (db *DB) Sessions() session.Store { return sessions{ephemeral{db, "session"}} }

func (s sessions) Create(ctx context.Context, v session.Session, ttl time.Duration) error {
	return s.create(ctx, v.Key, text(v), v.Version, ttl)
}

func (s sessions) Get(ctx context.Context, key string) (session.Session, error) {
	var v session.Session
	version, err := s.get(ctx, key, &v)
	if err != nil {
		return session.Session{}, err
	}
	v.Key, v.Version = key, version
	return v, nil
}

func (s sessions) Save(ctx context.Context, v session.Session, ttl time.Duration) (session.Session, error) {
	if err := s.save(ctx, v.Key, text(v), v.Version, ttl); err != nil {
		return session.Session{}, err
	}
	v.Version++
	return v, nil
}

func (s sessions) Delete(ctx context.Context, key string) error { return s.delete(ctx, key) }

// Strangers returns the bytes that are stored for people without an account: the
// documents of drafts, what waits in the outbox, and logins in progress.
func (db *DB) Strangers(ctx context.Context) (bytes int64, err error) {
	err = db.sql.QueryRowContext(ctx, `SELECT
		(SELECT COALESCE(SUM(d.size), 0) FROM documents d JOIN applications a ON a.id = d.application_id WHERE a.state IN ($1, $2)) +
		(SELECT COALESCE(SUM(LENGTH(sealed)), 0) FROM outbox) + (SELECT COALESCE(SUM(LENGTH(value)), 0) FROM ephemeral WHERE kind = 'request')`,
		application.Draft, application.EmailConfirmed).Scan(&bytes)
	return bytes, answer("strangers", err)
}

// Sweep removes rows whose time is over (lives). Nothing depends on it: every
// reader compares the time itself.
func (db *DB) Sweep(ctx context.Context) error {
	now := db.now()
	for _, l := range lives {
		for _, w := range l.sweeps {
			if err := db.remove(ctx, w.query, ms(now.Add(-w.keep))); err != nil {
				return answer("sweep", err)
			}
		}
	}
	return answer("sweep", db.forgetAddresses(ctx, now))
}

const (
	// sweepBatch is the most rows that one statement of a sweep removes.
	sweepBatch = 500
	// sweepPause is the pause between two statements of a sweep, for other writers.
	sweepPause = 5 * time.Millisecond
)

// remove runs a sweep in batches, so that others wait for one batch at most.
func (db *DB) remove(ctx context.Context, query string, before int64) error {
	for {
		n, err := db.removeOnce(ctx, query, before)
		if err != nil || n < sweepBatch {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(sweepPause):
		}
	}
}

// removeOnce runs a sweep, DELETE FROM … WHERE …, for one batch, and returns the
// number of rows that it removed.
func (db *DB) removeOnce(ctx context.Context, query string, before int64) (int64, error) {
	from, where, _ := strings.Cut(query, " WHERE ")
	batch := from + ` WHERE rowid IN (SELECT rowid` + strings.TrimPrefix(from, "DELETE") + ` WHERE ` + where + ` LIMIT $2)`
	if db.postgres {
		batch = from + ` WHERE ctid = ANY (ARRAY (SELECT ctid` + strings.TrimPrefix(from, "DELETE") + ` WHERE ` + where + ` LIMIT $2))`
	}
	done, err := db.exec(ctx, batch, before, sweepBatch)
	if err != nil {
		return 0, err
	}
	return done.RowsAffected()
}
