package sql

import (
	"path/filepath"
	"testing"
	"time"

	"omgevingsloket-id/e2e/testenv"
	"omgevingsloket-id/pkg/secret"
)

const day = 24 * 60 * 60 * 1000

// Applications that were sent before there were deadlines get them: eight
// weeks, plus the time between question and answer, and four weeks to answer.
func TestMigrateDeadlines(t *testing.T) {
	t.Parallel()
	for name, address := range map[string]string{"SQLite": "sqlite:" + filepath.Join(t.TempDir(), "old.db"), "Postgres": testenv.Postgres(t)} {
		t.Run(name, func(t *testing.T) {
			db, err := Open(t.Context(), Options{URL: secret.Text(address), Now: time.Now})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = db.Close() })
			provider, err := db.provider()
			if err != nil {
				t.Fatal(err)
			}
			if _, err := provider.UpTo(t.Context(), 7); err != nil {
				t.Fatal(err)
			}
			exec := func(query string, args ...any) {
				t.Helper()
				if _, err := db.sql.ExecContext(t.Context(), query, args...); err != nil {
					t.Fatal(err)
				}
			}
			const sent = 1000 * day
			for id, state := range map[string]string{"draft": "draft", "sent": "submitted", "answered": "in_review", "again": "more_information", "gone": "withdrawn"} {
				at := int64(sent)
				if id == "draft" {
					at = 0
				}
				exec(`INSERT INTO applications (id, handle_hash, kind, lang, email, state, taken, code_hash, code_expires, created_at, expires_at, submitted_at)
					VALUES ($1,$1,'natural_person','nl','x@example.org',$2,$3,'',0,0,0,$4)`, id, state, false, at)
			}
			acts := []struct {
				id, kind string
				at       int64
			}{
				{"answered", "take", 1}, {"answered", "more", 2}, {"answered", "answer", 5}, {"answered", "more", 6}, {"answered", "answer", 7},
				{"again", "more", 2}, {"again", "answer", 4}, {"again", "more", 10}, {"gone", "more", 3},
			}
			for i, a := range acts {
				exec(`INSERT INTO decisions (application_id, version, member, kind, reason, text, at) VALUES ($1,$2,'',$3,'','',$4)`, a.id, i, a.kind, sent+a.at*day)
			}
			if err := db.Migrate(t.Context()); err != nil {
				t.Fatal(err)
			}
			for id, want := range map[string][3]int64{
				"draft": {}, "sent": {sent + 56*day, 0, 0}, "answered": {sent + (56+3+1)*day, 0, 0},
				"again": {sent + (56+2)*day, sent + 10*day, sent + 38*day}, "gone": {sent + 56*day, 0, 0},
			} {
				var got [3]int64
				if err := db.sql.QueryRowContext(t.Context(), `SELECT due_at, asked_at, answer_by FROM applications WHERE id = $1`, id).Scan(&got[0], &got[1], &got[2]); err != nil {
					t.Fatal(err)
				}
				if got != want {
					t.Errorf("%s: %v, want %v", id, got, want)
				}
			}
		})
	}
}
