package sql

import (
	"crypto/rand"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"omgevingsloket-id/pkg/audit"
	"omgevingsloket-id/pkg/secret"
)

func planDB(t testing.TB) *DB {
	t.Helper()
	file, err := secret.NewKeyRingFile("test", rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	ring, err := secret.ParseKeyRing(file, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	db, err := Open(t.Context(), Options{URL: secret.Text("sqlite:" + filepath.Join(t.TempDir(), "plan.db")), Ring: ring})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	if err := db.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	return db
}

// auditFilters are an auditor's filters, one at a time. Each is served by an
// index that returns the rows in order, without sorting.
var auditFilters = map[string]audit.Filter{
	"nothing": {}, "period": {From: time.UnixMilli(1), Until: time.UnixMilli(900_000)}, "who": {ActorKind: audit.ActorStaff},
	"one official": {ActorKind: audit.ActorStaff, ActorID: "staff-3"}, "action": {Action: "staff.removed"}, "refused": {Outcome: audit.Refused},
	"older": {Before: audit.Cursor{At: time.UnixMilli(500_000), Seq: 7}}, "period of one": {From: time.UnixMilli(1), ActorKind: audit.ActorOperator},
}

func TestAuditFiltersUseAnIndex(t *testing.T) {
	t.Parallel()
	db := planDB(t)
	for name, f := range auditFilters {
		query, args := findQuery(f, 101)
		if got := db.Explain(t, query, args...); !strings.Contains(got, "USING INDEX audit_events_") || strings.Contains(got, "TEMP B-TREE") {
			t.Errorf("%s: %s", name, got)
		}
	}
}

// BenchmarkAuditFilters reads one page of a large audit log with each filter.
// AUDIT_EVENTS is its number of events (default 100,000).
func BenchmarkAuditFilters(b *testing.B) {
	n := 100_000
	if s := os.Getenv("AUDIT_EVENTS"); s != "" {
		n, _ = strconv.Atoi(s)
	}
	db := planDB(b)
	_, err := db.sql.ExecContext(b.Context(), fmt.Sprintf(`WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i < %d)
		INSERT INTO audit_events SELECT i, i, CASE WHEN i %% 50000 = 7 THEN 'operator' WHEN i %% 20 = 0 THEN 'staff' ELSE 'holder' END,
			CASE WHEN i %% 20 = 0 THEN 'staff-' || (i %% 7) ELSE 'account-' || (i %% 5000) END, '198.51.100.0/24',
			CASE WHEN i %% 30000 = 5 THEN 'staff.removed' ELSE 'account.login' END, 'account', 'account-' || (i %% 5000),
			CASE WHEN i %% 9999 = 1 THEN 'refused' ELSE 'ok' END, '', '', 'null', hex(randomblob(32)), hex(randomblob(32)) FROM n`, n))
	if err != nil {
		b.Fatal(err)
	}
	for name, f := range auditFilters {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if _, err := db.Audit().Find(b.Context(), f, 101); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
