package password

import (
	"context"
	"errors"
	"runtime"
	"strconv"
	"strings"
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
	if n := h.gate.computing; n != 0 {
		t.Errorf("%d slots are taken, want none", n)
	}
}

// enter has reserve wait for its turn in the background, and says which one it
// was when it comes.
func enter(t *testing.T, h *Hasher, known, name string, order *[]string) (release func()) {
	t.Helper()
	ctx, release, err := h.Reserve(t.Context(), known)
	if err != nil {
		t.Fatalf("Reserve(%q) for %s: %v", known, name, err)
	}
	p := ctx.Value(reservedKey{}).(*place)
	go func() {
		if p.enter(ctx) == nil {
			*order = append(*order, name)
		}
	}()
	synctest.Wait()
	return release
}

// Who would not be served in time is refused at once, and told when those
// before it are done.
func TestDO01_FullQueueRefusesAtOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := newHasher(t, Config{Parallel: 2, Wait: 2 * time.Second})
		h.gate.mean = 500 * time.Millisecond
		var places int
		var err error
		for err == nil {
			if _, _, err = h.Reserve(t.Context(), ""); err == nil {
				places++
			}
		}
		// The last one waits for eight others: four computations of two each.
		if places != 9 {
			t.Errorf("%d places, want 9", places)
		}
		busy, ok := errors.AsType[*Busy](err)
		if !ok || !errors.Is(err, errs.ErrUnavailable) || busy.Retry != 3*time.Second {
			t.Errorf("Reserve() = %v, want a Busy of 3s (9 of 0.5s, two at once)", err)
		}
		began := time.Now()
		if _, err := h.Hash(t.Context(), "vier natte paraplu's"); !errors.Is(err, errs.ErrUnavailable) || h.Computations() != 0 || !time.Now().Equal(began) {
			t.Errorf("Hash() without a place = %v after %v and %d computations, want a Busy at once", err, time.Since(began), h.Computations())
		}
	})
}

// A gate with a free slot refuses nobody, however long a computation takes.
func TestFreeSlotAdmits(t *testing.T) {
	t.Parallel()
	h := newHasher(t, Config{Parallel: 2, Wait: time.Second})
	h.gate.mean = time.Hour
	for free := 2; free > 0; free-- {
		if _, _, err := h.Reserve(t.Context(), ""); err != nil {
			t.Errorf("Reserve() with %d free slots = %v, want a place", free, err)
		}
	}
	if _, _, err := h.Reserve(t.Context(), ""); err == nil {
		t.Error("Reserve() without a free slot returns a place, want a Busy")
	}
}

// The length of the queue and Retry-After follow the time that computations take;
// Retry-After is between 1 s and 1 min. A clock that was set changes the length
// for a while, and not beyond bounds.
func TestRetry(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		took     time.Duration // of each computation
		wait     time.Duration
		computed int
		want     time.Duration
		places   int
	}{
		"nothing measured":     {0, time.Second, 0, 2 * time.Second, 21},
		"quick":                {10 * time.Millisecond, time.Second, 100, 2 * time.Second, 100},
		"no time at all":       {0, 100 * time.Millisecond, 200, time.Second, 101},
		"slow":                 {3 * time.Second, 20 * time.Second, 100, 21 * time.Second, 7},
		"slower than allowed":  {time.Hour, 5 * time.Minute, 100, time.Minute, 2},
		"a clock set forwards": {24 * time.Hour, 10 * time.Second, 1, 11 * time.Second, 8},
		"a clock set back":     {-time.Hour, time.Second, 1, 2 * time.Second, 23},
	} {
		now := time.Unix(0, 0)
		h := newHasher(t, Config{Parallel: 1, Wait: c.wait, Now: func() time.Time { return now }})
		h.derive = func([]byte, []byte, uint32, uint32, uint8, uint32) []byte {
			now = now.Add(c.took)
			return make([]byte, keyBytes)
		}
		for range c.computed {
			if _, err := h.Hash(t.Context(), "vier natte paraplu's"); err != nil {
				t.Fatalf("%s: Hash() = %v", name, err)
			}
		}
		var err error
		places := -1
		for ; err == nil; places++ {
			_, _, err = h.Reserve(t.Context(), "")
		}
		if busy, ok := errors.AsType[*Busy](err); !ok || busy.Retry != c.want || places != c.places {
			t.Errorf("%s: Reserve() = %v after %d places, want a Busy of %v after %d", name, err, places, c.want, c.places)
		}
	}
	if got := newHasher(t, Config{}).gate.busy().Retry; got != time.Second {
		t.Errorf("Retry of an empty queue = %v, want 1s", got)
	}
}

// A place that was left is not left again by the next one of its browser.
func TestLeavingTwice(t *testing.T) {
	t.Parallel()
	h := newHasher(t, Config{Parallel: 1})
	_, first, err := h.Reserve(t.Context(), "a browser")
	if err != nil {
		t.Fatal(err)
	}
	first()
	if _, _, err := h.Reserve(t.Context(), "a browser"); err != nil {
		t.Fatal(err)
	}
	first()
	if len(h.gate.held) != 1 || h.gate.places != [2]int{1, 0} {
		t.Errorf("%v have %v places, want the second place", h.gate.held, h.gate.places)
	}
}

// A place is for one computation: a second one of the same request has its own.
func TestOnePlaceOneComputation(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h, s := slowHasher(t, 1)
		ctx, release, err := h.Reserve(t.Context(), "a browser")
		if err != nil {
			t.Fatal(err)
		}
		defer release()
		for range 2 {
			go func() { _, _ = h.Hash(ctx, "vier natte paraplu's") }()
			synctest.Wait()
		}
		if s.running.Load() != 1 || h.gate.places != [2]int{0, 1} {
			t.Errorf("%d computations, %v places, want one, and the place of a stranger", s.running.Load(), h.gate.places)
		}
		s.end <- struct{}{}
		s.end <- struct{}{}
	})
	h := newHasher(t, Config{})
	ctx, _, err := h.Reserve(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	if p := ctx.Value(reservedKey{}).(*place); !p.take() || p.take() {
		t.Error("a place is not taken once")
	}
}

// A place is freed in whatever way its request ends, and leaving twice frees
// nothing of another one.
func TestPlacesAreFreed(t *testing.T) {
	t.Parallel()
	ended, cancel := context.WithCancel(context.Background())
	cancel()
	for name, use := range map[string]func(h *Hasher, ctx context.Context, release func()){
		"unused":      func(*Hasher, context.Context, func()) {},
		"twice":       func(_ *Hasher, _ context.Context, release func()) { release() },
		"hashed":      func(h *Hasher, ctx context.Context, _ func()) { _, _ = h.Hash(ctx, "vier natte paraplu's") },
		"hashed more": func(h *Hasher, ctx context.Context, _ func()) { _, _ = h.Hash(ctx, "een"); _, _ = h.Hash(ctx, "twee") },
		"no password": func(h *Hasher, ctx context.Context, _ func()) { _, _ = h.Hash(ctx, "") },
		"no hash":     func(h *Hasher, ctx context.Context, _ func()) { _, _, _ = h.Verify(ctx, "$argon2id$", "een") },
		"ended": func(h *Hasher, ctx context.Context, _ func()) {
			_, _ = h.Hash(context.WithValue(ended, reservedKey{}, ctx.Value(reservedKey{})), "een")
		},
		"panic": func(h *Hasher, ctx context.Context, _ func()) {
			defer func() { _ = recover() }()
			derive := h.derive
			defer func() { h.derive = derive }()
			h.derive = func([]byte, []byte, uint32, uint32, uint8, uint32) []byte { panic("out of luck") }
			_, _ = h.Hash(ctx, "een")
		},
	} {
		h := newHasher(t, Config{Parallel: 1})
		ctx, release, err := h.Reserve(t.Context(), "a browser")
		if err != nil {
			t.Fatal(err)
		}
		_, other, err := h.Reserve(t.Context(), "")
		if err != nil {
			t.Fatal(err)
		}
		use(h, ctx, release)
		release()
		release()
		if g := h.gate; g.computing != 0 || g.places != [2]int{0, 1} || len(g.held) != 0 || len(g.waiting[byKnown])+len(g.waiting[byStranger]) != 0 {
			t.Errorf("%s: %d slots, %v places and %v are left, want the place of another one alone", name, g.computing, g.places, g.held)
		}
		other()
		if h.gate.places != [2]int{} {
			t.Errorf("%s: %v places are left, want none", name, h.gate.places)
		}
	}
}

// A request that ends while it waits leaves the queue, and the one behind it is
// served.
func TestWaitingEndsWithItsContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h, s := slowHasher(t, 1)
		go func() { _, _ = h.Hash(t.Context(), "vier natte paraplu's") }()
		synctest.Wait()
		ctx, cancel := context.WithCancel(t.Context())
		left := make(chan error, 1)
		go func() {
			_, err := h.Hash(ctx, "vier natte paraplu's")
			left <- err
		}()
		synctest.Wait()
		cancel()
		if err := <-left; !errors.Is(err, context.Canceled) || h.gate.places != [2]int{} || len(h.gate.waiting[byStranger]) != 0 {
			t.Errorf("Hash() = %v with %v places left, want %v and none", err, h.gate.places, context.Canceled)
		}
		s.end <- struct{}{}
		synctest.Wait()
		if h.gate.computing != 0 || h.Computations() != 1 {
			t.Errorf("%d slots are taken after %d computations, want none after 1", h.gate.computing, h.Computations())
		}
	})
}

// Known browsers go before strangers, of whom one goes after every three.
func TestKnownBrowsersFirst(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := newHasher(t, Config{Parallel: 1, Wait: time.Minute})
		var order []string
		releases := map[string]func(){}
		for _, name := range []string{"first", "s1", "s2", "s3", "k1", "k2", "k3", "k4", "k5"} {
			known := ""
			if name[0] == 'k' {
				known = name
			}
			releases[name] = enter(t, h, known, name, &order)
		}
		for served := 1; served <= len(releases); served++ {
			if len(order) != served {
				t.Fatalf("%v began, want %d", order, served)
			}
			releases[order[served-1]]()
			synctest.Wait()
		}
		if got := strings.Join(order, " "); got != "first k1 k2 k3 s1 k4 k5 s2 s3" {
			t.Errorf("served in the order %s, want every fourth a stranger", got)
		}
	})
}

// A queue that strangers have filled admits known browsers, each once.
func TestFullQueueAdmitsKnownBrowsers(t *testing.T) {
	t.Parallel()
	h := newHasher(t, Config{Parallel: 1})
	var err error
	for err == nil {
		_, _, err = h.Reserve(t.Context(), "")
	}
	_, release, err := h.Reserve(t.Context(), "a browser")
	if err != nil {
		t.Fatalf("Reserve(known) = %v, want a place", err)
	}
	if _, _, err := h.Reserve(t.Context(), "a browser"); !errors.Is(err, errs.ErrUnavailable) {
		t.Errorf("Reserve() of the same browser = %v, want a Busy, as a stranger's", err)
	}
	if _, _, err := h.Reserve(t.Context(), "another browser"); err != nil {
		t.Errorf("Reserve() of another browser = %v, want a place", err)
	}
	release()
	if _, _, err := h.Reserve(t.Context(), "a browser"); err != nil {
		t.Errorf("Reserve() of a browser whose place is freed = %v, want a place", err)
	}
	most := int(2*time.Second/firstMean) * 2
	for n := 0; err == nil; n++ {
		if _, _, err = h.Reserve(t.Context(), strconv.Itoa(n)); n > most {
			t.Fatalf("more than %d known browsers wait", most)
		}
	}
}

// One processor is free while passwords are hashed.
func TestParallelLeavesAProcessor(t *testing.T) {
	t.Parallel()
	if got, want := newHasher(t, Config{}).gate.parallel, max(1, runtime.GOMAXPROCS(0)-1); got != want {
		t.Errorf("%d computations at once with %d processors, want %d", got, runtime.GOMAXPROCS(0), want)
	}
}
