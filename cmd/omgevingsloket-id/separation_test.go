package main

import (
	"context"
	"database/sql"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	goredis "github.com/redis/go-redis/v9"

	"omgevingsloket-id/e2e/testenv"
	"omgevingsloket-id/pkg/audit"
	"omgevingsloket-id/pkg/config"
	"omgevingsloket-id/pkg/errs"
	"omgevingsloket-id/pkg/installation"
	"omgevingsloket-id/pkg/secret"
	"omgevingsloket-id/pkg/staff"
)

// startAgain starts another server on a site's configuration, altered.
func (s *site) startAgain(change func(*config.Config)) error {
	s.t.Helper()
	c := s.config
	change(&c)
	a, err := newApp(context.Background(), c, slog.New(slog.DiscardHandler), s.clock.now)
	if err == nil {
		a.stores.close()
	}
	return err
}

// Each environment refuses the other's database, whatever else fits, and
// leaves it as it is; so does every command.
func TestProductionRefusesPracticesDatabase(t *testing.T) {
	practice := newSite(t, nil)
	production, _ := produce(t)
	for _, test := range []struct {
		from, of *site
		word     string
	}{{production, practice, "was made for practice"}, {practice, production, "was made for production"}} {
		before := len(test.of.allEvents())
		err := test.from.startAgain(func(c *config.Config) {
			c.Database, c.MasterKeyFile = test.of.config.Database, test.of.config.MasterKeyFile
		})
		if !errors.Is(err, installation.ErrMismatch) || !strings.Contains(err.Error(), test.word) {
			t.Error(err)
		}
		// With one's own keys it is not even read.
		if err := test.from.startAgain(func(c *config.Config) { c.Database = test.of.config.Database }); !errors.Is(err, installation.ErrMismatch) {
			t.Error(err)
		}
		if after := len(test.of.allEvents()); after != before {
			t.Error("a refused start left", after-before, "events")
		}
	}
	if err := practice.startAgain(func(c *config.Config) { c.MasterKeyFile = production.config.MasterKeyFile }); err == nil {
		t.Error("practice's database with production's keys")
	}
	if err := practice.startAgain(func(*config.Config) {}); err != nil {
		t.Error("its own:", err)
	}
	// Nor is its schema moved: the wall comes before the migrations.
	db, err := sql.Open("sqlite", strings.TrimPrefix(practice.config.Database.URL.Reveal(), "sqlite:"))
	must(t, err)
	defer db.Close()
	run1(t, db, `DELETE FROM goose_db_version WHERE version_id = (SELECT MAX(version_id) FROM goose_db_version)`)
	if err := production.startAgain(func(c *config.Config) { c.Database = practice.config.Database }); !errors.Is(err, installation.ErrMismatch) {
		t.Error("another's schema is moved:", err)
	}
}

func (s *site) allEvents() []audit.Event {
	s.t.Helper()
	events, err := s.stores.db.Audit().Events(s.t.Context(), 0, 10_000)
	must(s.t, err)
	return events
}

// The issuer is part of what a database is for; only a command moves it, and
// no command moves the environment.
func TestIssuerIsMovedOnPurpose(t *testing.T) {
	s, _ := produce(t)
	was := s.config.Issuer
	moved := func(c *config.Config) { c.Issuer = "https://elsewhere.example" }
	if err := s.startAgain(moved); !errors.Is(err, installation.ErrMismatch) || !strings.Contains(err.Error(), "migrate --issuer-was "+was) {
		t.Error(err)
	}
	dir := t.TempDir()
	file := filepath.Join(dir, "olid.yaml")
	write := func(environment, issuer string) {
		ring := filepath.Join(dir, "ring")
		text, err := os.ReadFile(s.config.MasterKeyFile)
		must(t, err)
		if environment == "practice" {
			text = []byte(strings.ReplaceAll(string(text), "production-", "k"))
		}
		must(t, os.WriteFile(ring, text, 0o600))
		must(t, os.WriteFile(file, []byte("environment: "+environment+"\nissuer: "+issuer+"\nmaster_key_file: "+ring+"\ndatabase: {url: '"+s.config.Database.URL.Reveal()+
			"'}\nmail: {from: a@id.example, smtp_url: 'smtps://relay.example:465'}\nhelpdesk: {phone: '1'}\n"), 0o600))
	}
	write("production", "https://elsewhere.example")
	if code, _, err := command(t, "audit", "export", "--config", file); code != exitFailed || !strings.Contains(err, "--issuer-was") {
		t.Error("a command works on another issuer's database:", code, err)
	}
	for _, wrong := range []string{"https://nobody.example", "https://elsewhere.example"} {
		if code, _, err := command(t, "migrate", "--config", file, "--issuer-was", wrong); code != exitWrongUse {
			t.Error(wrong, code, err)
		}
	}
	write("practice", "https://elsewhere.example")
	if code, _, err := command(t, "migrate", "--config", file, "--issuer-was", was); code != exitWrongUse {
		t.Error("the environment was moved:", code, err)
	}
	write("production", "https://elsewhere.example")
	if code, _, err := command(t, "migrate", "--config", file, "--issuer-was", was); code != exitOK {
		t.Error(code, err)
	}
	if err := s.startAgain(moved); err != nil {
		t.Error(err)
	}
	if err := s.startAgain(func(*config.Config) {}); !errors.Is(err, installation.ErrMismatch) {
		t.Error("the old issuer still starts:", err)
	}
	events, err := s.stores.db.Audit().Find(t.Context(), audit.Filter{Action: "installation.moved"}, 9)
	if err != nil || len(events) != 1 || events[0].Details["was"] != was || events[0].ActorKind != audit.ActorOperator {
		t.Error(events, err)
	}
	// Practice on this machine alone follows its ports (`demo --listen`).
	local := newSite(t, nil)
	if err := local.startAgain(func(c *config.Config) { c.Issuer = "http://localhost:18999" }); err != nil {
		t.Error(err)
	}
	if err := local.startAgain(func(c *config.Config) { c.Issuer = "https://practice.example" }); !errors.Is(err, installation.ErrMismatch) {
		t.Error("it left the machine:", err)
	}
}

// Both environments on one Redis: nothing that the one keeps is found by the
// other, and no cookie, code or token of practice is worth anything at
// production, nor the other way round.
func TestProductionRefusesPracticesSessions(t *testing.T) {
	address := testenv.Redis(t)
	shared := func(c *config.Config) { c.Redis.URL = secret.Text(address) }
	practice := newSite(t, shared)
	production, desk := produce(t, shared)
	for _, pair := range [][2]*site{{practice, production}, {production, practice}} {
		here, there := pair[0], pair[1]
		here.person(testEmail)
		r := newRequest("web", callbackURI)
		b := here.browser().authorize(r)
		b.enrol(testEmail)
		code := b.answered().Get("code")
		if status, _ := there.redeem(r, code); status != http.StatusBadRequest {
			t.Error("a code is redeemed elsewhere:", status)
		}
		status, tokens := here.redeem(r, code)
		if status != http.StatusOK {
			t.Fatal(tokens)
		}
		bearer := http.Header{"Authorization": {"Bearer " + tokens["access_token"].(string)}}
		if status, _, _ := there.call(http.MethodGet, "/userinfo", nil, bearer); status != http.StatusUnauthorized {
			t.Error("an access token is taken elsewhere:", status)
		}
		if status, _, _ := here.call(http.MethodGet, "/userinfo", nil, bearer); status != http.StatusOK {
			t.Error("nor at home:", status)
		}
		hint := url.Values{"id_token_hint": {tokens["id_token"].(string)}, "prompt": {"none"}}
		other := there.browser().carrying(b)
		if other.get("/portals"); other.url.Path == "/portals" {
			t.Error("a session is taken elsewhere")
		}
		again := newRequest("web", callbackURI).with("prompt", "none", "id_token_hint", hint.Get("id_token_hint"))
		if other.authorize(again); other.url.Query().Get("error") == "" {
			t.Error("logged in elsewhere:", other.url, other.status)
		}
	}
	official := practice.official("olga@gov.example", staff.Auditor)
	desk.browser().carrying(official).get("/console").at("/console/login")

	raw, err := goredis.ParseURL(address)
	must(t, err)
	client := goredis.NewClient(raw)
	t.Cleanup(func() { _ = client.Close() })
	keys, err := client.Keys(t.Context(), "*").Result()
	must(t, err)
	count := map[string]int{}
	for _, key := range keys {
		count[strings.Split(key, ":")[1]]++
	}
	if len(count) != 2 || count[installationOf(practice.config).Namespace()] == 0 || count[installationOf(production.config).Namespace()] == 0 {
		t.Error("names in the shared Redis:", count)
	}
	// The very handle, asked for at the store.
	for _, key := range keys {
		hash := key[strings.LastIndex(key, ":")+1:]
		_, errPractice := practice.stores.sessions.Get(t.Context(), hash)
		_, errProduction := production.stores.sessions.Get(t.Context(), hash)
		if errPractice == nil && errProduction == nil || !errors.Is(errors.Join(errPractice, errProduction), errs.ErrNotFound) {
			t.Error("one session at both:", key)
		}
	}
}

// carrying gives a browser another one's cookies, under the names of both
// environments.
func (b *browser) carrying(other *browser) *browser {
	at, err := url.Parse(b.s.server.URL)
	must(b.s.t, err)
	from, err := url.Parse(other.s.server.URL)
	must(b.s.t, err)
	var cookies []*http.Cookie
	for _, c := range other.http.Jar.Cookies(from) {
		plain := strings.TrimPrefix(c.Name, "__Host-")
		cookies = append(cookies, &http.Cookie{Name: plain, Value: c.Value, Path: "/"}, &http.Cookie{Name: "__Host-" + plain, Value: c.Value, Path: "/", Secure: true})
	}
	if len(cookies) == 0 {
		b.s.t.Fatal("no cookies to carry")
	}
	b.http.Jar.SetCookies(at, cookies)
	return b
}

// A new database of before this wall existed is taken by who comes first; of
// a crowd of servers one tells of it.
func TestInstallationIsClaimedOnce(t *testing.T) {
	s := newSite(t, nil)
	claimed := 0
	for _, e := range s.allEvents() {
		if e.Action == "installation.claimed" {
			claimed++
		}
	}
	if claimed != 1 {
		t.Error(claimed, "claims")
	}
	have, err := s.stores.db.Installation().Made(t.Context())
	if err != nil || have != installationOf(s.config) {
		t.Error(have, err)
	}
	if a, b := (installation.Installation{Environment: "a", Issuer: "b"}), (installation.Installation{Environment: "ab"}); a.Namespace() == b.Namespace() {
		t.Error("two installations have one name")
	}
}
