package sql

import (
	"context"

	"omgevingsloket-id/pkg/statistics"
)

type counts struct{ db *DB }

// Statistics returns the store of the statistics.
func (db *DB) Statistics() statistics.Store { return counts{db} }

// counting is one statement, so that all counts are of one moment. Its columns
// are what, kind, key, state, late, days and n; $1 and $2 are the period, $3 is
// now. Change requests, which are few, are subtracted from all applications, which are
// counted in indexes.
const counting = `SELECT 'received', kind, '', '', 0, 0, COUNT(*) FROM applications
	WHERE submitted_at > 0 AND submitted_at >= $1 AND submitted_at < $2 GROUP BY kind
UNION ALL SELECT 'open', kind, '', state, CASE WHEN due_at <= $3 THEN 1 ELSE 0 END, 0, COUNT(*) FROM applications
	WHERE ` + open + ` GROUP BY kind, state, CASE WHEN due_at <= $3 THEN 1 ELSE 0 END
UNION ALL SELECT 'ended', kind, '', state, late, days, COUNT(*) FROM (
		SELECT kind, state, CASE WHEN decided_at >= due_at THEN 1 ELSE 0 END AS late, (decided_at - submitted_at) / 86400000 AS days FROM applications
		WHERE decided_at > 0 AND decided_at >= $1 AND decided_at < $2) AS each_one
	GROUP BY kind, state, late, days
UNION ALL SELECT CASE WHEN d.kind = 'more' THEN 'asked' ELSE 'rejected' END, a.kind, d.reason, '', 0, 0, COUNT(*)
	FROM decisions d JOIN applications a ON a.id = d.application_id
	WHERE d.kind IN ('more', 'reject') AND d.at >= $1 AND d.at < $2 AND a.changes = '' GROUP BY d.kind, a.kind, d.reason
UNION ALL SELECT 'unblock', a.kind, u.reason, u.state, 0, 0, COUNT(*) FROM helpdesk_requests u JOIN accounts a ON a.id = u.account_id
	WHERE u.kind = 'unblock' AND u.state IN ('done', 'refused') AND u.decided_at >= $1 AND u.decided_at < $2 GROUP BY a.kind, u.reason, u.state
UNION ALL SELECT 'change', kind, 'received', '', 0, 0, COUNT(*) FROM applications
	WHERE changes <> '' AND submitted_at > 0 AND submitted_at >= $1 AND submitted_at < $2 GROUP BY kind
UNION ALL SELECT 'received', kind, '', '', 0, 0, -COUNT(*) FROM applications
	WHERE changes <> '' AND submitted_at > 0 AND submitted_at >= $1 AND submitted_at < $2 GROUP BY kind
UNION ALL SELECT 'change', kind, 'open', '', 0, 0, COUNT(*) FROM applications
	WHERE changes <> '' AND ` + open + ` GROUP BY kind
UNION ALL SELECT 'open', kind, '', state, CASE WHEN due_at <= $3 THEN 1 ELSE 0 END, 0, -COUNT(*) FROM applications
	WHERE changes <> '' AND ` + open + ` GROUP BY kind, state, CASE WHEN due_at <= $3 THEN 1 ELSE 0 END
UNION ALL SELECT 'change', kind, 'ended', state, 0, 0, COUNT(*) FROM applications
	WHERE changes <> '' AND decided_at > 0 AND decided_at >= $1 AND decided_at < $2 GROUP BY kind, state
UNION ALL SELECT 'ended', kind, '', state, late, days, -COUNT(*) FROM (
		SELECT kind, state, CASE WHEN decided_at >= due_at THEN 1 ELSE 0 END AS late, (decided_at - submitted_at) / 86400000 AS days FROM applications
		WHERE changes <> '' AND decided_at > 0 AND decided_at >= $1 AND decided_at < $2) AS each_change
	GROUP BY kind, state, late, days`

func (s counts) Count(ctx context.Context, q statistics.Query) ([]statistics.Row, error) {
	rows, err := s.db.sql.QueryContext(Patient(ctx), counting, ms(q.From), ms(q.To), ms(q.Now))
	out, err := all(rows, err, func(r row) (statistics.Row, error) {
		var n statistics.Row
		var late int
		err := r.Scan(&n.What, &n.Kind, &n.Key, &n.State, &late, &n.Days, &n.N)
		n.Late = late == 1
		return n, err
	})
	return out, answer("statistics", err)
}
