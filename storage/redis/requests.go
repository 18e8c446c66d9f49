package redis

import (
	"context"
	"time"

	"omgevingsloket-id/pkg/authreq"
	"omgevingsloket-id/pkg/session"
)

// requests implements authreq.Store.
type requests struct{ values }

func (s requests) Create(ctx context.Context, r authreq.Request, ttl time.Duration) error {
	return s.create(ctx, r.Key, r, ttl)
}

func (s requests) Get(ctx context.Context, key string) (authreq.Request, error) {
	var r authreq.Request
	if err := s.get(ctx, key, &r); err != nil {
		return authreq.Request{}, err
	}
	r.Key = key
	return r, nil
}

func (s requests) Save(ctx context.Context, r authreq.Request, ttl time.Duration) (authreq.Request, error) {
	was := r.Version
	r.Version++
	if err := s.save(ctx, r.Key, was, r, ttl); err != nil {
		return authreq.Request{}, err
	}
	return r, nil
}

// sessions implements session.Store.
type sessions struct{ values }

func (s sessions) Create(ctx context.Context, se session.Session, ttl time.Duration) error {
	return s.create(ctx, se.Key, se, ttl)
}

func (s sessions) Get(ctx context.Context, key string) (session.Session, error) {
	var se session.Session
	if err := s.get(ctx, key, &se); err != nil {
		return session.Session{}, err
	}
	se.Key = key
	return se, nil
}

func (s sessions) Save(ctx context.Context, se session.Session, ttl time.Duration) (session.Session, error) {
	was := se.Version
	se.Version++
	if err := s.save(ctx, se.Key, was, se, ttl); err != nil {
		return session.Session{}, err
	}
	return se, nil
}

func (s sessions) Delete(ctx context.Context, key string) error { return s.delete(ctx, key) }
