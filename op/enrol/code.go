package enrol

import (
	"errors"
	"net/http"

	"omgevingsloket-id/op/flow"
	"omgevingsloket-id/op/web"
	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/errs"
	"omgevingsloket-id/pkg/letter"
	"omgevingsloket-id/pkg/signin"
)

type codePage struct {
	*web.Page
	Mailed bool // there is a code that can be typed
	Both   bool // it also goes to an address that was replaced
	Until  string
	Code   web.Field
	Send   web.Button
	mailed account.Mailed
}

func (h *Room) codePage(r *http.Request, v *flow.Login) (*codePage, error) {
	m, err := h.SignIn.Recoveries.Mailed(r.Context(), v.Account.ID)
	if err != nil {
		return nil, err
	}
	now := h.SignIn.Now()
	m = m.Of(*v.Account)
	p := &codePage{Page: h.Flow.Page(r, v, "enrol.code.title"), Mailed: m.Valid(now), Both: len(v.Account.Mailboxes(now)) > 1, Until: letter.Clock(m.Expires), mailed: m}
	p.Code = web.Field{Page: p.Page, Name: "code", Label: p.T("enrol.code.label"), Hint: p.T("enrol.code.hint")}
	p.Send = web.Button{Name: "send", Value: "yes", Label: p.T("enrol.code.send")}
	if p.Mailed {
		p.Send = web.Button{Name: "send", Value: "yes", Label: p.T("enrol.code.again"), Secondary: true}
	}
	return p, nil
}

// code asks for the code that is mailed to the holder of an account that was
// unblocked. It mails nothing.
func (h *Room) code(w http.ResponseWriter, r *http.Request, v *flow.Login) error {
	p, err := h.codePage(r, v)
	if err != nil {
		return err
	}
	return h.Pages.Render(w, http.StatusOK, "enrol/code", p)
}

func (h *Room) codePost(w http.ResponseWriter, r *http.Request, v *flow.Login) error {
	if r.PostForm.Get("send") != "" {
		return h.send(w, r, v)
	}
	result, err := h.SignIn.TakeMailed(r.Context(), *v.Account, v.Request.Key, r.PostForm.Get("code"), h.Limits.From(r))
	if errors.Is(err, errs.ErrConflict) {
		// Blocked, or enrolled in another browser since.
		return h.again(w, r)
	}
	if err != nil && !errors.Is(err, signin.ErrNoCode) {
		return err
	}
	switch result.Verdict {
	case account.MailedRight:
		v.Request.MailboxAt = h.SignIn.Now()
		v, err := h.Flow.Renew(r.Context(), v)
		if err != nil {
			return err
		}
		return h.Flow.Onward(w, r, v)
	case account.MailedOver:
		return h.again(w, r)
	}
	p, err := h.codePage(r, v)
	if err != nil {
		return err
	}
	switch {
	case result.Verdict == account.MailedWrong:
		p.Wrong("code", "enrol.code.wrong", "Count", result.Left)
	case p.Mailed: // ErrNoCode
		p.Wrong("code", "enrol.code.missing")
	default:
		p.Wrong("", "enrol.code.void")
	}
	return h.Pages.Render(w, http.StatusUnprocessableEntity, "enrol/code", p)
}

// send mails a code. An earlier one then no longer works.
func (h *Room) send(w http.ResponseWriter, r *http.Request, v *flow.Login) error {
	err := h.SignIn.MailCode(r.Context(), *v.Account, h.Limits.From(r))
	if errors.Is(err, account.ErrSpaced) {
		return h.spaced(w, r, v)
	}
	if err != nil && !errors.Is(err, errs.ErrConflict) {
		return err
	}
	return h.again(w, r)
}

// spaced says from when the next code can be mailed.
func (h *Room) spaced(w http.ResponseWriter, r *http.Request, v *flow.Login) error {
	p, err := h.codePage(r, v)
	if err != nil {
		return err
	}
	p.Wrong("", "enrol.code.spaced", "At", letter.Clock(letter.Whole(p.mailed.NextAt())))
	return h.Pages.Render(w, http.StatusUnprocessableEntity, "enrol/code", p)
}
