package storagetest

import (
	"bytes"
	"fmt"
	"testing"
	"time"

	"omgevingsloket-id/pkg/audit"
	"omgevingsloket-id/pkg/errs"
)

// Heads tests an audit.Heads, and the functions that use it to sign, verify,
// export and prune.
func Heads(t *testing.T, open func(*testing.T) (Stores, audit.Heads)) {
	signer := audit.NewSigner(bytes.Repeat([]byte{7}, 32))
	t.Run("ends and signed heads", func(t *testing.T) {
		s, heads := open(t)
		w := world{s, t}
		same(t, ok[audit.Head](t)(heads.Head(ctx(t))), audit.Head{})
		same(t, ok[audit.Anchor](t)(heads.Anchor(ctx(t))), audit.Anchor{})
		same(t, ok[audit.SignedHead](t)(heads.Newest(ctx(t))), audit.SignedHead{})
		w.put(2, noon)
		first := ok[audit.SignedHead](t)(audit.Checkpoint(ctx(t), heads, signer, noon))
		same(t, ok[audit.SignedHead](t)(audit.Checkpoint(ctx(t), heads, signer, noon.Add(time.Hour))), first)
		must(t, heads.Keep(ctx(t), signer.Sign(audit.Head{Seq: first.Seq, Hash: "another"}))) // the first one is kept
		w.put(1, noon)
		second := ok[audit.SignedHead](t)(audit.Checkpoint(ctx(t), heads, signer, noon.Add(time.Hour)))
		same(t, ok[[]audit.SignedHead](t)(heads.Signed(ctx(t))), []audit.SignedHead{first, second})
		same(t, ok[audit.SignedHead](t)(heads.Newest(ctx(t))), second)
	})
	t.Run("prune guards", func(t *testing.T) { pruneGuards(t, signer, open) })
	t.Run("prune among writers and readers", func(t *testing.T) { pruneAtOnce(t, signer, open) })
}

// put adds n events at one time.
func (w world) put(n int, at time.Time) {
	w.t.Helper()
	for range n {
		e := note("account.login", "a").Events[0]
		e.At = at
		must(w.t, w.Audit.Note(ctx(w.t), e))
	}
}

func pruneGuards(t *testing.T, signer audit.Signer, open func(*testing.T) (Stores, audit.Heads)) {
	s, heads := open(t)
	w := world{s, t}
	w.put(10, noon)
	all := w.events()
	anchor := func(seq int64) audit.Anchor {
		return audit.Anchor{Head: audit.Head{Seq: seq, Hash: all[seq-1].Hash, At: noon}, Signature: "s"}
	}
	told := func(action audit.Action) audit.Event { return note(action, "").Events[0] }
	must(t, heads.Keep(ctx(t), signer.Sign(audit.Head{Seq: 4, Hash: all[3].Hash, At: noon})))
	must(t, heads.Keep(ctx(t), signer.Sign(audit.Head{Seq: 8, Hash: all[7].Hash, At: noon})))

	other := anchor(4)
	other.Hash = "another"
	is(t, heads.Prune(ctx(t), audit.Anchor{}, other, told("other")), errs.ErrConflict)
	is(t, heads.Prune(ctx(t), anchor(2), anchor(4), told("not there")), errs.ErrConflict)
	same(t, len(w.events()), 10)
	same(t, ok[audit.Anchor](t)(heads.Anchor(ctx(t))), audit.Anchor{})

	exactlyOne(t, atOnce(func(int) error { return heads.Prune(ctx(t), audit.Anchor{}, anchor(4), told("record.pruned")) }), errs.ErrConflict)
	same(t, ok[audit.Anchor](t)(heads.Anchor(ctx(t))), anchor(4))
	left := w.events()
	if len(left) != 7 || left[0].Seq != 5 || left[0].PrevHash != all[3].Hash || left[6].Action != "record.pruned" {
		t.Errorf("left: %+v", left)
	}
	same(t, len(ok[[]audit.SignedHead](t)(heads.Signed(ctx(t)))), 1)
	is(t, heads.Prune(ctx(t), audit.Anchor{}, anchor(8), told("from the start")), errs.ErrConflict)
	exactlyOne(t, atOnce(func(int) error { return heads.Prune(ctx(t), anchor(4), anchor(8), told("record.pruned")) }), errs.ErrConflict)
	same(t, ok[audit.Anchor](t)(heads.Anchor(ctx(t))), anchor(8))
}

// pruneAtOnce writes, verifies and prunes at the same time: the audit log always
// verifies, and no recent event is removed.
func pruneAtOnce(t *testing.T, signer audit.Signer, open func(*testing.T) (Stores, audit.Heads)) {
	s, heads := open(t)
	w := world{s, t}
	now := noon.Add(time.Hour)
	w.put(20, noon)
	ok[audit.SignedHead](t)(audit.Checkpoint(ctx(t), heads, signer, noon))
	for _, err := range atOnce(func(i int) error {
		switch i % 4 {
		case 0:
			_, _, err := audit.Prune(ctx(t), s.Audit, heads, signer, time.Minute, now, audit.Operator(""))
			return err
		case 1:
			r, err := audit.Verify(ctx(t), s.Audit, heads, signer.Public(), noon)
			if err == nil && !r.OK() {
				err = fmt.Errorf("while others write: %+v", r.Faults)
			}
			return err
		default:
			e := note("account.login", "young").Events[0]
			e.At = now
			return s.Audit.Note(ctx(t), e)
		}
	}) {
		if err != nil {
			oneOf(t, err, errs.ErrConflict)
		}
	}
	r := ok[audit.Report](t)(audit.Verify(ctx(t), s.Audit, heads, signer.Public(), noon))
	if !r.OK() || r.Begin.Seq != 20 || r.Events != crowd/2+1 {
		t.Errorf("afterwards: %+v", r)
	}
}
