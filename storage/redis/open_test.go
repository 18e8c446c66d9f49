package redis_test

import (
	"bytes"
	"errors"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"omgevingsloket-id/e2e/testenv"
	"omgevingsloket-id/pkg/errs"
	"omgevingsloket-id/pkg/secret"
	"omgevingsloket-id/storage/redis"
)

// RD-10: a Redis that would evict sessions is refused.
func TestRD10_Eviction(t *testing.T) {
	t.Parallel()
	server := testenv.NewRedis(t, testenv.RedisUser("olid", "pass-word-1"))
	raw := driver(t, server.URL)
	t.Run("refused", func(t *testing.T) {
		for _, policy := range []string{"allkeys-lru", "volatile-ttl"} {
			must(t, raw.ConfigSet(t.Context(), "maxmemory-policy", policy).Err())
			_, err := redis.Open(t.Context(), patient(server.URL))
			if err == nil || !strings.Contains(err.Error(), "set `maxmemory-policy noeviction`") || !strings.Contains(err.Error(), policy) {
				t.Errorf("%s: got %v", policy, err)
			}
		}
		must(t, raw.ConfigSet(t.Context(), "maxmemory-policy", "noeviction").Err())
	})
	t.Run("a warning when it may not be read", func(t *testing.T) {
		must(t, raw.Do(t.Context(), "ACL", "SETUSER", "olid", "-config").Err())
		var log bytes.Buffer
		s, err := redis.Open(t.Context(), redis.Options{URL: secret.Text(server.URL), Timeout: testenv.Patience, Log: slog.New(slog.NewTextHandler(&log, nil))})
		must(t, err)
		defer func() { must(t, s.Close()) }()
		if !strings.Contains(log.String(), "level=WARN") || !strings.Contains(log.String(), "noeviction") {
			t.Errorf("logged: %q", log.String())
		}
		must(t, s.Requests().Create(t.Context(), request("a"), time.Hour))
	})
	t.Run("missing rights are refused at the start", func(t *testing.T) {
		must(t, raw.Do(t.Context(), "ACL", "SETUSER", "olid", "-evalsha", "-eval").Err())
		_, err := redis.Open(t.Context(), patient(server.URL))
		if err == nil || !strings.Contains(err.Error(), "NOPERM") {
			t.Errorf("got %v", err)
		}
	})
}

// RD-23: TLS and passwords.
func TestRD23_TLSAndPassword(t *testing.T) {
	t.Parallel()
	server := testenv.NewRedis(t, testenv.RedisTLS(), testenv.RedisUser("olid", "pass-word-1"))
	good := patient(server.URL)
	good.CAFile = server.CAFile
	s, err := redis.Open(t.Context(), good)
	must(t, err)
	defer func() { must(t, s.Close()) }()
	must(t, s.Requests().Create(t.Context(), request("a"), time.Hour))

	t.Run("an authority that we do not know", func(t *testing.T) {
		_, err := redis.Open(t.Context(), patient(server.URL))
		refused(t, err, "certificate")
	})
	t.Run("the name of another host", func(t *testing.T) {
		elsewhere := newProxy(t, "127.0.0.2:0", server.Addr, nil) // the certificate is not valid for this address
		o := good
		o.URL = secret.Text(strings.Replace(server.URL, server.Addr, elsewhere.addr, 1))
		_, err := redis.Open(t.Context(), o)
		refused(t, err, "certificate")
	})
	for name, part := range map[string]string{"a wrong password": "olid:pass-word-2@", "no password": "", "another user": "other:pass-word-1@"} {
		t.Run(name, func(t *testing.T) {
			o := good
			o.URL = secret.Text(strings.Replace(server.URL, "olid:pass-word-1@", part, 1))
			_, err := redis.Open(t.Context(), o)
			refused(t, err, "")
		})
	}
	t.Run("without TLS nothing is said", func(t *testing.T) {
		s, err := redis.Open(t.Context(), patient(strings.Replace(server.URL, "rediss:", "redis:", 1)))
		if err == nil {
			defer func() { _ = s.Close() }()
			err = s.Ping(t.Context())
		}
		is(t, err, errs.ErrUnavailable)
		silent(t, err)
	})
}

// RD-15: no error contains the address, which holds the password.
func TestRD15_Addresses(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	noPEM := filepath.Join(dir, "no.pem")
	must(t, os.WriteFile(noPEM, []byte("pass-word-1"), 0o600))
	for _, o := range []redis.Options{
		{},
		{URL: "pass-word-1"},
		{URL: "http://olid:pass-word-1@localhost"},
		{URL: "redis://olid:pass-word-1@"},
		{URL: "redis://olid:pass-word-1@localhost:port"},
		{URL: "redis://olid:pass-word-1@localhost/x"},
		{URL: "redis://olid:pass-word-1@localhost/-1"},
		{URL: "redis://olid:pass-word-1@localhost?max_retries=3"},
		{URL: "redis://olid:pass-word-1@localhost#x"},
		{URL: "redis://olid:%pass-word-1@localhost"},
		{URL: "redis://olid:pass-word-1@localhost", CAFile: noPEM},
		{URL: "rediss://olid:pass-word-1@localhost", CAFile: noPEM},
		{URL: "rediss://olid:pass-word-1@localhost", CAFile: filepath.Join(dir, "none.pem")},
	} {
		_, err := redis.Open(t.Context(), o)
		if err == nil {
			t.Errorf("%q was opened", o.URL.Reveal())
			continue
		}
		silent(t, err)
	}
}

// refused requires an error that stops the start and leaks no password.
func refused(t *testing.T, err error, word string) {
	t.Helper()
	if err == nil {
		t.Fatal("it was opened")
	}
	if !strings.Contains(err.Error(), word) {
		t.Errorf("it does not speak of %s: %v", word, err)
	}
	silent(t, err)
}

// silent requires that err contains no part of an address with its password.
func silent(t *testing.T, err error) {
	t.Helper()
	if u := new(url.Error); errors.As(err, &u) || strings.Contains(err.Error(), "pass-word") {
		t.Errorf("it says too much: %v", err)
	}
}
