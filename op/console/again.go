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
	"omgevingsloket-id/pkg/signin"
)

const (
	// provenTime is how long after a code a critical page may be opened.
	provenTime = 15 * time.Minute
	// fillTime is how long after that a critical form may be sent, so that
	// nothing typed is lost.
	fillTime = 15 * time.Minute
)

// Proven returns a handler that runs the page at path if the official gave a
// code lately, and otherwise asks for one: a browser that was left alone is not
// enough for a critical page (OF-22).
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
		if err := h.Pages.KeepForm(w, r); err != nil {
			return err
		}
		q := url.Values{"then": {r.URL.Path}}
		if id, err := Wanted(r); err == nil {
			q.Set("id", id)
		}
		return h.Pages.SeeOther(w, "/console/again?"+q.Encode())
	}
}

// then returns the critical page that the address names, or the home page.
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
	p.Code = web.Field{Page: p.Page, Name: "code", Label: p.T("web.code.label"), Hint: p.T("web.code.hint")}
	return p
}

// again asks an official who is logged in for a code.
func (h *Kit) again(w http.ResponseWriter, r *http.Request, v *Visit) error {
	return h.Pages.Render(w, http.StatusOK, "console/again", h.againPage(r, v))
}

func (h *Kit) againPost(w http.ResponseWriter, r *http.Request, v *Visit) error {
	result, err := h.Staff.Again(r.Context(), v.Member, r.PostForm.Get("code"), h.from(r))
	if errors.Is(err, errs.ErrConflict) {
		return h.Pages.SeeOther(w, "/console/login") // removed or invited again since
	}
	if err != nil && !errors.Is(err, signin.ErrNoCode) {
		return err
	}
	if result.Outcome != account.Accepted {
		p := h.againPage(r, v)
		if err := wrongCode(p.Page, result, err); err != nil {
			return err
		}
		return h.Pages.Render(w, http.StatusUnprocessableEntity, "console/again", p)
	}
	now, s := h.Now(), v.Session
	s.AuthTime, s.SeenAt = now, now
	if _, err := h.Sessions.Store.Save(r.Context(), s, h.Sessions.Limits.TTL(s, now)); errors.Is(err, errs.ErrConflict) || errors.Is(err, errs.ErrNotFound) {
		return h.Pages.SeeOther(w, "/console/login") // another tab logged out
	} else if err != nil {
		return err
	}
	return h.Pages.SeeOther(w, h.then(r))
}
