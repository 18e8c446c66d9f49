package login

import (
	"errors"
	"net/http"

	"omgevingsloket-id/op/web"
	"omgevingsloket-id/pkg/errs"
	"omgevingsloket-id/pkg/limit"
	"omgevingsloket-id/pkg/secret"
)

type disavowPage struct {
	*web.Page
	Live bool // the link works
}

// disavow is the address of the link 'Was this not you?' in mails. It moves the handle
// from the address to a cookie (ML-02), and explains what the button does: a program
// that opens the links in mails blocks nobody (ML-01). The page needs no login and says
// nothing about the account.
func (h *Room) disavow(w http.ResponseWriter, r *http.Request) error {
	if err := h.Limits.Spend(r, limit.ResetRequests.UpTo(h.PerMinute), 1); err != nil {
		return err
	}
	if text := web.Query(r).Get("link"); text != "" {
		if handle, ok := secret.Parse(secret.KindDisavow, text); ok {
			h.Cookies.SetLink(w, secret.KindDisavow, handle)
		} else {
			h.Cookies.SetLink(w, secret.KindDisavow, "")
		}
		return h.Pages.SeeOther(w, "/login/disavow")
	}
	h.Cookies.EnsureBrowser(w, r)
	err := errs.ErrNotFound
	if handle, ok := h.Cookies.Link(r, secret.KindDisavow); ok {
		_, err = h.SignIn.Disavowable(r.Context(), handle)
	}
	return h.disavowOrOver(w, r, err)
}

func (h *Room) disavowOrOver(w http.ResponseWriter, r *http.Request, err error) error {
	switch {
	case errors.Is(err, errs.ErrNotFound):
		return h.Pages.Render(w, http.StatusGone, "login/disavow", &disavowPage{Page: h.Pages.Page(r, "login.disavow.over_title")})
	case err != nil:
		return err
	}
	return h.Pages.Render(w, http.StatusOK, "login/disavow", &disavowPage{Page: h.Pages.Page(r, "login.disavow.title"), Live: true})
}

// disavowPost blocks the account.
func (h *Room) disavowPost(w http.ResponseWriter, r *http.Request) error {
	if err := h.Limits.Spend(r, limit.ResetRequests.UpTo(h.PerMinute), 1); err != nil {
		return err
	}
	err := errs.ErrNotFound
	if handle, ok := h.Cookies.Link(r, secret.KindDisavow); ok {
		err = h.SignIn.Disavow(r.Context(), handle, h.from(r))
	}
	if err != nil {
		return h.disavowOrOver(w, r, err)
	}
	h.Cookies.SetLink(w, secret.KindDisavow, "")
	return h.Pages.SeeOther(w, "/login/disavowed")
}

type disavowedPage struct {
	*web.Page
	Panel web.Panel
}

// disavowed says what happened. The page depends on no stored state.
func (h *Room) disavowed(w http.ResponseWriter, r *http.Request) error {
	p := h.Pages.Page(r, "login.disavowed.title")
	return h.Pages.Render(w, http.StatusOK, "login/disavowed", &disavowedPage{Page: p, Panel: web.Panel{Title: p.T("login.disavowed.title")}})
}
