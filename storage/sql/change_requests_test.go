package sql_test

import (
	"crypto/rand"
	"errors"
	"strings"
	"testing"
	"time"

	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/application"
	"omgevingsloket-id/pkg/effect"
	"omgevingsloket-id/pkg/errs"
	"omgevingsloket-id/pkg/intake"
	"omgevingsloket-id/pkg/secret"
	"omgevingsloket-id/storage/sql"
)

// A server of the previous version treats a change request as an application. Whatever
// it decides, it cannot create an account for one or prepare a draft for submission.
// These are its statements.
func TestPreviousVersionMakesNoAccountOfAChange(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, open func(*testing.T) *sql.DB) {
		db := open(t)
		now := time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
		must := func(err error) {
			t.Helper()
			if err != nil {
				t.Fatal(err)
			}
		}
		first := application.Application{
			ID: "app", Handle: "h1", Kind: account.NaturalPerson, Lang: "nl", Email: "anna@example.com", CodeHash: "right", CodeExpires: now.Add(time.Hour),
			CreatedAt: now, ExpiresAt: now.Add(intake.DraftLifetime),
		}
		must(db.Applications().Start(t.Context(), first, effect.Effects{}))
		if verdict, err := db.Applications().TryCode(t.Context(), "app", "right", now); err != nil || verdict != intake.CodeRight {
			t.Fatal(verdict, err)
		}
		first.Reference, first.SubmittedAt = "OLID-1", now
		acc := first.Account("acc", now)
		acc.PasswordHash = secret.Text("hash")
		acc.Profile.FamilyName = "Muster"
		must(db.Applications().Submit(t.Context(), first, &acc, effect.Effects{}))
		_, err := db.Raw().ExecContext(t.Context(), `UPDATE accounts SET state = 'active', totp_sealed = $1, totp_last_step = 1 WHERE id = 'acc'`, []byte{1})
		must(err)
		acc, err = db.Accounts().ByID(t.Context(), "acc")
		must(err)
		request := application.ChangeOf(acc, secret.NewID(rand.Reader), "h2", now, now.Add(intake.DraftLifetime))
		must(db.Applications().StartChange(t.Context(), request, effect.Effects{}))

		refused := func(what, query string, args ...any) {
			t.Helper()
			if _, err := db.Raw().ExecContext(t.Context(), query, args...); err == nil || !strings.Contains(strings.ToLower(err.Error()), "check") {
				t.Errorf("%s: %v, want it refused by the check", what, err)
			}
		}
		refused("the password of a draft", `UPDATE applications SET answers = $1, password_hash = $2, version = $3
				WHERE id = $4 AND state = $5 AND version = $6`, "{}", "hash", 1, request.ID, "email_confirmed", 0)
		refused("a draft, approved at once", `UPDATE applications
				SET state = $1, reference = $2, answers = $3, submitted_at = $4, due_at = $5, decided_at = $6, account_id = $7, password_hash = $8, version = $9
				WHERE id = $10 AND state = $11 AND version = $12`, "approved", "OLID-2", "{}", 1, 1, 1, "second", "", 1, request.ID, "email_confirmed", 0)

		request.Answers.FamilyName, request.Reference, request.SubmittedAt = "Other", "OLID-3", now
		must(db.Applications().Submit(t.Context(), request, nil, effect.Effects{}))
		refused("a case, approved", `UPDATE applications
		SET state = $1, reviewer = $2, proposal = $3, reminders = $4, password_hash = $5, account_id = $6,
			due_at = $7, asked_at = $8, answer_by = $9, decided_at = $10, version = $11
		WHERE id = $12 AND state = $13 AND version = $14`, "approved", "olga", "", 0, "", "second", 1, 0, 0, 1, 2, request.ID, "submitted", 1)

		if _, err := db.Accounts().ByID(t.Context(), "second"); !errors.Is(err, errs.ErrNotFound) {
			t.Errorf("ByID(second) = %v, want no such account", err)
		}
	})
}
