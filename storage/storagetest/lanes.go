package storagetest

import (
	"errors"
	"testing"
	"time"

	"omgevingsloket-id/pkg/limit"
)

var errLocked = errors.New("locked")

// Lanes tests a limit.Lanes against limit.Count, one try at a time.
func Lanes(t *testing.T, open func(*testing.T) Stores) {
	w := world{open(t), t}
	t.Run("a lane is Count, try after try", func(t *testing.T) { laneFollowsCount(t, w.in(t)) })
	t.Run("LG-16: a known browser has a lane of its own", func(t *testing.T) { laneOfDevice(t, w.in(t)) })
	t.Run("a right password empties the lane", func(t *testing.T) { laneClear(t, w.in(t)) })
	t.Run("a right password empties a full lane", func(t *testing.T) { laneClearFull(t, w.in(t)) })
	t.Run("a lane that is lent", func(t *testing.T) { laneLent(t, w.in(t)) })
	t.Run("LG-14: guesses at once are each counted", func(t *testing.T) {
		w, key := w.in(t), fresh("key")
		free := 0
		for tally := (limit.Tally{}); ; free++ {
			var opened bool
			if opened, tally = limit.Count(tally, noon); !opened {
				break
			}
		}
		exactly(t, free, atOnce(func(int) error {
			opened, err := w.Lanes.Try(ctx(t), key, "", noon)
			if err == nil && !opened {
				err = errLocked
			}
			return err
		}), errLocked)
	})
}

func (w world) try(key, device string, now time.Time) bool {
	w.t.Helper()
	return ok[bool](w.t)(w.Lanes.Try(ctx(w.t), key, device, now))
}

// lock fills a lane and returns the moment at which its lock ends.
func (w world) lock(key, device string, now time.Time) time.Time {
	w.t.Helper()
	var tally limit.Tally
	for opened := true; opened; {
		opened, tally = limit.Count(tally, now)
		if w.try(key, device, now) != opened {
			w.t.Fatalf("the lane says open=%t, the rule %t", !opened, opened)
		}
	}
	return tally.LockedUntil
}

func laneFollowsCount(t *testing.T, w world) {
	key, now := fresh("key"), noon
	var tally limit.Tally
	for i := range 40 {
		var want bool
		want, tally = limit.Count(tally, now)
		if got := w.try(key, fresh("unknown device"), now); got != want {
			t.Fatalf("try %d: open=%t, the rule says %t", i+1, got, want)
		}
		switch { // the moment before the lock ends, the moment itself, and a day of rest
		case i == 30:
			now = now.Add(24 * time.Hour)
		case want && now.Before(tally.LockedUntil):
			now = tally.LockedUntil.Add(-time.Millisecond)
		case !want:
			now = tally.LockedUntil
		}
	}
	if !w.try(fresh("key"), "", noon) {
		t.Error("another key is locked")
	}
}

func laneOfDevice(t *testing.T, w world) {
	key, device := fresh("key"), fresh("device")
	must(t, w.Lanes.Clear(ctx(t), key, device))
	must(t, w.Lanes.Remember(ctx(t), key, device, noon))
	w.lock(key, "", noon)
	if !w.try(key, device, noon) {
		t.Error("strangers locked out the owner's browser")
	}
	if w.try(key, fresh("device"), noon) {
		t.Error("an unknown device is no stranger")
	}
	other := fresh("key")
	w.lock(other, device, noon) // the device is known for another key only
	if w.try(other, "", noon) {
		t.Error("a device that is not known for the key had a lane of its own")
	}
	w.lock(key, device, noon.Add(48*time.Hour))
	if !w.try(key, "", noon.Add(48*time.Hour)) {
		t.Error("the browser's lane locked the strangers")
	}
}

func laneClear(t *testing.T, w world) {
	key, device := fresh("key"), fresh("device")
	tries := func(device string) int {
		t.Helper()
		n := 0
		for w.try(key, device, noon) {
			n++
		}
		return n
	}
	free := tries("")
	key = fresh("key")
	for range free - 1 {
		w.try(key, device, noon)
	}
	must(t, w.Lanes.Clear(ctx(t), key, device))
	same(t, tries(device), free)
	must(t, w.Lanes.Clear(ctx(t), fresh("key"), "")) // there is no such lane

	// The device is new, so its tries are in the shared lane; from now on in its own.
	key = fresh("key")
	for range free - 1 {
		w.try(key, device, noon)
	}
	must(t, w.Lanes.Clear(ctx(t), key, device))
	must(t, w.Lanes.Remember(ctx(t), key, device, noon))
	same(t, tries(""), free)
	same(t, tries(device), free)
}

// The right password is counted as a wrong try first, and on a full lane that
// try locks it. If Clear kept that lock, it would outlast every right password.
func laneClearFull(t *testing.T, w world) {
	key := fresh("key")
	until := w.lock(key, "", noon)
	if !w.try(key, "", until) { // the lock ends at exactly this moment
		t.Fatal("the lock did not end")
	}
	must(t, w.Lanes.Clear(ctx(t), key, ""))
	for range 2 { // a full lane would lock at the first try
		if !w.try(key, "", until) {
			t.Error("the lane was not emptied")
		}
	}
}
