package provider

import (
	"context"
	"crypto/rand"
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"omgevingsloket-id/op/flow"
	"omgevingsloket-id/op/web"
	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/authreq"
	"omgevingsloket-id/pkg/claim"
	"omgevingsloket-id/pkg/client"
	"omgevingsloket-id/pkg/errs"
	"omgevingsloket-id/pkg/secret"
	"omgevingsloket-id/pkg/session"
)

// How a login ends follows from what is stored alone.
func TestSettle(t *testing.T) {
	t.Parallel()
	const uri = "https://rp.example/cb"
	subjects := claim.Subjects{Salt: []byte("salt"), Issuer: "https://id.example"}
	person := account.Account{ID: "a1"}
	registered := client.Client{ID: "web", AuthMethod: client.ClientSecretBasic, RedirectURIs: []string{uri}}
	native := client.Client{ID: "app", AuthMethod: client.None, RedirectURIs: []string{"http://127.0.0.1/cb"}}
	moved := client.Client{ID: "web", RedirectURIs: []string{uri + "/"}}
	subject := subjects.For(person, registered).Person
	for name, c := range map[string]struct {
		client  *client.Client
		account *account.Account
		request authreq.Request
		want    ending
		err     error
	}{
		"a code":                             {&registered, &person, authreq.Request{RedirectURI: uri}, ending{}, nil},
		"a code for the person hinted":       {&registered, &person, authreq.Request{RedirectURI: uri, Hinted: subject}, ending{}, nil},
		"a code at a loopback port":          {&native, &person, authreq.Request{RedirectURI: "http://127.0.0.1:9/cb"}, ending{}, nil},
		"another person than hinted":         {&registered, &person, authreq.Request{RedirectURI: uri, Hinted: "x"}, ending{refusal: "login_required"}, nil},
		"another person, who refused":        {&registered, &person, authreq.Request{RedirectURI: uri, Hinted: "x", Refusal: "access_denied"}, ending{refusal: "login_required"}, nil},
		"a subject of another sector":        {&native, &person, authreq.Request{RedirectURI: "http://127.0.0.1/cb", Hinted: subject}, ending{refusal: "login_required"}, nil},
		"refused":                            {&registered, &person, authreq.Request{RedirectURI: uri, Refusal: "access_denied"}, ending{refusal: "access_denied"}, nil},
		"refused, hinted":                    {&registered, &person, authreq.Request{RedirectURI: uri, Hinted: subject, Refusal: "consent_required"}, ending{refusal: "consent_required"}, nil},
		"refused before an account is known": {&registered, nil, authreq.Request{RedirectURI: uri, Hinted: "x", Refusal: "consent_required"}, ending{refusal: "consent_required"}, nil},
		"redirect URI withdrawn":             {&moved, &person, authreq.Request{RedirectURI: uri}, ending{}, errRedirectURI},
		"redirect URI withdrawn, refused":    {&moved, &person, authreq.Request{RedirectURI: uri, Refusal: "access_denied"}, ending{}, errRedirectURI},
		"redirect URI withdrawn, hinted":     {&moved, &person, authreq.Request{RedirectURI: uri, Hinted: "x"}, ending{}, errRedirectURI},
		"no client":                          {nil, &person, authreq.Request{}, ending{portals: true}, nil},
		"no client, hinted":                  {nil, &person, authreq.Request{Hinted: "x"}, ending{portals: true}, nil},
		"no client, refused":                 {nil, &person, authreq.Request{Refusal: "access_denied"}, ending{portals: true, refusal: "access_denied"}, nil},
	} {
		got, err := settle(&flow.Login{Client: c.client, Account: c.account, Request: c.request}, subjects)
		if got != c.want || !errors.Is(err, c.err) {
			t.Errorf("%s: settle() = %+v, %v, want %+v, %v", name, got, err, c.want, c.err)
		}
	}
}

// storedSession is a store that holds one session, or fails with err.
type storedSession struct {
	session.Store
	session session.Session
	err     error
}

func (s storedSession) Get(_ context.Context, key string) (session.Session, error) {
	if s.err == nil && key != s.session.Key {
		return session.Session{}, errs.ErrNotFound
	}
	return s.session, s.err
}

// A login goes on only under the session that it was made under, in the
// browser that holds it (LG-20, LG-23).
func TestResume(t *testing.T) {
	t.Parallel()
	noon := time.Date(2026, time.March, 2, 12, 0, 0, 0, time.UTC)
	handle, other := secret.New(rand.Reader, secret.KindSession), secret.New(rand.Reader, secret.KindSession)
	stored := session.Session{Key: handle.Hash(), SID: "sid", CreatedAt: noon, SeenAt: noon}
	made := authreq.Request{Session: handle.Hash(), SID: "sid"}
	unavailable := errs.Unavailable("sessions", errors.New("no answer"))
	for name, c := range map[string]struct {
		request authreq.Request
		cookie  secret.Text // "" = none
		after   time.Duration
		down    error
		alive   bool
		status  int // of the error page; 0 = no page of our own
		err     error
	}{
		"alive":                      {request: made, cookie: handle, after: 30*time.Minute - 1, alive: true},
		"idle too long":              {request: made, cookie: handle, after: 30 * time.Minute},
		"ended":                      {request: authreq.Request{Session: other.Hash(), SID: "sid"}, cookie: handle},
		"another login's":            {request: authreq.Request{Session: handle.Hash(), SID: "other"}, cookie: handle},
		"no session cookie":          {request: made, status: http.StatusGone},
		"another browser's session":  {request: made, cookie: other, status: http.StatusGone},
		"ended, in another browser":  {request: made, cookie: other, after: time.Hour},
		"no answer":                  {request: made, cookie: handle, down: unavailable, err: errs.ErrUnavailable},
		"refused, without a session": {request: authreq.Request{Refusal: "access_denied"}, alive: true},
		"refused, no answer":         {request: authreq.Request{Refusal: "access_denied"}, down: unavailable, alive: true},
	} {
		p := &Room{
			Cookies: &web.Cookies{}, Sessions: storedSession{session: stored, err: c.down},
			SessionLimits: session.Limits{Idle: 30 * time.Minute, Absolute: 12 * time.Hour}, Now: func() time.Time { return noon.Add(c.after) },
		}
		r := httptest.NewRequest(http.MethodGet, "/authorize/callback", nil)
		if c.cookie != "" {
			w := httptest.NewRecorder()
			p.Cookies.SetSession(w, c.cookie)
			r.AddCookie(w.Result().Cookies()[0])
		}
		alive, err := p.resume(r, &flow.Login{Request: c.request})
		status := 0
		if page, ok := errors.AsType[*web.Error](err); ok {
			status = page.Status
		}
		if alive != c.alive || status != c.status || c.status == 0 && !errors.Is(err, c.err) {
			t.Errorf("%s: resume() = %v, %v, want %v, status %d, %v", name, alive, err, c.alive, c.status, c.err)
		}
	}
}
