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
	Part
	Title     string
	CSRF      string
	Languages []Language
	Problems  []Problem
	RequestID string
	Client    string // name of the client of the login; may be ""
	Cancel    string // where the button posts to that ends the login; "" without a client
	Template  string // its name, such as "login/code": data-page on main, for an operator's style sheet and for tests
	Kept      bool   // what the form shows was typed before the person had to log in again
	LoggedIn  bool   // the header has the links of an account holder who is logged in
	Form      bool   // the language switch submits the page's form (InForm)

	request *http.Request
	typed   map[string]string // in the form that was refused, by name of the field; nil if none was
}

// InForm makes the language switch of the page submit its form, whose id is "form", so
// that what was typed is kept. Templates call it before the head; it writes nothing.
func (p *Page) InForm() string {
	p.Form = true
	return ""
}

// Self returns the page. Templates find its fields sooner than through the struct that
// embeds it.
func (p *Page) Self() *Page { return p }

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

// kept returns those parameters of a query.
func kept(query url.Values) url.Values {
	q := url.Values{}
	for _, name := range keptParameters {
		if v := query.Get(name); v != "" {
			q.Set(name, v)
		}
	}
	return q
}

// Page returns a page whose title is the text of titleKey.
func (d *Renderer) Page(r *http.Request, titleKey string) *Page {
	lang := d.Lang(r)
	p := &Page{
		Part: Part{
			Lang: lang, Ribbon: d.Settings.Practice, AtOnce: d.Settings.AtOnce,
			Wordmark: d.Settings.Wordmark, Helpdesk: d.Settings.Helpdesk, pages: d,
		},
		Title: d.Catalog.Text(lang, titleKey), RequestID: RequestID(r), request: r,
	}
	if browser, ok := d.cookies.Browser(r); ok {
		p.CSRF = d.cookies.formToken(browser)
	}
	if v := visitOf(r.Context()); v != nil {
		p.LoggedIn = v.holder
	}
	p.Languages = p.LanguageNames()
	q := kept(Query(r))
	for i, l := range p.Languages {
		q.Set("lang", l.Code)
		p.Languages[i].URL = "?" + q.Encode()
	}
	return p
}

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
	Same             bool // but for Value, problems and what was typed, the same for everybody: rendered once (Once)
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
