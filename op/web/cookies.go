package web

import (
	"crypto/subtle"
	"io"
	"net/http"
	"time"

	"omgevingsloket-id/pkg/secret"
)

// The names of the cookies; over TLS they have the prefix __Host-.
const (
	cookieBrowser = "olid-browser" // ties requests to this browser
	cookieSession = "olid-session" // single sign-on
	cookieDevice  = "olid-device"  // logged in before: has its own lane
	cookieApply   = "olid-apply"   // an applicant's draft
	cookieLang    = "olid-lang"
	cookieStaff   = "olid-staff"  // an official's session
	cookieInvite  = "olid-invite" // an official's invitation, out of the address
	cookieOwner   = "olid-owner"  // which official notes are of
	cookieTurn    = "olid-turn"   // changes when the QR page is left, so that browsers do not restore that page from memory
)

const aYear = 365 * 24 * time.Hour

// Cookies reads and sets the cookies of one site.
type Cookies struct {
	FormKey []byte // for form tokens; each site has its own
	Secure  bool   // the site is served over TLS
	Rand    io.Reader
	now     func() time.Time
}

// NewHandle returns a random handle.
func (k *Cookies) NewHandle(kind secret.Kind) secret.Text { return secret.New(k.Rand, kind) }

func (k *Cookies) cookieName(name string) string {
	if k.Secure {
		return "__Host-" + name
	}
	return name
}

// setCookie sets a cookie for the duration keep: 0 = until the browser closes,
// < 0 = removes it.
func (k *Cookies) setCookie(w http.ResponseWriter, name, value string, keep time.Duration) {
	c := &http.Cookie{Name: k.cookieName(name), Value: value, Path: "/", HttpOnly: true, Secure: k.Secure, SameSite: http.SameSiteLaxMode}
	if name == cookieStaff {
		c.SameSite = http.SameSiteStrictMode // no other site links to the console
	}
	switch {
	case keep < 0:
		c.MaxAge = -1
	case keep > 0:
		c.MaxAge = int(keep / time.Second)
	}
	http.SetCookie(w, c)
}

// handleCookie returns the handle in a cookie. If two cookies have the name, one
// was set by another site, and neither is used.
func (k *Cookies) handleCookie(r *http.Request, name string, kind secret.Kind) (secret.Text, bool) {
	found := r.CookiesNamed(k.cookieName(name))
	if len(found) != 1 {
		return "", false
	}
	return secret.Parse(kind, found[0].Value)
}

// Browser returns the secret of the browser.
func (k *Cookies) Browser(r *http.Request) (secret.Text, bool) {
	return k.handleCookie(r, cookieBrowser, secret.KindBrowser)
}

// EnsureBrowser returns the browser's secret, and sets one if it has none. The
// cookie is added to r as well, so that the page of this request has a form token.
func (k *Cookies) EnsureBrowser(w http.ResponseWriter, r *http.Request) secret.Text {
	if b, ok := k.Browser(r); ok {
		return b
	}
	b := k.NewHandle(secret.KindBrowser)
	k.setCookie(w, cookieBrowser, b.Reveal(), 0)
	r.AddCookie(&http.Cookie{Name: k.cookieName(cookieBrowser), Value: b.Reveal()})
	return b
}

// Session returns the handle of the browser's session.
func (k *Cookies) Session(r *http.Request) (secret.Text, bool) {
	return k.handleCookie(r, cookieSession, secret.KindSession)
}

// SetSession sets the handle of the browser's session.
func (k *Cookies) SetSession(w http.ResponseWriter, s secret.Text) {
	k.setCookie(w, cookieSession, s.Reveal(), 0)
}

// DropSession removes the cookie of the session.
func (k *Cookies) DropSession(w http.ResponseWriter) { k.setCookie(w, cookieSession, "", -1) }

// Device returns the handle of a browser that logged in before, or "".
func (k *Cookies) Device(r *http.Request) secret.Text {
	d, _ := k.handleCookie(r, cookieDevice, secret.KindDevice)
	return d
}

// EnsureDevice returns the browser's device handle, and sets one if it has none.
func (k *Cookies) EnsureDevice(w http.ResponseWriter, r *http.Request) secret.Text {
	d := k.Device(r)
	if d == "" {
		d = k.NewHandle(secret.KindDevice)
	}
	k.setCookie(w, cookieDevice, d.Reveal(), aYear)
	return d
}

// Staff returns the handle of an official's session.
func (k *Cookies) Staff(r *http.Request) (secret.Text, bool) {
	return k.handleCookie(r, cookieStaff, secret.KindStaff)
}

// SetStaff sets the handle of an official's session; "" removes it.
func (k *Cookies) SetStaff(w http.ResponseWriter, s secret.Text) {
	keep := time.Duration(0)
	if s == "" {
		keep = -1
	}
	k.setCookie(w, cookieStaff, s.Reveal(), keep)
}

// Invite returns the handle of the invitation that was opened in the browser.
func (k *Cookies) Invite(r *http.Request) (secret.Text, bool) {
	return k.handleCookie(r, cookieInvite, secret.KindInvite)
}

// SetInvite sets the handle of an invitation for an hour; "" removes it.
func (k *Cookies) SetInvite(w http.ResponseWriter, s secret.Text) {
	keep := time.Hour
	if s == "" {
		keep = -1
	}
	k.setCookie(w, cookieInvite, s.Reveal(), keep)
}

// Draft returns the handle of the applicant's draft.
func (k *Cookies) Draft(r *http.Request) (secret.Text, bool) {
	return k.handleCookie(r, cookieApply, secret.KindApplication)
}

// SetDraft sets the handle of the applicant's draft for the duration keep.
func (k *Cookies) SetDraft(w http.ResponseWriter, h secret.Text, keep time.Duration) {
	k.setCookie(w, cookieApply, h.Reveal(), keep)
}

// DropDraft removes the cookie of the draft.
func (k *Cookies) DropDraft(w http.ResponseWriter) { k.setCookie(w, cookieApply, "", -1) }

// Own has notes be of a person from now on: one that was sealed for another person in
// the same browser does not open. It reports false if the browser's cookie names another
// person.
func (k *Cookies) Own(w http.ResponseWriter, r *http.Request, person string) bool {
	browser, _ := k.Browser(r)
	owner := k.owner(browser, person)
	if c, err := r.Cookie(k.cookieName(cookieOwner)); err == nil {
		return c.Value == owner
	}
	k.setCookie(w, cookieOwner, owner, 0)
	r.AddCookie(&http.Cookie{Name: k.cookieName(cookieOwner), Value: owner})
	return true
}

// SetOwner has notes be of a person from the next request on.
func (k *Cookies) SetOwner(w http.ResponseWriter, r *http.Request, person string) {
	browser, _ := k.Browser(r)
	k.setCookie(w, cookieOwner, k.owner(browser, person), 0)
}

func (k *Cookies) owner(browser secret.Text, person string) string {
	return secret.MAC(k.FormKey, "owner", browser.Reveal(), person)
}

// Turn changes a cookie that has no other use: browsers do not restore a page from
// memory if the cookies have changed since.
func (k *Cookies) Turn(w http.ResponseWriter) {
	k.setCookie(w, cookieTurn, secret.NewID(k.Rand), 0)
}

// formToken returns the form token of a browser (field csrf).
func (k *Cookies) formToken(browser secret.Text) string {
	return secret.MAC(k.FormKey, "form", browser.Reveal())
}

func (k *Cookies) formTokenFits(browser secret.Text, token string) bool {
	return subtle.ConstantTimeCompare([]byte(k.formToken(browser)), []byte(token)) == 1
}

// lang returns the language that was chosen before, or "".
func (k *Cookies) lang(r *http.Request) string {
	c, err := r.Cookie(k.cookieName(cookieLang))
	if err != nil {
		return ""
	}
	return Supported(c.Value)
}

// SetLang remembers a language for a year.
func (k *Cookies) SetLang(w http.ResponseWriter, lang string) {
	if l := Supported(lang); l != "" {
		k.setCookie(w, cookieLang, l, aYear)
	}
}
