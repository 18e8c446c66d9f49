package apply_test

import (
	"context"
	"io"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"omgevingsloket-id/cmd/omgevingsloket-id/app"
	"omgevingsloket-id/e2e/site"
	"omgevingsloket-id/op"
	"omgevingsloket-id/op/apply"
	"omgevingsloket-id/op/web"
	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/application"
	"omgevingsloket-id/pkg/audit"
	"omgevingsloket-id/pkg/config"
	"omgevingsloket-id/pkg/document"
	"omgevingsloket-id/pkg/mail"
	"omgevingsloket-id/pkg/secret"
)

// applySite is a site and the mails that it has sent.
type applySite struct {
	*site.Site
	kicks atomic.Int64 // of the mail worker

	mu    sync.Mutex
	inbox []mail.Message
}

// newSite starts a practice environment.
func newSite(t *testing.T) *applySite {
	t.Helper()
	return withMails(site.New(t, nil))
}

// newProduction starts production, where officials decide.
func newProduction(t *testing.T, change ...func(*config.Config)) *applySite {
	t.Helper()
	s, _ := site.NewProduction(t, change...)
	return withMails(s)
}

// newIn starts one of the two by name.
func newIn(t *testing.T, environment string) *applySite {
	t.Helper()
	if environment == "production" {
		return newProduction(t)
	}
	return newSite(t)
}

// newAltered starts a practice environment of this room alone, with a change that
// neither the configuration nor app.Stores can make.
func newAltered(t *testing.T, change func(*apply.Room)) *applySite {
	t.Helper()
	return withMails(site.Start(t, site.Setup{Citizens: altered(t, change)}))
}

// altered returns the site of this room alone, with a change.
func altered(t *testing.T, change func(*apply.Room)) func(*app.App) http.Handler {
	return func(a *app.App) http.Handler {
		kit, err := web.New(web.Options{
			Settings: a.Kit.Pages.Settings, Catalog: a.Kit.Pages.Catalog, Windows: a.Stores.Windows, FormKey: a.Kit.Cookies.FormKey,
			Log: a.Log, Now: a.Now, Rand: a.Rand,
		})
		site.Must(t, err)
		hasher, err := app.NewHasher(a.Config, a.Now)
		site.Must(t, err)
		letters, err := app.NewLetters(a.Config, a.Rand)
		site.Must(t, err)
		room := &apply.Room{
			Pages: kit.Pages, Cookies: kit.Cookies, Limits: kit.Limits, Now: a.Now, Rand: a.Rand, Store: a.Stores.DB.Applications(), Cases: a.Stores.DB.Cases(), Accounts: a.Stores.Accounts, Hasher: hasher, Queue: hasher, Letters: letters,
			Ring: a.Stores.Ring, CodeKey: []byte("code key of the test"), PerHour: a.Config.Limits.ApplyPerHour, Tries: a.Config.Limits.ApplyTries,
			Documents: document.NewWorker(2, os.Args[0], "inspect-document"),
		}
		change(room)
		return op.New(kit, room)
	}
}

func withMails(s *site.Site) *applySite {
	out := &applySite{Site: s}
	s.Stores.DB.OnMail(func() { out.kicks.Add(1) })
	return out
}

// mails returns all mails of the outbox so far, oldest first.
func (s *applySite) mails() []mail.Message {
	s.T.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	items, err := s.Stores.DB.Outbox().Take(context.Background(), s.Clock.Now(), time.Hour, 1000)
	site.Must(s.T, err)
	for _, item := range items {
		site.Must(s.T, s.Stores.DB.Outbox().Sent(context.Background(), item.Message, s.Clock.Now()))
		s.inbox = append(s.inbox, item.Message)
	}
	return s.inbox
}

// mailsTo returns the mails to one address.
func (s *applySite) mailsTo(address string) []mail.Message {
	s.T.Helper()
	return slices.DeleteFunc(slices.Clone(s.mails()), func(m mail.Message) bool { return m.To != address })
}

var codeInMail = regexp.MustCompile(`(?m)^ +(\d{6})$`)

// code returns the code in the newest mail to an address.
func (s *applySite) code(address string) string {
	s.T.Helper()
	mails := s.mailsTo(address)
	if len(mails) == 0 {
		s.T.Fatalf("no mail to %s", address)
	}
	found := codeInMail.FindStringSubmatch(mails[len(mails)-1].Text.Reveal())
	if found == nil {
		s.T.Fatalf("no code in\n%s", mails[len(mails)-1].Text.Reveal())
	}
	return found[1]
}

// wrongCode returns a code that is not in the newest mail to an address.
func (s *applySite) wrongCode(address string) string {
	if s.code(address) == "000000" {
		return "111111"
	}
	return "000000"
}

// events returns the events about applications and accounts, oldest first.
func (s *applySite) events() []audit.Event {
	s.T.Helper()
	events, err := s.Stores.DB.Audit().Events(context.Background(), 0, 1000)
	site.Must(s.T, err)
	return slices.DeleteFunc(events, func(e audit.Event) bool {
		return e.ObjectKind != audit.ObjectApplication && e.ObjectKind != audit.ObjectAccount
	})
}

func (s *applySite) actions() []string {
	s.T.Helper()
	var actions []string
	for _, e := range s.events() {
		actions = append(actions, string(e.Action))
	}
	return actions
}

// account returns the account of an address, or nil.
func (s *applySite) account(email string) *account.Account {
	a, err := s.Stores.DB.Accounts().ByEmail(context.Background(), email)
	if err != nil {
		return nil
	}
	return &a
}

// file returns the name of the database's file.
func (s *applySite) file() string {
	return strings.TrimPrefix(s.Config.Database.URL.Reveal(), "sqlite:")
}

// bytes returns everything that the database has on disk.
func (s *applySite) bytes() []byte {
	s.T.Helper()
	var all []byte
	for _, name := range []string{s.file(), s.file() + "-wal"} {
		b, err := os.ReadFile(name)
		if err != nil && !os.IsNotExist(err) {
			s.T.Fatal(err)
		}
		all = append(all, b...)
	}
	return all
}

// visitor is the browser of an applicant. Its methods check each answer and
// follow no redirect.
type visitor struct {
	*site.Browser
	s    *applySite
	csrf string
	from string // address that the trusted proxy reports
}

// Request returns a request, through the proxy if the visitor has an address.
func (v *visitor) Request(method, target string, body io.Reader) *http.Request {
	v.s.T.Helper()
	r := v.Browser.Request(method, target, body)
	if v.from != "" {
		r.Header.Set("X-Forwarded-For", v.from)
	}
	return r
}

func (s *applySite) visitor() *visitor {
	b := s.Browser()
	b.Lang = "nl"
	return &visitor{Browser: b, s: s}
}

func (v *visitor) get(path string) site.Answer {
	v.s.T.Helper()
	return v.Send(v.Request(http.MethodGet, path, nil))
}

// token returns the browser's form token, which is set by the first page.
func (v *visitor) token() string {
	v.s.T.Helper()
	if v.csrf == "" {
		v.csrf = v.get("/apply").Hidden("csrf")
	}
	return v.csrf
}

// form returns values made of name, value pairs.
func form(pairs ...string) url.Values {
	values := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		values.Set(pairs[i], pairs[i+1])
	}
	return values
}

// post sends a form, with the browser's token unless the form has one.
func (v *visitor) post(path string, fields url.Values) site.Answer {
	v.s.T.Helper()
	if !fields.Has("csrf") {
		fields.Set("csrf", v.token())
	}
	r := v.Request(http.MethodPost, path, strings.NewReader(fields.Encode()))
	r.Header.Set("Content-Type", site.FormType)
	return v.Send(r)
}

func (v *visitor) parts(parts ...site.Part) site.Answer {
	v.s.T.Helper()
	return v.Send(v.Parts("/apply/document", parts...))
}

// upload sends a document as a browser does; a name of "" means that no file was
// chosen.
func (v *visitor) upload(name string, content []byte) site.Answer {
	v.s.T.Helper()
	return v.parts(site.Part{Name: "csrf", Content: []byte(v.token())}, site.Part{Name: "document", File: name, IsFile: true, Content: content})
}

// application returns the stored draft of this browser.
func (v *visitor) application() application.Application {
	v.s.T.Helper()
	a, err := v.s.Stores.DB.Applications().ByHandle(context.Background(), v.handle().Hash())
	site.Must(v.s.T, err)
	return a
}

func (v *visitor) handle() secret.Text {
	v.s.T.Helper()
	cookies := v.Cookies()
	for _, name := range []string{"olid-apply", "__Host-olid-apply"} {
		if value, ok := cookies[name]; ok {
			return secret.Text(value)
		}
	}
	v.s.T.Fatal("no handle in the cookies")
	return ""
}
