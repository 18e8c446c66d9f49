package password

import (
	"errors"
	"net/http"

	"omgevingsloket-id/op/web"
	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/errs"
	"omgevingsloket-id/pkg/limit"
	"omgevingsloket-id/pkg/signin"
)

type codePage struct {
	*web.Page
	Code web.Field
}

func (h *Room) codePage(r *http.Request) *codePage {
	p := h.Pages.Page(r, "web.code.title")
	return &codePage{Page: p, Code: web.Field{Page: p, Name: "code", Label: p.T("web.code.label"), Hint: p.T("web.code.hint")}}
}

// code asks for a verification code: the mailbox alone changes no password.
func (h *Room) code(w http.ResponseWriter, r *http.Request, _ signin.Resetting) error {
	return h.Pages.Render(w, http.StatusOK, "password/code", h.codePage(r))
}

func (h *Room) codePost(w http.ResponseWriter, r *http.Request, v signin.Resetting) error {
	if err := h.Limits.Spend(r, limit.ResetRequests.UpTo(h.PerMinute), 1); err != nil {
		return err
	}
	p, typed := h.codePage(r), r.PostForm.Get("code")
	if typed == "" {
		p.Wrong("code", "web.code.missing")
		return h.Pages.Render(w, http.StatusUnprocessableEntity, "password/code", p)
	}
	result, err := h.SignIn.ResetCode(r.Context(), v, typed, h.from(r))
	switch {
	case errors.Is(err, signin.ErrNoCode):
		p.Wrong("code", "web.code.form")
	case errors.Is(err, errs.ErrConflict):
		return over(err)
	case err != nil:
		return err
	case result.Outcome == account.Accepted:
		return h.Pages.SeeOther(w, paths[account.ResetPassword])
	case result.Outcome == account.BlockedNow:
		return web.Fail(http.StatusForbidden, "password.blocked", nil)
	default:
		p.WrongCode(result)
	}
	return h.Pages.Render(w, http.StatusUnprocessableEntity, "password/code", p)
}
