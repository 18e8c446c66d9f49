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
	"omgevingsloket-id/pkg/staff"
)

const (
	// provenTime is how long a code is proof enough for a critical page.
	provenTime = 15 * time.Minute
	// fillTime is how long a critical form may be filled in beyond that, so
	// that nothing typed is lost.
	fillTime = 15 * time.Minute
)

// critical are the pages that ask for a code again: those that make somebody
// an official, or end that.
var critical = []string{"/console/staff", "/console/staff/member"}

// proven lets a critical page run for whoever gave a code lately: a desk
// that was left alone for a moment makes nobody an official (OF-22).
func (h *Room) proven(run handler) handler {
	return func(w http.ResponseWriter, r *http.Request, v *Visit) error {
		since := provenTime
		if r.Method == http.MethodPost {
			since += fillTime
		}
		if h.Now().Before(v.Session.AuthTime.Add(since)) {
			return run(w, r, v)
		}
		q := url.Values{"then": {r.URL.Path}}
		if id, err := wanted(r); err == nil {
			q.Set("id", id)
		}
		return h.Pages.SeeOther(w, "/console/again?"+q.Encode())
	}
}

// then is the critical page that the address names, or home.
func then(r *http.Request) string {
	path := r.URL.Query().Get("then")
	if !slices.Contains(critical, path) {
		return "/console"
	}
	if id, err := wanted(r); err == nil {
		path += "?" + url.Values{"id": {id}}.Encode()
	}
	return path
}

type againPage struct {
	page
	Code web.Field
}

func (h *Room) againPage(r *http.Request, v *Visit) *againPage {
	p := &againPage{page: h.page(r, v, "console.again.title")}
	p.Code = web.Field{Page: p.Page, Name: "code", Label: p.T("code.label"), Hint: p.T("code.hint")}
	return p
}

// again asks an official who is logged in for a code.
func (h *Room) again(w http.ResponseWriter, r *http.Request, v *Visit) error {
	return h.Pages.Render(w, http.StatusOK, "console/again", h.againPage(r, v))
}

func (h *Room) againPost(w http.ResponseWriter, r *http.Request, v *Visit) error {
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
	return h.Pages.SeeOther(w, then(r))
}

func (h *Room) mountAgain() {
	h.get("/console/again", "", []staff.Role{staff.Administrator}, h.again)
	h.post("/console/again", []staff.Role{staff.Administrator}, h.againPost, "code")
}
