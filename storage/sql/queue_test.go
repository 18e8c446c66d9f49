package sql_test

import (
	"strings"
	"testing"
	"time"

	"omgevingsloket-id/pkg/review"
	"omgevingsloket-id/storage/sql"
)

// Each queue is read in the order of an index: SQLite sorts nothing but the part
// that is shown.
func TestQueuesHaveTheirIndexes(t *testing.T) {
	t.Parallel()
	db := open(t, sqlite(t), time.Now)
	for show, index := range map[review.Show]string{
		review.ShowWaiting: "applications_queue", review.ShowMine: "applications_queue", review.ShowMore: "applications_asked",
		review.ShowDecided: "applications_done", review.ShowAll: "applications_sent",
	} {
		for _, q := range []review.Query{{}, {After: "1.a"}, {After: "0.1.1.a"}, {Search: "common"}} {
			q.Show, q.Member, q.Limit = show, "m", 50
			query, args := db.QueueText(q, q.Search != "")
			plan := db.Explain(t, query, args...)
			if !strings.Contains(strings.ReplaceAll(plan, "\n", " "), "INDEX "+index+" ") || strings.Count(plan, "USE TEMP B-TREE FOR ORDER BY") > 1 {
				t.Errorf("%+v:\n%s", q, plan)
			}
		}
	}
}

// Applications from before there were search terms are found after a migration.
func TestApplicationTermsAreBackfilled(t *testing.T) {
	t.Parallel()
	backfilled(t, `INSERT INTO applications (id, handle_hash, kind, lang, email, state, taken, code_hash, code_expires, answers, reference, created_at, expires_at, submitted_at)
		VALUES ('old', 'h', 'natural_person', 'nl', 'old@example.com', 'submitted', FALSE, '', 0, '{"given_name":"Jörg"}', 'OLID-K7QD-2MXA', 1, 1, 1)`,
		func(db *sql.DB) (int, error) {
			found, err := db.Cases().Queue(t.Context(), review.Query{Show: review.ShowAll, Search: "jorg k7qd", Limit: 5})
			return len(found.Cases), err
		})
}

// The statistics are counted in indexes, without reading rows.
func TestStatisticsReadIndexes(t *testing.T) {
	t.Parallel()
	plan := open(t, sqlite(t), time.Now).Explain(t, sql.Counting, 1, 2, 3)
	for _, index := range []string{"applications_sent", "applications_done", "decisions_at"} {
		if !strings.Contains(plan, "COVERING INDEX "+index+" ") && !strings.Contains(plan, "COVERING INDEX "+index+"\n") {
			t.Errorf("not by %s:\n%s", index, plan)
		}
	}
}
