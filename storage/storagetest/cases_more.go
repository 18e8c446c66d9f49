package storagetest

import (
	"testing"
	"time"

	"omgevingsloket-id/pkg/application"
	"omgevingsloket-id/pkg/effect"
	"omgevingsloket-id/pkg/errs"
	"omgevingsloket-id/pkg/intake"
	"omgevingsloket-id/pkg/review"
)

func caseDocument(t *testing.T, d caseWorld) {
	var gone []application.Document
	replace := func(c review.Case, rec effect.Effects) (application.Document, error) {
		doc := application.Document{ID: fresh("doc"), ApplicationID: c.ID, Name: "b.pdf", Type: "application/pdf", Size: 1, SHA256: "aa", Sealed: []byte{1}, CreatedAt: noon}
		return doc, d.cases.ReplaceDocument(ctx(t), c, doc, act(review.ActDocument, ""),
			func(was []application.Document) effect.Effects { gone = was; return rec })
	}
	c := d.asked("olga")
	var before []application.Document
	for range 2 {
		rec := note("application.document_replaced", c.ID)
		doc, err := replace(c, rec)
		d.happened(err, rec)
		same(t, gone, before) // returns all documents that were replaced
		doc.Sealed = nil
		same(t, ok[[]application.Document](t)(d.Applications.Documents(ctx(t), c.ID)), []application.Document{doc})
		doc.Name = ""
		before = []application.Document{doc}
	}
	for _, c := range []review.Case{d.sent(), d.taken("olga")} {
		rec := note("application.document_replaced", c.ID)
		_, err := replace(c, rec)
		d.refused(err, errs.ErrConflict, rec)
		same(t, len(ok[[]application.Document](t)(d.Applications.Documents(ctx(t), c.ID))), 0)
	}
}

func caseStatusCode(t *testing.T, d caseWorld) {
	c := d.sent()
	set := func() {
		rec := note("application.status_code", c.ID)
		d.happened(d.cases.SetStatusCode(ctx(t), c.ID, "hash", noon.Add(time.Hour), rec), rec)
	}
	try := func(code, handle string, now time.Time, rec effect.Effects) intake.CodeVerdict {
		return ok[intake.CodeVerdict](t)(d.cases.TryStatusCode(ctx(t), c.ID, code, handle, now, rec))
	}
	none := effect.Effects{}
	same(t, try("", key(), noon, none), intake.CodeExpired) // no code was sent yet
	set()
	same(t, try("", key(), noon, none), intake.CodeWrong)
	same(t, try("hash", key(), noon.Add(time.Hour), none), intake.CodeExpired)
	handle, rec := key(), note("application.status_opened", c.ID)
	same(t, try("hash", handle, noon, rec), intake.CodeRight)
	d.written(rec)
	same(t, d.application(handle).ID, c.ID)
	_, err := d.Applications.ByHandle(ctx(t), c.Handle)
	is(t, err, errs.ErrNotFound) // the earlier browser's
	if verdict := try("hash", key(), noon, none); verdict == intake.CodeRight {
		t.Error("a code opened the page twice")
	}
	set()
	for range intake.CodeTries {
		same(t, try("guess", key(), noon, none), intake.CodeWrong)
	}
	same(t, try("hash", key(), noon, none), intake.CodeSpent)
	set()
	exactlyOne(t, atOnce(func(int) error {
		verdict, err := d.cases.TryStatusCode(ctx(t), c.ID, "hash", key(), noon, none)
		if err == nil && verdict != intake.CodeRight {
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
