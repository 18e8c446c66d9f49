package login

import (
	"net/http"
	"time"

	"omgevingsloket-id/op/flow"
	"omgevingsloket-id/op/web"
	"omgevingsloket-id/pkg/letter"
)

type mailPage struct {
	*web.Page
	Refused string
	Change  web.Link
}

// mailRefused says to a holder since when mail to this address is refused.
func mailRefused(p *web.Page, email string, since time.Time) string {
	return p.T("login.mail.refused", "Email", email, "Moment", letter.Moment(since, p.Lang))
}

// mail says during a login that mail to the holder is refused.
func (h *Room) mail(w http.ResponseWriter, r *http.Request, v *flow.Login) error {
	p := h.Flow.Page(r, v, "login.mail.title")
	return h.Pages.Render(w, http.StatusOK, "login/mail", &mailPage{
		Page: p, Refused: mailRefused(p, v.Account.Email, v.Request.Unreachable),
		Change: web.Link{URL: p.Path("/address/change"), Label: p.T("login.mail.change")},
	})
}

func (h *Room) mailPost(w http.ResponseWriter, r *http.Request, v *flow.Login) error {
	v.Request.Unreachable = time.Time{}
	return h.onward(w, r, v)
}
