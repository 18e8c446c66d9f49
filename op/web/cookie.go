package web

import (
	"crypto/subtle"
	"net/http"
	"time"

	"omgevingsloket-id/pkg/secret"
)

// Cookies that exist. The prefix __Host- is added wherever TLS is.
const (
	cookieBrowser = "olid-browser" // ties requests to this browser
	cookieSession = "olid-session" // single sign-on
	cookieDevice  = "olid-device"  // logged in before: a lane of its own
	cookieApply   = "olid-apply"   // an applicant's draft
	cookieLang    = "olid-lang"
	cookieStaff   = "olid-staff"  // an official's session
	cookieInvite  = "olid-invite" // an official's invitation, out of the address
	cookieTurn    = "olid-turn"   // changes when the QR page is left, so that it cannot come back from memory
)

const aYear = 365 * 24 * time.Hour

func (k *Kit) cookieName(name string) string {
	if k.secure {
		return "__Host-" + name
	}
	return name
}

// setCookie sets one of our cookies; keep 0 = until the browser closes, < 0
// = take it away.
func (k *Kit) setCookie(w http.ResponseWriter, name, value string, keep time.Duration) {
	c := &http.Cookie{Name: k.cookieName(name), Value: value, Path: "/", HttpOnly: true, Secure: k.secure, SameSite: http.SameSiteLaxMode}
	if name == cookieStaff {
		c.SameSite = http.SameSiteStrictMode // nobody comes to the console from elsewhere
	}
	switch {
	case keep < 0:
		c.MaxAge = -1
	case keep > 0:
		c.MaxAge = int(keep / time.Second)
	}
	http.SetCookie(w, c)
}

// handleCookie reads a cookie that holds a handle. Two cookies of one name
// are somebody else's work: neither is believed.
func (k *Kit) handleCookie(r *http.Request, name string, kind secret.Kind) (secret.Text, bool) {
	found := r.CookiesNamed(k.cookieName(name))
	if len(found) != 1 {
		return "", false
	}
	return secret.Parse(kind, found[0].Value)
}

// Browser gives the secret of the browser.
func (k *Kit) Browser(r *http.Request) (secret.Text, bool) {
	return k.handleCookie(r, cookieBrowser, secret.KindBrowser)
}

// EnsureBrowser gives the browser's secret and sets one if it has none. The
// request is changed as well, so that the page made now carries a form token.
func (k *Kit) EnsureBrowser(w http.ResponseWriter, r *http.Request) secret.Text {
	if b, ok := k.Browser(r); ok {
		return b
	}
	b := k.NewHandle(secret.KindBrowser)
	k.setCookie(w, cookieBrowser, b.Reveal(), 0)
	r.AddCookie(&http.Cookie{Name: k.cookieName(cookieBrowser), Value: b.Reveal()})
	return b
}

// Session gives the handle of the browser's session.
func (k *Kit) Session(r *http.Request) (secret.Text, bool) {
	return k.handleCookie(r, cookieSession, secret.KindSession)
}

// SetSession gives the browser a session handle.
func (k *Kit) SetSession(w http.ResponseWriter, s secret.Text) {
	k.setCookie(w, cookieSession, s.Reveal(), 0)
}

// DropSession takes it away.
func (k *Kit) DropSession(w http.ResponseWriter) { k.setCookie(w, cookieSession, "", -1) }

// Device gives the handle of a browser that logged in before, or "".
func (k *Kit) Device(r *http.Request) secret.Text {
	d, _ := k.handleCookie(r, cookieDevice, secret.KindDevice)
	return d
}

// EnsureDevice gives the browser's device handle and sets one if needed.
func (k *Kit) EnsureDevice(w http.ResponseWriter, r *http.Request) secret.Text {
	d := k.Device(r)
	if d == "" {
		d = k.NewHandle(secret.KindDevice)
	}
	k.setCookie(w, cookieDevice, d.Reveal(), aYear)
	return d
}

// Staff gives the handle of an official's session.
func (k *Kit) Staff(r *http.Request) (secret.Text, bool) {
	return k.handleCookie(r, cookieStaff, secret.KindStaff)
}

// SetStaff gives the browser an official's session handle; "" takes it away.
func (k *Kit) SetStaff(w http.ResponseWriter, s secret.Text) {
	keep := time.Duration(0)
	if s == "" {
		keep = -1
	}
	k.setCookie(w, cookieStaff, s.Reveal(), keep)
}

// Invite gives the handle of an invitation that the browser came with.
func (k *Kit) Invite(r *http.Request) (secret.Text, bool) {
	return k.handleCookie(r, cookieInvite, secret.KindInvite)
}

// SetInvite keeps it for an hour; "" takes it away.
func (k *Kit) SetInvite(w http.ResponseWriter, s secret.Text) {
	keep := time.Hour
	if s == "" {
		keep = -1
	}
	k.setCookie(w, cookieInvite, s.Reveal(), keep)
}

// Draft gives the handle of the applicant's draft.
func (k *Kit) Draft(r *http.Request) (secret.Text, bool) {
	return k.handleCookie(r, cookieApply, secret.KindApplication)
}

// SetDraft keeps the draft's handle for as long as the draft.
func (k *Kit) SetDraft(w http.ResponseWriter, h secret.Text, keep time.Duration) {
	k.setCookie(w, cookieApply, h.Reveal(), keep)
}

// DropDraft takes it away.
func (k *Kit) DropDraft(w http.ResponseWriter) { k.setCookie(w, cookieApply, "", -1) }

// Turn changes a cookie that nobody reads: browsers do not bring back from
// memory a page that was made under other cookies.
func (k *Kit) Turn(w http.ResponseWriter) {
	k.setCookie(w, cookieTurn, secret.NewID(k.Rand), 0)
}

// formToken is what a form of this browser carries (field csrf).
func (k *Kit) formToken(browser secret.Text) string {
	return secret.MAC(k.FormKey, "form", browser.Reveal())
}

func (k *Kit) formTokenFits(browser secret.Text, token string) bool {
	return subtle.ConstantTimeCompare([]byte(k.formToken(browser)), []byte(token)) == 1
}

// Lang tells the language of a page: chosen now, chosen before (or asked by
// a client), what the browser prefers, Dutch.
func (k *Kit) Lang(r *http.Request) string {
	if l := Supported(r.URL.Query().Get("lang")); l != "" {
		return l
	}
	if c, err := r.Cookie(k.cookieName(cookieLang)); err == nil {
		if l := Supported(c.Value); l != "" {
			return l
		}
	}
	return k.Catalog.Match(r.Header.Get("Accept-Language"))
}

// SetLang remembers a language.
func (k *Kit) SetLang(w http.ResponseWriter, lang string) {
	if l := Supported(lang); l != "" {
		k.setCookie(w, cookieLang, l, aYear)
	}
}
