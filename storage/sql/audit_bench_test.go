package sql

import (
	"bytes"
	"fmt"
	"io"
	"testing"
	"time"

	"omgevingsloket-id/pkg/audit"
)

// BenchmarkAuditLog verifies and exports an audit log of 100,000 events, and
// measures the cost of one more event.
func BenchmarkAuditLog(b *testing.B) {
	db := planDB(b)
	const events = 100_000
	prev := ""
	tx, err := db.sql.BeginTx(b.Context(), nil)
	if err != nil {
		b.Fatal(err)
	}
	for i := range int64(events) {
		e := audit.Event{Seq: i + 1, At: time.UnixMilli(1_700_000_000_000 + i*1000).UTC(), ActorKind: audit.ActorHolder, ActorID: fmt.Sprint("account-", i%5000), Origin: "198.51.100.0/24",
			Action: "account.login", ObjectKind: "account", ObjectID: fmt.Sprint("account-", i%5000), Outcome: audit.OK, RequestID: "0a1b2c3d4e5f"}
		e.PrevHash, e.Hash = prev, audit.ChainHash(prev, e)
		prev = e.Hash
		if _, err := tx.Exec(`INSERT INTO audit_events VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9,'',$10,'null',$11,$12)`, e.Seq, e.At.UnixMilli(), e.ActorKind, e.ActorID, e.Origin,
			e.Action, e.ObjectKind, e.ObjectID, e.Outcome, e.RequestID, e.PrevHash, e.Hash); err != nil {
			b.Fatal(err)
		}
	}
	if _, err := tx.Exec(`UPDATE audit_head SET seq = $1, hash = $2`, events, prev); err != nil {
		b.Fatal(err)
	}
	if err := tx.Commit(); err != nil {
		b.Fatal(err)
	}
	signer := audit.NewSigner(bytes.Repeat([]byte{1}, 32))
	b.Run("verify", func(b *testing.B) {
		for b.Loop() {
			if r, err := audit.Verify(b.Context(), db.Audit(), db.Heads(), signer.Public(), time.Now()); err != nil || !r.OK() {
				b.Fatal(r.Faults, err)
			}
		}
	})
	b.Run("export", func(b *testing.B) {
		for b.Loop() {
			if err := audit.Export(b.Context(), io.Discard, db.Audit(), db.Heads(), signer, 0, time.Now()); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("one more", func(b *testing.B) {
		for b.Loop() {
			if err := db.Audit().Note(b.Context(), audit.Event{At: time.Now(), ActorKind: audit.ActorHolder, ActorID: "a", Action: "account.login", ObjectKind: "account", ObjectID: "a", Outcome: audit.OK}); err != nil {
				b.Fatal(err)
			}
		}
	})
	for _, index := range []string{"at", "actor", "member", "action", "refused"} {
		if _, err := db.sql.Exec(`DROP INDEX audit_events_` + index); err != nil {
			b.Fatal(err)
		}
	}
	b.Run("one more, without the indexes of filters", func(b *testing.B) {
		for b.Loop() {
			if err := db.Audit().Note(b.Context(), audit.Event{At: time.Now(), ActorKind: audit.ActorHolder, ActorID: "a", Action: "account.login", ObjectKind: "account", ObjectID: "a", Outcome: audit.OK}); err != nil {
				b.Fatal(err)
			}
		}
	})
}
