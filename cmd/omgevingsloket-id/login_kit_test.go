package main

import (
	"context"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"omgevingsloket-id/e2e/testenv"
	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/audit"
	"omgevingsloket-id/pkg/config"
	"omgevingsloket-id/pkg/password"
	"omgevingsloket-id/pkg/record"
	"omgevingsloket-id/pkg/secret"
	"omgevingsloket-id/pkg/totp"
	"omgevingsloket-id/storage/storagetest"
)

// onServers puts a site on a real PostgreSQL and a real Redis.
func onServers(t testing.TB) func(*config.Config) {
	database, cache := testenv.Postgres(t), testenv.Redis(t)
	return func(c *config.Config) {
		c.Database.URL, c.Redis.URL = secret.Text(database), secret.Text(cache)
	}
}

// watched gives a site whose store calls are counted and can be made to fail.
func watched(t testing.TB, change func(*config.Config)) (*site, *storagetest.Faults) {
	t.Helper()
	f := &storagetest.Faults{}
	return newSiteWith(t, change, func(s *stores) {
		w := f.Wrap(storagetest.Stores{
			Accounts: s.accounts, Lanes: s.lanes, Consents: s.consents, Grants: s.grants, Requests: s.requests, Sessions: s.sessions, Windows: s.windows,
		})
		s.accounts, s.lanes, s.consents, s.grants, s.requests, s.sessions, s.windows = w.Accounts, w.Lanes, w.Consents, w.Grants, w.Requests, w.Sessions, w.Windows
	}), f
}

// twin starts a second server of the same installation, whose clock is ahead
// of the first one's.
func (s *site) twin(ahead time.Duration) *site {
	s.t.Helper()
	other := &site{t: s.t, clock: s.clock, secret: s.secret}
	log := slog.New(slog.NewTextHandler(testWriter{s.t}, &slog.HandlerOptions{Level: slog.LevelError}))
	var err error
	other.app, err = newApp(context.Background(), s.config, log, func() time.Time { return s.clock.now().Add(ahead) })
	must(s.t, err)
	s.t.Cleanup(other.stores.close)
	other.server = httptest.NewServer(other.app.site)
	s.t.Cleanup(other.server.Close)
	return other
}

// on is the same browser, turned to another server of the installation.
func (b *browser) on(s *site) *browser {
	b.s.t.Helper()
	other := *b
	other.s = s
	u := *b.url
	u.Host = s.server.Listener.Addr().String()
	other.url = &u
	return &other
}

func (s *site) hashes() uint64 { return s.rules.Hasher.(*password.Hasher).Computations() }

// active makes an account that has linked its app, and the browser it did so
// in.
func (s *site) active(email string) (account.Account, *browser) {
	s.t.Helper()
	a := s.person(email)
	b := s.browser()
	b.authorize(newRequest("web", callbackURI)).enrol(email).answered()
	return s.reload(a), b
}

// shown makes an account whose QR was shown, and the browser on its code page.
func (s *site) shown(email string) (account.Account, *browser) {
	s.t.Helper()
	a := s.person(email)
	b := s.browser()
	b.authorize(newRequest("web", callbackURI)).submit("email", email, "password", testPassword)
	b.at("/enrol").submit()
	b.at("/enrol/qr").scan().get("/login/code?" + b.url.RawQuery)
	return s.reload(a), b.at("/login/code")
}

// blocked blocks an account as the helpdesk would.
func (s *site) blocked(a account.Account) account.Account {
	s.t.Helper()
	must(s.t, s.rules.Accounts.Block(context.Background(), a.ID, 0, account.Reported, "BLCK-"+strings.ToUpper(a.ID[:4]), s.clock.now(), record.Record{}))
	return s.reload(a)
}

// fill locks the lane of strangers for an address.
func (s *site) fill(email string) {
	s.t.Helper()
	b := s.browser().authorize(newRequest("web", callbackURI))
	for range 5 {
		b.at("/login").submit("email", email, "password", "not the password at all")
	}
}

// wrong is a code that is right in none of the steps around now.
func (b *browser) wrong() string {
	b.s.t.Helper()
	return wrongCode(b.s.t, b.seed, b.s.clock.now())
}

func wrongCode(t testing.TB, seed secret.Text, now time.Time) string {
	t.Helper()
	var right []string
	for step := totp.Step(now) - 3; step <= totp.Step(now)+3; step++ {
		code, err := totp.Code(seed, step)
		must(t, err)
		right = append(right, code)
	}
	for _, guess := range []string{"000000", "111111", "222222", "333333", "444444", "555555", "666666", "777777"} {
		if !slices.Contains(right, guess) {
			return guess
		}
	}
	t.Fatal("seven codes of eight guesses are right")
	return ""
}

// says demands a piece of text on the page.
func (b *browser) says(text string) *browser {
	b.s.t.Helper()
	if !strings.Contains(b.body, text) {
		b.s.t.Fatalf("at %s (status %d): no %q on the page\n%s", b.url, b.status, text, b.body)
	}
	return b
}

// is demands a status.
func (b *browser) is(status int) *browser {
	b.s.t.Helper()
	if b.status != status {
		b.s.t.Fatalf("at %s: status %d, want %d\n%s", b.url, b.status, status, b.body)
	}
	return b
}

// cookies are this browser's, by name.
func (b *browser) cookies() map[string]string {
	u, err := url.Parse(b.s.server.URL)
	must(b.s.t, err)
	out := map[string]string{}
	for _, c := range b.http.Jar.Cookies(u) {
		out[c.Name] = c.Value
	}
	return out
}

// give puts cookies into this browser, as somebody who plants them would.
func (b *browser) give(cookies map[string]string) {
	u, err := url.Parse(b.s.server.URL)
	must(b.s.t, err)
	var list []*http.Cookie
	for _, name := range slices.Sorted(maps.Keys(cookies)) {
		list = append(list, &http.Cookie{Name: name, Value: cookies[name], Path: "/"})
	}
	b.http.Jar.SetCookies(u, list)
}

// post sends a form of this browser to any address of ours, whatever page it
// is on.
func (b *browser) post(target string, fields ...string) *browser {
	b.s.t.Helper()
	return b.do(b.formTo(target, fields...))
}

func (b *browser) formTo(target string, fields ...string) *http.Request {
	b.s.t.Helper()
	form := url.Values{"csrf": {secret.MAC(b.s.kit.FormKey, "form", b.cookies()[browserCookie])}}
	for i := 0; i+1 < len(fields); i += 2 {
		form.Add(fields[i], fields[i+1])
	}
	req := b.request(http.MethodPost, target, strings.NewReader(form.Encode()))
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Sec-Fetch-Site", "same-origin")
	return req
}

// answer is one response, looked at byte by byte.
type answer struct {
	status int
	header http.Header
	body   string
}

// send makes one request with the browser's cookies and follows nothing. What
// it sets, the browser keeps.
func (b *browser) send(req *http.Request) answer {
	b.s.t.Helper()
	res, err := b.http.Do(req)
	must(b.s.t, err)
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	must(b.s.t, err)
	return answer{res.StatusCode, res.Header, string(body)}
}

func (b *browser) request(method, target string, body io.Reader) *http.Request {
	b.s.t.Helper()
	req, err := http.NewRequest(method, b.s.server.URL+target, body)
	must(b.s.t, err)
	return req
}

var requestReference = regexp.MustCompile(`<code dir="ltr">[0-9a-f]{12}</code>`)

// plain is the answer without what differs between any two: the date, and the
// reference of an error page.
func (a answer) plain() answer {
	h := a.header.Clone()
	h.Del("Date")
	return answer{a.status, h, requestReference.ReplaceAllString(a.body, "REFERENCE")}
}

// happened gives what the record says about an account, newest first.
func (s *site) happened(a account.Account) []audit.Event {
	s.t.Helper()
	events, err := s.stores.db.Audit().EventsAbout(context.Background(), "account", a.ID, 100)
	must(s.t, err)
	return events
}

// mails gives the kinds of the mails to an address since the last call.
func (s *site) mails(email string) []string {
	s.t.Helper()
	items, err := s.stores.db.Outbox().Take(context.Background(), s.clock.now(), time.Hour, 100)
	must(s.t, err)
	var kinds []string
	for _, item := range items {
		if item.To == email {
			kinds = append(kinds, item.Kind)
		}
	}
	return kinds
}

// atOnce runs do so many times at the same moment.
func atOnce(n int, do func(i int)) {
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
