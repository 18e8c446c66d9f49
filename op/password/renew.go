package password

import (
	"errors"
	"net/http"

	"omgevingsloket-id/op/flow"
	"omgevingsloket-id/op/web"
	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/errs"
	"omgevingsloket-id/pkg/limit"
	"omgevingsloket-id/pkg/session"
)

func (h *Room) renewPage(r *http.Request, v *flow.Login) *choosing {
	p := h.choosing(h.Flow.Page(r, v, "password.renew.title"), *v.Account)
	p.Due = v.Account.Renewal == account.RenewalDue
	p.Later = web.Button{Name: "later", Value: "yes", Label: p.T("password.renew.later"), Secondary: true}
	return p
}

// renew asks for another password during a login: somebody else knows the present one,
// or may.
func (h *Room) renew(w http.ResponseWriter, r *http.Request, v *flow.Login) error {
	return h.Pages.Render(w, http.StatusOK, "password/renew", h.renewPage(r, v))
}

func (h *Room) renewPost(w http.ResponseWriter, r *http.Request, v *flow.Login) error {
	if err := h.Limits.Spend(r, limit.ResetRequests.UpTo(h.PerMinute), 1); err != nil {
		return err
	}
	p := h.renewPage(r, v)
	if r.PostForm.Get("later") != "" && !p.Due {
		v.Request.Nudge = false
		return h.onward(w, r, v)
	}
	typed, ok := h.chosen(r, p, *v.Account)
	if !ok {
		return h.Pages.Render(w, http.StatusUnprocessableEntity, "password/renew", p)
	}
	ctx, release, err := h.Queue.Reserve(r.Context(), h.Cookies.Proven(r, v.Account.Email))
	if err != nil {
		return err
	}
	defer release()
	next, err := h.SignIn.ChangePassword(ctx, *v.Account, typed, h.from(r))
	if errors.Is(err, errs.ErrConflict) {
		v.Account = nil
		return h.onward(w, r, v)
	}
	if err != nil {
		return err
	}
	if !v.Request.AuthTime.IsZero() {
		s, err := h.Flow.GoOn(w, r, session.Session{SID: v.Request.SID, Key: v.Request.Session, AuthTime: v.Request.AuthTime}, next)
		if err != nil {
			return err
		}
		v.Request.Session = s.Key
	}
	v.Request.Epoch, v.Request.Nudge, v.Account = next.Epoch, false, &next
	return h.onward(w, r, v)
}

func (h *Room) onward(w http.ResponseWriter, r *http.Request, v *flow.Login) error {
	v, err := h.Flow.Save(r.Context(), v)
	if err != nil {
		return err
	}
	return h.Flow.Onward(w, r, v)
}
