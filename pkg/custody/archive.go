// Package custody defines what happens with the documents of submitted
// applications: the scan for malware, access by officials, and destruction
// after the decision.
//
//	sent ─► scanned (clean | infected) ─► shown, once for each ticket ─► destroyed, with proof
package custody

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"time"

	"omgevingsloket-id/pkg/application"
	"omgevingsloket-id/pkg/audit"
	"omgevingsloket-id/pkg/effect"
	"omgevingsloket-id/pkg/errs"
	"omgevingsloket-id/pkg/scan"
)

// Filed is a document of a submitted application, without its content.
type Filed struct {
	application.Document // Sealed is nil
	Verdict              scan.Verdict
	Signature            string    // name of the malware, if any
	ScannedAt            time.Time // zero = not yet
	DestroyedAt          time.Time // zero = not yet
}

// MayBeShown reports whether officials may see the content: it was scanned,
// found clean and not destroyed.
func (f Filed) MayBeShown() bool { return f.Verdict == scan.Clean && f.DestroyedAt.IsZero() }

// Admits reports whether a ticket that expires at expires opens the content at
// now.
func (f Filed) Admits(expires, now time.Time) bool { return now.Before(expires) && f.MayBeShown() }

// Ended lists the final states of an application.
var Ended = [...]application.State{application.Approved, application.Rejected, application.Withdrawn, application.Expired}

// Over reports whether an application ended at or before since: when it was
// decided on or, if it expired before submission, when it expired.
func Over(a application.Application, since time.Time) bool {
	end := a.DecidedAt
	if end.IsZero() {
		end = a.ExpiresAt
	}
	return slices.Contains(Ended[:], a.State) && !end.After(since)
}

// Archive stores the documents of submitted applications. All methods return
// errs.ErrUnavailable when the database cannot be reached.
type Archive interface {
	// Filed returns the documents of an application, oldest first.
	Filed(ctx context.Context, applicationID string) ([]Filed, error)
	// FiledByID returns a document. It returns errs.ErrNotFound if there is none
	// or its application was not submitted.
	FiledByID(ctx context.Context, documentID string) (Filed, error)
	// Admit writes the effects of viewing a document and, unless it is "", the
	// hash of a ticket to its content, in one transaction. It returns
	// errs.ErrConflict when the document may not be shown.
	Admit(ctx context.Context, documentID, ticketHash string, expires time.Time, rec effect.Effects) error
	// Redeem uses up a ticket and returns the document with its content. One
	// of several concurrent calls succeeds. It returns errs.ErrNotFound if the
	// ticket is unknown, used or expired, or the document may no longer be
	// shown.
	Redeem(ctx context.Context, ticketHash string, now time.Time) (application.Document, error)

	// Due returns the ids of at most limit applications that ended at or
	// before closed (Over) and still have the content of a document.
	Due(ctx context.Context, closed time.Time, limit int) ([]string, error)
	// Destroy deletes the content and the names of all documents of an
	// application that Due would return, and writes the effects that proof
	// returns for them. It returns errs.ErrConflict when the application is
	// not due.
	Destroy(ctx context.Context, applicationID string, closed, now time.Time, proof func([]application.Document) effect.Effects) error
}

// destroyBatch is the limit of one call of Due.
const destroyBatch = 100

// DestroyDue destroys the documents of all applications that ended at least
// keep ago, and returns the number of applications.
func DestroyDue(ctx context.Context, archive Archive, keep time.Duration, now func() time.Time) (done int, err error) {
	for {
		closed := now().Add(-keep)
		due, err := archive.Due(ctx, closed, destroyBatch)
		if err != nil || len(due) == 0 {
			return done, err
		}
		for _, id := range due {
			err := archive.Destroy(ctx, id, closed, now(), func(d []application.Document) effect.Effects { return destroyed(d, keep, now()) })
			switch {
			case err == nil:
				done++
			case !errors.Is(err, errs.ErrConflict): // another server destroyed them first
				return done, err
			}
		}
	}
}

// destroyed returns the events of documents whose time to be kept is over.
func destroyed(documents []application.Document, keep time.Duration, now time.Time) effect.Effects {
	return effect.Effects{Events: proofs(documents, audit.System("retention"), now, "kept for "+keep.String())}
}

// Replaced returns the effects of a new document of an applicant: event, and
// an event for each document that it replaces.
func Replaced(gone []application.Document, event audit.Event) effect.Effects {
	return effect.Effects{Events: append([]audit.Event{event}, proofs(gone, event.Actor(), event.At, "replaced by the applicant")...)}
}

// proofs returns an event for each destroyed document.
func proofs(gone []application.Document, by audit.Actor, at time.Time, reason string) (out []audit.Event) {
	for _, d := range gone {
		out = append(out, by.Did(audit.DocumentDestroyed, d.ApplicationID, at).Because(reason).
			With(map[string]string{"document": d.ID, "sha256": d.SHA256, "size": strconv.FormatInt(d.Size, 10)}))
	}
	return out
}
