package password

import (
	"errors"
	"net/http"

	"omgevingsloket-id/op/flow"
	"omgevingsloket-id/op/web"
	"omgevingsloket-id/pkg/errs"
	"omgevingsloket-id/pkg/limit"
)

// change asks the holder, who gave password and code a moment ago, for a new password.
func (h *Room) change(w http.ResponseWriter, r *http.Request, v flow.Holder) error {
	return h.Pages.Render(w, http.StatusOK, "password/change", h.choosing(h.Pages.Page(r, "password.change.title"), v.Account))
}

// changePost changes the password. The sessions elsewhere end; this one goes on under a
// new handle.
func (h *Room) changePost(w http.ResponseWriter, r *http.Request, v flow.Holder) error {
	if err := h.Limits.Spend(r, limit.ResetRequests.UpTo(h.PerMinute), 1); err != nil {
		return err
	}
	p := h.choosing(h.Pages.Page(r, "password.change.title"), v.Account)
	typed, ok := h.chosen(r, p, v.Account)
	if !ok {
		return h.Pages.Render(w, http.StatusUnprocessableEntity, "password/change", p)
	}
	if err := h.Limits.SpendFor(r, v.Account.ID, 1, limit.PasswordChanges); err != nil {
		return err
	}
	ctx, release, err := h.Queue.Reserve(r.Context(), h.Cookies.Proven(r, v.Account.Email))
	if err != nil {
		return err
	}
	defer release()
	next, err := h.SignIn.ChangePassword(ctx, v.Account, typed, h.from(r))
	if errors.Is(err, errs.ErrConflict) {
		return h.Pages.SeeOther(w, "/password/change") // the account has changed since, and the session ended
	}
	if err != nil {
		return err
	}
	if _, err := h.Flow.GoOn(w, r, v.Session, next); err != nil {
		return err
	}
	return h.Pages.SeeOther(w, "/password/changed")
}

type changedPage struct {
	*web.Page
	Panel web.Panel
	Next  web.Link
}

// changed says that the password was changed.
func (h *Room) changed(w http.ResponseWriter, r *http.Request, _ flow.Holder) error {
	p := h.Pages.Page(r, "password.changed.title")
	return h.Pages.Render(w, http.StatusOK, "password/changed", &changedPage{
		Page: p, Panel: web.Panel{Title: p.T("password.changed.title")}, Next: web.Link{URL: p.Path("/me"), Label: p.T("password.changed.next")},
	})
}
