package enrol

import (
	"errors"
	"net/http"

	"omgevingsloket-id/op/flow"
	"omgevingsloket-id/op/web"
	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/errs"
)

type appsRenamePage struct {
	*web.Page
	Back web.Link
	Name web.Field
}

// nameField returns the field of the name of an app.
func nameField(p *web.Page, value string) web.Field {
	return web.Field{Page: p, Name: "name", Label: p.T("enrol.apps.name"), Hint: p.T("enrol.apps.name_hint"), Value: value, Autocomplete: "off", Width: "20"}
}

func (h *Room) appsRenamePage(r *http.Request, app account.App) *appsRenamePage {
	p := &appsRenamePage{Page: h.Pages.Page(r, "enrol.apps_rename.title")}
	p.Back = web.Link{URL: p.Path(appsPath), Label: p.T("enrol.apps.back")}
	p.Name = nameField(p.Page, app.Name)
	return p
}

// appsRename asks for another name of an app.
func (h *Room) appsRename(w http.ResponseWriter, r *http.Request, v flow.Holder) error {
	app, ok := app(r, v.Account)
	if !ok {
		return h.Pages.SeeOther(w, appsPath)
	}
	return h.Pages.Render(w, http.StatusOK, "enrol/apps_rename", h.appsRenamePage(r, app))
}

func (h *Room) appsRenamePost(w http.ResponseWriter, r *http.Request, v flow.Holder) error {
	if err := h.spend(r, v); err != nil {
		return err
	}
	app, ok := app(r, v.Account)
	if !ok {
		return h.Pages.SeeOther(w, appsPath)
	}
	name, ok := account.AppName(r.PostForm.Get("name"))
	if !ok {
		p := h.appsRenamePage(r, app)
		p.Wrong("name", "enrol.apps.name_wrong")
		return h.Pages.Render(w, http.StatusUnprocessableEntity, "enrol/apps_rename", p)
	}
	err := h.SignIn.RenameApp(r.Context(), v.Account, app.Number, name, h.Limits.From(r))
	if err != nil && !errors.Is(err, errs.ErrConflict) { // a conflict: removed since
		return err
	}
	return h.Pages.SeeOther(w, appsPath)
}
