package site

import (
	"sync"
	"testing"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"omgevingsloket-id/e2e/testenv"
)

// Noon is when the clock of a site begins, so that no test depends on the hour
// at which it runs: a Wednesday in summer, at noon in UTC.
var Noon = time.Date(2026, time.June, 10, 12, 0, 0, 0, time.UTC)

// Clock is a time that only the test moves. It is safe for concurrent use.
type Clock struct {
	mu sync.Mutex
	at time.Time
}

// Now returns the time.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

// Add moves the clock ahead by d.
func (c *Clock) Add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

// Pass moves the clock ahead by d, and takes d from the life of everything in Redis,
// which has a clock of its own.
func (s *Site) Pass(d time.Duration) {
	s.T.Helper()
	s.Clock.Add(d)
	if s.Config.Redis.URL == "" {
		return
	}
	options, err := goredis.ParseURL(s.Config.Redis.URL.Reveal())
	Must(s.T, err)
	cache := goredis.NewClient(options)
	defer func() { _ = cache.Close() }()
	ctx := s.T.Context()
	keys := cache.Scan(ctx, 0, "*", 1000).Iterator()
	for keys.Next(ctx) {
		left, err := cache.PTTL(ctx, keys.Val()).Result()
		Must(s.T, err)
		if left > 0 {
			Must(s.T, cache.PExpire(ctx, keys.Val(), left-d).Err())
		}
	}
	Must(s.T, keys.Err())
}

var netherlands = sync.OnceValues(func() (*time.Location, error) { return time.LoadLocation("Europe/Amsterdam") })

// Dutch returns the clock's time in the Netherlands, whose days count for
// deadlines and filters.
func (s *Site) Dutch() time.Time {
	s.T.Helper()
	zone, err := netherlands()
	Must(s.T, err)
	return s.Clock.Now().In(zone)
}

// moments are times at which the date in UTC is not the one in the Netherlands,
// or a day there is about to have, or has had, 23 or 25 hours.
var moments = []struct {
	name string
	at   time.Time
}{
	{"23:30 UTC in winter", time.Date(2026, time.January, 14, 23, 30, 0, 0, time.UTC)},
	{"23:30 UTC in summer", time.Date(2026, time.July, 15, 23, 30, 0, 0, time.UTC)},
	{"before summer time", time.Date(2026, time.March, 29, 0, 59, 0, 0, time.UTC)},
	{"after summer time began", time.Date(2026, time.March, 29, 1, 1, 0, 0, time.UTC)},
	{"before summer time ends", time.Date(2026, time.October, 25, 0, 59, 0, 0, time.UTC)},
	{"after summer time", time.Date(2026, time.October, 25, 1, 1, 0, 0, time.UTC)},
}

// Moments runs tests, by name, at each time at which dates are easily wrong. A
// test starts its site at that time:
//
//	s := site.Start(t, site.Setup{At: at})
func Moments(t *testing.T, tests map[string]func(t *testing.T, at time.Time)) {
	t.Helper()
	testenv.Slow(t)
	for _, moment := range moments {
		for name, test := range tests {
			t.Run(moment.name+"/"+name, func(t *testing.T) {
				t.Parallel()
				test(t, moment.at)
			})
		}
	}
}
