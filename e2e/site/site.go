// Package site is the test kit: a whole provider in this process, on a fixed
// clock, with visitors that speak HTTP, officials, mails and faults.
//
//	site.New ─► Site (app.App + clock) ─► Browser: Get, Submit, Enrol, Login …
//	                │                       Official, Reviewer, Caller …
//	                └─ Person, Active, Sent, Asked … : what is in the stores
//
// A test of a room is in the room's folder and begins with site.New.
package site

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"omgevingsloket-id/cmd/omgevingsloket-id/app"
	"omgevingsloket-id/e2e/testenv"
	"omgevingsloket-id/pkg/client"
	"omgevingsloket-id/pkg/config"
	"omgevingsloket-id/pkg/document"
	"omgevingsloket-id/pkg/effect"
	"omgevingsloket-id/pkg/password"
	"omgevingsloket-id/pkg/secret"
	"omgevingsloket-id/storage/storagetest"
)

// OnServers puts a site on a real PostgreSQL and a real Redis.
func OnServers(t testing.TB) func(*config.Config) {
	database, cache := testenv.Postgres(t), testenv.Redis(t)
	return func(c *config.Config) {
		c.Database.URL, c.Redis.URL = secret.Text(database), secret.Text(cache)
	}
}

// NewWatched gives a site whose store calls are counted and can be made to fail.
func NewWatched(t testing.TB, change func(*config.Config)) (*Site, *storagetest.Faults) {
	t.Helper()
	f := &storagetest.Faults{}
	return Start(t, Setup{Config: change, Wrap: func(s *app.Stores) {
		w := f.Wrap(storagetest.Stores{
			Accounts: s.Accounts, Lanes: s.Lanes, Consents: s.Consents, Grants: s.Grants, Requests: s.Requests, Sessions: s.Sessions, Windows: s.Windows,
		})
		s.Accounts, s.Lanes, s.Consents, s.Grants, s.Requests, s.Sessions, s.Windows = w.Accounts, w.Lanes, w.Consents, w.Grants, w.Requests, w.Sessions, w.Windows
	}}), f
}

// Twin starts a second server of the same installation, whose clock is ahead
// of the first one's.
func (s *Site) Twin(ahead time.Duration) *Site {
	s.T.Helper()
	other := &Site{T: s.T, Clock: s.Clock, Secret: s.Secret}
	var err error
	other.App, err = app.New(context.Background(), s.Config, app.Options{Log: NewLog(s.T), Now: func() time.Time { return s.Clock.Now().Add(ahead) }})
	Must(s.T, err)
	s.T.Cleanup(other.Close)
	other.Server = httptest.NewServer(other.Citizens)
	s.T.Cleanup(other.Server.Close)
	return other
}

// Hashes returns the number of password hashes that the site has computed.
func (s *Site) Hashes() uint64 { return s.SignIn.Hasher.(*password.Hasher).Computations() }

// AtOnce runs do so many times at the same moment.
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

func init() {
	// The protocol library writes a line to the default logger for each refusal.
	slog.SetDefault(slog.New(slog.DiscardHandler))
	// The provider starts its own program again to look into a document. In a
	// test that program is the test binary.
	if len(os.Args) == 3 && os.Args[1] == "inspect-document" {
		os.Exit(document.Child(os.Args[2], os.Stdin, os.Stdout, os.Stderr))
	}
}

// Site is a whole provider in this process, on a real listener and a real
// database, under a clock that the test moves.
type Site struct {
	*app.App
	T      testing.TB
	Clock  *Clock
	Server *httptest.Server
	Secret secret.Text // of the client "web"
}

// Noon is when a site's clock begins, so that no test depends on the hour at
// which it runs: a Wednesday in summer, at noon in UTC.
var Noon = time.Date(2026, time.June, 10, 12, 0, 0, 0, time.UTC)

// Setup is what may be different about a site. The zero value is a practice
// environment on SQLite at Noon.
type Setup struct {
	Config func(*config.Config) // alters the configuration
	Wrap   func(*app.Stores)    // puts something in front of the stores
	At     time.Time            // when the clock begins; zero = Noon
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
	c.Limits = config.Limits{AuthorizePerMinute: 1_000_000, ApplyPerHour: 1_000_000, LoginPerMinute: 1_000_000}
	c.Clients = config.Clients{
		{ID: "web", Name: "Web", RedirectURIs: []string{CallbackURI}, PostLogoutRedirectURIs: []string{"https://rp.example/out"},
			AuthMethod: client.ClientSecretBasic, SecretHashes: []string{s.Secret.Hash()}, Scopes: []string{"omgevingsloket", "email", "profile", "phone", "address"}},
		{ID: "third", Name: "Third", RedirectURIs: []string{"https://third.example/cb"}, AuthMethod: client.None, Scopes: []string{"email"}, ThirdParty: true},
	}
	if setup.Config != nil {
		setup.Config(&c)
	}
	if _, err := os.Stat(c.MasterKeyFile); err != nil {
		ring, err := secret.NewKeyRingFile(string(c.Environment)+"-test", rand.Reader)
		Must(t, err)
		Must(t, os.WriteFile(c.MasterKeyFile, ring, 0o600))
	}
	Must(t, c.Validate())
	var err error
	s.App, err = app.New(context.Background(), c, app.Options{Log: NewLog(t), Now: s.Clock.Now, Wrap: setup.Wrap})
	Must(t, err)
	t.Cleanup(s.Close)
	t.Cleanup(s.knownEvents)
	s.Server.Config.Handler = s.Citizens
	if strings.HasPrefix(c.Issuer, "https:") {
		s.Server.StartTLS()
	} else {
		s.Server.Start()
	}
	t.Cleanup(s.Server.Close)
	return s
}

// Must ends the test on an error.
func Must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// NewLog returns a log that writes errors to the test's own.
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

// Call calls an endpoint of clients and decodes its JSON.
func (s *Site) Call(method, path string, form url.Values, header http.Header) (int, map[string]any, http.Header) {
	s.T.Helper()
	var body io.Reader
	if form != nil {
		body = strings.NewReader(form.Encode())
	}
	req, err := http.NewRequest(method, s.Server.URL+path, body)
	Must(s.T, err)
	for name, values := range header {
		req.Header[name] = values
	}
	if form != nil && req.Header.Get("Content-Type") == "" {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	res, err := s.Server.Client().Do(req)
	Must(s.T, err)
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	Must(s.T, err)
	out := map[string]any{}
	_ = json.Unmarshal(raw, &out)
	return res.StatusCode, out, res.Header
}

// Basic is the client's own authentication.
func (s *Site) Basic() http.Header {
	h := http.Header{}
	h.Set("Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte("web:"+s.Secret.Reveal())))
	return h
}

// Redeem exchanges a code as the client "web".
func (s *Site) Redeem(r Request, code string) (int, map[string]any) {
	s.T.Helper()
	status, out, _ := s.Call(http.MethodPost, "/token", url.Values{
		"grant_type": {"authorization_code"}, "code": {code}, "redirect_uri": {r.Get("redirect_uri")}, "code_verifier": {r.Verifier},
	}, s.Basic())
	return status, out
}

// NoRecord is the effect of a write that has none.
var NoRecord effect.Effects
