package limit

import (
	"context"
	"crypto/sha256"
	"sync"
	"time"
)

// Short is the longest window that a Memory is for, because a restart ends it.
const Short = 15 * time.Minute

// mostCounters bounds the memory of a Memory to about 50 MB.
const mostCounters = 1 << 19

// Memory counts in the memory of this process. Make one with NewMemory.
type Memory struct {
	now func() time.Time

	mu       sync.Mutex
	counters map[counterKey]counter
	crowded  int   // number of counters at which those that have ended are removed
	swept    int64 // when that was done last, in milliseconds
	most     int
}

type counterKey [16]byte // the first half of a hash

type counter struct {
	sum int
	end int64 // of the window, in milliseconds
}

// NewMemory returns a Memory without counters.
func NewMemory(now func() time.Time) *Memory {
	return &Memory{now: now, counters: map[counterKey]counter{}, crowded: 1024, most: mostCounters}
}

func keyOf(name, key string) counterKey {
	sum := sha256.Sum256([]byte(name + "\x00" + key))
	return counterKey(sum[:16])
}

// Spend implements Windows. When too many keys have counters, new keys share one
// counter for each name: a flood from many sources is refused, and keys with a counter
// of their own are not.
func (m *Memory) Spend(_ context.Context, charges ...Charge) (over int, wait time.Duration, err error) {
	now := m.now().UnixMilli()
	m.mu.Lock()
	defer m.mu.Unlock()
	for i, c := range charges {
		key := keyOf(c.Name, c.Key)
		found, ok := m.counters[key]
		if !ok && m.full(now) {
			key = keyOf(c.Name, "\x00all that have no counter")
			found = m.counters[key]
		}
		if found.end <= now {
			found = counter{end: now + max(c.Window.Milliseconds(), 1)}
		}
		found.sum += c.Amount
		m.counters[key] = found
		if found.sum > c.Most {
			return i, time.Duration(found.end-now) * time.Millisecond, nil
		}
	}
	return -1, 0, nil
}

// sweepEvery is the shortest time between two removals: a flood that has filled a
// Memory must not make each request look at all counters.
const sweepEvery = time.Second

// full reports whether no new key may have a counter. It removes counters whose
// windows have ended when their number has doubled.
func (m *Memory) full(now int64) bool {
	if len(m.counters) < m.crowded {
		return false
	}
	if since := now - m.swept; since >= 0 && since < sweepEvery.Milliseconds() {
		return len(m.counters) >= m.most
	}
	m.swept = now
	live := make(map[counterKey]counter)
	for k, c := range m.counters {
		if c.end > now {
			live[k] = c
		}
	}
	m.counters = live
	m.crowded = max(min(2*len(live), m.most), 1024)
	return len(live) >= m.most
}

// Split returns windows that keep the counters of short windows in one place and
// those of longer ones in another.
func Split(short, long Windows) Windows { return split{short, long} }

type split struct{ short, long Windows }

// Spend implements Windows.
func (s split) Spend(ctx context.Context, charges ...Charge) (over int, wait time.Duration, err error) {
	for i, c := range charges {
		where := s.long
		if c.Window <= Short {
			where = s.short
		}
		if over, wait, err := where.Spend(ctx, c); err != nil || over >= 0 {
			return i, wait, err
		}
	}
	return -1, 0, nil
}
