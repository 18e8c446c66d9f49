// Package flow dispatches a login: from what is stored it decides which page comes
// next, and it runs a page only at its step.
//
//	/authorize ─► Begin ─► At(step) ─ page changes what is stored ─► Onward ─┐
//	                          ▲                                              │
//	                          └───────────── authreq.Next ◄──────────────────┘
package flow

import (
	"cmp"
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
	"omgevingsloket-id/pkg/grant"
	"omgevingsloket-id/pkg/secret"
	"omgevingsloket-id/pkg/session"
)

// Dispatcher dispatches logins. Each page of a login is mounted with At, which
// loads what is stored, asks authreq.Next for the next step, and runs the page if
// it is that of the step; otherwise it redirects to the page that is. Pages change
// what is stored and end with Onward.
type Dispatcher struct {
	Pages         *web.Renderer
	Cookies       *web.Cookies
	Now           func() time.Time
	Requests      authreq.Store
	Accounts      account.Store
	Consents      consent.Store
	Clients       *client.Directory
	Sessions      *session.Service[account.Account]
	List          session.List // of the sessions
	Grants        grant.Store
	ACR           string        // of logins without a client
	StepUp        time.Duration // how long a login is enough for what matters on the holder's own pages
	AccountLimits account.Limits

	CarryKey  []byte // for the requests that browsers carry
	Limits    *web.Limits
	PerMinute int // authorization requests of one source; 0 means the budget's own
}

// Login is a login in progress, as it is stored, with the step that it is at.
type Login struct {
	Handle  secret.Text // in the query of each page
	Request authreq.Request
	Account *account.Account
	Client  *client.Client // nil = no client asked for the login
	Step    authreq.Step

	carried bool // not in the store: the browser carries the request, or it ends at once
}

// CancelPath is where the button of each page that returns to the client posts to.
const CancelPath = "/authorize/cancel"

// Stored reports whether the store has the authorization request. Otherwise the
// browser carries it, or it ends at once.
func (v *Login) Stored() bool { return !v.carried }

// paths are the paths of the pages, by step.
var paths = map[authreq.Step]string{
	authreq.StepPassword: "/login",
	authreq.StepWait:     "/enrol/wait",
	authreq.StepMailbox:  "/enrol/code",
	authreq.StepEnrol:    "/enrol",
	authreq.StepCode:     "/login/code",
	authreq.StepBlocked:  "/login/blocked",
	authreq.StepRenew:    "/password/renew",
	authreq.StepMail:     "/login/mail",
	authreq.StepConsent:  "/consent",
	authreq.StepFinish:   "/authorize/callback",
	authreq.StepRestart:  "/login/restart",
}

// ForStep returns the address of a step of the login with this handle.
func ForStep(step authreq.Step, handle secret.Text) string {
	return For(paths[step], handle)
}

// For returns the address of a page of the login with this handle.
func For(path string, handle secret.Text) string {
	return path + "?" + url.Values{"login": {handle.Reveal()}}.Encode()
}

// Begin stores a new authorization request, bound to this browser; known is its
// account, nil if nobody is logged in. A request that ends at once is not stored: a
// browser that lost the answer asks again. The error is ErrTooLarge if it may not be
// stored.
func (f *Dispatcher) Begin(w http.ResponseWriter, r *http.Request, req authreq.Request, known *account.Account) (*Login, error) {
	browser := f.Cookies.EnsureBrowser(w, r)
	handle := f.Cookies.NewHandle(secret.KindRequest)
	now := f.Now()
	req.Key, req.Browser, req.CreatedAt, req.Version = handle.Hash(), browser.Hash(), now, 1
	web.Prefer(r, req.Lang)
	v, err := f.read(r.Context(), handle, req, known)
	if err != nil {
		return nil, err
	}
	if err := f.step(r.Context(), v); err != nil {
		return nil, err
	}
	return v, f.keep(r, v)
}

// Load returns the login that the query names. The error is a web.Restart if the
// login is unknown, too old, or of another browser (AZ-18, AZ-19).
func (f *Dispatcher) Load(r *http.Request) (*Login, error) {
	handle, ok := secret.Parse(secret.KindRequest, web.Query(r).Get("login"))
	if !ok {
		return nil, web.Restart(web.Rule("no login in the address"))
	}
	browser, ok := f.Cookies.Browser(r)
	if !ok {
		return nil, web.Restart(web.Rule("no browser cookie"))
	}
	req, carried, err := f.stored(r, handle, browser)
	if errors.Is(err, errs.ErrNotFound) {
		return nil, web.Restart(err)
	}
	if err != nil {
		return nil, err
	}
	if !req.Of(browser.Hash()) {
		return nil, web.Restart(web.Rule("another browser's login"))
	}
	web.Prefer(r, req.Lang)
	web.Explain(r.Context(), func(line *web.Refusal) { line.Client = cmp.Or(line.Client, req.ClientID) })
	v, err := f.read(r.Context(), handle, req, nil)
	if err != nil {
		return nil, err
	}
	v.carried = carried
	if err := f.keepProof(r, v, browser); err != nil {
		return nil, err
	}
	return v, f.step(r.Context(), v)
}

// keepProof drops what the login has proven unless the session that it ended in
// is that of this browser and live: the person logged out, or in again in
// another tab (LG-29), or the browser's secret was known to an earlier user of
// the browser, who does not have the session's handle (LG-20). read has found no
// account if the end of the session is recorded. An account that has changed since
// is left to authreq.Next.
func (f *Dispatcher) keepProof(r *http.Request, v *Login, browser secret.Text) error {
	if v.Request.AuthTime.IsZero() {
		return nil
	}
	if v.Account == nil {
		v.Request.Forget()
		return nil
	}
	if v.Account.Owner() != (session.Owner{Active: true, Epoch: v.Request.Epoch}) {
		return nil
	}
	live, err := f.proven(r, v, browser)
	if err == nil && !live {
		v.Request.Forget()
		v.Account = nil
	}
	return err
}

func (f *Dispatcher) proven(r *http.Request, v *Login, browser secret.Text) (bool, error) {
	handle, ok := f.Cookies.Session(r)
	if !ok || f.Sessions.Key(handle) != v.Request.Session {
		return false, nil
	}
	s, err := f.Sessions.Store.Get(r.Context(), v.Request.Session)
	if errors.Is(err, errs.ErrNotFound) {
		return false, nil
	}
	return err == nil && s.SID == v.Request.SID && f.Sessions.Limits.Live(s, browser.Hash(), v.Account.Owner(), f.Now()), err
}

// read returns the login with its client and account, which is not read if it is
// known.
func (f *Dispatcher) read(ctx context.Context, handle secret.Text, req authreq.Request, known *account.Account) (*Login, error) {
	v := &Login{Handle: handle, Request: req}
	if req.ClientID != "" {
		c, err := f.Clients.ByID(ctx, req.ClientID)
		if errors.Is(err, errs.ErrNotFound) {
			return nil, web.Restart(err) // removed during the login
		}
		if err != nil {
			return nil, err
		}
		v.Client = &c
	}
	switch {
	case req.AccountID == "":
	case known != nil && known.ID == req.AccountID:
		v.Account = known
	default:
		a, err := f.Accounts.InSession(ctx, req.AccountID, req.SID)
		if err != nil && !errors.Is(err, errs.ErrNotFound) {
			return nil, err
		}
		if err == nil {
			v.Account = &a
		}
	}
	return v, nil
}

// step sets the step that the login is at.
func (f *Dispatcher) step(ctx context.Context, v *Login) error {
	needs, err := f.needsConsent(ctx, v)
	if err != nil {
		return err
	}
	v.Step = authreq.Next(authreq.Facts{Now: f.Now(), Request: v.Request, Account: v.Account, NeedsConsent: needs, Limits: f.AccountLimits})
	return nil
}

// Asked returns the names of the claims that the authorization request asks for.
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
	if v.Request.ForceConsent || v.Client.AsksEachTime() {
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

// Save stores a changed authorization request and returns the login at its next
// step. If another tab saved it first, that state is returned instead. A caller
// whose v.Account may have changed since it was read sets it to nil.
func (f *Dispatcher) Save(ctx context.Context, v *Login) (*Login, error) {
	req, err := f.save(ctx, v)
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
	if v, err = f.read(ctx, v.Handle, req, v.Account); err != nil {
		return nil, err
	}
	return v, f.step(ctx, v)
}

// Renew stores a login in which something was just proven under a new handle, and
// returns it at its next step; v.Account is as in Save. An earlier user of the browser may know the handle
// that it had, and the browser's secret (LG-20); under that handle nothing is
// proven.
func (f *Dispatcher) Renew(ctx context.Context, v *Login) (*Login, error) {
	handle, req := f.Cookies.NewHandle(secret.KindRequest), v.Request
	req.Key, req.Version = handle.Hash(), 1
	if err := f.Requests.Create(ctx, req, req.TTL(f.Now())); err != nil {
		return nil, err
	}
	renewed, err := f.read(ctx, handle, req, v.Account)
	if err != nil {
		return nil, err
	}
	return renewed, f.step(ctx, renewed)
}

// At returns a handler that runs h at its step, and otherwise redirects to the
// page of the step that the login is at; step "" is none. A browser that has logged in since is
// redirected to the list of portals: it went back, or has another tab.
func (f *Dispatcher) At(step authreq.Step, h func(w http.ResponseWriter, r *http.Request, v *Login) error) web.Handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		v, err := f.Load(r)
		in, fault := f.overtaken(r, v, err)
		switch {
		case fault != nil:
			return fault
		case in:
			return f.Pages.SeeOther(w, cmp.Or(came(v), Portals))
		}
		if err != nil {
			return err
		}
		if v.Step != step {
			return f.Onward(w, r, v)
		}
		return h(w, r, v)
	}
}

// came returns the page of ours that a login began at; "" for none.
func came(v *Login) string {
	if v == nil {
		return ""
	}
	return v.Request.To
}

// overtaken reports whether a login that cannot go on, or is at its first page, was
// overtaken by another one in the browser. It does not concern other browsers and
// requests that send something.
func (f *Dispatcher) overtaken(r *http.Request, v *Login, err error) (bool, error) {
	ended, _ := errors.AsType[*web.Error](err)
	switch {
	case r.Method != http.MethodGet, err != nil && (ended == nil || ended.Status != http.StatusGone):
		return false, nil
	case err == nil && v.Step != authreq.StepRestart && v.Step != authreq.StepPassword:
		return false, nil
	}
	h, fault := f.Holder(r)
	if errors.Is(fault, errs.ErrNotFound) {
		return false, nil
	}
	s := h.Session
	return fault == nil && (v == nil || s.AuthTime.After(v.Request.CreatedAt) && !s.AuthTime.After(f.Now())), fault
}

// Onward sends the browser to the page of the next step. After a POST, the step
// to the client goes through a page (see web.Renderer.Onward).
func (f *Dispatcher) Onward(w http.ResponseWriter, r *http.Request, v *Login) error {
	location, err := f.next(v)
	if err != nil {
		return err
	}
	if v.Step == authreq.StepFinish && r.Method == http.MethodPost {
		return f.Pages.Onward(w, r, location)
	}
	return f.Pages.SeeOther(w, location)
}

// Page returns a page of the login, with the name of its client.
func (f *Dispatcher) Page(r *http.Request, v *Login, titleKey string) *web.Page {
	p := f.Pages.Page(r, titleKey)
	if v.Client != nil {
		p.Client, p.Cancel = v.Client.Name, p.Path(For(CancelPath, v.Handle))
	}
	return p
}
