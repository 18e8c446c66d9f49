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

// auditFilters are an auditor's filters, one at a time, each with the index that
// returns its rows in order, without sorting.
var auditFilters = map[string]struct {
	audit.Filter
	index string
}{
	"nothing": {audit.Filter{}, "at"}, "period": {audit.Filter{From: time.UnixMilli(1), Until: time.UnixMilli(900_000)}, "at"},
	"who": {audit.Filter{ActorKind: audit.ActorStaff}, "others"}, "holders": {audit.Filter{ActorKind: audit.ActorHolder}, "at"},
	"one official": {audit.Filter{ActorKind: audit.ActorStaff, ActorID: "staff-3"}, "member"}, "one holder": {audit.Filter{ActorKind: audit.ActorHolder, ActorID: "account-3"}, "member"},
	"action": {audit.Filter{Action: audit.StaffRemoved}, "rare"}, "frequent action": {audit.Filter{Action: audit.AccountLogin}, "at"},
	"refused": {audit.Filter{Outcome: audit.Refused}, "refused"}, "older": {audit.Filter{Before: audit.Cursor{At: time.UnixMilli(500_000), Seq: 7}}, "at"},
	"period of one": {audit.Filter{From: time.UnixMilli(1), ActorKind: audit.ActorOperator}, "others"},
}

func TestAuditFiltersUseAnIndex(t *testing.T) {
	t.Parallel()
	db := planDB(t)
	for name, f := range auditFilters {
		query, args := findQuery(f.Filter, 101)
		if got := db.Explain(t, query, args...); !strings.Contains(got, "USING INDEX audit_events_"+f.index) || strings.Contains(got, "TEMP B-TREE") {
			t.Errorf("%s: %s", name, got)
		}
	}
}

// The frequent actions are those that the index of the others leaves out.
func TestFrequentActions(t *testing.T) {
	t.Parallel()
	query, _ := findQuery(audit.Filter{Action: audit.StaffRemoved}, 1)
	for _, a := range frequent {
		if !strings.Contains(query, `action <> '`+string(a)+`'`) {
			t.Errorf("%s is frequent, and not left out by %s", a, query)
		}
		if own, _ := findQuery(audit.Filter{Action: a}, 1); strings.Contains(own, `<>`) {
			t.Errorf("%s is left out by %s", a, own)
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
				if _, err := db.Audit().Find(b.Context(), f.Filter, 101); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
