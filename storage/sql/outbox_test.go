package sql_test

import (
	"testing"
	"time"

	"omgevingsloket-id/pkg/effect"
	"omgevingsloket-id/pkg/mail"
)

// A mail that cannot be decrypted stops no other mail. It is given up, without its text.
func TestOutboxDamaged(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, time.March, 2, 12, 0, 0, 0, time.UTC)
	for name, address := range map[string]func(*testing.T) string{"SQLite": sqlite, "Postgres": postgres} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db := open(t, address(t), func() time.Time { return now })
			for _, id := range []string{"damaged", "whole"} {
				m := mail.Message{ID: id, To: "jo@example.com", Lang: "nl", Kind: "receipt", Subject: "s", Text: "t", At: now}
				if err := db.Helpdesk().Note(t.Context(), effect.Effects{Mails: []mail.Message{m}}); err != nil {
					t.Fatal(err)
				}
			}
			if _, err := db.Raw().ExecContext(t.Context(), `UPDATE outbox SET sealed = $1 WHERE id = 'damaged'`, []byte("test.too short")); err != nil {
				t.Fatal(err)
			}
			items, err := db.Outbox().Take(t.Context(), now, time.Minute, 10)
			if err != nil || len(items) != 1 || items[0].ID != "whole" {
				t.Errorf("Take() = %v, %v, want the mail that is whole", items, err)
			}
			var state string
			var stored bool
			err = db.Raw().QueryRowContext(t.Context(), `SELECT state, sealed IS NOT NULL FROM outbox WHERE id = 'damaged'`).Scan(&state, &stored)
			if err != nil || state != "dropped" || stored {
				t.Errorf("the damaged mail is %s, its text is stored: %t (%v), want dropped, false", state, stored, err)
			}
		})
	}
}
