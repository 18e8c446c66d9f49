package console

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"time"

	"omgevingsloket-id/op/web"
	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/errs"
)

const (
	// provenTime is how long a code is proof enough for a critical page.
	provenTime = 15 * time.Minute
	// fillTime is how long a critical form may be filled in beyond that, so
	// that nothing typed is lost.
	fillTime = 15 * time.Minute
)

// Proven lets the page at path run for an official who gave a code lately: a
// browser that was left alone for a moment makes nobody an official (OF-22).
func (h *Kit) Proven(path string, run Handler) Handler {
	if !slices.Contains(h.critical, path) {
		h.critical = append(h.critical, path)
	}
	return func(w http.ResponseWriter, r *http.Request, v *Visit) error {
		since := provenTime
		if r.Method == http.MethodPost {
			since += fillTime
		}
		if h.Now().Before(v.Session.AuthTime.Add(since)) {
			return run(w, r, v)
		}
		q := url.Values{"then": {r.URL.Path}}
		if id, err := Wanted(r); err == nil {
			q.Set("id", id)
		}
		return h.Pages.SeeOther(w, "/console/again?"+q.Encode())
	}
}

// then is the critical page that the address names, or home.
func (h *Kit) then(r *http.Request) string {
	path := r.URL.Query().Get("then")
	if !slices.Contains(h.critical, path) {
		return "/console"
	}
	if id, err := Wanted(r); err == nil {
		path += "?" + url.Values{"id": {id}}.Encode()
	}
	return path
}

type againPage struct {
	Frame
	Code web.Field
}

func (h *Kit) againPage(r *http.Request, v *Visit) *againPage {
	p := &againPage{Frame: h.Page(r, v, "console.again.title")}
	p.Code = web.Field{Page: p.Page, Name: "code", Label: p.T("code.label"), Hint: p.T("code.hint")}
	return p
}

// again asks an official who is logged in for a code.
func (h *Kit) again(w http.ResponseWriter, r *http.Request, v *Visit) error {
	return h.Pages.Render(w, http.StatusOK, "console/again", h.againPage(r, v))
}

func (h *Kit) againPost(w http.ResponseWriter, r *http.Request, v *Visit) error {
	outcome, wait, err := h.Staff.Again(r.Context(), v.Member, r.PostForm.Get("code"), h.Limits.Origin(r))
	if errors.Is(err, errs.ErrConflict) {
		return h.Pages.SeeOther(w, "/console/login") // removed or invited again meanwhile
	}
	if err != nil {
		return err
	}
	if outcome != account.Accepted {
		p := h.againPage(r, v)
		if err := wrongCode(p.Page, outcome, wait); err != nil {
			return err
		}
		return h.Pages.Render(w, http.StatusUnprocessableEntity, "console/again", p)
	}
	now, s := h.Now(), v.Session
	s.AuthTime, s.SeenAt = now, now
	if _, err := h.Sessions.Save(r.Context(), s, limits.TTL(s, now)); errors.Is(err, errs.ErrConflict) || errors.Is(err, errs.ErrNotFound) {
		return h.Pages.SeeOther(w, "/console/login") // another tab logged out
	} else if err != nil {
		return err
	}
	return h.Pages.SeeOther(w, h.then(r))
}
