package me

import (
	"errors"
	"net/http"
	"net/url"

	"omgevingsloket-id/op/web"
	"omgevingsloket-id/pkg/errs"
	"omgevingsloket-id/pkg/session"
)

// showEverywhere is the value of show in the address of the page after the end of all
// sessions.
const showEverywhere = "everywhere"

type logoutPage struct {
	*web.Page
	Heading, Text string
	Start         web.Link
}

// logout says that the holder is logged out, once after it was done; to somebody who is
// logged in it offers to log out.
func (h *Room) logout(w http.ResponseWriter, r *http.Request) error {
	in, err := h.Flow.LoggedIn(r)
	if err != nil {
		return err
	}
	everywhere := web.Query(r).Get("show") == showEverywhere
	p := &logoutPage{Page: h.Pages.Page(r, "me.logout.not")}
	p.Text = p.T("me.logout.not_text")
	p.Start = web.Link{URL: p.Path("/start"), Label: p.T("me.logout.again")}
	switch said := h.Pages.Said(w, r); {
	case in:
		p.Title, p.Text, p.LoggedIn = p.T("me.logout.question"), p.T("me.logout.question_text"), true
	case said && everywhere:
		p.Title, p.Text = p.T("me.logout.everywhere"), p.T("me.logout.everywhere_text")
	case said:
		p.Title, p.Text = p.T("me.logout.done"), p.T("me.logout.done_text")
	}
	p.Heading = p.Title
	return h.Pages.Render(w, http.StatusOK, "me/logout", p)
}

// logoutPost ends the session of the browser.
func (h *Room) logoutPost(w http.ResponseWriter, r *http.Request) error {
	v, err := h.Flow.Holder(r)
	if errors.Is(err, errs.ErrNotFound) {
		h.Cookies.DropSession(w)
		return h.Pages.SeeOther(w, "/me/logout") // another tab was quicker, or the session was over
	}
	if err != nil {
		return err
	}
	return h.leave(w, r, v.Session)
}

// leave ends the session of the browser, with its grants, and says so when all of that
// is done.
func (h *Room) leave(w http.ResponseWriter, r *http.Request, s session.Session) error {
	if err := h.Flow.EndSession(r, s, ""); err != nil {
		return err
	}
	return h.left(w, r, nil)
}

// left removes what the browser has of a session that has ended, and has the page say
// that it did; show is its query.
func (h *Room) left(w http.ResponseWriter, r *http.Request, show url.Values) error {
	h.Cookies.DropSession(w)
	w.Header().Set("Clear-Site-Data", `"cache"`)
	page := r.Clone(r.Context())
	page.URL.Path, page.URL.RawQuery = "/me/logout", show.Encode()
	if err := h.Pages.Say(w, page); err != nil {
		return err
	}
	location := page.URL.Path
	if len(show) > 0 {
		location += "?" + page.URL.RawQuery
	}
	return h.Pages.SeeOther(w, location)
}
