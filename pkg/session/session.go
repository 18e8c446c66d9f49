// Package session defines single sign-on: a session says that a browser proved
// two factors of one person, for how long that counts, and under which sid the
// clients know it.
//
//	second factor right ─► new handle, new session ─► Current, on every request
//	step up (prompt=login) ─► the previous session ends first
//	logout, idle, absolute limit, other epoch, other browser ─► not live
package session

import (
	"context"
	"errors"
	"time"

	"omgevingsloket-id/pkg/errs"
	"omgevingsloket-id/pkg/realm"
	"omgevingsloket-id/pkg/secret"
)

// Session is one browser's login. Stores know it by the hash of its handle.
type Session struct {
	Key       string    `json:"-"` // of Key
	SID       string    `json:"sid"`
	AccountID string    `json:"account"`
	Epoch     int64     `json:"epoch"`
	Browser   string    `json:"browser"`   // hash of the browser secret it was made in
	AuthTime  time.Time `json:"auth_time"` // zero until the second factor
	CreatedAt time.Time `json:"created"`
	SeenAt    time.Time `json:"seen"`
	Version   int64     `json:"version"`
}

// Limits of a session: half-open, a session is over at the limit itself.
type Limits struct {
	Idle     time.Duration
	Absolute time.Duration
}

// Over reports whether the session has reached a limit at now.
func (l Limits) Over(s Session, now time.Time) bool {
	return !now.Before(l.End(s))
}

// End returns when the session ends if it is not used again.
func (l Limits) End(s Session) time.Time {
	idle, absolute := s.SeenAt.Add(l.Idle), s.CreatedAt.Add(l.Absolute)
	if absolute.Before(idle) {
		return absolute
	}
	return idle
}

// TTL returns how long a store must keep the session from now on.
func (l Limits) TTL(s Session, now time.Time) time.Duration {
	return max(min(l.Idle, s.CreatedAt.Add(l.Absolute).Sub(now)), 0)
}

// Owner is what a session depends on: the state of the person who logged in.
type Owner struct {
	Active bool  // whether the person may be logged in
	Epoch  int64 // a session of another epoch has ended
}

// Live reports whether s counts at now: it was made in this browser (the hash
// of the browser's secret), has reached no limit, and its owner is active under
// the epoch that it was made in. No other function decides this.
func (l Limits) Live(s Session, browser string, o Owner, now time.Time) bool {
	return s.Browser == browser && !l.Over(s, now) && o.Active && o.Epoch == s.Epoch
}

// Key returns the key under which stores keep the session of a handle in a
// realm: 64 hexadecimal digits.
func Key(r realm.Realm, handle secret.Text) string {
	return secret.Text(string(r) + ":" + handle.Reveal()).Hash()
}

// Person is a person who may have a session: account.Account, staff.Member.
type Person interface{ Owner() Owner }

// Service begins, reads and renews the sessions of one realm.
type Service[P Person] struct {
	Realm  realm.Realm
	Store  Store
	Limits Limits
	Now    func() time.Time

	// Person returns the owner of a session by their id and the session's SID. The
	// error is errs.ErrNotFound if there is none, or if the session has ended: Store
	// may have lost the end of a session.
	Person func(ctx context.Context, id, sid string) (P, error)
}

// Key returns the key of the session of a handle.
func (s *Service[P]) Key(handle secret.Text) string { return Key(s.Realm, handle) }

// Current returns the session of a handle and its owner, read now, if the
// session is live in this browser; errs.ErrNotFound otherwise.
func (s *Service[P]) Current(ctx context.Context, handle, browser secret.Text) (Session, P, error) {
	var none P
	found, err := s.Store.Get(ctx, s.Key(handle))
	if err != nil {
		return Session{}, none, err
	}
	p, err := s.Person(ctx, found.AccountID, found.SID)
	if err != nil {
		return Session{}, none, err
	}
	if !s.Limits.Live(found, browser.Hash(), p.Owner(), s.Now()) {
		return Session{}, none, errs.ErrNotFound
	}
	return found, p, nil
}

// Begin stores a new session of a browser under a new handle. The caller sets SID,
// AccountID, Epoch and AuthTime of fresh; within is how long it may live, 0 = until
// the limits end it. The error is errs.ErrConflict if the handle has a session.
func (s *Service[P]) Begin(ctx context.Context, handle, browser secret.Text, fresh Session, within time.Duration) (Session, error) {
	now := s.Now()
	fresh.Key, fresh.Browser, fresh.CreatedAt, fresh.SeenAt, fresh.Version = s.Key(handle), browser.Hash(), now, now, 1
	ttl := s.Limits.TTL(fresh, now)
	if within > 0 {
		ttl = min(ttl, within)
	}
	return fresh, s.Store.Create(ctx, fresh, ttl)
}

// Until returns the time after which nothing can refer to a session that is live
// now.
func (s *Service[P]) Until() time.Time { return s.Now().Add(s.Limits.Absolute + 24*time.Hour) }

// touchGrain is the part of the idle limit within which a session is not renewed
// again, so that not every request writes.
const touchGrain = 60

// Touch renews the idle limit of a session, unless that was done less than 1/60 of
// the limit ago, and returns it as it is stored. It is no error if another request
// renewed or ended the session first.
func (s *Service[P]) Touch(ctx context.Context, seen Session) (Session, error) {
	now := s.Now()
	if since := now.Sub(seen.SeenAt); since >= 0 && since < s.Limits.Idle/touchGrain {
		return seen, nil
	}
	seen.SeenAt = now
	kept, err := s.Store.Save(ctx, seen, s.Limits.TTL(seen, seen.SeenAt))
	if errors.Is(err, errs.ErrConflict) || errors.Is(err, errs.ErrNotFound) {
		return seen, nil
	}
	return kept, err
}

// Store stores sessions (Redis, or SQL without one). It may lose them; people
// then log in again. All methods return errs.ErrUnavailable when the store
// cannot be reached.
type Store interface {
	// Create stores a new session for ttl. It returns errs.ErrConflict if the
	// key exists.
	Create(ctx context.Context, s Session, ttl time.Duration) error
	// Get returns errs.ErrNotFound when there is none or it has expired.
	Get(ctx context.Context, key string) (Session, error)
	// Save stores s for ttl if the stored version is still s.Version, and
	// returns s with the new version. It returns errs.ErrConflict if another
	// version is stored, and errs.ErrNotFound if there is no such session.
	Save(ctx context.Context, s Session, ttl time.Duration) (Session, error)
	// Delete ends a session; ending one that is gone is no error.
	Delete(ctx context.Context, key string) error
}
