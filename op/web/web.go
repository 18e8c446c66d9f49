// Package web is the kit that the rooms of op are built with: Router (routes and
// their guards), Form (what a form may hold), Renderer (pages and errors), Cookies
// and Limits. Of addresses it serves /static/ only.
//
//	request ─► headers ─► route ─► guard (method, origin, size, fields, form token)
//	                                  │
//	                                  ▼
//	                    handler returns a page, a redirect or an error
//	                                  │
//	            one place turns an error into a page (errors.go)
package web

import (
	"io"
	"log/slog"
	"net/netip"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"time"

	"omgevingsloket-id/pkg/limit"
)

// Settings is the part of the configuration that pages use.
type Settings struct {
	Issuer      string // without a slash at the end; all addresses are made from it
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

// Helpdesk is how people can reach the helpdesk.
type Helpdesk struct {
	Name, Phone, Email, URL string
	Hours                   map[string]string // by language
}

// national matches a trunk prefix that is dialled within a country only.
var national = regexp.MustCompile(`^(\s*\+.*?)\(0\)`)

// Tel returns Phone as it is dialled, for a tel: address (RFC 3966 §3).
func (h Helpdesk) Tel() string {
	return strings.Map(func(r rune) rune {
		if r == '+' || '0' <= r && r <= '9' {
			return r
		}
		return -1
	}, national.ReplaceAllString(h.Phone, "$1"))
}

// Options configures New.
type Options struct {
	Settings Settings
	Catalog  *Catalog
	Windows  limit.Windows
	FormKey  []byte // for form tokens
	Log      *slog.Logger
	Now      func() time.Time
	Rand     io.Reader
	Exceeded func(limit.Budget)                                         // of a budget; may be nil
	Observe  func(route, method string, status int, took time.Duration) // may be nil
}

// Kit holds the parts of one site. A room gets those that it uses.
type Kit struct {
	Router  *Router
	Pages   *Renderer
	Cookies *Cookies
	Limits  *Limits
}

// New reads the assets and returns the parts of a site.
func New(o Options) (*Kit, error) {
	base, err := url.Parse(o.Settings.Issuer)
	if err != nil {
		return nil, err
	}
	k := &Kit{
		Cookies: &Cookies{FormKey: o.FormKey, Secure: base.Scheme == "https", Rand: o.Rand, now: o.Now},
		Limits:  &Limits{Windows: o.Windows, Trusted: o.Settings.TrustedNets, Exceeded: o.Exceeded},
	}
	k.Pages = &Renderer{Settings: o.Settings, Catalog: o.Catalog, Log: o.Log, cookies: k.Cookies, base: base, forms: map[string]Handler{}}
	k.Router = &Router{pages: k.Pages, cookies: k.Cookies, observe: o.Observe, now: o.Now}
	static, err := loadAssets(o.Settings.ThemeDir)
	if err != nil {
		return nil, err
	}
	k.Pages.static.Store(static)
	k.Pages.pages, k.Pages.lastWords = sync.OnceValues(parsePages), sync.OnceValue(k.Pages.renderLastWords)
	return k, nil
}
