// Package site is the test kit: a whole provider in this process, on a fixed
// clock, with visitors that speak HTTP, officials, mails and faults.
//
//	site.New ─► Site (app.App + clock) ─► Browser: Get, Submit, Enrol, Login …
//	                │                       Official, Reviewer, Caller …
//	                └─ Person, Active, Sent, Asked … : what is in the stores
//
//	site.go        Site, New, Start, servers, the log
//	clock.go       Clock, Noon, Moments
//	browser.go     Browser: cookies, requests, forms, the page it is on
//	answer.go      Answer: one response and what tests require of it
//	upload.go      forms with files
//	request.go     authorization requests, from /authorize to the tokens
//	client.go      clients, their keys and assertions
//	login.go       passwords, codes and the states of a login
//	person.go      accounts
//	applicant.go   applications and documents
//	official.go    officials: invitation, login, roles
//	review.go      cases and decisions
//	helpdesk.go    unblocking and change of address
//	mail.go        the outbox
//	audit.go       the audit log
//	production.go  production, with a site of its own for officials
//	faults.go      stores that count and fail, a second server, many at once
//
// A test of a room is in the room's folder and begins with site.New. Methods
// fail the test of the site they belong to; they return only what succeeded.
package site

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"omgevingsloket-id/cmd/omgevingsloket-id/app"
	"omgevingsloket-id/e2e/testenv"
	"omgevingsloket-id/op/web"
	"omgevingsloket-id/pkg/client"
	"omgevingsloket-id/pkg/config"
	"omgevingsloket-id/pkg/document"
	"omgevingsloket-id/pkg/secret"
	"omgevingsloket-id/pkg/signkey"
	"omgevingsloket-id/storage/sql"
)

// Site is a whole provider in this process, on a real listener and a real
// database, under a clock that the test moves.
type Site struct {
	*app.App
	T      testing.TB
	Clock  *Clock
	Server *httptest.Server
	Secret secret.Text // of the client "web"
}

// Setup is what may be different about a site. The zero value is a practice
// environment on SQLite at Noon.
type Setup struct {
	Config func(*config.Config) // alters the configuration
	Wrap   func(*app.Stores)    // wraps the stores
	At     time.Time            // when the clock begins; zero means Noon
	Log    *slog.Logger         // nil means NewLog

	TraceSQL, TraceRedis func(string) // app.Options

	// Citizens, if set, returns the handler at the issuer, instead of the citizens' site.
	Citizens func(*app.App) http.Handler
}

// New starts a provider on SQLite. change, if not nil, alters its
// configuration.
func New(t testing.TB, change func(*config.Config)) *Site {
	t.Helper()
	return Start(t, Setup{Config: change})
}

// Start starts a provider. It ends with the test.
func Start(t testing.TB, setup Setup) *Site {
	t.Helper()
	dir := t.TempDir()
	at := setup.At
	if at.IsZero() {
		at = Noon
	}
	s := &Site{T: t, Clock: &Clock{at: at}, Secret: secret.New(rand.Reader, secret.KindClient)}
	s.Server = httptest.NewUnstartedServer(nil)
	c := config.Default(config.Practice)
	c.Issuer = "http://" + s.Server.Listener.Addr().String()
	c.MasterKeyFile = filepath.Join(dir, "master.key")
	c.Database.URL = secret.Text("sqlite:" + filepath.Join(dir, "olid.db"))
	Must(t, os.Mkdir(filepath.Join(dir, "mail"), 0o700))
	c.Mail.From, c.Mail.Dir = "noreply@id.example", filepath.Join(dir, "mail")
	c.Password.MemoryKiB, c.Password.Time = 64, 1
	c.Limits = config.Limits{AuthorizePerMinute: 1_000_000, ApplyPerHour: 1_000_000, ApplyTries: 1_000_000, LoginPerMinute: 1_000_000}
	c.Clients = config.Clients{
		{ID: "web", Name: "Web", RedirectURIs: []string{CallbackURI}, PostLogoutRedirectURIs: []string{"https://rp.example/out"},
			AuthMethod: client.ClientSecretBasic, SecretHashes: []string{s.Secret.Hash()}, Scopes: []string{"omgevingsloket", "email", "profile", "phone", "address"}},
		{ID: "third", Name: "Third", RedirectURIs: []string{"https://third.example/cb"}, AuthMethod: client.None, Scopes: []string{"email"}, ThirdParty: true},
	}
	if setup.Config != nil {
		setup.Config(&c)
	}
	if file, is := strings.CutPrefix(c.Database.URL.Reveal(), "sqlite:"); is {
		if _, err := os.Stat(file); err != nil {
			testenv.SQLiteCopy(t, file, "migrated", func(file string) error { return migrate("sqlite:" + file) })
		}
	}
	if _, err := os.Stat(c.MasterKeyFile); err != nil {
		ring, err := secret.NewKeyRingFile(string(c.Environment)+"-test", rand.Reader)
		Must(t, err)
		Must(t, os.WriteFile(c.MasterKeyFile, ring, 0o600))
	}
	Must(t, c.Validate())
	log := setup.Log
	if log == nil {
		log = NewLog(t)
	}
	var err error
	s.App, err = app.New(context.Background(), c, app.Options{Log: log, Now: s.Clock.Now, TraceSQL: setup.TraceSQL, TraceRedis: setup.TraceRedis, Wrap: func(stores *app.Stores) {
		s.addKeys(stores, c)
		if setup.Wrap != nil {
			setup.Wrap(stores)
		}
	}})
	Must(t, err)
	t.Cleanup(s.Close)
	t.Cleanup(s.knownEvents)
	rightPages(t, s.Kit)
	if s.OfficialsKit != nil {
		rightPages(t, s.OfficialsKit)
	}
	if s.Server.Config.Handler = s.Citizens; setup.Citizens != nil {
		s.Server.Config.Handler = setup.Citizens(s.App)
	}
	if strings.HasPrefix(c.Issuer, "https:") {
		s.Server.StartTLS()
	} else {
		s.Server.Start()
	}
	t.Cleanup(s.Server.Close)
	return s
}

// OnServers changes a configuration to a real PostgreSQL and a real Redis.
func OnServers(t testing.TB) func(*config.Config) {
	database, cache := testenv.PostgresCopy(t, "migrated", migrate), testenv.Redis(t)
	return func(c *config.Config) {
		c.Database.URL, c.Redis.URL = secret.Text(database), secret.Text(cache)
	}
}

// OnEach runs a test on SQLite and on PostgreSQL with Redis, side by side. on changes a
// configuration to these stores.
func OnEach(t *testing.T, run func(t *testing.T, on func(*config.Config))) {
	t.Helper()
	for name, stores := range map[string]func(testing.TB) func(*config.Config){
		"SQLite":               func(testing.TB) func(*config.Config) { return func(*config.Config) {} },
		"PostgreSQL and Redis": OnServers,
	} {
		t.Run(name, func(t *testing.T) { t.Parallel(); run(t, stores(t)) })
	}
}

// rsaKeys are the RSA keys that every site of this test process begins with.
// Making them takes twice as long as everything else that a site needs.
var rsaKeys = sync.OnceValues(func() (map[string]*rsa.PrivateKey, error) {
	keys := map[string]*rsa.PrivateKey{}
	for _, alg := range []string{"RS256", "PS256"} {
		key, err := rsa.GenerateKey(rand.Reader, 2048)
		if err != nil {
			return nil, err
		}
		keys[alg] = key
	}
	return keys, nil
})

// addKeys stores rsaKeys, under ids of their own, as the active keys of a new
// installation.
func (s *Site) addKeys(stores *app.Stores, c config.Config) {
	s.T.Helper()
	ctx, now := context.Background(), s.Clock.Now()
	Must(s.T, stores.Migrate(ctx, c, now))
	there, err := stores.DB.Keys().Keys(ctx)
	Must(s.T, err)
	if len(there) > 0 {
		return
	}
	keys, err := rsaKeys()
	Must(s.T, err)
	var changes []signkey.Change
	for alg, private := range keys {
		k := signkey.Key{ID: secret.NewID(rand.Reader)[:16], Alg: alg, CreatedAt: now}
		der, err := x509.MarshalPKCS8PrivateKey(private)
		Must(s.T, err)
		k.Public, err = json.Marshal(jose.JSONWebKey{Key: private.Public(), KeyID: k.ID, Algorithm: alg, Use: "sig"})
		Must(s.T, err)
		k.Sealed, err = stores.Ring.Seal(der, signkey.KeyAAD(k.ID, alg))
		Must(s.T, err)
		changes = append(changes, signkey.Change{Key: k, To: signkey.Next}, signkey.Change{Key: k, From: signkey.Next, To: signkey.Active})
	}
	Must(s.T, stores.DB.Keys().Apply(ctx, changes, now, NoEffects))
}

// rightPages makes a text without a translation fail the test, and a part of a page that
// is rendered once but differs between pages. Benchmarks do not look at parts.
func rightPages(t testing.TB, k *web.Kit) {
	k.Pages.Catalog.Missing = func(lang, key string) { t.Errorf("no text in %s for %q", lang, key) }
	if _, bench := t.(*testing.B); !bench {
		k.Pages.Stale = func(part string) { t.Errorf("part %q of a page is not what its template makes of this page", part) }
	}
}

// migrate creates the schema in an empty database.
func migrate(url string) error {
	db, err := sql.Open(context.Background(), sql.Options{URL: secret.Text(url), Now: time.Now})
	if err != nil {
		return err
	}
	return errors.Join(db.Migrate(context.Background()), db.Close())
}

// RunJob runs a job of the server once.
func (s *Site) RunJob(name string) {
	s.T.Helper()
	i := slices.IndexFunc(s.Jobs, func(j *app.Job) bool { return j.Name == name })
	if i < 0 {
		s.T.Fatalf("there is no job %q", name)
	}
	Must(s.T, s.Jobs[i].Run(context.Background()))
}

// Written returns when something was last written to the SQLite database.
func (s *Site) Written() time.Time {
	s.T.Helper()
	name := strings.TrimPrefix(s.Config.Database.URL.Reveal(), "sqlite:")
	info, err := os.Stat(name + "-wal")
	Must(s.T, err)
	return info.ModTime()
}

// Metric returns the value of a line of /metrics, such as name{label="x"}; "" if there
// is none.
func (s *Site) Metric(line string) string {
	s.T.Helper()
	w := httptest.NewRecorder()
	s.Metrics.Handler().ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	_, rest, found := strings.Cut(w.Body.String(), "\n"+line+" ")
	if !found {
		return ""
	}
	value, _, _ := strings.Cut(rest, "\n")
	return value
}

// Must fails the test on an error.
func Must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// NewLog returns a log that writes errors to the test's log.
func NewLog(t testing.TB) *slog.Logger {
	return slog.New(slog.NewTextHandler(Writer{t}, &slog.HandlerOptions{Level: slog.LevelError}))
}

// Writer writes to a test's log.
type Writer struct{ T testing.TB }

// Write logs p as one entry.
func (w Writer) Write(p []byte) (int, error) {
	w.T.Log(strings.TrimSpace(string(p)))
	return len(p), nil
}

func init() {
	// The protocol library writes a line to the default logger for each refusal.
	slog.SetDefault(slog.New(slog.DiscardHandler))
	// The provider starts its own program again to look into a document. In a
	// test that program is the test binary.
	if len(os.Args) == 3 && os.Args[1] == "inspect-document" {
		os.Exit(document.Child(os.Args[2], os.Stdin, os.Stdout, os.Stderr))
	}
}
