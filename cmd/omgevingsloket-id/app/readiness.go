package app

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"omgevingsloket-id/storage/redis"
	"omgevingsloket-id/storage/sql"
)

const (
	// probeTime bounds the probes of one check, which run concurrently.
	probeTime = 2 * time.Second
	// probePause is how long the result of a check is used, because a check writes.
	probePause = time.Second
)

// fault is a store that cannot be used, and why.
type fault struct {
	Store  string `json:"store"`
	Reason string `json:"reason"`
}

// probe writes to one store.
type probe struct {
	store  string
	write  func(context.Context) error
	reason func(error) string
}

// readiness checks whether the stores can be written, at most once in probePause,
// also for concurrent calls.
type readiness struct {
	probes []probe
	fits   func(context.Context) error // whether the schema is that of this binary
	log    *slog.Logger

	mu    sync.Mutex
	until time.Time // the result is used until then
	last  []fault
}

func newReadiness(s *Stores, log *slog.Logger) *readiness {
	r := &readiness{fits: s.DB.Fits, log: log, probes: []probe{{"sql", s.DB.Probe, sql.Reason}}}
	if s.redis != nil {
		r.probes = append(r.probes, probe{"redis", s.redis.Probe, redis.Reason})
	}
	return r
}

// faults returns the stores that cannot be used, none if all can.
func (r *readiness) faults(ctx context.Context) []fault {
	if found := r.unwritable(ctx); len(found) > 0 {
		return found
	}
	ctx, cancel := context.WithTimeout(ctx, probeTime)
	defer cancel()
	if err := r.fits(ctx); err != nil {
		return []fault{r.found("sql", err, sql.Reason)}
	}
	return nil
}

// unwritable returns the stores that cannot be written.
func (r *readiness) unwritable(ctx context.Context) []fault {
	r.mu.Lock()
	defer r.mu.Unlock()
	// The real clock, not that of the application, because this only spares the stores.
	if time.Now().Before(r.until) {
		return r.last
	}
	// Other callers use the result too, so a caller that goes away must not end the check.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), probeTime)
	defer cancel()
	failed := make([]error, len(r.probes))
	var running sync.WaitGroup
	for i, p := range r.probes {
		running.Go(func() { failed[i] = p.write(ctx) })
	}
	running.Wait()
	r.last = nil
	for i, p := range r.probes {
		if failed[i] != nil {
			r.last = append(r.last, r.found(p.store, failed[i], p.reason))
		}
	}
	r.until = time.Now().Add(probePause)
	return r.last
}

func (r *readiness) found(store string, err error, reason func(error) string) fault {
	r.log.Warn("not ready", "store", store, "error", err.Error())
	return fault{store, reason(err)}
}
