package site

import (
	"sync"
	"time"
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
