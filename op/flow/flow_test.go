package flow

import (
	"context"
	"crypto/rand"
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"omgevingsloket-id/op/web"
	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/authreq"
	"omgevingsloket-id/pkg/errs"
	"omgevingsloket-id/pkg/realm"
	"omgevingsloket-id/pkg/secret"
	"omgevingsloket-id/pkg/session"
)

var noon = time.Date(2026, time.March, 2, 12, 0, 0, 0, time.UTC)

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

// What a login has proven stands only while the session that it ended in is
// live, in the browser that holds its handle (LG-20, LG-23, LG-29).
func TestKeepProof(t *testing.T) {
	t.Parallel()
	browser, strange := secret.New(rand.Reader, secret.KindBrowser), secret.New(rand.Reader, secret.KindBrowser)
	handle, other := secret.New(rand.Reader, secret.KindSession), secret.New(rand.Reader, secret.KindSession)
	key := session.Key(realm.Holder, handle)
	stored := session.Session{Key: key, SID: "sid", AccountID: "a", Epoch: 3, Browser: browser.Hash(), CreatedAt: noon, SeenAt: noon}
	proven := authreq.Request{AccountID: "a", Epoch: 3, Session: key, SID: "sid", PasswordAt: noon, AuthTime: noon}
	with := func(change func(*authreq.Request)) authreq.Request {
		r := proven
		change(&r)
		return r
	}
	active := account.Account{ID: "a", State: account.Active, Epoch: 3}
	for name, c := range map[string]struct {
		request authreq.Request
		account account.Account
		cookie  secret.Text // "" = none
		browser secret.Text
		after   time.Duration
		err     error // of the store
		kept    bool
	}{
		"live":                          {proven, active, handle, browser, 30*time.Minute - 1, nil, true},
		"idle too long":                 {proven, active, handle, browser, 30 * time.Minute, nil, false},
		"no session cookie":             {proven, active, "", browser, 0, nil, false},
		"another session's cookie":      {proven, active, other, browser, 0, nil, false},
		"ended":                         {with(func(r *authreq.Request) { r.Session = session.Key(realm.Holder, other) }), active, other, browser, 0, nil, false},
		"an official's":                 {with(func(r *authreq.Request) { r.Session = session.Key(realm.Official, handle) }), active, handle, browser, 0, nil, false},
		"another login's":               {with(func(r *authreq.Request) { r.SID = "other" }), active, handle, browser, 0, nil, false},
		"made in another browser":       {proven, active, handle, strange, 0, nil, false},
		"no answer":                     {proven, active, handle, browser, 0, errs.ErrUnavailable, true},
		"only a password":               {with(func(r *authreq.Request) { r.AuthTime, r.Session = time.Time{}, "" }), active, "", browser, 0, errs.ErrUnavailable, true},
		"blocked: authreq.Next decides": {proven, account.Account{ID: "a", State: account.Blocked, Epoch: 4}, "", browser, 0, errs.ErrUnavailable, true},
	} {
		f := &Dispatcher{Cookies: &web.Cookies{}, Now: func() time.Time { return noon.Add(c.after) }}
		f.Sessions = &session.Service[account.Account]{
			Realm: realm.Holder, Store: storedSession{session: stored, err: c.err}, Limits: session.Limits{Idle: 30 * time.Minute, Absolute: 12 * time.Hour}, Now: f.Now,
		}
		r := httptest.NewRequest(http.MethodGet, "/consent", nil)
		if c.cookie != "" {
			w := httptest.NewRecorder()
			f.Cookies.SetSession(w, c.cookie)
			r.AddCookie(w.Result().Cookies()[0])
		}
		v := &Login{Request: c.request, Account: &c.account}
		err := f.keepProof(r, v, c.browser)
		wantErr := c.err
		if !c.kept || c.request.AuthTime.IsZero() || c.account.State == account.Blocked {
			wantErr = nil
		}
		kept := v.Request.AuthTime.Equal(c.request.AuthTime) && v.Request.AccountID == "a" && v.Account != nil
		if kept != c.kept || !errors.Is(err, wantErr) {
			t.Errorf("%s: keepProof() keeps %t, %v, want %t, %v", name, kept, err, c.kept, wantErr)
		}
	}
}
