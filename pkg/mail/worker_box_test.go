package mail_test

import (
	"context"
	"slices"
	"sync"
	"time"

	"omgevingsloket-id/pkg/errs"
	"omgevingsloket-id/pkg/mail"
)

// box implements mail.Outbox in memory: a leased message is hidden until the
// lease ends.
type box struct {
	mu      sync.Mutex
	due     map[string]time.Time
	items   map[string]mail.Item
	ended   map[string]string // id → "sent" or the reason for which it was dropped
	reasons []string
	down    bool // the store is unavailable
	noNotes bool // only Take succeeds
}

func newBox(messages ...mail.Message) *box {
	b := &box{due: map[string]time.Time{}, items: map[string]mail.Item{}, ended: map[string]string{}}
	for _, m := range messages {
		b.put(m)
	}
	return b
}

func (b *box) put(m mail.Message) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.items[m.ID], b.due[m.ID] = mail.Item{Message: m}, m.At
}

func (b *box) Take(_ context.Context, now time.Time, lease time.Duration, n int) ([]mail.Item, error) {
	return b.take(now, lease, n, false)
}

func (b *box) TakeExpiring(_ context.Context, now time.Time, lease time.Duration, n int) ([]mail.Item, error) {
	return b.take(now, lease, n, true)
}

func (b *box) take(now time.Time, lease time.Duration, n int, expiring bool) ([]mail.Item, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.down {
		return nil, errs.ErrUnavailable
	}
	var taken []mail.Item
	for id, item := range b.items {
		if len(taken) < n && !b.due[id].After(now) && (!expiring || !item.Expires.IsZero()) {
			b.due[id] = now.Add(lease)
			taken = append(taken, item)
		}
	}
	return taken, nil
}

func (b *box) Sent(ctx context.Context, m mail.Message, _ time.Time) error {
	return b.end(ctx, m.ID, "sent")
}

func (b *box) Refused(ctx context.Context, m mail.Message, _ time.Time, r mail.Refusal) error {
	return b.end(ctx, m.ID, r.Error())
}

func (b *box) Drop(ctx context.Context, id string, _ time.Time, reason string) error {
	return b.end(ctx, id, reason)
}

func (b *box) end(ctx context.Context, id, how string) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.noNotes || ctx.Err() != nil {
		return errs.ErrUnavailable
	}
	b.ended[id] = how
	delete(b.items, id)
	return nil
}

func (b *box) Later(_ context.Context, id string, until time.Time, reason string) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	item := b.items[id]
	item.Attempts++
	b.items[id], b.due[id] = item, until
	b.reasons = append(b.reasons, reason)
	return nil
}

func (b *box) Waiting(context.Context) (int, error) { return len(b.items), nil }

func (b *box) end1(id string) string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.ended[id]
}

type sendFunc func(context.Context, mail.Message) error

func (f sendFunc) Send(ctx context.Context, m mail.Message) error { return f(ctx, m) }

// list is what deliveries that run side by side add to.
type list[T any] struct {
	mu    sync.Mutex
	items []T
}

func (l *list[T]) add(item T) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.items = append(l.items, item)
}

func (l *list[T]) all() []T {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.items)
}
