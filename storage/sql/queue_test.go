package sql_test

import (
	stdsql "database/sql"
	"net/url"
	"strings"
	"testing"

	"omgevingsloket-id/e2e/testenv"
	"omgevingsloket-id/pkg/application"
	"omgevingsloket-id/storage/sql"
)

// Each queue is read in the order of an index: nothing is sorted but the one
// part that is shown. SQLite tells how it goes about it.
func TestQueuesHaveTheirIndexes(t *testing.T) {
	address := sqlite(t)
	db := database(t, address)
	raw, err := stdsql.Open("sqlite", "file:"+(&url.URL{Path: strings.TrimPrefix(address, "sqlite:")}).EscapedPath())
	if err != nil {
		t.Fatal(err)
	}
	defer raw.Close()
	for show, index := range map[application.Show]string{
		application.ShowWaiting: "applications_queue", application.ShowMine: "applications_queue", application.ShowMore: "applications_asked",
		application.ShowDecided: "applications_done", application.ShowAll: "applications_sent",
	} {
		for _, q := range []application.Query{{}, {After: "1.a"}, {After: "0.1.1.a"}, {Search: "common"}} {
			q.Show, q.Member, q.Limit = show, "m", 50
			query, args := db.QueueText(q, q.Search != "")
			plan := explain(t, raw, query, args)
			if !strings.Contains(strings.ReplaceAll(plan, "\n", " "), "INDEX "+index+" ") || strings.Count(plan, "USE TEMP B-TREE FOR ORDER BY") > 1 {
				t.Errorf("%+v:\n%s", q, plan)
			}
		}
	}
}

// Applications of before there were terms are found after a migration.
func TestApplicationTermsAreBackfilled(t *testing.T) {
	for driver, address := range map[string]string{"sqlite": sqlite(t), "pgx": testenv.Postgres(t)} {
		t.Run(driver, func(t *testing.T) {
			db := database(t, address)
			name := strings.TrimPrefix(address, "sqlite:")
			if driver == "sqlite" {
				name = "file:" + (&url.URL{Path: name}).EscapedPath()
			}
			raw, err := stdsql.Open(driver, name)
			if err != nil {
				t.Fatal(err)
			}
			defer raw.Close()
			if _, err := raw.ExecContext(t.Context(), `INSERT INTO applications (id, handle_hash, kind, lang, email, state, taken, code_hash, code_expires, answers, reference, created_at, expires_at, submitted_at)
				VALUES ('old', 'h', 'natural_person', 'nl', 'old@example.com', 'submitted', FALSE, '', 0, '{"given_name":"Jörg"}', 'OLID-K7QD-2MXA', 1, 1, 1)`); err != nil {
				t.Fatal(err)
			}
			for want := range 3 {
				found, err := db.Cases().Queue(t.Context(), application.Query{Show: application.ShowAll, Search: "jorg k7qd", Limit: 5})
				if err != nil || len(found.Cases) != min(want, 1) {
					t.Fatalf("after %d migrations: %d found, %v", want, len(found.Cases), err)
				}
				if err := db.Migrate(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}

// What came in and what ended is counted in indexes; no row is read for it.
func TestStatisticsReadIndexes(t *testing.T) {
	address := sqlite(t)
	database(t, address)
	raw, err := stdsql.Open("sqlite", "file:"+(&url.URL{Path: strings.TrimPrefix(address, "sqlite:")}).EscapedPath())
	if err != nil {
		t.Fatal(err)
	}
	defer raw.Close()
	plan := explain(t, raw, sql.Counting, []any{1, 2, 3})
	for _, index := range []string{"applications_sent", "applications_done", "decisions_at"} {
		if !strings.Contains(plan, "COVERING INDEX "+index+" ") && !strings.Contains(plan, "COVERING INDEX "+index+"\n") {
			t.Errorf("not by %s:\n%s", index, plan)
		}
	}
}

func explain(t *testing.T, db *stdsql.DB, query string, args []any) string {
	t.Helper()
	rows, err := db.QueryContext(t.Context(), "EXPLAIN QUERY PLAN "+query, args...)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var plan strings.Builder
	for rows.Next() {
		var id, parent, unused int
		var detail string
		if err := rows.Scan(&id, &parent, &unused, &detail); err != nil {
			t.Fatal(err)
		}
		plan.WriteString(detail + "\n")
	}
	return plan.String()
}
