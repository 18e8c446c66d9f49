package apply_test

import (
	"context"
	"crypto/rand"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"omgevingsloket-id/op/apply"
	"omgevingsloket-id/op/web"
	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/audit"
	"omgevingsloket-id/pkg/letter"
	"omgevingsloket-id/pkg/mail"
	"omgevingsloket-id/pkg/password"
	"omgevingsloket-id/pkg/secret"
	"omgevingsloket-id/storage/sql"
	"omgevingsloket-id/templates"
)

// site is the room on a real server with a real database of its own.
type site struct {
	t     *testing.T
	url   string
	file  string // of the database
	db    *sql.DB
	ring  *secret.KeyRing
	room  *apply.Room
	clock atomic.Int64 // Unix milliseconds
	kicks atomic.Int64 // of the mail worker

	mu    sync.Mutex
	inbox []mail.Message
}

func (s *site) now() time.Time          { return time.UnixMilli(s.clock.Load()).UTC() }
func (s *site) advance(d time.Duration) { s.clock.Add(d.Milliseconds()) }

// options change a site before it opens.
type options func(*apply.Room, *web.Kit)

func production(_ *apply.Room, k *web.Kit) { k.Pages.Settings.Practice, k.Pages.Settings.AtOnce = false, false }

func newSite(t *testing.T, changes ...options) *site {
	t.Helper()
	s := &site{t: t, file: filepath.Join(t.TempDir(), "olid.db")}
	s.clock.Store(time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC).UnixMilli())
	keys, err := secret.NewKeyRingFile("k1", rand.Reader)
	must(t, err)
	s.ring, err = secret.ParseKeyRing(keys, rand.Reader)
	must(t, err)
	s.db, err = sql.Open(t.Context(), sql.Options{URL: secret.Text("sqlite:" + s.file), Ring: s.ring, Now: s.now})
	must(t, err)
	t.Cleanup(func() { _ = s.db.Close() })
	must(t, s.db.Migrate(t.Context()))

	// The address has to be known before the kit is made, and the kit before
	// the server can answer.
	var handler atomic.Value
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { handler.Load().(http.Handler).ServeHTTP(w, r) }))
	t.Cleanup(server.Close)
	s.url = server.URL
	handler.Store(s.handler(changes))
	return s
}

func (s *site) handler(changes []options) http.Handler {
	catalog, err := web.LoadCatalog()
	must(s.t, err)
	catalog.Missing = func(lang, key string) { s.t.Errorf("no text in %s for %q", lang, key) }
	kit, err := web.New(web.Options{
		Settings: web.Settings{Issuer: s.url, Practice: true, AtOnce: true, Wordmark: "Omgevingsloket-ID", Helpdesk: web.Helpdesk{Name: "Informatiepunt Leefomgeving"}},
		Catalog:  catalog, Windows: s.db.Windows(), FormKey: []byte("form key of the test"), Log: slog.New(slog.DiscardHandler), Now: s.now, Rand: rand.Reader,
	})
	must(s.t, err)
	hasher, err := password.New(password.Config{Params: password.Params{MemoryKiB: 8, Time: 1, Threads: 1}})
	must(s.t, err)
	s.room = &apply.Room{
		Pages: kit.Pages, Cookies: kit.Cookies, Limits: kit.Limits, Now: s.now, Rand: rand.Reader, Store: s.db.Applications(), Accounts: s.db.Accounts(), Hasher: hasher, Ring: s.ring, CodeKey: []byte("code key of the test"),
		PerHour: 10_000,
	}
	for _, change := range changes {
		change(s.room, kit)
	}
	s.db.OnMail(func() { s.kicks.Add(1) })
	s.room.Letters = &letter.Writer{
		FS: templates.FS, Issuer: s.url, StartURL: s.url + "/start", Practice: kit.Pages.Settings.Practice, AtOnce: kit.Pages.Settings.AtOnce, Wordmark: kit.Pages.Settings.Wordmark,
		Helpdesk: letter.Helpdesk(kit.Pages.Settings.Helpdesk), Rand: rand.Reader,
	}
	must(s.t, s.room.Letters.Prepare())
	s.room.Mount(kit.Router)
	return kit.Router.Handler()
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// mails are all that went into the outbox so far, oldest first.
func (s *site) mails() []mail.Message {
	s.t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	items, err := s.db.Outbox().Take(context.Background(), s.now(), time.Hour, 1000)
	must(s.t, err)
	for _, item := range items {
		must(s.t, s.db.Outbox().Sent(context.Background(), item.ID))
		s.inbox = append(s.inbox, item.Message)
	}
	return s.inbox
}

// mailsTo are those to one address.
func (s *site) mailsTo(address string) []mail.Message {
	s.t.Helper()
	return slices.DeleteFunc(slices.Clone(s.mails()), func(m mail.Message) bool { return m.To != address })
}

var codeInMail = regexp.MustCompile(`(?m)^ +(\d{6})$`)

// code is the one in the newest mail to an address.
func (s *site) code(address string) string {
	s.t.Helper()
	mails := s.mailsTo(address)
	if len(mails) == 0 {
		s.t.Fatalf("no mail to %s", address)
	}
	found := codeInMail.FindStringSubmatch(mails[len(mails)-1].Text.Reveal())
	if found == nil {
		s.t.Fatalf("no code in\n%s", mails[len(mails)-1].Text.Reveal())
	}
	return found[1]
}

// wrongCode is none that was mailed to an address.
func (s *site) wrongCode(address string) string {
	if s.code(address) == "000000" {
		return "111111"
	}
	return "000000"
}

func (s *site) events() []audit.Event {
	s.t.Helper()
	events, err := s.db.Audit().Events(context.Background(), 0, 1000)
	must(s.t, err)
	return events
}

func (s *site) actions() []string {
	s.t.Helper()
	var actions []string
	for _, e := range s.events() {
		actions = append(actions, string(e.Action))
	}
	return actions
}

// account is the one of an address, or nil.
func (s *site) account(email string) *account.Account {
	a, err := s.db.Accounts().ByEmail(context.Background(), email)
	if err != nil {
		return nil
	}
	return &a
}

// bytes are all that the database keeps on disk.
func (s *site) bytes() []byte {
	s.t.Helper()
	var all []byte
	for _, name := range []string{s.file, s.file + "-wal"} {
		b, err := os.ReadFile(name)
		if err != nil && !os.IsNotExist(err) {
			s.t.Fatal(err)
		}
		all = append(all, b...)
	}
	return all
}
