package loss

import (
	"database/sql"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"omgevingsloket-id/e2e/site"
	"omgevingsloket-id/e2e/testenv"
	"omgevingsloket-id/pkg/config"
	"omgevingsloket-id/pkg/secret"
)

// Sessions, requests and windows that go back by ten minutes, and some that are lost.
func TestStoresGoBack(t *testing.T) {
	t.Parallel()
	testenv.Slow(t)
	for name, putBack := range map[string]bool{"back": true, "lost": false} {
		t.Run(name, func(t *testing.T) {
			site.OnEach(t, func(t *testing.T, on func(*config.Config)) {
				h := begin(t, on)
				back := saved(t, h.Config)
				h.happen(t)
				h.Close()
				back(putBack)
				h.holds(t, h.Restart(t, nil))
			})
		})
	}
}

// saved reads what may be forgotten, and returns a function that removes what is there then, and puts back what
// was read.
func saved(t *testing.T, c config.Config) func(putBack bool) {
	t.Helper()
	if c.Redis.URL != "" {
		return savedKeys(t, c)
	}
	db := open(t, c)
	tables := map[string]string{"ephemeral": "kind, key, value, version, expires", "windows": "name, key, count, expires"}
	for table, columns := range tables {
		_, err := db.Exec(fmt.Sprintf(`CREATE TEMP TABLE saved_%[1]s AS SELECT %[2]s FROM %[1]s`, table, columns))
		site.Must(t, err)
	}
	return func(putBack bool) {
		for table, columns := range tables {
			_, err := db.Exec(`DELETE FROM ` + table)
			site.Must(t, err)
			if putBack {
				_, err = db.Exec(fmt.Sprintf(`INSERT INTO %[1]s (%[2]s) SELECT %[2]s FROM saved_%[1]s`, table, columns))
				site.Must(t, err)
			}
		}
	}
}

// open opens the SQLite database of a site, with one connection.
func open(t *testing.T, c config.Config) *sql.DB {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+strings.TrimPrefix(c.Database.URL.Reveal(), "sqlite:")+"?_pragma=busy_timeout(5000)")
	site.Must(t, err)
	t.Cleanup(func() { _ = db.Close() })
	db.SetMaxOpenConns(1)
	return db
}

func savedKeys(t *testing.T, c config.Config) func(bool) {
	t.Helper()
	options, err := goredis.ParseURL(c.Redis.URL.Reveal())
	site.Must(t, err)
	cache := goredis.NewClient(options)
	t.Cleanup(func() { _ = cache.Close() })
	ctx := t.Context()
	type kept struct {
		dump string
		left time.Duration
	}
	all := map[string]kept{}
	keys, err := cache.Keys(ctx, "*").Result()
	site.Must(t, err)
	for _, k := range keys {
		dump, err := cache.Dump(ctx, k).Result()
		site.Must(t, err)
		left, err := cache.PTTL(ctx, k).Result()
		site.Must(t, err)
		if left > 0 {
			all[k] = kept{dump, left}
		}
	}
	return func(putBack bool) {
		site.Must(t, cache.FlushDB(ctx).Err())
		for k, v := range all {
			if putBack {
				site.Must(t, cache.Restore(ctx, k, v.left, v.dump).Err())
			}
		}
	}
}

// A power cut, after which the log of SQLite ends somewhere after its last fsync, or in something else.
func TestLogIsTorn(t *testing.T) {
	t.Parallel()
	testenv.Slow(t)
	h := begin(t, func(*config.Config) {})
	path := strings.TrimPrefix(h.Config.Database.URL.Reveal(), "sqlite:")
	_, err := open(t, h.Config).Exec(`PRAGMA wal_checkpoint(TRUNCATE)`) // after it, the size of the log is its end
	site.Must(t, err)
	h.happen(t)
	read := func(name string) []byte {
		text, err := os.ReadFile(name)
		site.Must(t, err)
		return text
	}
	durable := len(read(path + "-wal"))
	for range 4 {
		h.Browser().Authorize(site.NewRequest("web", site.CallbackURI).With("state", strings.Repeat("s", 500))).At("/login")
	}
	main, log := read(path), read(path+"-wal")
	if len(log) <= durable {
		t.Fatalf("the log has %d bytes, %d of them before the last fsync", len(log), durable)
	}
	noise := append([]byte{}, log...)
	for i := durable; i < len(noise); i++ {
		noise[i] ^= byte(i)
	}
	soft := len(log) - durable
	for name, log := range map[string][]byte{
		"whole": log, "cut at the last fsync": log[:durable], "cut in a header": log[:durable+10], "cut in a page": log[:durable+1000],
		"cut in the middle": log[:durable+soft/2], "cut before the end": log[:len(log)-1], "something else": noise,
	} {
		t.Run(name, func(t *testing.T) {
			copied := filepath.Join(t.TempDir(), "copy.db")
			site.Must(t, os.WriteFile(copied, main, 0o600))
			site.Must(t, os.WriteFile(copied+"-wal", log, 0o600))
			at := h.Restart(t, func(c *config.Config) { c.Database.URL = secret.Text("sqlite:" + copied) })
			var whole string
			site.Must(t, open(t, at.Config).QueryRow(`PRAGMA integrity_check`).Scan(&whole))
			if whole != "ok" {
				t.Error(whole)
			}
			h.holds(t, at)
		})
	}
}

// A plain restart: what people began goes on.
func TestRestart(t *testing.T) {
	t.Parallel()
	testenv.Slow(t)
	site.OnEach(t, func(t *testing.T, on func(*config.Config)) {
		h := begin(t, on)
		begun := h.Browser().Authorize(site.NewRequest("web", site.CallbackURI)).At("/login").Copy()
		h.Pass(time.Minute)
		h.Close()
		at := h.Restart(t, nil)
		b := begun.On(at)
		b.Seed = h.then[other].Seed
		b.Submit("email", other, "password", site.Password).At("/login/code").Submit("code", b.Code())
		if b.Answered().Get("code") == "" {
			t.Errorf("from the login page to %s", b.URL)
		}
		b = h.as(at, coder)
		h.codes[coder] = b.Submit("code", b.Code()).Answered().Get("code")
		h.codes[agreeing] = h.as(at, agreeing).Submit("decision", "yes").Answered().Get("code")
		h.claimed = h.key.Sign(t, h.Assertion("keyed"), nil)
		for _, who := range []string{coder, agreeing} {
			if status, got := h.redeem(at, who); status != http.StatusOK {
				t.Error(who, status, got)
			}
		}
		h.as(at, scanner).Submit().At("/enrol/qr").Scan()
		h.as(at, unlocked).Submit("code", h.mailed).At("/enrol").Submit().At("/enrol/qr").Scan()
		h.as(at, official).Get(deskPath).At(deskPath)
		if !h.as(at, leaver).LoggedIn() {
			t.Error("a session did not survive")
		}
	})
}
