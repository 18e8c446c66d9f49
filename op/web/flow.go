package web

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"time"

	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/authreq"
	"omgevingsloket-id/pkg/claim"
	"omgevingsloket-id/pkg/client"
	"omgevingsloket-id/pkg/consent"
	"omgevingsloket-id/pkg/errs"
	"omgevingsloket-id/pkg/secret"
)

// Flow is the one dispatcher of a login. Each page of a login is mounted
// with At, which loads what is stored, asks authreq.Next what comes next,
// and lets the page run only if it is that step's; anybody else is sent to
// the right page. Pages change what is stored and hand over with Onward.
type Flow struct {
	Kit      *Kit
	Requests authreq.Store
	Accounts account.Store
	Consents consent.Store
	Clients  *client.Directory
}

// Visit is one look at a login in progress.
type Visit struct {
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
func (f *Flow) Begin(w http.ResponseWriter, r *http.Request, req authreq.Request) (*Visit, error) {
	browser := f.Kit.EnsureBrowser(w, r)
	handle := f.Kit.NewHandle(secret.KindRequest)
	now := f.Kit.Now()
	req.Key, req.Browser, req.CreatedAt, req.Version = handle.Hash(), browser.Hash(), now, 1
	if err := f.Requests.Create(r.Context(), req, req.TTL(now)); err != nil {
		return nil, err
	}
	return f.look(r.Context(), handle, req)
}

// Load reads the login that the address names. It refuses, all alike, what
// is unknown, too old, or of another browser (AZ-18, AZ-19).
func (f *Flow) Load(r *http.Request) (*Visit, error) {
	handle, ok := secret.Parse(secret.KindRequest, r.URL.Query().Get("login"))
	if !ok {
		return nil, Restart(errors.New("no login in the address"))
	}
	browser, ok := f.Kit.Browser(r)
	if !ok {
		return nil, Restart(errors.New("no browser cookie"))
	}
	req, err := f.Requests.Get(r.Context(), handle.Hash())
	if errors.Is(err, errs.ErrNotFound) {
		return nil, Restart(err)
	}
	if err != nil {
		return nil, err
	}
	if !secret.Text(req.Browser).Equal(browser.Hash()) {
		return nil, Restart(errors.New("another browser's login"))
	}
	if session, ok := f.Kit.Session(r); !req.AuthTime.IsZero() && (!ok || session.Hash() != req.Session) {
		// Logged out since, or in again in another tab: what was proven went
		// with that session, and nothing of it is shown any more (LG-29).
		req.Forget()
	}
	return f.look(r.Context(), handle, req)
}

// look reads the account and finds the step.
func (f *Flow) look(ctx context.Context, handle secret.Text, req authreq.Request) (*Visit, error) {
	v := &Visit{Handle: handle, Request: req}
	if req.ClientID != "" {
		c, err := f.Clients.ByID(ctx, req.ClientID)
		if errors.Is(err, errs.ErrNotFound) {
			return nil, Restart(err) // removed while somebody was logging in
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
	v.Step = authreq.Next(authreq.Facts{Now: f.Kit.Now(), Request: req, Account: v.Account, NeedsConsent: needs})
	return v, nil
}

// Asked lists the claims that the request asks for.
func (v *Visit) Asked() []string {
	if v.Client == nil {
		return nil
	}
	wishes, err := claim.Parse(string(v.Request.Claims))
	if err != nil {
		return nil // it was checked at /authorize
	}
	return claim.Asked(v.Client.Scopes, v.Request.Scopes, wishes)
}

func (f *Flow) needsConsent(ctx context.Context, v *Visit) (bool, error) {
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
func (f *Flow) Save(ctx context.Context, v *Visit) (*Visit, error) {
	req, err := f.Requests.Save(ctx, v.Request, v.Request.TTL(f.Kit.Now()))
	if errors.Is(err, errs.ErrNotFound) {
		return nil, Restart(err)
	}
	if errors.Is(err, errs.ErrConflict) {
		if req, err = f.Requests.Get(ctx, v.Request.Key); errors.Is(err, errs.ErrNotFound) {
			return nil, Restart(err)
		}
	}
	if err != nil {
		return nil, err
	}
	return f.look(ctx, v.Handle, req)
}

// At mounts a page of a login: it runs only at its step.
func (f *Flow) At(step authreq.Step, h func(w http.ResponseWriter, r *http.Request, v *Visit) error) Handler {
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
// client leads over a page of its own (Kit.Onward says why).
func (f *Flow) Onward(w http.ResponseWriter, r *http.Request, v *Visit) error {
	location := ForStep(v.Step, v.Handle)
	if v.Step == authreq.StepFinish && r.Method == http.MethodPost {
		return f.Kit.Onward(w, r, location)
	}
	return f.Kit.SeeOther(w, location)
}

// Page makes a page of this login; it names the client.
func (f *Flow) Page(r *http.Request, v *Visit, titleKey string) *Page {
	p := f.Kit.Page(r, titleKey)
	if v.Client != nil {
		p.Client = v.Client.Name
	}
	return p
}

// Seconds rounds a wait up to whole seconds, for people.
func Seconds(d time.Duration) int { return int((d + time.Second - 1) / time.Second) }
