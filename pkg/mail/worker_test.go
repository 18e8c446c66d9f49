package mail_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"omgevingsloket-id/pkg/mail"
)

// worker returns a worker for a synctest bubble, whose clock is artificial.
func worker(b *box, send sendFunc, logTo *bytes.Buffer) *mail.Worker {
	return &mail.Worker{
		Outbox: b, Sender: send, Now: time.Now, Log: slog.New(slog.NewTextHandler(logTo, nil)),
		Rand: func() float64 { return 0.5 }, // pauses without variation
	}
}

func run(t *testing.T, w *mail.Worker) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- w.Run(ctx) }()
	return func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Run() = %v, want nil", err)
		}
	}
}

func numbered(n int, at time.Time) mail.Message {
	m := message()
	m.ID, m.At = fmt.Sprintf("id%d", n), at
	return m
}

func TestWorkerSendsAtOnceAfterKick(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBox()
		w := worker(b, func(context.Context, mail.Message) error { return nil }, &bytes.Buffer{})
		stop := run(t, w)
		synctest.Wait() // it read the outbox, found nothing, and waits
		start := time.Now()
		b.put(numbered(1, start))
		synctest.Wait()
		if b.end1("id1") != "" {
			t.Fatal("the message was sent without a read of the outbox")
		}
		w.Kick()
		w.Kick() // a second kick does not block
		synctest.Wait()
		if b.end1("id1") != "sent" || !time.Now().Equal(start) {
			t.Fatalf("after Kick() the message ended as %q after %v, want it sent at once", b.end1("id1"), time.Since(start))
		}
		// Without a kick, as when another server added it: within Every.
		b.put(numbered(2, time.Now()))
		time.Sleep(5 * time.Second)
		synctest.Wait()
		if b.end1("id2") != "sent" {
			t.Fatal("without Kick() the message was not sent within Every")
		}
		stop()
	})
}

func TestWorkerPausesGrow(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBox(numbered(1, time.Now()))
		var attempts list[time.Duration]
		start := time.Now()
		var buf bytes.Buffer
		w := worker(b, func(context.Context, mail.Message) error {
			attempts.add(time.Since(start))
			return fmt.Errorf("smtp: %w: 451", mail.ErrTemporary)
		}, &buf)
		w.Every = time.Second
		stop := run(t, w)
		time.Sleep(5 * 24 * time.Hour)
		stop()
		at := attempts.all()
		want := []time.Duration{0, 15 * time.Second, 45 * time.Second, 105 * time.Second}
		for i, d := range want {
			if at[i] != d {
				t.Errorf("attempt %d after %v, want %v", i+1, at[i], d)
			}
		}
		if last := at[len(at)-1] - at[len(at)-2]; last != time.Hour || len(at) != 100 {
			t.Errorf("%d attempts, the last after %v, want 100 and an hour", len(at), last)
		}
		if !strings.Contains(b.end1("id1"), "451") {
			t.Errorf("the message ended as %q, want 451 in it", b.end1("id1"))
		}
	})
}

func TestWorkerPausesDiffer(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		// The ends of the variation: a fifth less and more.
		for r, want := range map[float64]time.Duration{0: 12 * time.Second, 1: 18 * time.Second} {
			b := newBox(numbered(1, time.Now()))
			w := worker(b, func(context.Context, mail.Message) error { return mail.ErrTemporary }, &bytes.Buffer{})
			w.Rand = func() float64 { return r }
			start := time.Now()
			stop := run(t, w)
			synctest.Wait()
			b.mu.Lock()
			if got := b.due["id1"].Sub(start); got != want {
				t.Errorf("jitter %v: pause %v, want %v", r, got, want)
			}
			b.mu.Unlock()
			stop()
		}
	})
}

func TestWorkerDrops(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		old := numbered(1, time.Now())
		old.Expires = time.Now() // the end is excluded
		b := newBox(old, numbered(2, time.Now()))
		var sent, outcomes list[string]
		w := worker(b, func(_ context.Context, m mail.Message) error {
			sent.add(m.ID)
			return errors.New("smtp: refused with 550")
		}, &bytes.Buffer{})
		w.Observe = func(kind, outcome string) { outcomes.add(kind + " " + outcome) }
		w.Parallel = 1
		stop := run(t, w)
		synctest.Wait()
		stop()
		if b.end1("id1") != "expired" || !strings.Contains(b.end1("id2"), "550") || !slices.Equal(sent.all(), []string{"id2"}) {
			t.Errorf("the messages ended as %v after the attempts %v, want one expired and one refused after one attempt", b.ended, sent.all())
		}
		if got := outcomes.all(); len(got) != 2 || !slices.Contains(got, "confirm-email dropped") {
			t.Errorf("Observe was called with %v, want two outcomes, one of them dropped", got)
		}
	})
}

// After the end of ctx, what was begun is finished and due messages are sent;
// neither the sender nor the outbox sees a cancelled context.
func TestWorkerDrainsOnShutdown(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBox(numbered(1, time.Now()))
		started := make(chan struct{})
		release := make(chan struct{})
		w := worker(b, func(ctx context.Context, m mail.Message) error {
			if m.ID == "id1" {
				close(started)
				<-release
			}
			return ctx.Err()
		}, &bytes.Buffer{})
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- w.Run(ctx) }()
		<-started
		for i := range 20 { // more than one round
			b.put(numbered(i+2, time.Now()))
		}
		cancel()
		synctest.Wait()
		select {
		case err := <-done:
			t.Fatalf("Run() = %v during a message", err)
		default:
		}
		close(release)
		if err := <-done; err != nil || len(b.ended) != 21 {
			t.Fatalf("Run() = %v after %d messages, want nil after 21", err, len(b.ended))
		}
		for id, how := range b.ended {
			if how != "sent" {
				t.Errorf("%s ended as %s, want sent", id, how)
			}
		}
	})
}

// A relay that hangs does not delay the shutdown longer than Drain and the
// sender's own timeout.
func TestWorkerDrainEnds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBox()
		for i := range 100 {
			b.put(numbered(i, time.Now()))
		}
		w := worker(b, func(context.Context, mail.Message) error {
			time.Sleep(3 * time.Second)
			return nil
		}, &bytes.Buffer{})
		w.Parallel = 1
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		start := time.Now()
		if err := w.Run(ctx); err != nil {
			t.Fatal(err)
		}
		// Rounds begin at 0 s and 3 s. The one that is running at 5 s is
		// finished, and its outcome stored.
		if took := time.Since(start); took != 6*time.Second || len(b.ended) != 2 {
			t.Fatalf("Run() ends after %v with %d outcomes, want 6s and 2", took, len(b.ended))
		}
	})
}

func TestWorkerOutlivesTheStore(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBox(numbered(1, time.Now()))
		b.down = true
		sent := 0
		w := worker(b, func(context.Context, mail.Message) error { sent++; return nil }, &bytes.Buffer{})
		stop := run(t, w)
		time.Sleep(time.Minute)
		synctest.Wait()
		b.mu.Lock()
		b.down, b.noNotes = false, true
		b.mu.Unlock()
		time.Sleep(6 * time.Second)
		synctest.Wait()
		if sent != 1 || b.end1("id1") != "" {
			t.Fatalf("sent %d times and ended as %q, want once and no outcome yet", sent, b.end1("id1"))
		}
		b.mu.Lock()
		b.noNotes = false
		b.mu.Unlock()
		time.Sleep(time.Minute) // the lease ends
		synctest.Wait()
		if sent != 2 || b.end1("id1") != "sent" {
			t.Fatalf("sent %d times and ended as %q, want twice and sent", sent, b.end1("id1"))
		}
		stop()
	})
}

func TestSC15_WorkerLogsIdsAndKindsOnly(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBox(numbered(1, time.Now()), numbered(2, time.Now()), numbered(3, time.Now()))
		answers := map[string]error{"id1": nil, "id2": mail.ErrTemporary, "id3": errors.New("smtp: refused with 550")}
		var buf bytes.Buffer
		w := worker(b, func(_ context.Context, m mail.Message) error { return answers[m.ID] }, &buf)
		stop := run(t, w)
		synctest.Wait()
		stop()
		for _, want := range []string{"id1", "id2", "id3", "confirm-email"} {
			if !strings.Contains(buf.String(), want) {
				t.Errorf("log lacks %s", want)
			}
		}
		for _, never := range []string{"jan@", "123456", "Bevestig"} {
			if strings.Contains(buf.String(), never) {
				t.Errorf("the log has %s:\n%s", never, buf.String())
			}
		}
	})
}

// However many notices hang, a code is sent at once, and one that hangs delays no
// other. A hanging delivery ends, and its place is used again.
func TestW10_HangingDeliveries(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBox()
		hangs := map[string]bool{}
		for i := range 50 { // notices, more than there are places
			m := numbered(i, time.Now())
			b.put(m)
			hangs[m.ID] = true
		}
		w := worker(b, func(ctx context.Context, m mail.Message) error {
			if hangs[m.ID] {
				<-ctx.Done()
				return fmt.Errorf("smtp: %w", mail.ErrTemporary)
			}
			return nil
		}, &bytes.Buffer{})
		stop := run(t, w)
		synctest.Wait()
		code := func(n int, hanging bool) string {
			m := numbered(n, time.Now())
			m.Expires = time.Now().Add(time.Hour)
			hangs[m.ID] = hanging
			b.put(m)
			w.Kick()
			synctest.Wait()
			return b.end1(m.ID)
		}
		start := time.Now()
		if code(100, true) != "" || code(101, false) != "sent" || code(102, false) != "sent" || !time.Now().Equal(start) {
			t.Errorf("codes beside hanging messages ended as %q and %q after %v, want them sent at once", b.end1("id101"), b.end1("id102"), time.Since(start))
		}
		time.Sleep(time.Minute) // longer than a delivery
		synctest.Wait()
		if code(103, false) != "sent" {
			t.Error("a code after hanging deliveries is not sent at once")
		}
		b.mu.Lock()
		if len(b.reasons) < 8 {
			t.Errorf("%d hanging deliveries ended, want 8 or more", len(b.reasons))
		}
		b.mu.Unlock()
		stop()
	})
}

// The lease of a server that was killed ends within a minute, and not before a
// delivery can take its time.
func TestW10_LeaseEndsSoon(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBox(numbered(1, time.Now()))
		ctx, cancel := context.WithCancel(t.Context())
		killed := worker(b, func(context.Context, mail.Message) error { <-ctx.Done(); return ctx.Err() }, &bytes.Buffer{})
		killed.Every = time.Hour // it takes no message again
		go func() { _ = killed.Run(ctx) }()
		synctest.Wait()
		var sent list[string]
		start := time.Now()
		w := worker(b, func(_ context.Context, m mail.Message) error { sent.add(m.ID); return nil }, &bytes.Buffer{})
		stop := run(t, w)
		time.Sleep(30 * time.Second)
		synctest.Wait()
		if len(sent.all()) != 0 {
			t.Error("another worker sent a message during its delivery")
		}
		time.Sleep(time.Minute - time.Since(start))
		synctest.Wait()
		if b.end1("id1") != "sent" {
			t.Error("a message of a killed server is not sent within a minute")
		}
		stop()
		cancel()
	})
}
