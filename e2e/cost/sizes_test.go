package cost

import (
	"context"
	"database/sql"
	"errors"
	"strings"
	"testing"

	goredis "github.com/redis/go-redis/v9"

	"omgevingsloket-id/e2e/site"
	"omgevingsloket-id/pkg/config"
)

// sizes reads how much is stored.
type sizes struct {
	t     testing.TB
	db    *sql.DB
	query string          // returns the name and the bytes of each table
	cache *goredis.Client // nil: without Redis
}

func newSizes(t testing.TB, c config.Config) *sizes {
	t.Helper()
	s := &sizes{t: t}
	address := c.Database.URL.Reveal()
	driver := "pgx"
	path, lite := strings.CutPrefix(address, "sqlite:")
	if lite {
		driver, address = "sqlite", "file:"+path+"?mode=ro&_pragma=busy_timeout(5000)"
		s.query = `SELECT name, SUM(payload) FROM dbstat GROUP BY name`
	}
	var err error
	s.db, err = sql.Open(driver, address)
	site.Must(t, err)
	t.Cleanup(func() { _ = s.db.Close() })
	if !lite {
		site.Must(t, s.db.QueryRow(`SELECT string_agg(format('SELECT %L, COALESCE(SUM(pg_column_size(t)), 0) FROM %I t', table_name, table_name), ' UNION ALL ')
			FROM information_schema.tables WHERE table_schema = 'public'`).Scan(&s.query))
	}
	if c.Redis.URL != "" {
		options, err := goredis.ParseURL(c.Redis.URL.Reveal())
		site.Must(t, err)
		s.cache = goredis.NewClient(options)
		t.Cleanup(func() { _ = s.cache.Close() })
	}
	return s
}

// now returns the bytes of each table, and of each key of Redis with its value.
func (s *sizes) now() map[string]int {
	s.t.Helper()
	out := map[string]int{}
	rows, err := s.db.Query(s.query)
	site.Must(s.t, err)
	defer rows.Close()
	for rows.Next() {
		var name string
		var n int
		site.Must(s.t, rows.Scan(&name, &n))
		out[name] = n
	}
	site.Must(s.t, rows.Err())
	if s.cache == nil {
		return out
	}
	ctx := context.Background()
	keys, err := s.cache.Keys(ctx, "*").Result()
	site.Must(s.t, err)
	for _, k := range keys {
		value, err := s.cache.Get(ctx, k).Result()
		if errors.Is(err, goredis.Nil) {
			continue // expired meanwhile
		}
		site.Must(s.t, err)
		out[k] = len(k) + len(value)
	}
	return out
}

// grown returns by how many bytes the stores grew. A window of Redis ends by the clock of the machine, which is
// no one's doing.
func grown(before, after map[string]int) int {
	sum := 0
	for name, n := range after {
		sum += n - before[name]
	}
	for name, n := range before {
		if _, there := after[name]; !there && !strings.Contains(name, ":win:") {
			sum -= n
		}
	}
	return sum
}
