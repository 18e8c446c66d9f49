package web

import (
	"bytes"
	"compress/flate"
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// A note is what a form that was refused shows on its page: the answer to the POST is
// a redirect to the page, so that the browser's Back button meets no page that was
// posted. The browser carries the note, sealed, in a cookie of that form.
//
//	POST ─► handler renders the page with problems ─► note in a cookie, 303
//	                                                       │
//	GET  ◄─────────────────────────────────────────────────┘
//	 └─► handler renders the page as always ─► problems and typed text from the note
type note struct {
	Problems []Problem         `json:"p,omitempty"`
	Typed    map[string]string `json:"t,omitempty"` // by name of the field
	Until    int64             `json:"u,omitempty"` // seconds since 1970: when it ends
}

const (
	// noteTime is how long a note waits for its page.
	noteTime = 2 * time.Minute
	// keptTime is how long a note waits for somebody who has to log in first.
	keptTime = 30 * time.Minute
	// longestNote is the longest value of the cookie. Browsers keep 4,096 bytes
	// with name and attributes.
	longestNote = 3800
)

// untyped are the fields of which no note holds the value: passwords, codes and what
// nobody types.
var untyped = []string{"csrf", "password", "code", "lang"}

// typedIn returns the values of a form that a note holds.
func typedIn(form url.Values) map[string]string {
	typed := map[string]string{}
	for name := range form {
		if !slices.Contains(untyped, name) {
			typed[name] = form.Get(name)
		}
	}
	return typed
}

// formAddress returns the address of the page of a form, in every language.
func formAddress(u *url.URL) string { return u.Path + "?" + kept(u.Query()).Encode() }

// A noteKind is the prefix of the cookies of notes.
type noteKind string

const (
	noteRefused noteKind = "olid-note-" // of a form that was refused
	noteKept    noteKind = "olid-kept-" // of a form that was sent when the session had ended
	noteSaid    noteKind = "olid-said-" // of a form that did what its page says once
)

func (kind noteKind) cookie(address string) string {
	sum := sha256.Sum256([]byte(address))
	return string(kind) + hex.EncodeToString(sum[:4])
}

// noteAEAD returns the cipher of notes, and the associated data of one: a note opens
// in its own browser, for its own person (Own) and on its own page alone.
func (k *Cookies) noteAEAD(r *http.Request, address string) (cipher.AEAD, []byte, error) {
	key := hmac.New(sha256.New, k.FormKey)
	_, _ = key.Write([]byte("note"))
	block, err := aes.NewCipher(key.Sum(nil))
	if err != nil {
		return nil, nil, err
	}
	aead, err := cipher.NewGCM(block)
	browser, _ := k.Browser(r)
	owner := ""
	if c, err := r.Cookie(k.cookieName(ownerCookie(r.URL.Path))); err == nil {
		owner = c.Value
	}
	return aead, []byte(browser.Reveal() + " " + owner + " " + address), err
}

// setNote stores a note for the form at an address. It reports false, and stores
// nothing, if the note is too long for a cookie.
func (k *Cookies) setNote(w http.ResponseWriter, r *http.Request, kind noteKind, address string, n note) (bool, error) {
	keep := noteTime
	if kind == noteKept {
		keep = keptTime
	}
	n.Until = k.now().Add(keep).Unix()
	plain, err := n.pack()
	if err != nil {
		return false, err
	}
	aead, aad, err := k.noteAEAD(r, address)
	if err != nil {
		return false, err
	}
	nonce := make([]byte, aead.NonceSize())
	if _, err := io.ReadFull(k.Rand, nonce); err != nil {
		return false, err
	}
	value := base64.RawURLEncoding.EncodeToString(aead.Seal(nonce, nonce, plain, aad))
	if len(value) > longestNote {
		return false, nil
	}
	k.setCookie(w, kind.cookie(address), value, keep)
	return true, nil
}

// takeNote removes the note of a form and returns it; empty if there is none.
func (k *Cookies) takeNote(w http.ResponseWriter, r *http.Request, kind noteKind, address string) note {
	found := r.CookiesNamed(k.cookieName(kind.cookie(address)))
	if len(found) == 0 {
		return note{}
	}
	k.setCookie(w, kind.cookie(address), "", -1)
	aead, aad, err := k.noteAEAD(r, address)
	if err != nil {
		return note{}
	}
	sealed, err := base64.RawURLEncoding.DecodeString(found[0].Value)
	if err != nil || len(sealed) < aead.NonceSize() {
		return note{}
	}
	plain, err := aead.Open(nil, sealed[:aead.NonceSize()], sealed[aead.NonceSize():], aad)
	if err != nil {
		return note{}
	}
	if n := unpack(plain); k.now().Unix() < n.Until {
		return n
	}
	return note{}
}

const (
	packedPlain   = 'j' // JSON
	packedDeflate = 'd' // compressed JSON
)

// pack returns the note in bytes. A short one is not compressed, so that its length
// tells no more than the length of what was typed.
func (n note) pack() ([]byte, error) {
	const short = 2048
	plain, err := json.Marshal(n)
	if err != nil || len(plain) <= short {
		return append([]byte{packedPlain}, plain...), err
	}
	b := bytes.NewBuffer([]byte{packedDeflate})
	deflate, err := flate.NewWriter(b, flate.BestCompression)
	if err != nil {
		return nil, err
	}
	if _, err := deflate.Write(plain); err != nil {
		return nil, err
	}
	err = deflate.Close()
	return b.Bytes(), err
}

// unpack returns the note that was packed; empty if it was none.
func unpack(packed []byte) (n note) {
	var from io.Reader = bytes.NewReader(packed[min(len(packed), 1):])
	if len(packed) > 0 && packed[0] == packedDeflate {
		from = flate.NewReader(from)
	}
	if json.NewDecoder(from).Decode(&n) != nil {
		return note{}
	}
	return n
}

// leave answers a POST whose form was refused with a redirect to the form's page, for
// which it leaves a note. It reports false, and has written nothing, if the form has
// no page of its own or the note is too long.
func (p *Page) leave(w http.ResponseWriter, status int) (bool, error) {
	if status != http.StatusUnprocessableEntity || p.request.Method != http.MethodPost || p.pages.forms[p.request.URL.Path] == nil {
		return false, nil
	}
	left, err := p.pages.cookies.setNote(w, p.request, noteRefused, formAddress(p.request.URL), note{Problems: p.Problems, Typed: typedIn(p.request.PostForm)})
	if !left || err != nil {
		return false, err
	}
	return true, p.pages.back(w, p.request)
}

// KeepForm keeps what was typed in the form of a POST that is not carried out because
// its session has ended, for the form's page after the person (Own) has logged in
// again. Fields that nobody types, and passwords and codes, are not kept.
func (d *Renderer) KeepForm(w http.ResponseWriter, r *http.Request) error {
	if _, err := r.Cookie(d.cookies.cookieName(ownerCookie(r.URL.Path))); err != nil || r.Method != http.MethodPost || d.forms[r.URL.Path] == nil {
		return nil
	}
	n := note{Typed: typedIn(r.PostForm)}
	if len(n.Typed) == 0 {
		return nil
	}
	_, err := d.cookies.setNote(w, r, noteKept, formAddress(r.URL), n)
	return err
}

// Say has the page of the form that was sent say once what was done.
func (d *Renderer) Say(w http.ResponseWriter, r *http.Request) error {
	_, err := d.cookies.setNote(w, r, noteSaid, formAddress(r.URL), note{Typed: map[string]string{"said": "yes"}})
	return err
}

// Said reports whether a POST had this page say what was done (Say); the next time it
// does not.
func (d *Renderer) Said(w http.ResponseWriter, r *http.Request) bool {
	return d.cookies.takeNote(w, r, noteSaid, formAddress(r.URL)).Typed != nil
}

// Keeps reports whether something waits that was typed on the page at an address, as
// FormAddress returns it.
func (d *Renderer) Keeps(r *http.Request, address string) bool {
	u, err := url.Parse(address)
	return err == nil && len(r.CookiesNamed(d.cookies.cookieName(noteKept.cookie(formAddress(u))))) > 0
}

// FormAddress returns the path and the query of a page of ours, of which only the
// parameters that the language switch keeps.
func FormAddress(u *url.URL) string { return strings.TrimSuffix(formAddress(u), "?") }

type heldKey struct{}

// switchLang shows the page of a form in another language, with what was typed. If
// that is too long for a note, the page is the answer to the POST.
func (d *Renderer) switchLang(w http.ResponseWriter, r *http.Request, lang string) error {
	d.cookies.SetLang(w, lang)
	n := note{Typed: typedIn(r.PostForm)}
	if left, err := d.cookies.setNote(w, r, noteRefused, formAddress(r.URL), n); left || err != nil {
		if err != nil {
			return err
		}
		return d.back(w, r)
	}
	get := r.Clone(context.WithValue(r.Context(), heldKey{}, n))
	get.Method, get.Form, get.PostForm = http.MethodGet, nil, nil
	q := get.URL.Query()
	q.Set("lang", lang)
	get.URL.RawQuery = q.Encode()
	return d.forms[r.URL.Path](w, get)
}

// back redirects the browser from a POST to the page of its form.
func (d *Renderer) back(w http.ResponseWriter, r *http.Request) error {
	q := r.URL.Query()
	for _, name := range untyped {
		q.Del(name)
	}
	location := r.URL.Path
	if len(q) > 0 {
		location += "?" + q.Encode()
	}
	return d.SeeOther(w, location)
}

// pick takes up the note that a POST has left for this page.
func (p *Page) pick(w http.ResponseWriter, status int) {
	if status != http.StatusOK || p.request.Method != http.MethodGet {
		return
	}
	if n, held := p.request.Context().Value(heldKey{}).(note); held {
		p.typed = n.Typed
		return
	}
	address := formAddress(p.request.URL)
	n := p.pages.cookies.takeNote(w, p.request, noteRefused, address)
	if kept := p.pages.cookies.takeNote(w, p.request, noteKept, address); n.Typed == nil && len(kept.Typed) > 0 {
		n, p.Kept = kept, true
	}
	p.Problems = append(n.Problems, p.Problems...)
	p.typed = n.Typed
}

// Typed returns the value that the control shows: what was typed before the form was
// refused, or Value.
func (f Field) Typed() string { return f.typedAs(f.Name, f.Value) }

// TypedDay returns what Typed does, for the day of a date.
func (f Field) TypedDay() string { return f.typedAs(f.Name+"_day", f.Day) }

// TypedMonth returns what Typed does, for the month of a date.
func (f Field) TypedMonth() string { return f.typedAs(f.Name+"_month", f.Month) }

// TypedYear returns what Typed does, for the year of a date.
func (f Field) TypedYear() string { return f.typedAs(f.Name+"_year", f.Year) }

// Sent reports whether the form that was refused had the field.
func (f Field) Sent() bool {
	if f.Page == nil {
		return false
	}
	_, sent := f.Page.typed[f.Name]
	return sent
}

func (f Field) typedAs(name, value string) string {
	if f.Page != nil {
		if typed, ok := f.Page.typed[name]; ok {
			return typed
		}
	}
	return value
}

// Ticked reports whether the checkbox is checked: as it was sent when the form was
// refused, or Checked.
func (f Field) Ticked() bool {
	if f.Page == nil || f.Page.typed == nil {
		return f.Checked
	}
	return f.Page.typed[f.Name] != ""
}
