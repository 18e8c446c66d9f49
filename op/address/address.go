// Package address owns /address and what is below it: the change of an e-mail address.
//
//	by the helpdesk: two officials approve (package helpdesk) ─► /address ─► /address/done
//	                                                              reference and mailed code, no login
//
//	by the holder: /address/change ─► /address/code ─► /address/changed
//	               password and code    mailed code        │
//	               given just now                          ▼ a link in the mail to the address before
//	                                     /address/undo ─► /address/undone
//	                                     no login
//
// The rules of the second road are in package newaddress. The form fields, which tests
// rely on: /address/change email; /address/code code, or resend; /address/undo none.
package address

import (
	"errors"
	"net/http"

	"omgevingsloket-id/op/flow"
	"omgevingsloket-id/op/web"
	"omgevingsloket-id/pkg/errs"
	"omgevingsloket-id/pkg/helpdesk"
	"omgevingsloket-id/pkg/letter"
	"omgevingsloket-id/pkg/limit"
	"omgevingsloket-id/pkg/newaddress"
	"omgevingsloket-id/pkg/signin"
)

// Room serves the page. Its fields are set before Mount.
type Room struct {
	Pages     *web.Renderer
	Cookies   *web.Cookies
	Limits    *web.Limits
	Helpdesk  *helpdesk.Service
	Flow      *flow.Dispatcher
	Changes   *newaddress.Service
	SignIn    *signin.Service
	PerMinute int // the most codes of one source in a minute
	PerHour   int // the most mails with a code for one source in an hour, of all kinds
}

// Mount adds the pages to t.
func (h *Room) Mount(t *web.Router) {
	t.Get("/address", h.address)
	t.Post("/address", h.addressPost, "reference", "code")
	t.Get("/address/done", h.done)
	t.GetActs("/address/change", h.Flow.OwnProven(h.change))
	t.Post("/address/change", h.Flow.OwnProven(h.changePost), "email")
	t.GetActs("/address/code", h.Flow.Own(h.code))
	t.Post("/address/code", h.Flow.Own(h.codePost), "code", "resend")
	t.Get("/address/changed", h.changed)
	t.Get("/address/undo", h.undo)
	t.Post("/address/undo", h.undoPost)
	t.Get("/address/undone", h.undone)
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
