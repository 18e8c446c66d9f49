// Package session owns single sign-on: the fact that a browser proved two
// factors of one account, for how long, and under which sid the clients know
// it.
//
//	second factor right ─► new handle, new session ─► used by /authorize
//	step up (prompt=login) ─► the old handle dies first, a new one is made
//	logout, idle, absolute limit, other epoch ─► gone
package session

import (
	"context"
	"time"
)

// Session is one browser's login. Stores know it by the hash of its handle.
type Session struct {
	Key       string    `json:"-"` // hash of the handle in the cookie
	SID       string    `json:"sid"`
	AccountID string    `json:"account"`
	Epoch     int64     `json:"epoch"`
	Browser   string    `json:"browser"` // hash of the browser secret it was made in
	AuthTime  time.Time `json:"auth_time"`
	CreatedAt time.Time `json:"created"`
	SeenAt    time.Time `json:"seen"`
	Version   int64     `json:"version"`
}

// Limits of a session: half-open, a session is over at the limit itself.
type Limits struct {
	Idle     time.Duration
	Absolute time.Duration
}

// Over tells whether the session has ended by now.
func (l Limits) Over(s Session, now time.Time) bool {
	return !now.Before(s.SeenAt.Add(l.Idle)) || !now.Before(s.CreatedAt.Add(l.Absolute))
}

// TTL is how long a store must keep the session from now on.
func (l Limits) TTL(s Session, now time.Time) time.Duration {
	return max(min(l.Idle, s.CreatedAt.Add(l.Absolute).Sub(now)), 0)
}

// Store keeps sessions (Redis, or SQL without one). It may forget; then
// people log in again. errs.ErrUnavailable when it does not answer.
type Store interface {
	// Create keeps a new session for ttl; errs.ErrConflict if the key exists.
	Create(ctx context.Context, s Session, ttl time.Duration) error
	// Get answers errs.ErrNotFound when there is none (any more).
	Get(ctx context.Context, key string) (Session, error)
	// Save writes s if the stored version is still s.Version, and gives the
	// new version; errs.ErrConflict otherwise, errs.ErrNotFound if gone.
	Save(ctx context.Context, s Session, ttl time.Duration) (Session, error)
	// Delete ends a session; ending one that is gone is no error.
	Delete(ctx context.Context, key string) error
}
