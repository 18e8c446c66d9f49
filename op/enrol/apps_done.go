package enrol

import (
	"net/http"
	"net/url"

	"omgevingsloket-id/op/web"
	"omgevingsloket-id/pkg/account"
)

// doneRefused is what was done with a new app after too many wrong codes.
const doneRefused = "refused"

// doneTexts are the title, the lead and the next steps, by what was done.
var doneTexts = map[string][3]string{
	string(account.AppReplaced): {"enrol.apps_done.replaced.title", "enrol.apps_done.replaced.lead", "enrol.apps_done.replaced.next"},
	string(account.AppAdded):    {"enrol.apps_done.added.title", "enrol.apps_done.added.lead", "enrol.apps_done.added.next"},
	string(account.AppRemoved):  {"enrol.apps_done.removed.title", "enrol.apps_done.removed.lead", "enrol.apps_done.removed.next"},
	doneRefused:                 {"enrol.apps_done.refused.title", "enrol.apps_done.refused.lead", "enrol.apps_done.refused.next"},
}

// done returns the address of the page that says what was done.
func done(act string) string { return "/enrol/apps/done?" + url.Values{"act": {act}}.Encode() }

type appsDonePage struct {
	*web.Page
	Panel web.Panel // without a Title: nothing was done
	Lead  string
	Next  string
	List  web.Link
}

// appsDone says what was done with an app, and what to do next. The page depends on no
// stored state.
func (h *Room) appsDone(w http.ResponseWriter, r *http.Request) error {
	act := web.Query(r).Get("act")
	texts, ok := doneTexts[act]
	if !ok {
		return h.Pages.SeeOther(w, appsPath)
	}
	p := &appsDonePage{Page: h.Pages.Page(r, texts[0])}
	p.Lead, p.Next = p.T(texts[1]), p.T(texts[2])
	p.List = web.Link{URL: p.Path(appsPath), Label: p.T("enrol.apps_done.list")}
	if act != doneRefused {
		p.Panel = web.Panel{Title: p.Title}
	}
	return h.Pages.Render(w, http.StatusOK, "enrol/apps_done", p)
}
