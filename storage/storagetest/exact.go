package storagetest

import (
	"sync"
	"testing"
	"time"

	"omgevingsloket-id/pkg/authreq"
	"omgevingsloket-id/pkg/errs"
	"omgevingsloket-id/pkg/session"
)

// Clock is a time that a test changes; it is safe for concurrent use.
type Clock struct {
	mu  sync.Mutex
	now time.Time
}

// NewClock returns a clock that is set to the suite's time.
func NewClock() *Clock { return &Clock{now: noon} }

// Now returns the time.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// Move changes the time by d.
func (c *Clock) Move(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// ExactEnds requires of stores with an injected clock that requests, sessions and
// windows end at exactly the moment they expire (CK-05).
func ExactEnds(t *testing.T, s Stores, clock *Clock) {
	r, v := request(), aSession()
	ends := func(end time.Duration) {
		t.Helper()
		clock.Move(end - time.Millisecond)
		same(t, ok[authreq.Request](t)(s.Requests.Get(ctx(t), r.Key)), r)
		same(t, ok[session.Session](t)(s.Sessions.Get(ctx(t), v.Key)), v)
		clock.Move(time.Millisecond)
		_, err := s.Requests.Get(ctx(t), r.Key)
		is(t, err, errs.ErrNotFound)
		_, err = s.Sessions.Get(ctx(t), v.Key)
		is(t, err, errs.ErrNotFound)
	}
	must(t, s.Requests.Create(ctx(t), r, time.Hour))
	must(t, s.Sessions.Create(ctx(t), v, time.Hour))
	ends(time.Hour)
	must(t, s.Requests.Create(ctx(t), r, time.Second))
	must(t, s.Sessions.Create(ctx(t), v, time.Second))
	var err error
	r, err = s.Requests.Save(ctx(t), r, time.Minute)
	must(t, err)
	v, err = s.Sessions.Save(ctx(t), v, time.Minute)
	must(t, err)
	ends(time.Minute)

	allow := func(want bool, wantWait time.Duration) {
		t.Helper()
		allowed, wait, err := Spend(ctx(t), s.Windows, "exact", "k", 1, 1, time.Minute)
		must(t, err)
		if allowed != want || wait != wantWait {
			t.Errorf("allowed=%t, wait %v; want %t, %v", allowed, wait, want, wantWait)
		}
	}
	allow(true, 0)
	clock.Move(time.Minute - time.Millisecond)
	allow(false, time.Millisecond)
	clock.Move(time.Millisecond)
	allow(true, 0)
	allow(false, time.Minute)
}
