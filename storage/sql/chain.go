package sql

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"omgevingsloket-id/pkg/audit"
	"omgevingsloket-id/pkg/secret"
)

// An event is written twice: by the transaction of its change to audit_pool, where
// it takes no lock, and to its place in the chain by the server that holds the row
// of the head at that moment.
//
//	change ─► audit_pool ─► chain: lock head, take a batch, number and hash, move
//	change ─►    ″              the others skip the locked head
//
// A batch takes what is committed, and deletes just that. So an event whose
// transaction commits late comes with a later batch, and none is lost or chained
// twice.

// chainBatch is the most events that one transaction chains.
const chainBatch = 500

// Chain moves the events of the pool to the chain until none is left. If another
// server is doing so, it leaves them to that server.
func (db *DB) Chain(ctx context.Context) error { return db.chain(ctx, ` FOR UPDATE SKIP LOCKED`) }

// chained moves the events of the pool to the chain before the log is read, so that
// a reader sees everything that was committed before. Errors are ignored, because a
// log that cannot be written can still be read.
func (db *DB) chained(ctx context.Context) { _ = db.chain(ctx, ` FOR UPDATE`) }

func (db *DB) chain(ctx context.Context, lock string) error {
	db.owes.Store(false)
	for {
		n, err := db.chainOnce(ctx, lock)
		if err != nil {
			db.owes.Store(true)
			return answer("audit chain", err)
		}
		if n < chainBatch {
			return nil
		}
	}
}

func (db *DB) chainOnce(ctx context.Context, lock string) (int, error) {
	var waiting bool
	if err := db.sql.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM audit_pool)`).Scan(&waiting); err != nil || !waiting {
		return 0, err
	}
	if !db.postgres {
		lock = ``
	}
	ctx, done, err := db.write(ctx)
	if err != nil {
		return 0, err
	}
	defer done()
	tx, err := db.sql.BeginTx(ctx, nil)
	if err != nil {
		return 0, err
	}
	defer func() { _ = tx.Rollback() }() // no effect after a commit
	var head audit.Head
	err = tx.QueryRowContext(ctx, `SELECT seq, hash FROM audit_head WHERE id = 1`+lock).Scan(&head.Seq, &head.Hash)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, nil // another server chains
	}
	if err != nil {
		return 0, err
	}
	batch, err := takePool(ctx, tx)
	if err != nil || len(batch) == 0 {
		return 0, err
	}
	for _, e := range batch {
		e.Seq, e.PrevHash = head.Seq+1, head.Hash
		e.Hash = audit.ChainHash(e.PrevHash, e)
		if _, err := tx.ExecContext(ctx, `INSERT INTO audit_events (`+eventColumns+`) VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11,$12,$13,$14)`,
			e.Seq, ms(e.At), e.ActorKind, e.ActorID, e.Origin, e.Action, e.ObjectKind, e.ObjectID, e.Outcome, e.Reason, e.RequestID, text(e.Details), e.PrevHash, e.Hash); err != nil {
			return 0, err
		}
		head.Seq, head.Hash = e.Seq, e.Hash
	}
	if err := one(tx.ExecContext(ctx, `UPDATE audit_head SET seq = $1, hash = $2 WHERE id = 1`, head.Seq, head.Hash)); err != nil {
		return 0, err
	}
	return len(batch), tx.Commit()
}

// pooled is an event of the pool. The events of one transaction have one place and
// follow each other by id.
type pooled struct {
	audit.Event
	place int64
	id    string
}

const poolColumns = `id, place, at, actor_kind, actor_id, origin, action, object_kind, object_id, outcome, reason, request_id, details`

// takePool removes a batch from the pool and returns it in the order in which
// its events were made.
func takePool(ctx context.Context, tx *sql.Tx) ([]audit.Event, error) {
	rows, err := tx.QueryContext(ctx, `DELETE FROM audit_pool WHERE id IN (SELECT id FROM audit_pool ORDER BY place, id LIMIT $1) RETURNING `+poolColumns, chainBatch)
	found, err := all(rows, err, func(r row) (pooled, error) {
		var p pooled
		var when int64
		var details string
		err := r.Scan(&p.id, &p.place, &when, &p.ActorKind, &p.ActorID, &p.Origin, &p.Action, &p.ObjectKind, &p.ObjectID, &p.Outcome, &p.Reason, &p.RequestID, &details)
		if err == nil {
			p.At = at(when)
			p.Details, err = detailsOf(details)
		}
		return p, err
	})
	if err != nil {
		return nil, err
	}
	slices.SortFunc(found, func(a, b pooled) int {
		return cmp.Or(cmp.Compare(a.place, b.place), cmp.Compare(a.id, b.id))
	})
	out := make([]audit.Event, len(found))
	for i, p := range found {
		out[i] = p.Event
	}
	return out, nil
}

// pool adds the events of a transaction to the pool; no other function does, except
// with the statement of pooling.
func (db *DB) pool(ctx context.Context, tx *sql.Tx, events []audit.Event) error {
	if len(events) == 0 {
		return nil
	}
	id, place := secret.NewID(db.rand), db.nextPlace()
	for n, e := range events {
		if _, err := tx.ExecContext(ctx, `INSERT INTO audit_pool (`+poolColumns+`) VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11,$12,$13)`,
			poolRow(id, n, place, e)...); err != nil {
			return err
		}
	}
	return nil
}

// poolRow returns the values of poolColumns for event n of a transaction.
func poolRow(id string, n int, place int64, e audit.Event) []any {
	e = e.Storable()
	return []any{fmt.Sprintf("%s-%06d", id, n), place, ms(e.At.UTC()), e.ActorKind, e.ActorID, e.Origin, e.Action, e.ObjectKind, e.ObjectID, e.Outcome, e.Reason, e.RequestID, text(e.Details)}
}

// pooling returns a statement for PostgreSQL that changes one row with query and
// adds an event to the pool, or does neither.
func (db *DB) pooling(query string, args []any, e audit.Event) (string, []any) {
	var values strings.Builder
	for i, v := range poolRow(secret.NewID(db.rand), 0, db.nextPlace(), e) {
		kind := "TEXT"
		if _, ok := v.(int64); ok {
			kind = "BIGINT"
		}
		args = append(args, v)
		if i > 0 {
			values.WriteByte(',')
		}
		fmt.Fprintf(&values, "CAST($%d AS %s)", len(args), kind)
	}
	return `WITH change AS (` + query + ` RETURNING 1) INSERT INTO audit_pool (` + poolColumns + `) SELECT ` + values.String() + ` FROM change`, args
}

// nextPlace returns nanoseconds since 1970, and more at each call. They are of the
// machine's clock, whatever Options.Now says, so that events of several processes
// keep the order in which they were made.
func (db *DB) nextPlace() int64 {
	for {
		last := db.place.Load()
		next := max(time.Now().UnixNano(), last+1)
		if db.place.CompareAndSwap(last, next) {
			return next
		}
	}
}

// notePooled notes that this process has added events to the pool.
func (db *DB) notePooled() {
	db.owes.Store(true)
	select {
	case db.events <- struct{}{}:
	default:
	}
}

// Pooled returns a channel that receives a value after events were added to the pool
// by this process.
func (db *DB) Pooled() <-chan struct{} { return db.events }

// lastChain is how long Close takes to chain what this process has added.
const lastChain = 5 * time.Second

// chainLast chains what this process has added to the pool since Chain.
func (db *DB) chainLast() {
	if !db.owes.Load() {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), lastChain)
	defer cancel()
	db.chained(ctx)
}

func (s auditLog) Waiting(ctx context.Context) (audit.Waiting, error) {
	var w audit.Waiting
	var since int64
	err := s.db.sql.QueryRowContext(ctx, `SELECT COUNT(*), COALESCE(MIN(at), 0) FROM audit_pool`).Scan(&w.Events, &since)
	w.Since = at(since)
	return w, answer("audit pool", err)
}
