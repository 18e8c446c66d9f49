package sql_test

import (
	"reflect"
	"testing"
	"time"

	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/effect"
)

// W7: a server of the previous version blocks and unblocks an account without touching its
// apps. They are not those of the next enrolment, and the next change erases them.
func TestW7_AppsThatThePreviousVersionLeft(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, time.March, 2, 12, 0, 0, 0, time.UTC)
	for name, address := range map[string]func(*testing.T) string{"SQLite": sqlite, "Postgres": postgres} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db := open(t, address(t), func() time.Time { return now })
			run := func(query string, args ...any) {
				t.Helper()
				if _, err := db.Raw().ExecContext(t.Context(), query, args...); err != nil {
					t.Fatal(err)
				}
			}
			apps := `{"given":3,"second":{"number":2,"sealed":"AAAA"},"new":{"number":3,"replaces":1,"sealed":"AAAA","epoch":7}}`
			run(`INSERT INTO accounts (id, kind, email, profile, lang, password_hash, state, epoch, created_at, totp_sealed, totp_last_step, apps)
				VALUES ('a', 'natural_person', 'jo@example.com', '{}', 'nl', '', 'active', 7, 1, $1, 1, $2)`, []byte{0}, apps)
			read := func() account.Account {
				t.Helper()
				a, err := db.Accounts().ByID(t.Context(), "a")
				if err != nil {
					t.Fatal(err)
				}
				return a
			}
			if a := read(); a.Apps.Second.Number != 2 || a.Apps.New.Number != 3 {
				t.Fatalf("before: %+v", a.Apps)
			}
			run(`UPDATE accounts SET epoch = 8 WHERE id = 'a'`)
			if a := read(); a.Apps.Second.Number != 2 || a.Apps.New.Number != 0 {
				t.Errorf("in another epoch: %+v", a.Apps)
			}
			run(`UPDATE accounts SET epoch = 9, unblocks = 1, state = 'awaiting_enrolment', totp_sealed = NULL, totp_last_step = 0 WHERE id = 'a'`)
			if a := read(); !reflect.DeepEqual(a.Apps, account.Apps{}) {
				t.Errorf("after an unblock: %+v", a.Apps)
			}
			if err := db.Accounts().ShowQR(t.Context(), "a", 9, []byte("s"), now, effect.Effects{}); err != nil {
				t.Fatal(err)
			}
			var left string
			if err := db.Raw().QueryRowContext(t.Context(), `SELECT apps FROM accounts WHERE id = 'a'`).Scan(&left); err != nil || left != "" {
				t.Errorf("after the next change: %q, %v", left, err)
			}
		})
	}
}
