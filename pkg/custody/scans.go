package custody

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"

	"omgevingsloket-id/pkg/application"
	"omgevingsloket-id/pkg/audit"
	"omgevingsloket-id/pkg/effect"
	"omgevingsloket-id/pkg/errs"
	"omgevingsloket-id/pkg/scan"
	"omgevingsloket-id/pkg/secret"
)

// Scans keeps what the scanner said of documents.
type Scans interface {
	// Unscanned gives documents of sent applications, with content, that
	// wait for the scanner, oldest first, those behind the given one (the
	// zero Document = all).
	Unscanned(ctx context.Context, after application.Document, limit int) ([]application.Document, error)
	// Scanned keeps a verdict, once; errs.ErrConflict when there is one.
	Scanned(ctx context.Context, documentID string, v scan.Verdict, signature string, now time.Time, rec effect.Effects) error
	// Verdict tells what the scanner said; scan.Pending before it did.
	Verdict(ctx context.Context, documentID string) (v scan.Verdict, signature string, err error)
}

const (
	// scanBatch is how many documents are read at a time: each may be ten
	// megabytes.
	scanBatch = 4
	// scanPatience is how many documents in a row may fail before a round is
	// given up: then it may be the scanner, not the documents.
	scanPatience = 3
)

// Scanning shows waiting documents to the scanner, in rounds; one at a time.
type Scanning struct {
	Store   Scans
	Scanner scan.Scanner
	Ring    *secret.KeyRing
	Now     func() time.Time

	after application.Document // where the next round begins; the zero Document = with the oldest
}

// Round shows each waiting document to the scanner and tells how many got a
// verdict. One that got none stays not scanned and does not stop the others;
// err tells of the last such. A round that is given up goes on behind the
// documents that failed: a few that no scanner can read, the oldest of all,
// would otherwise keep every other one from being seen.
func (s *Scanning) Round(ctx context.Context) (done int, err error) {
	failed := 0
	for {
		waiting, readErr := s.Store.Unscanned(ctx, s.after, scanBatch)
		if readErr != nil {
			return done, errors.Join(err, readErr)
		}
		if len(waiting) == 0 {
			s.after = application.Document{}
			return done, err
		}
		for _, d := range waiting {
			s.after = application.Document{ID: d.ID, CreatedAt: d.CreatedAt}
			if one := scanOne(ctx, s.Store, s.Scanner, s.Ring, s.Now, d); one != nil {
				if err, failed = one, failed+1; failed == scanPatience {
					return done, err
				}
				continue
			}
			done, failed = done+1, 0
		}
	}
}

func scanOne(ctx context.Context, store Scans, scanner scan.Scanner, ring *secret.KeyRing, now func() time.Time, d application.Document) error {
	plain, err := ring.Open(d.Sealed, application.DocumentAAD(d.ApplicationID, d.ID))
	if err != nil {
		return fmt.Errorf("document %s: %w", d.ID, err)
	}
	verdict, signature, err := scanner.Scan(ctx, bytes.NewReader(plain))
	if err != nil {
		return fmt.Errorf("document %s is not scanned: %w", d.ID, err)
	}
	err = store.Scanned(ctx, d.ID, verdict, signature, now(), effect.Of(
		audit.System("scanner").Did(audit.DocumentScanned, d.ApplicationID, now()).Because(signature).With(map[string]string{"document": d.ID, "verdict": string(verdict)})))
	if errors.Is(err, errs.ErrConflict) {
		return nil // another server was quicker
	}
	return err
}
