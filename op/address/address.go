// Package address owns /address: whoever reads the mail of a new address says
// so with the code that was sent there. Two members of the helpdesk agreed to
// the change before (package helpdesk); the page needs no login, for it gives
// nothing but that yes.
package address

import (
	"errors"
	"net/http"
	"time"

	"omgevingsloket-id/op/web"
	"omgevingsloket-id/pkg/errs"
	"omgevingsloket-id/pkg/helpdesk"
	"omgevingsloket-id/pkg/letter"
	"omgevingsloket-id/pkg/signin"
)

// Room is the page. All fields are set once, at the wiring.
type Room struct {
	Pages     *web.Renderer
	Cookies   *web.Cookies
	Limits    *web.Limits
	Helpdesk  *helpdesk.Service
	PerMinute int // codes of one source
}

// Mount adds the pages.
func (h *Room) Mount(t *web.Router) {
	t.Get("/address", h.address)
	t.Post("/address", h.addressPost, "reference", "code")
	t.Get("/address/done", h.done)
}

type addressPage struct {
	*web.Page
	Reference web.Field
	Code      web.Field
}

func (h *Room) page(r *http.Request) *addressPage {
	p := &addressPage{Page: h.Pages.Page(r, "address.title")}
	p.Reference = web.Field{Page: p.Page, Name: "reference", Label: p.T("address.reference"), Hint: p.T("address.reference_hint"), Value: r.PostForm.Get("reference"), Autocomplete: "off", Width: "10"}
	p.Code = web.Field{Page: p.Page, Name: "code", Label: p.T("address.code")}
	return p
}

// address asks for what the mail says.
func (h *Room) address(w http.ResponseWriter, r *http.Request) error {
	h.Cookies.EnsureBrowser(w, r)
	return h.Pages.Render(w, http.StatusOK, "address/address", h.page(r))
}

// addressPost judges it. A reference of nobody gets the answer of a wrong
// code; who has the right one is told what stands in the way.
func (h *Room) addressPost(w http.ResponseWriter, r *http.Request) error {
	if err := h.Limits.Allow(r, "address", h.PerMinute, time.Minute); err != nil {
		return err
	}
	p := h.page(r)
	verdict, c, err := h.Helpdesk.TakeAddress(r.Context(), p.Reference.Value, r.PostForm.Get("code"), signin.From{Origin: h.Limits.Origin(r), RequestID: web.RequestID(r)})
	switch {
	case errors.Is(err, errs.ErrConflict):
		p.Wrong("", "address.failed")
	case err != nil && !errors.Is(err, errs.ErrNotFound):
		return err
	case verdict == helpdesk.CodeRight:
		return h.Pages.SeeOther(w, "/address/done")
	case verdict == helpdesk.CodeEarly:
		p.Wrong("", "address.early", "From", letter.Moment(c.From, p.Lang))
	default:
		p.Wrong("code", "address.wrong")
	}
	return h.Pages.Render(w, http.StatusUnprocessableEntity, "address/address", p)
}

type donePage struct {
	*web.Page
	Panel web.Panel
	Start web.Link
}

// done says how to go on. It knows nothing of anybody.
func (h *Room) done(w http.ResponseWriter, r *http.Request) error {
	p := &donePage{Page: h.Pages.Page(r, "address.done_title")}
	p.Panel = web.Panel{Title: p.T("address.done_title")}
	p.Start = web.Link{URL: p.Path("/start"), Label: p.T("home.start")}
	return h.Pages.Render(w, http.StatusOK, "address/done", p)
}
