package signkey

import "testing"

func TestSigns(t *testing.T) {
	t.Parallel()
	for s, want := range map[State]bool{Next: true, Active: true, Retired: false, Hints: false} {
		if got := s.Signs(); got != want {
			t.Errorf("%s.Signs() = %t, want %t", s, got, want)
		}
	}
}
