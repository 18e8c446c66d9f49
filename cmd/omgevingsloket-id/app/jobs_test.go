package app

import (
	"context"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"
)

// A run that has begun when the server stops finishes, and none begins after it.
func TestW6_JobsFinish(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := &App{Log: slog.New(slog.DiscardHandler), Now: time.Now}
		finished := 0
		j := &Job{Name: "slow", Pause: time.Second, Run: func(ctx context.Context) error {
			select {
			case <-ctx.Done():
				return ctx.Err()
			case <-time.After(10 * time.Second):
				finished++
				return nil
			}
		}}
		work, stop := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { a.repeat(work, t.Context(), j); close(done) }()
		time.Sleep(2 * time.Second)
		stop()
		<-done
		if finished != 1 {
			t.Errorf("%d runs finished, want 1", finished)
		}
	})
}
