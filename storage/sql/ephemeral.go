package sql

import (
	"context"
	"encoding/json"
	"time"

	"omgevingsloket-id/pkg/authreq"
	"omgevingsloket-id/pkg/session"
)

// ephemeral stores one kind of short-lived value, for installations without
// Redis.
type ephemeral struct {
	db   *DB
	kind string
}

func (s ephemeral) create(ctx context.Context, key string, value any, version int64, ttl time.Duration) error {
	now := s.db.now()
	// A row that has expired and was not swept yet is replaced.
	res, err := s.db.exec(ctx, `INSERT INTO ephemeral (kind, key, value, version, expires) VALUES ($1,$2,$3,$4,$5)
		ON CONFLICT (kind, key) DO UPDATE SET value = excluded.value, version = excluded.version, expires = excluded.expires WHERE ephemeral.expires <= $6`,
		s.kind, key, text(value), version, ms(now.Add(ttl)), ms(now))
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

func (s ephemeral) save(ctx context.Context, key string, value any, version int64, ttl time.Duration) error {
	now := s.db.now()
	res, err := s.db.exec(ctx, `UPDATE ephemeral SET value = $1, version = version + 1, expires = $2
		WHERE kind = $3 AND key = $4 AND version = $5 AND expires > $6`, text(value), ms(now.Add(ttl)), s.kind, key, version, ms(now))
	if err = answer(s.kind, one(res, err)); err == nil {
		return nil
	}
	if _, missing := s.get(ctx, key, new(json.RawMessage)); missing != nil {
		return missing
	}
	return err
}

func (s ephemeral) delete(ctx context.Context, key string) error {
	_, err := s.db.exec(ctx, `DELETE FROM ephemeral WHERE kind = $1 AND key = $2`, s.kind, key)
	return answer(s.kind, err)
}

type requests struct{ ephemeral }

// Requests returns the store of authorization requests in progress.
func (db *DB) Requests() authreq.Store { return requests{ephemeral{db, "request"}} }

func (s requests) Create(ctx context.Context, r authreq.Request, ttl time.Duration) error {
	return s.create(ctx, r.Key, r, r.Version, ttl)
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
	if err := s.save(ctx, r.Key, r, r.Version, ttl); err != nil {
		return authreq.Request{}, err
	}
	r.Version++
	return r, nil
}

type sessions struct{ ephemeral }

// Sessions returns the store of browser sessions.
func (db *DB) Sessions() session.Store { return sessions{ephemeral{db, "session"}} }

func (s sessions) Create(ctx context.Context, v session.Session, ttl time.Duration) error {
	return s.create(ctx, v.Key, v, v.Version, ttl)
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
	if err := s.save(ctx, v.Key, v, v.Version, ttl); err != nil {
		return session.Session{}, err
	}
	v.Version++
	return v, nil
}

func (s sessions) Delete(ctx context.Context, key string) error { return s.delete(ctx, key) }

// Sweep removes what has expired. Nothing depends on it: every reader compares
// the time itself.
func (db *DB) Sweep(ctx context.Context) error {
	now := db.now()
	for _, stmt := range []struct {
		query string
		until time.Time
	}{
		{`DELETE FROM ephemeral WHERE expires <= $1`, now},
		{`DELETE FROM windows WHERE expires <= $1`, now},
		{`DELETE FROM assertions WHERE expires <= $1`, now.Add(-time.Hour)},
		{`DELETE FROM grants WHERE code_expires <= $1 AND expires <= $1`, now.Add(-48 * time.Hour)},
		{`DELETE FROM lanes WHERE last_at <= $1`, now.Add(-48 * time.Hour)},
		{`DELETE FROM ended_sessions WHERE expires <= $1`, now},
		{`DELETE FROM document_tickets WHERE expires <= $1`, now},
		{`DELETE FROM devices WHERE used_at <= $1`, now.Add(-400 * 24 * time.Hour)},
	} {
		if _, err := db.exec(ctx, stmt.query, ms(stmt.until)); err != nil {
			return answer("sweep", err)
		}
	}
	return answer("sweep", db.forgetAddresses(ctx, now))
}
