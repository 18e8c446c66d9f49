package sql

import (
	"crypto/rand"
	"errors"
	"testing"

	"omgevingsloket-id/pkg/audit"
	"omgevingsloket-id/pkg/effect"
	"omgevingsloket-id/pkg/errs"
	"omgevingsloket-id/pkg/mail"
	"omgevingsloket-id/pkg/secret"
)

// A guarded statement and its event are both written or neither is, whether they are
// one statement (PostgreSQL, one event) or a transaction.
func TestStatementWithItsEvents(t *testing.T) {
	t.Parallel()
	event := audit.Operator("root").Did(audit.ClientAdded, "c", at(1))
	message := mail.Message{To: "jo@example.com", Subject: "s", Text: "t"}
	file, err := secret.NewKeyRingFile("test", rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	ring, err := secret.ParseKeyRing(file, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	for store, db := range map[string]*DB{"SQLite": openLite(t), "Postgres": openPostgresPair(t)[0]} {
		db.ring = ring
		for name, rec := range map[string]effect.Effects{
			"no event": {}, "an event": effect.Of(event), "two events": {Events: []audit.Event{event, event}}, "an event and a mail": effect.Of(event, message),
		} {
			count := func(table string) (n int) {
				t.Helper()
				if err := db.sql.QueryRowContext(t.Context(), `SELECT COUNT(*) FROM `+table).Scan(&n); err != nil {
					t.Fatal(err)
				}
				return n
			}
			change := func(id, was string) error {
				return db.with(t.Context(), "change", rec, `UPDATE clients SET data = $1 WHERE id = $2 AND data = $3`, "{}", id, was)
			}
			if _, err := db.sql.ExecContext(t.Context(), `INSERT INTO clients (id, data) VALUES ($1, 'new')`, name); err != nil {
				t.Fatal(err)
			}
			events, mails := count("audit_pool"), count("outbox")
			if err := change(name, "new"); err != nil {
				t.Errorf("%s, %s: %v", store, name, err)
			}
			if got := count("audit_pool") - events; got != len(rec.Events) {
				t.Errorf("%s, %s: %d events, want %d", store, name, got, len(rec.Events))
			}
			for refused, err := range map[string]error{"moved on": change(name, "new"), "gone": change("gone", "new")} {
				if !errors.Is(err, errs.ErrConflict) {
					t.Errorf("%s, %s, %s: %v, want %v", store, name, refused, err, errs.ErrConflict)
				}
			}
			if got := count("audit_pool") - events; got != len(rec.Events) {
				t.Errorf("%s, %s: %d events after refused changes, want %d", store, name, got, len(rec.Events))
			}
			if got := count("outbox") - mails; got != len(rec.Mails) {
				t.Errorf("%s, %s: %d mails, want %d", store, name, got, len(rec.Mails))
			}
		}
		if db.postgres {
			select {
			case <-db.Pooled():
			default:
				t.Error("the chain is not woken for an event of one statement")
			}
		}
	}
}
