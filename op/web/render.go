package web

import (
	"bytes"
	"fmt"
	"html/template"
	"io/fs"
	"log/slog"
	"net/http"
	"net/url"
	"path"
	"strconv"
	"strings"

	"omgevingsloket-id/templates"
)

// Renderer draws the pages of one site, errors among them, and sends browsers
// on.
type Renderer struct {
	Settings Settings
	Catalog  *Catalog
	Log      *slog.Logger

	cookies   *Cookies
	templates *template.Template
	static    *assets
	lastWords []byte // the error page for when pages cannot be made
	base      *url.URL
}

// URL returns an absolute address of the site from a path.
func (d *Renderer) URL(path string) string { return d.Settings.Issuer + path }

// path returns the path part for links inside pages; an issuer with a path
// keeps it.
func (d *Renderer) path(p string) string { return strings.TrimSuffix(d.base.Path, "/") + p }

// Lang returns the language of a page: chosen now, chosen before (or asked by
// a client), what the browser prefers, Dutch.
func (d *Renderer) Lang(r *http.Request) string {
	if l := Supported(r.URL.Query().Get("lang")); l != "" {
		return l
	}
	if l := d.cookies.lang(r); l != "" {
		return l
	}
	return d.Catalog.Match(r.Header.Get("Accept-Language"))
}

func itoa(n int) string { return strconv.Itoa(n) }

// parseTemplates reads all pages; a page is named by its place, such as
// "login/code" for templates/login/code.html.
func parseTemplates() (*template.Template, error) {
	t := template.New("").Option("missingkey=error")
	err := fs.WalkDir(templates.FS, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || path.Ext(name) != ".html" {
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

// Templates gives the parsed pages, for the test that checks them against
// their structs.
func (d *Renderer) Templates() *template.Template { return d.templates }

// Render writes a page, whole or not at all.
func (d *Renderer) Render(w http.ResponseWriter, status int, name string, data any) error {
	if p, ok := data.(interface{ drawn(string) }); ok {
		p.drawn(name)
	}
	var page bytes.Buffer
	if err := d.templates.ExecuteTemplate(&page, name, data); err != nil {
		return fmt.Errorf("page %s: %w", name, err)
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = page.WriteTo(w) // the reader went away: nobody to tell
	return nil
}

// SeeOther sends the browser on with a GET (RFC 9700 §4.12).
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

// Onward answers a login's last POST: a page with a link that refreshes
// itself to location, one of our own. A redirect would make Chromium apply
// form-action to the client's address as well, and stop in silence.
func (d *Renderer) Onward(w http.ResponseWriter, r *http.Request, location string) error {
	return d.Away(w, r, d.path(location))
}

// Away answers a POST that ends at a proven address of a client: a page that
// refreshes itself to it, for the same reason as Onward.
func (d *Renderer) Away(w http.ResponseWriter, r *http.Request, location string) error {
	p := d.Page(r, "web.onward.title")
	p.Languages = nil
	w.Header().Set("Refresh", "0; url="+location)
	return d.Render(w, http.StatusOK, "web/onward", &onwardPage{Page: p, Next: Link{URL: location, Label: p.T("web.onward.link")}})
}
