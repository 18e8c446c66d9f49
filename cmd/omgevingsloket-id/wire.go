package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"sync/atomic"
	"time"

	"omgevingsloket-id/op"
	"omgevingsloket-id/op/address"
	"omgevingsloket-id/op/apply"
	"omgevingsloket-id/op/consent"
	"omgevingsloket-id/op/console"
	"omgevingsloket-id/op/enrol"
	"omgevingsloket-id/op/home"
	"omgevingsloket-id/op/login"
	"omgevingsloket-id/op/provider"
	"omgevingsloket-id/op/web"
	"omgevingsloket-id/pkg/application"
	"omgevingsloket-id/pkg/claim"
	"omgevingsloket-id/pkg/client"
	"omgevingsloket-id/pkg/config"
	"omgevingsloket-id/pkg/helpdesk"
	"omgevingsloket-id/pkg/letter"
	"omgevingsloket-id/pkg/mail"
	"omgevingsloket-id/pkg/password"
	"omgevingsloket-id/pkg/signin"
	"omgevingsloket-id/pkg/signkey"
	"omgevingsloket-id/templates"
)

// app is one running provider.
type app struct {
	config        config.Config
	stores        *stores
	keys          *signkey.Manager
	mailer        *mail.Worker
	rules         *signin.Rules
	metrics       *metrics
	site          http.Handler
	kit           *web.Kit
	console       http.Handler // the officials' own site; nil when it has none
	staff         *console.Room
	terms         *application.Deadlines
	scannerSilent *atomic.Bool // the last round of scanning got no answer
	log           *slog.Logger
	now           func() time.Time
	rand          io.Reader
}

// newApp opens the stores, brings the schema up to date and wires the rooms.
func newApp(ctx context.Context, c config.Config, log *slog.Logger, now func() time.Time) (*app, error) {
	s, err := openStores(ctx, c, rand.Reader, now, log)
	if err != nil {
		return nil, err
	}
	return newAppOn(ctx, s, c, log, now)
}

// newAppOn is newApp on stores that are open already; they are closed when it
// fails.
func newAppOn(ctx context.Context, s *stores, c config.Config, log *slog.Logger, now func() time.Time) (*app, error) {
	a := &app{config: c, stores: s, log: log, now: now, rand: rand.Reader, scannerSilent: new(atomic.Bool)}
	if err := a.wire(ctx); err != nil {
		s.close()
		return nil, err
	}
	return a, nil
}

func (a *app) wire(ctx context.Context) error {
	if err := a.stores.migrate(ctx, a.config, a.now()); err != nil {
		return err
	}
	a.keys = &signkey.Manager{Store: a.stores.db.Keys(), Ring: a.stores.ring, Schedule: a.config.KeySchedule(), Rand: a.rand, Now: a.now}
	if err := a.keys.Refresh(ctx); err != nil {
		return fmt.Errorf("signing keys: %w", err)
	}
	letters, err := newLetters(a.config, a.rand)
	if err != nil {
		return err
	}
	if a.mailer, err = newMailer(a); err != nil {
		return err
	}
	a.metrics = newMetrics(a)
	a.mailer.Observe = a.metrics.mail
	if a.kit, err = a.newKit(ctx, a.config.Issuer, "form tokens"); err != nil {
		return err
	}
	return a.rooms(ctx, letters)
}

// newKit makes the kit of a site at origin; forms names the key of its form
// tokens, so that one site's token is nothing at another's.
func (a *app) newKit(ctx context.Context, origin, forms string) (*web.Kit, error) {
	c := a.config
	catalog, err := web.LoadCatalog()
	if err != nil {
		return nil, err
	}
	formKey, err := a.stores.db.Constants().Constant(ctx, forms)
	if err != nil {
		return nil, err
	}
	k := &web.Kit{
		Settings: web.Settings{
			Issuer: origin, Practice: !c.Production(), AtOnce: !c.Reviewed(), Wordmark: c.Branding.Wordmark, ThemeDir: c.Branding.ThemeDir,
			TrustedNets: c.Proxies(),
			Helpdesk: web.Helpdesk{Name: c.Helpdesk.Name, Phone: c.Helpdesk.Phone, Email: c.Helpdesk.Email, URL: c.Helpdesk.URL,
				Hours: map[string]string{"nl": c.Helpdesk.HoursNL, "en": c.Helpdesk.HoursEN}},
			Links: web.Links{Privacy: c.Links.PrivacyURL, Accessibility: c.Links.AccessibilityURL, Terms: c.Links.TermsURL},
		},
		Catalog: catalog, Windows: a.stores.windows, FormKey: formKey, Log: a.log, Now: a.now, Rand: a.rand, Observe: a.metrics.request,
	}
	return k, k.Prepare()
}

// rooms makes the one list of rooms.
func (a *app) rooms(ctx context.Context, letters *letter.Writer) error {
	c, db := a.config, a.stores.db
	hasher, err := newHasher(c)
	if err != nil {
		return err
	}
	emailKey, err1 := db.Constants().Constant(ctx, "address counters")
	codeKey, err2 := db.Constants().Constant(ctx, "mailed codes")
	salt, err3 := db.Constants().Constant(ctx, "pairwise subjects")
	callback, err4 := db.Constants().Constant(ctx, "callback codes")
	addressKey, err5 := db.Constants().Constant(ctx, "codes of new addresses")
	if err := errors.Join(err1, err2, err3, err4, err5); err != nil {
		return err
	}
	clients := client.NewDirectory(c.Clients, db.Clients(), c.Policy, !c.Production(), a.now)
	if err := checkHomeClient(ctx, clients, c); err != nil {
		return err
	}
	a.rules = &signin.Rules{
		Accounts: a.stores.accounts, Lanes: a.stores.lanes, Hasher: hasher, Ring: a.stores.ring, Letters: letters,
		EmailKey: emailKey, Limits: c.AccountLimits(), Rand: a.rand, Now: a.now,
	}
	flow := &web.Flow{Kit: a.kit, Requests: a.stores.requests, Accounts: a.stores.accounts, Consents: a.stores.consents, Clients: clients}
	a.terms = a.newDeadlines(letters)
	desk := &helpdesk.Rules{
		Store: db.Helpdesk(), Changes: db.Changes(), Accounts: a.stores.accounts, Callback: callback, AddressKey: addressKey,
		AddressDelay: c.Helpdesk.AddressDelay, Letters: letters, Rand: a.rand, Now: a.now,
	}
	officials, err := a.newConsole(ctx, hasher, letters, desk)
	if err != nil {
		return err
	}
	rooms := []web.Room{
		&home.Room{Kit: a.kit, Now: a.now},
		&apply.Room{
			Kit: a.kit, Store: db.Applications(), Cases: db.Cases(), Accounts: a.stores.accounts, Hasher: hasher, Letters: letters, Ring: a.stores.ring,
			CodeKey: codeKey, AfterMail: a.mailer.Kick, PerHour: c.Limits.ApplyPerHour,
		},
		&login.Room{
			Kit: a.kit, Flow: flow, Rules: a.rules, Sessions: a.stores.sessions, SessionLimits: c.SessionLimits(), Grants: a.stores.grants,
			Clients: clients, HomeClient: c.HomeClient, Issuer: c.Issuer, ACR: c.ACR, PerMinute: c.Limits.LoginPerMinute,
			Starts: c.Limits.AuthorizePerMinute, Callback: callback, AfterMail: a.mailer.Kick, Now: a.now,
		},
		&address.Room{Kit: a.kit, Rules: desk, PerMinute: c.Limits.LoginPerMinute, AfterMail: a.mailer.Kick},
		&enrol.Room{Kit: a.kit, Flow: flow, Rules: a.rules},
		&consent.Room{Kit: a.kit, Flow: flow},
		&provider.Room{
			Kit: a.kit, Flow: flow, Clients: clients, Grants: a.stores.grants, Sessions: a.stores.sessions, SessionLimits: c.SessionLimits(),
			Keys: a.keys, Subjects: claim.Subjects{Salt: salt, Issuer: c.Issuer}, Policy: provider.NewPolicy(c.Policy, c.ACR, c.Production()),
			ClientKeys: provider.NewKeyFetcher(!c.Production(), a.now), Rand: a.rand, Now: a.now, AuthorizePerMinute: c.Limits.AuthorizePerMinute,
		},
	}
	if officials != nil {
		rooms = append(rooms, officials)
	}
	a.site = op.New(a.kit, rooms...)
	return nil
}

func checkHomeClient(ctx context.Context, clients *client.Directory, c config.Config) error {
	if c.HomeClient == "" {
		return nil
	}
	home, err := clients.ByID(ctx, c.HomeClient)
	if err != nil {
		return fmt.Errorf("home_client: %q is no client here: %w", c.HomeClient, err)
	}
	if home.InitiateLoginURI == "" {
		return fmt.Errorf("home_client: client %q has no initiate_login_uri, which the button to log in opens", c.HomeClient)
	}
	return nil
}

func newHasher(c config.Config) (*password.Hasher, error) {
	p := password.Config{
		Params:   password.Params{MemoryKiB: uint32(c.Password.MemoryKiB), Time: uint32(c.Password.Time), Threads: uint8(c.Password.Threads)},
		Parallel: c.Password.Parallel, Wait: c.Password.Wait,
	}
	if c.Password.Pepper != "" {
		pepper, err := password.NewPepper("p1", []byte(c.Password.Pepper.Reveal()))
		if err != nil {
			return nil, err
		}
		p.Pepper = pepper
	}
	return password.New(p)
}

func newLetters(c config.Config, rand io.Reader) (*letter.Writer, error) {
	w := &letter.Writer{
		FS: templates.FS, Issuer: c.Issuer, StartURL: c.Issuer + "/start", ConsoleURL: consoleURL(c), Practice: !c.Production(), AtOnce: !c.Reviewed(),
		Wordmark: c.Branding.Wordmark, Rand: rand,
		Helpdesk: letter.Helpdesk{Name: c.Helpdesk.Name, Phone: c.Helpdesk.Phone, Email: c.Helpdesk.Email, URL: c.Helpdesk.URL,
			Hours: map[string]string{"nl": c.Helpdesk.HoursNL, "en": c.Helpdesk.HoursEN}},
	}
	return w, w.Prepare()
}

func newMailer(a *app) (*mail.Worker, error) {
	c := a.config.Mail
	from := mail.From{Address: c.From, Name: c.FromName}
	w := &mail.Worker{Outbox: a.stores.db.Outbox(), Now: a.now, Log: a.log}
	if c.Dir != "" {
		if err := os.MkdirAll(c.Dir, 0o700); err != nil {
			return nil, fmt.Errorf("mail.dir: %w", err)
		}
		w.Sender = mail.FileSender{Dir: c.Dir, From: from}
		return w, nil
	}
	relay, err := mail.ParseSMTPURL(c.SMTPURL)
	if err != nil {
		return nil, fmt.Errorf("mail.smtp_url: %w", err)
	}
	w.Sender = mail.SMTPSender{Relay: relay, From: from, Helo: c.Helo}
	return w, nil
}
