package console

import (
	"errors"
	"net/http"
	"net/url"

	"omgevingsloket-id/op/web"
	"omgevingsloket-id/pkg/errs"
	"omgevingsloket-id/pkg/review"
	"omgevingsloket-id/pkg/staff"
)

// waitRows is how many rows of one kind home shows.
const waitRows = 10

// waitRow is one thing that waits for an official.
type waitRow struct {
	web.Link
	Name string // of whom it is about; "" = nobody
	Term string // until when, in words; "" = no term
	Late bool   // the term is over, which Term says too
	Note string // where it is, or whose
}

// waitList is what waits of one kind, the most urgent first. A list without
// rows is not shown.
type waitList struct {
	ID    string
	Title string
	Rows  []waitRow
	More  *web.Link // to the rest
	Take  bool      // with the button that takes the first one
}

// waiting reads one list for an official.
type waiting func(r *http.Request, v *Visit, p *web.Page) (waitList, error)

// waits are the lists of home, with the roles that see them.
func (h *Room) waits() []struct {
	roles []staff.Role
	read  waiting
} {
	reviewer, desk := []staff.Role{staff.Reviewer}, []staff.Role{staff.Helpdesk}
	return []struct {
		roles []staff.Role
		read  waiting
	}{
		{reviewer, h.waitMine}, {reviewer, h.waitFree}, {desk, h.waitCalls}, {desk, h.waitProposals},
		{[]staff.Role{staff.Administrator, staff.Auditor}, h.waitAlarms}, {[]staff.Role{staff.Administrator}, h.waitInvited}, {[]staff.Role{staff.Auditor}, h.waitHead},
	}
}

// searchBox leads to where something is found.
type searchBox struct {
	ID, URL, Label, Hint string
	Hidden               *web.Button // what goes along
}

type homePage struct {
	page
	Searches []searchBox
	Waits    []waitList
	TakeURL  string
}

// home is where an official begins: search, and what waits, until when.
func (h *Room) home(w http.ResponseWriter, r *http.Request, v *Visit) error {
	p := &homePage{page: h.page(r, v, "console.home.title")}
	p.TakeURL = p.Path(takePath)
	if v.Member.Has(staff.Reviewer) {
		p.Searches = append(p.Searches, searchBox{ID: "find-application", URL: p.Path("/console/applications"), Label: p.T("console.home.find_application"),
			Hint: p.T("console.queue.search_hint"), Hidden: &web.Button{Name: "show", Value: string(review.ShowAll)}})
	}
	if v.Member.Has(staff.Helpdesk) {
		p.Searches = append(p.Searches, searchBox{ID: "find-account", URL: p.Path("/console/accounts"), Label: p.T("helpdesk.search.label"), Hint: p.T("helpdesk.search.hint")})
	}
	for _, wait := range h.waits() {
		if !v.Member.Has(wait.roles...) {
			continue
		}
		list, err := wait.read(r, v, p.Page)
		if err != nil {
			return err
		}
		if len(list.Rows) > 0 {
			p.Waits = append(p.Waits, list)
		}
	}
	return h.Pages.Render(w, http.StatusOK, "console/home", p)
}

const takePath = "/console/applications/next"

// takeNext takes the case that has waited longest, whatever colleagues take
// meanwhile.
func (h *Room) takeNext(w http.ResponseWriter, r *http.Request, v *Visit) error {
	c, err := h.Desk.TakeNext(r.Context(), official(v), h.by(r, v))
	if errors.Is(err, errs.ErrNotFound) {
		return h.Pages.SeeOther(w, "/console/applications?"+url.Values{"taken": {"none"}}.Encode())
	}
	if err != nil {
		return err
	}
	return h.Pages.SeeOther(w, doneURL(caseURL(c.ID), "take"))
}
