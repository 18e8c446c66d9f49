package main

import (
	"context"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"omgevingsloket-id/pkg/application"
	"omgevingsloket-id/pkg/audit"
	"omgevingsloket-id/pkg/errs"
)

// documents are those of an application, without content.
func (s *site) documents(c application.Case) []application.Document {
	s.t.Helper()
	out, err := s.stores.db.Applications().Documents(s.t.Context(), c.ID)
	must(s.t, err)
	return out
}

// proven demands that the record tells of the end of exactly these documents,
// as their applicant's doing.
func (s *site) proven(c application.Case, gone ...application.Document) {
	s.t.Helper()
	events, err := s.stores.db.Audit().EventsAbout(s.t.Context(), "application", c.ID, 1000)
	must(s.t, err)
	n := 0
	for _, e := range events {
		if e.Action != "document.destroyed" {
			continue
		}
		if n++; n > len(gone) {
			s.t.Fatalf("one more: %+v", e)
		}
		d := gone[len(gone)-n] // the newest event comes first
		if e.Reason != "replaced by the applicant" || e.ActorKind != audit.ActorApplicant || e.At.IsZero() || e.Details["document"] != d.ID ||
			e.Details["sha256"] != d.SHA256 || e.Details["size"] != strconv.FormatInt(d.Size, 10) {
			s.t.Errorf("%+v\nis no proof of %+v", e, d)
		}
	}
	if n != len(gone) {
		s.t.Errorf("%d proofs, %d documents made way", n, len(gone))
	}
}

// A PDF that was destroyed, or made way for another, while an official asked
// for it is told of as that, and not handed over.
func TestConsoleDocumentGoneMeanwhile(t *testing.T) {
	s := newSite(t, nil)
	_, d := s.ready("anna@example.com", "brief.pdf", application.TypePDF, []byte(smallPDF))
	olga := s.reviewer("olga")
	real := s.staff.Viewing.Content
	for name, gone := range map[string]func() (application.Document, error){
		"destroyed": func() (application.Document, error) { return application.Document{ID: d.ID, Sealed: []byte{}}, nil },
		"replaced":  func() (application.Document, error) { return application.Document{}, errs.ErrNotFound },
	} {
		s.staff.Viewing.Content = real
		olga.get(documentPath(d)).is(http.StatusOK).says("PDF downloaden")
		s.staff.Viewing.Content = func(context.Context, string) (application.Document, error) { return gone() }
		olga.press(documentPath(d)).is(http.StatusConflict).says("mag sinds kort niet meer worden getoond")
		if strings.Contains(olga.body, "PDF downloaden") {
			t.Error(name, "and offered")
		}
		olga.get(documentPath(d)).is(http.StatusConflict).says("mag sinds kort niet meer worden getoond")
	}
	if _, downloaded := s.looks(d); downloaded != 0 {
		t.Error("the record says downloaded")
	}
}
