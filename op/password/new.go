package password

import (
	"errors"
	"net/http"

	"omgevingsloket-id/op/web"
	"omgevingsloket-id/pkg/errs"
	"omgevingsloket-id/pkg/limit"
	"omgevingsloket-id/pkg/secret"
)

type linkPage struct {
	*web.Page
}

// link is the address of the link in the mail. It moves the handle from the address to
// a cookie (ML-02) and shows a button: a program that opens the links in mails uses
// nothing up (ML-01).
func (h *Room) link(w http.ResponseWriter, r *http.Request) error {
	if err := h.Limits.Spend(r, limit.ResetRequests.UpTo(h.PerMinute), 1); err != nil {
		return err
	}
	if text := web.Query(r).Get("link"); text != "" {
		handle, ok := secret.Parse(secret.KindPassword, text)
		if !ok {
			return over(web.Rule("not a link of ours"))
		}
		h.Cookies.SetLink(w, secret.KindPassword, handle)
		return h.Pages.SeeOther(w, "/password/new")
	}
	h.Cookies.EnsureBrowser(w, r)
	handle, ok := h.Cookies.Link(r, secret.KindPassword)
	if !ok {
		return h.underWay(w, r)
	}
	if err := h.SignIn.Opens(r.Context(), handle); err != nil {
		return gone(err)
	}
	return h.Pages.Render(w, http.StatusOK, "password/new", &linkPage{Page: h.Pages.Page(r, "password.new.title")})
}

// underWay goes to the step of a reset that has begun in the browser.
func (h *Room) underWay(w http.ResponseWriter, r *http.Request) error {
	v, err := h.resetting(r)
	if err != nil {
		return err
	}
	return h.Pages.SeeOther(w, paths[v.Step])
}

// linkPost uses the link up.
func (h *Room) linkPost(w http.ResponseWriter, r *http.Request) error {
	if err := h.Limits.Spend(r, limit.ResetRequests.UpTo(h.PerMinute), 1); err != nil {
		return err
	}
	handle, ok := h.Cookies.Link(r, secret.KindPassword)
	if !ok {
		return h.underWay(w, r) // sent twice
	}
	browser := h.Cookies.NewHandle(secret.KindReset)
	from := h.Limits.From(r)
	from.Device = h.Cookies.EnsureDevice(w, r)
	if err := h.SignIn.OpenLink(r.Context(), handle, browser, from); err != nil {
		return gone(err)
	}
	h.Cookies.SetLink(w, secret.KindReset, browser)
	return h.Pages.SeeOther(w, "/password/new")
}

func gone(err error) error {
	if errors.Is(err, errs.ErrNotFound) {
		return over(err)
	}
	return err
}
