// Package app wires one provider: stores, rules, rooms, jobs and servers. It is
// the only package, besides the commands and the tests, that imports all others.
//
//	config ─► stores ─► rules ─► rooms ─► sites ─► listeners (one table)
//	            │                                      │
//	            └──────────► jobs (one table) ─────────┴─► /metrics, /readyz
package app

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"sync/atomic"
	"time"

	"omgevingsloket-id/op/console"
	"omgevingsloket-id/op/web"
	"omgevingsloket-id/pkg/client"
	"omgevingsloket-id/pkg/config"
	"omgevingsloket-id/pkg/helpdesk"
	"omgevingsloket-id/pkg/mail"
	"omgevingsloket-id/pkg/password"
	"omgevingsloket-id/pkg/review"
	"omgevingsloket-id/pkg/signin"
	"omgevingsloket-id/pkg/signkey"
	"omgevingsloket-id/pkg/staff"
)

// Options holds what does not come from the configuration. The zero value is
// what a program uses.
type Options struct {
	Log  *slog.Logger     // nil means no log
	Now  func() time.Time // nil means time.Now
	Rand io.Reader        // nil means crypto/rand

	// Fresh allows a new, empty SQLite database where there was one before.
	Fresh bool

	// Wrap, if set, is called with the open stores before anything uses them.
	// It may replace a store by one that counts its calls or fails.
	Wrap func(*Stores)

	// TraceSQL and TraceRedis, if set, are called before each statement and each round
	// trip to Redis (Options.Trace of the stores). They are for tests that count.
	TraceSQL, TraceRedis func(string)
}

func (o Options) defaults() Options {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Rand == nil {
		o.Rand = rand.Reader
	}
	return o
}

// App is one provider. Its parts are exported for the commands and the tests.
type App struct {
	Config       config.Config
	Stores       *Stores
	Keys         *signkey.Manager
	SignIn       *signin.Service
	Kit          *web.Kit     // of the citizens' site
	OfficialsKit *web.Kit     // of the officials' site; Kit if there is none
	Console      *console.Kit // nil in production without console.origin
	Staff        *staff.Service
	Review       *review.Service
	Viewing      *review.Viewing
	Helpdesk     *helpdesk.Service
	Metrics      *Metrics
	Passwords    password.Policy // what may be chosen
	Jobs         []*Job
	Scanner      *Scanner

	Deadlines *review.Deadlines

	Citizens  http.Handler // the site at the issuer
	Officials http.Handler // the site at console.origin; nil if there is none

	Log  *slog.Logger
	Now  func() time.Time
	Rand io.Reader

	mailer      *mail.Worker
	inspector   walled
	clients     *client.Directory
	certificate *atomic.Pointer[tls.Certificate] // holds nil: no TLS
	check       func() error
}

// Check parses every text, page and mail; without it, each is parsed when it is first
// needed. The error names those that are invalid.
func (a *App) Check() error { return a.check() }

// New opens the stores, brings the schema up to date and wires the rooms. The
// caller closes the App.
func New(ctx context.Context, c config.Config, o Options) (*App, error) {
	o = o.defaults()
	s, err := OpenStores(ctx, c, o)
	if err != nil {
		return nil, err
	}
	if o.Wrap != nil {
		o.Wrap(s)
	}
	a := &App{Config: c, Stores: s, Log: o.Log, Now: o.Now, Rand: o.Rand, Scanner: &Scanner{}, certificate: new(atomic.Pointer[tls.Certificate])}
	if err := a.wire(ctx); err != nil {
		s.Close()
		return nil, err
	}
	return a, nil
}

// Close closes the stores. Serve must have returned.
func (a *App) Close() { a.Stores.Close() }

func (a *App) wire(ctx context.Context) error {
	if err := a.Stores.Migrate(ctx, a.Config, a.Now()); err != nil {
		return err
	}
	a.Keys = &signkey.Manager{Store: a.Stores.DB.Keys(), Ring: a.Stores.Ring, Schedule: a.Config.KeySchedule(), Rand: a.Rand, Now: a.Now}
	if err := a.Keys.Refresh(ctx); err != nil {
		return fmt.Errorf("signing keys: %w", err)
	}
	letters := newLetters(a.Config, a.Rand)
	a.check = func() error { return errors.Join(letters.Prepare(), a.Kit.Pages.Check()) }
	var err error
	if a.mailer, err = newMailer(a, letters); err != nil {
		return err
	}
	a.Stores.DB.OnMail(a.mailer.Kick)
	a.Metrics = newMetrics(a)
	a.Metrics.readiness = newReadiness(a.Stores, a.Log)
	a.mailer.Observe = a.Metrics.mail
	if a.Jobs, err = a.jobs(letters); err != nil {
		return err
	}
	if a.Kit, err = a.newKit(ctx, a.Config.Issuer, "form tokens"); err != nil {
		return err
	}
	a.Passwords.Leaks = &password.Leaks{Failed: a.Metrics.leakedFailed}
	if err := a.loadLeaks(a.Config); err != nil {
		return err
	}
	return a.rooms(ctx, letters)
}
