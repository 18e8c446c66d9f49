package password

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"omgevingsloket-id/pkg/errs"
)

// slow replaces argon2id by a function that runs until a test ends it, and
// counts the concurrent calls.
type slow struct {
	running, most atomic.Int64
	end           chan struct{}
}

func (s *slow) derive([]byte, []byte, uint32, uint32, uint8, uint32) []byte {
	now := s.running.Add(1)
	seen := s.most.Load()
	for now > seen && !s.most.CompareAndSwap(seen, now) {
		seen = s.most.Load()
	}
	<-s.end
	s.running.Add(-1)
	return make([]byte, keyBytes)
}

func slowHasher(t *testing.T, parallel int) (*Hasher, *slow) {
	h := newHasher(t, Config{Parallel: parallel, Wait: 2 * time.Second})
	s := &slow{end: make(chan struct{})}
	h.derive = s.derive
	return h, s
}

func TestDO01_GateBoundsComputationsInFlight(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const parallel, callers = 3, 60
		h, s := slowHasher(t, parallel)
		var all sync.WaitGroup
		var failed atomic.Int64
		for i := range callers {
			all.Go(func() {
				var err error
				if i%3 == 0 {
					_, err = h.Hash(t.Context(), "vier natte paraplu's")
				} else {
					_, _, err = h.Verify(t.Context(), "", "vier natte paraplu's")
				}
				if err != nil {
					failed.Add(1)
				}
			})
		}
		for done := range callers {
			synctest.Wait()
			want := int64(min(parallel, callers-done))
			if got := s.running.Load(); got != want {
				t.Fatalf("after %d: %d in flight, want %d", done, got, want)
			}
			s.end <- struct{}{}
		}
		all.Wait()
		if s.most.Load() != parallel || failed.Load() != 0 || h.Computations() != callers {
			t.Errorf("%d at once, %d failed, %d computations, want %d, 0, %d", s.most.Load(), failed.Load(), h.Computations(), parallel, callers)
		}
	})
}

func TestDO01_FullGateIsUnavailable(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h, s := slowHasher(t, 1)
		go func() { _, _ = h.Hash(t.Context(), "vier natte paraplu's") }()
		synctest.Wait()

		_, _, err := h.Verify(t.Context(), "", "vier natte paraplu's")
		if !errors.Is(err, errs.ErrUnavailable) || errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Verify() after the wait = %v, want %v", err, errs.ErrUnavailable)
		}

		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := h.Hash(ctx, "vier natte paraplu's"); !errors.Is(err, errs.ErrUnavailable) || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Hash() after the caller's deadline = %v, want %v and the deadline", err, errs.ErrUnavailable)
		}
		if n := h.Computations(); n != 1 {
			t.Errorf("%d computations, want only the one inside", n)
		}

		waiting := make(chan error, 1)
		go func() {
			_, err := h.Hash(t.Context(), "vier natte paraplu's")
			waiting <- err
		}()
		synctest.Wait()
		s.end <- struct{}{}
		s.end <- struct{}{}
		if err := <-waiting; err != nil {
			t.Errorf("Hash() with a slot in time = %v, want nil", err)
		}
	})
}

func TestEndedContextComputesNothing(t *testing.T) {
	t.Parallel()
	h := newHasher(t, Config{})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := h.Hash(ctx, "vier natte paraplu's"); !errors.Is(err, context.Canceled) || !errors.Is(err, errs.ErrUnavailable) {
		t.Errorf("Hash() with a cancelled context = %v, want %v and the cause", err, errs.ErrUnavailable)
	}
	if n := h.Computations(); n != 0 {
		t.Errorf("Computations() = %d, want 0", n)
	}
}

func TestPanicGivesTheSlotBack(t *testing.T) {
	t.Parallel()
	h := newHasher(t, Config{Parallel: 1})
	derive := h.derive
	h.derive = func([]byte, []byte, uint32, uint32, uint8, uint32) []byte { panic("out of luck") }
	func() {
		defer func() { _ = recover() }()
		_, _ = h.Hash(t.Context(), "vier natte paraplu's")
	}()
	h.derive = derive
	if len(h.gate.slots) != 0 {
		t.Error("the slot was not freed")
	}
}
