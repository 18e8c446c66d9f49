package password

import (
	"errors"
	"net/http"

	"omgevingsloket-id/op/flow"
	"omgevingsloket-id/op/web"
	"omgevingsloket-id/pkg/errs"
	"omgevingsloket-id/pkg/letter"
	"omgevingsloket-id/pkg/limit"
	"omgevingsloket-id/pkg/secret"
	"omgevingsloket-id/pkg/signin"
)

type choosePage struct {
	*choosing
	Until string
}

func (h *Room) choosePage(r *http.Request, v signin.Resetting) *choosePage {
	p := h.Pages.Page(r, "password.choose.title")
	return &choosePage{choosing: h.choosing(p, v.Account), Until: p.T("password.choose.until", "Time", letter.Clock(v.Until))}
}

// choose asks for the new password.
func (h *Room) choose(w http.ResponseWriter, r *http.Request, v signin.Resetting) error {
	return h.Pages.Render(w, http.StatusOK, "password/choose", h.choosePage(r, v))
}

func (h *Room) choosePost(w http.ResponseWriter, r *http.Request, v signin.Resetting) error {
	if err := h.Limits.Spend(r, limit.ResetRequests.UpTo(h.PerMinute), 1); err != nil {
		return err
	}
	p := h.choosePage(r, v)
	typed, ok := h.chosen(r, p.choosing, v.Account)
	if !ok {
		return h.Pages.Render(w, http.StatusUnprocessableEntity, "password/choose", p)
	}
	ctx, release, err := h.Queue.Reserve(r.Context(), v.Key)
	if err != nil {
		return err
	}
	defer release()
	from := h.Limits.From(r)
	from.Device = h.Cookies.EnsureDevice(w, r)
	if err := h.SignIn.ChooseForgotten(ctx, v, typed, from); err != nil {
		if errors.Is(err, errs.ErrConflict) {
			return over(err)
		}
		return err
	}
	if !v.CodeAt.IsZero() {
		h.Cookies.Prove(w, r, from.Device, v.Account.Email)
	}
	h.Cookies.SetLink(w, secret.KindReset, "")
	h.Cookies.DropSession(w) // it ended with the old password
	query := ""
	if v.ClientID != "" {
		query = "?client=" + v.ClientID
	}
	return h.Pages.SeeOther(w, "/password/done"+query)
}

type donePage struct {
	*web.Page
	Panel web.Panel
	Start web.Link
}

// done leads to a login, which starts at the portal that the person came from. The
// page depends on no stored state.
func (h *Room) done(w http.ResponseWriter, r *http.Request) error {
	p := h.Pages.Page(r, "password.done.title")
	page := &donePage{Page: p, Panel: web.Panel{Title: p.T("password.done.title")}, Start: web.Link{URL: p.Path("/start"), Label: p.T("password.done.start")}}
	c, err := h.Clients.ByID(r.Context(), web.Query(r).Get("client"))
	if err != nil && !errors.Is(err, errs.ErrNotFound) {
		return err
	}
	if u := flow.PortalURL(c, h.Pages.Settings.Issuer); u != "" {
		page.Start = web.Link{URL: u, Label: p.T("password.done.back", "Client", c.Name)}
	}
	return h.Pages.Render(w, http.StatusOK, "password/done", page)
}
