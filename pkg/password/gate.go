package password

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"omgevingsloket-id/pkg/errs"
)

const (
	// firstMean is taken for the time of a computation before one has ended.
	firstMean = 50 * time.Millisecond
	// leastMean bounds the queue where a computation takes no time.
	leastMean = time.Millisecond
	// meanOver is the number of computations that the moving mean is over.
	meanOver = 8
	// knownInRow is how many computations of known browsers begin before one of
	// a stranger does, while both wait.
	knownInRow = 3

	leastRetry = time.Second
	mostRetry  = time.Minute
)

// Busy is the error of a computation that is not made because too many others
// are asked for. It wraps errs.ErrUnavailable.
type Busy struct {
	// Retry is the time after which those that were asked for are done: whole
	// seconds, 1 s to 1 min.
	Retry time.Duration
}

func (b *Busy) Error() string {
	return fmt.Sprintf("password: too many hash computations, try again after %v", b.Retry)
}

// Unwrap returns errs.ErrUnavailable.
func (b *Busy) Unwrap() error { return errs.ErrUnavailable }

// gate limits the number of concurrent computations, and the queue for them to
// what can be computed within wait: a computation that would have to wait longer is
// refused at once.
//
//	reserve ─► reserved ─► enter ─► waiting ─► computing ─► leave
//	   └─► Busy               └─ Busy, after wait
//
// Known browsers come before strangers, who get every fourth slot (knownInRow).
type gate struct {
	parallel int
	wait     time.Duration
	now      func() time.Time

	mu        sync.Mutex
	mean      time.Duration
	computing int
	places    [2]int // of each class, reserved or waiting
	waiting   [2][]*place
	row       int                 // known browsers in a row that began
	held      map[string]struct{} // names that have a place
}

// The classes of places.
const (
	byKnown = iota
	byStranger
)

// place is a place in the queue, for one computation.
type place struct {
	gate  *gate
	class int
	name  string        // of those that are known; "" for a stranger
	turn  chan struct{} // closed when it may compute
	stage stage         // guarded by gate.mu
	taken bool          // by a computation; guarded by gate.mu
	began time.Time     // of the computation
}

type stage int

const (
	reserved stage = iota
	waiting
	computing
	gone
)

func newGate(parallel int, wait time.Duration, now func() time.Time) *gate {
	return &gate{parallel: parallel, wait: wait, now: now, mean: firstMean, held: map[string]struct{}{}}
}

// reserve returns a place in the queue, or a Busy if its turn would not come in
// time. known is the name that a known browser belongs to; "" is a stranger, and a
// name that has a place already counts as one. It does not wait. The caller calls
// leave.
func (g *gate) reserve(known string) (*place, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if _, twice := g.held[known]; twice {
		known = ""
	}
	p := &place{gate: g, class: byStranger, name: known, turn: make(chan struct{})}
	ahead := g.places[byKnown] + g.places[byStranger]
	if known != "" {
		p.class = byKnown
		ahead = g.places[byKnown] + min(g.places[byStranger], g.places[byKnown]/knownInRow+1)
	}
	if g.computing+ahead >= g.parallel && g.takes(g.computing+ahead) > g.wait {
		return nil, g.busy()
	}
	if known != "" {
		g.held[known] = struct{}{}
	}
	g.places[p.class]++
	return p, nil
}

// takes returns how long this many computations take.
func (g *gate) takes(computations int) time.Duration {
	return max(g.mean, leastMean) * time.Duration(computations) / time.Duration(g.parallel)
}

func (g *gate) busy() *Busy {
	all := g.takes(g.computing + g.places[byKnown] + g.places[byStranger])
	return &Busy{Retry: min(max((all+time.Second-1).Truncate(time.Second), leastRetry), mostRetry)}
}

// enter waits until p may compute. The errors are a Busy after the gate's wait
// and, when ctx ended, one that wraps its error and errs.ErrUnavailable; p is
// gone then.
func (p *place) enter(ctx context.Context) error {
	g := p.gate
	if err := ctx.Err(); err != nil {
		p.leave()
		return notHashed(err)
	}
	if g.begin(p) {
		return nil
	}
	timer := time.NewTimer(g.wait)
	defer timer.Stop()
	select {
	case <-p.turn:
		return nil
	case <-timer.C:
		p.leave()
		g.mu.Lock()
		defer g.mu.Unlock()
		return g.busy()
	case <-ctx.Done():
		p.leave()
		return notHashed(ctx.Err())
	}
}

// take takes p for a computation. It reports whether p was reserved and not taken.
func (p *place) take() bool {
	p.gate.mu.Lock()
	defer p.gate.mu.Unlock()
	if p.taken || p.stage != reserved {
		return false
	}
	p.taken = true
	return true
}

func notHashed(cause error) error {
	return fmt.Errorf("password: not hashed: %w: %w", errs.ErrUnavailable, cause)
}

// begin reports whether p has a slot; otherwise p waits for one.
func (g *gate) begin(p *place) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.waiting[p.class] = append(g.waiting[p.class], p)
	p.stage = waiting
	g.fill()
	return p.stage == computing
}

// fill assigns the free slots to the places that wait.
func (g *gate) fill() {
	for g.computing < g.parallel {
		class := byKnown
		if len(g.waiting[byKnown]) == 0 || len(g.waiting[byStranger]) > 0 && g.row >= knownInRow {
			class = byStranger
		}
		if len(g.waiting[class]) == 0 {
			return
		}
		if g.row++; class == byStranger {
			g.row = 0
		}
		p := g.waiting[class][0]
		g.waiting[class] = slices.Delete(g.waiting[class], 0, 1)
		g.places[class]--
		g.computing++
		p.stage, p.began = computing, g.now()
		close(p.turn)
	}
}

// done adds the computation of p, which has ended, to the mean.
func (p *place) done() {
	g := p.gate
	g.mu.Lock()
	defer g.mu.Unlock()
	// A clock that was set must not close the gate for long.
	took := min(max(g.now().Sub(p.began), 0), g.wait)
	g.mean += (took - g.mean) / meanOver
}

// leave frees the place or slot that p has, if it has one.
func (p *place) leave() {
	g := p.gate
	g.mu.Lock()
	defer g.mu.Unlock()
	switch p.stage {
	case gone:
		return
	case waiting:
		g.waiting[p.class] = slices.DeleteFunc(g.waiting[p.class], func(q *place) bool { return q == p })
		g.places[p.class]--
	case reserved:
		g.places[p.class]--
	case computing:
		g.computing--
	}
	p.stage = gone
	if p.name != "" {
		delete(g.held, p.name)
	}
	g.fill()
}
