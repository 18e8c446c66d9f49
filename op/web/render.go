package web

import (
	"bytes"
	"errors"
	"fmt"
	"html/template"
	"io"
	"io/fs"
	"log/slog"
	"maps"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"

	"omgevingsloket-id/templates"
)

// Renderer renders the pages of one site, error pages included, and redirects
// browsers.
type Renderer struct {
	Settings Settings
	Catalog  *Catalog
	Log      *slog.Logger
	// Stale, if set, is called for each part of a page (Part.Once) that is not what
	// its template makes of the page; tests count the calls.
	Stale func(part string)

	cookies   *Cookies
	pages     func() (*template.Template, error) // parses them when the first is rendered
	lastWords func() []byte                      // the error page for when rendering fails
	static    atomic.Pointer[assets]
	forms     map[string]Handler // pages by path
	base      *url.URL
}

// URL returns an absolute address of the site from a path.
func (d *Renderer) URL(path string) string { return d.Settings.Issuer + path }

// path returns p below the path of the issuer, for links inside pages.
func (d *Renderer) path(p string) string { return strings.TrimSuffix(d.base.Path, "/") + p }

// Lang returns the language of a page: the person's choice (in the query, or the
// cookie of an earlier choice), what a client asked for (Prefer), what the browser
// prefers, or Dutch.
func (d *Renderer) Lang(r *http.Request) string {
	if l := Supported(Query(r).Get("lang")); l != "" {
		return l
	}
	if l := d.cookies.lang(r); l != "" {
		return l
	}
	if l := preferred(r); l != "" {
		return l
	}
	return d.Catalog.Match(r.Header.Get("Accept-Language"))
}

func itoa(n int) string { return strconv.Itoa(n) }

// parsePages parses all pages. The name of a page is its path, such as "login/code" for
// templates/login/code.html.
func parsePages() (*template.Template, error) {
	t := template.New("").Option("missingkey=error")
	err := fs.WalkDir(templates.FS, ".", func(name string, f fs.DirEntry, err error) error {
		if err != nil || f.IsDir() || path.Ext(name) != ".html" {
			return err
		}
		text, err := fs.ReadFile(templates.FS, name)
		if err != nil {
			return err
		}
		if _, err := t.New(strings.TrimSuffix(name, ".html")).Parse(string(text)); err != nil {
			return fmt.Errorf("templates/%s: %w", name, err)
		}
		return nil
	})
	return t, err
}

// Check parses all pages and texts, as the first page does otherwise. The error names
// what is invalid.
func (d *Renderer) Check() error {
	_, err := d.pages()
	return errors.Join(err, d.Catalog.Check())
}

// Templates returns the parsed pages, for the test that checks them against their
// structs; nil if one of them is invalid.
func (d *Renderer) Templates() *template.Template {
	made, err := d.pages()
	if err != nil {
		return nil
	}
	return made
}

// Render writes a page. If the template fails, nothing has been written. The answer
// to a POST with status 422 becomes a redirect to the form's page, which shows the
// problems and what was typed (note).
func (d *Renderer) Render(w http.ResponseWriter, status int, name string, data any) error {
	if embedded, ok := data.(interface{ base() *Page }); ok {
		p := embedded.base()
		if left, err := p.leave(w, status); left || err != nil {
			return err
		}
		p.pick(w, status)
		p.Template = name
	}
	d.lastWords()
	var page bytes.Buffer
	if err := d.execute(&page, name, data); err != nil {
		return fmt.Errorf("page %s: %w", name, err)
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = page.WriteTo(w) // fails only if the client has disconnected
	return nil
}

// execute writes what a template makes of data.
func (d *Renderer) execute(w io.Writer, name string, data any) error {
	made, err := d.pages()
	if err != nil {
		return err
	}
	return made.ExecuteTemplate(w, name, data)
}

// SeeOther redirects the browser with 303, so that it sends a GET (RFC 9700
// §4.12).
func (d *Renderer) SeeOther(w http.ResponseWriter, location string) error {
	if strings.HasPrefix(location, "/") {
		location = d.path(location)
	}
	w.Header().Set("Location", location)
	w.WriteHeader(http.StatusSeeOther)
	return nil
}

// AddQuery returns uri with the parameters added to its query; those with an
// empty value are left out. The rest of uri stays as it is, byte for byte (RFC
// 6749 §3.1.2). uri must have no fragment; client.Validate refuses one.
func AddQuery(uri string, parameters url.Values) string {
	added := url.Values{}
	for name, values := range parameters {
		for _, v := range values {
			if v != "" {
				added.Add(name, v)
			}
		}
	}
	switch {
	case len(added) == 0:
		return uri
	case strings.Contains(uri, "?"):
		return uri + "&" + added.Encode()
	}
	return uri + "?" + added.Encode()
}

// onwardPage is the answer to the last POST of a login.
type onwardPage struct {
	*Page
	Next Link
}

// Onward answers the last POST of a login with a page that refreshes itself to
// location, a path of ours, and links to it. A redirect would make Chromium apply
// form-action to the client's address as well, and block it without a message.
func (d *Renderer) Onward(w http.ResponseWriter, r *http.Request, location string) error {
	return d.Away(w, r, d.path(location))
}

// postPage is a page that posts fields to a client.
type postPage struct {
	*Page
	Action string
	Fields []Hidden
}

// Hidden is a field of a form that nobody sees.
type Hidden struct{ Name, Value string }

// Post answers with a page that posts fields to address, a proven address of a client:
// by a script, or else by a button. Those with an empty value are left out.
func (d *Renderer) Post(w http.ResponseWriter, r *http.Request, address string, fields url.Values) error {
	p := &postPage{Page: d.Page(r, "web.onward.title"), Action: address}
	p.Languages = nil
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		if value := fields.Get(name); value != "" {
			p.Fields = append(p.Fields, Hidden{name, value})
		}
	}
	// Without form-action: Chromium applies it to the redirects that follow as well, and
	// where the client sends the browser then is not known here. With its own policy for
	// the Referer the browser says who posts; with ours the client reads Origin: null.
	w.Header().Set("Content-Security-Policy", strings.Replace(contentPolicy, "form-action 'self'; ", "", 1))
	w.Header().Set("Referrer-Policy", "strict-origin")
	return d.Render(w, http.StatusOK, "web/post", p)
}

// Away answers a POST with a page that refreshes itself to location, a proven
// address of a client, for the same reason as Onward.
func (d *Renderer) Away(w http.ResponseWriter, r *http.Request, location string) error {
	p := d.Page(r, "web.onward.title")
	p.Languages = nil
	w.Header().Set("Refresh", "0; url="+location)
	return d.Render(w, http.StatusOK, "web/onward", &onwardPage{Page: p, Next: Link{URL: location, Label: p.T("web.onward.link")}})
}
