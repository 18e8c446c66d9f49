package apply_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"html"
	"io"
	"log/slog"
	"mime/multipart"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/textproto"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"omgevingsloket-id/op/apply"
	"omgevingsloket-id/op/web"
	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/application"
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

func production(_ *apply.Room, k *web.Kit) { k.Settings.Practice = false }

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
	kit := &web.Kit{
		Settings: web.Settings{Issuer: s.url, Practice: true, Wordmark: "Omgevingsloket-ID", Helpdesk: web.Helpdesk{Name: "Informatiepunt Leefomgeving"}},
		Catalog:  catalog, Windows: s.db.Windows(), FormKey: []byte("form key of the test"), Log: slog.New(slog.DiscardHandler), Now: s.now, Rand: rand.Reader,
	}
	hasher, err := password.New(password.Config{Params: password.Params{MemoryKiB: 8, Time: 1, Threads: 1}})
	must(s.t, err)
	s.room = &apply.Room{
		Kit: kit, Store: s.db.Applications(), Accounts: s.db.Accounts(), Hasher: hasher, Ring: s.ring, CodeKey: []byte("code key of the test"),
		PerHour: 10_000, AfterMail: func() { s.kicks.Add(1) },
	}
	for _, change := range changes {
		change(s.room, kit)
	}
	s.room.Letters = &letter.Writer{
		FS: templates.FS, Issuer: s.url, StartURL: s.url + "/start", Practice: kit.Settings.Practice, Wordmark: kit.Settings.Wordmark,
		Helpdesk: letter.Helpdesk(kit.Settings.Helpdesk), Rand: rand.Reader,
	}
	must(s.t, s.room.Letters.Prepare())
	must(s.t, kit.Prepare())
	s.room.Mount(kit)
	return kit.Handler()
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
		actions = append(actions, e.Action)
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

// visitor is one browser.
type visitor struct {
	*site
	client *http.Client
	lang   string
	csrf   string
}

func (s *site) visitor() *visitor {
	jar, err := cookiejar.New(nil)
	must(s.t, err)
	return &visitor{site: s, lang: "nl", client: &http.Client{
		Jar:           jar,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// page is one answer.
type page struct {
	t        *testing.T
	status   int
	location string // path and query
	header   http.Header
	body     string
}

func (v *visitor) do(r *http.Request) page {
	v.t.Helper()
	r.Header.Set("Accept-Language", v.lang)
	resp, err := v.client.Do(r)
	must(v.t, err)
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	must(v.t, err)
	if strings.Contains(string(body), ">apply.") || strings.Contains(string(body), "<no value>") {
		v.t.Errorf("%s: a text is missing:\n%s", r.URL.Path, body)
	}
	return page{v.t, resp.StatusCode, strings.TrimPrefix(resp.Header.Get("Location"), v.url), resp.Header, string(body)}
}

func (v *visitor) get(path string) page {
	v.t.Helper()
	r, err := http.NewRequest(http.MethodGet, v.url+path, nil)
	must(v.t, err)
	return v.do(r)
}

var csrfField = regexp.MustCompile(`name="csrf" value="([^"]+)"`)

// token is the browser's form token; the first page gives it.
func (v *visitor) token() string {
	v.t.Helper()
	if v.csrf == "" {
		found := csrfField.FindStringSubmatch(v.get("/apply").body)
		if found == nil {
			v.t.Fatal("no form token on /apply")
		}
		v.csrf = found[1]
	}
	return v.csrf
}

// form makes values out of name, value pairs.
func form(pairs ...string) url.Values {
	values := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		values.Set(pairs[i], pairs[i+1])
	}
	return values
}

func (v *visitor) post(path string, fields url.Values) page {
	v.t.Helper()
	if !fields.Has("csrf") {
		fields.Set("csrf", v.token())
	}
	r, err := http.NewRequest(http.MethodPost, v.url+path, strings.NewReader(fields.Encode()))
	must(v.t, err)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return v.do(r)
}

// part is one part of a multipart form; an empty disposition is made from
// the names.
type part struct {
	name, file, disposition string
	isFile                  bool
	content                 []byte
}

func multipartBody(t *testing.T, parts ...part) (body []byte, contentType string) {
	t.Helper()
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	for _, p := range parts {
		header := textproto.MIMEHeader{}
		switch {
		case p.disposition != "":
			header.Set("Content-Disposition", p.disposition)
		case p.isFile:
			header.Set("Content-Disposition", fmt.Sprintf(`form-data; name="%s"; filename="%s"`, p.name, strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(p.file)))
			header.Set("Content-Type", "application/pdf")
		default:
			header.Set("Content-Disposition", fmt.Sprintf(`form-data; name="%s"`, p.name))
		}
		out, err := w.CreatePart(header)
		must(t, err)
		_, err = out.Write(p.content)
		must(t, err)
	}
	must(t, w.Close())
	return b.Bytes(), w.FormDataContentType()
}

func (v *visitor) parts(parts ...part) page {
	v.t.Helper()
	body, contentType := multipartBody(v.t, parts...)
	r, err := http.NewRequest(http.MethodPost, v.url+"/apply/document", bytes.NewReader(body))
	must(v.t, err)
	r.Header.Set("Content-Type", contentType)
	return v.do(r)
}

// upload sends a document as a browser does; name "" is no file chosen.
func (v *visitor) upload(name string, content []byte) page {
	v.t.Helper()
	return v.parts(part{name: "csrf", content: []byte(v.token())}, part{name: "document", file: name, isFile: true, content: content})
}

// application is what is stored of this browser's draft.
func (v *visitor) application() application.Application {
	v.t.Helper()
	a, err := v.db.Applications().ByHandle(context.Background(), v.handle().Hash())
	must(v.t, err)
	return a
}

func (v *visitor) handle() secret.Text {
	v.t.Helper()
	for _, c := range v.cookies() {
		if c.Name == "olid-apply" {
			return secret.Text(c.Value)
		}
	}
	v.t.Fatal("no handle in the cookies")
	return ""
}

func (v *visitor) cookies() []*http.Cookie {
	u, err := url.Parse(v.url)
	must(v.t, err)
	return v.client.Jar.Cookies(u)
}

func (p page) is(status int) page {
	p.t.Helper()
	if p.status != status {
		p.t.Fatalf("status %d, want %d, location %q\n%s", p.status, status, p.location, p.main())
	}
	return p
}

// leads demands a redirect with 303.
func (p page) leads(to string) page {
	p.t.Helper()
	p.is(http.StatusSeeOther)
	if p.location != to {
		p.t.Fatalf("leads to %q, want %q", p.location, to)
	}
	return p
}

func (p page) has(texts ...string) page {
	p.t.Helper()
	for _, text := range texts {
		if !strings.Contains(html.UnescapeString(p.body), text) {
			p.t.Errorf("without %q:\n%s", text, p.main())
		}
	}
	return p
}

func (p page) without(texts ...string) page {
	p.t.Helper()
	for _, text := range texts {
		if strings.Contains(html.UnescapeString(p.body), text) {
			p.t.Errorf("with %q:\n%s", text, p.main())
		}
	}
	return p
}

// wrong demands the page again, with a problem at a field (and at the top).
func (p page) wrong(field string) page {
	p.t.Helper()
	p.is(http.StatusUnprocessableEntity)
	if !strings.Contains(p.body, `href="#`+field+`"`) || !strings.Contains(p.body, `id="`+field+`-error"`) || !strings.Contains(p.body, `id="`+field+`"`) {
		p.t.Errorf("no problem at %s:\n%s", field, p.main())
	}
	return p
}

// main is the middle of a page, for messages.
func (p page) main() string {
	_, rest, _ := strings.Cut(p.body, `id="main"`)
	middle, _, _ := strings.Cut(rest, "</main>")
	return middle
}

// hidden is the value of a hidden field.
func (p page) hidden(name string) string {
	p.t.Helper()
	found := regexp.MustCompile(`type="hidden" name="` + name + `" value="([^"]*)"`).FindStringSubmatch(p.body)
	if found == nil {
		p.t.Fatalf("no field %s:\n%s", name, p.main())
	}
	return found[1]
}
