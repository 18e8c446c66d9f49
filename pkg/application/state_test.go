package application

import (
	"testing"
	"time"
)

// What each state permits: the applicant works on it until its end, officials
// see it once it was sent, and a decision is possible between the two.
func TestStates(t *testing.T) {
	t.Parallel()
	end := sentAt.Add(time.Hour)
	for _, test := range []struct {
		state                 State
		open, sent, undecided bool
	}{
		{Draft, true, false, false},
		{EmailConfirmed, true, false, false},
		{Submitted, false, true, true},
		{InReview, false, true, true},
		{MoreInformation, false, true, true},
		{Approved, false, true, false},
		{Rejected, false, true, false},
		{Withdrawn, false, true, false},
		{Expired, false, true, false},
	} {
		a := Application{State: test.state, Reference: "OLID-1", ExpiresAt: end}
		if got := a.Open(end.Add(-time.Nanosecond)); got != test.open {
			t.Errorf("Open(%s, before its end) = %t, want %t", test.state, got, test.open)
		}
		if got := a.Open(end); got {
			t.Errorf("Open(%s, at its end) = %t, want false", test.state, got)
		}
		if got := a.Sent(); got != test.sent {
			t.Errorf("Sent(%s) = %t, want %t", test.state, got, test.sent)
		}
		if got := a.Undecided(); got != test.undecided {
			t.Errorf("Undecided(%s) = %t, want %t", test.state, got, test.undecided)
		}
	}
	if a := (Application{State: Expired}); a.Sent() {
		t.Error("Sent(a draft that expired) = true, want false")
	}
}

// A sealed document opens in its own row of its own application only.
func TestDocumentAAD(t *testing.T) {
	t.Parallel()
	seen := map[string][2]string{}
	for _, ids := range [][2]string{{"a", "b"}, {"b", "a"}, {"a", "c"}, {"c", "b"}} {
		aad := DocumentAAD(ids[0], ids[1])
		if other, twice := seen[aad]; twice {
			t.Errorf("DocumentAAD(%q) = %q, want another than of %q", ids, aad, other)
		}
		seen[aad] = ids
	}
	// Databases hold what was sealed with this.
	if got, want := DocumentAAD("a", "b"), "documents|content|a|b"; got != want {
		t.Errorf("DocumentAAD(a, b) = %q, want %q", got, want)
	}
}
