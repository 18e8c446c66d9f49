package site

import (
	"sync"
	"time"
)

// Clock is a time that tests move.
type Clock struct {
	mu sync.Mutex
	at time.Time
}

// Now returns the time of the site.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

// Add moves the time of the site on.
func (c *Clock) Add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}
