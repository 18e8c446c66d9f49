package login

import (
	"errors"
	"net/http"

	"omgevingsloket-id/op/flow"
	"omgevingsloket-id/op/web"
	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/errs"
	"omgevingsloket-id/pkg/secret"
	"omgevingsloket-id/pkg/session"
	"omgevingsloket-id/pkg/signin"
)

type codePage struct {
	*web.Page
	Code  web.Field
	First bool     // no right code yet: the QR may not have been scanned
	Lost  web.Link // only when First
}

func (h *Room) codePage(r *http.Request, v *flow.Login) *codePage {
	p := h.Flow.Page(r, v, "web.code.title")
	return &codePage{
		Page:  p,
		Code:  web.Field{Page: p, Name: "code", Label: p.T("web.code.label"), Hint: p.T("web.code.hint"), Same: true},
		First: v.Account.State == account.QRShown,
		Lost:  web.Link{URL: p.Path(flow.For("/login/lost", v.Handle)), Label: p.T("login.code.lost")},
	}
}

// code asks for the verification code. It changes a cookie, so that the browser
// does not restore the page with the QR before it from its memory.
func (h *Room) code(w http.ResponseWriter, r *http.Request, v *flow.Login) error {
	h.Cookies.Turn(w)
	return h.Pages.Render(w, http.StatusOK, "login/code", h.codePage(r, v))
}

func (h *Room) codePost(w http.ResponseWriter, r *http.Request, v *flow.Login) error {
	typed := r.PostForm.Get("code")
	p := h.codePage(r, v)
	if typed == "" {
		p.Wrong("code", "web.code.missing")
		return h.Pages.Render(w, http.StatusUnprocessableEntity, "login/code", p)
	}
	a := *v.Account
	result, err := h.SignIn.Code(r.Context(), a, typed, h.from(r))
	if errors.Is(err, signin.ErrNoCode) {
		p.Wrong("code", "web.code.form")
		return h.Pages.Render(w, http.StatusUnprocessableEntity, "login/code", p)
	}
	if errors.Is(err, errs.ErrConflict) {
		// Blocked, unblocked or used in another tab since.
		v.Account = nil
		return h.onward(w, r, v)
	}
	if err != nil {
		return err
	}
	switch result.Outcome {
	case account.Accepted:
		return h.enter(w, r, v, a)
	case account.BlockedNow:
		v.Account = nil
		return h.onward(w, r, v)
	}
	p.WrongCode(result)
	return h.Pages.Render(w, http.StatusUnprocessableEntity, "login/code", p)
}

// enter begins a session after both factors. The browser's previous session
// ends first, the handle is new, and the sid stays only for the same account.
func (h *Room) enter(w http.ResponseWriter, r *http.Request, v *flow.Login, a account.Account) error {
	now := h.Now()
	sid, err := h.leave(r, a)
	if err != nil {
		return err
	}
	s, err := h.Flow.BeginSession(w, r, session.Session{SID: sid, AccountID: a.ID, Epoch: a.Epoch, AuthTime: now})
	if err != nil {
		return err
	}
	device := h.Cookies.EnsureDevice(w, r)
	h.Cookies.Prove(w, r, device, a.Email)
	if err := h.SignIn.Remember(r.Context(), a, device); err != nil {
		// The login is done; next time, this browser shares the lane of
		// strangers.
		h.Log.WarnContext(r.Context(), "device not remembered", "request", web.RequestID(r), "error", err.Error())
	}
	v.Request.AuthTime, v.Request.SID, v.Request.Session = now, sid, s.Key
	v.Account.State = account.Active // by the accepted code
	return h.onward(w, r, v)
}

// leave ends the browser's previous session and returns the sid of the new one.
// The grants of another person are revoked before the session that names them
// ends, so that the next try finds them if this one fails in between.
func (h *Room) leave(r *http.Request, a account.Account) (sid string, err error) {
	sid = secret.NewID(h.Rand)
	handle, ok := h.Cookies.Session(r)
	if !ok {
		return sid, nil
	}
	old, err := h.Sessions.Store.Get(r.Context(), h.Sessions.Key(handle))
	if errors.Is(err, errs.ErrNotFound) {
		return sid, nil
	}
	if err != nil {
		return "", err
	}
	if old.AccountID != a.ID || old.Epoch != a.Epoch {
		return sid, h.Flow.EndSession(r, old, "another account logged in")
	} else if ended, err := h.Grants.Ended(r.Context(), old.SID); err != nil {
		return "", err
	} else if !ended {
		sid = old.SID
	}
	return sid, h.Sessions.Store.Delete(r.Context(), old.Key)
}
