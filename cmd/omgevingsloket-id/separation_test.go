package main

import (
	"context"
	"database/sql"
	"errors"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	goredis "github.com/redis/go-redis/v9"

	"omgevingsloket-id/cmd/omgevingsloket-id/app"
	"omgevingsloket-id/e2e/site"
	"omgevingsloket-id/e2e/testenv"
	"omgevingsloket-id/pkg/audit"
	"omgevingsloket-id/pkg/config"
	"omgevingsloket-id/pkg/errs"
	"omgevingsloket-id/pkg/installation"
	"omgevingsloket-id/pkg/secret"
	"omgevingsloket-id/pkg/staff"
)

// startAgain starts another server with a site's configuration after change.
func startAgain(s *site.Site, change func(*config.Config)) error {
	s.T.Helper()
	c := s.Config
	change(&c)
	a, err := app.New(context.Background(), c, app.Options{Now: s.Clock.Now})
	if err == nil {
		a.Close()
	}
	return err
}

// Each environment refuses the other's database, even if all else matches, and does not
// change it; so does every command.
func TestProductionRefusesPracticesDatabase(t *testing.T) {
	t.Parallel()
	practice := site.New(t, nil)
	production, _ := site.NewProduction(t)
	for _, test := range []struct {
		from, of *site.Site
		word     string
	}{{production, practice, "was made for practice"}, {practice, production, "was made for production"}} {
		before := len(allEvents(test.of))
		err := startAgain(test.from, func(c *config.Config) {
			c.Database, c.MasterKeyFile = test.of.Config.Database, test.of.Config.MasterKeyFile
		})
		if !errors.Is(err, installation.ErrMismatch) || !strings.Contains(err.Error(), test.word) {
			t.Error(err)
		}
		// With other keys it cannot even be read.
		if err := startAgain(test.from, func(c *config.Config) { c.Database = test.of.Config.Database }); !errors.Is(err, installation.ErrMismatch) {
			t.Error(err)
		}
		if after := len(allEvents(test.of)); after != before {
			t.Error("a refused start left", after-before, "events")
		}
	}
	if err := startAgain(practice, func(c *config.Config) { c.MasterKeyFile = production.Config.MasterKeyFile }); err == nil {
		t.Error("practice's database with production's keys")
	}
	if err := startAgain(practice, func(*config.Config) {}); err != nil {
		t.Error("its own:", err)
	}
	// Its schema is not migrated either: the check comes before the migrations.
	db, err := sql.Open("sqlite", strings.TrimPrefix(practice.Config.Database.URL.Reveal(), "sqlite:"))
	site.Must(t, err)
	t.Cleanup(func() { site.Must(t, db.Close()) })
	run1(t, db, `DELETE FROM goose_db_version WHERE version_id = (SELECT MAX(version_id) FROM goose_db_version)`)
	if err := startAgain(production, func(c *config.Config) { c.Database = practice.Config.Database }); !errors.Is(err, installation.ErrMismatch) {
		t.Error("another's schema is moved:", err)
	}
}

func allEvents(s *site.Site) []audit.Event {
	s.T.Helper()
	events, err := s.Stores.DB.Audit().Events(s.T.Context(), 0, 10_000)
	site.Must(s.T, err)
	return events
}

// The issuer is part of a database's installation. A command can change it; no command
// can change the environment.
func TestIssuerIsMovedOnPurpose(t *testing.T) {
	t.Parallel()
	s, _ := site.NewProduction(t)
	was := s.Config.Issuer
	moved := func(c *config.Config) { c.Issuer = "https://elsewhere.example" }
	if err := startAgain(s, moved); !errors.Is(err, installation.ErrMismatch) || !strings.Contains(err.Error(), "migrate --issuer-was "+was) {
		t.Error(err)
	}
	dir := t.TempDir()
	file := filepath.Join(dir, "olid.yaml")
	write := func(environment, issuer string) {
		ring := filepath.Join(dir, "ring")
		text, err := os.ReadFile(s.Config.MasterKeyFile)
		site.Must(t, err)
		if environment == "practice" {
			text = []byte(strings.ReplaceAll(string(text), "production-", "k"))
		}
		site.Must(t, os.WriteFile(ring, text, 0o600))
		site.Must(t, os.WriteFile(file, []byte("environment: "+environment+"\nissuer: "+issuer+"\nmaster_key_file: "+ring+"\ndatabase: {url: '"+s.Config.Database.URL.Reveal()+
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
	if err := startAgain(s, moved); err != nil {
		t.Error(err)
	}
	if err := startAgain(s, func(*config.Config) {}); !errors.Is(err, installation.ErrMismatch) {
		t.Error("the old issuer still starts:", err)
	}
	events, err := s.Stores.DB.Audit().Find(t.Context(), audit.Filter{Action: "installation.moved"}, 9)
	if err != nil || len(events) != 1 || events[0].Details["was"] != was || events[0].ActorKind != audit.ActorOperator {
		t.Error(events, err)
	}
	// Practice on localhost may change its port (`demo --listen`).
	local := site.New(t, nil)
	if err := startAgain(local, func(c *config.Config) { c.Issuer = "http://localhost:18999" }); err != nil {
		t.Error(err)
	}
	if err := startAgain(local, func(c *config.Config) { c.Issuer = "https://practice.example" }); !errors.Is(err, installation.ErrMismatch) {
		t.Error("it left the machine:", err)
	}
}

// With both environments on one Redis, neither finds what the other stored, and no
// cookie, code or token of one is valid at the other.
func TestProductionRefusesPracticesSessions(t *testing.T) {
	t.Parallel()
	address := testenv.Redis(t)
	shared := func(c *config.Config) { c.Redis.URL = secret.Text(address) }
	practice := site.New(t, shared)
	production, desk := site.NewProduction(t, shared)
	for _, pair := range [][2]*site.Site{{practice, production}, {production, practice}} {
		here, there := pair[0], pair[1]
		here.Person(site.Email)
		r := site.NewRequest("web", site.CallbackURI)
		b := here.Browser().Authorize(r)
		b.Enrol(site.Email)
		code := b.Answered().Get("code")
		if status, _ := there.Redeem(r, code); status != http.StatusBadRequest {
			t.Error("a code is redeemed elsewhere:", status)
		}
		status, tokens := here.Redeem(r, code)
		if status != http.StatusOK {
			t.Fatal(tokens)
		}
		bearer := http.Header{"Authorization": {"Bearer " + tokens["access_token"].(string)}}
		if status, _, _ := there.Call(http.MethodGet, "/userinfo", nil, bearer); status != http.StatusUnauthorized {
			t.Error("an access token is taken elsewhere:", status)
		}
		if status, _, _ := here.Call(http.MethodGet, "/userinfo", nil, bearer); status != http.StatusOK {
			t.Error("nor at home:", status)
		}
		hint := url.Values{"id_token_hint": {tokens["id_token"].(string)}, "prompt": {"none"}}
		other := there.Browser().Carrying(b)
		if other.Get("/portals"); other.URL.Path == "/portals" {
			t.Error("a session is taken elsewhere")
		}
		again := site.NewRequest("web", site.CallbackURI).With("prompt", "none", "id_token_hint", hint.Get("id_token_hint"))
		if other.Authorize(again); other.URL.Query().Get("error") == "" {
			t.Error("logged in elsewhere:", other.URL, other.Status)
		}
	}
	official := practice.Official("olga@gov.example", staff.Auditor)
	desk.Browser().Carrying(official).Get("/console").At("/console/login")

	raw, err := goredis.ParseURL(address)
	site.Must(t, err)
	client := goredis.NewClient(raw)
	t.Cleanup(func() { _ = client.Close() })
	keys, err := client.Keys(t.Context(), "*").Result()
	site.Must(t, err)
	count := map[string]int{}
	for _, key := range keys {
		count[strings.Split(key, ":")[1]]++
	}
	if len(count) != 2 || count[app.InstallationOf(practice.Config).Namespace()] == 0 || count[app.InstallationOf(production.Config).Namespace()] == 0 {
		t.Error("names in the shared Redis:", count)
	}
	// Read the same handle from the store.
	for _, key := range keys {
		hash := key[strings.LastIndex(key, ":")+1:]
		_, errPractice := practice.Stores.Sessions.Get(t.Context(), hash)
		_, errProduction := production.Stores.Sessions.Get(t.Context(), hash)
		if errPractice == nil && errProduction == nil || !errors.Is(errors.Join(errPractice, errProduction), errs.ErrNotFound) {
			t.Error("one session at both:", key)
		}
	}
}

// A database from before there were installations is claimed by the first server; of
// simultaneous servers one writes the event.
func TestInstallationIsClaimedOnce(t *testing.T) {
	t.Parallel()
	s := site.New(t, nil)
	claimed := 0
	for _, e := range allEvents(s) {
		if e.Action == "installation.claimed" {
			claimed++
		}
	}
	if claimed != 1 {
		t.Error(claimed, "claims")
	}
	have, err := s.Stores.DB.Installation().Owner(t.Context())
	if err != nil || have != app.InstallationOf(s.Config) {
		t.Error(have, err)
	}
	if a, b := (installation.Installation{Environment: "a", Issuer: "b"}), (installation.Installation{Environment: "ab"}); a.Namespace() == b.Namespace() {
		t.Error("two installations have one name")
	}
}
