package password

import (
	"context"
	"fmt"
	"time"

	"omgevingsloket-id/pkg/errs"
)

// gate lets a fixed number of computations in. Whoever waits longer than wait is
// turned away, so the queue is never longer than what arrives in that time, and
// whoever is let in can still be answered before a browser gives up.
type gate struct {
	slots chan struct{}
	wait  time.Duration
}

func newGate(parallel int, wait time.Duration) gate {
	return gate{slots: make(chan struct{}, parallel), wait: wait}
}

// enter returns nil once a slot is held, which leave gives back. Its errors
// satisfy errs.ErrUnavailable; when ctx ended, also ctx's own error.
func (g gate) enter(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("password: not hashed: %w: %w", errs.ErrUnavailable, err)
	}
	select {
	case g.slots <- struct{}{}:
		return nil
	default:
	}
	timer := time.NewTimer(g.wait)
	defer timer.Stop()
	select {
	case g.slots <- struct{}{}:
		return nil
	case <-timer.C:
		return fmt.Errorf("password: too many hash computations: %w", errs.ErrUnavailable)
	case <-ctx.Done():
		return fmt.Errorf("password: not hashed: %w: %w", errs.ErrUnavailable, ctx.Err())
	}
}

func (g gate) leave() { <-g.slots }
