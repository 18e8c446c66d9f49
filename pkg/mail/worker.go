package mail

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"
)

// The pauses after a failure: 15 s, 30 s, 1 min, … up to an hour, each varied
// by up to a fifth, so that a relay that is back is not overloaded. A hundred
// attempts take about four days.
const (
	firstPause   = 15 * time.Second
	longestPause = time.Hour
	mostAttempts = 100

	storeTimeout = 5 * time.Second // time limit for storing an outcome
)

// Worker sends the messages of the outbox. Several servers may have one on the
// same outbox. Delivery is at least once: if a server stops between the
// relay's reply and storing the outcome, a second copy with the same
// Message-ID is sent.
type Worker struct {
	Outbox Outbox
	Sender Sender
	Now    func() time.Time
	Log    *slog.Logger

	// Observe is called after each attempt, for metrics, with the kind of
	// message and "sent", "later" or "dropped". It may be nil.
	Observe func(kind, outcome string)

	// OnRead is called after each read of the outbox, with the error of the
	// store. It may be nil.
	OnRead func(error)

	// Rand returns a number in [0, 1), for the pauses. nil = math/rand.
	Rand func() float64

	Parallel int           // messages at once; 0 = 8
	Spare    int           // more of them, only for messages that expire; 0 = 4
	Every    time.Duration // pause between two reads without a Kick; 0 = 5 s
	Delivery time.Duration // time limit for sending a message; 0 = 30 s
	Drain    time.Duration // how long to go on after ctx ends; 0 = 5 s

	once    sync.Once
	kick    chan struct{}
	freed   chan struct{} // a message ended
	places  [2]atomic.Int64
	running sync.WaitGroup
}

// The two kinds of places: for any message, and for one that expires, such as a
// code for which a person waits. So notices that hang leave places for codes.
const (
	anyPlace = iota
	sparePlace
)

// Kick makes the worker read the outbox now. Call it after the commit of a
// transaction that added a message. It never blocks.
func (w *Worker) Kick() {
	w.defaults()
	select {
	case w.kick <- struct{}{}:
	default: // a kick is pending
	}
}

// Pause returns the time between two reads of the outbox without a Kick.
func (w *Worker) Pause() time.Duration {
	w.defaults()
	return w.Every
}

func (w *Worker) defaults() {
	w.once.Do(func() {
		w.kick, w.freed = make(chan struct{}, 1), make(chan struct{}, 1)
		if w.Rand == nil {
			w.Rand = rand.Float64
		}
		if w.Parallel == 0 {
			w.Parallel = 8
		}
		if w.Every == 0 {
			w.Every = 5 * time.Second
		}
		if w.Spare == 0 {
			w.Spare = 4
		}
		if w.Delivery == 0 {
			w.Delivery = 30 * time.Second
		}
		if w.Drain == 0 {
			w.Drain = 5 * time.Second
		}
		w.places[anyPlace].Store(int64(w.Parallel))
		w.places[sparePlace].Store(int64(w.Spare))
	})
}

// Run sends messages until ctx ends. Then it finishes what it has begun, sends
// due messages for at most Drain, and returns nil. Errors of the store are
// logged, and the store is tried again later.
func (w *Worker) Run(ctx context.Context) error {
	w.defaults()
	whole := context.WithoutCancel(ctx)
	for ctx.Err() == nil {
		if w.fill(whole) {
			continue
		}
		select {
		case <-ctx.Done():
		case <-w.kick:
		case <-w.freed:
		case <-time.After(w.Every):
		}
	}
	last, cancel := context.WithTimeout(whole, w.Drain)
	defer cancel()
	for last.Err() == nil {
		if w.fill(whole) {
			continue
		}
		if w.places[anyPlace].Load() > 0 {
			break // nothing is due
		}
		select {
		case <-last.Done():
		case <-w.freed:
		}
	}
	w.running.Wait()
	return nil
}

// fill takes due messages for the free places and begins to send them. It
// reports whether there may be more.
func (w *Worker) fill(ctx context.Context) bool {
	take, kind := w.Outbox.Take, anyPlace
	if w.places[anyPlace].Load() == 0 {
		take, kind = w.Outbox.TakeExpiring, sparePlace
	}
	free := int(w.places[kind].Load())
	if free == 0 {
		return false
	}
	items, err := take(ctx, w.Now(), w.lease(), free)
	if w.OnRead != nil {
		w.OnRead(err)
	}
	if err != nil {
		w.Log.Error("mail: outbox does not answer", "error", err)
		return false
	}
	w.places[kind].Add(-int64(len(items)))
	for _, item := range items {
		w.running.Go(func() {
			w.handle(ctx, item)
			w.places[kind].Add(1)
			select {
			case w.freed <- struct{}{}:
			default:
			}
		})
	}
	return len(items) == free
}

// lease returns how long no other worker takes a message: as long as sending it and
// storing the outcome can take, because the mail of a server that ended waits for it.
func (w *Worker) lease() time.Duration { return w.Delivery + storeTimeout }

// handle sends a message and stores the outcome. If storing fails, the lease
// ends and the message is sent again.
func (w *Worker) handle(ctx context.Context, item Item) {
	log := w.Log.With("mail", item.ID, "kind", item.Kind, "attempt", item.Attempts+1)
	outcome, err := w.attempt(ctx, item, log)
	if err != nil {
		log.Error("mail: outcome not noted; it is tried again", "outcome", outcome, "error", err)
		return
	}
	if w.Observe != nil {
		w.Observe(item.Kind, outcome)
	}
}

func (w *Worker) attempt(ctx context.Context, item Item, log *slog.Logger) (outcome string, err error) {
	if !item.Expires.IsZero() && !w.Now().Before(item.Expires) {
		log.Warn("mail: dropped", "reason", "expired")
		return "dropped", w.Outbox.Drop(ctx, item.ID, w.Now(), "expired")
	}
	sending, cancel := context.WithTimeout(ctx, w.Delivery)
	failure := w.Sender.Send(sending, item.Message)
	cancel()
	// Store the outcome even if the time to send is over.
	ctx, cancel = context.WithTimeout(context.WithoutCancel(ctx), storeTimeout)
	defer cancel()
	switch {
	case failure == nil:
		log.Info("mail: sent")
		return "sent", w.Outbox.Sent(ctx, item.Message, w.Now())
	case errors.Is(failure, ErrTemporary) && item.Attempts+1 < mostAttempts:
		pause := w.pause(item.Attempts)
		log.Warn("mail: not sent yet", "reason", failure.Error(), "pause", pause.String())
		return "later", w.Outbox.Later(ctx, item.ID, w.Now().Add(pause), failure.Error())
	}
	log.Error("mail: dropped", "reason", failure.Error())
	if refusal := (Refusal{}); errors.As(failure, &refusal) {
		return "dropped", w.Outbox.Refused(ctx, item.Message, w.Now(), refusal)
	}
	return "dropped", w.Outbox.Drop(ctx, item.ID, w.Now(), failure.Error())
}

// pause returns the pause after a failure that attempts others preceded.
func (w *Worker) pause(attempts int) time.Duration {
	d := longestPause
	if attempts < 8 {
		d = firstPause << attempts
	}
	return time.Duration(float64(d) * (0.8 + 0.4*w.Rand()))
}
