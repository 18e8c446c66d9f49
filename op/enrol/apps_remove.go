package enrol

import (
	"errors"
	"net/http"

	"omgevingsloket-id/op/flow"
	"omgevingsloket-id/op/web"
	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/errs"
)

type appsRemovePage struct {
	*web.Page
	Back web.Link
	Name string
	Last bool // it is the only app, which cannot be removed
}

func (h *Room) appsRemovePage(r *http.Request, v flow.Holder, app account.App) *appsRemovePage {
	p := &appsRemovePage{Page: h.Pages.Page(r, "enrol.apps_remove.title"), Last: len(v.Account.AppList()) < 2}
	p.Back = web.Link{URL: p.Path(appsPath), Label: p.T("enrol.apps.back")}
	p.Name = appName(p.Page, v.Account, app)
	return p
}

// appsRemove asks whether an app is to be removed.
func (h *Room) appsRemove(w http.ResponseWriter, r *http.Request, v flow.Holder) error {
	app, ok := app(r, v.Account)
	if !ok {
		return h.Pages.SeeOther(w, appsPath)
	}
	return h.Pages.Render(w, http.StatusOK, "enrol/apps_remove", h.appsRemovePage(r, v, app))
}

func (h *Room) appsRemovePost(w http.ResponseWriter, r *http.Request, v flow.Holder) error {
	if err := h.spend(r, v); err != nil {
		return err
	}
	app, ok := app(r, v.Account)
	if !ok {
		return h.Pages.SeeOther(w, appsPath)
	}
	next, err := h.SignIn.RemoveApp(r.Context(), v.Account, app.Number, h.Limits.From(r))
	switch {
	case errors.Is(err, account.ErrLastApp), errors.Is(err, errs.ErrConflict):
		// The other one was removed in another tab since, or this one: the page says so,
		// or leads to the list.
		return h.Pages.SeeOther(w, forApp("/enrol/apps/remove", web.Query(r).Get("id")))
	case err != nil:
		return err
	}
	return h.went(w, r, v, next, account.AppRemoved)
}
