package redis_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"omgevingsloket-id/e2e/testenv"
	"omgevingsloket-id/pkg/authreq"
	"omgevingsloket-id/pkg/errs"
	"omgevingsloket-id/pkg/limit"
	"omgevingsloket-id/pkg/secret"
	"omgevingsloket-id/pkg/session"
	"omgevingsloket-id/storage/redis"
	"omgevingsloket-id/storage/storagetest"
)

func TestContract(t *testing.T) {
	t.Parallel()
	t.Run("Requests", func(t *testing.T) {
		storagetest.Requests(t, func(t *testing.T) authreq.Store { return fresh(t).Requests() })
	})
	t.Run("Sessions", func(t *testing.T) {
		storagetest.Sessions(t, func(t *testing.T) session.Store { return fresh(t).Sessions() })
	})
	t.Run("Windows", func(t *testing.T) {
		storagetest.Windows(t, func(t *testing.T) limit.Windows { return fresh(t).Windows() })
	})
	t.Run("Silence", func(t *testing.T) {
		s := fresh(t)
		storagetest.Silence(t, storagetest.Stores{Requests: s.Requests(), Sessions: s.Sessions(), Windows: s.Windows()})
	})
}

// RD-18: every key has a time to live.
func TestRD18_EveryKeyEnds(t *testing.T) {
	t.Parallel()
	address := testenv.Redis(t)
	s, raw := open(t, address), driver(t, address)
	must(t, s.Requests().Create(t.Context(), request("a"), time.Hour))
	must(t, s.Requests().Create(t.Context(), request("b"), time.Hour))
	_, err := s.Requests().Save(t.Context(), request("b"), time.Minute)
	must(t, err)
	must(t, s.Sessions().Create(t.Context(), aSession("c"), time.Hour))
	for range 3 {
		_, _, err = storagetest.Spend(t.Context(), s.Windows(), "n", "k", 1, 1, time.Hour)
		must(t, err)
	}
	keys, err := raw.Keys(t.Context(), "*").Result()
	must(t, err)
	if len(keys) < 4 {
		t.Fatalf("only %d keys: %v", len(keys), keys)
	}
	for _, key := range keys {
		ttl, err := raw.PTTL(t.Context(), key).Result()
		must(t, err)
		if ttl <= 0 || ttl > time.Hour {
			t.Errorf("%s lives for %v", key, ttl)
		}
	}
}

// The charges of one call are in one Cluster slot, whatever their keys are, and
// all keys begin with the prefix that access rights name.
func TestChargesShareASlot(t *testing.T) {
	t.Parallel()
	address := testenv.Redis(t)
	s, raw := open(t, address), driver(t, address)
	must(t, raw.FlushDB(t.Context()).Err())
	for _, odd := range []string{"a", "{b}", "}{", ""} {
		_, _, err := s.Windows().Spend(t.Context(), limit.AuthorizeRequests.OfNetwork().Charge(odd, 1), limit.AuthorizeRequests.Charge("x"+odd, 1), limit.SessionCodesDay.Charge(odd+"y", 1))
		must(t, err)
	}
	keys, err := raw.Keys(t.Context(), "olid:win:*").Result()
	must(t, err)
	slots := map[string]int{}
	for _, key := range keys {
		// Redis Cluster specification, hash tags: the text between the first brace
		// and the first one after it that closes; otherwise the whole key.
		tag := key
		if _, after, ok := strings.Cut(key, "{"); ok {
			if inner, _, ok := strings.Cut(after, "}"); ok && inner != "" {
				tag = inner
			}
		}
		slots[tag]++
	}
	if len(keys) != 12 || len(slots) != 4 {
		t.Errorf("%d keys in %d slots, want 12 in 4: %q", len(keys), len(slots), keys)
	}
}

// RD-12: no text from outside shapes a key.
func TestRD12_KeysAreHashes(t *testing.T) {
	t.Parallel()
	address := testenv.Redis(t)
	s, raw := open(t, address), driver(t, address)
	for _, odd := range []string{"", "a:b", "*", "{x}", "a b", "\r\nFLUSHALL\r\n", "\x00\xff", strings.Repeat("A", 64), strings.Repeat("x", 1<<20)} {
		v := aSession("odd")
		v.Key = odd
		must(t, s.Sessions().Create(t.Context(), v, time.Hour))
		got, err := s.Sessions().Get(t.Context(), odd)
		must(t, err)
		if got.Key != odd {
			t.Errorf("%.20q: got %+v", odd, got)
		}
		_, _, err = storagetest.Spend(t.Context(), s.Windows(), odd, odd, 1, 1, time.Hour)
		must(t, err)
	}
	keys, err := raw.Keys(t.Context(), "*").Result()
	must(t, err)
	for _, key := range keys {
		hash := strings.TrimPrefix(strings.TrimPrefix(key, "olid:ses:"), "olid:win:")
		if len(hash) != 64 || strings.Trim(hash, "0123456789abcdef") != "" {
			t.Errorf("key %.80q", key)
		}
	}
}

func TestKindsAreApart(t *testing.T) {
	t.Parallel()
	s := fresh(t)
	must(t, s.Requests().Create(t.Context(), request("same"), time.Hour))
	_, err := s.Sessions().Get(t.Context(), request("same").Key)
	is(t, err, errs.ErrNotFound)
	must(t, s.Sessions().Create(t.Context(), aSession("same"), time.Hour))
	must(t, s.Sessions().Delete(t.Context(), aSession("same").Key))
	_, err = s.Requests().Get(t.Context(), request("same").Key)
	must(t, err)
}

// RD-13, RR-04: values of another version, or damaged ones, are not found.
func TestRD13_ForeignValues(t *testing.T) {
	t.Parallel()
	address := testenv.Redis(t)
	s, raw := open(t, address), driver(t, address)
	v := aSession("v")
	name := "olid:ses:" + v.Key
	for label, foreign := range map[string]string{
		"garbage":       "\x00\xff{",
		"empty":         "",
		"number":        "1",
		"no envelope":   `{"sid":"x"}`,
		"newer version": `{"v":2,"kind":"ses","key":"` + v.Key + `","data":{"sid":"x","version":0}}`,
		"no data":       `{"v":1,"kind":"ses","key":"` + v.Key + `"}`,
		"other data":    `{"v":1,"kind":"ses","key":"` + v.Key + `","data":{"sid":7}}`,
		"deep":          strings.Repeat("[", 100_000),
	} {
		t.Run(label, func(t *testing.T) {
			must(t, raw.Set(t.Context(), name, foreign, time.Hour).Err())
			_, err := s.Sessions().Get(t.Context(), v.Key)
			is(t, err, errs.ErrNotFound)
			if label == "other data" {
				return // the data has no version to compare
			}
			_, err = s.Sessions().Save(t.Context(), v, time.Hour)
			is(t, err, errs.ErrNotFound)
			left, err := raw.Get(t.Context(), name).Result()
			must(t, err)
			if left != foreign {
				t.Errorf("it was overwritten with %q", left)
			}
		})
	}
	t.Run("another type", func(t *testing.T) {
		must(t, raw.Del(t.Context(), name).Err())
		must(t, raw.LPush(t.Context(), name, "x").Err())
		_, err := s.Sessions().Get(t.Context(), v.Key)
		is(t, err, errs.ErrNotFound)
		_, err = s.Sessions().Save(t.Context(), v, time.Hour)
		is(t, err, errs.ErrNotFound)
	})
	t.Run("a counter that is none begins again, one without an end gets one", func(t *testing.T) {
		must(t, raw.FlushDB(t.Context()).Err())
		allow := func() bool {
			allowed, _, err := storagetest.Spend(t.Context(), s.Windows(), "n", "k", 1, 1, time.Hour)
			must(t, err)
			return allowed
		}
		allow()
		counter := raw.RandomKey(t.Context()).Val()
		must(t, raw.Del(t.Context(), counter).Err())
		must(t, raw.LPush(t.Context(), counter, "x").Err())
		if !allow() || allow() {
			t.Error("want the first allowed and the second not")
		}
		must(t, raw.Set(t.Context(), counter, 1, 0).Err())
		if allow() || raw.PTTL(t.Context(), counter).Val() <= 0 {
			t.Error("want it counted on, and an end")
		}
	})
}

// patient returns options for a slow machine; these tests do not measure speed.
func patient(address string) redis.Options {
	return redis.Options{URL: secret.Text(address), Timeout: testenv.Patience}
}

// fresh opens an empty database.
func fresh(t *testing.T) *redis.Store { t.Helper(); return open(t, testenv.Redis(t)) }

func open(t *testing.T, address string) *redis.Store {
	t.Helper()
	s, err := redis.Open(t.Context(), patient(address))
	must(t, err)
	t.Cleanup(func() { must(t, s.Close()) })
	return s
}

// driver returns a connection of the test's own, to look and to interfere.
func driver(t *testing.T, address string) *goredis.Client {
	t.Helper()
	o, err := goredis.ParseURL(address)
	must(t, err)
	c := goredis.NewClient(o)
	t.Cleanup(func() { _ = c.Close() })
	return c
}

func request(handle string) authreq.Request {
	return authreq.Request{Key: secret.Text(handle).Hash(), ClientID: "portal", State: handle, CreatedAt: noon}
}

func aSession(handle string) session.Session {
	return session.Session{Key: secret.Text(handle).Hash(), SID: "sid-" + handle[:min(len(handle), 8)], AccountID: "acc", AuthTime: noon, CreatedAt: noon, SeenAt: noon}
}

var noon = time.Date(2026, time.March, 2, 12, 0, 0, 0, time.UTC)

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func is(t *testing.T, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("got %v, want %v", err, want)
	}
}

func eventually(t *testing.T, what string, so func(context.Context) bool) {
	t.Helper()
	for deadline := time.Now().Add(testenv.Patience); ; time.Sleep(10 * time.Millisecond) {
		if so(t.Context()) {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("never: %s", what)
		}
	}
}
