package authreq_test

import (
	"context"
	"encoding/json"
	"time"

	"omgevingsloket-id/pkg/authreq"
	"omgevingsloket-id/pkg/errs"
)

// memory implements authreq.Store in memory, as far as the package needs it. A test may
// change each field.
type memory struct {
	authreq.Store
	now    time.Time
	stored map[string]stored
	calls  int
	silent int // the number of the call that fails: 1, 2, …; a call of Create is done all the same
}

// stored is a request as a store keeps it: what is not in its JSON is lost.
type stored struct {
	value json.RawMessage
	until time.Time
}

func newMemory() *memory { return &memory{now: noon, stored: map[string]stored{}} }

func (m *memory) fault() error {
	if m.calls++; m.calls == m.silent {
		return errs.Unavailable("memory", context.DeadlineExceeded)
	}
	return nil
}

// failing returns a copy of the store of which this call fails.
func (m *memory) failing(call int) *memory {
	c := newMemory()
	c.silent = call
	for key, value := range m.stored {
		c.stored[key] = value
	}
	return c
}

func (m *memory) has(key string) bool {
	s, ok := m.stored[key]
	return ok && m.now.Before(s.until)
}

func (m *memory) Create(_ context.Context, r authreq.Request, ttl time.Duration) error {
	if m.has(r.Key) {
		m.calls++
		return errs.ErrConflict
	}
	value, err := r.Stored()
	if err != nil {
		return err
	}
	m.stored[r.Key] = stored{value, m.now.Add(ttl)}
	return m.fault()
}

func (m *memory) Get(_ context.Context, key string) (authreq.Request, error) {
	if err := m.fault(); err != nil {
		return authreq.Request{}, err
	}
	if !m.has(key) {
		return authreq.Request{}, errs.ErrNotFound
	}
	var r authreq.Request
	err := json.Unmarshal(m.stored[key].value, &r)
	r.Key = key
	return r, err
}
