package web

import (
	"html/template"
	"net/http"
	"net/url"
	"time"

	"omgevingsloket-id/pkg/totp"
)

// Page holds what every page shows; page structs embed *Page.
type Page struct {
	Lang      string
	Title     string
	Ribbon    bool
	AtOnce    bool // Settings.AtOnce
	CSRF      string
	Languages []Language
	Problems  []Problem
	Wordmark  string
	RequestID string
	Client    string // name of the client of the login; may be ""
	Cancel    string // where the button posts to that ends the login; "" without a client
	Helpdesk  Helpdesk
	Template  string // its name, such as "login/code": data-page on main, for an operator's style sheet and for tests
	// StyleSheet is the asset with the rules that only this page's part of the
	// site needs, such as "console.css"; "" if site.css has them all.
	StyleSheet string
	Kept       bool // what the form shows was typed before the person had to log in again
	Form       bool // the language switch submits the page's form (InForm)

	pages   *Renderer
	request *http.Request
	typed   map[string]string // in the form that was refused, by name of the field; nil if none was
}

// InForm makes the language switch of the page submit its form, whose id is "form", so
// that what was typed is kept. Templates call it before the head; it writes nothing.
func (p *Page) InForm() string {
	p.Form = true
	return ""
}

// base returns the page that a page struct embeds.
func (p *Page) base() *Page { return p }

// Language is one entry of the language switch.
type Language struct {
	Code, Name, URL string
	Current         bool
}

// Problem is an error in a form, shown at the top of the page and at its field;
// Field may be "".
type Problem struct{ Field, Text string }

// keptParameters are the query parameters that the links of the language switch
// keep; no other part of an address is written on a page.
var keptParameters = []string{"login", "kind", "id", "q", "show", "act", "after", "before", "from", "until", "then"}

// Page returns a page whose title is the text of titleKey.
func (d *Renderer) Page(r *http.Request, titleKey string) *Page {
	lang := d.Lang(r)
	p := &Page{
		Lang: lang, Title: d.Catalog.Text(lang, titleKey), Ribbon: d.Settings.Practice, AtOnce: d.Settings.AtOnce,
		Wordmark: d.Settings.Wordmark, RequestID: RequestID(r),
		Helpdesk: d.Settings.Helpdesk, pages: d, request: r,
	}
	if browser, ok := d.cookies.Browser(r); ok {
		p.CSRF = d.cookies.formToken(browser)
	}
	for _, l := range Langs {
		q := url.Values{"lang": {l.Code}}
		for _, name := range keptParameters {
			if v := r.URL.Query().Get(name); v != "" {
				q.Set(name, v)
			}
		}
		p.Languages = append(p.Languages, Language{Code: l.Code, Name: l.Name, URL: "?" + q.Encode(), Current: l.Code == lang})
	}
	return p
}

// T returns the text of a key, with name/value pairs filled in.
func (p *Page) T(key string, pairs ...any) string { return p.pages.Catalog.Text(p.Lang, key, pairs...) }

// Problem returns the text of the first problem with a field, or "".
func (p *Page) Problem(field string) string {
	for _, problem := range p.Problems {
		if problem.Field == field && field != "" {
			return problem.Text
		}
	}
	return ""
}

// Wrong adds a problem with a field ("" = the whole form); key is that of its text.
func (p *Page) Wrong(field, key string, pairs ...any) {
	p.Problems = append(p.Problems, Problem{Field: field, Text: p.T(key, pairs...)})
}

// StaticURL returns the address of an asset, which holds the hash of its content.
// It is "" if there is no such asset.
func (p *Page) StaticURL(name string) string {
	if url := p.pages.static.Load().url(name); url != "" {
		return p.Path(url)
	}
	return ""
}

// HelpdeskHours returns the helpdesk's hours in the page's language.
func (p *Page) HelpdeskHours() string { return p.Helpdesk.Hours[p.Lang] }

// Path returns the path of one of our pages, below the issuer.
func (p *Page) Path(path string) string { return p.pages.path(path) }

// FootLink returns the address of a page that the footer links to: the operator's,
// or else ours.
func (p *Page) FootLink(name string) string {
	links := map[string]string{
		"privacy": p.pages.Settings.Links.Privacy, "accessibility": p.pages.Settings.Links.Accessibility, "terms": p.pages.Settings.Links.Terms,
	}
	if own := links[name]; own != "" {
		return own
	}
	return p.Path("/" + name)
}

// Field is a control of a form; templates/layout states which partial uses which
// of its fields. Texts are translated.
type Field struct {
	Page             *Page
	Name             string
	Form             string
	Type             string
	Label, Hint      string
	Value            string
	Autocomplete     string
	InputMode        string
	Width            string
	Optional         bool
	Heading          bool
	Spellcheck       bool
	Rows             int
	Options          []Option
	Checked          bool
	Day, Month, Year string
	Accept           string
	Current          string
}

// Option is one choice of radios or select.
type Option struct {
	Value, Label, Hint string
}

// Link is a link with its text.
type Link struct{ URL, Label string }

// Button is a submit button with a name and a value.
type Button struct {
	Name, Value, Label string
	Secondary          bool
}

// Steps is the place of a page in a series of pages.
type Steps struct {
	Page  *Page
	N, Of int
}

// Summary is a list of what someone entered.
type Summary struct {
	Page  *Page
	Title string
	Rows  []Row
}

// Row is one line of a Summary; Change is a URL or "".
type Row struct{ Label, Value, Change string }

// Table has columns and rows; the first cell of a row heads it.
type Table struct {
	Name, Caption string
	Columns       []string
	Rows          [][]string
}

// Panel is the large confirmation on top of a page.
type Panel struct{ Title, Label, Value string }

// QR is the card with the QR code and the key.
type QR struct {
	Page    *Page
	SVG     template.HTML
	Key     []string
	URI     template.URL
	Account string
}

// NewQR returns the card. Its parts are made by our own code only, so they are
// safe as HTML and URL.
func NewQR(p *Page, picture totp.Picture, uri string, key []string) QR {
	size := itoa(picture.Size)
	svg := `<svg class="qr-code" xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ` + size + ` ` + size + `" width="` + size + `" height="` + size +
		`" shape-rendering="crispEdges" role="img" aria-labelledby="qr-title"><title id="qr-title">` + template.HTMLEscapeString(p.T("web.qr.title")) +
		`</title><rect width="100%" height="100%" fill="#fff"/><path fill="#000" d="` + picture.Path.Reveal() + `"/></svg>`
	return QR{Page: p, SVG: template.HTML(svg), Key: key, URI: template.URL(uri), Account: totp.Issuer}
}

// Seconds returns d in seconds, rounded up.
func Seconds(d time.Duration) int { return int((d + time.Second - 1) / time.Second) }
