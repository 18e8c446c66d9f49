package storagetest

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"omgevingsloket-id/pkg/errs"
)

// life is what the tests of requests and sessions have in common.
type life[T any] struct {
	fresh   func() T
	create  func(context.Context, T, time.Duration) error
	get     func(context.Context, string) (T, error)
	save    func(context.Context, T, time.Duration) (T, error)
	key     func(T) string
	rekey   func(T, string) T
	version func(T) int64
	touch   func(T) T // changes a field
}

func lifecycle[T any](t *testing.T, l life[T]) {
	t.Run("what was created is read, version and all", func(t *testing.T) {
		v := l.fresh()
		must(t, l.create(ctx(t), v, time.Minute))
		same(t, ok[T](t)(l.get(ctx(t), l.key(v))), v)
		_, err := l.save(ctx(t), l.touch(v), time.Minute) // without reading it first
		must(t, err)
	})
	t.Run("an unknown key is not found", func(t *testing.T) {
		_, err := l.get(ctx(t), key())
		is(t, err, errs.ErrNotFound)
	})
	t.Run("a key is created once, and the first stays", func(t *testing.T) {
		first := l.fresh()
		must(t, l.create(ctx(t), first, time.Minute))
		is(t, l.create(ctx(t), l.rekey(l.touch(l.fresh()), l.key(first)), time.Minute), errs.ErrConflict)
		same(t, ok[T](t)(l.get(ctx(t), l.key(first))), first)
	})
	t.Run("of a crowd that creates one key, one does", func(t *testing.T) {
		k := key()
		exactlyOne(t, atOnce(func(int) error { return l.create(ctx(t), l.rekey(l.fresh(), k), time.Minute) }), errs.ErrConflict)
	})
	lifecycleSave(t, l)
	lifecycleEnd(t, l)
}

func lifecycleSave[T any](t *testing.T, l life[T]) {
	t.Run("save writes and moves the version on", func(t *testing.T) {
		v := l.fresh()
		must(t, l.create(ctx(t), v, time.Minute))
		for range 3 {
			next := ok[T](t)(l.save(ctx(t), l.touch(v), time.Minute))
			if l.version(next) == l.version(v) {
				t.Fatalf("the version stayed %d", l.version(v))
			}
			same(t, ok[T](t)(l.get(ctx(t), l.key(v))), next)
			v = next
		}
	})
	t.Run("a version that has passed is a conflict and changes nothing", func(t *testing.T) {
		old := l.fresh()
		must(t, l.create(ctx(t), old, time.Minute))
		now := ok[T](t)(l.save(ctx(t), l.touch(old), time.Minute))
		_, err := l.save(ctx(t), l.touch(l.touch(old)), time.Minute)
		is(t, err, errs.ErrConflict)
		same(t, ok[T](t)(l.get(ctx(t), l.key(old))), now)
	})
	t.Run("saving what is not there creates nothing", func(t *testing.T) {
		v := l.fresh()
		_, err := l.save(ctx(t), v, time.Minute)
		is(t, err, errs.ErrNotFound)
		_, err = l.get(ctx(t), l.key(v))
		is(t, err, errs.ErrNotFound)
	})
	t.Run("of a crowd that saves one version, one does", func(t *testing.T) {
		v := l.fresh()
		must(t, l.create(ctx(t), v, time.Minute))
		var winner atomic.Pointer[T]
		exactlyOne(t, atOnce(func(int) error {
			next, err := l.save(ctx(t), l.touch(v), time.Minute)
			if err == nil {
				winner.Store(&next)
			}
			return err
		}), errs.ErrConflict)
		if won := winner.Load(); won != nil {
			same(t, ok[T](t)(l.get(ctx(t), l.key(v))), *won)
		}
	})
}

func lifecycleEnd[T any](t *testing.T, l life[T]) {
	t.Run("what is created ends after its time, and its key is free", func(t *testing.T) {
		v := l.fresh()
		must(t, l.create(ctx(t), v, 20*time.Millisecond))
		eventually(t, "it ends", func() bool { got, err := l.get(ctx(t), l.key(v)); return gone(t, got, err) })
		_, err := l.save(ctx(t), v, time.Minute)
		is(t, err, errs.ErrNotFound)
		must(t, l.create(ctx(t), v, time.Minute))
	})
	t.Run("what is saved ends after its new time", func(t *testing.T) {
		v := l.fresh()
		must(t, l.create(ctx(t), v, time.Hour))
		ok[T](t)(l.save(ctx(t), v, 20*time.Millisecond))
		eventually(t, "it ends", func() bool { got, err := l.get(ctx(t), l.key(v)); return gone(t, got, err) })
	})
	t.Run("saving gives it more time", func(t *testing.T) {
		short, long := l.fresh(), l.fresh()
		for ttl := 100 * time.Millisecond; ; ttl *= 2 { // until it is long enough for this machine
			must(t, l.create(ctx(t), long, ttl))
			saved, err := l.save(ctx(t), long, time.Hour)
			if !gone(t, saved, err) {
				must(t, l.create(ctx(t), short, ttl))
				break
			}
			long = l.fresh()
		}
		eventually(t, "the other ends", func() bool { got, err := l.get(ctx(t), l.key(short)); return gone(t, got, err) })
		ok[T](t)(l.get(ctx(t), l.key(long)))
	})
	t.Run("no time left is no error", func(t *testing.T) {
		v := l.fresh()
		must(t, l.create(ctx(t), v, 0))
		eventually(t, "it ends", func() bool { got, err := l.get(ctx(t), l.key(v)); return gone(t, got, err) })
		must(t, l.create(ctx(t), v, time.Hour))
		ok[T](t)(l.save(ctx(t), v, 0))
		eventually(t, "it ends", func() bool { got, err := l.get(ctx(t), l.key(v)); return gone(t, got, err) })
	})
}
