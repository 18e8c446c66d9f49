package login

import (
	"errors"
	"net/http"
	"net/url"

	"omgevingsloket-id/op/web"
	"omgevingsloket-id/pkg/authreq"
	"omgevingsloket-id/pkg/client"
	"omgevingsloket-id/pkg/errs"
	"omgevingsloket-id/pkg/limit"
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
		return h.Pages.SeeOther(w, h.initiate(c))
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

// initiate returns the address at which a client starts a login with us.
func (h *Room) initiate(c client.Client) string {
	return web.AddQuery(c.InitiateLoginURI, url.Values{"iss": {h.Issuer}})
}

type portalsPage struct {
	*web.Page
	Portals []web.Link
}

// portals lists the portals to a person who is logged in.
func (h *Room) portals(w http.ResponseWriter, r *http.Request) error {
	in, err := h.loggedIn(r)
	if err != nil {
		return err
	}
	if !in {
		return h.Pages.SeeOther(w, "/start")
	}
	all, err := h.Clients.List(r.Context())
	if err != nil {
		return err
	}
	page := &portalsPage{Page: h.Pages.Page(r, "login.portals.title")}
	for _, c := range all {
		switch {
		case c.InitiateLoginURI != "":
			page.Portals = append(page.Portals, web.Link{URL: h.initiate(c), Label: c.Name})
		case c.HomeURI != "":
			page.Portals = append(page.Portals, web.Link{URL: c.HomeURI, Label: c.Name})
		}
	}
	return h.Pages.Render(w, http.StatusOK, "login/portals", page)
}

// loggedIn reports whether the browser has a live session.
func (h *Room) loggedIn(r *http.Request) (bool, error) {
	handle, ok := h.Cookies.Session(r)
	browser, bound := h.Cookies.Browser(r)
	if !ok || !bound {
		return false, nil
	}
	_, _, err := h.Sessions.Current(r.Context(), handle, browser)
	if errors.Is(err, errs.ErrNotFound) {
		return false, nil
	}
	return err == nil, err
}
