package portal

import (
	"net/http"
	"net/url"
	"time"
)

// logoutLife is how long the user may take to confirm at the provider.
const logoutLife = 10 * time.Minute

// logout ends the session here and then at the provider (OIDC RP-Initiated
// Logout §2): POST /logout.
//
// It answers 200 with a Refresh header and a link instead of a redirect. Chromium
// applies form-action to the whole redirect chain after a POST, and the provider may
// redirect on to an unknown broker. A Refresh is a new navigation, so form-action
// stays 'self'.
func (p *Portal) logout(w http.ResponseWriter, r *http.Request, e *entry) {
	s, ok := p.sessions.take(p.cookie(r, cookieSession+e.suffix))
	p.dropCookie(w, cookieSession+e.suffix)
	if !ok || s.entry != e {
		http.Redirect(w, r, e.Home, http.StatusSeeOther)
		return
	}
	p.log.Info("logged out", "client", e.ClientID)
	t := p.texts(w, r)
	m, err := p.idp.metadata(r.Context())
	if err != nil || m.EndSession == "" {
		p.message(w, r, e, http.StatusOK, note{Title: t.LeftTitle, Text: t.LeftHereOnly, Home: true})
		return
	}
	state := p.random()
	p.setCookie(w, cookieLogout+e.suffix, state, logoutLife)
	next := p.endSession(m, e, s, state, p.chosen(w, r))
	w.Header().Set("Refresh", "0; url="+next)
	p.message(w, r, e, http.StatusOK, note{Title: t.LeavingTitle, Text: t.LeavingText, Link: next, LinkText: t.LeavingLink})
}

// endSession returns the logout address at the provider.
func (p *Portal) endSession(m *metadata, e *entry, s session, state string, lang *texts) string {
	u, err := webURL(m.EndSession)
	if err != nil {
		return e.Home
	}
	q := u.Query()
	for name, v := range map[string]string{
		"id_token_hint": s.raw.Reveal(), "client_id": e.ClientID,
		"post_logout_redirect_uri": e.PostLogout, "state": state,
	} {
		q.Set(name, v)
	}
	if lang != nil {
		q.Set("ui_locales", lang.Lang)
	}
	return (&url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path, RawPath: u.RawPath, RawQuery: q.Encode()}).String()
}

// loggedOut is where the provider redirects to after a logout: GET /logout/done. It
// says "you are logged out" only to the browser that asked to log out; any other
// browser may still be logged in and is redirected to the front page.
func (p *Portal) loggedOut(w http.ResponseWriter, r *http.Request, e *entry) {
	name := cookieLogout + e.suffix
	q, ok := once(r)
	sent := p.cookie(r, name)
	if !ok || sent == "" || q.Get("state") != sent {
		http.Redirect(w, r, e.Home, http.StatusSeeOther)
		return
	}
	p.dropCookie(w, name)
	t := p.texts(w, r)
	p.message(w, r, e, http.StatusOK, note{Title: t.LeftTitle, Text: t.LeftText, Home: true})
}
