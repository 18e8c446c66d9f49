package review_test

import (
	"context"
	"errors"
	"testing"

	"omgevingsloket-id/e2e/site"
	"omgevingsloket-id/pkg/audit"
	"omgevingsloket-id/pkg/custody"
	"omgevingsloket-id/pkg/document"
	"omgevingsloket-id/pkg/review"
	"omgevingsloket-id/pkg/scan"
)

// Z12: an official approves an application without having opened every document only
// by saying so, and then the audit log has it. What a colleague opened does not count,
// nor the list of what is in a PDF.
func TestZ12_ApprovesWhatWasOpened(t *testing.T) {
	t.Parallel()
	s := site.New(t, nil)
	look := func(ctx context.Context, d custody.Filed, o review.Official) error {
		return s.Viewing.Look(ctx, d, audit.Official(o.ID))
	}
	download := func(ctx context.Context, d custody.Filed, o review.Official) error {
		_, err := s.Viewing.Download(ctx, d, audit.Official(o.ID))
		return err
	}
	refused := review.Refused{Why: review.RefusedUnread}
	for name, c := range map[string]struct {
		kind    string
		verdict scan.Verdict
		open    func(context.Context, custody.Filed, review.Official) error
		who     review.Official
		said    bool
		want    error
		detail  string
	}{
		"nothing":            {document.TypePDF, scan.Clean, nil, olga, false, refused, ""},
		"nothing, and said":  {document.TypePDF, scan.Clean, nil, olga, true, nil, "1"},
		"downloaded":         {document.TypePDF, scan.Clean, download, olga, false, nil, ""},
		"and said":           {document.TypePDF, scan.Clean, download, olga, true, nil, ""},
		"by a colleague":     {document.TypePDF, scan.Clean, download, otto, false, refused, ""},
		"a look at a PDF":    {document.TypePDF, scan.Clean, look, olga, false, refused, ""},
		"a look at a photo":  {document.TypeJPEG, scan.Clean, look, olga, false, nil, ""},
		"cannot be opened":   {document.TypePDF, scan.Infected, nil, olga, false, nil, ""},
		"a photo, no look":   {document.TypeJPEG, scan.Clean, nil, olga, false, refused, ""},
		"a photo, colleague": {document.TypeJPEG, scan.Clean, look, otto, false, refused, ""},
	} {
		filed, d := s.Filed(digits(name)+"@example.com", "pas", c.kind, passport)
		site.Must(t, s.Stores.DB.Scans().Scanned(t.Context(), d.ID, c.verdict, "", s.Clock.Now(), site.NoEffects))
		must(s, filed, olga, review.ActTake)
		if c.open != nil {
			f, err := s.Stores.DB.Archive().FiledByID(t.Context(), d.ID)
			site.Must(t, err)
			site.Must(t, c.open(t.Context(), f, c.who))
		}
		if err := do(s, filed, olga, review.Act{Kind: review.ActApprove, Unread: c.said}); !errors.Is(err, c.want) {
			t.Errorf("%s: Do(approve) = %v, want %v", name, err, c.want)
		}
		for _, e := range about(s, filed.ID) {
			if e.Action == audit.ApplicationApproved && e.Details["unread"] != c.detail {
				t.Errorf("%s: the event has unread %q, want %q", name, e.Details["unread"], c.detail)
			}
		}
	}
}

func digits(name string) string {
	b := []byte(name)
	for i, c := range b {
		if c < 'a' || c > 'z' {
			b[i] = '-'
		}
	}
	return "x" + string(b) + "x"
}
