package enrol

import (
	"errors"
	"net/http"
	"net/url"
	"strconv"

	"omgevingsloket-id/op/flow"
	"omgevingsloket-id/op/web"
	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/errs"
	"omgevingsloket-id/pkg/letter"
	"omgevingsloket-id/pkg/limit"
)

// The pages of the apps of an account, besides appsPath itself.
const (
	appsPath     = "/enrol/apps"
	appsQRPath   = "/enrol/apps/qr"
	appsCodePath = "/enrol/apps/code"
)

// secondID is the id in the address of the pages that add a second app; that of an app
// is its number.
const secondID = "second"

// appID returns the app that the address names: its number, or 0 for a second one.
func appID(r *http.Request) (number int, ok bool) {
	id := web.Query(r).Get("id")
	if id == secondID {
		return 0, true
	}
	number, err := strconv.Atoi(id)
	return number, err == nil && number > 0
}

// app returns the app that the address names.
func app(r *http.Request, a account.Account) (account.App, bool) {
	number, ok := appID(r)
	if !ok {
		return account.App{}, false
	}
	return a.AppNumbered(number)
}

// forApp returns the address of a page about an app.
func forApp(path, id string) string { return path + "?" + url.Values{"id": {id}}.Encode() }

// appName returns how pages call an app.
func appName(p *web.Page, a account.Account, app account.App) string {
	apps := a.AppList()
	switch {
	case app.Name != "":
		return app.Name
	case len(apps) == 1:
		return p.T("enrol.apps.only")
	case app.Number == apps[0].Number:
		return p.T("enrol.apps.first")
	}
	return p.T("enrol.apps.second")
}

// appRow is an app in the list.
type appRow struct {
	Name, Since string
	Links       []web.Link
}

type appsPage struct {
	*web.Page
	Apps   []appRow
	Second web.Link // without a URL: there are two apps, or a new one waits for its code
	Here   bool     // a new app waits for its code, which can be typed in this browser
	There  bool     // the same, in another browser
	Lapsed bool     // a new app was not confirmed in time
	Until  string
	Code   web.Link
	Drop   web.Button
}

// apps lists the apps of the account.
func (h *Room) apps(w http.ResponseWriter, r *http.Request, v flow.Holder) error {
	now, a := h.SignIn.Now(), v.Account
	p := &appsPage{Page: h.Pages.Page(r, "enrol.apps.title")}
	n, waits := h.SignIn.Limits.NewApp(a, now)
	p.Here, p.There, p.Lapsed = waits && n.SID == v.Session.SID, waits && n.SID != v.Session.SID, n.Number != 0 && !waits
	p.Until = letter.Clock(n.ShownAt.Add(h.SignIn.Limits.NewAppTime))
	p.Code = web.Link{URL: p.Path(appsCodePath), Label: p.T("enrol.apps.code")}
	p.Drop = web.Button{Name: "cancel", Value: "yes", Label: p.T("enrol.apps.cancel"), Secondary: true}
	list := a.AppList()
	for _, app := range list {
		id := strconv.Itoa(app.Number)
		row := appRow{Name: appName(p.Page, a, app), Since: letter.Moment(app.Since, p.Lang)}
		add := func(path, label string) {
			row.Links = append(row.Links, web.Link{URL: p.Path(forApp(path, id)), Label: p.T(label)})
		}
		if !waits {
			add(appsQRPath, "enrol.apps.replace")
		}
		add("/enrol/apps/rename", "enrol.apps.rename")
		if len(list) > 1 {
			add("/enrol/apps/remove", "enrol.apps.remove")
		}
		p.Apps = append(p.Apps, row)
	}
	if !waits && len(list) < account.MostApps {
		p.Second = web.Link{URL: p.Path(forApp(appsQRPath, secondID)), Label: p.T("enrol.apps.add")}
	}
	return h.Pages.Render(w, http.StatusOK, "enrol/apps", p)
}

// appsPost removes the new app that waits for its code, in whatever browser.
func (h *Room) appsPost(w http.ResponseWriter, r *http.Request, v flow.Holder) error {
	if err := h.spend(r, v); err != nil {
		return err
	}
	if r.PostForm.Get("cancel") != "" {
		// A conflict is no error: it is gone already.
		if err := h.SignIn.DropApp(r.Context(), v.Account, h.Limits.From(r)); err != nil && !errors.Is(err, errs.ErrConflict) {
			return err
		}
	}
	return h.Pages.SeeOther(w, appsPath)
}

// spend counts a change of the apps.
func (h *Room) spend(r *http.Request, v flow.Holder) error {
	return h.Limits.SpendFor(r, v.Account.ID, 1, limit.AppChanges)
}

// went answers a POST after a change that ended the sessions of the account, which is
// as next says.
func (h *Room) went(w http.ResponseWriter, r *http.Request, v flow.Holder, next account.Account, change account.AppChange) error {
	if _, err := h.Flow.GoOn(w, r, v.Session, next); err != nil {
		return err
	}
	return h.Pages.SeeOther(w, done(string(change)))
}
