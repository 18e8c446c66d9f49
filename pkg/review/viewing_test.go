package review_test

import (
	"bytes"
	"context"
	"errors"
	"maps"
	"testing"
	"time"

	"omgevingsloket-id/e2e/site"
	"omgevingsloket-id/pkg/application"
	"omgevingsloket-id/pkg/audit"
	"omgevingsloket-id/pkg/custody"
	"omgevingsloket-id/pkg/document"
	"omgevingsloket-id/pkg/errs"
	"omgevingsloket-id/pkg/review"
	"omgevingsloket-id/pkg/scan"
	"omgevingsloket-id/pkg/secret"
)

var passport = []byte("%PDF-1.7 passport")

// filed stores a sent application with a document that the scanner judged.
func filed(s *site.Site, email string, v scan.Verdict) (review.Case, custody.Filed) {
	s.T.Helper()
	c, d := s.Filed(email, "pas.pdf", document.TypePDF, passport)
	if v != scan.Pending {
		site.Must(s.T, s.Stores.DB.Scans().Scanned(s.T.Context(), d.ID, v, "", s.Clock.Now(), site.NoEffects))
	}
	f, err := s.Stores.DB.Archive().FiledByID(s.T.Context(), d.ID)
	site.Must(s.T, err)
	return c, f
}

func withdraw(s *site.Site, c review.Case) {
	s.T.Helper()
	site.Must(s.T, s.Stores.DB.Cases().Withdraw(s.T.Context(), s.Case(c.ID), review.Act{Kind: review.ActWithdraw, At: s.Clock.Now()}, site.NoEffects))
}

func destroy(s *site.Site) {
	s.T.Helper()
	if done, err := custody.DestroyDue(s.T.Context(), s.Stores.DB.Archive(), 0, s.Clock.Now); done != 1 || err != nil {
		s.T.Fatalf("DestroyDue() = %d, %v, want 1, nil", done, err)
	}
}

// The facts of a document are for officials other than its applicant, once it
// was sent.
func TestViewingOpen(t *testing.T) {
	t.Parallel()
	s := site.New(t, nil)
	_, pending := filed(s, "anna@example.com", scan.Pending)
	_, own := filed(s, olga.Email, scan.Clean)
	for _, test := range []struct {
		name, id string
		err      error
	}{
		{"not scanned yet", pending.ID, nil},
		{"her own", own.ID, review.Refused{Why: review.RefusedOwn}},
		{"never sent", s.Document("draft@example.com", passport, false), errs.ErrNotFound},
		{"unknown", "nobody", errs.ErrNotFound},
	} {
		if got, err := s.Viewing.Open(t.Context(), test.id, olga); !errors.Is(err, test.err) || err == nil && got.ID != test.id {
			t.Errorf("Open(%s) = %q, %v, want %q, %v", test.name, got.ID, err, test.id, test.err)
		}
	}
}

// Each look is in the audit log under its own name before anything is seen, and
// none is where there is nothing to see.
func TestViewingLooks(t *testing.T) {
	t.Parallel()
	s := site.New(t, nil)
	by := audit.Official("olga")
	looks := map[string]struct {
		look   func(context.Context, custody.Filed, audit.Actor) (secret.Text, error)
		action audit.Action
		ticket bool
	}{
		"Look": {func(ctx context.Context, d custody.Filed, by audit.Actor) (secret.Text, error) {
			return "", s.Viewing.Look(ctx, d, by)
		}, audit.DocumentViewed, false},
		"Ticket":   {s.Viewing.Ticket, audit.DocumentViewed, true},
		"Download": {s.Viewing.Download, audit.DocumentDownloaded, true},
	}
	for state, seen := range map[string]bool{"clean": true, "infected": false, "pending": false, "destroyed": false} {
		verdict := scan.Verdict(state)
		if state == "destroyed" {
			verdict = scan.Clean
		}
		c, d := filed(s, state+"@example.com", verdict)
		if state == "destroyed" {
			withdraw(s, c)
			destroy(s)
		}
		for name, l := range looks {
			before, wantErr := len(about(s, c.ID)), error(nil)
			if !seen {
				wantErr = errs.ErrConflict
			}
			ticket, err := l.look(t.Context(), d, by)
			if !errors.Is(err, wantErr) || (ticket != "") != (seen && l.ticket) {
				t.Errorf("%s(%s) = ticket %t, %v, want %t, %v", name, state, ticket != "", err, seen && l.ticket, wantErr)
			}
			events := about(s, c.ID)[before:]
			if len(events) > 0 != seen {
				t.Errorf("%s(%s) wrote %d events, want one: %t", name, state, len(events), seen)
			}
			for _, e := range events {
				if want := map[string]string{"document": d.ID}; e.Action != l.action || e.Actor() != by || !maps.Equal(e.Details, want) {
					t.Errorf("%s(%s) wrote %s by %+v %v, want %s by %+v %v", name, state, e.Action, e.Actor(), e.Details, l.action, by, want)
				}
			}
		}
	}
}

// A ticket opens the content once, and before its minute is over.
func TestViewingRedeem(t *testing.T) {
	t.Parallel()
	s := site.New(t, nil)
	c, d := filed(s, "anna@example.com", scan.Clean)
	redeem := func(name string, ticket secret.Text, want error) {
		t.Helper()
		got, content, err := s.Viewing.Redeem(t.Context(), ticket)
		if want == nil && (err != nil || got.ID != d.ID || !bytes.Equal(content, passport)) || !errors.Is(err, want) || err != nil && content != nil {
			t.Errorf("Redeem(%s) = %q, %q, %v, want %v", name, got.ID, content, err, want)
		}
	}
	ticket := func() secret.Text {
		t.Helper()
		ticket, err := s.Viewing.Ticket(t.Context(), d, audit.Official("olga"))
		site.Must(t, err)
		return ticket
	}
	first, second := ticket(), ticket()
	redeem("in time", first, nil)
	redeem("spent", first, errs.ErrNotFound)
	redeem("another one", second, nil)
	redeem("none", "", errs.ErrNotFound)
	late, last := ticket(), ticket()
	s.Clock.Add(time.Minute - time.Millisecond)
	redeem("at the last moment", last, nil)
	s.Clock.Add(time.Millisecond)
	redeem("after its minute", late, errs.ErrNotFound)
	gone := ticket()
	withdraw(s, c)
	destroy(s)
	redeem("destroyed", gone, errs.ErrNotFound)
}

// The content is read as it was sent, or not at all.
func TestViewingRead(t *testing.T) {
	t.Parallel()
	s := site.New(t, nil)
	c, d := filed(s, "anna@example.com", scan.Clean)
	unsealed := *s.Viewing
	unsealed.Content = func(ctx context.Context, id string) (application.Document, error) {
		got, err := s.Viewing.Content(ctx, id)
		got.ApplicationID = "another"
		return got, err
	}
	silent := *s.Viewing
	silent.Content = func(context.Context, string) (application.Document, error) {
		return application.Document{}, errs.ErrUnavailable
	}
	if got, err := s.Viewing.Read(t.Context(), d); !bytes.Equal(got, passport) || err != nil {
		t.Errorf("Read(as it was sent) = %q, %v, want %q, nil", got, err, passport)
	}
	if got, err := unsealed.Read(t.Context(), d); got != nil || err == nil || errors.Is(err, errs.ErrConflict) {
		t.Errorf("Read(in the row of another application) = %q, %v, want an error that is no conflict", got, err)
	}
	if got, err := silent.Read(t.Context(), d); got != nil || !errors.Is(err, errs.ErrUnavailable) {
		t.Errorf("Read(no answer) = %q, %v, want %v", got, err, errs.ErrUnavailable)
	}
	withdraw(s, c)
	destroy(s)
	for name, d := range map[string]custody.Filed{"destroyed": d, "replaced": {Document: application.Document{ID: "gone"}}} {
		if got, err := s.Viewing.Read(t.Context(), d); got != nil || !errors.Is(err, errs.ErrConflict) {
			t.Errorf("Read(%s) = %q, %v, want %v", name, got, err, errs.ErrConflict)
		}
	}
}
