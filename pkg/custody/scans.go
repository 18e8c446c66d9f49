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

// Scans stores the verdicts of the scanner. All methods return
// errs.ErrUnavailable when the database cannot be reached.
type Scans interface {
	// Unscanned returns at most limit documents of submitted applications that
	// have content and no verdict, oldest first, after the given one (the zero
	// Document = all).
	Unscanned(ctx context.Context, after application.Document, limit int) ([]application.Document, error)
	// Scanned stores a verdict. It returns errs.ErrConflict when there is one.
	Scanned(ctx context.Context, documentID string, v scan.Verdict, signature string, now time.Time, rec effect.Effects) error
	// Verdict returns the stored verdict; scan.Pending before there is one.
	Verdict(ctx context.Context, documentID string) (v scan.Verdict, signature string, err error)
}

const (
	// scanBatch is the number of documents in memory, each up to 10 MB.
	scanBatch = 4
	// mostFailures is the number of failures in a row that ends a round,
	// because the scanner itself may be the cause.
	mostFailures = 3
)

// Scanning scans waiting documents, one at a time. It is not safe for
// concurrent use.
type Scanning struct {
	Store   Scans
	Scanner scan.Scanner
	Ring    *secret.KeyRing
	Now     func() time.Time

	after application.Document // where the next round begins; the zero Document = at the oldest
}

// Round scans each waiting document and returns the number of verdicts. A
// document that fails stays unscanned and does not stop the others; err is the
// last such failure. After mostFailures failures in a row the round ends, and
// the next one begins after the failed documents. Otherwise a few old
// documents that cannot be scanned would keep all others waiting.
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
				if err, failed = one, failed+1; failed == mostFailures {
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
		return nil // another server scanned it first
	}
	return err
}
