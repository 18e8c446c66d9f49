package site

import (
	"context"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"omgevingsloket-id/cmd/omgevingsloket-id/app"
	"omgevingsloket-id/pkg/config"
	"omgevingsloket-id/storage/storagetest"
)

// NewWatched starts a site whose store calls are counted and can be made to fail.
func NewWatched(t testing.TB, change func(*config.Config)) (*Site, *storagetest.Faults) {
	t.Helper()
	f := &storagetest.Faults{}
	return Start(t, Setup{Config: change, Wrap: func(s *app.Stores) {
		w := f.Wrap(storagetest.Stores{
			Accounts: s.Accounts, Recoveries: s.Recoveries, Lanes: s.Lanes, Locks: s.Locks, Consents: s.Consents, Grants: s.Grants, Requests: s.Requests, Sessions: s.Sessions, Windows: s.Windows,
			Refusals: s.Refusals, Devices: s.Devices, Resets: s.Resets, Logins: s.Logins, Addresses: s.Addresses, Bounces: s.Bounces,
		})
		s.Accounts, s.Recoveries, s.Lanes, s.Consents, s.Grants, s.Requests, s.Sessions, s.Windows = w.Accounts, w.Recoveries, w.Lanes, w.Consents, w.Grants, w.Requests, w.Sessions, w.Windows
		s.Locks, s.Refusals, s.Devices, s.Resets, s.Logins, s.Addresses, s.Bounces = w.Locks, w.Refusals, w.Devices, w.Resets, w.Logins, w.Addresses, w.Bounces
	}}), f
}

// Twin starts a second server of the same installation, whose clock is ahead of
// the first one.
func (s *Site) Twin(ahead time.Duration) *Site {
	s.T.Helper()
	return s.another(s.T, s.Config, ahead)
}

// Restart starts a server of the same installation after the first one was closed, on
// stores that change, if not nil, may replace. It ends with t.
func (s *Site) Restart(t testing.TB, change func(*config.Config)) *Site {
	t.Helper()
	c := s.Config
	if change != nil {
		change(&c)
	}
	return s.another(t, c, 0)
}

func (s *Site) another(t testing.TB, c config.Config, ahead time.Duration) *Site {
	t.Helper()
	other := &Site{T: t, Clock: s.Clock, Secret: s.Secret}
	var err error
	other.App, err = app.New(context.Background(), c, app.Options{Log: NewLog(t), Now: func() time.Time { return s.Clock.Now().Add(ahead) }})
	Must(t, err)
	t.Cleanup(other.Close)
	other.Server = httptest.NewServer(other.Citizens)
	t.Cleanup(other.Server.Close)
	return other
}

// AtOnce calls do n times at the same moment and waits for all.
func AtOnce(n int, do func(i int)) {
	start := make(chan struct{})
	var wait sync.WaitGroup
	for i := range n {
		wait.Go(func() {
			<-start
			do(i)
		})
	}
	close(start)
	wait.Wait()
}
