package session_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"omgevingsloket-id/pkg/session"
)

var noon = time.Date(2026, time.March, 2, 12, 0, 0, 0, time.UTC)

// LG-23: over at the limit itself, and use never outlasts the absolute one.
func TestLG23_Over(t *testing.T) {
	t.Parallel()
	l := session.Limits{Idle: 30 * time.Minute, Absolute: 12 * time.Hour}
	s := session.Session{CreatedAt: noon, SeenAt: noon.Add(11*time.Hour + 45*time.Minute)}
	for after, want := range map[time.Duration]bool{12*time.Hour - time.Nanosecond: false, 12 * time.Hour: true, 12*time.Hour + time.Nanosecond: true} {
		if l.Over(s, noon.Add(after)) != want {
			t.Error("absolute, after", after)
		}
	}
	s.SeenAt = noon.Add(time.Hour)
	for after, want := range map[time.Duration]bool{90*time.Minute - time.Nanosecond: false, 90 * time.Minute: true} {
		if l.Over(s, noon.Add(after)) != want {
			t.Error("idle, after", after)
		}
	}
}

// A store keeps a session at least until it is over when used now, and never
// past the absolute limit.
func TestTTLAgreesWithOver(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		span := func(name string) time.Duration {
			return time.Duration(rapid.Int64Range(1, 100_000).Draw(t, name)) * time.Second
		}
		l := session.Limits{Idle: span("idle"), Absolute: span("absolute")}
		now := noon.Add(span("now"))
		s := session.Session{CreatedAt: noon, SeenAt: now}
		ttl := l.TTL(s, now)
		if ttl < 0 || ttl == 0 != l.Over(s, now) {
			t.Fatalf("TTL %s, over %t", ttl, l.Over(s, now))
		}
		if ttl > 0 && (l.Over(s, now.Add(ttl-1)) || !l.Over(s, now.Add(ttl))) {
			t.Fatalf("TTL %s is not the end", ttl)
		}
	})
}
