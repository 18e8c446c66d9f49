package custody_test

import (
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"testing"
	"time"

	"omgevingsloket-id/pkg/application"
	"omgevingsloket-id/pkg/audit"
	"omgevingsloket-id/pkg/custody"
	"omgevingsloket-id/pkg/errs"
)

const keep = 48 * time.Hour

// kept returns an archive at noon with n applications, decided on exactly keep ago, with
// one document each.
func kept(n int) *archive {
	a := &archive{clock: clock{noon}, documents: map[string][]application.Document{}}
	for i := range n {
		id := fmt.Sprintf("app%03d", i)
		a.applications = append(a.applications, application.Application{ID: id, State: application.Rejected, DecidedAt: noon.Add(-keep)})
		a.documents[id] = []application.Document{{ID: "d-" + id, ApplicationID: id, Name: "pas-anna.pdf", SHA256: "h-" + id, Size: int64(i)}}
	}
	return a
}

// All that is due is destroyed in one call, however much it is, and each document leaves
// one proof, of when it was destroyed.
func TestDestroyDueInBatches(t *testing.T) {
	t.Parallel()
	for _, n := range []int{0, 1, 100, 101, 250} {
		a := kept(n)
		a.tick = time.Second
		var want []audit.Event
		for i, app := range a.applications {
			at := noon.Add(time.Duration(i) * time.Second)
			want = append(want, audit.System("retention").Did(audit.DocumentDestroyed, app.ID, at).Because("kept for 48h0m0s").
				With(map[string]string{"document": "d-" + app.ID, "sha256": "h-" + app.ID, "size": fmt.Sprint(i)}))
		}
		if done, err := custody.DestroyDue(t.Context(), a, keep, a.Now); done != n || err != nil || len(a.documents) != 0 {
			t.Errorf("DestroyDue(%d due) = %d, %v and leaves %d, want %d, nil and none", n, done, err, len(a.documents), n)
		}
		if !reflect.DeepEqual(a.events, want) {
			t.Errorf("DestroyDue(%d due) writes %d events %+v, want %d: %+v", n, len(a.events), a.events, len(want), want)
		}
	}
}

// What is not over for long enough stays, also if it becomes due while the rest is being
// destroyed: it is the next batch's.
func TestDestroyDueAtItsTime(t *testing.T) {
	t.Parallel()
	a := kept(3)
	a.applications[0].DecidedAt = noon.Add(1 - keep)
	a.applications[1].State = application.InReview
	for _, c := range []struct {
		after time.Duration
		left  []string
	}{{0, []string{"app000", "app001"}}, {1, []string{"app001"}}} {
		a.now = noon.Add(c.after)
		done, err := custody.DestroyDue(t.Context(), a, keep, a.Now)
		if left := slices.Sorted(maps.Keys(a.documents)); done != 1 || err != nil || !slices.Equal(left, c.left) {
			t.Errorf("DestroyDue(%v later) = %d, %v and leaves %q, want 1, nil and %q", c.after, done, err, left, c.left)
		}
	}

	a = kept(2)
	a.tick, a.applications[1].DecidedAt = time.Minute, noon.Add(time.Minute-keep)
	if done, err := custody.DestroyDue(t.Context(), a, keep, a.Now); done != 2 || err != nil {
		t.Errorf("DestroyDue(one becomes due meanwhile) = %d, %v, want 2, nil", done, err)
	}
}

// An archive that does not answer ends the call with the number so far; what another server
// destroys first is not counted, and the rest is destroyed.
func TestDestroyDueFailures(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		failing  int    // the number of the read
		silent   string // the destruction
		faster   map[string]bool
		done     int
		err      error
		left     int
		nextDone int
	}{
		"the first read":           {1, "", nil, 0, errs.ErrUnavailable, 150, 150},
		"the second read":          {2, "", nil, 100, errs.ErrUnavailable, 50, 50},
		"the last read":            {3, "", nil, 150, errs.ErrUnavailable, 0, 0},
		"the first destruction":    {0, "app000", nil, 0, errs.ErrUnavailable, 150, 150},
		"one of the second batch":  {0, "app120", nil, 120, errs.ErrUnavailable, 30, 30},
		"another server":           {0, "", map[string]bool{"app000": true, "app149": true}, 148, nil, 0, 0},
		"another, and unavailable": {0, "app002", map[string]bool{"app000": true}, 1, errs.ErrUnavailable, 148, 148},
	} {
		a := kept(150)
		a.failing, a.silent, a.faster = c.failing, c.silent, c.faster
		done, err := custody.DestroyDue(t.Context(), a, keep, a.Now)
		if done != c.done || !errors.Is(err, c.err) || len(a.documents) != c.left || len(a.events) != c.done {
			t.Errorf("%s: DestroyDue() = %d, %v, leaves %d and writes %d events, want %d, %v, %d and %d",
				name, done, err, len(a.documents), len(a.events), c.done, c.err, c.left, c.done)
		}
		if done, err := custody.DestroyDue(t.Context(), a, keep, a.Now); done != c.nextDone || err != nil || len(a.documents) != 0 {
			t.Errorf("%s: second DestroyDue() = %d, %v and leaves %d, want %d, nil and none", name, done, err, len(a.documents), c.nextDone)
		}
	}
}

// What was destroyed is not shown, neither before the ticket ends nor by a scan that comes
// later.
func TestMayBeShown(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		filed custody.Filed
		want  bool
	}{
		{custody.Filed{}, false},
		{custody.Filed{Verdict: "pending"}, false},
		{custody.Filed{Verdict: "infected"}, false},
		{custody.Filed{Verdict: "CLEAN"}, false},
		{custody.Filed{Verdict: "clean"}, true},
		{custody.Filed{Verdict: "clean", DestroyedAt: noon}, false},
	} {
		if got := c.filed.MayBeShown(); got != c.want {
			t.Errorf("MayBeShown(%q, destroyed at %v) = %t, want %t", c.filed.Verdict, c.filed.DestroyedAt, got, c.want)
		}
		for _, left := range []time.Duration{-1, 0, 1} {
			if got, want := c.filed.Admits(noon.Add(left), noon), c.want && left > 0; got != want {
				t.Errorf("Admits(%q, destroyed at %v, a ticket for %v more) = %t, want %t", c.filed.Verdict, c.filed.DestroyedAt, left, got, want)
			}
		}
	}
}
