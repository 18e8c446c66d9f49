package provider

import (
	"errors"
	"net/http"
	"net/url"

	"omgevingsloket-id/op/web"
	"omgevingsloket-id/pkg/audit"
	"omgevingsloket-id/pkg/client"
	"omgevingsloket-id/pkg/effect"
	"omgevingsloket-id/pkg/errs"
	"omgevingsloket-id/pkg/session"
)

// logoutForm lists the parameters of OIDC RP-Initiated Logout §2.
var logoutForm = web.Form{Size: longestBody, Ignore: true, Fields: map[string]int{
	"id_token_hint": 6000, "logout_hint": 512, "client_id": 128, "post_logout_redirect_uri": 2048, "state": longestState, "ui_locales": 128,
}}

// logout is a parsed request to end_session.
type logout struct {
	hint   hint           // from id_token_hint; of no meaning without client
	client *client.Client // proven by the hint; nil = no hint, or none of ours
	back   string         // where to send the browser afterwards; "" = our own page
}

// badLogout returns the error of a logout with parameters that cannot be read. It
// is a page, since end_session has no error response.
func badLogout(q web.Parameters) error {
	return web.Fail(http.StatusBadRequest, "web.error.bad_request", errors.New(q.Fault()))
}

// logoutPage asks for confirmation, or confirms the logout.
type logoutPage struct {
	*web.Page
	Hidden []web.Field
	Start  web.Link
}

// endSession logs out at once if the hint belongs to the session of this browser;
// otherwise it asks first (R-258, LO-01).
func (p *Room) endSession(w http.ResponseWriter, r *http.Request) error {
	q := logoutForm.Parameters(r.URL.RawQuery)
	if q.Fault() != "" {
		return badLogout(q)
	}
	query := q.Values
	l, err := p.readLogout(r, query)
	if err != nil {
		return err
	}
	s, err := p.session(r)
	if errors.Is(err, errs.ErrNotFound) {
		return p.loggedOut(w, r, l) // logged out already, which is no error
	}
	if err != nil {
		return err
	}
	if l.client != nil && l.hint.SID == p.Subjects.Session(s.SID, *l.client) {
		if err := p.endNow(w, r, s); err != nil {
			return err
		}
		return p.loggedOut(w, r, l)
	}
	p.Cookies.EnsureBrowser(w, r)
	page := &logoutPage{Page: p.Pages.Page(r, "provider.logout.title")}
	for _, name := range []string{"id_token_hint", "post_logout_redirect_uri", "state", "client_id"} {
		if v := query.Get(name); v != "" {
			page.Hidden = append(page.Hidden, web.Field{Name: name, Value: v})
		}
	}
	return p.Pages.Render(w, http.StatusOK, "provider/logout", page)
}

// logoutConfirmed logs out after the question of endSession.
func (p *Room) logoutConfirmed(w http.ResponseWriter, r *http.Request) error {
	l, err := p.readLogout(r, r.PostForm)
	if err != nil {
		return err
	}
	s, err := p.session(r)
	if err != nil && !errors.Is(err, errs.ErrNotFound) {
		return err
	}
	if err == nil {
		if err := p.endNow(w, r, s); err != nil {
			return err
		}
	}
	return p.loggedOut(w, r, l)
}

// readLogout parses the parameters of a logout. A return address is used only if
// the client that the hint proves registered it.
func (p *Room) readLogout(r *http.Request, q url.Values) (logout, error) {
	var l logout
	raw := q.Get("id_token_hint")
	if raw == "" {
		return l, nil
	}
	h, err := p.readHint(raw)
	if err != nil || q.Get("client_id") != "" && q.Get("client_id") != h.Audience {
		return l, nil
	}
	c, err := p.Clients.ByID(r.Context(), h.Audience)
	if errors.Is(err, errs.ErrNotFound) {
		return l, nil
	}
	if err != nil {
		return l, err
	}
	l.hint, l.client = h, &c
	uri := q.Get("post_logout_redirect_uri")
	if uri != "" && c.AllowsPostLogout(uri) {
		l.back = web.AddQuery(uri, url.Values{"state": {q.Get("state")}})
	}
	return l, nil
}

// endNow ends the session and revokes its grants. It returns nil only when all of
// that is done (LO-07).
func (p *Room) endNow(w http.ResponseWriter, r *http.Request, s session.Session) error {
	now := p.Now()
	rec := effect.Of(audit.Holder(s.AccountID).At(p.Limits.Origin(r), web.RequestID(r)).Did(audit.AccountLogout, s.AccountID, now))
	if _, err := p.Grants.EndSession(r.Context(), s.SID, now, p.Sessions.Until(), rec); err != nil {
		return err
	}
	if err := p.Sessions.Store.Delete(r.Context(), s.Key); err != nil {
		return err
	}
	p.Cookies.DropSession(w)
	return nil
}

func (p *Room) loggedOut(w http.ResponseWriter, r *http.Request, l logout) error {
	p.Cookies.DropSession(w)
	w.Header().Set("Clear-Site-Data", `"cache"`)
	if l.back != "" {
		if r.Method == http.MethodPost {
			// form-action would block a redirect, as after a login.
			return p.Pages.Away(w, r, l.back)
		}
		return p.Pages.SeeOther(w, l.back)
	}
	page := &logoutPage{Page: p.Pages.Page(r, "provider.logged_out.title"), Start: web.Link{URL: p.Pages.URL("/"), Label: ""}}
	page.Languages = nil
	page.Start.Label = page.T("provider.logged_out.start")
	return p.Pages.Render(w, http.StatusOK, "provider/logged_out", page)
}
