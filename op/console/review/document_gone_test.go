package review_test

import (
	"context"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"omgevingsloket-id/e2e/site"
	"omgevingsloket-id/pkg/application"
	"omgevingsloket-id/pkg/audit"
	"omgevingsloket-id/pkg/document"
	"omgevingsloket-id/pkg/errs"
	"omgevingsloket-id/pkg/review"
)

// documents returns the documents of an application, without content.
func documents(s *site.Site, c review.Case) []application.Document {
	s.T.Helper()
	out, err := s.Stores.DB.Applications().Documents(s.T.Context(), c.ID)
	site.Must(s.T, err)
	return out
}

// proven requires that the audit log has an event about the end of exactly these
// documents, by their applicant.
func proven(s *site.Site, c review.Case, gone ...application.Document) {
	s.T.Helper()
	events, err := s.Stores.DB.Audit().EventsAbout(s.T.Context(), "application", c.ID, 1000)
	site.Must(s.T, err)
	n := 0
	for _, e := range events {
		if e.Action != "document.destroyed" {
			continue
		}
		if n++; n > len(gone) {
			s.T.Fatalf("one more: %+v", e)
		}
		d := gone[len(gone)-n] // the newest event comes first
		if e.Reason != "replaced by the applicant" || e.ActorKind != audit.ActorApplicant || e.At.IsZero() || e.Details["document"] != d.ID ||
			e.Details["sha256"] != d.SHA256 || e.Details["size"] != strconv.FormatInt(d.Size, 10) {
			s.T.Errorf("%+v\nis no proof of %+v", e, d)
		}
	}
	if n != len(gone) {
		s.T.Errorf("%d proofs, %d documents made way", n, len(gone))
	}
}

// A PDF that was destroyed or replaced while an official asked for it is reported as
// such and not downloaded.
func TestConsoleDocumentGoneMeanwhile(t *testing.T) {
	t.Parallel()
	s := site.New(t, nil)
	_, d := ready(s, "anna@example.com", "brief.pdf", document.TypePDF, []byte(SmallPDF))
	olga := s.Reviewer("olga")
	real := s.Viewing.Content
	for name, gone := range map[string]func() (application.Document, error){
		"destroyed": func() (application.Document, error) { return application.Document{ID: d.ID, Sealed: []byte{}}, nil },
		"replaced":  func() (application.Document, error) { return application.Document{}, errs.ErrNotFound },
	} {
		s.Viewing.Content = real
		olga.Get(documentPath(d)).Is(http.StatusOK).Says("PDF downloaden")
		s.Viewing.Content = func(context.Context, string) (application.Document, error) { return gone() }
		olga.Press(documentPath(d)).Is(http.StatusConflict).Says("mag sinds kort niet meer worden getoond")
		if strings.Contains(olga.Body, "PDF downloaden") {
			t.Error(name, "and offered")
		}
		olga.Get(documentPath(d)).Is(http.StatusConflict).Says("mag sinds kort niet meer worden getoond")
	}
	if _, downloaded := looks(s, d); downloaded != 0 {
		t.Error("the audit log says downloaded")
	}
}
