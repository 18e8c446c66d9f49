package testenv

import (
	"context"
	"crypto/tls"
	"errors"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
)

// client connects without retries, as the store does.
func client(t *testing.T, url string, change func(*redis.Options)) *redis.Client {
	t.Helper()
	o, err := redis.ParseURL(url)
	if err != nil {
		t.Fatal(err)
	}
	o.MaxRetries = -1
	if change != nil {
		change(o)
	}
	c := redis.NewClient(o)
	t.Cleanup(func() { _ = c.Close() })
	return c
}

func TestRedisDatabasesArePrivate(t *testing.T) {
	ctx := context.Background()
	one, two := client(t, Redis(t), nil), client(t, Redis(t), nil)
	if err := one.Set(ctx, "key", "one", time.Minute).Err(); err != nil {
		t.Fatal(err)
	}
	if n, err := two.DBSize(ctx).Result(); err != nil || n != 0 {
		t.Errorf("the second database holds %d keys, %v", n, err)
	}
	if got, err := one.Get(ctx, "key").Result(); err != nil || got != "one" {
		t.Errorf("got %q, %v", got, err)
	}
	if got, err := one.ConfigGet(ctx, "maxmemory-policy").Result(); err != nil || got["maxmemory-policy"] != "noeviction" {
		t.Errorf("policy %v, %v", got, err)
	}
}

func TestRedisGoneAndBack(t *testing.T) {
	for _, c := range []struct {
		name    string
		options []RedisOption
		kept    bool
	}{
		{"empty", nil, false},
		{"with its data", []RedisOption{RedisDurable()}, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			ctx := context.Background()
			s := NewRedis(t, c.options...)
			rdb := client(t, s.URL, nil)
			if err := rdb.Set(ctx, "key", "value", time.Minute).Err(); err != nil {
				t.Fatal(err)
			}
			for _, away := range []func(){s.Stop, s.Kill} {
				away()
				if err := rdb.Get(ctx, "key").Err(); err == nil || errors.Is(err, redis.Nil) {
					t.Fatalf("a stopped server answered: %v", err)
				}
				s.Start()
				err := rdb.Get(ctx, "key").Err()
				if c.kept && err != nil || !c.kept && !errors.Is(err, redis.Nil) {
					t.Errorf("after the restart: %v", err)
				}
			}
		})
	}
}

func TestRedisFrozen(t *testing.T) {
	ctx := context.Background()
	s := NewRedis(t)
	rdb := client(t, s.URL, func(o *redis.Options) { o.ReadTimeout = 100 * time.Millisecond })
	if err := rdb.Ping(ctx).Err(); err != nil {
		t.Fatal(err)
	}
	s.Freeze()
	if err := rdb.Ping(ctx).Err(); err == nil {
		t.Error("a frozen server answered")
	}
	s.Thaw()
	if err := rdb.Ping(ctx).Err(); err != nil {
		t.Errorf("after thawing: %v", err)
	}
}

func TestRedisWithTLSAndUser(t *testing.T) {
	ctx := context.Background()
	s := NewRedis(t, RedisTLS(), RedisUser("olid", "pass/word"))
	trust := func(o *redis.Options) { o.TLSConfig.RootCAs = TLS(t).Pool }
	if err := client(t, s.URL, trust).Set(ctx, "key", 1, time.Minute).Err(); err != nil {
		t.Errorf("with everything right: %v", err)
	}
	wrong := func(o *redis.Options) { trust(o); o.Password = "wrong" }
	if err := client(t, s.URL, wrong).Ping(ctx).Err(); err == nil {
		t.Error("a wrong password was accepted")
	}
	nobody := func(o *redis.Options) { trust(o); o.Username, o.Password = "", "" }
	if err := client(t, s.URL, nobody).Ping(ctx).Err(); err == nil {
		t.Error("a client without a user was served")
	}
	plain := func(o *redis.Options) { o.TLSConfig = nil }
	if err := client(t, s.URL, plain).Ping(ctx).Err(); err == nil {
		t.Error("a client without TLS was served")
	}
	strangers := func(o *redis.Options) { o.TLSConfig = &tls.Config{ServerName: "localhost"} }
	if err := client(t, s.URL, strangers).Ping(ctx).Err(); err == nil {
		t.Error("a client that does not know the authority was content")
	}
}
