package enrol

import (
	"errors"
	"net/http"

	"omgevingsloket-id/op/flow"
	"omgevingsloket-id/op/web"
	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/errs"
)

type appsQRPage struct {
	*web.Page
	Back   web.Link
	Second bool // a second app, which has a Name; otherwise it takes the place of Old
	Old    string
	Name   web.Field
}

// appsQRPage returns the page that explains the QR code of a new app; nil if the
// address names no app that can be replaced or added now.
func (h *Room) appsQRPage(r *http.Request, v flow.Holder) *appsQRPage {
	number, ok := appID(r)
	old, known := v.Account.AppNumbered(number)
	_, waits := h.SignIn.Limits.NewApp(v.Account, h.SignIn.Now())
	second := number == 0
	if !ok || waits || !second && !known || second && len(v.Account.AppList()) >= account.MostApps {
		return nil
	}
	title := "enrol.apps_qr.title_phone"
	if second {
		title = "enrol.apps_qr.title_second"
	}
	p := &appsQRPage{Page: h.Pages.Page(r, title), Second: second}
	p.Back = web.Link{URL: p.Path(appsPath), Label: p.T("enrol.apps.back")}
	p.Name = nameField(p.Page, "")
	if known {
		p.Old = appName(p.Page, v.Account, old)
	}
	return p
}

// appsQR explains the QR code of a new app. It never shows one.
func (h *Room) appsQR(w http.ResponseWriter, r *http.Request, v flow.Holder) error {
	p := h.appsQRPage(r, v)
	if p == nil {
		return h.Pages.SeeOther(w, appsCodePath) // which leads on if no code is asked for
	}
	return h.Pages.Render(w, http.StatusOK, "enrol/apps_qr", p)
}

// appsQRPost stores that the QR code of a new app was shown, and shows it after that has
// succeeded.
func (h *Room) appsQRPost(w http.ResponseWriter, r *http.Request, v flow.Holder) error {
	if err := h.spend(r, v); err != nil {
		return err
	}
	p := h.appsQRPage(r, v)
	if p == nil {
		return h.Pages.SeeOther(w, appsCodePath)
	}
	n := account.NewApp{SID: v.Session.SID}
	n.Replaces, _ = appID(r)
	if p.Second {
		name, ok := account.AppName(r.PostForm.Get("name"))
		if !ok {
			p.Wrong("name", "enrol.apps.name_wrong")
			return h.Pages.Render(w, http.StatusUnprocessableEntity, "enrol/apps_qr", p)
		}
		n.Name = name
	}
	key, err := h.SignIn.ShowApp(r.Context(), v.Account, n, h.Limits.From(r))
	if errors.Is(err, errs.ErrConflict) {
		// Another click or tab was first, and shows the QR code.
		return h.Pages.SeeOther(w, appsCodePath)
	}
	if errors.Is(err, errs.ErrUnavailable) {
		// The QR code may count as shown although it was not: the list says so, and
		// has a button for another one.
		return web.Unavailable("enrol.error.app", err, &web.Link{URL: appsPath, Label: "enrol.error.app.link"})
	}
	if err != nil {
		return err
	}
	page := h.Pages.Page(r, "web.qr.page_title")
	return h.reveal(w, page, page.T("enrol.apps_qr.lead"), v.Account.Email, key, appsCodePath)
}
