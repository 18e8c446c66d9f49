package storagetest

import (
	"context"
	"errors"
	"testing"
	"time"

	"omgevingsloket-id/pkg/limit"
)

var errTooMany = errors.New("too many")

// Windows tests a limit.Windows.
func Windows(t *testing.T, open func(*testing.T) limit.Windows) {
	s := open(t)
	allow := func(t *testing.T, name, key string, max int, window time.Duration) bool {
		t.Helper()
		allowed, wait, err := Spend(ctx(t), s, name, key, 1, max, window)
		must(t, err)
		switch {
		case allowed && wait != 0:
			t.Errorf("allowed, yet to wait %v", wait)
		case !allowed && (wait <= 0 || wait > window):
			t.Errorf("to wait %v, want more than nothing and at most the window of %v", wait, window)
		}
		return allowed
	}
	t.Run("max events in a window, for each name and key", func(t *testing.T) {
		name, key := fresh("login"), fresh("198.51.100.0/24")
		for i := range 3 {
			if !allow(t, name, key, 3, time.Hour) {
				t.Fatalf("event %d was refused", i+1)
			}
		}
		if allow(t, name, key, 3, time.Hour) {
			t.Error("event 4 was allowed")
		}
		if !allow(t, fresh("login"), key, 3, time.Hour) || !allow(t, name, fresh("key"), 3, time.Hour) {
			t.Error("another name or key was refused")
		}
	})
	t.Run("amounts add up, and can be given back", func(t *testing.T) {
		name := fresh("bytes")
		for i, c := range []struct {
			amount int
			want   bool
		}{{6, true}, {4, true}, {0, true}, {1, false}, {-5, true}, {4, true}, {1, false}, {-100, true}, {1 << 40, false}} {
			allowed, _, err := Spend(ctx(t), s, name, "k", c.amount, 10, time.Hour)
			must(t, err)
			if allowed != c.want {
				t.Errorf("amount %d (%d): allowed = %t, want %t", i+1, c.amount, allowed, c.want)
			}
		}
	})
	t.Run("names and keys do not run into each other", func(t *testing.T) {
		a := fresh("a")
		if !allow(t, a, "bc", 1, time.Hour) || !allow(t, a+"b", "c", 1, time.Hour) {
			t.Error("two counters are one")
		}
	})
	t.Run("any text is a key", func(t *testing.T) {
		for _, odd := range []string{"", "a:b", "{x}", "\r\nFLUSHALL\r\n", "*", "ë"} {
			name := fresh("odd")
			if !allow(t, name, odd, 1, time.Hour) || allow(t, name, odd, 1, time.Hour) {
				t.Errorf("%q is not counted", odd)
			}
		}
	})
	t.Run("nothing is allowed when max is nought", func(t *testing.T) {
		if allow(t, fresh("none"), "k", 0, time.Hour) {
			t.Error("allowed")
		}
	})
	t.Run("charges are spent up to the first that is refused", func(t *testing.T) {
		name := fresh("many")
		charge := func(key string, most int) limit.Charge {
			return limit.Budget{Name: name, Most: most, Window: time.Hour}.Charge(key, 1)
		}
		for i, c := range []struct{ most, over int }{{9, -1}, {1, 1}, {3, -1}, {3, 1}} {
			over, wait, err := s.Spend(ctx(t), charge("network", 9), charge("source", c.most), charge("day", 2))
			must(t, err)
			if over != c.over || (over < 0) != (wait == 0) {
				t.Errorf("call %d: over = %d, wait %v, want %d", i+1, over, wait, c.over)
			}
		}
		// All four calls were charged to the network, and to the day only those that the
		// source allowed.
		for i, c := range []struct{ most, over int }{{5, -1}, {5, 0}} {
			over, _, err := s.Spend(ctx(t), charge("network", c.most), charge("source", 9))
			must(t, err)
			if over != c.over {
				t.Errorf("network call %d: over = %d, want %d", i+1, over, c.over)
			}
		}
		over, _, err := s.Spend(ctx(t), charge("network", 9), charge("day", 3))
		must(t, err)
		if over != -1 {
			t.Errorf("the third charge of calls whose second was refused: over = %d, want -1", over)
		}
	})
	t.Run("of a crowd max are allowed", func(t *testing.T) {
		name := fresh("crowd")
		exactly(t, 10, atOnce(func(int) error {
			allowed, _, err := Spend(ctx(t), s, name, "k", 1, 10, time.Hour)
			if err == nil && !allowed {
				err = errTooMany
			}
			return err
		}), errTooMany)
	})
	t.Run("a window ends, whatever comes meanwhile", func(t *testing.T) {
		name, window := fresh("short"), 200*time.Millisecond
		// Each call counts an event as well; that does not move the end.
		eventually(t, "half of it is over", func() bool {
			allowed, wait, err := Spend(ctx(t), s, name, "k", 1, 1, window)
			must(t, err)
			return !allowed && wait < window/2
		})
		eventually(t, "a next window", func() bool { return allow(t, name, "k", 1, window) })
	})
}

// Spend spends amount of a budget with these fields and reports whether it was
// within it.
func Spend(ctx context.Context, s limit.Windows, name, key string, amount, most int, window time.Duration) (ok bool, wait time.Duration, err error) {
	over, wait, err := s.Spend(ctx, limit.Budget{Name: name, Most: most, Window: window}.Charge(key, amount))
	return over < 0, wait, err
}
