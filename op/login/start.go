package login

import (
	"errors"
	"net/http"

	"omgevingsloket-id/op/flow"
	"omgevingsloket-id/op/web"
	"omgevingsloket-id/pkg/authreq"
	"omgevingsloket-id/pkg/errs"
	"omgevingsloket-id/pkg/limit"
	"omgevingsloket-id/pkg/mail"
)

// start serves the link 'Ga naar inloggen met Omgevingsloket-ID'. It redirects to
// the home client, which sends an authorization request (OIDC Core §4). Without
// a home client it begins a login that ends at the list of portals.
func (h *Room) start(w http.ResponseWriter, r *http.Request) error {
	c, err := h.Clients.ByID(r.Context(), h.HomeClient)
	if err != nil && !errors.Is(err, errs.ErrNotFound) {
		return err
	}
	if err == nil && c.InitiateLoginURI != "" {
		return h.Pages.SeeOther(w, flow.PortalURL(c, h.Issuer))
	}
	if err := h.Limits.Spend(r, limit.StartRequests.UpTo(h.Starts), 1); err != nil {
		return err
	}
	v, err := h.Flow.Begin(w, r, authreq.Request{ACR: h.ACR}, nil)
	if err != nil {
		return err
	}
	return h.Flow.Onward(w, r, v)
}

type portalsPage struct {
	*web.Page
	Portals []web.Link
	Refused string // what to know if mail to the holder is refused, or ""
}

// portals lists the portals to a person who is logged in.
func (h *Room) portals(w http.ResponseWriter, r *http.Request) error {
	v, err := h.Flow.Holder(r)
	if errors.Is(err, errs.ErrNotFound) {
		return h.Pages.SeeOther(w, "/start")
	}
	if err != nil {
		return err
	}
	bounce, refused, err := mail.Unreachable(r.Context(), h.Bounces, v.Account.Email)
	if err != nil {
		return err
	}
	all, err := h.Clients.List(r.Context())
	if err != nil {
		return err
	}
	page := &portalsPage{Page: h.Pages.Page(r, "login.portals.title")}
	page.LoggedIn = true
	if refused {
		page.Refused = mailRefused(page.Page, v.Account.Email, bounce.At)
	}
	for _, c := range all {
		if u := flow.PortalURL(c, h.Issuer); u != "" {
			page.Portals = append(page.Portals, web.Link{URL: u, Label: c.Name})
		}
	}
	return h.Pages.Render(w, http.StatusOK, "login/portals", page)
}
