package sql

import (
	"slices"
	"strings"
	"testing"
	"time"

	"omgevingsloket-id/pkg/limit"
)

// X14: every column of every table is listed once, and personal data has an end.
func TestX14_EveryTableHasAnEnd(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, at place) {
		db := at.open()
		if err := db.Migrate(t.Context()); err != nil {
			t.Fatal(err)
		}
		query := `SELECT m.name, p.name FROM sqlite_master m JOIN pragma_table_info(m.name) p WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite_%'`
		if db.postgres {
			query = `SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = current_schema()`
		}
		rows, err := db.sql.QueryContext(t.Context(), query)
		columns, err := all(rows, err, func(r row) (c [2]string, err error) { return c, r.Scan(&c[0], &c[1]) })
		if err != nil {
			t.Fatal(err)
		}
		listed := map[[2]string]int{}
		for _, l := range lives {
			for _, name := range strings.Fields(l.Personal + " " + l.Other) {
				listed[[2]string{l.Table, name}]++
			}
			if l.Personal != "" && l.Ends == "" {
				t.Errorf("%s holds %s, which has no end", l.Table, l.Personal)
			}
			for _, w := range l.sweeps {
				if !strings.HasPrefix(w.query, "DELETE FROM "+l.Table+" ") {
					t.Errorf("%s is swept by %s", l.Table, w.query)
				}
			}
		}
		for _, c := range columns {
			if listed[c] != 1 {
				t.Errorf("column %s.%s is listed %d times in lives, want once: does it hold something about a person, and when does that end?", c[0], c[1], listed[c])
			}
		}
		for c := range listed {
			if !slices.Contains(columns, c) {
				t.Errorf("lives has column %s.%s, which does not exist", c[0], c[1])
			}
		}
	})
}

// X14: addresses that nobody confirmed and expired drafts are gone after their end,
// and not before it.
func TestX14_SweptAtItsEnd(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, at place) {
		db := at.open()
		if err := db.Migrate(t.Context()); err != nil {
			t.Fatal(err)
		}
		now := time.Date(2026, time.March, 2, 12, 0, 0, 0, time.UTC)
		db.now = func() time.Time { return now }
		run := func(query string, args ...any) {
			t.Helper()
			if _, err := db.exec(t.Context(), query, args...); err != nil {
				t.Fatal(err)
			}
		}
		count := func(table string) (n int) {
			t.Helper()
			if err := db.sql.QueryRowContext(t.Context(), `SELECT COUNT(*) FROM `+table).Scan(&n); err != nil {
				t.Fatal(err)
			}
			return n
		}
		run(`INSERT INTO outbox (id, recipient, lang, kind, subject, at, expires, due, state) VALUES ('a', 'nobody@example.com', 'nl', 'confirm-email', 's', $1, $2, $1, 'dropped')`,
			ms(now), ms(now.Add(time.Hour)))
		run(`INSERT INTO outbox (id, recipient, lang, kind, subject, at, expires, due, state) VALUES ('b', 'jo@example.com', 'nl', 'receipt', 's', $1, 0, $1, 'dropped')`, ms(now))
		run(`INSERT INTO outbox (id, recipient, lang, kind, subject, at, expires, due) VALUES ('c', 'an@example.com', 'nl', 'receipt', 's', $1, 0, $1)`, ms(now))
		run(`INSERT INTO applications (id, handle_hash, kind, lang, email, state, taken, code_hash, code_expires, created_at, expires_at) VALUES ('d', 'h', 'natural', 'nl', '', 'expired', $2, '', 0, $1, $1)`, ms(now), false)
		run(`INSERT INTO mailboxes (key, mails, last_at) VALUES ('m', 1, $1)`, ms(now))
		for _, step := range []struct {
			after                           time.Duration
			outbox, applications, mailboxes int
		}{
			{DeadDraft - time.Second, 3, 1, 1},
			{DeadDraft, 3, 0, 1},
			{time.Hour + DeadCodeMail, 2, 0, 1},
			{limit.MailsForgotten, 2, 0, 0},
			{DeadMail, 1, 0, 0},
			{365 * aDay, 1, 0, 0}, // the worker gives up on what waits
		} {
			now = time.Date(2026, time.March, 2, 12, 0, 0, 0, time.UTC).Add(step.after)
			if err := db.Sweep(t.Context()); err != nil {
				t.Fatal(err)
			}
			if a, b, c := count("outbox"), count("applications"), count("mailboxes"); a != step.outbox || b != step.applications || c != step.mailboxes {
				t.Errorf("after %v: %d mails, %d applications, %d mailboxes, want %d, %d, %d", step.after, a, b, c, step.outbox, step.applications, step.mailboxes)
			}
		}
	})
}
