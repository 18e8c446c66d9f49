package app

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// However many ask, the stores are written once a second, and a store that hangs
// is a fault.
func TestW4_ReadinessIsCheap(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var writes atomic.Int64
		hangs := false
		r := &readiness{
			log: slog.New(slog.DiscardHandler), fits: func(context.Context) error { return nil },
			probes: []probe{{"sql", func(ctx context.Context) error {
				writes.Add(1)
				if hangs {
					<-ctx.Done()
				}
				return ctx.Err()
			}, func(error) string { return "hangs" }}},
		}
		look := func(crowd int) (found []fault) {
			var all sync.WaitGroup
			var mu sync.Mutex
			for range crowd {
				all.Go(func() {
					faults := r.faults(t.Context())
					mu.Lock()
					defer mu.Unlock()
					found = faults
				})
			}
			all.Wait()
			return found
		}
		if found := look(100); len(found) != 0 || writes.Load() != 1 {
			t.Errorf("faults %v after %d writes, want none after 1", found, writes.Load())
		}
		hangs = true
		time.Sleep(probePause)
		if found := look(1); !slices.Equal(found, []fault{{"sql", "hangs"}}) || writes.Load() != 2 {
			t.Errorf("faults %v after %d writes, want one after 2", found, writes.Load())
		}
		hangs = false
		time.Sleep(probePause)
		r.fits = func(context.Context) error { return errors.New("schema") }
		if found := look(100); !slices.Equal(found, []fault{{"sql", "does not answer"}}) {
			t.Errorf("faults with another schema: %v", found)
		}
	})
}
