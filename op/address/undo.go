package address

import (
	"errors"
	"net/http"

	"omgevingsloket-id/op/web"
	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/errs"
	"omgevingsloket-id/pkg/letter"
	"omgevingsloket-id/pkg/limit"
	"omgevingsloket-id/pkg/secret"
)

type undoPage struct {
	*web.Page
	Live bool   // the link can be used
	At   string // when the address was changed
}

// undo explains what the link in a mail undoes, and has the button that does it: a
// program that opens the links in mails undoes nothing. It moves the handle from the
// address to a cookie. The page needs no login and shows no data of the account.
func (h *Room) undo(w http.ResponseWriter, r *http.Request) error {
	if err := h.Limits.Spend(r, limit.CancelRequests.UpTo(h.PerMinute), 1); err != nil {
		return err
	}
	if token := r.URL.Query().Get("undo"); token != "" {
		handle, _ := secret.Parse(secret.KindUndo, token) // a link that cannot be right forgets an earlier one
		h.Cookies.SetLink(w, secret.KindUndo, handle)
		return h.Pages.SeeOther(w, "/address/undo")
	}
	h.Cookies.EnsureBrowser(w, r)
	_, u, err := h.undoable(r)
	return h.undoOrOver(w, r, u, err)
}

// undoable returns the link in the cookie, and what it undoes.
func (h *Room) undoable(r *http.Request) (secret.Text, account.AddressUndo, error) {
	handle, ok := h.Cookies.Link(r, secret.KindUndo)
	if !ok {
		return "", account.AddressUndo{}, errs.ErrNotFound
	}
	u, _, err := h.Changes.Undoable(r.Context(), handle)
	return handle, u, err
}

func (h *Room) undoOrOver(w http.ResponseWriter, r *http.Request, u account.AddressUndo, err error) error {
	switch {
	case errors.Is(err, errs.ErrNotFound):
		return h.Pages.Render(w, http.StatusGone, "address/undo", &undoPage{Page: h.Pages.Page(r, "address.undo.over_title")})
	case err != nil:
		return err
	}
	p := &undoPage{Page: h.Pages.Page(r, "address.undo.title"), Live: true}
	p.At = letter.Moment(u.At, p.Lang)
	return h.Pages.Render(w, http.StatusOK, "address/undo", p)
}

// undoPost undoes the change of address.
func (h *Room) undoPost(w http.ResponseWriter, r *http.Request) error {
	if err := h.Limits.Spend(r, limit.CancelRequests.UpTo(h.PerMinute), 1); err != nil {
		return err
	}
	handle, u, err := h.undoable(r)
	if err == nil {
		_, err = h.Changes.Undo(r.Context(), handle, h.Limits.From(r))
	}
	if err != nil {
		return h.undoOrOver(w, r, u, err)
	}
	h.Cookies.SetLink(w, secret.KindUndo, "")
	return h.Pages.SeeOther(w, "/address/undone")
}

// undone says what is as it was before. The page depends on no stored state.
func (h *Room) undone(w http.ResponseWriter, r *http.Request) error {
	p := &donePage{Page: h.Pages.Page(r, "address.undone.title")}
	p.Panel = web.Panel{Title: p.T("address.undone.title")}
	p.Start = web.Link{URL: p.Path("/start"), Label: p.T("address.start")}
	return h.Pages.Render(w, http.StatusOK, "address/undone", p)
}
