package redis_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"omgevingsloket-id/e2e/testenv"
	"omgevingsloket-id/pkg/errs"
	"omgevingsloket-id/pkg/secret"
	"omgevingsloket-id/storage/redis"
	"omgevingsloket-id/storage/storagetest"
)

// RD-05: the server executed the command and the reply was lost. The outcome is
// unknown, nothing is done twice, and the next command is answered.
func TestRD05_LostReply(t *testing.T) {
	address := testenv.Redis(t)
	host, database, _ := strings.Cut(strings.TrimPrefix(address, "redis://"), "/")
	p := newProxy(t, "127.0.0.1:0", host, nil)
	s, raw := open(t, "redis://"+p.addr+"/"+database), driver(t, address)
	direct := open(t, address)
	_, err := s.Requests().Save(t.Context(), request("warm"), time.Hour) // loads the scripts
	is(t, err, errs.ErrNotFound)

	t.Run("create", func(t *testing.T) {
		p.loseOne()
		is(t, s.Requests().Create(t.Context(), request("create"), time.Hour), errs.ErrUnavailable)
		got, err := s.Requests().Get(t.Context(), request("create").Key)
		must(t, err)
		if got.State != "create" {
			t.Errorf("got %+v", got)
		}
	})
	t.Run("save", func(t *testing.T) {
		must(t, s.Requests().Create(t.Context(), request("save"), time.Hour))
		p.loseOne()
		_, err := s.Requests().Save(t.Context(), request("save"), time.Hour)
		is(t, err, errs.ErrUnavailable)
		if errors.Is(err, errs.ErrConflict) {
			t.Errorf("an honest caller hears %v", err)
		}
		got, err := s.Requests().Get(t.Context(), request("save").Key)
		must(t, err)
		if got.Version != 1 {
			t.Errorf("saved %d times", got.Version)
		}
	})
	t.Run("delete", func(t *testing.T) {
		must(t, s.Sessions().Create(t.Context(), aSession("delete"), time.Hour))
		p.loseOne()
		is(t, s.Sessions().Delete(t.Context(), aSession("delete").Key), errs.ErrUnavailable)
		_, err := s.Sessions().Get(t.Context(), aSession("delete").Key)
		is(t, err, errs.ErrNotFound)
	})
	t.Run("count", func(t *testing.T) {
		p.loseOne()
		allowed, _, err := storagetest.Spend(t.Context(), s.Windows(), "lost", "k", 1, 2, time.Hour)
		is(t, err, errs.ErrUnavailable)
		if allowed {
			t.Error("allowed without an answer") // RD-16: closed, not open
		}
		for i, want := range []bool{true, false} { // counted once, so one more fits
			allowed, _, err := storagetest.Spend(t.Context(), direct.Windows(), "lost", "k", 1, 2, time.Hour)
			must(t, err)
			if allowed != want {
				t.Errorf("event %d: allowed=%t", i+2, allowed)
			}
		}
	})
	t.Run("get", func(t *testing.T) {
		p.loseOne()
		_, err := s.Requests().Get(t.Context(), request("create").Key)
		is(t, err, errs.ErrUnavailable)
		if n := raw.DBSize(t.Context()).Val(); n == 0 {
			t.Error("nothing was there")
		}
	})
}

// RD-11: a reply that belongs to another command. With TLS the driver cannot
// detect that a connection is one reply behind, and would go on using it.
func TestRD11_StrayReplies(t *testing.T) {
	address := testenv.Redis(t)
	host, database, _ := strings.Cut(strings.TrimPrefix(address, "redis://"), "/")
	certs := testenv.TLS(t)
	p := newProxy(t, "127.0.0.1:0", host, &certs.Server)
	s, err := redis.Open(t.Context(), redis.Options{URL: secret.Text("rediss://" + p.addr + "/" + database), CAFile: certs.CAFile, Timeout: testenv.Patience})
	must(t, err)
	t.Cleanup(func() { must(t, s.Close()) })
	ann, bob := aSession("ann"), aSession("bob")
	must(t, s.Sessions().Create(t.Context(), ann, time.Hour))
	must(t, s.Sessions().Create(t.Context(), bob, time.Hour))

	// behind answers each command on the present connections with the reply
	// to the previous one.
	behind := func(first string) {
		last, old := []byte(first), p.connections()
		p.onReply(func(conn int, reply []byte) ([]byte, bool) {
			if conn > old {
				return reply, true
			}
			out := last
			last = reply
			return out, true
		})
	}
	healthy := func(t *testing.T) {
		t.Helper()
		for range 3 {
			got, err := s.Sessions().Get(t.Context(), ann.Key)
			must(t, err)
			if got != ann {
				t.Fatalf("got %+v", got)
			}
		}
	}
	t.Run("a session of somebody else", func(t *testing.T) {
		behind("+OK\r\n")
		_, _ = s.Sessions().Get(t.Context(), bob.Key) // its reply comes with the next command
		got, err := s.Sessions().Get(t.Context(), ann.Key)
		is(t, err, errs.ErrUnavailable)
		if got.SID != "" {
			t.Errorf("got %+v", got)
		}
		healthy(t)
	})
	t.Run("a save of somebody else", func(t *testing.T) {
		behind("*2\r\n$73\r\nolid:ses:" + bob.Key + "\r\n$5\r\nsaved\r\n")
		_, err := s.Sessions().Save(t.Context(), ann, time.Hour)
		is(t, err, errs.ErrUnavailable)
		healthyAfterSave(t, s, ann.Key)
	})
	t.Run("a create of somebody else", func(t *testing.T) {
		behind("$2\r\nno\r\n")
		is(t, s.Sessions().Create(t.Context(), aSession("new"), time.Hour), errs.ErrUnavailable)
		healthyAfterSave(t, s, bob.Key)
	})
	t.Run("a count of somebody else", func(t *testing.T) {
		behind("*3\r\n$8\r\nolid:win\r\n:1\r\n:1\r\n")
		allowed, _, err := storagetest.Spend(t.Context(), s.Windows(), "n", "k", 1, 9, time.Hour)
		is(t, err, errs.ErrUnavailable)
		if allowed {
			t.Error("allowed")
		}
		healthyAfterSave(t, s, bob.Key)
	})
}

func healthyAfterSave(t *testing.T, s *redis.Store, key string) {
	t.Helper()
	got, err := s.Sessions().Get(t.Context(), key)
	must(t, err)
	if got.Key != key {
		t.Errorf("got %+v", got)
	}
}

// RD-01: a server that is not there yet. RD-02: one that goes away. RD-06: one
// that comes back empty.
func TestRD01_ServerComesAndGoes(t *testing.T) {
	server := testenv.NewRedis(t)
	server.Stop()
	s := open(t, server.URL)
	silentEverywhere(t, s)
	server.Start()
	eventually(t, "the store answers", func(ctx context.Context) bool { return s.Ping(ctx) == nil })
	must(t, s.Sessions().Create(t.Context(), aSession("a"), time.Hour))

	server.Kill()
	silentEverywhere(t, s)
	server.Start()
	eventually(t, "the store answers again", func(ctx context.Context) bool { return s.Ping(ctx) == nil })
	_, err := s.Sessions().Get(t.Context(), aSession("a").Key)
	is(t, err, errs.ErrNotFound)
	_, err = s.Sessions().Save(t.Context(), aSession("a"), time.Hour)
	is(t, err, errs.ErrNotFound) // a forgotten request is not created again
}

// RD-01, RD-10: the eviction policy of a server that came late is checked
// before the store reports that it is ready.
func TestRD10_EvictionOfALateServer(t *testing.T) {
	server := testenv.NewRedis(t, testenv.RedisDurable())
	raw := driver(t, server.URL)
	must(t, raw.ConfigSet(t.Context(), "maxmemory-policy", "allkeys-lru").Err())
	must(t, raw.ConfigRewrite(t.Context()).Err())
	server.Stop()
	s := open(t, server.URL)
	is(t, s.Ping(t.Context()), errs.ErrUnavailable)
	server.Start()
	eventually(t, "it says what is wrong", func(ctx context.Context) bool {
		err := s.Ping(ctx)
		if err == nil {
			t.Fatal("it is ready")
		}
		return strings.Contains(err.Error(), "noeviction")
	})
}

// RD-04, RD-22: a server that accepts connections and is silent, with more
// callers than connections. Each call ends within the store's own timeout, since
// the contexts here have none.
func TestRD22_Silence(t *testing.T) {
	server := testenv.NewRedis(t)
	s, err := redis.Open(t.Context(), redis.Options{URL: secret.Text(server.URL), Timeout: time.Second / 5})
	must(t, err)
	t.Cleanup(func() { must(t, s.Close()) })
	eventually(t, "a session", func(ctx context.Context) bool {
		err := s.Sessions().Create(ctx, aSession("a"), time.Hour)
		return err == nil || errors.Is(err, errs.ErrConflict)
	})
	server.Freeze()
	var wait sync.WaitGroup
	for range 100 {
		wait.Go(func() {
			_, err := s.Sessions().Get(context.Background(), aSession("a").Key)
			is(t, err, errs.ErrUnavailable)
		})
	}
	wait.Wait()
	server.Thaw()
	eventually(t, "the store answers again", func(ctx context.Context) bool {
		got, err := s.Sessions().Get(ctx, aSession("a").Key)
		return err == nil && got == aSession("a")
	})
}

// RD-09: when memory is full nothing new can begin, and what is stored can be
// read and deleted.
func TestRD09_Full(t *testing.T) {
	server := testenv.NewRedis(t)
	s, raw := open(t, server.URL), driver(t, server.URL)
	must(t, s.Sessions().Create(t.Context(), aSession("a"), time.Hour))
	must(t, raw.ConfigSet(t.Context(), "maxmemory", "1").Err())
	is(t, s.Requests().Create(t.Context(), request("b"), time.Hour), errs.ErrUnavailable)
	_, err := s.Sessions().Save(t.Context(), aSession("a"), time.Hour)
	is(t, err, errs.ErrUnavailable)
	allowed, _, err := storagetest.Spend(t.Context(), s.Windows(), "n", "k", 1, 9, time.Hour)
	is(t, err, errs.ErrUnavailable)
	if allowed {
		t.Error("allowed")
	}
	got, err := s.Sessions().Get(t.Context(), aSession("a").Key)
	must(t, err)
	if got != aSession("a") {
		t.Errorf("got %+v", got)
	}
	must(t, s.Sessions().Delete(t.Context(), aSession("a").Key))
}

// RD-21: the server refuses commands.
func TestRD21_Refusals(t *testing.T) {
	server := testenv.NewRedis(t)
	s, raw := open(t, server.URL), driver(t, server.URL)
	t.Run("scripts that were forgotten are sent again", func(t *testing.T) {
		must(t, raw.ScriptFlush(t.Context()).Err())
		must(t, s.Sessions().Create(t.Context(), aSession("a"), time.Hour))
		for version := range int64(2) {
			must(t, raw.ScriptFlush(t.Context()).Err())
			v := aSession("a")
			v.Version = version
			_, err := s.Sessions().Save(t.Context(), v, time.Hour)
			must(t, err)
		}
	})
	t.Run("a replica takes no writes", func(t *testing.T) {
		must(t, raw.ReplicaOf(t.Context(), "127.0.0.1", "1").Err())
		is(t, s.Sessions().Create(t.Context(), aSession("b"), time.Hour), errs.ErrUnavailable)
		is(t, s.Sessions().Delete(t.Context(), aSession("a").Key), errs.ErrUnavailable) // RD-17: no success is reported for a session that was not ended
		v := aSession("a")
		v.Version = 2
		_, err := s.Sessions().Save(t.Context(), v, time.Hour)
		is(t, err, errs.ErrUnavailable)
		must(t, raw.ReplicaOf(t.Context(), "NO", "ONE").Err())
		must(t, s.Sessions().Delete(t.Context(), aSession("a").Key))
	})
	t.Run("a password that was changed", func(t *testing.T) {
		must(t, raw.ConfigSet(t.Context(), "requirepass", "pass-word-1").Err())
		other := patient(server.URL)
		_, err := redis.Open(t.Context(), other)
		is(t, err, errs.ErrUnavailable)
		silent(t, err)
	})
}

func silentEverywhere(t *testing.T, s *redis.Store) {
	t.Helper()
	_, errGet := s.Sessions().Get(t.Context(), aSession("a").Key)
	_, errSave := s.Sessions().Save(t.Context(), aSession("a"), time.Hour)
	allowed, _, errAllow := storagetest.Spend(t.Context(), s.Windows(), "n", "k", 1, 9, time.Hour)
	for name, err := range map[string]error{
		"ping": s.Ping(t.Context()), "get": errGet, "save": errSave, "allow": errAllow,
		"create": s.Requests().Create(t.Context(), request("a"), time.Hour),
		"delete": s.Sessions().Delete(t.Context(), aSession("a").Key),
	} {
		if !errors.Is(err, errs.ErrUnavailable) || errors.Is(err, errs.ErrNotFound) || errors.Is(err, errs.ErrConflict) {
			t.Errorf("%s: got %v", name, err)
		}
	}
	if allowed {
		t.Error("allowed without an answer")
	}
}
