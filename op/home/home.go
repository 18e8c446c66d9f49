// Package home owns the pages without a form: the front page, help, and the pages
// that the law requires of a public site.
package home

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"omgevingsloket-id/op/web"
	"omgevingsloket-id/pkg/letter"
)

// Room serves these pages. Its fields are set before Mount.
type Room struct {
	Pages     *web.Renderer
	Now       func() time.Time
	Statement Statement
	// LoggedIn reports whether the browser has a live session of an account holder; nil
	// without accounts.
	LoggedIn func(*http.Request) (bool, error)
	Security string // address for reports of weaknesses, mailto: or https:; "" for the helpdesk
}

// Statement is what the operator states about accessibility; all may be "".
type Statement struct {
	Status       string // A, B, C or D
	Date         string // 2026-12-31
	Organisation string
	ReportURL    string
	Email        string
}

// Mount adds the pages to t.
func (h *Room) Mount(t *web.Router) {
	t.Get("/", h.home)
	for _, name := range []string{"help", "privacy", "terms"} {
		t.Get("/"+name, h.text(name))
	}
	t.Get("/accessibility", h.accessibility)
	t.Get("/toegankelijkheid", func(w http.ResponseWriter, _ *http.Request) error { return h.Pages.SeeOther(w, "/accessibility") })
	t.Raw(http.MethodGet, "/.well-known/security.txt", http.HandlerFunc(h.security))
}

type homePage struct {
	*web.Page
	Apply, Start web.Link
}

func (h *Room) home(w http.ResponseWriter, r *http.Request) error {
	p := h.Pages.Page(r, "home.title")
	if h.LoggedIn != nil {
		// The page is of use, and says nothing wrong, without an answer of the stores.
		p.LoggedIn, _ = h.LoggedIn(r)
	}
	return h.Pages.Render(w, http.StatusOK, "home/home", &homePage{
		Page: p, Apply: web.Link{URL: p.Path("/apply"), Label: p.T("home.apply")}, Start: web.Link{URL: p.Path("/start"), Label: p.T("home.start")},
	})
}

type textPage struct {
	*web.Page
}

func (h *Room) text(name string) web.Handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		return h.Pages.Render(w, http.StatusOK, "home/"+name, &textPage{Page: h.Pages.Page(r, "home."+name+".title")})
	}
}

type accessibilityPage struct {
	*web.Page
	Statement
	Site          string
	Elsewhere     string // the operator's own statement
	Status, Dated string // in words
}

// accessibility shows the accessibility statement, in the model of the Dutch register
// of statements: status, tests, contact, date.
func (h *Room) accessibility(w http.ResponseWriter, r *http.Request) error {
	p := h.Pages.Page(r, "home.accessibility.title")
	page := &accessibilityPage{
		Page: p, Statement: h.Statement, Site: h.Pages.Settings.Issuer, Elsewhere: h.Pages.Settings.Links.Accessibility,
		Status: p.T("home.accessibility.status_none"), Dated: p.T("home.accessibility.date_none"),
	}
	if s := h.Statement.Status; s != "" {
		page.Status = p.T("home.accessibility.status_" + strings.ToLower(s))
	}
	if d := h.Statement.Date; d != "" {
		page.Dated = p.T("home.accessibility.date", "Date", letter.Date(d, p.Lang))
	}
	return h.Pages.Render(w, http.StatusOK, "home/accessibility", page)
}

// securityLifetime is how long a copy of security.txt is valid; at most a year (RFC
// 9116 §2.5.5).
const securityLifetime = 180 * 24 * time.Hour

// securityContact returns the address in security.txt: a URI, and https if it is one
// of the web (RFC 9116 §2.5.3).
func (h *Room) securityContact() string {
	desk := h.Pages.Settings.Helpdesk
	switch {
	case h.Security != "":
		return h.Security
	case strings.HasPrefix(desk.URL, "https://"):
		return desk.URL
	case desk.Email != "":
		return "mailto:" + url.PathEscape(desk.Email)
	case desk.Tel() != "":
		return "tel:" + desk.Tel()
	}
	return h.Pages.URL("/help")
}

// security serves security.txt (RFC 9116), valid from now.
func (h *Room) security(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	fmt.Fprintf(w, "Contact: %s\nExpires: %s\nPreferred-Languages: nl, en\nCanonical: %s\n",
		h.securityContact(), h.Now().Add(securityLifetime).UTC().Format(time.RFC3339), h.Pages.URL("/.well-known/security.txt"))
}
