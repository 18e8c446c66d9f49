package main

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"html"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/application"
	"omgevingsloket-id/pkg/client"
	"omgevingsloket-id/pkg/config"
	"omgevingsloket-id/pkg/record"
	"omgevingsloket-id/pkg/secret"
	"omgevingsloket-id/pkg/totp"
)

// clock is a time that tests move.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

// site is a whole provider in this process, on a real listener and a real
// database, under a clock that the test moves.
type site struct {
	*app
	t      testing.TB
	clock  *clock
	server *httptest.Server
	secret secret.Text // of the client "web"
}

const (
	testPassword = "correct horse battery staple"
	testEmail    = "anna@example.com"
	callbackURI  = "https://rp.example/cb"
)

// newSite starts a provider on SQLite. change may alter its configuration.
func newSite(t testing.TB, change func(*config.Config)) *site {
	t.Helper()
	return newSiteWith(t, change, nil)
}

// newSiteWith lets wrap put something in front of the stores.
func newSiteWith(t testing.TB, change func(*config.Config), wrap func(*stores)) *site {
	t.Helper()
	dir := t.TempDir()
	s := &site{t: t, clock: &clock{at: time.Now().UTC().Truncate(time.Second)}, secret: secret.New(rand.Reader, secret.KindClient)}
	s.server = httptest.NewUnstartedServer(nil)
	c := config.Default(config.Practice)
	c.Issuer = "http://" + s.server.Listener.Addr().String()
	c.MasterKeyFile = filepath.Join(dir, "master.key")
	c.Database.URL = secret.Text("sqlite:" + filepath.Join(dir, "olid.db"))
	must(t, os.Mkdir(filepath.Join(dir, "mail"), 0o700))
	c.Mail.From, c.Mail.Dir = "noreply@id.example", filepath.Join(dir, "mail")
	c.Password.MemoryKiB, c.Password.Time = 64, 1
	c.Limits = config.Limits{AuthorizePerMinute: 1_000_000, ApplyPerHour: 1_000_000, LoginPerMinute: 1_000_000}
	c.Clients = config.Clients{
		{ID: "web", Name: "Web", RedirectURIs: []string{callbackURI}, PostLogoutRedirectURIs: []string{"https://rp.example/out"},
			AuthMethod: client.ClientSecretBasic, SecretHashes: []string{s.secret.Hash()}, Scopes: []string{"omgevingsloket", "email", "profile", "phone", "address"}},
		{ID: "third", Name: "Third", RedirectURIs: []string{"https://third.example/cb"}, AuthMethod: client.None, Scopes: []string{"email"}, ThirdParty: true},
	}
	if change != nil {
		change(&c)
	}
	if _, err := os.Stat(c.MasterKeyFile); err != nil {
		ring, err := secret.NewKeyRingFile(string(c.Environment)+"-test", rand.Reader)
		must(t, err)
		must(t, os.WriteFile(c.MasterKeyFile, ring, 0o600))
	}
	must(t, c.Validate())
	log := slog.New(slog.NewTextHandler(testWriter{t}, &slog.HandlerOptions{Level: slog.LevelError}))
	open, err := openStores(context.Background(), c, rand.Reader, s.clock.now, log)
	must(t, err)
	if wrap != nil {
		wrap(open)
	}
	s.app, err = newAppOn(context.Background(), open, c, log, s.clock.now)
	must(t, err)
	t.Cleanup(s.stores.close)
	t.Cleanup(s.knownEvents)
	s.server.Config.Handler = s.app.site
	if strings.HasPrefix(c.Issuer, "https:") {
		s.server.StartTLS()
	} else {
		s.server.Start()
	}
	t.Cleanup(s.server.Close)
	return s
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

type testWriter struct{ t testing.TB }

func (w testWriter) Write(p []byte) (int, error) {
	w.t.Log(strings.TrimSpace(string(p)))
	return len(p), nil
}

// person makes an approved account, the way an application does; change may
// make it another's.
func (s *site) person(email string, change ...func(*account.Account)) account.Account {
	s.t.Helper()
	hasher, err := newHasher(s.config)
	must(s.t, err)
	hash, err := hasher.Hash(context.Background(), testPassword)
	must(s.t, err)
	now := s.clock.now()
	app := application.Application{
		ID: secret.NewID(rand.Reader), Handle: secret.NewID(rand.Reader), Kind: account.NaturalPerson, Lang: "nl", Email: email, CodeHash: "right",
		CodeExpires: now.Add(time.Hour), CreatedAt: now, ExpiresAt: now.Add(time.Hour),
	}
	store := s.stores.db.Applications()
	must(s.t, store.Start(context.Background(), app, record.Record{}))
	if verdict, err := store.TryCode(context.Background(), app.ID, "right", now); err != nil || verdict != application.CodeRight {
		s.t.Fatal(verdict, err)
	}
	app.Reference, app.SubmittedAt = secret.NewID(rand.Reader), now
	a := account.Account{
		ID: secret.NewID(rand.Reader), Kind: account.NaturalPerson, Email: email, Lang: "nl", PasswordHash: secret.Text(hash), Epoch: 1, CreatedAt: now,
		Profile: account.Profile{GivenName: "Anna", FamilyName: "Muster", Birthdate: "1980-02-03", Phone: "+4930123456", Address: account.Address{Line1: "Hauptstrasse 1", Line2: "10115 Berlin", Country: "DE"}},
	}
	for _, c := range change {
		c(&a)
	}
	must(s.t, store.Submit(context.Background(), app, &a, record.Record{}))
	return s.reload(a)
}

func (s *site) reload(a account.Account) account.Account {
	s.t.Helper()
	a, err := s.stores.db.Accounts().ByID(context.Background(), a.ID)
	must(s.t, err)
	return a
}

// browser is one person's browser: cookies, the page it is on, no scripts.
type browser struct {
	s      *site
	http   *http.Client
	url    *url.URL
	status int
	header http.Header
	body   string
	seed   secret.Text // what its authenticator app knows
}

func (s *site) browser() *browser {
	jar, err := cookiejar.New(nil)
	must(s.t, err)
	u, err := url.Parse(s.server.URL)
	must(s.t, err)
	return &browser{s: s, url: u, http: &http.Client{Jar: jar, Transport: s.server.Client().Transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
}

// do sends a request and follows our own redirects and refreshes; it stops
// at an address of somebody else's, which it then is "at".
func (b *browser) do(req *http.Request) *browser {
	b.s.t.Helper()
	for range 10 {
		res, err := b.http.Do(req)
		must(b.s.t, err)
		body, err := io.ReadAll(res.Body)
		must(b.s.t, err)
		_ = res.Body.Close()
		b.url, b.status, b.header, b.body = req.URL, res.StatusCode, res.Header, string(body)
		next := res.Header.Get("Location")
		if refresh := res.Header.Get("Refresh"); refresh != "" {
			_, next, _ = strings.Cut(refresh, "url=")
		}
		if next == "" {
			return b
		}
		target, err := req.URL.Parse(next)
		must(b.s.t, err)
		if target.Host != b.s.server.Listener.Addr().String() {
			b.url = target
			return b
		}
		req, err = http.NewRequest(http.MethodGet, target.String(), nil)
		must(b.s.t, err)
	}
	b.s.t.Fatal("redirects in circles, last at", b.url)
	return b
}

// get opens an address; a path is one of ours, wherever the browser is.
func (b *browser) get(target string) *browser {
	b.s.t.Helper()
	if strings.HasPrefix(target, "/") {
		target = b.s.server.URL + target
	}
	u, err := b.url.Parse(target)
	must(b.s.t, err)
	req, err := http.NewRequest(http.MethodGet, u.String(), nil)
	must(b.s.t, err)
	return b.do(req)
}

var (
	csrfField  = regexp.MustCompile(`name="csrf" value="([^"]*)"`)
	formAction = regexp.MustCompile(`<form[^>]* action="([^"]*)"`)
)

// submit sends the form on the page with these fields (name, value, …).
func (b *browser) submit(fields ...string) *browser {
	b.s.t.Helper()
	return b.do(b.form(fields...))
}

// form makes the request that submitting the page's form would send.
func (b *browser) form(fields ...string) *http.Request {
	b.s.t.Helper()
	target := b.url
	if m := formAction.FindStringSubmatch(b.body); m != nil {
		var err error
		target, err = b.url.Parse(html.UnescapeString(m[1]))
		must(b.s.t, err)
	}
	form := url.Values{}
	if m := csrfField.FindStringSubmatch(b.body); m != nil {
		form.Set("csrf", html.UnescapeString(m[1]))
	}
	for i := 0; i+1 < len(fields); i += 2 {
		form.Set(fields[i], fields[i+1])
	}
	req, err := http.NewRequest(http.MethodPost, target.String(), strings.NewReader(form.Encode()))
	must(b.s.t, err)
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Sec-Fetch-Site", "same-origin")
	return req
}

// at demands that the browser is at a path of ours.
func (b *browser) at(path string) *browser {
	b.s.t.Helper()
	if b.url.Path != path || b.url.Host != b.s.server.Listener.Addr().String() {
		b.s.t.Fatalf("at %s (status %d), want %s\n%s", b.url, b.status, path, b.body)
	}
	return b
}

var keyGroups = regexp.MustCompile(`<p class="qr-groups"[^>]*>(.*?)</p>`)
var tags = regexp.MustCompile(`<[^>]*>|\s`)

// scan reads the key on the QR page into the browser's authenticator app.
func (b *browser) scan() *browser {
	b.s.t.Helper()
	m := keyGroups.FindStringSubmatch(b.body)
	if m == nil {
		b.s.t.Fatalf("no key on the page at %s (status %d)", b.url, b.status)
	}
	b.seed = secret.Text(tags.ReplaceAllString(m[1], ""))
	return b
}

// code is what the app shows now.
func (b *browser) code() string {
	b.s.t.Helper()
	code, err := totp.Code(b.seed, totp.Step(b.s.clock.now()))
	must(b.s.t, err)
	return code
}

// request is an authorization request; change may alter its parameters.
type request struct {
	url.Values
	verifier string
}

func newRequest(clientID, redirect string) request {
	verifier := secret.New(rand.Reader, secret.KindID).Reveal()
	sum := sha256.Sum256([]byte(verifier))
	return request{verifier: verifier, Values: url.Values{
		"client_id": {clientID}, "redirect_uri": {redirect}, "response_type": {"code"}, "scope": {"openid"},
		"state": {secret.NewID(rand.Reader)}, "nonce": {secret.NewID(rand.Reader)},
		"code_challenge": {base64.RawURLEncoding.EncodeToString(sum[:])}, "code_challenge_method": {"S256"},
	}}
}

func (r request) with(pairs ...string) request {
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] == "" {
			r.Del(pairs[i])
		} else {
			r.Set(pairs[i], pairs[i+1])
		}
	}
	return r
}

func (b *browser) authorize(r request) *browser {
	b.s.t.Helper()
	return b.get(b.s.server.URL + "/authorize?" + r.Encode())
}

// enrol goes through a first login, from the login page to the client.
func (b *browser) enrol(email string) *browser {
	b.s.t.Helper()
	b.at("/login").submit("email", email, "password", testPassword)
	b.at("/enrol").submit()
	b.at("/enrol/qr").scan()
	b.get("/login/code?" + b.url.RawQuery)
	return b.at("/login/code").submit("code", b.code())
}

// login goes through a later login.
func (b *browser) login(email string) *browser {
	b.s.t.Helper()
	b.s.clock.add(30 * time.Second) // the last code is spent
	b.at("/login").submit("email", email, "password", testPassword)
	return b.at("/login/code").submit("code", b.code())
}

// answered gives the parameters of the answer at the client.
func (b *browser) answered() url.Values {
	b.s.t.Helper()
	if b.url.Host == b.s.server.Listener.Addr().String() {
		b.s.t.Fatalf("still at %s (status %d)\n%s", b.url, b.status, b.body)
	}
	return b.url.Query()
}

// token calls an endpoint of clients and decodes its JSON.
func (s *site) call(method, path string, form url.Values, header http.Header) (int, map[string]any, http.Header) {
	s.t.Helper()
	var body io.Reader
	if form != nil {
		body = strings.NewReader(form.Encode())
	}
	req, err := http.NewRequest(method, s.server.URL+path, body)
	must(s.t, err)
	for name, values := range header {
		req.Header[name] = values
	}
	if form != nil && req.Header.Get("Content-Type") == "" {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	res, err := s.server.Client().Do(req)
	must(s.t, err)
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	must(s.t, err)
	out := map[string]any{}
	_ = json.Unmarshal(raw, &out)
	return res.StatusCode, out, res.Header
}

// basic is the client's own authentication.
func (s *site) basic() http.Header {
	h := http.Header{}
	h.Set("Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte("web:"+s.secret.Reveal())))
	return h
}

// redeem exchanges a code as the client "web".
func (s *site) redeem(r request, code string) (int, map[string]any) {
	s.t.Helper()
	status, out, _ := s.call(http.MethodPost, "/token", url.Values{
		"grant_type": {"authorization_code"}, "code": {code}, "redirect_uri": {r.Get("redirect_uri")}, "code_verifier": {r.verifier},
	}, s.basic())
	return status, out
}

// idToken reads the claims of an ID token, without checking it.
func idToken(t testing.TB, tokens map[string]any) map[string]any {
	t.Helper()
	parts := strings.Split(tokens["id_token"].(string), ".")
	raw, err := base64.RawURLEncoding.DecodeString(parts[1])
	must(t, err)
	out := map[string]any{}
	must(t, json.Unmarshal(raw, &out))
	return out
}

var noRecord record.Record
