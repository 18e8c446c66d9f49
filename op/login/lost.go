package login

import (
	"net/http"

	"omgevingsloket-id/op/flow"
	"omgevingsloket-id/op/web"
	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/letter"
)

type lostPage struct {
	*web.Page
	Back web.Link
}

// lost explains what to do when the QR code could not be scanned. It is shown only
// before the first right code.
func (h *Room) lost(w http.ResponseWriter, r *http.Request, v *flow.Login) error {
	if v.Account.State != account.QRShown {
		return h.Flow.Onward(w, r, v)
	}
	p := h.Flow.Page(r, v, "login.lost.title")
	return h.Pages.Render(w, http.StatusOK, "login/lost", &lostPage{
		Page: p, Back: web.Link{URL: p.Path(flow.For("/login/code", v.Handle)), Label: p.T("login.lost.back")},
	})
}

// lostPost blocks the account, so that the helpdesk can unblock it for a new
// enrolment.
func (h *Room) lostPost(w http.ResponseWriter, r *http.Request, v *flow.Login) error {
	if v.Account.State != account.QRShown {
		return h.Flow.Onward(w, r, v)
	}
	if _, err := h.SignIn.Block(r.Context(), *v.Account, account.NotScanned, h.from(r)); err != nil {
		return err
	}
	return h.onward(w, r, v)
}

type blockedPage struct {
	*web.Page
	Why       string
	Reference string
	Callback  string // proves to the helpdesk that the caller is on this page now
	Until     string // until when, at least
	Then      string
}

// blocked shows the helpdesk and the reference by which it finds the account. It
// is shown only after the right password.
func (h *Room) blocked(w http.ResponseWriter, r *http.Request, v *flow.Login) error {
	p := h.Flow.Page(r, v, "login.blocked.title")
	then := p.T("login.blocked.then")
	if delay := h.SignIn.Limits.Delay(*v.Account); delay > 0 {
		then = p.T("login.blocked.then_later", "Delay", letter.Span(delay, p.Lang))
	}
	return h.Pages.Render(w, http.StatusForbidden, "login/blocked", &blockedPage{
		Page: p, Why: p.T("login.blocked.why_" + string(v.Account.BlockReason)), Reference: v.Account.BlockRef,
		Callback: h.Callback.Code(*v.Account, h.Now()), Then: then,
		Until: p.T("login.blocked.callback_until", "Time", letter.Clock(v.Request.PasswordUntil())),
	})
}

// blockedPost shows the page again, with the code of now.
func (h *Room) blockedPost(w http.ResponseWriter, _ *http.Request, v *flow.Login) error {
	return h.Pages.SeeOther(w, flow.For("/login/blocked", v.Handle))
}
