package storagetest

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"omgevingsloket-id/pkg/audit"
	"omgevingsloket-id/pkg/effect"
	"omgevingsloket-id/pkg/errs"
	"omgevingsloket-id/pkg/helpdesk"
	"omgevingsloket-id/pkg/staff"
)

// Watched tests a staff.Watched.
func Watched(t *testing.T, open func(*testing.T) (Stores, helpdesk.Store, staff.Watched)) {
	stores, calls, watched := open(t)
	w := helpdeskWorld{world{stores, t}, calls}
	t.Run("files", func(t *testing.T) { watchedDossiers(t, w, watched) })
	t.Run("X13: lists", func(t *testing.T) { watchedLists(t, w, watched) })
	t.Run("alarms", func(t *testing.T) { watchedAlarms(t, w, watched) })
	w.unbroken()
}

// OF-21: Files counts the different dossiers and accounts that one member has
// looked at recently.
func watchedDossiers(t *testing.T, w helpdeskWorld, watched staff.Watched) {
	member := fresh("olga")
	look := func(by string, action audit.Action, kind audit.ObjectKind, object string, at time.Time) {
		must(t, w.Helpdesk.Note(ctx(t), effect.Of(audit.Event{At: at, ActorKind: audit.ActorStaff, ActorID: by, Action: action, ObjectKind: kind, ObjectID: object, Outcome: audit.OK})))
	}
	for i := range 3 {
		for range 2 { // a second look at the same one does not count
			look(member, "account.viewed", "account", fmt.Sprint("a", i), noon)
		}
	}
	look(member, "application.viewed", "application", "a1", noon) // another kind with the same id counts
	look(member, "account.blocked", "account", "a9", noon)
	look(member, "account.viewed", "account", "a8", noon.Add(-time.Hour))
	look(fresh("piet"), "account.viewed", "account", "a7", noon)
	must(t, w.Helpdesk.Note(ctx(t), effect.Of(audit.Event{At: noon, ActorKind: audit.ActorHolder, ActorID: member, Action: "account.viewed", ObjectKind: "account", ObjectID: "a6", Outcome: audit.OK})))
	count := func(after time.Time, actions ...audit.Action) int {
		return ok[int](t)(watched.Files(ctx(t), member, actions, after))
	}
	same(t, count(noon.Add(-time.Hour), staff.Views...), 4)
	same(t, count(noon.Add(-time.Hour-time.Millisecond), staff.Views...), 5)
	same(t, count(noon, staff.Views...), 0)
	same(t, count(noon.Add(-time.Hour)), 0)
}

// X13: a list counts as the different files that it names, together with those
// that were opened.
func watchedLists(t *testing.T, w helpdeskWorld, watched staff.Watched) {
	member := fresh("olga")
	files := func(kind audit.ObjectKind, from, to int) (out []staff.File) {
		for i := from; i < to; i++ {
			out = append(out, staff.File{Kind: kind, ID: fmt.Sprint("f", i)})
		}
		return out
	}
	count := func(after time.Time) int { return ok[int](t)(watched.Files(ctx(t), member, staff.Views, after)) }
	list := func(at time.Time, files []staff.File) {
		t.Helper()
		must(t, watched.List(ctx(t), member, files, at))
	}
	before := noon.Add(-time.Millisecond)
	list(noon, files("account", 0, 3))
	same(t, count(before), 3)
	list(noon, files("account", 0, 3)) // the same list again
	same(t, count(before), 3)
	list(noon, append(files("account", 2, 5), files("account", 3, 4)...)) // overlaps, and names one twice
	same(t, count(before), 5)
	list(noon, files("application", 0, 2)) // another kind
	same(t, count(before), 7)
	for _, id := range []string{"f4", "f9"} { // one of a list, and another
		must(t, w.Helpdesk.Note(ctx(t), effect.Of(audit.Event{At: noon, ActorKind: audit.ActorStaff, ActorID: member, Action: "account.viewed", ObjectKind: "account", ObjectID: id, Outcome: audit.OK})))
	}
	same(t, count(before), 8)
	list(noon, nil)
	same(t, count(before), 8)
	same(t, ok[int](t)(watched.Files(ctx(t), fresh("piet"), staff.Views, before)), 0)

	list(noon.Add(time.Minute), files("account", 0, 1)) // seen again later
	list(noon, files("account", 0, 1))                  // and written late
	same(t, count(noon), 1)
	list(noon.Add(time.Hour), files("account", 0, 1201)) // more than one statement
	same(t, count(noon.Add(time.Hour-time.Millisecond)), 1201)

	later := noon.Add(2 * time.Hour)
	for _, err := range atOnce(func(i int) error { // overlapping lists in any order
		some := files("account", i, i+10)
		if i%2 == 0 {
			slices.Reverse(some)
		}
		return watched.List(ctx(t), member, some, later)
	}) {
		must(t, err)
	}
	same(t, count(later.Add(-time.Millisecond)), crowd-1+10)
}

func watchedAlarms(t *testing.T, w helpdeskWorld, watched staff.Watched) {
	member := fresh("olga")
	raise := func(at time.Time, rec effect.Effects) error {
		return watched.Alarm(ctx(t), staff.Alarm{Member: member, At: at, Files: 101}, at.Add(-time.Hour), rec)
	}
	rec := note("staff.alarm", member)
	exactlyOne(t, atOnce(func(int) error { return raise(noon, rec) }), errs.ErrConflict)
	w.written(rec)
	again := note("staff.alarm", member)
	w.refused(raise(noon.Add(time.Hour), again), errs.ErrConflict, again)
	same(t, ok[[]staff.Alarm](t)(watched.Alarms(ctx(t), noon)), []staff.Alarm{{Member: member, At: noon, Files: 101}})
	w.happened(raise(noon.Add(time.Hour+time.Millisecond), again), again)
	if got := ok[[]staff.Alarm](t)(watched.Alarms(ctx(t), noon.Add(2*time.Hour))); len(got) != 0 {
		t.Error(got)
	}
}
