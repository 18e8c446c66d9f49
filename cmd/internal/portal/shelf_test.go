package portal

import (
	"reflect"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

func TestShelfForgetsTheOldestAndTheExpired(t *testing.T) {
	now := time.Unix(1000, 0)
	s := newShelf[int](time.Minute, 3, func() time.Time { return now })
	for i := range 4 {
		s.put(strconv.Itoa(i), i)
	}
	if _, ok := s.get("0"); ok || s.queue.Len() != 3 {
		t.Errorf("the oldest of four is still there, or %d are kept", s.queue.Len())
	}
	if v, ok := s.get("3"); !ok || v != 3 {
		t.Error("the newest is gone")
	}
	now = now.Add(time.Minute)
	if _, ok := s.get("3"); ok {
		t.Error("it outlives its time")
	}
	s.put("new", 9)
	if s.queue.Len() != 1 || len(s.items) != 1 {
		t.Errorf("%d expired values stay in memory", s.queue.Len()-1)
	}
}

func TestShelfTakeSucceedsOnce(t *testing.T) {
	s := newShelf[int](time.Minute, 10, time.Now)
	s.put("key", 1)
	var wins atomic.Int32
	var all sync.WaitGroup
	for range 64 {
		all.Go(func() {
			if _, ok := s.take("key"); ok {
				wins.Add(1)
			}
		})
	}
	all.Wait()
	if wins.Load() != 1 {
		t.Errorf("%d took it", wins.Load())
	}
}

// Every text exists in both languages, and so does every entry of the lists.
func TestTextsAreComplete(t *testing.T) {
	nl, en := reflect.ValueOf(dutch), reflect.ValueOf(english)
	for i := range nl.NumField() {
		name := nl.Type().Field(i).Name
		a, b := nl.Field(i), en.Field(i)
		if a.IsZero() || b.IsZero() {
			t.Errorf("%s is empty", name)
		}
		if a.Kind() == reflect.Map {
			for _, key := range a.MapKeys() {
				if !b.MapIndex(key).IsValid() {
					t.Errorf("%s: %v has no English", name, key)
				}
			}
			if a.Len() != b.Len() {
				t.Errorf("%s differs in length", name)
			}
		}
	}
}
