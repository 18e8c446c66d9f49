package storagetest

import (
	"fmt"
	"testing"
	"time"

	"omgevingsloket-id/pkg/audit"
	"omgevingsloket-id/pkg/client"
	"omgevingsloket-id/pkg/effect"
	"omgevingsloket-id/pkg/errs"
)

// Audit tests an audit.Store. The events that changes write are tested with the
// stores of those changes.
func Audit(t *testing.T, open func(*testing.T) Stores) {
	t.Run("events", func(t *testing.T) { auditEvents(t, world{open(t), t}) })
	t.Run("filters", func(t *testing.T) { auditFilters(t, world{open(t), t}) })
	t.Run("a reading alone", func(t *testing.T) {
		w := world{open(t), t}
		rec := note("record.viewed", "")
		must(t, w.Audit.Note(ctx(t), rec.Events[0]))
		w.written(effect.Effects{Events: rec.Events})
		w.unbroken()
	})
	t.Run("a crowd of writers makes one unbroken chain", func(t *testing.T) {
		w := world{open(t), t}
		const each = 3
		exactly(t, crowd/2, atOnce(func(i int) error {
			var rec effect.Effects
			for n := range each {
				rec.Events = append(rec.Events, note(audit.Action(fmt.Sprintf("event.%d", n)), fmt.Sprint(i)).Events[0])
			}
			// Every second change fails and leaves no gap.
			return w.Clients.Add(ctx(t), client.Client{ID: fmt.Sprint("client-", i/2)}, rec)
		}), errs.ErrConflict)
		same(t, len(w.events()), crowd/2*each)
		for i, e := range w.events() { // the events of one change follow each other
			same(t, string(e.Action), fmt.Sprintf("event.%d", i%each))
		}
		w.unbroken()
	})
}

func auditEvents(t *testing.T, w world) {
	same(t, len(w.events()), 0)
	var rec effect.Effects
	for i := range 5 {
		e := note("did", fmt.Sprint("object-", i%2)).Events[0]
		e.At = noon.Add(time.Duration(i)*time.Second + 123_456*time.Nanosecond).In(time.FixedZone("", 3600))
		if i == 3 {
			e.Details = nil
		}
		rec.Events = append(rec.Events, e)
	}
	rec.Events[2].ObjectKind = "client"
	must(t, w.Clients.Add(ctx(t), client.Client{ID: "c"}, rec))
	w.unbroken()

	all := w.events()
	same(t, len(all), 5)
	for i, e := range all {
		want := rec.Events[i]
		want.At = want.At.UTC().Truncate(time.Millisecond)
		want.Seq, want.PrevHash, want.Hash = e.Seq, e.PrevHash, e.Hash
		same(t, e, want)
	}
	seqs := func(events []audit.Event, err error) string {
		t.Helper()
		must(t, err)
		var out []int64
		for _, e := range events {
			out = append(out, e.Seq)
		}
		return fmt.Sprint(out)
	}
	same(t, seqs(w.Audit.Events(ctx(t), 0, 2)), "[1 2]")
	same(t, seqs(w.Audit.Events(ctx(t), 2, 2)), "[3 4]")
	same(t, seqs(w.Audit.Events(ctx(t), 5, 2)), "[]")
	same(t, seqs(w.Audit.EventsAbout(ctx(t), "account", "object-0", 10)), "[5 1]") // newest first; 3 is about a client
	same(t, seqs(w.Audit.EventsAbout(ctx(t), "account", "object-0", 1)), "[5]")
	same(t, seqs(w.Audit.EventsAbout(ctx(t), "account", "object-9", 10)), "[]")
	auditHistory(t, w, seqs)
}

// auditHistory asks for the history of objects, of the events of auditEvents.
func auditHistory(t *testing.T, w world, seqs func([]audit.Event, error) string) {
	t.Helper()
	zero, one := audit.Object{Kind: audit.ObjectAccount, ID: "object-0"}, audit.Object{Kind: audit.ObjectAccount, ID: "object-1"}
	did := []audit.Action{note("did", "").Events[0].Action}
	for want, h := range map[string]audit.History{
		"[5 1]":     {Of: []audit.Object{zero}},
		"[5 4 2 1]": {Of: []audit.Object{zero, one}, Only: did},
		"[4 2]":     {Of: []audit.Object{one, one}[:1]},
		"[2]":       {Of: []audit.Object{one}, Before: 4},
		"[4]":       {Of: []audit.Object{one}, Since: noon.Add(2 * time.Second)},
		"[]":        {Of: []audit.Object{zero}, Without: did},
	} {
		same(t, seqs(w.Audit.History(ctx(t), h, 10)), want)
	}
	same(t, seqs(w.Audit.History(ctx(t), audit.History{Of: []audit.Object{zero, one}}, 3)), "[5 4 2]")
}
