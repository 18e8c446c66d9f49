package load

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"
)

// result is what a phase measured.
type result struct {
	requests, failures int
	first              error // of the failures
	elapsed            time.Duration
	times              []time.Duration // of the requests, ascending
	server, stores     time.Duration   // CPU time
	memory             int64           // most RAM of the server, in bytes
	objects            float64         // that the product allocated
}

// cost returns the CPU time of one request, of server and stores, in milliseconds.
func (r result) cost() float64 {
	return (r.server + r.stores).Seconds() * 1000 / float64(max(r.requests, 1))
}

// allocations returns the objects that the product allocated for one request.
func (r result) allocations() float64 { return r.objects / float64(max(r.requests, 1)) }

// rate returns the requests of a second.
func (r result) rate() float64 { return float64(r.requests) / r.elapsed.Seconds() }

// percentile returns the time within which p percent of the requests were answered, in milliseconds.
func (r result) percentile(p int) float64 {
	if len(r.times) == 0 {
		return 0
	}
	return r.times[(len(r.times)*p+99)/100-1].Seconds() * 1000
}

// errDone is returned by a call that has nothing left to do; it is no failure, and no request.
var errDone = errors.New("nothing left to do")

// call sends the requests that are counted as one, and checks the responses.
type call func(ctx context.Context) error

// tally collects the requests of a phase.
type tally struct {
	mu sync.Mutex
	result
}

func (t *tally) add(took time.Duration, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.requests++
	t.times = append(t.times, took)
	if err != nil {
		t.failures++
		if t.first == nil {
			t.first = err
		}
	}
}

// closed has so many clients make a call, each one again as soon as it has an answer, for a time or until
// nothing is left to do.
func closed(ctx context.Context, clients int, d time.Duration, c call) result {
	var t tally
	var wg sync.WaitGroup
	begin := time.Now()
	for range clients {
		wg.Go(func() {
			for ctx.Err() == nil && time.Since(begin) < d {
				start := time.Now()
				err := c(ctx)
				if errors.Is(err, errDone) {
					return
				}
				t.add(time.Since(start), err)
			}
		})
	}
	wg.Wait()
	t.elapsed = time.Since(begin)
	return t.result
}

// open begins so many calls a second, however many are under way, for a time. A call's time is counted from
// when it had to begin.
func open(ctx context.Context, rate float64, d time.Duration, c call) result {
	var t tally
	var wg sync.WaitGroup
	begin := time.Now()
	for i := 0; ; i++ {
		due := begin.Add(time.Duration(float64(i) / rate * float64(time.Second)))
		if due.Sub(begin) >= d || ctx.Err() != nil {
			break
		}
		time.Sleep(time.Until(due))
		wg.Go(func() { err := c(ctx); t.add(time.Since(due), err) })
	}
	wg.Wait()
	t.elapsed = time.Since(begin)
	return t.result
}

// measured runs a phase of a party and adds what it cost.
func measured(p *party, run func() result) result {
	stop, most := make(chan struct{}), make(chan int64)
	go func() {
		memory := rss(p.server)
		for {
			select {
			case <-stop:
				most <- memory
				return
			case <-time.After(100 * time.Millisecond):
				memory = max(memory, rss(p.server))
			}
		}
	}()
	var objects [3]float64
	if p.allocated != nil {
		objects[0], objects[1] = p.allocated(), p.allocated() // counting allocates too
	}
	server, stores := cpu(p.server), cpu(p.stores...)
	r := run()
	r.server, r.stores = cpu(p.server)-server, cpu(p.stores...)-stores
	if p.allocated != nil {
		objects[2] = p.allocated()
		r.objects = objects[2] - objects[1] - (objects[1] - objects[0])
	}
	close(stop)
	r.memory = <-most
	slices.Sort(r.times)
	return r
}

// plan is how long and how hard parties are loaded.
type plan struct {
	phase   time.Duration
	clients int     // of a closed phase
	codes   int     // that are prepared for one phase; fewer, if they take longer than gathering
	logins  float64 // whole logins that begin in a second
}

// gathering is the time for codes to be prepared, which live for a minute.
const gathering = 20 * time.Second

// phase is a row of the table: a call, and how it is made. A party does them in this order.
type phase struct {
	name    string
	only    string // the party that can do it; "" = every one
	prepare func(context.Context, *party, plan) error
	run     func(context.Context, *party, plan) result
}

// Refresh and introspection become rows here with the calls that they need.
var phases = []phase{
	{name: "hello", only: yardstick, run: steady((*party).hello)},
	{name: "discovery", run: steady((*party).discovery)},
	{name: "JWKS", run: steady((*party).jwks)},
	{name: "login page", only: product, prepare: toLogin, run: steady((*party).loginPage)},
	{name: "silent SSO", run: steady((*party).silent)},
	{name: "exchange RS256", prepare: codes("RS256"), run: steady((*party).redeem)},
	{name: "exchange ES256", prepare: codes("ES256"), run: steady((*party).redeem)},
	{name: "userinfo", run: steady((*party).userinfo)}, // with the tokens of the phase before
	{name: "SSO + exchange", run: pairs(1)},
	{name: "SSO + exchange, crowded", run: pairs(crowd)},
	{name: wholeLogins, only: product, run: func(ctx context.Context, p *party, l plan) result {
		return open(ctx, l.logins, l.phase, p.wholeLogin)
	}},
}

// wholeLogins is the name of the phase of logins with a password.
const wholeLogins = "whole login"

// crowd is how many times as many clients there are where it is crowded.
const crowd = 8

// do has a party do a phase.
func (f phase) do(ctx context.Context, p *party, l plan) (result, error) {
	if f.prepare != nil {
		if err := f.prepare(ctx, p, l); err != nil {
			return result{}, err
		}
	}
	if p.watch != nil {
		defer p.watch()()
	}
	r := measured(p, func() result { return f.run(ctx, p, l) })
	p.verify(ctx, &r)
	if r.requests == 0 {
		return r, errors.New("nothing was done")
	}
	return r, r.first
}

// steady returns a closed phase of one call.
func steady(c func(*party, context.Context) error) func(context.Context, *party, plan) result {
	return func(ctx context.Context, p *party, l plan) result {
		return closed(ctx, l.clients, l.phase, func(ctx context.Context) error { return c(p, ctx) })
	}
}

// codes returns the preparation of codes for one phase.
func codes(alg string) func(context.Context, *party, plan) error {
	return func(ctx context.Context, p *party, l plan) error {
		p.codes.list = nil
		return closed(ctx, l.clients, gathering, func(ctx context.Context) error {
			if p.codes.len() >= l.codes {
				return errDone
			}
			c, err := p.authorize(ctx, alg)
			if err == nil {
				p.codes.put(c)
			}
			return err
		}).first
	}
}

// pairs returns the phase of a silent login and the exchange of its code, by so many times the clients.
func pairs(times int) func(context.Context, *party, plan) result {
	return func(ctx context.Context, p *party, l plan) result {
		l.clients *= times
		return steady((*party).pair)(ctx, p, l)
	}
}

// pool is a list that the clients of a phase share.
type pool[T any] struct {
	mu   sync.Mutex
	list []T
}

func (p *pool[T]) put(v T) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.list = append(p.list, v)
}

// take removes the first one.
func (p *pool[T]) take() (v T, ok bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.list) == 0 {
		return v, false
	}
	v, p.list = p.list[0], p.list[1:]
	return v, true
}

// len returns how many there are.
func (p *pool[T]) len() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.list)
}

// turn returns the first one, which becomes the last.
func (p *pool[T]) turn() (v T, ok bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.list) == 0 {
		return v, false
	}
	v = p.list[0]
	p.list = append(p.list[1:], v)
	return v, true
}
