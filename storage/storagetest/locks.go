package storagetest

import "testing"

// Locks tests a limit.Locks beside the limit.Lanes of the same back end.
func Locks(t *testing.T, open func(*testing.T) Stores) {
	w := world{open(t), t}
	t.Run("X8: all lanes of a key are opened, on the record", func(t *testing.T) { locksOpened(t, w.in(t)) })
	t.Run("X8: each of several who open a lane is on the record", func(t *testing.T) {
		w, key := w.in(t), fresh("key")
		w.lock(key, "", noon)
		rec := note("lanes.opened", key)
		rec.Mails = nil
		for _, err := range atOnce(func(int) error { return w.Locks.Open(ctx(t), key, rec) }) {
			must(t, err)
		}
		n := 0
		for _, e := range w.events() {
			if e.RequestID == rec.Events[0].RequestID {
				n++
			}
		}
		same(t, n, crowd)
		if !w.try(key, "", noon) {
			t.Error("the lane is still locked")
		}
	})
	w.unbroken()
}

func locksOpened(t *testing.T, w world) {
	key, device, other := fresh("key"), fresh("device"), fresh("key")
	must(t, w.Lanes.Clear(ctx(t), key, device))
	must(t, w.Lanes.Remember(ctx(t), key, device, noon))
	for _, lane := range []struct{ key, device string }{{key, ""}, {key, device}, {other, ""}} {
		w.lock(lane.key, lane.device, noon)
	}
	torn := note("lanes.opened", key)
	torn.Mails = append(torn.Mails, torn.Mails[0]) // an id cannot be used twice
	if err := w.Locks.Open(ctx(t), key, torn); err == nil {
		t.Fatal("effects that cannot be written were written")
	}
	w.notWritten(torn)
	if w.try(key, "", noon) || w.try(key, device, noon) {
		t.Error("opened, without effects")
	}
	rec := note("lanes.opened", key)
	w.happened(w.Locks.Open(ctx(t), key, rec), rec)
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
