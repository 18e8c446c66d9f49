package console

import (
	"encoding/json"
	"net/http"
	"net/url"
	"time"

	"omgevingsloket-id/op/web"
	"omgevingsloket-id/pkg/letter"
	"omgevingsloket-id/pkg/staff"
)

// warnTime is how long before the end of a session its page warns (WCAG 2.2.1 asks for
// at least 20 seconds).
const warnTime = 2 * time.Minute

// thenParam is the query parameter with the page on which an official goes on.
const thenParam = "then"

// Ends says when the session of a page ends if the official does nothing.
type Ends struct {
	Left, Warn int // seconds
	Text       string
	Extends    bool // another request makes the session last longer
}

func (h *Kit) ends(p *web.Page, v *Visit) Ends {
	end := h.Sessions.Limits.End(v.Session)
	key := "console.ends.idle"
	last := !end.Before(v.Session.CreatedAt.Add(h.Sessions.Limits.Absolute))
	if last {
		key = "console.ends.absolute"
	}
	return Ends{
		Left: int(end.Sub(h.Now()) / time.Second), Warn: int(warnTime / time.Second), Extends: !last,
		Text: p.T(key, "Time", letter.Clock(end)),
	}
}

// stayPost makes the session last longer, and returns when it ends now.
func (h *Kit) stayPost(w http.ResponseWriter, r *http.Request, v *Visit) error {
	s, err := h.Sessions.Touch(r.Context(), v.Session)
	if err != nil {
		return err
	}
	v.Session = s
	ends := h.ends(h.Pages.Page(r, "console.home.title"), v)
	w.Header().Set("Content-Type", "application/json")
	return json.NewEncoder(w).Encode(map[string]any{"left": ends.Left, "text": ends.Text, "extends": ends.Extends})
}

// ended asks an official whose session has ended to log in, and keeps what was typed
// for the page on which they go on. Nothing of the request is carried out.
func (h *Kit) ended(w http.ResponseWriter, r *http.Request) error {
	if err := h.Pages.KeepForm(w, r); err != nil {
		return err
	}
	target := "/console/login"
	if then := web.FormAddress(r.URL); then != "/console" && h.page(r.URL.Path) != nil {
		target += "?" + url.Values{thenParam: {then}}.Encode()
	}
	return h.Pages.SeeOther(w, target)
}

// withThen adds to a page of the login where the official goes on after it.
func withThen(r *http.Request, target string) string {
	if then := r.URL.Query().Get(thenParam); then != "" {
		target += "?" + url.Values{thenParam: {then}}.Encode()
	}
	return target
}

// wanted returns the page on which an official goes on after logging in: a page of the
// console that the address names and that their roles may see, or home.
func (h *Kit) wanted(r *http.Request, m staff.Member) string {
	u, err := url.Parse(r.URL.Query().Get(thenParam))
	if err != nil || u.Scheme != "" || u.Host != "" || u.User != nil || u.Opaque != "" {
		return "/console"
	}
	if a := h.page(u.Path); a == nil || !m.Has(a.Roles...) {
		return "/console"
	}
	return web.FormAddress(u)
}

// page returns who may see the page at a path of the console, or nil if there is none
// that needs a login.
func (h *Kit) page(path string) *Access {
	for i, a := range h.access {
		if a.Method == http.MethodGet && a.Path == path && len(a.Roles) > 0 {
			return &h.access[i]
		}
	}
	return nil
}
