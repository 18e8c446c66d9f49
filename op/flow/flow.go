// Package flow is the dispatcher of a login: it decides from what is stored
// which page comes next, and lets no page run out of turn.
//
//	/authorize ─► Begin ─► At(step) ─ page changes what is stored ─► Onward ─┐
//	                          ▲                                              │
//	                          └───────────── authreq.Next ◄──────────────────┘
package flow

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"time"

	"omgevingsloket-id/op/web"
	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/authreq"
	"omgevingsloket-id/pkg/claim"
	"omgevingsloket-id/pkg/client"
	"omgevingsloket-id/pkg/consent"
	"omgevingsloket-id/pkg/errs"
	"omgevingsloket-id/pkg/secret"
)

// Dispatcher is the one dispatcher of a login. Each page of a login is mounted
// with At, which loads what is stored, asks authreq.Next what comes next,
// and lets the page run only if it is that step's; anybody else is sent to
// the right page. Pages change what is stored and hand over with Onward.
type Dispatcher struct {
	Pages    *web.Renderer
	Cookies  *web.Cookies
	Now      func() time.Time
	Requests authreq.Store
	Accounts account.Store
	Consents consent.Store
	Clients  *client.Directory
}

// Login is a login in progress, as it is stored, with the step that it is at.
type Login struct {
	Handle  secret.Text // in the address of each page
	Request authreq.Request
	Account *account.Account
	Client  *client.Client // nil for a login nobody asked for
	Step    authreq.Step
}

// paths are the addresses of the steps.
var paths = map[authreq.Step]string{
	authreq.StepPassword: "/login",
	authreq.StepReveal:   "/enrol",
	authreq.StepCode:     "/login/code",
	authreq.StepBlocked:  "/login/blocked",
	authreq.StepConsent:  "/consent",
	authreq.StepFinish:   "/authorize/callback",
	authreq.StepRestart:  "/login/restart",
}

// ForStep makes the address of a step for the login with this handle.
func ForStep(step authreq.Step, handle secret.Text) string {
	return For(paths[step], handle)
}

// For makes the address of a page within a login.
func For(path string, handle secret.Text) string {
	return path + "?" + url.Values{"login": {handle.Reveal()}}.Encode()
}

// Begin keeps a new authorization request, bound to this browser.
func (f *Dispatcher) Begin(w http.ResponseWriter, r *http.Request, req authreq.Request) (*Login, error) {
	browser := f.Cookies.EnsureBrowser(w, r)
	handle := f.Cookies.NewHandle(secret.KindRequest)
	now := f.Now()
	req.Key, req.Browser, req.CreatedAt, req.Version = handle.Hash(), browser.Hash(), now, 1
	if err := f.Requests.Create(r.Context(), req, req.TTL(now)); err != nil {
		return nil, err
	}
	return f.look(r.Context(), handle, req)
}

// Load reads the login that the address names. It refuses, all alike, what
// is unknown, too old, or of another browser (AZ-18, AZ-19).
func (f *Dispatcher) Load(r *http.Request) (*Login, error) {
	handle, ok := secret.Parse(secret.KindRequest, r.URL.Query().Get("login"))
	if !ok {
		return nil, web.Restart(errors.New("no login in the address"))
	}
	browser, ok := f.Cookies.Browser(r)
	if !ok {
		return nil, web.Restart(errors.New("no browser cookie"))
	}
	req, err := f.Requests.Get(r.Context(), handle.Hash())
	if errors.Is(err, errs.ErrNotFound) {
		return nil, web.Restart(err)
	}
	if err != nil {
		return nil, err
	}
	if !secret.Text(req.Browser).Equal(browser.Hash()) {
		return nil, web.Restart(errors.New("another browser's login"))
	}
	if session, ok := f.Cookies.Session(r); !req.AuthTime.IsZero() && (!ok || session.Hash() != req.Session) {
		// Logged out since, or in again in another tab: what was proven went
		// with that session, and nothing of it is shown any more (LG-29).
		req.Forget()
	}
	return f.look(r.Context(), handle, req)
}

// look reads the account and finds the step.
func (f *Dispatcher) look(ctx context.Context, handle secret.Text, req authreq.Request) (*Login, error) {
	v := &Login{Handle: handle, Request: req}
	if req.ClientID != "" {
		c, err := f.Clients.ByID(ctx, req.ClientID)
		if errors.Is(err, errs.ErrNotFound) {
			return nil, web.Restart(err) // removed while somebody was logging in
		}
		if err != nil {
			return nil, err
		}
		v.Client = &c
	}
	if req.AccountID != "" {
		a, err := f.Accounts.ByID(ctx, req.AccountID)
		if err != nil && !errors.Is(err, errs.ErrNotFound) {
			return nil, err
		}
		if err == nil {
			v.Account = &a
		}
	}
	needs, err := f.needsConsent(ctx, v)
	if err != nil {
		return nil, err
	}
	v.Step = authreq.Next(authreq.Facts{Now: f.Now(), Request: req, Account: v.Account, NeedsConsent: needs})
	return v, nil
}

// Asked lists the claims that the request asks for.
func (v *Login) Asked() []string {
	if v.Client == nil {
		return nil
	}
	wishes, err := claim.Parse(string(v.Request.Claims))
	if err != nil {
		return nil // it was checked at /authorize
	}
	return claim.Asked(v.Client.Scopes, v.Request.Scopes, wishes)
}

func (f *Dispatcher) needsConsent(ctx context.Context, v *Login) (bool, error) {
	if v.Client == nil || v.Account == nil || v.Request.AuthTime.IsZero() {
		return false, nil
	}
	if v.Request.ForceConsent {
		return true, nil
	}
	if !v.Client.ThirdParty {
		return false, nil
	}
	c, err := f.Consents.Get(ctx, v.Account.ID, v.Client.ID)
	if errors.Is(err, errs.ErrNotFound) {
		return true, nil
	}
	return !c.Covers(v.Asked()), err
}

// Save keeps a changed request and finds the next step. Another tab that was
// quicker makes it start over from what is stored.
func (f *Dispatcher) Save(ctx context.Context, v *Login) (*Login, error) {
	req, err := f.Requests.Save(ctx, v.Request, v.Request.TTL(f.Now()))
	if errors.Is(err, errs.ErrNotFound) {
		return nil, web.Restart(err)
	}
	if errors.Is(err, errs.ErrConflict) {
		if req, err = f.Requests.Get(ctx, v.Request.Key); errors.Is(err, errs.ErrNotFound) {
			return nil, web.Restart(err)
		}
	}
	if err != nil {
		return nil, err
	}
	return f.look(ctx, v.Handle, req)
}

// At mounts a page of a login: it runs only at its step.
func (f *Dispatcher) At(step authreq.Step, h func(w http.ResponseWriter, r *http.Request, v *Login) error) web.Handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		v, err := f.Load(r)
		if err != nil {
			return err
		}
		if v.Step != step {
			return f.Onward(w, r, v)
		}
		return h(w, r, v)
	}
}

// Onward sends the browser to the next step. Out of a POST the way to the
// client leads over a page of its own (web.Renderer.Onward says why).
func (f *Dispatcher) Onward(w http.ResponseWriter, r *http.Request, v *Login) error {
	location := ForStep(v.Step, v.Handle)
	if v.Step == authreq.StepFinish && r.Method == http.MethodPost {
		return f.Pages.Onward(w, r, location)
	}
	return f.Pages.SeeOther(w, location)
}

// Page makes a page of this login; it names the client.
func (f *Dispatcher) Page(r *http.Request, v *Login, titleKey string) *web.Page {
	p := f.Pages.Page(r, titleKey)
	if v.Client != nil {
		p.Client = v.Client.Name
	}
	return p
}
