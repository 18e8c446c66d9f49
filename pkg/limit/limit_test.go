package limit_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"omgevingsloket-id/pkg/limit"
	"omgevingsloket-id/pkg/realm"
)

var noon = time.Date(2026, time.March, 2, 12, 0, 0, 0, time.UTC)

// Five tries, then locks that double up to an hour; half-open.
func TestCountLocks(t *testing.T) {
	t.Parallel()
	var tally limit.Tally
	now := noon
	for i := 1; i <= 4; i++ {
		var open bool
		if open, tally = limit.Count(tally, now); !open || tally.Failures != i || !tally.LockedUntil.IsZero() {
			t.Fatalf("try %d: %t %+v", i, open, tally)
		}
	}
	for i, lock := range []time.Duration{1, 2, 4, 8, 16, 32, 60, 60, 60} {
		lock *= time.Minute
		var open bool
		if open, tally = limit.Count(tally, now); !open || tally.LockedUntil != now.Add(lock) {
			t.Fatalf("lock %d: %t until %s", i+1, open, tally.LockedUntil.Sub(now))
		}
		if open, same := limit.Count(tally, tally.LockedUntil.Add(-time.Nanosecond)); open || same != tally {
			t.Fatalf("lock %d: open before its end, or grown", i+1)
		}
		now = tally.LockedUntil
	}
}

// A day without a try forgets; a second less does not.
func TestCountForgets(t *testing.T) {
	t.Parallel()
	tally := limit.Tally{Failures: 4, LastAt: noon}
	if _, next := limit.Count(tally, noon.Add(24*time.Hour-time.Second)); next.Failures != 5 {
		t.Error(next)
	}
	if _, next := limit.Count(tally, noon.Add(24*time.Hour)); next.Failures != 1 || !next.LockedUntil.IsZero() {
		t.Error(next)
	}
}

// whatever a guesser's rhythm, a lane is open to less than 100
// tries in a row within a day, and it never closes for more than an hour.
func TestR321_FewTriesADay(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var tally limit.Tally
		now, opened := noon, 0
		for now.Before(noon.Add(24 * time.Hour)) {
			var open bool
			if open, tally = limit.Count(tally, now); open {
				opened++
			}
			if tally.LockedUntil.Sub(now) > time.Hour {
				t.Fatal("locked for", tally.LockedUntil.Sub(now))
			}
			now = now.Add(time.Duration(rapid.Int64Range(1, 3600).Draw(t, "pause")) * time.Second)
		}
		if opened >= 40 {
			t.Fatal("open tries in a day:", opened)
		}
	})
}

// A key is of the address, the realm and the secret, and does not reveal the
// address.
func TestLG13_Key(t *testing.T) {
	t.Parallel()
	mac := []byte("k")
	a := limit.Key(mac, realm.Holder, "anna@example.com")
	if len(a) != 43 || a != limit.Key(mac, realm.Holder, "anna@example.com") {
		t.Errorf("Key() = %q, want the same 43 characters each time", a)
	}
	for name, other := range map[string]string{
		"another realm": limit.Key(mac, realm.Official, "anna@example.com"), "another address": limit.Key(mac, realm.Holder, "anne@example.com"),
		"another secret": limit.Key([]byte("other"), realm.Holder, "anna@example.com"),
	} {
		if other == a {
			t.Errorf("Key() of %s = %q, want another key", name, other)
		}
	}
}
