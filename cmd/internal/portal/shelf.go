package portal

import (
	"container/list"
	"crypto/sha256"
	"sync"
	"time"
)

// shelf keeps at most `most` values, for a fixed time, under secret keys. All have the
// same lifetime, so the order of arrival is the order of expiry.
type shelf[T any] struct {
	mu    sync.Mutex
	life  time.Duration
	most  int
	now   func() time.Time
	items map[[sha256.Size]byte]*list.Element
	queue *list.List
}

// kept is one value on a shelf. The key is hashed, so that a look-up takes no time that
// depends on the secret, and a memory dump holds no usable key.
type kept[T any] struct {
	key   [sha256.Size]byte
	until time.Time
	value T
}

func newShelf[T any](life time.Duration, most int, now func() time.Time) *shelf[T] {
	return &shelf[T]{life: life, most: most, now: now, items: map[[sha256.Size]byte]*list.Element{}, queue: list.New()}
}

// put adds v under key, and drops the values that have expired or are too many.
func (s *shelf[T]) put(key string, v T) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now()
	for e := s.queue.Front(); e != nil && (s.queue.Len() >= s.most || !now.Before(e.Value.(kept[T]).until)); e = s.queue.Front() {
		s.drop(e)
	}
	k := kept[T]{key: sha256.Sum256([]byte(key)), until: now.Add(s.life), value: v}
	s.items[k.key] = s.queue.PushBack(k)
}

// get returns the value under key.
func (s *shelf[T]) get(key string) (T, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	v, _, ok := s.find(key)
	return v, ok
}

// take returns the value under key and removes it: of simultaneous callers one succeeds.
func (s *shelf[T]) take(key string) (T, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	v, e, ok := s.find(key)
	if ok {
		s.drop(e)
	}
	return v, ok
}

func (s *shelf[T]) find(key string) (v T, e *list.Element, ok bool) {
	e, ok = s.items[sha256.Sum256([]byte(key))]
	if !ok {
		return v, nil, false
	}
	k := e.Value.(kept[T])
	return k.value, e, s.now().Before(k.until)
}

func (s *shelf[T]) drop(e *list.Element) {
	s.queue.Remove(e)
	delete(s.items, e.Value.(kept[T]).key)
}
