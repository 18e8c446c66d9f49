package storagetest

import (
	"strings"
	"testing"
	"time"

	"omgevingsloket-id/pkg/application"
	"omgevingsloket-id/pkg/errs"
	"omgevingsloket-id/pkg/record"
)

func caseDocument(t *testing.T, d desk) {
	replace := func(c application.Case, rec record.Record) (application.Document, error) {
		doc := application.Document{ID: fresh("doc"), ApplicationID: c.ID, Name: "b.pdf", Type: "application/pdf", Size: 1, SHA256: "aa", Sealed: []byte{1}, CreatedAt: noon}
		return doc, d.cases.ReplaceDocument(ctx(t), c, doc, act(application.ActDocument, ""), rec)
	}
	c := d.asked("olga")
	for range 2 {
		rec := note("application.document_replaced", c.ID)
		doc, err := replace(c, rec)
		d.happened(err, rec)
		doc.Sealed = nil
		same(t, ok[[]application.Document](t)(d.Applications.Documents(ctx(t), c.ID)), []application.Document{doc})
	}
	for _, c := range []application.Case{d.sent(), d.taken("olga")} {
		rec := note("application.document_replaced", c.ID)
		_, err := replace(c, rec)
		d.refused(err, errs.ErrConflict, rec)
		same(t, len(ok[[]application.Document](t)(d.Applications.Documents(ctx(t), c.ID))), 0)
	}
}

func caseStatusCode(t *testing.T, d desk) {
	c := d.sent()
	set := func() {
		rec := note("application.status_code", c.ID)
		d.happened(d.cases.SetStatusCode(ctx(t), c.ID, "hash", noon.Add(time.Hour), rec), rec)
	}
	try := func(code, handle string, now time.Time, rec record.Record) application.CodeVerdict {
		return ok[application.CodeVerdict](t)(d.cases.TryStatusCode(ctx(t), c.ID, code, handle, now, rec))
	}
	none := record.Record{}
	same(t, try("", key(), noon, none), application.CodeExpired) // nobody asked for a code yet
	set()
	same(t, try("", key(), noon, none), application.CodeWrong)
	same(t, try("hash", key(), noon.Add(time.Hour), none), application.CodeExpired)
	handle, rec := key(), note("application.status_opened", c.ID)
	same(t, try("hash", handle, noon, rec), application.CodeRight)
	d.recorded(rec)
	same(t, d.application(handle).ID, c.ID)
	_, err := d.Applications.ByHandle(ctx(t), c.Handle)
	is(t, err, errs.ErrNotFound) // the earlier browser's
	if verdict := try("hash", key(), noon, none); verdict == application.CodeRight {
		t.Error("a code opened the page twice")
	}
	set()
	for range application.CodeTries {
		same(t, try("guess", key(), noon, none), application.CodeWrong)
	}
	same(t, try("hash", key(), noon, none), application.CodeSpent)
	set()
	exactlyOne(t, atOnce(func(int) error {
		verdict, err := d.cases.TryStatusCode(ctx(t), c.ID, "hash", key(), noon, none)
		if err == nil && verdict != application.CodeRight {
			err = errs.ErrConflict
		}
		return err
	}), errs.ErrConflict)
	for _, id := range []string{d.confirmed(draft()).ID, fresh("nobody")} {
		_, err := d.cases.TryStatusCode(ctx(t), id, "hash", key(), noon, none)
		is(t, err, errs.ErrNotFound)
		rec := note("application.status_code", id)
		d.refused(d.cases.SetStatusCode(ctx(t), id, "hash", noon, rec), errs.ErrConflict, rec)
	}
}

func caseQueue(t *testing.T, d desk) {
	me := fresh("me")
	waiting, mine, more := d.sent(), d.taken(me), d.asked(me)
	proposed := d.taken(me)
	must(t, d.do(t, application.ActPropose, me, proposed, record.Record{}))
	gone := d.sent()
	must(t, d.do(t, application.ActWithdraw, "", gone, record.Record{}))

	list := func(q application.Query) (found []string) {
		t.Helper()
		if q.Limit == 0 {
			q.Limit = 10_000
		}
		for _, c := range ok[[]application.Case](t)(d.cases.Queue(ctx(t), q)) {
			same(t, c, d.reload(c.ID))
			found = append(found, c.ID)
		}
		return found
	}
	names := map[string]string{waiting.ID: "waiting", mine.ID: "mine", more.ID: "more", proposed.ID: "proposed", gone.ID: "gone"}
	shown := func(show application.Show, member string) map[string]bool {
		out := map[string]bool{}
		for _, id := range list(application.Query{Show: show, Member: member}) {
			if name := names[id]; name != "" {
				out[name] = true
			}
		}
		return out
	}
	same(t, shown(application.ShowWaiting, me), map[string]bool{"waiting": true})
	same(t, shown(application.ShowWaiting, "otto"), map[string]bool{"waiting": true, "proposed": true})
	same(t, shown(application.ShowMine, me), map[string]bool{"mine": true, "more": true})
	same(t, shown(application.ShowMore, me), map[string]bool{"more": true})
	same(t, shown(application.ShowDecided, me), map[string]bool{"gone": true})
	same(t, shown(application.ShowAll, me), map[string]bool{"waiting": true, "mine": true, "more": true, "proposed": true, "gone": true})
	counts := ok[application.Counts](t)(d.cases.Counts(ctx(t), me))
	same(t, counts.Mine, 1)
	same(t, counts.Waiting, len(list(application.Query{Show: application.ShowWaiting, Member: me})))

	for _, search := range []string{waiting.Reference, strings.ToLower(waiting.Reference), waiting.Email[:20]} {
		same(t, list(application.Query{Show: application.ShowAll, Search: search}), []string{waiting.ID})
	}
	for _, search := range []string{"ZOË o'brien", "société ÜNÏCODE", "0123.456.789"} {
		if n := len(list(application.Query{Show: application.ShowAll, Search: search})); n < 5 {
			t.Errorf("search %q: %d", search, n)
		}
	}
	// OF-15: what is searched for is text, never a pattern or a statement.
	for _, odd := range []string{"%", "_", `\`, `' OR 1=1 --`, "\xff\xfe!", "\u202e", "0123_456_789", strings.Repeat("x", 1<<16)} {
		if found := list(application.Query{Show: application.ShowAll, Search: odd}); len(found) > 0 {
			t.Errorf("search %.20q finds %d", odd, len(found))
		}
	}
	all := list(application.Query{Show: application.ShowAll})
	same(t, list(application.Query{Show: application.ShowAll, Offset: 1, Limit: 2}), all[1:3])
	same(t, len(list(application.Query{Show: "nonsense"})), len(all))
}
