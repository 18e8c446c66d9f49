package site

import (
	"context"
	"crypto/rand"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/application"
	"omgevingsloket-id/pkg/audit"
	"omgevingsloket-id/pkg/document"
	"omgevingsloket-id/pkg/review"
	"omgevingsloket-id/pkg/secret"
)

// Unblock unblocks an account as an operator does on the command line.
func (s *Site) Unblock(a account.Account) error {
	return s.SignIn.Unblock(context.Background(), a, "operator", "ticket 4711")
}

// StrictCSP is the Content-Security-Policy of every page.
const StrictCSP = "default-src 'none'; style-src 'self'; img-src 'self'; script-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"

// States puts a browser into each state of a login.
func (s *Site) States() map[string]*Browser {
	request := func() Request { return NewRequest("third", "https://third.example/cb").With("scope", "openid email") }
	out := map[string]*Browser{}
	out["password"] = s.Browser().Authorize(request())
	s.Person("reveal@example.com")
	out["reveal"] = s.Browser().Authorize(request()).Submit("email", "reveal@example.com", "password", Password)
	_, out["code, first"] = s.Shown("first@example.com")
	_, out["code"] = s.Active("code@example.com")
	out["code"] = out["code"].Authorize(request().With("prompt", "login")).Submit("email", "code@example.com", "password", Password)
	a, _ := s.Active("blocked@example.com")
	s.Blocked(a)
	out["blocked"] = s.Browser().Authorize(request()).Submit("email", "blocked@example.com", "password", Password)
	_, out["consent"] = s.Active("consent@example.com")
	out["consent"].Authorize(request())
	a, out["logged out"] = s.Active("out@example.com")
	out["logged out"].Authorize(request()).At("/consent")
	s.Blocked(a)
	Must(s.T, s.SignIn.Unblock(s.T.Context(), a, "test", ""))
	return out
}

// AccountOf reads the account that the login on this page has come to.
func (s *Site) AccountOf(b *Browser) account.Account {
	s.T.Helper()
	req, err := s.Stores.Requests.Get(s.T.Context(), secret.Text(b.URL.Query().Get("login")).Hash())
	Must(s.T, err)
	if req.AccountID == "" {
		return account.Account{}
	}
	return s.Reload(account.Account{ID: req.AccountID})
}

// Bench makes one request.
func (s *Site) Bench(b *testing.B, method, target, body string, header http.Header, want int) *httptest.ResponseRecorder {
	req := httptest.NewRequest(method, target, strings.NewReader(body))
	for name, values := range header {
		req.Header[name] = values
	}
	if body != "" {
		req.Header.Set("Content-Type", FormKind)
	}
	w := httptest.NewRecorder()
	s.Citizens.ServeHTTP(w, req)
	if w.Code != want {
		b.Fatal(w.Code, w.Body)
	}
	return w
}

// FormKind is the content type of a form without files.
const FormKind = "application/x-www-form-urlencoded"

// knownEvents holds everything that a test made the program write against the
// list of actions, actors and objects.
func (s *Site) knownEvents() {
	for after := int64(0); ; {
		events, err := s.Stores.DB.Audit().Events(s.T.Context(), after, 1000)
		if err != nil || len(events) == 0 {
			return // some tests take the database away
		}
		for _, e := range events {
			after = e.Seq
			if !audit.Known(e.Action) {
				s.T.Errorf("event %d: action %q is not in audit.Groups", e.Seq, e.Action)
			}
		}
	}
}

// Put adds events, oldest first.
func (s *Site) Put(events ...audit.Event) {
	s.T.Helper()
	for _, e := range events {
		Must(s.T, s.Stores.DB.Audit().Note(s.T.Context(), e))
	}
}

// Document sends an application with this document, and gives the document's
// id; sent false leaves it a draft.
func (s *Site) Document(email string, content []byte, sent bool) string {
	s.T.Helper()
	now, store := s.Clock.Now(), s.Stores.DB.Applications()
	a := application.Application{
		ID: secret.NewID(rand.Reader), Handle: secret.NewID(rand.Reader), Kind: account.NaturalPerson, Lang: "nl", Email: email, CodeHash: "right",
		CodeExpires: now.Add(time.Hour), CreatedAt: now, ExpiresAt: now.Add(time.Hour),
	}
	Must(s.T, store.Start(s.T.Context(), a, NoRecord))
	_, err := store.TryCode(s.T.Context(), a.ID, "right", now)
	Must(s.T, err)
	d := application.Document{ID: secret.NewID(rand.Reader), ApplicationID: a.ID, Name: "d.pdf", Type: document.TypePDF, Size: int64(len(content)), CreatedAt: now}
	d.Sealed, err = s.Stores.Ring.Seal(content, application.DocumentAAD(a.ID, d.ID))
	Must(s.T, err)
	Must(s.T, store.PutDocument(s.T.Context(), d))
	if sent {
		a.Version, a.Reference, a.SubmittedAt = 1, secret.NewID(rand.Reader), now
		Must(s.T, store.Submit(s.T.Context(), a, nil, NoRecord))
	}
	return d.ID
}

// Carrying gives a browser another one's cookies, under the names of both
// environments.
func (b *Browser) Carrying(other *Browser) *Browser {
	at, err := url.Parse(b.Site.Server.URL)
	Must(b.Site.T, err)
	from, err := url.Parse(other.Site.Server.URL)
	Must(b.Site.T, err)
	var cookies []*http.Cookie
	for _, c := range other.HTTP.Jar.Cookies(from) {
		plain := strings.TrimPrefix(c.Name, "__Host-")
		cookies = append(cookies, &http.Cookie{Name: plain, Value: c.Value, Path: "/"}, &http.Cookie{Name: "__Host-" + plain, Value: c.Value, Path: "/", Secure: true})
	}
	if len(cookies) == 0 {
		b.Site.T.Fatal("no cookies to carry")
	}
	b.HTTP.Jar.SetCookies(at, cookies)
	return b
}

// Who logs in where, unless a test says otherwise.
const (
	Password    = "correct horse battery staple"
	Email       = "anna@example.com"
	CallbackURI = "https://rp.example/cb"
)

var (
	// CSRFField matches the token in a page's form.
	CSRFField  = regexp.MustCompile(`name="csrf" value="([^"]*)"`)
	formAction = regexp.MustCompile(`<form[^>]* action="([^"]*)"`)
)

// Asked is a case whose applicant was asked something by olga.
func (s *Site) Asked(olga *Browser, email string, change ...func(*application.Application)) review.Case {
	s.T.Helper()
	c := s.Sent(email, change...)
	olga.Take(c).Decide(c, "more", "send", "text", "Wie bent u?").At("/console/review/case")
	return s.Case(c.ID)
}
