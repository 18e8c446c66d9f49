// Package custody holds what happens with the documents of sent applications:
// the scan for malware, who is let in to see one, and their destruction after
// the decision.
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

// Filed is a document as officials know it: all facts, no content.
type Filed struct {
	application.Document // its Sealed is nil
	Verdict              scan.Verdict
	Signature            string    // what the scanner found
	ScannedAt            time.Time // zero = not yet
	DestroyedAt          time.Time // zero = the content is there
}

// MayBeShown tells whether anybody may see the content: what is not scanned
// is not shown.
func (f Filed) MayBeShown() bool { return f.Verdict == scan.Clean && f.DestroyedAt.IsZero() }

// Admits reports whether a ticket that ends at expires opens the content at now.
func (f Filed) Admits(expires, now time.Time) bool { return now.Before(expires) && f.MayBeShown() }

// Ended lists the states in which nobody works on an application any more.
var Ended = [...]application.State{application.Approved, application.Rejected, application.Withdrawn, application.Expired}

// Over reports whether an application ended at since or before. One that
// expired unsent was never decided on: it ended when its time was over.
func Over(a application.Application, since time.Time) bool {
	end := a.DecidedAt
	if end.IsZero() {
		end = a.ExpiresAt
	}
	return slices.Contains(Ended[:], a.State) && !end.After(since)
}

// Archive keeps documents of sent applications: who may see one, once for
// each ticket, and how long there is something to see. errs.ErrUnavailable
// when it does not answer.
type Archive interface {
	// Filed lists the documents of an application, oldest first.
	Filed(ctx context.Context, applicationID string) ([]Filed, error)
	// FiledByID gives one; errs.ErrNotFound also when its application was
	// never sent.
	FiledByID(ctx context.Context, documentID string) (Filed, error)
	// Admit keeps the record of somebody who looks at a document and, unless
	// it is "", the hash of a ticket to its content; both or neither.
	// errs.ErrConflict when the document may not be shown.
	Admit(ctx context.Context, documentID, ticketHash string, expires time.Time, rec effect.Effects) error
	// Redeem spends a ticket and gives the document with its content: once,
	// of any number of callers. errs.ErrNotFound for a ticket that is
	// unknown, spent or too old, and for a document that may not be shown
	// any more.
	Redeem(ctx context.Context, ticketHash string, now time.Time) (application.Document, error)

	// Due lists applications that are over since that moment or before (Over) and
	// still have the content of a document, at most limit.
	Due(ctx context.Context, closed time.Time, limit int) ([]string, error)
	// Destroy takes away the content and the names of all documents of an
	// application that Due would list, with the record that proof makes of
	// what was there. errs.ErrConflict when it is not (any more) due.
	Destroy(ctx context.Context, applicationID string, closed, now time.Time, proof func([]application.Document) effect.Effects) error
}

// destroyBatch is how many applications are asked for at a time.
const destroyBatch = 100

// DestroyDue destroys the documents of all applications that were closed
// keep ago or longer, and tells of how many applications.
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
			case !errors.Is(err, errs.ErrConflict): // another server was quicker
				return done, err
			}
		}
	}
}

// destroyed is the proof of the end of the term.
func destroyed(documents []application.Document, keep time.Duration, now time.Time) effect.Effects {
	return effect.Effects{Events: proofs(documents, audit.System("retention"), now, "kept for "+keep.String())}
}

// Replaced is the record of another document of an applicant: event, which
// tells of it, and the proof of those that made way for it.
func Replaced(gone []application.Document, event audit.Event) effect.Effects {
	return effect.Effects{Events: append([]audit.Event{event}, proofs(gone, event.Actor(), event.At, "replaced by the applicant")...)}
}

// proofs returns an event for each document that was destroyed.
func proofs(gone []application.Document, by audit.Actor, at time.Time, reason string) (out []audit.Event) {
	for _, d := range gone {
		out = append(out, by.Did(audit.DocumentDestroyed, d.ApplicationID, at).Because(reason).
			With(map[string]string{"document": d.ID, "sha256": d.SHA256, "size": strconv.FormatInt(d.Size, 10)}))
	}
	return out
}
