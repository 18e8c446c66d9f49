package helpdesk

import (
	"net/http"
	"slices"

	"omgevingsloket-id/op/console"
	"omgevingsloket-id/op/web"
	"omgevingsloket-id/pkg/helpdesk"
)

// waitCalls are the unblocks that the member has begun.
func (h *Room) waitCalls(r *http.Request, v *console.Visit, p *web.Page) (console.WaitList, error) {
	cases, err := h.Helpdesk.Store.OpenedBy(r.Context(), v.Member.ID, h.Now())
	if err != nil {
		return console.WaitList{}, err
	}
	list := console.WaitList{ID: "calls", Title: p.T("console.home.calls")}
	list, err = h.waitUnblocks(r, p, list, cases, func(c helpdesk.Case) string { return p.T("console.home.call_" + string(c.State)) })
	if err != nil {
		return list, err
	}
	changes, err := h.Helpdesk.Changes.OpenedBy(r.Context(), v.Member.ID, h.Now())
	if err != nil {
		return list, err
	}
	return h.waitChanges(r, p, list, changes, func(c helpdesk.Change) string { return p.T("console.home.call_" + string(c.State)) })
}

// waitProposals are colleagues' unblocks that need a second person.
func (h *Room) waitProposals(r *http.Request, v *console.Visit, p *web.Page) (console.WaitList, error) {
	all, err := h.Helpdesk.Store.Waiting(r.Context(), h.Now())
	if err != nil {
		return console.WaitList{}, err
	}
	var others []helpdesk.Case
	for _, c := range all {
		if c.OpenedBy != v.Member.ID {
			others = append(others, c)
		}
	}
	names := h.Officials(r)
	list := console.WaitList{ID: "proposals", Title: p.T("helpdesk.waiting.title")}
	list, err = h.waitUnblocks(r, p, list, others, func(c helpdesk.Case) string { return p.T("console.home.proposed_by", "Who", names(p, c.OpenedBy)) })
	if err != nil {
		return list, err
	}
	changes, err := h.Helpdesk.Changes.Waiting(r.Context(), h.Now())
	if err != nil {
		return list, err
	}
	changes = slices.DeleteFunc(changes, func(c helpdesk.Change) bool { return c.OpenedBy == v.Member.ID })
	return h.waitChanges(r, p, list, changes, func(c helpdesk.Change) string { return p.T("console.home.proposed_by", "Who", names(p, c.OpenedBy)) })
}

func (h *Room) waitUnblocks(r *http.Request, p *web.Page, list console.WaitList, cases []helpdesk.Case, note func(helpdesk.Case) string) (console.WaitList, error) {
	if len(cases) > console.WaitRows {
		cases = cases[:console.WaitRows]
		list.More = &web.Link{URL: p.Path("/console/helpdesk"), Label: p.T("console.home.more_unblocks")}
	}
	for _, c := range cases {
		a, err := h.Helpdesk.Accounts.ByID(r.Context(), c.AccountID)
		if err != nil {
			return list, err
		}
		list.Rows = append(list.Rows, console.WaitRow{
			Link: web.Link{URL: p.Path(unblockURL(c.ID)), Label: p.T("console.home.unblock")}, Name: a.Profile.FullName(),
			Note: note(c), Term: p.T("console.home.before", "console.Moment", console.Moment(c.Ends(), p.Lang)),
		})
	}
	return list, nil
}

// waitChanges adds changes of accounts to a list.
func (h *Room) waitChanges(r *http.Request, p *web.Page, list console.WaitList, changes []helpdesk.Change, note func(helpdesk.Change) string) (console.WaitList, error) {
	if len(changes) > console.WaitRows {
		changes = changes[:console.WaitRows]
		list.More = &web.Link{URL: p.Path("/console/helpdesk"), Label: p.T("console.home.more_unblocks")}
	}
	for _, c := range changes {
		a, err := h.Helpdesk.Accounts.ByID(r.Context(), c.AccountID)
		if err != nil {
			return list, err
		}
		list.Rows = append(list.Rows, console.WaitRow{
			Link: web.Link{URL: p.Path(changeURL(c.ID)), Label: p.T("helpdesk.change." + string(c.Kind))}, Name: a.Profile.FullName(),
			Note: note(c), Term: p.T("console.home.before", "console.Moment", console.Moment(c.Ends(), p.Lang)),
		})
	}
	return list, nil
}
