package enrol

import (
	"errors"
	"net/http"

	"omgevingsloket-id/op/web"
	"omgevingsloket-id/pkg/errs"
	"omgevingsloket-id/pkg/limit"
	"omgevingsloket-id/pkg/secret"
)

type cancelPage struct {
	*web.Page
	Live bool // the link can be used
}

func (h *Room) cancelPage(r *http.Request, live bool) *cancelPage {
	if live {
		return &cancelPage{h.Pages.Page(r, "enrol.cancel.title"), true}
	}
	return &cancelPage{h.Pages.Page(r, "enrol.cancel.over_title"), false}
}

// link returns the handle of the link in a mail, which cancels an unblock.
func link(r *http.Request) (secret.Text, error) {
	handle, ok := secret.Parse(secret.KindRecovery, r.URL.Query().Get("recovery"))
	if !ok {
		return "", errs.ErrNotFound
	}
	return handle, nil
}

// cancel asks whether the unblock is to be cancelled, so that a program that opens
// the links in mails cancels nothing. The page needs no login and says nothing
// about the account.
func (h *Room) cancel(w http.ResponseWriter, r *http.Request) error {
	if err := h.Limits.Spend(r, limit.CancelRequests.UpTo(h.PerMinute), 1); err != nil {
		return err
	}
	h.Cookies.EnsureBrowser(w, r)
	handle, err := link(r)
	if err == nil {
		_, err = h.SignIn.Cancellable(r.Context(), handle)
	}
	return h.cancelOrOver(w, r, err)
}

func (h *Room) cancelOrOver(w http.ResponseWriter, r *http.Request, err error) error {
	switch {
	case errors.Is(err, errs.ErrNotFound):
		return h.Pages.Render(w, http.StatusGone, "enrol/cancel", h.cancelPage(r, false))
	case err != nil:
		return err
	}
	return h.Pages.Render(w, http.StatusOK, "enrol/cancel", h.cancelPage(r, true))
}

// cancelPost blocks the account again.
func (h *Room) cancelPost(w http.ResponseWriter, r *http.Request) error {
	if err := h.Limits.Spend(r, limit.CancelRequests.UpTo(h.PerMinute), 1); err != nil {
		return err
	}
	handle, err := link(r)
	if err == nil {
		err = h.SignIn.CancelRecovery(r.Context(), handle, h.Limits.From(r))
	}
	if err != nil {
		return h.cancelOrOver(w, r, err)
	}
	return h.Pages.SeeOther(w, "/enrol/cancelled")
}
