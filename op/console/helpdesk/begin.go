package helpdesk

import (
	"errors"
	"net/http"

	"omgevingsloket-id/op/console"
	"omgevingsloket-id/op/web"
	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/errs"
	"omgevingsloket-id/pkg/helpdesk"
)

// accountPost begins a request to unblock.
func (h *Room) accountPost(w http.ResponseWriter, r *http.Request, v *console.Visit) error {
	a, err := h.wantedAccount(r, v)
	if err != nil {
		return err
	}
	q, err := h.Helpdesk.Begin(r.Context(), helpdesk.Unblock, a, h.By(r, v))
	if errors.Is(err, errs.ErrConflict) {
		p, err := h.accountPage(r, v)
		if err != nil {
			return err
		}
		p.Wrong("", "console-helpdesk.unblock.busy")
		return h.Pages.Render(w, http.StatusConflict, "console/helpdesk/account", p)
	}
	if err != nil {
		return err
	}
	return h.Pages.SeeOther(w, requestURL(q.ID))
}

type addressPage struct {
	console.Frame
	Name string
	Back web.Link
}

func (h *Room) addressPage(r *http.Request, v *console.Visit) (*addressPage, account.Account, error) {
	a, err := h.wantedAccount(r, v)
	if err != nil {
		return nil, a, err
	}
	p := &addressPage{Frame: h.Page(r, v, "console-helpdesk.address.title"), Name: a.Profile.FullName()}
	p.Back = web.Link{URL: p.Path(accountURL(a.ID)), Label: p.T("console-helpdesk.back_account")}
	return p, a, nil
}

// address explains what changing an address takes.
func (h *Room) address(w http.ResponseWriter, r *http.Request, v *console.Visit) error {
	p, a, err := h.addressPage(r, v)
	if err != nil {
		return err
	}
	return h.Show(w, r, v, http.StatusOK, "console/helpdesk/address", p, h.viewed(r, v, a))
}

// addressPost begins a change of address.
func (h *Room) addressPost(w http.ResponseWriter, r *http.Request, v *console.Visit) error {
	p, a, err := h.addressPage(r, v)
	if err != nil {
		return err
	}
	q, err := h.Helpdesk.Begin(r.Context(), helpdesk.Address, a, h.By(r, v))
	if errors.Is(err, errs.ErrConflict) {
		p.Wrong("", "console-helpdesk.too_late")
		return h.Show(w, r, v, http.StatusConflict, "console/helpdesk/address", p, h.viewed(r, v, a))
	}
	if err != nil {
		return err
	}
	return h.Pages.SeeOther(w, requestURL(q.ID))
}
