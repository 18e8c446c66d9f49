package storagetest

import (
	"testing"
	"time"

	"omgevingsloket-id/pkg/effect"
	"omgevingsloket-id/pkg/limit"
)

// Locks tests a limit.Locks beside the limit.Lanes of the same back end.
func Locks(t *testing.T, open func(*testing.T) Stores) {
	w := world{open(t), t}
	t.Run("X7: a lock is told once, and again after a day", func(t *testing.T) { locksTold(t, w.in(t)) })
	t.Run("X7: what is told and its effects are one change", func(t *testing.T) { locksToldWhole(t, w.in(t)) })
	t.Run("X8: a lock of any lane is told while it lasts", func(t *testing.T) { locksOfLanes(t, w.in(t)) })
	t.Run("X8: all lanes are opened, on the record", func(t *testing.T) { locksOpened(t, w.in(t)) })
	w.unbroken()
}

// tell tells of the locks of a key and reports whether the effects were written.
func (w world) tell(key string, now time.Time) bool {
	w.t.Helper()
	rec := note("lock.told", key)
	must(w.t, w.Locks.Tell(ctx(w.t), key, rec, now))
	if len(w.mails(rec.Mails[0].ID)) == 0 {
		w.notWritten(rec)
		return false
	}
	w.written(rec)
	return true
}

func locksTold(t *testing.T, w world) {
	key := fresh("key")
	if w.tell(key, noon) {
		t.Error("a key without lanes was told of")
	}
	unlocked := fresh("key")
	w.try(unlocked, "", noon)
	if w.tell(unlocked, noon) {
		t.Error("a try without a lock was told of")
	}
	w.lock(key, "", noon)
	recs := make([]effect.Effects, crowd)
	for i := range recs {
		recs[i] = note("lock.told", key)
	}
	for _, err := range atOnce(func(i int) error { return w.Locks.Tell(ctx(t), key, recs[i], noon) }) {
		must(t, err)
	}
	told := 0
	for _, rec := range recs {
		if len(w.mails(rec.Mails[0].ID)) > 0 {
			w.written(rec)
			told++
		} else {
			w.notWritten(rec)
		}
	}
	if told != 1 {
		t.Errorf("told %d times, want once", told)
	}
	again := noon.Add(limit.TellAgain)
	w.try(key, "", again.Add(-time.Millisecond)) // locks again
	if w.tell(key, again.Add(-time.Millisecond)) {
		t.Error("told again too early")
	}
	if !w.tell(key, again) {
		t.Error("not told again")
	}
	if w.tell(key, again) {
		t.Error("told twice")
	}
	other := fresh("key")
	w.lock(other, "", noon)
	if !w.tell(other, noon) {
		t.Error("another key was not told of")
	}
}

func locksToldWhole(t *testing.T, w world) {
	key := fresh("key")
	w.lock(key, "", noon)
	rec := note("lock.told", key)
	rec.Mails = append(rec.Mails, rec.Mails[0]) // an id cannot be used twice
	if err := w.Locks.Tell(ctx(t), key, rec, noon); err == nil {
		t.Fatal("effects that cannot be written were written")
	}
	w.notWritten(rec)
	if !w.tell(key, noon) {
		t.Error("counted as told, without effects")
	}
}

func locksOfLanes(t *testing.T, w world) {
	key, device := fresh("key"), fresh("device")
	must(t, w.Lanes.Clear(ctx(t), key, device, true, noon))
	until := w.lock(key, device, noon)
	if w.tell(key, until) {
		t.Error("told of a lock that is over")
	}
	if !w.tell(key, until.Add(-time.Millisecond)) {
		t.Error("not told of the lock of a known browser")
	}
}

func locksOpened(t *testing.T, w world) {
	key, device, other := fresh("key"), fresh("device"), fresh("key")
	must(t, w.Lanes.Clear(ctx(t), key, device, true, noon))
	for _, lane := range []struct{ key, device string }{{key, ""}, {key, device}, {other, ""}} {
		w.lock(lane.key, lane.device, noon)
	}
	rec := note("lanes.opened", key)
	w.happened(w.Locks.Open(ctx(t), key, rec), rec)
	if w.tell(key, noon) {
		t.Error("told of a lock that was opened")
	}
	if !w.try(key, "", noon) || !w.try(key, device, noon) {
		t.Error("a lane is still locked")
	}
	if w.try(other, "", noon) {
		t.Error("the lane of another key was opened")
	}
	for w.try(key, "", noon) {
	}
	if !w.try(key, device, noon) {
		t.Error("the browser is not known any more")
	}
	none := note("lanes.opened", key)
	w.happened(w.Locks.Open(ctx(t), fresh("key"), none), none) // nothing was locked; that it was asked is recorded
}
