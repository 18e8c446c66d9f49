package review

import (
	"net/http"
	"net/url"

	"omgevingsloket-id/op/console"
	"omgevingsloket-id/op/web"
	"omgevingsloket-id/pkg/application"
	"omgevingsloket-id/pkg/review"
)

// waitMine lists the reviewer's own cases.
func (h *Room) waitMine(r *http.Request, v *console.Visit, p *web.Page) (console.WaitList, error) {
	n, err := h.Review.Cases.Counts(r.Context(), v.Member.ID)
	if err != nil {
		return console.WaitList{}, err
	}
	title := p.T("console-review.waits.mine", "Count", n.Mine)
	if n.Mine == 0 {
		title = p.T("console-review.waits.mine_asked")
	}
	return h.waitCases(r, v, p, console.WaitList{ID: "mine", Title: title}, review.ShowMine)
}

// waitFree lists the cases that no reviewer has taken.
func (h *Room) waitFree(r *http.Request, v *console.Visit, p *web.Page) (console.WaitList, error) {
	n, err := h.Review.Cases.Counts(r.Context(), v.Member.ID)
	if err != nil {
		return console.WaitList{}, err
	}
	return h.waitCases(r, v, p, console.WaitList{ID: "free", Title: p.T("console-review.waits.waiting", "Count", n.Waiting), TakeURL: p.Path(takePath)}, review.ShowWaiting)
}

func (h *Room) waitCases(r *http.Request, v *console.Visit, p *web.Page, list console.WaitList, show review.Show) (console.WaitList, error) {
	part, err := h.Review.Cases.Queue(r.Context(), review.Query{Show: show, Member: v.Member.ID, Limit: console.WaitRows})
	if err != nil {
		return list, err
	}
	for _, c := range part.Cases {
		note := p.T("console-review.case.kind_"+string(c.Kind)) + ", " + stateText(p, c)
		list.Rows = append(list.Rows, console.WaitRow{
			Link: web.Link{URL: p.Path(caseURL(c.ID)), Label: c.Reference}, Name: caseName(c), File: caseFile(c), Note: note,
			Term: h.leftText(p, c), Late: c.Late(h.Now()),
		})
	}
	list.More = &web.Link{URL: p.Path("/console/review?" + url.Values{"show": {string(show)}}.Encode()), Label: p.T("console-review.waits.more_" + string(show))}
	return list, nil
}

// leftText returns how much time is left, in words.
func (h *Room) leftText(p *web.Page, c review.Case) string {
	left := application.DaysLeft(h.Now(), c.DueAt)
	switch {
	case c.State == application.MoreInformation:
		return termText(p, c, h.Now())
	case left < 0:
		return p.T("console-review.waits.left_late", "Day", lastDay(p, c.DueAt))
	case left == 0:
		return p.T("console-review.waits.left_today")
	}
	return p.T("console-review.waits.left", "Count", left, "Day", lastDay(p, c.DueAt))
}
