package audit

import (
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"time"
)

// Anchor is where the audit log begins once old events were removed: the
// number and the hash of the last removed event. The zero value means that the
// log begins with event 1.
//
// A SignedHead has the same form but is signed over another text. Otherwise an
// attacker with write access to the database could present one as an anchor
// and so hide a removal. Only Prune signs anchors.
type Anchor struct {
	Head             // At is the moment of the removal
	Signature string `json:"signature"`
}

func anchorText(h Head) []byte {
	return fmt.Appendf(nil, "omgevingsloket-id audit anchor\n%d\n%s\n%d\n", h.Seq, h.Hash, h.At.UnixMilli())
}

// anchor returns the signed anchor for h.
func (s Signer) anchor(h Head) Anchor {
	h.At = h.At.UTC().Truncate(time.Millisecond)
	return Anchor{Head: h, Signature: base64.RawURLEncoding.EncodeToString(ed25519.Sign(s.key, anchorText(h)))}
}

// Verify checks the signature with a public key (Signer.Public).
func (a Anchor) Verify(public string) error {
	return verify(public, anchorText(a.Head), a.Signature)
}

// matches reports whether e is the event that Prune wrote about this anchor.
func (a Anchor) matches(e Event) bool {
	return e.Action == AuditLogPruned && e.Details["through"] == strconv.FormatInt(a.Seq, 10) && e.Details["hash"] == a.Hash
}

// ErrBroken is returned by Prune when the audit log does not verify. Nothing
// was removed.
var ErrBroken = errors.New("audit: the log does not hold; nothing was removed")

// Prune removes the events older than keep, up to the newest stored signed
// head among them, and returns the new anchor and the number of removed
// events. Without such a head it removes nothing and returns a zero Anchor. It
// first verifies the log and the exported heads, because removed events can
// never be verified again, and returns ErrBroken if that fails.
func Prune(ctx context.Context, store Store, heads Heads, s Signer, keep time.Duration, now time.Time, by Actor, exported ...SignedHead) (Anchor, int64, error) {
	report, err := Verify(ctx, store, heads, s.Public(), now, exported...)
	if err != nil {
		return Anchor{}, 0, err
	}
	if !report.OK() || len(report.Unchecked) > 0 {
		return Anchor{}, 0, ErrBroken
	}
	was, err := heads.Anchor(ctx)
	if err != nil {
		return Anchor{}, 0, err
	}
	old, err := lastBefore(ctx, store, was.Seq, now.Add(-keep))
	if err != nil {
		return Anchor{}, 0, err
	}
	kept, err := heads.Signed(ctx)
	if err != nil {
		return Anchor{}, 0, err
	}
	var to Anchor
	for _, h := range kept {
		if h.Seq > was.Seq && h.Seq <= old && h.Verify(s.Public()) == nil {
			to = s.anchor(Head{Seq: h.Seq, Hash: h.Hash, At: now})
		}
	}
	if to.Seq == 0 {
		return Anchor{}, 0, nil
	}
	pruned := by.Did(AuditLogPruned, "", now).With(map[string]string{
		"through": strconv.FormatInt(to.Seq, 10), "hash": to.Hash, "events": strconv.FormatInt(to.Seq-was.Seq, 10),
		"older_than": now.Add(-keep).UTC().Format(time.RFC3339),
	})
	return to, to.Seq - was.Seq, heads.Prune(ctx, was, to, pruned)
}

// lastBefore returns the number of the last event after from that precedes the
// first one not older than t, or from if there is none.
func lastBefore(ctx context.Context, store Store, from int64, t time.Time) (int64, error) {
	for {
		events, err := store.Events(ctx, from, page)
		if err != nil {
			return 0, err
		}
		for _, e := range events {
			if !e.At.Before(t) {
				return from, nil
			}
			from = e.Seq
		}
		if len(events) < page {
			return from, nil
		}
	}
}
