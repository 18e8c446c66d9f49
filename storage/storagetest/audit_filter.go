package storagetest

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"omgevingsloket-id/pkg/audit"
	"omgevingsloket-id/pkg/client"
	"omgevingsloket-id/pkg/effect"
)

// auditFilters compares Find with a filter over all events, for each field alone
// and for many together, page by page.
func auditFilters(t *testing.T, w world) {
	pick := rand.New(rand.NewPCG(1, 2))
	var rec effect.Effects
	for i := range 120 {
		e := note(one[audit.Action](pick, "account.login", "account.blocked", "key.moved"), one(pick, "a", "b", "'; --", "%")).Events[0]
		e.ActorKind, e.ActorID = one(pick, audit.ActorStaff, audit.ActorHolder), one(pick, "x", "y", "")
		e.ObjectKind, e.Outcome = one[audit.ObjectKind](pick, "account", "client"), one(pick, audit.OK, audit.OK, audit.Refused)
		// Several events in a millisecond, from clocks that differ a little.
		e.At = noon.Add(time.Duration(i/3)*time.Second - time.Duration(pick.IntN(2))*1500*time.Millisecond)
		rec.Events = append(rec.Events, e)
	}
	must(t, w.Clients.Add(ctx(t), client.Client{ID: "c"}, rec))
	all := w.events()
	slices.SortFunc(all, func(a, b audit.Event) int {
		if c := b.At.Compare(a.At); c != 0 {
			return c
		}
		return int(b.Seq - a.Seq)
	})
	filters := []audit.Filter{
		{}, {From: noon.Add(10 * time.Second)}, {Until: noon.Add(10 * time.Second)}, {From: noon.Add(5 * time.Second), Until: noon.Add(6 * time.Second)},
		{ActorKind: audit.ActorStaff}, {ActorID: "x"}, {Action: "key.moved"}, {ObjectKind: "client"}, {ObjectKind: "account", ObjectID: "'; --"},
		{ObjectID: "%"}, {Outcome: audit.OK}, {Outcome: audit.Refused}, {Action: "account.%"}, {ActorID: "nobody"},
		{From: noon, Until: noon.Add(30 * time.Second), ActorKind: audit.ActorHolder, ActorID: "y", Action: "account.login", ObjectKind: "account", Outcome: audit.OK},
	}
	for _, f := range filters {
		t.Run(fmt.Sprintf("%+v", f), func(t *testing.T) {
			var want []int64
			for _, e := range all {
				if wanted(e, f) {
					want = append(want, e.Seq)
				}
			}
			var got []int64
			for page := f; ; {
				events := ok[[]audit.Event](t)(w.Audit.Find(ctx(t), page, 7))
				for _, e := range events {
					got = append(got, e.Seq)
					page.Before = audit.After(e)
				}
				if len(events) < 7 {
					break
				}
			}
			same(t, got, want)
		})
	}
}

func one[T any](pick *rand.Rand, of ...T) T { return of[pick.IntN(len(of))] }

func wanted(e audit.Event, f audit.Filter) bool {
	return (f.From.IsZero() || !e.At.Before(f.From)) && (f.Until.IsZero() || e.At.Before(f.Until)) && matches(e.ActorKind, f.ActorKind) &&
		matches(e.ActorID, f.ActorID) && matches(e.Action, f.Action) && matches(e.ObjectKind, f.ObjectKind) && matches(e.ObjectID, f.ObjectID) && matches(e.Outcome, f.Outcome)
}

// matches reports whether a field of a filter matches a value.
func matches[T ~string](got, want T) bool { return want == "" || got == want }
