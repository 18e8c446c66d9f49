package main

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"omgevingsloket-id/cmd/omgevingsloket-id/app"
	"omgevingsloket-id/e2e/site"
	"omgevingsloket-id/e2e/testenv"
	"omgevingsloket-id/pkg/config"
	"omgevingsloket-id/pkg/secret"
)

// /readyz and /metrics report the state of both stores at all times.
func TestReadyzAndMetrics(t *testing.T) {
	redisServer, postgres := testenv.NewRedis(t), testenv.NewPostgres(t)
	s := site.New(t, func(c *config.Config) {
		c.Database.URL, c.Redis.URL = secret.Text(postgres.Database()), secret.Text(redisServer.URL)
	})
	admin := httptest.NewServer(s.Metrics.Handler())
	t.Cleanup(admin.Close)
	look := func(path string) (int, string) {
		t.Helper()
		res, err := http.Get(admin.URL + path)
		site.Must(t, err)
		defer res.Body.Close()
		body, err := io.ReadAll(res.Body)
		site.Must(t, err)
		return res.StatusCode, string(body)
	}
	becomes := func(status int) {
		t.Helper()
		for deadline := time.Now().Add(testenv.Patience); ; time.Sleep(50 * time.Millisecond) {
			got, body := look("/readyz")
			if got == status {
				return
			}
			if time.Now().After(deadline) {
				t.Fatalf("readyz stays at %d: %s", got, body)
			}
		}
	}
	up := func(store, value string) {
		t.Helper()
		if _, body := look("/metrics"); !strings.Contains(body, `olid_store_up{store="`+store+`"} `+value) {
			t.Errorf("metrics do not say that %s is at %s", store, value)
		}
	}

	becomes(http.StatusOK)
	up("sql", "1")
	up("redis", "1")
	redisServer.Stop()
	becomes(http.StatusServiceUnavailable)
	up("redis", "0")
	if status, _ := look("/healthz"); status != http.StatusOK {
		t.Error("alive, but healthz says", status)
	}
	redisServer.Start()
	becomes(http.StatusOK)

	postgres.Stop()
	becomes(http.StatusServiceUnavailable)
	up("sql", "0")
	if _, body := look("/readyz"); strings.Contains(body, "127.0.0.1") || strings.Contains(body, "postgres") {
		t.Error("a driver's words:", body)
	}
	postgres.Start()
	becomes(http.StatusOK)

	s.Metrics.Drain()
	becomes(http.StatusServiceUnavailable)

	// UI-11: the public listener serves none of this.
	for _, path := range []string{"/readyz", "/metrics", "/debug/pprof/", "/debug/vars", "/healthz", "/ready"} {
		res, err := http.Get(s.Server.URL + path)
		site.Must(t, err)
		_ = res.Body.Close()
		if res.StatusCode != http.StatusNotFound {
			t.Error(path, "answers", res.StatusCode, "in public")
		}
	}
}

// A store that does not answer stops the start, with an explanation for the operator and
// without the password in its address.
func TestStartWithoutStores(t *testing.T) {
	t.Parallel()
	dir := demoFolder(t)
	c, err := target{Data: dir}.load(world{getenv: func(string) string { return "" }})
	site.Must(t, err)
	log := slog.New(slog.DiscardHandler)
	for _, broken := range []struct {
		change func(*config.Config)
		says   string
	}{
		{func(c *config.Config) { c.Database.URL = "postgres://olid:hush@127.0.0.1:1/olid" }, "database.url"},
		{func(c *config.Config) { c.Redis.URL = "redis://olid:hush@127.0.0.1:1/0" }, "redis.url"},
		{func(c *config.Config) { c.Database.URL = "mysql://olid:hush@127.0.0.1:1/olid" }, "database.url"},
		{func(c *config.Config) { c.HomeClient = "nobody" }, "home_client"},
		{func(c *config.Config) {
			c.Database.URL = secret.Text("sqlite:" + filepath.Join(dir, "no", "such", "folder.db"))
		}, "database.url"},
	} {
		b := c
		broken.change(&b)
		_, err := app.New(context.Background(), b, app.Options{Log: log})
		if err == nil || !strings.Contains(err.Error(), broken.says) || strings.Contains(err.Error(), "hush") {
			t.Errorf("want words about %s, got %v", broken.says, err)
		}
	}
}

// The master key must be the one that the database was created with.
func TestStartWithAnotherMasterKey(t *testing.T) {
	t.Parallel()
	dir, other := demoFolder(t), demoFolder(t)
	c, err := target{Data: dir}.load(world{getenv: func(string) string { return "" }})
	site.Must(t, err)
	log := slog.New(slog.DiscardHandler)
	a, err := app.New(context.Background(), c, app.Options{Log: log})
	site.Must(t, err)
	a.Close()
	c.MasterKeyFile = filepath.Join(other, "master.key")
	if _, err := app.New(context.Background(), c, app.Options{Log: log}); err == nil || !strings.Contains(err.Error(), "master_key_file") {
		t.Error("started with another master key:", err)
	}
}
