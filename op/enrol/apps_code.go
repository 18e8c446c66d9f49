package enrol

import (
	"errors"
	"net/http"

	"omgevingsloket-id/op/flow"
	"omgevingsloket-id/op/web"
	"omgevingsloket-id/pkg/errs"
	"omgevingsloket-id/pkg/letter"
	"omgevingsloket-id/pkg/signin"
)

type appsCodePage struct {
	*web.Page
	Code   web.Field
	Second bool // of a second app; otherwise of one that takes the place of another
	Until  string
	Drop   web.Button
}

// appsCodePage returns the page that asks for the code of the new app; nil if none
// waits for it in this session.
func (h *Room) appsCodePage(r *http.Request, v flow.Holder) *appsCodePage {
	n, waits := h.SignIn.Limits.NewApp(v.Account, h.SignIn.Now())
	if !waits || n.SID != v.Session.SID {
		return nil
	}
	p := &appsCodePage{Page: h.Pages.Page(r, "enrol.apps_code.title"), Second: n.Replaces == 0}
	p.Code = web.Field{Page: p.Page, Name: "code", Label: p.T("web.code.label"), Hint: p.T("web.code.hint")}
	p.Until = letter.Clock(n.ShownAt.Add(h.SignIn.Limits.NewAppTime))
	p.Drop = web.Button{Name: "cancel", Value: "yes", Label: p.T("enrol.apps.cancel"), Secondary: true}
	return p
}

// appsCode asks for the first code of the new app. It changes a cookie, so that the
// browser does not restore the page with the QR before it from its memory.
func (h *Room) appsCode(w http.ResponseWriter, r *http.Request, v flow.Holder) error {
	p := h.appsCodePage(r, v)
	if p == nil {
		return h.Pages.SeeOther(w, appsPath)
	}
	h.Cookies.Turn(w)
	return h.Pages.Render(w, http.StatusOK, "enrol/apps_code", p)
}

func (h *Room) appsCodePost(w http.ResponseWriter, r *http.Request, v flow.Holder) error {
	if r.PostForm.Get("cancel") != "" {
		return h.appsPost(w, r, v)
	}
	p := h.appsCodePage(r, v)
	if p == nil {
		return h.Pages.SeeOther(w, appsPath)
	}
	typed := r.PostForm.Get("code")
	result, err := h.SignIn.LinkApp(r.Context(), v.Account, v.Session.SID, typed, h.Limits.From(r))
	switch {
	case errors.Is(err, signin.ErrNoCode):
		p.Wrong("code", "enrol.apps_code.missing")
		if typed != "" {
			p.Problems[len(p.Problems)-1].Text = p.T("web.code.form")
		}
	case errors.Is(err, errs.ErrConflict):
		// Cancelled, lapsed or linked in another tab since.
		return h.Pages.SeeOther(w, appsPath)
	case err != nil:
		return err
	case result.Right:
		return h.went(w, r, v, result.Account, result.Change)
	case result.Left == 0:
		return h.Pages.SeeOther(w, done(doneRefused))
	default:
		p.Wrong("code", "enrol.apps_code.wrong", "Count", result.Left)
	}
	return h.Pages.Render(w, http.StatusUnprocessableEntity, "enrol/apps_code", p)
}
