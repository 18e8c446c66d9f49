// Package address owns /address, where a person confirms a new e-mail address with
// the code that was mailed to it. Two officials of the helpdesk have approved the
// change before (package helpdesk). The page needs no login: all it does is
// confirm.
package address

import (
	"errors"
	"net/http"

	"omgevingsloket-id/op/web"
	"omgevingsloket-id/pkg/errs"
	"omgevingsloket-id/pkg/helpdesk"
	"omgevingsloket-id/pkg/letter"
	"omgevingsloket-id/pkg/limit"
	"omgevingsloket-id/pkg/signin"
)

// Room serves the page. Its fields are set before Mount.
type Room struct {
	Pages     *web.Renderer
	Cookies   *web.Cookies
	Limits    *web.Limits
	Helpdesk  *helpdesk.Service
	PerMinute int // the most codes of one source in a minute
}

// Mount adds the pages to t.
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

// address asks for the reference and the code of the mail.
func (h *Room) address(w http.ResponseWriter, r *http.Request) error {
	h.Cookies.EnsureBrowser(w, r)
	return h.Pages.Render(w, http.StatusOK, "address/address", h.page(r))
}

// addressPost checks the code. An unknown reference gets the answer of a wrong
// code; only after the right code does the answer say why it cannot be used.
func (h *Room) addressPost(w http.ResponseWriter, r *http.Request) error {
	if err := h.Limits.Spend(r, limit.AddressRequests.UpTo(h.PerMinute), 1); err != nil {
		return err
	}
	p := h.page(r)
	verdict, c, err := h.Helpdesk.TakeAddress(r.Context(), p.Reference.Value, r.PostForm.Get("code"), h.Limits.From(r))
	switch {
	case errors.Is(err, signin.ErrNoCode):
		p.Wrong("code", "address.form")
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

// done shows how to go on. The page depends on no stored state.
func (h *Room) done(w http.ResponseWriter, r *http.Request) error {
	p := &donePage{Page: h.Pages.Page(r, "address.done_title")}
	p.Panel = web.Panel{Title: p.T("address.done_title")}
	p.Start = web.Link{URL: p.Path("/start"), Label: p.T("address.start")}
	return h.Pages.Render(w, http.StatusOK, "address/done", p)
}
