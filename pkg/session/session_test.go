package session_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"omgevingsloket-id/pkg/errs"
	"omgevingsloket-id/pkg/realm"
	"omgevingsloket-id/pkg/session"
)

var noon = time.Date(2026, time.March, 2, 12, 0, 0, 0, time.UTC)

// LG-23: over at the limit itself, and use never outlasts the absolute one.
func TestLG23_Over(t *testing.T) {
	t.Parallel()
	l := session.Limits{Idle: 30 * time.Minute, Absolute: 12 * time.Hour}
	s := session.Session{CreatedAt: noon, SeenAt: noon.Add(11*time.Hour + 45*time.Minute)}
	for after, want := range map[time.Duration]bool{12*time.Hour - time.Nanosecond: false, 12 * time.Hour: true, 12*time.Hour + time.Nanosecond: true} {
		if l.Over(s, noon.Add(after)) != want {
			t.Error("absolute, after", after)
		}
	}
	s.SeenAt = noon.Add(time.Hour)
	for after, want := range map[time.Duration]bool{90*time.Minute - time.Nanosecond: false, 90 * time.Minute: true} {
		if l.Over(s, noon.Add(after)) != want {
			t.Error("idle, after", after)
		}
	}
}

// A store keeps a session at least until it is over when used now, and never
// past the absolute limit.
func TestTTLAgreesWithOver(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		span := func(name string) time.Duration {
			return time.Duration(rapid.Int64Range(1, 100_000).Draw(t, name)) * time.Second
		}
		l := session.Limits{Idle: span("idle"), Absolute: span("absolute")}
		now := noon.Add(span("now"))
		s := session.Session{CreatedAt: noon, SeenAt: now}
		ttl := l.TTL(s, now)
		if ttl < 0 || ttl == 0 != l.Over(s, now) {
			t.Fatalf("TTL %s, over %t", ttl, l.Over(s, now))
		}
		if ttl > 0 && (l.Over(s, now.Add(ttl-1)) || !l.Over(s, now.Add(ttl))) {
			t.Fatalf("TTL %s is not the end", ttl)
		}
	})
}

// A session is live only in its browser, within its limits, and while its owner
// is active under the epoch that it was made in.
func TestLive(t *testing.T) {
	t.Parallel()
	l := session.Limits{Idle: 30 * time.Minute, Absolute: 12 * time.Hour}
	s := session.Session{Browser: "b", Epoch: 3, CreatedAt: noon, SeenAt: noon}
	owner := session.Owner{Active: true, Epoch: 3}
	for name, c := range map[string]struct {
		browser string
		owner   session.Owner
		after   time.Duration
		want    bool
	}{
		"live":            {"b", owner, 30*time.Minute - 1, true},
		"over":            {"b", owner, 30 * time.Minute, false},
		"another browser": {"c", owner, 0, false},
		"no browser":      {"", owner, 0, false},
		"not active":      {"b", session.Owner{Epoch: 3}, 0, false},
		"a later epoch":   {"b", session.Owner{Active: true, Epoch: 4}, 0, false},
		"an older epoch":  {"b", session.Owner{Active: true, Epoch: 2}, 0, false},
	} {
		if got := l.Live(s, c.browser, c.owner, noon.Add(c.after)); got != c.want {
			t.Errorf("%s: Live() = %t, want %t", name, got, c.want)
		}
	}
}

// person is the owner of a session.
type person session.Owner

func (p person) Owner() session.Owner { return session.Owner(p) }

// memory keeps sessions, and the ttl of the last write.
type memory struct {
	session.Store
	mu   sync.Mutex
	kept map[string]session.Session
	ttl  time.Duration
	err  error
}

func (m *memory) Create(_ context.Context, s session.Session, ttl time.Duration) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.kept[s.Key], m.ttl = s, ttl
	return m.err
}

func (m *memory) Get(_ context.Context, key string) (session.Session, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	s, ok := m.kept[key]
	if !ok {
		return s, errs.ErrNotFound
	}
	return s, m.err
}

func (m *memory) Save(_ context.Context, s session.Session, ttl time.Duration) (session.Session, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.err != nil {
		return session.Session{}, m.err
	}
	if m.kept[s.Key].Version != s.Version {
		return session.Session{}, errs.ErrConflict
	}
	s.Version++
	m.kept[s.Key], m.ttl = s, ttl
	return s, nil
}

func newService(m *memory, r realm.Realm, now *time.Time) *session.Service[person] {
	return &session.Service[person]{
		Realm: r, Store: m, Limits: session.Limits{Idle: 30 * time.Minute, Absolute: 12 * time.Hour}, Now: func() time.Time { return *now },
		Person: func(_ context.Context, id, sid string) (person, error) {
			if id != "a" || sid == "ended" {
				return person{}, errs.ErrNotFound
			}
			return person{Active: true, Epoch: 3}, nil
		},
	}
}

// A handle finds its session in its own realm and browser only.
func TestCurrent(t *testing.T) {
	t.Parallel()
	now := noon
	m := &memory{kept: map[string]session.Session{}}
	s := newService(m, realm.Holder, &now)
	made, err := s.Begin(t.Context(), "handle", "browser", session.Session{SID: "sid", AccountID: "a", Epoch: 3, AuthTime: noon}, 0)
	if err != nil || m.ttl != 30*time.Minute || made.Version != 1 || !made.SeenAt.Equal(noon) {
		t.Fatalf("Begin() = %+v, %v, kept for %s", made, err, m.ttl)
	}
	got, p, err := s.Current(t.Context(), "handle", "browser")
	if err != nil || got != made || p.Epoch != 3 {
		t.Errorf("Current() = %+v, %+v, %v, want %+v", got, p, err, made)
	}
	for name, try := range map[string]func() error{
		"another handle":  func() error { _, _, err := s.Current(t.Context(), "other", "browser"); return err },
		"another browser": func() error { _, _, err := s.Current(t.Context(), "handle", "other"); return err },
		"another realm": func() error {
			_, _, err := newService(m, realm.Official, &now).Current(t.Context(), "handle", "browser")
			return err
		},
		"no such person": func() error {
			_, err := s.Begin(t.Context(), "lost", "browser", session.Session{AccountID: "b", Epoch: 3}, 0)
			if err == nil {
				_, _, err = s.Current(t.Context(), "lost", "browser")
			}
			return err
		},
	} {
		if err := try(); !errors.Is(err, errs.ErrNotFound) {
			t.Errorf("%s: Current() = %v, want errs.ErrNotFound", name, err)
		}
	}
	m.err = errs.ErrUnavailable
	if _, _, err := s.Current(t.Context(), "handle", "browser"); !errors.Is(err, errs.ErrUnavailable) {
		t.Errorf("Current() without a store = %v, want errs.ErrUnavailable", err)
	}
}

// Begin keeps no session longer than it is asked to, nor than the limits.
func TestBeginWithin(t *testing.T) {
	t.Parallel()
	now := noon
	m := &memory{kept: map[string]session.Session{}}
	for within, want := range map[time.Duration]time.Duration{0: 30 * time.Minute, 10 * time.Minute: 10 * time.Minute, time.Hour: 30 * time.Minute} {
		if _, err := newService(m, realm.Holder, &now).Begin(t.Context(), "h", "b", session.Session{}, within); err != nil || m.ttl != want {
			t.Errorf("Begin(within %s) keeps for %s, %v, want %s", within, m.ttl, err, want)
		}
	}
}

// Touch moves the idle limit, and takes a conflict for the work of another tab.
func TestTouch(t *testing.T) {
	t.Parallel()
	now := noon
	m := &memory{kept: map[string]session.Session{}}
	s := newService(m, realm.Holder, &now)
	made, err := s.Begin(t.Context(), "h", "b", session.Session{AccountID: "a", Epoch: 3}, 0)
	if err != nil {
		t.Fatal(err)
	}
	now = noon.Add(29 * time.Minute)
	made, err = s.Touch(t.Context(), made)
	if err != nil || !made.SeenAt.Equal(now) || made.Version != 2 || m.ttl != 30*time.Minute {
		t.Errorf("Touch() = %+v, %v, kept for %s, want it seen now, in version 2, kept for 30m", made, err, m.ttl)
	}
	for since, renewed := range map[time.Duration]bool{30*time.Second - 1: false, 30 * time.Second: true, -time.Second: true} {
		now = made.SeenAt.Add(since)
		if kept, err := s.Touch(t.Context(), made); err != nil || kept.SeenAt.Equal(now) != renewed {
			t.Errorf("Touch(%v after the last one) = seen at %v, %v, want renewed: %t", since, kept.SeenAt, err, renewed)
		}
		m.kept[made.Key] = made
	}
	now = made.SeenAt.Add(time.Minute)
	for refused, want := range map[error]error{errs.ErrConflict: nil, errs.ErrNotFound: nil, errs.ErrUnavailable: errs.ErrUnavailable} {
		m.err = refused
		if _, err := s.Touch(t.Context(), made); !errors.Is(err, want) {
			t.Errorf("Touch() of a store that returns %v = %v, want %v", refused, err, want)
		}
	}
}

// Of many requests that renew a session at once, one writes, and none has an error.
func TestTouchAtOnce(t *testing.T) {
	t.Parallel()
	now := noon
	m := &memory{kept: map[string]session.Session{}}
	s := newService(m, realm.Holder, &now)
	made, err := s.Begin(t.Context(), "h", "b", session.Session{AccountID: "a", Epoch: 3}, 0)
	if err != nil {
		t.Fatal(err)
	}
	now = noon.Add(time.Minute)
	var wait sync.WaitGroup
	for range 16 {
		wait.Go(func() {
			if got, err := s.Touch(t.Context(), made); err != nil || got.Key != made.Key || !got.SeenAt.Equal(now) {
				t.Errorf("Touch() at once = %+v, %v, want the session, seen now", got, err)
			}
		})
	}
	wait.Wait()
	if got := m.kept[made.Key]; got.Version != 2 || !got.SeenAt.Equal(now) {
		t.Errorf("Touch() at once keeps %+v, want version 2, seen now", got)
	}
}

// LG-23: a session that is used all the time ends at the absolute limit, in the store too.
func TestLG23_TouchEndsAtTheAbsoluteLimit(t *testing.T) {
	t.Parallel()
	now := noon
	m := &memory{kept: map[string]session.Session{}}
	s := newService(m, realm.Holder, &now)
	live, err := s.Begin(t.Context(), "h", "b", session.Session{AccountID: "a", Epoch: 3}, 0)
	if err != nil {
		t.Fatal(err)
	}
	for range 36 { // every 20 minutes, for 12 hours
		if _, _, err := s.Current(t.Context(), "h", "b"); err != nil {
			t.Fatalf("Current() at %v = %v, want nil", now, err)
		}
		if live, err = s.Touch(t.Context(), live); err != nil {
			t.Fatal(err)
		}
		if end := now.Add(m.ttl); end.After(noon.Add(s.Limits.Absolute)) {
			t.Fatalf("Touch() at %v keeps the session until %v, want the absolute limit at most", now, end)
		}
		now = now.Add(20 * time.Minute)
	}
	if _, _, err := s.Current(t.Context(), "h", "b"); !errors.Is(err, errs.ErrNotFound) {
		t.Errorf("Current() at the absolute limit = %v, want errs.ErrNotFound", err)
	}
}

// The end of a session is remembered until nothing can refer to it, however long the
// session might have lived.
func TestUntil(t *testing.T) {
	t.Parallel()
	now := noon
	s := newService(&memory{kept: map[string]session.Session{}}, realm.Holder, &now)
	made, err := s.Begin(t.Context(), "h", "b", session.Session{AccountID: "a", Epoch: 3}, 0)
	if err != nil {
		t.Fatal(err)
	}
	made.SeenAt = noon.Add(s.Limits.Absolute)
	if until, end := s.Until(), s.Limits.End(made); !until.Equal(noon.Add(36*time.Hour)) || !until.After(end) {
		t.Errorf("Until() = %v, want a day after %v", until, end)
	}
}

// A session whose owner is not found is not found, and neither is one of an owner who is
// not active or of another epoch. A store of people that does not answer has its own error.
func TestCurrentPerson(t *testing.T) {
	t.Parallel()
	now := noon
	for name, c := range map[string]struct {
		sid   string
		owner person
		err   error // of Person
		want  error
	}{
		"live":        {"sid", person{Active: true, Epoch: 3}, nil, nil},
		"ended":       {"ended", person{Active: true, Epoch: 3}, errs.ErrNotFound, errs.ErrNotFound},
		"away":        {"sid", person{Active: true, Epoch: 3}, errs.ErrUnavailable, errs.ErrUnavailable},
		"not active":  {"sid", person{Epoch: 3}, nil, errs.ErrNotFound},
		"later epoch": {"sid", person{Active: true, Epoch: 4}, nil, errs.ErrNotFound},
	} {
		s := newService(&memory{kept: map[string]session.Session{}}, realm.Holder, &now)
		s.Person = func(_ context.Context, id, sid string) (person, error) {
			if id != "a" || sid != c.sid {
				t.Errorf("%s: Person(%q, %q), want the owner and sid of the session", name, id, sid)
			}
			return c.owner, c.err
		}
		if _, err := s.Begin(t.Context(), "h", "b", session.Session{SID: c.sid, AccountID: "a", Epoch: 3}, 0); err != nil {
			t.Fatal(err)
		}
		got, p, err := s.Current(t.Context(), "h", "b")
		if !errors.Is(err, c.want) || (err == nil) != (got.SID == c.sid && p == c.owner) {
			t.Errorf("%s: Current() = %+v, %+v, %v, want %v", name, got, p, err, c.want)
		}
	}
}

// Begin returns the error of a store that did not keep the session.
func TestBeginFails(t *testing.T) {
	t.Parallel()
	now := noon
	for _, want := range []error{errs.ErrConflict, errs.ErrUnavailable} {
		m := &memory{kept: map[string]session.Session{}, err: want}
		if _, err := newService(m, realm.Holder, &now).Begin(t.Context(), "h", "b", session.Session{}, 0); !errors.Is(err, want) {
			t.Errorf("Begin() of a store that returns %v = %v", want, err)
		}
	}
}
