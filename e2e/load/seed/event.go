package seed

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/json"
	"fmt"
	"time"

	"omgevingsloket-id/pkg/audit"
	"omgevingsloket-id/pkg/secret"
)

// events adds events to the audit log: each account in turn logged in and was given a grant, and the last
// one did so now.
func events(ctx context.Context, db *sql.DB, of []Account, n int) error {
	const year = 365 * 24 * time.Hour
	begin, done := time.Now().Add(-year), 0
	return batches(n, func(n0 int) error {
		return within(ctx, db, func(tx *sql.Tx) error {
			var head audit.Head
			if err := tx.QueryRowContext(ctx, `SELECT seq, hash FROM audit_head WHERE id = 1`).Scan(&head.Seq, &head.Hash); err != nil {
				return err
			}
			rows := table{into: `audit_events (seq, at, actor_kind, actor_id, origin, action, object_kind, object_id, outcome, reason, request_id, details, prev_hash, hash)`}
			for range n0 {
				who, at := of[done/2%len(of)], begin.Add(time.Duration(float64(done)/float64(n)*float64(year)))
				action, details := audit.AccountLogin, map[string]string{}
				if done%2 == 1 {
					action, details = audit.GrantIssued, map[string]string{"client": "ES256", "grant": secret.NewID(rand.Reader)}
				}
				origin := fmt.Sprintf("10.%d.%d.0/24", done>>8&255, done&255)
				e := audit.Holder(who.ID).At(origin, secret.NewID(rand.Reader)).Did(action, who.ID, at).With(details).Storable()
				e.Seq, e.PrevHash, e.At = head.Seq+1, head.Hash, e.At.UTC().Truncate(time.Millisecond)
				e.Hash = audit.ChainHash(e.PrevHash, e)
				text, err := json.Marshal(e.Details)
				if err != nil {
					return err
				}
				rows.add(e.Seq, e.At.UnixMilli(), e.ActorKind, e.ActorID, e.Origin, e.Action, e.ObjectKind, e.ObjectID, e.Outcome, e.Reason, e.RequestID, string(text), e.PrevHash, e.Hash)
				head, done = audit.Head{Seq: e.Seq, Hash: e.Hash}, done+1
			}
			if err := rows.insert(ctx, tx); err != nil {
				return err
			}
			// Nobody is told by mail of what happened long ago.
			if _, err := tx.ExecContext(ctx, `UPDATE notices_read SET seq = $1`, head.Seq); err != nil {
				return err
			}
			_, err := tx.ExecContext(ctx, `UPDATE audit_head SET seq = $1, hash = $2 WHERE id = 1`, head.Seq, head.Hash)
			return err
		})
	})
}
