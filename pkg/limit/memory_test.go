package limit_test

import (
	"fmt"
	"testing"
	"time"

	"omgevingsloket-id/pkg/limit"
)

func spend(t *testing.T, w limit.Windows, b limit.Budget, key string) int {
	t.Helper()
	over, _, err := w.Spend(t.Context(), b.Charge(key, 1))
	if err != nil {
		t.Fatal(err)
	}
	return over
}

// A flood from everywhere does not grow a Memory without end, is refused together,
// and does not shut out those that were known before.
func TestX18_MemoryIsBounded(t *testing.T) {
	t.Parallel()
	now := noon
	m := limit.NewMemory(func() time.Time { return now })
	b := limit.Budget{Name: "login", Most: 3, Window: time.Minute}
	spend(t, m, b, "known")
	refused := 0
	for i := range limit.MostCounters + 10 {
		if spend(t, m, b, fmt.Sprint("stranger ", i)) >= 0 {
			refused++
		}
	}
	if refused < 5 || refused > 10 {
		t.Errorf("%d of 10 sources beyond the number of counters are refused, want those beyond one budget", refused)
	}
	if n := limit.Counters(m); n > limit.MostCounters+2 {
		t.Errorf("%d counters, want at most %d", n, limit.MostCounters)
	}
	if spend(t, m, b, "known") >= 0 {
		t.Error("a source that was known before is refused")
	}
	for i := range 10 {
		if limit.Swept(m, func() { spend(t, m, b, fmt.Sprint("stranger of the flood ", i)) }) {
			t.Fatal("each new source of a flood has all counters looked at")
		}
	}
	now = now.Add(time.Minute)
	if spend(t, m, b, "later") >= 0 {
		t.Error("a source is refused when the flood is over")
	}
	if n := limit.Counters(m); n > 2 {
		t.Errorf("%d counters are left when the flood is over, want those that live", n)
	}
}

// A restart reopens no window that is longer than Short.
func TestSplit(t *testing.T) {
	t.Parallel()
	clock := func() time.Time { return noon }
	short, long := limit.NewMemory(clock), limit.NewMemory(clock)
	w := limit.Split(short, long)
	for _, b := range limit.Budgets() {
		over, _, err := w.Spend(t.Context(), b.Charge("k", 0), b.Charge("k", b.Most))
		if over != -1 || err != nil {
			t.Errorf("Spend(%s) = %d, %v", b.Name, over, err)
		}
		for name, part := range map[string]limit.Windows{"short": short, "long": long} {
			if over := spend(t, part, b, "k"); (over == 0) != (name == "long" == (b.Window > limit.Short)) {
				t.Errorf("a window of %v is kept with the %s ones: over = %d", b.Window, name, over)
			}
		}
		if over, wait, _ := w.Spend(t.Context(), b.Charge("other", 0), b.Charge("k", 1)); over != 1 || wait != b.Window {
			t.Errorf("Spend(%s beyond it) = %d, %v, want 1, %v", b.Name, over, wait, b.Window)
		}
	}
}
