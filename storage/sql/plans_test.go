package sql_test

import (
	"context"
	stdsql "database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"omgevingsloket-id/pkg/application"
	"omgevingsloket-id/storage/sql"
)

// small are the tables that are read as a whole: their size does not grow with the
// number of people who use the product.
var small = []string{
	"clients", "signing_keys", "staff", "staff_alarms", "constants", "installation", "schema_floor", "goose_db_version",
	"audit_head", "audit_anchor", "notices_read",
	"audit_pool",                       // a second of events
	"audit_signed_heads",               // one in ten minutes; `audit verify` reads them all
	"unblock_cases", "account_changes", // nothing is added any more
	"sqlite_schema", "pragma_table_info", "pragma_index_info",
}

// whole are the statements that read a table as a whole, each with a part of its
// text and the reason.
var whole = map[string]string{
	"SUM(LENGTH(sealed))":                                                                 "how much waits in the outbox is a sum; mails are sent within seconds",
	"UPDATE grants SET revoked_at = 1":                                                    "of tests",
	"UPDATE grants SET redeemed_at = 1":                                                   "of tests",
	"UPDATE accounts SET epoch = 8":                                                       "of tests",
	"UPDATE accounts SET state = 'blocked'":                                               "of tests",
	"NOT EXISTS (SELECT 1 FROM account_terms WHERE account_id = accounts.id)":             "a start looks for accounts without terms",
	"NOT EXISTS (SELECT 1 FROM application_terms WHERE application_id = applications.id)": "a start looks for applications without terms",
}

// plans explains each statement once for each kind of database.
var plans = struct {
	sync.Mutex
	seen map[string]bool
}{seen: map[string]bool{}}

// statements gathers the statements of one database.
type statements struct {
	sync.Mutex
	texts map[string]bool // nil while the schema is made
}

func (s *statements) begin() {
	s.Lock()
	defer s.Unlock()
	s.texts = map[string]bool{}
}

func (s *statements) add(text string) {
	s.Lock()
	defer s.Unlock()
	if s.texts != nil {
		s.texts[text] = true
	}
}

var (
	reads     = regexp.MustCompile(`(?i)^\s*(SELECT|UPDATE|DELETE|INSERT INTO\s+\w+\s*\([^)]*\)\s*SELECT)\b`)
	parameter = regexp.MustCompile(`\$([0-9]+)`)
)

// check requires an index for what the statements read. All tests that open a
// database with open do so with theirs: together they use every store.
func (s *statements) check(t *testing.T, db *sql.DB, address string) {
	t.Helper()
	s.Lock()
	texts := s.texts
	s.texts = nil
	s.Unlock()
	kind, _, _ := strings.Cut(address, ":")
	var fresh []string
	plans.Lock()
	for text := range texts {
		if reads.MatchString(text) && !plans.seen[kind+text] {
			plans.seen[kind+text] = true
			fresh = append(fresh, text)
		}
	}
	plans.Unlock()
	if len(fresh) == 0 {
		return
	}
	ctx := context.WithoutCancel(t.Context())
	c, err := db.Raw().Conn(ctx)
	if err != nil {
		t.Error(err)
		return
	}
	defer func() { _ = c.Close() }()
	explain := explainSQLite
	if kind != "sqlite" {
		explain = explainPostgres
	}
	for _, text := range fresh {
		scans, err := explain(ctx, c, text)
		if err != nil {
			t.Errorf("%v, of\n%s", err, text)
		}
		for _, scan := range scans {
			if !slices.Contains(small, scan.table) && !excused(text) {
				t.Errorf("%s is read as a whole (%s) by\n%s", scan.table, scan.how, text)
			}
		}
	}
}

func excused(text string) bool {
	for part, reason := range whole {
		if strings.Contains(text, part) && (reason != "of tests" || !strings.Contains(text, "WHERE")) {
			return true
		}
	}
	return false
}

// The statements of jobs, and those that the databases run for foreign keys, have an
// index too.
func TestJobsHaveTheirIndexes(t *testing.T) {
	t.Parallel()
	for name, address := range map[string]func(*testing.T) string{"SQLite": sqlite, "Postgres": postgres} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db := open(t, address(t), time.Now)
			ctx, now := t.Context(), time.Now()
			_, expired := db.Applications().Expire(ctx, now)
			_, strangers := db.Strangers(ctx)
			_, due := db.Archive().Due(ctx, now, 10)
			_, unscanned := db.Scans().Unscanned(ctx, application.Document{}, 10)
			_, unanswered := db.Deadlines().Unanswered(ctx, now, 2, 10)
			_, urgent := db.Deadlines().Urgent(ctx, now, 10)
			_, untold := db.Deadlines().Untold(ctx, "2026-03-02")
			_, unreported := db.Refusals().Unreported(ctx, now, 10)
			_, gathered := db.Notices().Gather(ctx, 10)
			_, noticed := db.Notices().Gathered(ctx, now, 10)
			_, taken := db.Outbox().Take(ctx, now, time.Minute, 10)
			_, expiring := db.Outbox().TakeExpiring(ctx, now, time.Minute, 10)
			_, waiting := db.Outbox().Waiting(ctx)
			_, newest := db.Heads().Newest(ctx)
			if err := errors.Join(db.Sweep(ctx), db.Chain(ctx), db.Probe(ctx), expired, strangers, due, unscanned, unanswered, urgent, untold,
				unreported, gathered, noticed, taken, expiring, waiting, newest); err != nil {
				t.Error(err)
			}
			for _, key := range foreignKeys(t) {
				if _, err := db.Raw().ExecContext(ctx, key, ""); err != nil {
					t.Error(err)
				}
			}
		})
	}
}

// A search for accounts reads the terms of one word in their order, up to the limit,
// and sorts what it returns.
func TestSearchEndsAtItsLimit(t *testing.T) {
	t.Parallel()
	db := open(t, sqlite(t), time.Now)
	for _, words := range [][]string{{"muller"}, {"an"}, {"anna", "muller"}} {
		query, args := sql.SearchText(words, 20)
		plan := db.Explain(t, query, args...)
		if !strings.Contains(plan, "SEARCH t USING COVERING INDEX sqlite_autoindex_account_terms_1 (term>? AND term<?)") || strings.Count(plan, "TEMP B-TREE") > 1 {
			t.Errorf("%q:\n%s", words, plan)
		}
	}
}

// foreignKeys returns the statements that a database runs when a row is removed that
// others refer to.
func foreignKeys(t *testing.T) (out []string) {
	t.Helper()
	rows, err := open(t, sqlite(t), time.Now).Raw().QueryContext(t.Context(),
		`SELECT 'DELETE FROM ' || m.name || ' WHERE ' || k."from" || ' = $1' FROM sqlite_schema m, pragma_foreign_key_list(m.name) k WHERE m.type = 'table'`)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var text string
		if err := rows.Scan(&text); err != nil {
			t.Fatal(err)
		}
		out = append(out, text)
	}
	if err := rows.Err(); err != nil || len(out) < 8 {
		t.Fatalf("%d foreign keys, %v", len(out), err)
	}
	return out
}

// scan is a table of which a plan reads every row, or every entry of an index.
type scan struct{ table, how string }

// parameters returns the number of parameters of a statement.
func parameters(text string) (n int) {
	for _, m := range parameter.FindAllStringSubmatch(text, -1) {
		i, _ := strconv.Atoi(m[1])
		n = max(n, i)
	}
	return n
}

var scanned = regexp.MustCompile(`^SCAN (\w+)(?: USING (?:COVERING )?INDEX (\w+))?`)

// explainSQLite returns the scans of a statement. Reading an index in its order ends
// at a LIMIT; a partial index has only the rows that its condition names.
func explainSQLite(ctx context.Context, c *stdsql.Conn, text string) ([]scan, error) {
	rows, err := c.QueryContext(ctx, `EXPLAIN QUERY PLAN `+text, make([]any, parameters(text))...)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	var steps []string
	for rows.Next() {
		var id, parent, unused int
		var step string
		if err := rows.Scan(&id, &parent, &unused, &step); err != nil {
			return nil, err
		}
		steps = append(steps, step)
	}
	if err := rows.Err(); err != nil {
		return nil, err
	}
	_ = rows.Close()
	var out []scan
	for _, step := range steps {
		m := scanned.FindStringSubmatch(step)
		if m == nil {
			continue
		}
		table := named(text, m[1])
		if table == "" {
			continue // a subquery
		}
		if m[2] != "" {
			var partial bool
			if err := c.QueryRowContext(ctx, `SELECT COUNT(*) FROM sqlite_schema WHERE type = 'index' AND name = $1 AND sql LIKE '% WHERE %'`, m[2]).Scan(&partial); err != nil {
				return nil, err
			}
			if partial || strings.Contains(text, "LIMIT") && !strings.Contains(strings.Join(steps, " "), "TEMP B-TREE FOR ORDER BY") {
				continue
			}
		}
		out = append(out, scan{table, step})
	}
	return out, nil
}

// named returns the table that a plan calls name, which may be an alias; "" if it is
// none.
func named(text, name string) string {
	if m := regexp.MustCompile(`(?i)\b(?:FROM|JOIN|UPDATE|,)\s*(\w+)\s+(?:AS\s+)?` + name + `\b`).FindStringSubmatch(text); m != nil && !strings.EqualFold(m[1], "from") {
		return m[1]
	}
	if regexp.MustCompile(`(?i)\b(?:FROM|JOIN|UPDATE|INTO)\s+` + name + `\b`).MatchString(text) {
		return name
	}
	return ""
}

// node is a node of a plan of PostgreSQL.
type node struct {
	Type     string  `json:"Node Type"`
	Relation string  `json:"Relation Name"`
	Index    string  `json:"Index Name"`
	Cond     string  `json:"Index Cond"`
	Recheck  string  `json:"Recheck Cond"`
	Filter   string  `json:"Filter"`
	Cost     float64 `json:"Total Cost"`
	Plans    []node  `json:"Plans"`
}

// explainPostgres returns the scans of a statement, planned for any parameters. The
// planner is set to avoid scans, because the tables are empty; those that are left have
// no index.
func explainPostgres(ctx context.Context, c *stdsql.Conn, text string) ([]scan, error) {
	for _, s := range []string{`SET plan_cache_mode = force_generic_plan`, `SET enable_seqscan = off`, `PREPARE explained AS ` + text} {
		if _, err := c.ExecContext(ctx, s); err != nil {
			return nil, err
		}
	}
	defer func() { _, _ = c.ExecContext(ctx, `DEALLOCATE explained`) }()
	execute := `EXPLAIN (FORMAT JSON) EXECUTE explained`
	if n := parameters(text); n > 0 {
		execute += `(` + strings.TrimSuffix(strings.Repeat(`NULL, `, n), `, `) + `)`
	}
	var raw string
	if err := c.QueryRowContext(ctx, execute).Scan(&raw); err != nil {
		return nil, err
	}
	var explained []struct{ Plan node }
	if err := json.Unmarshal([]byte(raw), &explained); err != nil {
		return nil, err
	}
	var out []scan
	var walk func(n node, limited bool)
	walk = func(n node, limited bool) {
		switch {
		case n.Type == "Seq Scan":
			out = append(out, scan{n.Relation, n.Type})
		case strings.HasPrefix(n.Type, "Index") && n.Cond == "" && n.Relation != "" && !limited:
			out = append(out, scan{n.Relation, fmt.Sprintf("%s of all of %s", n.Type, n.Index)})
		}
		for _, p := range n.Plans {
			walk(p, (limited || n.Type == "Limit") && n.Type != "Sort" && n.Type != "Aggregate" && n.Type != "Hash")
		}
	}
	for _, e := range explained {
		walk(e.Plan, false)
	}
	// Partial indexes have only the rows that their condition names.
	kept := out[:0]
	for _, s := range out {
		var partial bool
		if _, index, ok := strings.Cut(s.how, " of all of "); ok {
			if err := c.QueryRowContext(ctx, `SELECT indpred IS NOT NULL FROM pg_index WHERE indexrelid = to_regclass($1)`, index).Scan(&partial); err != nil {
				return nil, err
			}
		}
		if !partial {
			kept = append(kept, s)
		}
	}
	return kept, nil
}
