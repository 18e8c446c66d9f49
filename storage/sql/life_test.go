package sql

import (
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/limit"
	"omgevingsloket-id/pkg/mail"
	"omgevingsloket-id/pkg/signin"
	"omgevingsloket-id/pkg/staff"
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

// X14: addresses that were not confirmed and expired drafts are removed after their end,
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

// A sweep removes everything that is due, in batches between which others write.
func TestSweepInBatches(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, at place) {
		db := at.open()
		if err := db.Migrate(t.Context()); err != nil {
			t.Fatal(err)
		}
		const rows = 2*sweepBatch + 7
		insert := `INSERT INTO windows (name, key, count, expires) WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ` + strconv.Itoa(rows) + `) SELECT 'n', CAST(i AS TEXT), 1, 1 FROM n`
		if _, err := db.exec(t.Context(), insert); err != nil {
			t.Fatal(err)
		}
		const sweep = `DELETE FROM windows WHERE expires <= $1`
		if n, err := db.removeOnce(t.Context(), sweep, 1); n != sweepBatch || err != nil {
			t.Errorf("one batch removes %d rows, %v, want %d", n, err, sweepBatch)
		}
		if err := db.Sweep(t.Context()); err != nil {
			t.Fatal(err)
		}
		var left int
		if err := db.sql.QueryRowContext(t.Context(), `SELECT COUNT(*) FROM windows`).Scan(&left); err != nil || left != 0 {
			t.Errorf("%d rows are left, %v", left, err)
		}
		for _, l := range lives {
			for _, s := range l.sweeps {
				if !strings.HasPrefix(s.query, "DELETE FROM "+l.Table+" WHERE ") || strings.Count(s.query, " WHERE ") != 1 {
					t.Errorf("%s cannot be run in batches", s.query)
				}
			}
		}
	})
}

// X14: a row of each table that lives lists as swept exists until its end, and is
// removed at it.
func TestX14_EverySweepSweeps(t *testing.T) {
	t.Parallel()
	type row struct {
		insert string // of one row that is as old as $1
		after  time.Duration
	}
	const grant = `INSERT INTO grants (id, code_hash, client_id, account_id, sid, epoch, redirect_uri, scopes, claims, nonce, challenge, auth_time, acr, issued_at, code_expires, expires, redeemed_at)
		VALUES ('g', 'h', 'c', 'a', 's', 1, 'u', '', '{}', '', '', 0, '', 0, $1, $1, `
	const mailed = `INSERT INTO outbox (id, recipient, lang, kind, subject, at, due, state, expires) VALUES ('o', 'jo@example.com', 'nl', 'k', 's', 0, $1, 'dropped', `
	rows := map[string][]row{
		"applications": {{`INSERT INTO applications (id, handle_hash, kind, lang, email, state, taken, code_hash, code_expires, created_at, expires_at)
			VALUES ('d', 'h', 'natural', 'nl', '', 'expired', 1 > 2, '', 0, 0, $1)`, DeadDraft}},
		"document_tickets":   {{`INSERT INTO document_tickets (hash, document_id, expires) VALUES ('h', 'd', $1)`, 0}},
		"grants":             {{grant + `1)`, 2 * aDay}, {grant + `0)`, DeadCode}},
		"ended_sessions":     {{`INSERT INTO ended_sessions (sid, expires) VALUES ('s', $1)`, 0}},
		"assertions":         {{`INSERT INTO assertions (client_id, jti, expires) VALUES ('c', 'j', $1)`, time.Hour}},
		"lanes":              {{`INSERT INTO lanes (key, lane, failures, locked_until, last_at) VALUES ('k', 'l', 1, 0, $1)`, 2 * aDay}},
		"refusals":           {{`INSERT INTO refusals (key, realm, who, origin, tries, first_at, last_at) VALUES ('k', 'holder', '', '', 1, $1, $1)`, signin.SeriesTime}},
		"notices":            {{`INSERT INTO notices (realm, who, codes, browsers, first_at, last_at, mailed_at) VALUES ('holder', 'w', 0, 0, 0, 0, $1)`, 2 * signin.NoticeSpacing}},
		"staff_seen":         {{`INSERT INTO staff_seen (member, file, at) VALUES ('m', 'f', $1)`, 2 * staff.WatchTime}},
		"told_tries":         {{`INSERT INTO told_tries (key, at) VALUES ('k', $1)`, 2 * aDay}},
		"mailboxes":          {{`INSERT INTO mailboxes (key, mails, last_at) VALUES ('k', 1, $1)`, limit.MailsForgotten}},
		"logins":             {{`INSERT INTO logins (sid, account_id, epoch, key, agent, started_at, expires) VALUES ('s', 'a', 1, 'k', '', 0, $1)`, 0}},
		"password_links":     {{`INSERT INTO password_links (key, account_id, epoch, hash, client_id, sent, sent_at, opened_at) VALUES ('k', 'a', 1, 'h', '', 1, $1, 0)`, account.ResetKept}},
		"password_resets":    {{`INSERT INTO password_resets (browser, key, account_id, epoch, client_id, opened_at) VALUES ('b', 'k', 'a', 1, '', $1)`, account.ResetKept}},
		"previous_addresses": {{`INSERT INTO previous_addresses (email, account_id, until) VALUES ('e', 'a', $1)`, 0}},
		"address_changes":    {{`INSERT INTO address_changes (account_id, sid, epoch, email, taken, code_hash, asked_at) VALUES ('a', 's', 1, 'e', 1 > 2, 'h', $1)`, aDay}},
		"address_undos":      {{`INSERT INTO address_undos (id, hash, account_id, email, at, until, password, password_at, factors) VALUES ('u', 'h', 'a', 'e', 0, $1, '', 0, '{}')`, 0}},
		"devices":            {{`INSERT INTO devices (key, device, used_at) VALUES ('k', 'd', $1)`, 400 * aDay}},
		"outbox":             {{mailed + `0)`, DeadMail}, {mailed + `$1)`, DeadCodeMail}},
		"sent_mails":         {{`INSERT INTO sent_mails (id, mailbox, kind, at) VALUES ('m', 'b', 'k', $1)`, mail.ReportTime}},
		"bounces": {
			{`INSERT INTO bounces (mailbox, kind, at, code, status, source) VALUES ('b', 'k', $1, 550, '', 'relay')`, mail.BounceTime},
			{`INSERT INTO bounces (mailbox, kind, at, code, status, source, accepted_at) VALUES ('b', 'k', $1, 550, '', 'report', $1)`, mail.ReportTime},
		},
		"ephemeral": {{`INSERT INTO ephemeral (kind, key, value, version, expires) VALUES ('k', 'k', 'v', 1, $1)`, 0}},
		"windows":   {{`INSERT INTO windows (name, key, count, expires) VALUES ('n', 'k', 1, $1)`, 0}},
	}
	for _, l := range lives {
		if len(rows[l.Table]) != len(l.sweeps) {
			t.Errorf("%s has %d sweeps, and %d are tested", l.Table, len(l.sweeps), len(rows[l.Table]))
		}
	}
	onBoth(t, func(t *testing.T, at place) {
		db := at.open()
		if err := db.Migrate(t.Context()); err != nil {
			t.Fatal(err)
		}
		begin := time.Date(2026, time.March, 2, 12, 0, 0, 0, time.UTC)
		now := begin
		db.now = func() time.Time { return now }
		run := func(query string, args ...any) {
			t.Helper()
			if _, err := db.exec(t.Context(), query, args...); err != nil {
				t.Fatal(err)
			}
		}
		// Rows that the others refer to. No sweep removes them.
		run(`INSERT INTO accounts (id, kind, email, profile, lang, password_hash, state, epoch, created_at) VALUES ('a', 'natural_person', 'jo@example.com', '{}', 'nl', '', 'awaiting_enrolment', 1, 0)`)
		run(`INSERT INTO applications (id, handle_hash, kind, lang, email, state, taken, code_hash, code_expires, created_at, expires_at) VALUES ('b', 'b', 'natural', 'nl', '', 'draft', 1 > 2, '', 0, 0, 0)`)
		run(`INSERT INTO documents (id, application_id, name, type, size, sha256, sealed, created_at) VALUES ('d', 'b', '', '', 0, '', '', 0)`)
		for table, sweeps := range rows {
			for i, r := range sweeps {
				left := func(at time.Time) (n int) {
					t.Helper()
					now = at
					if err := db.Sweep(t.Context()); err != nil {
						t.Fatal(err)
					}
					where := ``
					if table == "applications" {
						where = ` WHERE id = 'd'`
					}
					if err := db.sql.QueryRowContext(t.Context(), `SELECT COUNT(*) FROM `+table+where).Scan(&n); err != nil {
						t.Fatal(err)
					}
					return n
				}
				run(r.insert, ms(begin))
				if n := left(begin.Add(r.after - time.Millisecond)); n != 1 {
					t.Errorf("%s %d is gone before %v", table, i, r.after)
				}
				if n := left(begin.Add(r.after)); n != 0 {
					t.Errorf("%s %d is still there after %v", table, i, r.after)
				}
			}
		}
	})
}
