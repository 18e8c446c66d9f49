// Package web is the kit that every room of op is built with: routes,
// guards, pages, errors and the dispatcher of the login. It owns no address
// of its own but /static/.
//
//	request ─► headers ─► route ─► guard (method, origin, size, fields, form token)
//	                                  │
//	                                  ▼
//	                    handler returns a page, a redirect or an error
//	                                  │
//	            one place turns an error into a page (errors.go)
package web

import (
	"html/template"
	"io"
	"log/slog"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"omgevingsloket-id/pkg/limit"
	"omgevingsloket-id/pkg/secret"
)

// Settings are what pages need to know of the configuration.
type Settings struct {
	Issuer      string // without a slash at the end; every address is made from it
	Practice    bool   // shows the ribbon
	AtOnce      bool   // applications are approved at once, with any data and document
	Wordmark    string
	ThemeDir    string // an operator's own custom.css and pictures; "" = none
	TrustedNets []netip.Prefix
	Helpdesk    Helpdesk
	Links       Links
}

// Links are addresses outside this site; "" = our own page.
type Links struct {
	Privacy, Accessibility, Terms string
}

// Helpdesk is whom people are told to turn to.
type Helpdesk struct {
	Name, Phone, Email, URL string
	Hours                   map[string]string // by language
}

// Kit is what handlers are given. All fields are set once, at the wiring.
type Kit struct {
	Settings Settings
	Catalog  *Catalog
	Windows  limit.Windows
	FormKey  []byte // for form tokens
	Log      *slog.Logger
	Now      func() time.Time
	Rand     io.Reader
	Observe  func(route, method string, status int, took time.Duration) // may be nil

	templates *template.Template
	static    *assets
	lastWords []byte // the error page for when pages cannot be made
	routes    []Route
	secure    bool
	base      *url.URL
}

// Prepare parses templates and assets; the kit works after it.
func (k *Kit) Prepare() error {
	var err error
	if k.base, err = url.Parse(k.Settings.Issuer); err != nil {
		return err
	}
	k.secure = k.base.Scheme == "https"
	if k.static, err = loadAssets(k.Settings.ThemeDir); err != nil {
		return err
	}
	if k.templates, err = parseTemplates(); err != nil {
		return err
	}
	return k.prepareLastWords()
}

// URL makes an absolute address of ours from a path.
func (k *Kit) URL(path string) string { return k.Settings.Issuer + path }

// path makes the path part for links inside our pages; an issuer with a path
// keeps it.
func (k *Kit) path(p string) string { return strings.TrimSuffix(k.base.Path, "/") + p }

// NewHandle makes a random handle.
func (k *Kit) NewHandle(kind secret.Kind) secret.Text { return secret.New(k.Rand, kind) }
