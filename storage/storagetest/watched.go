package storagetest

import (
	"fmt"
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
