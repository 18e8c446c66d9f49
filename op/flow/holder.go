package flow

import (
	"cmp"
	"errors"
	"net/http"
	"net/url"
	"time"

	"omgevingsloket-id/op/web"
	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/audit"
	"omgevingsloket-id/pkg/authreq"
	"omgevingsloket-id/pkg/client"
	"omgevingsloket-id/pkg/effect"
	"omgevingsloket-id/pkg/errs"
	"omgevingsloket-id/pkg/limit"
	"omgevingsloket-id/pkg/secret"
	"omgevingsloket-id/pkg/session"
)

// Portals is where a login without a client ends, unless it began at another page of
// ours.
const Portals = "/portals"

// Holder is the account holder who is logged in in a browser.
type Holder struct {
	Session session.Session
	Account account.Account
}

// Holder returns who is logged in in the browser, with session and account as they are
// now; errs.ErrNotFound if there is no live session.
func (f *Dispatcher) Holder(r *http.Request) (Holder, error) {
	handle, ok := f.Cookies.Session(r)
	browser, bound := f.Cookies.Browser(r)
	if !ok || !bound {
		return Holder{}, errs.ErrNotFound
	}
	s, a, err := f.Sessions.Current(r.Context(), handle, browser)
	return Holder{s, a}, err
}

// LoggedIn reports whether the browser has a live session.
func (f *Dispatcher) LoggedIn(r *http.Request) (bool, error) {
	_, err := f.Holder(r)
	if errors.Is(err, errs.ErrNotFound) {
		return false, nil
	}
	return err == nil, err
}

// Own returns a handler that runs h for the account holder who is logged in. Any other
// browser logs in first and returns to the page; a form that was sent is kept for its
// page (web.Renderer.KeepForm) and nothing is carried out. Its GET can begin a login:
// mount it with GetActs. A form of another person, who was logged in in this browser
// before, is not carried out.
func (f *Dispatcher) Own(h func(w http.ResponseWriter, r *http.Request, v Holder) error) web.Handler {
	return f.own(0, h)
}

// OwnProven is Own for what matters: password and verification code were given less
// than StepUp ago, or are asked for again.
func (f *Dispatcher) OwnProven(h func(w http.ResponseWriter, r *http.Request, v Holder) error) web.Handler {
	return f.own(f.StepUp, h)
}

// own is Own with the longest time since the login; 0 means any.
func (f *Dispatcher) own(longest time.Duration, h func(w http.ResponseWriter, r *http.Request, v Holder) error) web.Handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		v, err := f.Holder(r)
		switch {
		case errors.Is(err, errs.ErrNotFound):
			return f.loginFor(w, r, "")
		case err != nil:
			return err
		case longest > 0 && !f.Now().Before(v.Session.AuthTime.Add(longest)):
			return f.loginFor(w, r, v.Account.Email)
		}
		if !f.Cookies.Own(w, r, v.Account.ID) {
			// The page was another person's, who was logged in in this browser before.
			f.Cookies.SetOwner(w, r, v.Account.ID)
			return f.Pages.SeeOther(w, r.URL.Path)
		}
		if v.Session, err = f.Sessions.Touch(r.Context(), v.Session); err != nil {
			return err
		}
		web.OfHolder(r)
		return h(w, r, v)
	}
}

// loginFor begins a login that returns to the page of r. email fills in the field of
// the first page.
func (f *Dispatcher) loginFor(w http.ResponseWriter, r *http.Request, email string) error {
	if err := f.Limits.Spend(r, limit.StartRequests.UpTo(cmp.Or(f.PerMinute, limit.StartRequests.Most)), 1); err != nil {
		return err
	}
	if r.Method == http.MethodPost {
		if err := f.Pages.KeepForm(w, r); err != nil {
			return err
		}
	}
	v, err := f.Begin(w, r, authreq.Request{ACR: f.ACR, To: r.URL.Path, LoginHint: email}, nil)
	if err != nil {
		return err
	}
	return f.Onward(w, r, v)
}

// BeginSession begins the session of the browser under a new handle, and lists it. Of
// fresh, SID, AccountID, Epoch and AuthTime are the caller's. A session that the list
// cannot take begins all the same.
func (f *Dispatcher) BeginSession(w http.ResponseWriter, r *http.Request, fresh session.Session) (session.Session, error) {
	browser, ok := f.Cookies.Browser(r)
	if !ok {
		return session.Session{}, web.Restart(nil)
	}
	handle := f.Cookies.NewHandle(secret.KindSession)
	s, err := f.Sessions.Begin(r.Context(), handle, browser, fresh, 0)
	if err != nil {
		return s, err
	}
	f.Cookies.SetSession(w, handle)
	err = f.List.Add(r.Context(), session.Entry{
		SID: s.SID, AccountID: s.AccountID, Epoch: s.Epoch, Key: s.Key, Agent: session.Agent(r.UserAgent()),
		StartedAt: s.CreatedAt, Expires: s.CreatedAt.Add(f.Sessions.Limits.Absolute),
	})
	if err != nil {
		f.Pages.Log.WarnContext(r.Context(), "session not listed", "request", web.RequestID(r), "error", err.Error())
	}
	return s, nil
}

// GoOn lets the session of the browser, of which SID, Key and AuthTime are used, go on
// under a new handle after a change that ended all sessions of the account, which is as
// next says.
func (f *Dispatcher) GoOn(w http.ResponseWriter, r *http.Request, was session.Session, next account.Account) (session.Session, error) {
	s, err := f.BeginSession(w, r, session.Session{SID: was.SID, AccountID: next.ID, Epoch: next.Epoch, AuthTime: was.AuthTime})
	if err != nil {
		return s, err
	}
	return s, f.Sessions.Store.Delete(r.Context(), was.Key)
}

// PortalURL returns the address at which a person goes on at a portal: where a client
// starts a login with us (OIDC Core §4), or its front page; "" if it has neither.
func PortalURL(c client.Client, issuer string) string {
	if c.InitiateLoginURI != "" {
		return web.AddQuery(c.InitiateLoginURI, url.Values{"iss": {issuer}})
	}
	return c.HomeURI
}

// EndSession ends a session and revokes its grants, with an event of its owner. It
// returns nil only when all of that is done (LO-07): the grants come first, so that a
// next try finds the session if it fails in between.
func (f *Dispatcher) EndSession(r *http.Request, s session.Session, because string) error {
	now := f.Now()
	e := audit.Holder(s.AccountID).At(f.Limits.Origin(r), web.RequestID(r)).Did(audit.AccountLogout, s.AccountID, now)
	if because != "" {
		e = e.Because(because)
	}
	if _, err := f.Grants.EndSession(r.Context(), s.SID, now, f.Sessions.Until(), effect.Of(e)); err != nil {
		return err
	}
	return f.Sessions.Store.Delete(r.Context(), s.Key)
}
