package storagetest

import (
	"fmt"
	"testing"
	"time"

	"omgevingsloket-id/pkg/errs"
	"omgevingsloket-id/pkg/signkey"
)

// Keys tests a signkey.Store.
func Keys(t *testing.T, open func(*testing.T) Stores) {
	w := world{open(t), t}
	same(t, len(w.keys()), 0)
	t.Run("a life of two keys", func(t *testing.T) { keyLife(t, w.in(t)) })
	t.Run("all or nothing", func(t *testing.T) { keyAllOrNothing(t, world{open(t), t}) })
	t.Run("RR-06: of a crowd of servers one rotates", func(t *testing.T) { keyCrowd(t, world{open(t), t}) })
	w.unbroken()
}

func aKey(alg string, made time.Time) signkey.Key {
	return signkey.Key{ID: fresh("kid"), Alg: alg, Public: []byte(`{"kty":"EC"}`), Sealed: []byte{1, 0, 0xff}, CreatedAt: made}
}

func (w world) keys() []signkey.Key {
	w.t.Helper()
	return ok[[]signkey.Key](w.t)(w.Keys.Keys(ctx(w.t)))
}

// states returns the states of the keys by id, without removed keys.
func (w world) states() map[string]signkey.State {
	w.t.Helper()
	states := map[string]signkey.State{}
	for _, k := range w.keys() {
		states[k.ID] = k.State
	}
	return states
}

func keyLife(t *testing.T, w world) {
	young, old := aKey("ES256", noon.Add(time.Hour)), aKey("ES256", noon)
	apply := func(now time.Time, changes ...signkey.Change) {
		t.Helper()
		rec := note("key.moved", "x")
		w.happened(w.Keys.Apply(ctx(t), changes, now, rec), rec)
	}
	apply(noon, signkey.Change{Key: old, To: signkey.Active})
	apply(noon.Add(time.Hour), signkey.Change{Key: young, To: signkey.Next})
	want := []signkey.Key{old, young} // oldest first
	want[0].State, want[0].Since = signkey.Active, noon
	want[1].State, want[1].Since = signkey.Next, noon.Add(time.Hour)
	same(t, w.keys(), want)

	later := noon.Add(2 * time.Hour)
	apply(later, signkey.Change{Key: want[0], From: signkey.Active, To: signkey.Retired}, signkey.Change{Key: want[1], From: signkey.Next, To: signkey.Active})
	want[0].State, want[0].Since, want[0].Sealed = signkey.Retired, later, nil // no longer signs
	want[1].State, want[1].Since = signkey.Active, later
	same(t, w.keys(), want)

	apply(later, signkey.Change{Key: want[0], From: signkey.Retired, To: signkey.Hints})
	same(t, w.states()[old.ID], signkey.Hints)
	apply(later, signkey.Change{Key: want[0], From: signkey.Hints})
	same(t, w.keys(), want[1:])
}

func keyAllOrNothing(t *testing.T, w world) {
	active, other := aKey("RS256", noon), aKey("PS256", noon)
	must(t, w.Keys.Apply(ctx(t), []signkey.Change{{Key: active, To: signkey.Active}}, noon, note("key.made", "x")))
	before := w.keys()
	for name, changes := range map[string][]signkey.Change{
		"a state that has passed":  {{Key: other, To: signkey.Next}, {Key: active, From: signkey.Next, To: signkey.Active}},
		"a key that is gone":       {{Key: other, To: signkey.Next}, {Key: aKey("RS256", noon), From: signkey.Hints}},
		"a key that exists":        {{Key: other, To: signkey.Next}, {Key: active, To: signkey.Next}},
		"a second key that signs":  {{Key: other, To: signkey.Active}, {Key: aKey("RS256", noon), To: signkey.Active}},
		"the end of an active one": {{Key: other, To: signkey.Next}, {Key: active, From: signkey.Hints}},
	} {
		t.Run(name, func(t *testing.T) {
			w, rec := w.in(t), note("key.moved", "x")
			w.refused(w.Keys.Apply(ctx(t), changes, noon, rec), errs.ErrConflict, rec)
			same(t, w.keys(), before)
		})
	}
}

func keyCrowd(t *testing.T, w world) {
	exactlyOne(t, atOnce(func(int) error { // many servers start for the first time
		return w.Keys.Apply(ctx(t), []signkey.Change{{Key: aKey("ES256", noon), To: signkey.Active}, {Key: aKey("ES256", noon.Add(1)), To: signkey.Next}},
			noon, note("key.made", "x"))
	}), errs.ErrConflict)
	keys := w.keys()
	if len(keys) != 2 {
		t.Fatalf("%d keys", len(keys))
	}
	active, next := keys[0], keys[1]
	if active.State == signkey.Next {
		active, next = next, active
	}
	rec := note("key.moved", "x")
	exactlyOne(t, atOnce(func(int) error {
		return w.Keys.Apply(ctx(t), []signkey.Change{
			{Key: active, From: signkey.Active, To: signkey.Retired}, {Key: next, From: signkey.Next, To: signkey.Active},
			{Key: aKey("ES256", noon.Add(time.Hour)), To: signkey.Next},
		}, noon.Add(time.Hour), rec)
	}), errs.ErrConflict)
	w.written(rec)
	count := map[signkey.State]int{}
	for _, state := range w.states() {
		count[state]++
	}
	same(t, fmt.Sprint(count), fmt.Sprint(map[signkey.State]int{signkey.Retired: 1, signkey.Active: 1, signkey.Next: 1}))
}
