package enrol

import (
	"errors"
	"net/http"

	"omgevingsloket-id/op/flow"
	"omgevingsloket-id/op/web"
	"omgevingsloket-id/pkg/errs"
	"omgevingsloket-id/pkg/secret"
	"omgevingsloket-id/pkg/totp"
)

type qrPage struct {
	*web.Page
	Lead string
	QR   web.QR
	Next web.Link
}

// qrPost stores that the QR code was shown, and shows it after that has succeeded.
func (h *Room) qrPost(w http.ResponseWriter, r *http.Request, v *flow.Login) error {
	key, err := h.SignIn.ShowQR(r.Context(), *v.Account, !v.Request.MailboxAt.IsZero(), h.Limits.From(r))
	if errors.Is(err, errs.ErrConflict) {
		// Another click or tab was first, and shows the QR code.
		return h.again(w, r)
	}
	if errors.Is(err, errs.ErrUnavailable) {
		// The QR code may count as shown although it was not: the page says
		// what to do then.
		return web.Unavailable("enrol.error.qr", err, &web.Link{URL: flow.For("/enrol", v.Handle), Label: "enrol.error.qr.link"})
	}
	if err != nil {
		return err
	}
	p := h.Flow.Page(r, v, "web.qr.page_title")
	return h.reveal(w, p, p.T("enrol.qr.lead"), v.Account.Email, key, flow.For("/login/code", v.Handle))
}

// reveal shows the QR code of a secret, once: the caller has stored that it was shown.
// next is the address where the first code is asked for.
func (h *Room) reveal(w http.ResponseWriter, p *web.Page, lead, email string, key secret.Text, next string) error {
	uri := totp.URI(email, key)
	picture, err := totp.Draw(uri)
	if err != nil {
		return err
	}
	p.Languages, p.LoggedIn = nil, false // a link away would lose the QR
	return h.Pages.Render(w, http.StatusOK, "enrol/qr", &qrPage{
		Page: p, Lead: lead, QR: web.NewQR(p, picture, uri.Reveal(), totp.Groups(key)),
		Next: web.Link{URL: p.Path(next), Label: p.T("web.qr.next")},
	})
}
