package faults

import (
	"database/sql"
	"net/http"
	"regexp"
	"testing"

	_ "github.com/jackc/pgx/v5/stdlib" // registers "pgx"
	_ "modernc.org/sqlite"             // registers "sqlite"

	"omgevingsloket-id/e2e/testenv"
)

// driverWords are of no use to people.
var driverWords = regexp.MustCompile(`SQLSTATE|pgx:|sqlite:|SQLITE_BUSY|redis:|goroutine \d|dial tcp|127\.0\.0\.1:\d+: `)

// judge checks one answer: a page or an OAuth error, without a driver's words; when
// something does not work, 503 with Retry-After, never 500.
func judge(t testing.TB, r *http.Request, a answer) {
	t.Helper()
	if a.status >= 500 && a.status != http.StatusServiceUnavailable {
		t.Errorf("%s %s = %d:\n%s", r.Method, r.URL.Path, a.status, a.body)
	}
	if a.status == http.StatusServiceUnavailable && a.header.Get("Retry-After") == "" {
		t.Errorf("%s %s = 503 without Retry-After:\n%s", r.Method, r.URL.Path, a.body)
	}
	if found := driverWords.FindString(a.body); found != "" {
		t.Errorf("%s %s says %q:\n%s", r.Method, r.URL.Path, found, a.body)
	}
}

// settle checks, after a fault, what must hold whatever happened.
func (g *rig) settle(t *testing.T) {
	t.Helper()
	g.becomes(http.StatusOK, "ready")
	g.mu.Lock()
	members := g.members
	g.members = nil
	g.mu.Unlock()
	for _, m := range members {
		g.once(t, m)
		if m.invitation != "" {
			g.spent(t, m)
		}
		g.kept(t, m)
	}
	g.whole(t)
	if r := testenv.Run(t, g.bin, []string{"audit", "verify", "--config", g.config}, g.env...); r.Code != 0 {
		t.Errorf("audit verify = %+v, want code 0", r)
	}
}

// once checks that nothing was accepted twice, and that nothing is accepted again.
func (g *rig) once(t *testing.T, m *member) {
	t.Helper()
	if m.qrs > 1 {
		t.Errorf("%s saw %d QR codes", m.Email, m.qrs)
	}
	for code, n := range m.logins {
		if n > 1 {
			t.Errorf("%s logged in %d times with the code %s", m.Email, n, code)
		}
	}
	v := g.visitor(t, m)
	for code, n := range m.tokens {
		if status, answer := v.redeem(code); n > 1 || status == http.StatusOK || answer.Error != "invalid_grant" {
			t.Errorf("%s: %d answers with tokens for one code, and now %d %+v", m.Email, n, status, answer)
		}
	}
}

// kept checks that what was acknowledged is there: somebody who saw the
// confirmation, or the QR code of an invitation, can log in, and the codes of the app that were accepted are used up.
func (g *rig) kept(t *testing.T, m *member) {
	t.Helper()
	if !m.applied || m.lost {
		return
	}
	v := g.visitor(t, m)
	begin, login, want := g.authorize(), "login/login", "login/code"
	if m.invitation != "" {
		begin, login, want = g.issuer+"/console/login", "console/login", "console/code"
	}
	if v.get(begin); v.Page() != login {
		t.Errorf("%s is at %s (%d), want the login page", m.Email, v.URL, v.Status)
		return
	}
	v.form("email", m.Email, "password", m.Password)
	if m.Phone == nil {
		want = "enrol/enrol"
	}
	if v.Page() != want {
		t.Errorf("%s is at %s (%d), want %s:\n%s", m.Email, v.URL, v.Status, want, v.Body)
		return
	}
	for code := range m.logins {
		if v.form("code", code); v.ended() || v.Page() != want {
			t.Errorf("%s: the code %s that was used leads to %s (%d)", m.Email, code, v.URL, v.Status)
		}
	}
}

// whole checks in the database that no change was made by half.
func (g *rig) whole(t *testing.T) {
	t.Helper()
	driver, address := "sqlite", g.database
	if g.postgres != nil {
		driver = "pgx"
	}
	db, err := sql.Open(driver, address)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	// Events whose place in the chain is a moment away count too.
	const events = `(SELECT action, object_id FROM audit_events UNION ALL SELECT action, object_id FROM audit_pool) AS events`
	for name, query := range map[string]string{
		"accounts without an application": `SELECT COUNT(*) FROM accounts WHERE id NOT IN (SELECT account_id FROM applications WHERE account_id IS NOT NULL)`,
		"accounts without one event": `SELECT COUNT(*) FROM accounts WHERE 1 <>
			(SELECT COUNT(*) FROM ` + events + ` WHERE action = 'account.created' AND object_id = accounts.id)`,
		"officials who joined without one event": `SELECT COUNT(*) FROM staff WHERE state = 'active' AND 1 <>
			(SELECT COUNT(*) FROM ` + events + ` WHERE action = 'staff.joined' AND object_id = staff.id)`,
		"officials who joined and can again": `SELECT COUNT(*) FROM staff WHERE state <> 'invited' AND invite IS NOT NULL`,
		"officials who were not invited":     `SELECT COUNT(*) FROM staff WHERE id NOT IN (SELECT object_id FROM ` + events + ` WHERE action = 'staff.invited')`,
		"events without an account":          `SELECT COUNT(*) FROM ` + events + ` WHERE action = 'account.created' AND object_id NOT IN (SELECT id FROM accounts)`,
		"accounts with two QR codes": `SELECT COUNT(*) FROM accounts WHERE 1 <
			(SELECT COUNT(*) FROM ` + events + ` WHERE action = 'account.qr_shown' AND object_id = accounts.id)`,
		"links between events that are missing": `SELECT (SELECT seq FROM audit_head) - (SELECT COUNT(*) FROM audit_events)`,
		"addresses with two accounts":           `SELECT COUNT(*) - COUNT(DISTINCT email) FROM accounts`,
	} {
		var n int
		if err := db.QueryRowContext(t.Context(), query).Scan(&n); err != nil || n != 0 {
			t.Errorf("%d %s (%v)", n, name, err)
		}
	}
}
