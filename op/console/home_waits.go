package console

import (
	"net/http"
	"net/url"
	"slices"
	"time"

	"omgevingsloket-id/op/web"
	"omgevingsloket-id/pkg/application"
	"omgevingsloket-id/pkg/audit"
	"omgevingsloket-id/pkg/helpdesk"
	"omgevingsloket-id/pkg/review"
	"omgevingsloket-id/pkg/staff"
)

// headTime is how old the last signed head may be while there is more in the
// record behind it.
const headTime = time.Hour

// waitMine are the reviewer's own cases.
func (h *Room) waitMine(r *http.Request, v *Visit, p *web.Page) (waitList, error) {
	n, err := h.Desk.Cases.Counts(r.Context(), v.Member.ID)
	if err != nil {
		return waitList{}, err
	}
	title := p.T("console.home.mine", "Count", n.Mine)
	if n.Mine == 0 {
		title = p.T("console.home.mine_asked")
	}
	return h.waitCases(r, v, p, waitList{ID: "mine", Title: title}, review.ShowMine)
}

// waitFree are the cases that nobody has.
func (h *Room) waitFree(r *http.Request, v *Visit, p *web.Page) (waitList, error) {
	n, err := h.Desk.Cases.Counts(r.Context(), v.Member.ID)
	if err != nil {
		return waitList{}, err
	}
	return h.waitCases(r, v, p, waitList{ID: "free", Title: p.T("console.home.waiting", "Count", n.Waiting), Take: true}, review.ShowWaiting)
}

func (h *Room) waitCases(r *http.Request, v *Visit, p *web.Page, list waitList, show review.Show) (waitList, error) {
	part, err := h.Desk.Cases.Queue(r.Context(), review.Query{Show: show, Member: v.Member.ID, Limit: waitRows})
	if err != nil {
		return list, err
	}
	for _, c := range part.Cases {
		note := p.T("console.case.kind_"+string(c.Kind)) + ", " + stateText(p, c)
		list.Rows = append(list.Rows, waitRow{
			Link: web.Link{URL: p.Path(caseURL(c.ID)), Label: c.Reference}, Name: caseName(c), Note: note,
			Term: h.leftText(p, c), Late: c.Late(h.Now()),
		})
	}
	list.More = &web.Link{URL: p.Path("/console/applications?" + url.Values{"show": {string(show)}}.Encode()), Label: p.T("console.home.more_" + string(show))}
	return list, nil
}

// leftText says how much of a term is left.
func (h *Room) leftText(p *web.Page, c review.Case) string {
	left := application.DaysLeft(h.Now(), c.DueAt)
	switch {
	case c.State == application.MoreInformation:
		return termText(p, c, h.Now())
	case left < 0:
		return p.T("console.home.left_late", "Day", lastDay(p, c.DueAt))
	case left == 0:
		return p.T("console.home.left_today")
	}
	return p.T("console.home.left", "Count", left, "Day", lastDay(p, c.DueAt))
}

// waitCalls are the unblocks that the member has begun.
func (h *Room) waitCalls(r *http.Request, v *Visit, p *web.Page) (waitList, error) {
	cases, err := h.Helpdesk.Store.OpenedBy(r.Context(), v.Member.ID, h.Now())
	if err != nil {
		return waitList{}, err
	}
	list := waitList{ID: "calls", Title: p.T("console.home.calls")}
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
func (h *Room) waitProposals(r *http.Request, v *Visit, p *web.Page) (waitList, error) {
	all, err := h.Helpdesk.Store.Waiting(r.Context(), h.Now())
	if err != nil {
		return waitList{}, err
	}
	var others []helpdesk.Case
	for _, c := range all {
		if c.OpenedBy != v.Member.ID {
			others = append(others, c)
		}
	}
	names := h.officials(r)
	list := waitList{ID: "proposals", Title: p.T("helpdesk.waiting.title")}
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

func (h *Room) waitUnblocks(r *http.Request, p *web.Page, list waitList, cases []helpdesk.Case, note func(helpdesk.Case) string) (waitList, error) {
	if len(cases) > waitRows {
		cases = cases[:waitRows]
		list.More = &web.Link{URL: p.Path("/console/accounts"), Label: p.T("console.home.more_unblocks")}
	}
	for _, c := range cases {
		a, err := h.Helpdesk.Accounts.ByID(r.Context(), c.AccountID)
		if err != nil {
			return list, err
		}
		list.Rows = append(list.Rows, waitRow{
			Link: web.Link{URL: p.Path(unblockURL(c.ID)), Label: p.T("console.home.unblock")}, Name: a.Profile.FullName(),
			Note: note(c), Term: p.T("console.home.before", "Moment", dutchTime(c.Ends(), p.Lang)),
		})
	}
	return list, nil
}

// waitInvited are the invitations that nobody has accepted.
func (h *Room) waitInvited(r *http.Request, _ *Visit, p *web.Page) (waitList, error) {
	all, err := h.Staff.Store.List(r.Context())
	if err != nil {
		return waitList{}, err
	}
	list := waitList{ID: "invited", Title: p.T("console.home.invited")}
	for _, m := range all {
		if m.State != staff.Invited && m.State != staff.Blocked {
			continue
		}
		row := waitRow{Link: web.Link{URL: p.Path("/console/staff/member?" + url.Values{"id": {m.ID}}.Encode()), Label: m.Name}, Note: p.T("console.state." + string(m.State))}
		if m.State == staff.Invited {
			if row.Late = !h.Now().Before(m.InviteExpires); row.Late {
				row.Term = p.T("console.home.invite_over", "Moment", dutchTime(m.InviteExpires, p.Lang))
			} else {
				row.Term = p.T("console.home.before", "Moment", dutchTime(m.InviteExpires, p.Lang))
			}
		}
		if list.Rows = append(list.Rows, row); len(list.Rows) == waitRows {
			list.More = &web.Link{URL: p.Path("/console/staff"), Label: p.T("console.home.more_staff")}
			break
		}
	}
	return list, nil
}

// waitHead tells auditors up to where the record is signed.
func (h *Room) waitHead(r *http.Request, _ *Visit, p *web.Page) (waitList, error) {
	end, err := h.Heads.Head(r.Context())
	if err != nil {
		return waitList{}, err
	}
	last, err := h.Heads.Newest(r.Context())
	if err != nil {
		return waitList{}, err
	}
	row := waitRow{Link: web.Link{URL: p.Path("/console/record"), Label: p.T("console.home.record")}}
	row.Term, row.Note, row.Late = headText(p, end, last, h.Now())
	return waitList{ID: "head", Title: p.T("console.home.head"), Rows: []waitRow{row}}, nil
}

// headText says whether the record is signed, up to where and since when. An
// old signature is no fault while nothing came behind it.
func headText(p *web.Page, end audit.Head, last audit.SignedHead, now time.Time) (term, note string, late bool) {
	if last.Seq == 0 {
		return p.T("console.home.head_none"), "", end.Seq > 0
	}
	note = p.T("console.home.head_note", "Last", last.Seq, "End", end.Seq)
	if end.Seq > last.Seq && now.Sub(last.At) > headTime {
		return p.T("console.home.head_old", "Moment", dutchTime(last.At, p.Lang)), note, true
	}
	return p.T("console.home.head_at", "Moment", dutchTime(last.At, p.Lang)), note, false
}
