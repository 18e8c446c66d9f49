package password

import (
	"context"
	"fmt"
	"time"

	"omgevingsloket-id/pkg/errs"
)

// gate limits the number of concurrent computations. A caller that waits
// longer than wait is refused, so that the queue stays short and the others
// are served before a browser gives up.
type gate struct {
	slots chan struct{}
	wait  time.Duration
}

func newGate(parallel int, wait time.Duration) gate {
	return gate{slots: make(chan struct{}, parallel), wait: wait}
}

// enter waits for a slot, which leave frees. Its errors wrap
// errs.ErrUnavailable and, when ctx ended, the error of ctx.
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
