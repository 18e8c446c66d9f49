package web

import (
	"bytes"
	"fmt"
	"html/template"
	"io/fs"
	"net/http"
	"path"
	"strconv"
	"strings"

	"omgevingsloket-id/templates"
)

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
func (k *Kit) Templates() *template.Template { return k.templates }

// Render writes a page, whole or not at all.
func (k *Kit) Render(w http.ResponseWriter, status int, name string, data any) error {
	if p, ok := data.(interface{ drawn(string) }); ok {
		p.drawn(name)
	}
	var page bytes.Buffer
	if err := k.templates.ExecuteTemplate(&page, name, data); err != nil {
		return fmt.Errorf("page %s: %w", name, err)
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = page.WriteTo(w) // the reader went away: nobody to tell
	return nil
}

// SeeOther sends the browser on with a GET (RFC 9700 §4.12).
func (k *Kit) SeeOther(w http.ResponseWriter, location string) error {
	if strings.HasPrefix(location, "/") {
		location = k.path(location)
	}
	w.Header().Set("Location", location)
	w.WriteHeader(http.StatusSeeOther)
	return nil
}

// onwardPage is the answer to the last POST of a login.
type onwardPage struct {
	*Page
	Next Link
}

// Onward answers a login's last POST: a page with a link that refreshes
// itself to location, one of our own. A redirect would make Chromium apply
// form-action to the client's address as well, and stop in silence.
func (k *Kit) Onward(w http.ResponseWriter, r *http.Request, location string) error {
	return k.Away(w, r, k.path(location))
}

// Away answers a POST that ends at a proven address of a client: a page that
// refreshes itself to it, for the same reason as Onward.
func (k *Kit) Away(w http.ResponseWriter, r *http.Request, location string) error {
	p := k.Page(r, "web.onward.title")
	p.Languages = nil
	w.Header().Set("Refresh", "0; url="+location)
	return k.Render(w, http.StatusOK, "web/onward", &onwardPage{Page: p, Next: Link{URL: location, Label: p.T("web.onward.link")}})
}
