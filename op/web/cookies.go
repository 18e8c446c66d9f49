package web

import (
	"crypto/subtle"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"

	"omgevingsloket-id/pkg/mail"
	"omgevingsloket-id/pkg/secret"
)

// The names of the cookies; over TLS they have the prefix __Host-.
const (
	cookieBrowser = "olid-browser" // ties requests to this browser
	cookieSession = "olid-session" // single sign-on
	cookieDevice  = "olid-device"  // logged in before: has its own lane
	cookieKnown   = "olid-known"   // proofs of the addresses it logged in with: goes before strangers
	cookieApply   = "olid-apply"   // an applicant's draft
	cookieLang    = "olid-lang"
	cookieStaff   = "olid-staff"   // an official's session
	cookieInvite  = "olid-invite"  // an official's invitation, out of the address
	cookieReset   = "olid-reset"   // the link for a new password, out of the address, and then its browser
	cookieDisavow = "olid-disavow" // the link by which a holder says that something was not the holder
	cookieUndo    = "olid-undo"    // the link that undoes a change of address, out of the address
	cookieOwner   = "olid-owner"   // which official notes are of
	cookieHolder  = "olid-holder"  // which account holder notes are of
	cookieTurn    = "olid-turn"    // changes when the QR page is left, so that browsers do not restore that page from memory
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

// mostProofs is how many addresses a browser goes before strangers for: those of the
// last logins.
const mostProofs = 4

// proofLength is the length of a proof in base64url: 132 bits.
const proofLength = 22

// Prove notes in a cookie that the browser with a device handle logged in with an
// address, or confirmed it. The proof is a MAC, so that Proven needs no store. It
// makes the browser go before strangers and nothing else: which lane counts its
// tries is stored.
func (k *Cookies) Prove(w http.ResponseWriter, r *http.Request, device secret.Text, address string) {
	proof := k.proof(device, address)
	proofs := []string{proof}
	for _, old := range k.proofs(r) {
		if old != proof && len(proofs) < mostProofs {
			proofs = append(proofs, old)
		}
	}
	k.setCookie(w, cookieKnown, strings.Join(proofs, "."), aYear)
}

// ProvenBy returns a function that is Proven for the address in a field of a form.
func (k *Cookies) ProvenBy(field string) func(*http.Request) string {
	return func(r *http.Request) string { return k.Proven(r, r.PostForm.Get(field)) }
}

// Proven returns a name of an address if the browser proves that it logged in with it
// before, or confirmed it; "" otherwise. It is the same for all such browsers, of which
// one person can have as many as logins.
func (k *Cookies) Proven(r *http.Request, address string) string {
	device := k.Device(r)
	if device == "" {
		return ""
	}
	proof := k.proof(device, address)
	for _, p := range k.proofs(r) {
		if subtle.ConstantTimeCompare([]byte(p), []byte(proof)) == 1 {
			return secret.MAC(k.FormKey, "known address", canonical(address))
		}
	}
	return ""
}

// proofs returns what can be a proof in the browser's cookie.
func (k *Cookies) proofs(r *http.Request) []string {
	found := r.CookiesNamed(k.cookieName(cookieKnown))
	if len(found) != 1 || len(found[0].Value) > mostProofs*(proofLength+1) {
		return nil
	}
	return slices.DeleteFunc(strings.Split(found[0].Value, "."), func(p string) bool { return len(p) != proofLength })
}

func (k *Cookies) proof(device secret.Text, address string) string {
	return secret.MAC(k.FormKey, "known", device.Reveal(), canonical(address))[:proofLength]
}

func canonical(address string) string {
	if c, err := mail.CanonicalAddress(address); err == nil {
		return c
	}
	return address
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

// linkCookies are the cookies of the handles that the links in mails carry, out of the
// address, and of the browser that used the link for a new password.
var linkCookies = map[secret.Kind]string{
	secret.KindInvite: cookieInvite, secret.KindDisavow: cookieDisavow, secret.KindUndo: cookieUndo,
	secret.KindPassword: cookieReset, secret.KindReset: cookieReset,
}

// Link returns the handle of the link of a kind that was opened in the browser.
func (k *Cookies) Link(r *http.Request, kind secret.Kind) (secret.Text, bool) {
	return k.handleCookie(r, linkCookies[kind], kind)
}

// SetLink sets the handle that Link returns for an hour; "" removes it.
func (k *Cookies) SetLink(w http.ResponseWriter, kind secret.Kind, s secret.Text) {
	keep := time.Hour
	if s == "" {
		keep = -1
	}
	k.setCookie(w, linkCookies[kind], s.Reveal(), keep)
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
	owner, name := k.owner(browser, person), ownerCookie(r.URL.Path)
	if c, err := r.Cookie(k.cookieName(name)); err == nil {
		return c.Value == owner
	}
	k.setCookie(w, name, owner, 0)
	r.AddCookie(&http.Cookie{Name: k.cookieName(name), Value: owner})
	return true
}

// ownerCookie returns the name of the cookie that says of whom the notes of a page are.
// An official and a holder may use one browser at the same time.
func ownerCookie(path string) string {
	if path == "/console" || strings.HasPrefix(path, "/console/") {
		return cookieOwner
	}
	return cookieHolder
}

// SetOwner has notes be of a person from the next request on.
func (k *Cookies) SetOwner(w http.ResponseWriter, r *http.Request, person string) {
	browser, _ := k.Browser(r)
	k.setCookie(w, ownerCookie(r.URL.Path), k.owner(browser, person), 0)
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
