// Package home owns the pages without a form: the front page, help, and the pages
// that the law requires of a public site.
package home

import (
	"fmt"
	"net/http"
	"time"

	"omgevingsloket-id/op/web"
)

// Room serves these pages. Its fields are set before Mount.
type Room struct {
	Pages *web.Renderer
	Now   func() time.Time
}

// Mount adds the pages to t.
func (h *Room) Mount(t *web.Router) {
	t.Get("/", h.home)
	for _, name := range []string{"help", "accessibility", "privacy", "terms"} {
		t.Get("/"+name, h.text(name))
	}
	t.Raw(http.MethodGet, "/.well-known/security.txt", http.HandlerFunc(h.security))
}

type homePage struct {
	*web.Page
	Apply, Start web.Link
}

func (h *Room) home(w http.ResponseWriter, r *http.Request) error {
	p := h.Pages.Page(r, "home.title")
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

// security serves security.txt (RFC 9116).
func (h *Room) security(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	contact := h.Pages.Settings.Helpdesk.URL
	if contact == "" {
		contact = "mailto:" + h.Pages.Settings.Helpdesk.Email
	}
	fmt.Fprintf(w, "Contact: %s\nExpires: %s\nPreferred-Languages: nl, en\nCanonical: %s\n",
		contact, h.Now().AddDate(0, 6, 0).UTC().Format(time.RFC3339), h.Pages.URL("/.well-known/security.txt"))
}
