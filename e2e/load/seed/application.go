package seed

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"omgevingsloket-id/pkg/application"
	"omgevingsloket-id/pkg/review"
	"omgevingsloket-id/pkg/secret"
)

// Waiting is how many of the applications wait for an official.
const Waiting = 200

// applications stores the sent applications of these accounts, each with a document that was destroyed since,
// in one transaction. They were approved in the past year, but for the first waiting ones. number is the first of
// as many references.
func applications(ctx context.Context, db *sql.DB, of []Account, done, waiting int, number uint64) error {
	const (
		year = 365 * 24 * time.Hour
		day  = 24 * time.Hour
	)
	rows := table{into: `applications (id, handle_hash, kind, lang, email, state, taken, code_hash, code_expires, answers, reference, account_id, version, created_at, expires_at, submitted_at, due_at, decided_at)`}
	terms := table{into: `application_terms (term, application_id)`}
	acts := table{into: `decisions (application_id, version, member, kind, reason, text, at)`}
	documents := table{into: `documents (id, application_id, name, type, size, sha256, sealed, created_at, verdict, scanned_at, destroyed_at)`}
	for i, who := range of {
		now := time.Now().Add(-year + time.Duration(done+i)*time.Second)
		p := person(done+i, now)
		a := application.Application{
			ID: secret.NewID(rand.Reader), Kind: p.Kind, Lang: p.Lang, Email: who.Email, State: application.Approved, AccountID: who.ID, Reference: reference(number + uint64(i)),
			Answers: application.Answers{Profile: p.Profile, Declared: true, PersonDone: true, AddressDone: true, DocumentDone: true}, CreatedAt: now, DecidedAt: now.Add(day),
		}
		if i < waiting {
			a.State, a.AccountID, a.CreatedAt, a.DecidedAt = application.Submitted, "", time.Now().Add(-day), time.Time{}
		}
		answers, err := json.Marshal(a.Answers)
		if err != nil {
			return err
		}
		sent, decided := a.CreatedAt.UnixMilli(), int64(0)
		document := []any{secret.NewID(rand.Reader), a.ID, "", "application/pdf", 400_000, strings.Repeat("0", 64), []byte{}, sent, "clean", sent, 0}
		if a.State == application.Approved {
			decided = a.DecidedAt.UnixMilli()
			document[len(document)-1] = decided
			acts.add(a.ID, 2, "official", review.ActApprove, "", "", decided)
		}
		rows.add(a.ID, secret.New(rand.Reader, secret.KindBrowser).Hash(), a.Kind, a.Lang, a.Email, a.State, false, "", 0, string(answers), a.Reference, a.AccountID, 2,
			sent, a.CreatedAt.Add(3*day).UnixMilli(), sent, a.CreatedAt.Add(56*day).UnixMilli(), decided)
		documents.add(document...)
		for _, term := range a.SearchTerms() {
			terms.add(hex.EncodeToString([]byte(term)), a.ID)
		}
	}
	return within(ctx, db, func(tx *sql.Tx) error {
		for _, t := range []table{rows, terms, acts, documents} {
			if err := t.insert(ctx, tx); err != nil {
				return fmt.Errorf("%s: %w", t.into, err)
			}
		}
		return nil
	})
}

// reference returns the nth reference.
func reference(n uint64) string {
	const letters = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
	var b [8]byte
	for i := range b {
		b[i] = letters[n%uint64(len(letters))]
		n /= uint64(len(letters))
	}
	return fmt.Sprintf("OLID-%s-%s", b[:4], b[4:])
}
