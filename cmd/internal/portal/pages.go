package portal

import (
	"bytes"
	"embed"
	"html/template"
	"net/http"
	"strings"
	"time"

	"golang.org/x/text/language"
)

//go:embed html/*.html
var htmlFiles embed.FS

//go:embed static
var staticFiles embed.FS

var templates = map[string]*template.Template{}

func init() {
	for _, name := range []string{"home", "message", "mailbox", "letter"} {
		templates[name] = template.Must(template.ParseFS(htmlFiles, "html/layout.html", "html/"+name+".html"))
	}
}

// page is what the layout shows; Body is the struct of the page.
type page struct {
	T      *texts
	Entry  *entry
	Title  string
	Switch string // this page in the other language; "" if it cannot be repeated
	Body   any
}

// note is a page with a message: an error, or that the user is logged out.
type note struct {
	Title, Text    string
	Retry          bool // offer to log in again
	Home           bool // offer the front page
	Link, LinkText string
	Details        []string // for the developer or operator
}

// render writes a whole page or, if that fails, a plain 500; never part of a page.
func (p *Portal) render(w http.ResponseWriter, status int, name string, data page) {
	var b bytes.Buffer
	if err := templates[name].ExecuteTemplate(&b, "layout.html", data); err != nil {
		p.log.Error("page cannot be rendered", "page", name, "err", err)
		http.Error(w, "500", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Language", data.T.Lang)
	w.WriteHeader(status)
	_, _ = w.Write(b.Bytes())
}

func (p *Portal) message(w http.ResponseWriter, r *http.Request, e *entry, status int, n note) {
	p.render(w, status, "message", page{T: p.texts(w, r), Entry: e, Title: n.Title, Body: n})
}

// refused shows that a login did not succeed. code is an error code of the provider
// or of the portal; why is for the operator of the portal.
func (p *Portal) refused(w http.ResponseWriter, r *http.Request, e *entry, status int, code, why string) {
	p.log.Warn("login did not succeed", "client", e.ClientID, "code", code)
	t := p.texts(w, r)
	n := note{Title: t.FailedTitle, Text: t.FailedText, Retry: true, Home: true, Details: []string{code, clip(why)}}
	if known, ok := t.Errors[code]; ok {
		n.Title, n.Text = known[0], known[1]
	}
	p.message(w, r, e, status, n)
}

// unreachable shows that the provider does not answer.
func (p *Portal) unreachable(w http.ResponseWriter, r *http.Request, e *entry, err error) {
	p.log.Error("provider unavailable", "client", e.ClientID, "err", err)
	w.Header().Set("Retry-After", "5")
	t := p.texts(w, r)
	p.message(w, r, e, http.StatusServiceUnavailable, note{Title: t.DownTitle, Text: t.DownText, Retry: true, Home: true, Details: []string{err.Error()}})
}

func (p *Portal) badLink(w http.ResponseWriter, r *http.Request, e *entry, why string) {
	t := p.texts(w, r)
	p.message(w, r, e, http.StatusBadRequest, note{Title: t.BadLinkTitle, Text: t.BadLinkText, Home: true, Details: []string{why}})
}

// texts returns the texts in the language of ?lang= (which is then remembered), of the
// cookie, of the browser, or of the configuration.
func (p *Portal) texts(w http.ResponseWriter, r *http.Request) *texts {
	if t := p.chosen(w, r); t != nil {
		return t
	}
	tags, _, _ := language.ParseAcceptLanguage(r.Header.Get("Accept-Language"))
	for _, tag := range tags {
		base, _ := tag.Base()
		if t := catalogue[base.String()]; t != nil {
			return t
		}
	}
	return catalogue[p.cfg.Lang]
}

// chosen returns the texts of the language that the person chose here, or nil. Only
// a choice is sent to the provider: it reads what the browser prefers itself.
func (p *Portal) chosen(w http.ResponseWriter, r *http.Request) *texts {
	if t := catalogue[r.URL.Query().Get("lang")]; t != nil {
		if p.cookie(r, cookieLang) != t.Lang {
			p.setCookie(w, cookieLang, t.Lang, 365*24*time.Hour)
		}
		return t
	}
	return catalogue[p.cookie(r, cookieLang)]
}

// static serves the stylesheet and the icon.
func (p *Portal) static(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "public, max-age=3600")
	http.ServeFileFS(w, r, staticFiles, "static/"+r.PathValue("name"))
}

// maxBody bounds the body of a POST; the only form has no fields.
const maxBody = 8 << 10

// guard adds the headers and checks of all responses.
func (p *Portal) guard(next http.Handler) http.Handler {
	crossOrigin := http.NewCrossOriginProtection()
	crossOrigin.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		t := p.texts(w, r)
		p.message(w, r, p.entries[0], http.StatusForbidden, note{Title: t.BadLinkTitle, Text: t.BadLinkText, Home: true})
	}))
	next = http.MaxBytesHandler(crossOrigin.Handler(next), maxBody)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		// With no-referrer a browser posts "Origin: null", which without
		// Sec-Fetch-Site cannot be distinguished from a foreign site's post.
		h.Set("Referrer-Policy", "same-origin")
		h.Set("Cache-Control", "no-store")
		if p.base.Scheme == "https" {
			h.Set("Strict-Transport-Security", "max-age=31536000")
		}
		if p.wrongHost(r) {
			p.toOwnHost(w, r)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// wrongHost reports whether a portal on the local machine was opened under another
// name. Its cookies would be lost at the callback, and a foreign site whose name points
// to 127.0.0.1 could read the mailbox. It is false for a portal with a public name,
// where a proxy may change Host.
func (p *Portal) wrongHost(r *http.Request) bool {
	name := p.base.Hostname()
	return (name == "localhost" || name == "127.0.0.1" || name == "::1") && !strings.EqualFold(r.Host, p.base.Host)
}

func (p *Portal) toOwnHost(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		http.Error(w, "this portal is "+p.base.String(), http.StatusMisdirectedRequest)
		return
	}
	http.Redirect(w, r, p.base.String()+pathOf(r.URL), http.StatusTemporaryRedirect)
}
