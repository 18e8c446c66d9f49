package main

import (
	"crypto/rand"
	"database/sql"
	"net/url"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib"

	"omgevingsloket-id/e2e/site"
	"omgevingsloket-id/e2e/testenv"
	"omgevingsloket-id/pkg/audit"
	"omgevingsloket-id/pkg/config"
	"omgevingsloket-id/pkg/secret"
	"omgevingsloket-id/pkg/staff"
)

// OF-17: on PostgreSQL the server's role needs no right to change or remove events
// (deploy/README.md). With SELECT and INSERT everything works, and an attacker who takes
// the server over can neither UPDATE nor DELETE.
func TestOF17_RoleWithoutUpdateOrDelete(t *testing.T) {
	t.Parallel()
	owner := testenv.Postgres(t)
	site.New(t, func(c *config.Config) { // migrates as the owner; its claim is deleted below
		c.Database.URL = secret.Text(owner)
	})
	db, err := sql.Open("pgx", owner)
	site.Must(t, err)
	t.Cleanup(func() { _ = db.Close() })
	run1(t, db, `DELETE FROM installation`)
	role := "olid_server_" + secret.NewID(rand.Reader)[:8]
	for _, grant := range []string{
		`CREATE ROLE ` + role + ` LOGIN PASSWORD 'x'`,
		`GRANT USAGE ON SCHEMA public TO ` + role,
		`GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO ` + role,
		`GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO ` + role,
		`REVOKE UPDATE, DELETE, TRUNCATE ON audit_events, audit_signed_heads, audit_anchor FROM ` + role,
		`REVOKE INSERT ON audit_anchor FROM ` + role,
		`REVOKE INSERT, UPDATE, DELETE ON goose_db_version, schema_floor FROM ` + role,
		`DELETE FROM constants`, `DELETE FROM signing_keys`,
	} {
		run1(t, db, grant)
	}
	t.Cleanup(func() {
		_, _ = db.Exec(`DROP OWNED BY ` + role)
		_, _ = db.Exec(`DROP ROLE ` + role)
	})
	u, err := url.Parse(owner)
	site.Must(t, err)
	u.User = url.UserPassword(role, "x")
	s := site.New(t, func(c *config.Config) { c.Database.URL = secret.Text(u.String()) })
	s.Person(site.Email)
	b := s.Browser().Authorize(site.NewRequest("web", site.CallbackURI))
	if b.Enrol(site.Email); b.Answered().Get("code") == "" {
		t.Error("no login:", b.URL)
	}
	s.Official("olga@example.org", staff.Auditor).Get("/console/audit").At("/console/audit")
	signer, err := s.Stores.AuditSigner(t.Context())
	site.Must(t, err)
	head, err := audit.Checkpoint(t.Context(), s.Stores.DB.Heads(), signer, s.Clock.Now())
	site.Must(t, err)

	as, err := sql.Open("pgx", u.String())
	site.Must(t, err)
	t.Cleanup(func() { _ = as.Close() })
	for _, attack := range []string{
		`UPDATE audit_events SET reason = 'x'`, `DELETE FROM audit_events`, `TRUNCATE audit_events`, `DELETE FROM audit_signed_heads`,
		`UPDATE audit_signed_heads SET hash = 'x'`, `INSERT INTO audit_anchor VALUES (1, 1, 'x', 1, 'x')`, `DROP TABLE audit_events`,
		`ALTER TABLE audit_events DISABLE TRIGGER ALL`, `UPDATE goose_db_version SET version_id = 1`, `UPDATE schema_floor SET version = 99`,
	} {
		if _, err := as.Exec(attack); err == nil {
			t.Error("the server's role may", attack)
		}
	}
	// Pruning needs the other role.
	s.Clock.Add(48 * time.Hour)
	if _, _, err := audit.Prune(t.Context(), s.Stores.DB.Audit(), s.Stores.DB.Heads(), signer, time.Hour, s.Clock.Now(), audit.Actor{}); err == nil {
		t.Error("the server's role pruned")
	}
	report, err := audit.Verify(t.Context(), s.Stores.DB.Audit(), s.Stores.DB.Heads(), signer.Public(), time.Now(), head)
	if err != nil || !report.OK() {
		t.Error(report.Faults, err)
	}
}
