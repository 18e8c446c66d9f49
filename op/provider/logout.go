package provider

import (
	"cmp"
	"errors"
	"maps"
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
	"id_token_hint": 6000, "logout_hint": 512, "client_id": 128, "post_logout_redirect_uri": 2048, "state": longestState, "ui_locales": 1024,
}}

// logout is a parsed request to end_session.
type logout struct {
	hint    hint           // from id_token_hint; of no meaning unless proven
	client  *client.Client // nil = none, or one that does not exist
	proven  bool           // the hint is an ID token of ours for the client
	back    string         // where to send the browser afterwards; "" = our own page
	unknown bool           // a return address was sent that is not the client's
}

// badLogout returns the error of a logout with parameters that cannot be read. It
// is a page, since end_session has no error response.
func badLogout(q web.Parameters) error {
	return web.Fail(http.StatusBadRequest, "web.error.bad_request", web.Rule(q.Fault()))
}

// logoutPage asks for confirmation, or says what happened.
type logoutPage struct {
	*web.Page
	Lead    string
	Hidden  []web.Field
	Action  string   // address of the form
	Unknown bool     // say that the return address is not registered
	Close   bool     // advise to close the browser
	Back    web.Link // to the client; URL "" = none
	Start   web.Link
}

// endSession logs out at once if the hint belongs to the session of this browser;
// with another session here it asks first (R-258, LO-01). Without a session here,
// as in a call from a client's server, it ends the session of the hint.
func (p *Room) endSession(w http.ResponseWriter, r *http.Request) error {
	q := logoutForm.Parameters(r.URL.RawQuery)
	lang := web.Locale(q.Get("ui_locales"))
	web.Prefer(r, lang)
	if q.Fault() != "" {
		p.explainNamed(r.Context(), func() string { return q.Get("client_id") })
		return badLogout(q)
	}
	l, err := p.readLogout(r, q.Values)
	if err != nil {
		return err
	}
	s, err := p.session(r)
	if errors.Is(err, errs.ErrNotFound) {
		return p.endElsewhere(w, r, l)
	}
	if err != nil {
		return err
	}
	if l.proven && l.hint.SID == p.Subjects.Session(s.SID, *l.client) {
		if err := p.endNow(w, r, s); err != nil {
			return err
		}
		return p.loggedOut(w, r, l)
	}
	p.Cookies.EnsureBrowser(w, r)
	page := &logoutPage{Page: p.Pages.Page(r, "provider.logout.title")}
	page.Action = page.Path("/logout")
	if lang != "" {
		page.Action += "?ui_locales=" + lang // in the address: the previous version refuses unknown fields
	}
	for i := range page.Languages {
		page.Languages[i].URL = p.languageLink(q, page.Languages[i].Code)
	}
	for _, name := range []string{"id_token_hint", "post_logout_redirect_uri", "state", "client_id"} {
		if v := q.Get(name); v != "" {
			page.Hidden = append(page.Hidden, web.Field{Name: name, Value: v})
		}
	}
	return p.Pages.Render(w, http.StatusOK, "provider/logout", page)
}

// languageLink returns the link to the question in another language. Only a link to
// one of our own pages changes what lasts, so it is ui_locales here.
func (p *Room) languageLink(q web.Parameters, code string) string {
	again := maps.Clone(q.Values)
	again.Set("ui_locales", code)
	return "?" + again.Encode()
}

// logoutConfirmed logs out after the question of endSession.
func (p *Room) logoutConfirmed(w http.ResponseWriter, r *http.Request) error {
	web.Prefer(r, web.Locale(r.URL.Query().Get("ui_locales")))
	l, err := p.readLogout(r, r.PostForm)
	if err != nil {
		return err
	}
	s, err := p.session(r)
	if errors.Is(err, errs.ErrNotFound) {
		return p.endElsewhere(w, r, l) // another tab was quicker
	}
	if err != nil {
		return err
	}
	if err := p.endNow(w, r, s); err != nil {
		return err
	}
	return p.loggedOut(w, r, l)
}

// readLogout parses the parameters of a logout. The client is that of the hint, or
// else the one that client_id names; a return address is used only if that client
// registered it.
func (p *Room) readLogout(r *http.Request, q url.Values) (logout, error) {
	var l logout
	id := q.Get("client_id")
	if h, err := p.readHint(q.Get("id_token_hint")); err == nil && (id == "" || id == h.Audience) {
		l.hint, l.proven, id = h, true, h.Audience
	} else if err == nil {
		id = "" // of two clients, neither
	}
	c, err := p.Clients.ByID(r.Context(), id)
	switch {
	case err == nil:
		l.client = &c
	case errors.Is(err, errs.ErrNotFound):
		l.proven = false
	default:
		return l, err
	}
	named := cmp.Or(c.ID, loggedID(q.Get("client_id"), false))
	if !l.proven && q.Get("id_token_hint") != "" {
		p.Log.InfoContext(r.Context(), "logout hint refused", "request", web.RequestID(r), "client", named,
			"parameter", "id_token_hint", "reason", "not an ID token of ours for the client that the request names")
	}
	switch uri := q.Get("post_logout_redirect_uri"); {
	case uri == "":
	case l.client != nil && c.AllowsPostLogout(uri):
		l.back = web.AddQuery(uri, url.Values{"state": {q.Get("state")}})
	default:
		l.unknown = true
		p.Log.InfoContext(r.Context(), "return address after a logout refused", "request", web.RequestID(r), "client", named,
			"parameter", "post_logout_redirect_uri", "reason", "not registered for a client that the request names")
	}
	return l, nil
}

// endNow ends the session and revokes its grants. It returns nil only when all of
// that is done (LO-07).
func (p *Room) endNow(w http.ResponseWriter, r *http.Request, s session.Session) error {
	if err := p.Flow.EndSession(r, s, ""); err != nil {
		return err
	}
	p.Cookies.DropSession(w)
	return nil
}

// endElsewhere answers a logout in a browser without a session: with the session of
// the hint, which it ends, or with a page that says that nothing was ended.
func (p *Room) endElsewhere(w http.ResponseWriter, r *http.Request, l logout) error {
	p.Cookies.DropSession(w)
	if !l.proven {
		return p.notEnded(w, l, p.outcome(r, l, "provider.not_here.title", "provider.not_here.lead"), http.StatusOK)
	}
	err := p.endHinted(r, l)
	if errors.Is(err, errs.ErrNotFound) {
		p.Log.InfoContext(r.Context(), "logout without effect", "request", web.RequestID(r), "client", l.client.ID,
			"parameter", "id_token_hint", "reason", "its session is not known any more")
		return p.notEnded(w, l, p.outcome(r, l, "provider.not_ended.title", "provider.not_ended.lead"), http.StatusNotFound)
	}
	if err != nil {
		return err
	}
	return p.loggedOut(w, r, l)
}

// endHinted ends the session that an ID token of the client was issued in. That it
// has ended already is no error, and writes nothing. The error is
// errs.ErrNotFound if the session cannot be found.
func (p *Room) endHinted(r *http.Request, l logout) error {
	g, err := p.Grants.ByID(r.Context(), p.grantOf(l.hint.ID))
	if err != nil {
		return err
	}
	if g.ClientID != l.client.ID || p.Subjects.Session(g.SID, *l.client) != l.hint.SID {
		return errs.ErrNotFound
	}
	if ended, err := p.Grants.Ended(r.Context(), g.SID); ended || err != nil {
		return err
	}
	now := p.Now()
	rec := effect.Of(audit.ClientActor(l.client.ID).At(p.Limits.Origin(r), web.RequestID(r)).Did(audit.AccountLogout, g.AccountID, now).
		Because("by id_token_hint, without the browser").With(map[string]string{"client": l.client.ID}))
	_, err = p.Grants.EndSession(r.Context(), g.SID, now, p.Sessions.Until(), rec)
	return err
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
	page := p.outcome(r, l, "provider.logged_out.title", "provider.logged_out.lead")
	page.Close = true
	return p.Pages.Render(w, http.StatusOK, "provider/logged_out", page)
}

// notEnded says that no session was ended, and links to where the client wanted the
// browser: without a proven hint nobody is sent on unasked.
func (p *Room) notEnded(w http.ResponseWriter, l logout, page *logoutPage, status int) error {
	if l.back != "" {
		page.Back = web.Link{URL: l.back, Label: page.T("provider.back", "Client", l.client.Name)}
	}
	return p.Pages.Render(w, status, "provider/logged_out", page)
}

// outcome returns the page that says how a logout ended.
func (p *Room) outcome(r *http.Request, l logout, titleKey, leadKey string) *logoutPage {
	page := &logoutPage{Page: p.Pages.Page(r, titleKey), Unknown: l.unknown}
	page.Languages = nil
	page.Lead = page.T(leadKey)
	page.Start = web.Link{URL: p.Pages.URL("/"), Label: page.T("provider.logged_out.start")}
	return page
}
