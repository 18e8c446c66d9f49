package helpdesk

import (
	"net/http"
	"slices"

	"omgevingsloket-id/op/console"
	"omgevingsloket-id/op/web"
	"omgevingsloket-id/pkg/helpdesk"
)

// waitCalls lists the helpdesk requests that the official has begun.
func (h *Room) waitCalls(r *http.Request, v *console.Visit, p *web.Page) (console.WaitList, error) {
	requests, err := h.Helpdesk.Store.OpenedBy(r.Context(), v.Member.ID, h.Now())
	if err != nil {
		return console.WaitList{}, err
	}
	list := console.WaitList{ID: "calls", Title: p.T("console-helpdesk.waits.calls")}
	return h.waitRequests(r, p, list, requests, func(q helpdesk.Request) string { return p.T("console-helpdesk.waits.call_" + string(q.State)) })
}

// waitProposals lists colleagues' helpdesk requests that need a second official.
func (h *Room) waitProposals(r *http.Request, v *console.Visit, p *web.Page) (console.WaitList, error) {
	requests, err := h.Helpdesk.Store.Waiting(r.Context(), h.Now())
	if err != nil {
		return console.WaitList{}, err
	}
	requests = slices.DeleteFunc(requests, func(q helpdesk.Request) bool { return q.OpenedBy == v.Member.ID })
	names := h.Officials(r)
	list := console.WaitList{ID: "proposals", Title: p.T("console-helpdesk.waiting.title")}
	return h.waitRequests(r, p, list, requests, func(q helpdesk.Request) string {
		return p.T("console-helpdesk.waits.proposed_by", "Who", names(p, q.OpenedBy))
	})
}

func (h *Room) waitRequests(r *http.Request, p *web.Page, list console.WaitList, requests []helpdesk.Request, note func(helpdesk.Request) string) (console.WaitList, error) {
	if len(requests) > console.WaitRows {
		requests = requests[:console.WaitRows]
		list.More = &web.Link{URL: p.Path("/console/helpdesk"), Label: p.T("console-helpdesk.waits.more")}
	}
	for _, q := range requests {
		a, err := h.Helpdesk.Accounts.ByID(r.Context(), q.AccountID)
		if err != nil {
			return list, err
		}
		title := guides[q.Kind].title
		if q.Kind == helpdesk.Unblock {
			title = "console-helpdesk.waits.unblock"
		}
		list.Rows = append(list.Rows, console.WaitRow{
			Link: web.Link{URL: p.Path(requestURL(q.ID)), Label: p.T(title)}, Name: a.Profile.FullName(), File: accountFile(a),
			Note: note(q), Term: p.T("console.home.before", "Moment", console.Moment(q.Ends(), p.Lang)),
		})
	}
	return list, nil
}
