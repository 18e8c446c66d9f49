package storagetest

import (
	"context"
	"errors"
	"testing"
	"time"

	"omgevingsloket-id/pkg/application"
	"omgevingsloket-id/pkg/custody"
	"omgevingsloket-id/pkg/document"
	"omgevingsloket-id/pkg/effect"
	"omgevingsloket-id/pkg/errs"
	"omgevingsloket-id/pkg/review"
	"omgevingsloket-id/pkg/scan"
)

// archiveWorld is a caseWorld with an archive.
type archiveWorld struct {
	caseWorld
	archive custody.Archive
	scans   custody.Scans
}

func (s archiveWorld) in(t *testing.T) archiveWorld {
	return archiveWorld{s.caseWorld.in(t), s.archive, s.scans}
}

// Archive tests a custody.Archive.
func Archive(t *testing.T, open func(*testing.T) (Stores, review.Cases, custody.Archive, custody.Scans)) {
	stores, cases, archive, scans := open(t)
	s := archiveWorld{caseWorld{world{stores, t}, cases}, archive, scans}
	t.Run("facts", func(t *testing.T) { archiveFacts(t, s.in(t)) })
	t.Run("tickets", func(t *testing.T) { archiveTickets(t, s.in(t)) })
	t.Run("destruction", func(t *testing.T) { archiveDestroys(t, s.in(t)) })
	t.Run("destruction, one wins", func(t *testing.T) { archiveDestroysOnce(t, s.in(t)) })
	t.Run("silence", func(t *testing.T) {
		over, cancel := context.WithCancel(t.Context())
		cancel()
		eachMethod(struct{ Archive custody.Archive }{archive}, func(name string, call func(context.Context) error) {
			if err := call(over); !errors.Is(err, errs.ErrUnavailable) {
				t.Errorf("%s: got %v, want unavailable", name, err)
			}
		})
	})
	s.unbroken()
}

// document adds a document to an application that is about to be sent.
func (s archiveWorld) document(a application.Application) application.Document {
	s.t.Helper()
	d := application.Document{ID: fresh("doc"), ApplicationID: a.ID, Name: "pas.pdf", Type: document.TypePDF, Size: 3, SHA256: "c0ffee", Sealed: []byte{1, 2, 3}, CreatedAt: noon}
	must(s.t, s.Applications.PutDocument(ctx(s.t), d))
	return d
}

// filed returns a waiting case and its document.
func (s archiveWorld) filed() (review.Case, application.Document) {
	s.t.Helper()
	a := s.confirmed(draft())
	d := s.document(a)
	a = s.application(a.Handle)
	a.Reference, a.SubmittedAt = fresh("REF"), noon.Add(time.Minute)
	must(s.t, s.Applications.Submit(ctx(s.t), a, nil, effect.Effects{}))
	return s.reload(a.ID), d
}

func (s archiveWorld) scanned(d application.Document, v scan.Verdict, signature string) {
	s.t.Helper()
	must(s.t, s.scans.Scanned(ctx(s.t), d.ID, v, signature, noon.Add(time.Hour), effect.Effects{}))
}

// rejected ends a case an hour after noon (act).
func (s archiveWorld) rejected(c review.Case) {
	s.t.Helper()
	must(s.t, s.cases.Take(ctx(s.t), c, act(review.ActTake, "olga"), effect.Effects{}))
	must(s.t, s.cases.Reject(ctx(s.t), s.reload(c.ID), act(review.ActReject, "olga"), effect.Effects{}))
}

func archiveFacts(t *testing.T, s archiveWorld) {
	c, d := s.filed()
	want := custody.Filed{Document: d, Verdict: scan.Pending}
	want.Sealed = nil
	check := func() {
		t.Helper()
		same(t, ok[[]custody.Filed](t)(s.archive.Filed(ctx(t), c.ID)), []custody.Filed{want})
		same(t, ok[custody.Filed](t)(s.archive.FiledByID(ctx(t), d.ID)), want)
	}
	check()
	s.scanned(d, scan.Infected, "Olid.Test")
	want.Verdict, want.Signature, want.ScannedAt = scan.Infected, "Olid.Test", noon.Add(time.Hour)
	check()
	// The document of a draft cannot be found.
	other := s.document(s.confirmed(draft()))
	for _, id := range []string{other.ID, c.ID, "", "nobody"} {
		_, err := s.archive.FiledByID(ctx(t), id)
		is(t, err, errs.ErrNotFound)
	}
	same(t, len(ok[[]custody.Filed](t)(s.archive.Filed(ctx(t), other.ApplicationID))), 0)
}

func archiveTickets(t *testing.T, s archiveWorld) {
	c, d := s.filed()
	expires := noon.Add(time.Hour)
	admit := func(d application.Document) (string, effect.Effects, error) {
		ticket, rec := key(), note("document.viewed", d.ApplicationID)
		return ticket, rec, s.archive.Admit(ctx(t), d.ID, ticket, expires, rec)
	}
	refused := func(d application.Document, why string) {
		t.Helper()
		_, rec, err := admit(d)
		if !errors.Is(err, errs.ErrConflict) {
			t.Errorf("%s: %v", why, err)
		}
		s.notWritten(rec)
		rec = note("document.viewed", d.ApplicationID)
		s.refused(s.archive.Admit(ctx(t), d.ID, "", expires, rec), errs.ErrConflict, rec)
	}
	refused(d, "not scanned")
	s.scanned(d, scan.Clean, "")
	_, infected := s.filed()
	s.scanned(infected, scan.Infected, "Olid.Test")
	refused(infected, "quarantined")
	unsent := s.document(s.confirmed(draft()))
	s.scanned(unsent, scan.Clean, "")
	refused(unsent, "not sent")
	refused(application.Document{ID: fresh("nobody")}, "unknown")

	ticket, rec, err := admit(d)
	s.happened(err, rec)
	same(t, ok[application.Document](t)(s.archive.Redeem(ctx(t), ticket, noon)), d)
	for _, again := range []string{ticket, "", key(), d.ID} {
		_, err = s.archive.Redeem(ctx(t), again, noon)
		is(t, err, errs.ErrNotFound)
	}
	// Without a ticket only the effects are written.
	rec = note("document.viewed", d.ApplicationID)
	s.happened(s.archive.Admit(ctx(t), d.ID, "", expires, rec), rec)
	// A ticket is over at the moment it expires.
	ticket, _, err = admit(d)
	must(t, err)
	_, err = s.archive.Redeem(ctx(t), ticket, expires)
	is(t, err, errs.ErrNotFound)
	same(t, ok[application.Document](t)(s.archive.Redeem(ctx(t), ticket, expires.Add(-time.Millisecond))), d)
	// A ticket works once, whatever the number of callers.
	ticket, _, err = admit(d)
	must(t, err)
	exactlyOne(t, atOnce(func(int) error {
		_, err := s.archive.Redeem(ctx(t), ticket, noon)
		return err
	}), errs.ErrNotFound)
	// A ticket is over when its document may no longer be seen.
	ticket, _, err = admit(d)
	must(t, err)
	s.rejected(c)
	must(t, s.archive.Destroy(ctx(t), c.ID, noon.Add(time.Hour), noon.Add(2*time.Hour), func([]application.Document) effect.Effects { return effect.Effects{} }))
	_, err = s.archive.Redeem(ctx(t), ticket, noon)
	is(t, err, errs.ErrNotFound)
	refused(d, "destroyed")
}

func archiveDestroys(t *testing.T, s archiveWorld) {
	decided := noon.Add(time.Hour)
	due := func(closed time.Time, id string) bool {
		for _, found := range ok[[]string](t)(s.archive.Due(ctx(t), closed, 10_000)) {
			if found == id {
				return true
			}
		}
		return false
	}
	destroy := func(c review.Case, closed time.Time) (effect.Effects, []application.Document, error) {
		rec := note("document.destroyed", c.ID)
		var gone []application.Document
		err := s.archive.Destroy(ctx(t), c.ID, closed, closed.Add(time.Hour), func(d []application.Document) effect.Effects { gone = d; return rec })
		return rec, gone, err
	}
	// Open cases keep their documents, however old.
	open, _ := s.filed()
	taken, _ := s.filed()
	must(t, s.cases.Take(ctx(t), taken, act(review.ActTake, "olga"), effect.Effects{}))
	asked, _ := s.filed()
	must(t, s.cases.Take(ctx(t), asked, act(review.ActTake, "olga"), effect.Effects{}))
	must(t, s.cases.AskMore(ctx(t), s.reload(asked.ID), act(review.ActMore, "olga"), effect.Effects{}))
	for _, c := range []review.Case{open, taken, asked} {
		same(t, due(noon.AddDate(10, 0, 0), c.ID), false)
		rec, _, err := destroy(c, noon.AddDate(10, 0, 0))
		s.refused(err, errs.ErrConflict, rec)
	}
	approvedAtOnce := func() (review.Case, application.Document) {
		a := s.confirmed(draft())
		d := s.document(a)
		a = s.application(a.Handle)
		a.Reference, a.SubmittedAt = fresh("REF"), decided
		who := approved(a)
		must(t, s.Applications.Submit(ctx(t), a, &who, effect.Effects{}))
		return s.reload(a.ID), d
	}
	for name, ended := range map[string]func() (review.Case, application.Document){
		"rejected": func() (review.Case, application.Document) { c, d := s.filed(); s.rejected(c); return c, d },
		"withdrawn": func() (review.Case, application.Document) {
			c, d := s.filed()
			must(t, s.cases.Withdraw(ctx(t), c, act(review.ActWithdraw, ""), effect.Effects{}))
			return c, d
		},
		"approved at once": approvedAtOnce,
	} {
		t.Run(name, func(t *testing.T) {
			c, d := ended()
			rec, _, err := destroy(c, decided.Add(-time.Millisecond))
			s.in(t).refused(err, errs.ErrConflict, rec)
			same(t, due(decided.Add(-time.Millisecond), c.ID), false)
			same(t, due(decided, c.ID), true)
			rec, gone, err := destroy(c, decided)
			s.in(t).happened(err, rec)
			want := d
			want.Sealed, want.Name = nil, ""
			same(t, gone, []application.Document{want})
			same(t, due(decided, c.ID), false)
			filed := ok[custody.Filed](t)(s.archive.FiledByID(ctx(t), d.ID))
			same(t, filed, custody.Filed{Document: want, Verdict: scan.Pending, DestroyedAt: decided.Add(time.Hour)})
			left := ok[application.Document](t)(s.Applications.DocumentContent(ctx(t), d.ID))
			same(t, len(left.Sealed), 0)
			// Destroyed documents are not scanned.
			for _, waiting := range ok[[]application.Document](t)(s.scans.Unscanned(ctx(t), application.Document{}, 10_000)) {
				if waiting.ID == d.ID {
					t.Error("waits for the scanner, and is destroyed")
				}
			}
			rec, _, err = destroy(c, decided)
			s.in(t).refused(err, errs.ErrConflict, rec)
		})
	}
}

func archiveDestroysOnce(t *testing.T, s archiveWorld) {
	c, _ := s.filed()
	s.rejected(c)
	rec := note("document.destroyed", c.ID)
	exactlyOne(t, atOnce(func(int) error {
		return s.archive.Destroy(ctx(t), c.ID, noon.Add(time.Hour), noon.Add(time.Hour), func([]application.Document) effect.Effects { return rec })
	}), errs.ErrConflict)
	s.written(rec)
}
