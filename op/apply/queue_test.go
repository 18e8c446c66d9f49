package apply_test

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"omgevingsloket-id/op/apply"
	"omgevingsloket-id/op/web"
	"omgevingsloket-id/pkg/password"
)

// queue is a queue that can be full.
type queue struct {
	web.Queue
	full atomic.Bool
}

func (q *queue) Reserve(ctx context.Context, known string) (context.Context, func(), error) {
	if q.full.Load() {
		return nil, nil, &password.Busy{Retry: 7 * time.Second}
	}
	return q.Queue.Reserve(ctx, known)
}

// DO-01: a new password that would not get to be hashed is refused before it costs a
// read; the same form succeeds later.
func TestDO01_FullQueue(t *testing.T) {
	t.Parallel()
	var counted *counter
	q := &queue{}
	s := newAltered(t, func(r *apply.Room) {
		counted = &counter{Store: r.Store, accounts: r.Accounts}
		r.Store, r.Accounts = counted, counted
		q.Queue, r.Queue = r.Queue, q
	})
	v := s.visitor()
	v.fill("burger", "jo@example.com", "/apply/password")
	form := url.Values{"password": {goodPassword}}
	q.full.Store(true)
	counted.reset()
	a := v.post("/apply/password", form)
	if a.Status != http.StatusServiceUnavailable || a.Header.Get("Retry-After") != "7" || !strings.Contains(a.Body, "Wacht 7 seconden") || len(counted.calls) != 0 {
		t.Errorf("%d, Retry-After %q, after the calls %v, want 503, 7 and none\n%s", a.Status, a.Header.Get("Retry-After"), counted.calls, a.Body)
	}
	q.full.Store(false)
	v.post("/apply/password", form).Leads("/apply/person")
}
