package address

import (
	"errors"
	"net/http"

	"omgevingsloket-id/op/flow"
	"omgevingsloket-id/op/web"
	"omgevingsloket-id/pkg/errs"
	"omgevingsloket-id/pkg/limit"
	"omgevingsloket-id/pkg/mail"
)

type changePage struct {
	*web.Page
	Now   string // the present address
	Email web.Field
}

func (h *Room) changePage(r *http.Request, v flow.Holder) *changePage {
	p := &changePage{Page: h.Pages.Page(r, "address.change.title"), Now: v.Account.Email}
	p.Email = web.Field{Page: p.Page, Name: "email", Type: "email", Label: p.T("address.change.email"), Value: r.PostForm.Get("email"), Autocomplete: "email"}
	return p
}

// change asks for the new address.
func (h *Room) change(w http.ResponseWriter, r *http.Request, v flow.Holder) error {
	return h.Pages.Render(w, http.StatusOK, "address/change", h.changePage(r, v))
}

// changePost mails a code to the new address. The answer does not depend on whether
// somebody else has it.
func (h *Room) changePost(w http.ResponseWriter, r *http.Request, v flow.Holder) error {
	p := h.changePage(r, v)
	email, err := mail.CanonicalAddress(p.Email.Value)
	switch {
	case p.Email.Value == "":
		p.Wrong("email", "address.change.missing")
	case err != nil:
		p.Wrong("email", "address.change.form")
	case email == v.Account.Email:
		p.Wrong("email", "address.change.same")
	default:
		if err := h.ask(r, v, email); err != nil {
			return err
		}
		return h.Pages.SeeOther(w, "/address/code")
	}
	return h.Pages.Render(w, http.StatusUnprocessableEntity, "address/change", p)
}

// ask has a code mailed to a new address.
func (h *Room) ask(r *http.Request, v flow.Holder, email string) error {
	if err := h.Limits.SpendFor(r, v.Account.ID, 1, limit.AccountMails); err != nil {
		return err
	}
	if err := h.Limits.SpendMail(r, limit.ChangeMails.UpTo(h.PerHour), email, h.Changes.CodeKey); err != nil {
		return err
	}
	err := h.Changes.Ask(r.Context(), v.Account, v.Session.SID, email, h.Limits.From(r))
	if errors.Is(err, errs.ErrConflict) {
		return nil // the account has changed and the session has ended: the next page begins a login
	}
	return err
}
