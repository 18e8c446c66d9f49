package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"omgevingsloket-id/op"
	"omgevingsloket-id/op/address"
	"omgevingsloket-id/op/apply"
	"omgevingsloket-id/op/consent"
	"omgevingsloket-id/op/enrol"
	"omgevingsloket-id/op/flow"
	"omgevingsloket-id/op/home"
	"omgevingsloket-id/op/login"
	"omgevingsloket-id/op/me"
	passwordroom "omgevingsloket-id/op/password"
	"omgevingsloket-id/op/provider"
	"omgevingsloket-id/op/web"
	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/claim"
	"omgevingsloket-id/pkg/client"
	"omgevingsloket-id/pkg/config"
	"omgevingsloket-id/pkg/helpdesk"
	"omgevingsloket-id/pkg/letter"
	"omgevingsloket-id/pkg/mail"
	"omgevingsloket-id/pkg/newaddress"
	"omgevingsloket-id/pkg/password"
	"omgevingsloket-id/pkg/realm"
	"omgevingsloket-id/pkg/session"
	"omgevingsloket-id/pkg/signin"
	"omgevingsloket-id/templates"
)

// newKit returns the kit of a site at origin. forms names the key of its form tokens, so
// that a token of one site is not valid at another.
func (a *App) newKit(ctx context.Context, origin, forms string) (*web.Kit, error) {
	c := a.Config
	catalog, err := web.LoadCatalog()
	if err != nil {
		return nil, err
	}
	formKey, err := a.Stores.DB.Constants().Constant(ctx, forms)
	if err != nil {
		return nil, err
	}
	return web.New(web.Options{
		Settings: web.Settings{
			Issuer: origin, Practice: !c.Production(), AtOnce: !c.Reviewed(), Wordmark: c.Branding.Wordmark, ThemeDir: c.Branding.ThemeDir,
			TrustedNets: c.Proxies(),
			Helpdesk: web.Helpdesk{Name: c.Helpdesk.Name, Phone: c.Helpdesk.Phone, Email: c.Helpdesk.Email, URL: c.Helpdesk.URL,
				Hours: map[string]string{"nl": c.Helpdesk.HoursNL, "en": c.Helpdesk.HoursEN}},
			Links: web.Links{Privacy: c.Links.PrivacyURL, Accessibility: c.Links.AccessibilityURL, Terms: c.Links.TermsURL},
		},
		Catalog: catalog, Windows: a.Stores.Windows, FormKey: formKey, Log: a.Log, Now: a.Now, Rand: a.Rand, Observe: a.Metrics.request, Exceeded: a.Metrics.exceeded,
	})
}

// rooms makes the list of all rooms.
func (a *App) rooms(ctx context.Context, letters *letter.Writer) error {
	c, db := a.Config, a.Stores.DB
	hasher, err := NewHasher(c, a.Now)
	if err != nil {
		return err
	}
	laneKey, err1 := db.Constants().Constant(ctx, "address counters")
	codeKey, err2 := db.Constants().Constant(ctx, "mailed codes")
	salt, err3 := db.Constants().Constant(ctx, "pairwise subjects")
	callback, err4 := db.Constants().Constant(ctx, "callback codes")
	addressKey, err5 := db.Constants().Constant(ctx, "codes of new addresses")
	authCodeKey, err6 := db.Constants().Constant(ctx, "authorization codes")
	access, err9 := db.Installation().AccessTokens(ctx)
	recoveryKey, err7 := RecoveryKey(ctx, a.Stores)
	pagesKey, err11 := db.Constants().Constant(ctx, "account pages")
	undoKey, err12 := db.Constants().Constant(ctx, "undone changes of address")
	carryKey, err8 := db.Constants().Constant(ctx, "carried authorization requests")
	domainKey, err10 := db.Constants().Constant(ctx, "domains of forgotten passwords")
	if letters.Disavowal, err = a.disavowal(ctx); err != nil {
		return err
	}
	if err := errors.Join(err1, err2, err3, err4, err5, err6, err7, err8, err9, err10, err11, err12); err != nil {
		return err
	}
	clients := client.NewDirectory(c.Clients, db.Clients(), c.Policy, !c.Production(), a.Now)
	clients.RefuseNative = c.Production() && !c.NativeClients
	if err := checkHomeClient(ctx, clients, c); err != nil {
		return err
	}
	a.clients = clients
	a.SignIn = &signin.Service{
		Accounts: a.Stores.Accounts, Recoveries: a.Stores.Recoveries, Lanes: a.Stores.Lanes, Hasher: hasher, Ring: a.Stores.Ring, Letters: letters,
		LaneKey: laneKey, RecoveryKey: recoveryKey, Limits: c.AccountLimits(), Rand: a.Rand, Now: a.Now, Locks: a.Stores.Locks,
		Resets: a.Stores.Resets, Disavowal: letters.Disavowal, Callback: callback,
		Watch: a.signInWatch(), Log: a.Log,
	}
	pages, cookies, limits := a.Kit.Pages, a.Kit.Cookies, a.Kit.Limits
	sessions := &session.Service[account.Account]{Realm: realm.Holder, Store: a.Stores.Sessions, Limits: c.SessionLimits(), Person: a.Stores.Accounts.InSession, Now: a.Now}
	dispatcher := &flow.Dispatcher{Pages: pages, Cookies: cookies, Now: a.Now, Requests: a.Stores.Requests, Accounts: a.Stores.Accounts, Consents: a.Stores.Consents, Clients: clients, Sessions: sessions,
		CarryKey: carryKey, Limits: limits, PerMinute: c.Limits.AuthorizePerMinute, AccountLimits: c.AccountLimits(),
		List: a.Stores.Logins, Grants: a.Stores.Grants, ACR: c.ACR, StepUp: c.Terms.StepUp}
	calls := &helpdesk.Service{
		Store: db.Helpdesk(), Accounts: a.Stores.Accounts, Bounces: a.Stores.Bounces, Callback: callback, AddressKey: addressKey,
		RecoveryKey: recoveryKey, Limits: c.AccountLimits(), AddressDelay: c.Helpdesk.AddressDelay, Letters: letters, Rand: a.Rand, Now: a.Now, Lanes: a.SignIn.OpenLanes,
	}
	a.Helpdesk = calls
	judge, err := newInspector()
	if err != nil {
		return err
	}
	a.inspector = judge
	officials, err := a.newConsole(ctx, hasher, laneKey, letters, calls)
	if err != nil {
		return err
	}
	rooms := []web.Room{
		&home.Room{Pages: pages, Now: a.Now, LoggedIn: dispatcher.LoggedIn, Security: c.SecurityURI(), Statement: home.Statement(c.Accessibility)},
		&apply.Room{
			Pages: pages, Cookies: cookies, Limits: limits, Now: a.Now, Rand: a.Rand, Store: db.Applications(), Cases: db.Cases(), Accounts: a.Stores.Accounts, Hasher: hasher, Queue: hasher, Letters: letters, Ring: a.Stores.Ring,
			CodeKey: codeKey, PerHour: c.Limits.ApplyPerHour, Tries: c.Limits.ApplyTries, Recognize: a.SignIn.Recognize, Documents: judge, Policy: a.Passwords, Flow: dispatcher,
		},
		&login.Room{
			Pages: pages, Cookies: cookies, Limits: limits, Log: a.Log, Rand: a.Rand, Flow: dispatcher, Queue: hasher, SignIn: a.SignIn, Sessions: sessions, Grants: a.Stores.Grants,
			Clients: clients, Bounces: a.Stores.Bounces, HomeClient: c.HomeClient, Issuer: c.Issuer, ACR: c.ACR, PerMinute: c.Limits.LoginPerMinute,
			Starts: c.Limits.AuthorizePerMinute, Callback: callback, Policy: a.Passwords, Now: a.Now,
		},
		&passwordroom.Room{
			Policy: a.Passwords,
			Pages:  pages, Cookies: cookies, Limits: limits, Flow: dispatcher, Queue: hasher, SignIn: a.SignIn, Clients: clients, DomainKey: domainKey,
			PerHour: c.Limits.ApplyPerHour, PerMinute: c.Limits.LoginPerMinute, Now: a.Now,
		},
		&address.Room{
			Pages: pages, Cookies: cookies, Limits: limits, Helpdesk: calls, Flow: dispatcher, SignIn: a.SignIn, PerMinute: c.Limits.LoginPerMinute, PerHour: c.Limits.ApplyPerHour,
			Changes: &newaddress.Service{
				Store: a.Stores.Addresses, Accounts: a.Stores.Accounts, Letters: letters, CodeKey: codeKey, UndoKey: undoKey, LaneKey: laneKey,
				Limits: c.AccountLimits(), Rand: a.Rand, Now: a.Now,
			},
		},
		&enrol.Room{Pages: pages, Cookies: cookies, Limits: limits, Flow: dispatcher, SignIn: a.SignIn, PerMinute: c.Limits.LoginPerMinute},
		&me.Room{
			Pages: pages, Cookies: cookies, Limits: limits, Now: a.Now, Flow: dispatcher, Accounts: a.Stores.Accounts, Applications: db.Applications(), Consents: a.Stores.Consents,
			Clients: clients, Audit: db.Audit(), Letters: letters, Key: pagesKey,
		},
		&consent.Room{Pages: pages, Limits: limits, Now: a.Now, Flow: dispatcher},
		&provider.Room{
			Pages: pages, Cookies: cookies, Limits: limits, Log: a.Log, Flow: dispatcher, Clients: clients, Grants: a.Stores.Grants, Sessions: sessions,
			Keys: a.Keys, Subjects: claim.Subjects{Salt: salt, Issuer: c.Issuer}, Policy: provider.NewPolicy(c.Policy, c.ACR, c.Production()),
			Access: access, CodeKey: authCodeKey, ClientKeys: provider.NewKeyFetcher(!c.Production(), a.Now), Rand: a.Rand, Now: a.Now, AuthorizePerMinute: c.Limits.AuthorizePerMinute,
			Refused: a.Metrics.clientRefused,
		},
	}
	if officials != nil {
		rooms = append(rooms, officials)
	}
	a.Citizens = op.New(a.Kit, rooms...)
	return nil
}

// signInWatch returns the watch over passwords and codes, in both realms.
func (a *App) signInWatch() signin.Watch {
	return signin.Watch{Count: a.Metrics.refused, Refusals: a.Stores.Refusals, Devices: a.Stores.Devices}
}

// RecoveryKey returns this installation's key of what holders are mailed about an
// unblock.
func RecoveryKey(ctx context.Context, s *Stores) (signin.RecoveryKey, error) {
	return s.DB.Constants().Constant(ctx, "recoveries")
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

// NewHasher returns the password hasher of a configuration; now measures how long hashes take.
func NewHasher(c config.Config, now func() time.Time) (*password.Hasher, error) {
	p := password.Config{
		Params:   password.Params{MemoryKiB: uint32(c.Password.MemoryKiB), Time: uint32(c.Password.Time), Threads: uint8(c.Password.Threads)},
		Parallel: c.Password.Parallel, Wait: c.Password.Wait, Now: now,
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

// NewLetters returns the writer of mails of a configuration.
func NewLetters(c config.Config, rand io.Reader) (*letter.Writer, error) {
	w := newLetters(c, rand)
	err := w.Prepare()
	return w, err
}

func newLetters(c config.Config, rand io.Reader) *letter.Writer {
	return &letter.Writer{
		FS: templates.FS, Issuer: c.Issuer, StartURL: c.Issuer + "/start", ConsoleURL: consoleURL(c), Practice: !c.Production(), AtOnce: !c.Reviewed(),
		Wordmark: c.Branding.Wordmark, Rand: rand, RecoveryDelay: c.AccountLimits().RecoveryDelay,
		Helpdesk: letter.Helpdesk{Name: c.Helpdesk.Name, Phone: c.Helpdesk.Phone, Email: c.Helpdesk.Email, URL: c.Helpdesk.URL,
			Hours: map[string]string{"nl": c.Helpdesk.HoursNL, "en": c.Helpdesk.HoursEN}},
	}
}

// disavowal returns the maker of the links 'Was this not you?' of this installation.
func (a *App) disavowal(ctx context.Context) (signin.Disavowal, error) {
	key, err := a.Stores.DB.Constants().Constant(ctx, "disavowals")
	return signin.Disavowal{Key: key, Time: a.Config.Terms.Disavow}, err
}

func newMailer(a *App, letters *letter.Writer) (*mail.Worker, error) {
	c := a.Config.Mail
	from := mail.From{Address: c.From, Name: c.FromName}
	w := &mail.Worker{Outbox: a.Stores.DB.Outbox(), Now: a.Now, Log: a.Log}
	if c.Dir != "" {
		if err := os.MkdirAll(c.Dir, 0o700); err != nil {
			return nil, fmt.Errorf("mail.dir: %w", err)
		}
		w.Sender = mail.FileSender{Dir: c.Dir, From: from, HTML: letters.HTML}
		return w, nil
	}
	relay, err := mail.ParseSMTPURL(c.SMTPURL)
	if err != nil {
		return nil, fmt.Errorf("mail.smtp_url: %w", err)
	}
	w.Sender = mail.SMTPSender{Relay: relay, From: from, HTML: letters.HTML, Helo: c.Helo}
	return w, nil
}
