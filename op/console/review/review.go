// Package review serves the pages for deciding on applications: /console/review.
//
//	queue ─► take ─► case ─► document (looked at, in the audit log first)
//	                   ├───► decide: words ─► preview of the mail ─► send
//	                   └───► note, release
package review

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"omgevingsloket-id/op/console"

	"omgevingsloket-id/op/web"
	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/application"
	"omgevingsloket-id/pkg/audit"
	"omgevingsloket-id/pkg/letter"
	"omgevingsloket-id/pkg/review"
	"omgevingsloket-id/pkg/staff"
	"omgevingsloket-id/pkg/typed"
)

// queueRows is how many cases one page shows.
const queueRows = 50

// Room serves the pages. Set its fields before Mount.
type Room struct {
	*console.Kit
	Review    *review.Service
	Viewing   *review.Viewing
	Inspector Inspector
	Scanner   func() string // what is wrong with the scanner: ScannerNone, ScannerSilent or ""
}

// Mount adds the pages to h.Kit.
func (h *Room) Mount() {
	reviewer := []staff.Role{staff.Reviewer}
	h.Get("/console/review", "console-review.menu", reviewer, h.queue)
	h.Post(takePath, reviewer, h.takeNext)
	h.Get("/console/review/case", "", reviewer, h.showCase)
	h.Post("/console/review/case", reviewer, h.casePost, "action", "text", "seen")
	h.Get("/console/review/decide", "", reviewer, h.decide)
	h.Post("/console/review/decide", reviewer, h.decidePost, "step", "reason", "text", "seen", "unread")
	h.Get("/console/review/document", "", reviewer, h.document)
	h.Post("/console/review/document", reviewer, h.documentPost)
	h.OpenRaw(http.MethodGet, contentPath, http.HandlerFunc(h.content))
	h.Post("/console/review/export", reviewer, h.export, "show", "q", "separator")
	h.Wait(10, h.waitMine, staff.Reviewer)
	h.Wait(20, h.waitFree, staff.Reviewer)
	h.Search(10, staff.Reviewer, func(p *web.Page) console.SearchBox {
		return console.SearchBox{ID: "find-application", URL: p.Path("/console/review"), Label: p.T("console-review.find"),
			Hint: p.T("console-review.queue.search_hint"), Hidden: &web.Button{Name: "show", Value: string(review.ShowAll)}}
	})
}

type queuePage struct {
	console.Frame
	Show, Search web.Field
	Rows         []queueRow
	Earlier      *web.Link
	Later        *web.Link
	Filtered     bool
	TakeURL      string // "" means no button
	NoneLeft     bool   // the official asked for a case and there was none
	InAll        string // the same search in all applications; "" means no link
	Separator    web.Field
}

type queueRow struct {
	URL, Reference, Name, Kind, Sent, Due, State, Who string
	Overdue                                           bool
}

// queue shows a queue, by default the waiting cases by deadline. The address holds
// the queue and the search, so that it can be shared.
func (h *Room) queue(w http.ResponseWriter, r *http.Request, v *console.Visit) error {
	q := r.URL.Query()
	show, search := queueAsked(q)
	p := &queuePage{Frame: h.Page(r, v, "console-review.queue.title")}
	p.Show = web.Field{Page: p.Page, Name: "show", Label: p.T("console-review.queue.show"), Optional: true}
	for _, s := range review.Shows {
		p.Show.Options = append(p.Show.Options, web.Option{Value: string(s), Label: p.T("console-review.queue.show_" + string(s))})
	}
	p.Show.Value = string(show)
	p.Search = web.Field{Page: p.Page, Name: "q", Type: "search", Label: p.T("console-review.queue.search"), Hint: p.T("console-review.queue.search_hint"), Value: search, Optional: true}
	p.Filtered = search != "" || show != review.ShowWaiting || q.Get("after")+q.Get("before") != ""
	p.Separator = console.SeparatorField(p.Page)
	found, err := h.Review.Cases.Queue(r.Context(), review.Query{
		Show: show, Member: v.Member.ID, Search: search, After: review.Mark(q.Get("after")), Before: review.Mark(q.Get("before")), Limit: queueRows,
	})
	if err != nil {
		return err
	}
	files := make([]staff.File, len(found.Cases))
	for i, c := range found.Cases {
		files[i] = caseFile(c)
	}
	if search != "" {
		err = h.Searched(r, v, audit.ApplicationSearched, search, files)
	} else {
		err = h.Listed(r, v, files)
	}
	if err != nil {
		return err
	}
	turn := func(where string, mark review.Mark, key string) *web.Link {
		if mark == "" {
			return nil
		}
		return &web.Link{URL: "?" + url.Values{"show": {string(show)}, "q": {search}, where: {string(mark)}}.Encode(), Label: p.T(key)}
	}
	p.Earlier, p.Later = turn("before", found.Earlier, "console-review.queue.previous"), turn("after", found.Later, "console-review.queue.next")
	if p.NoneLeft = q.Get("taken") == "none"; show == review.ShowWaiting && len(found.Cases) > 0 {
		p.TakeURL = p.Path(takePath)
	}
	if search != "" && show != review.ShowAll && len(found.Cases) == 0 {
		p.InAll = p.Path("/console/review?" + url.Values{"show": {string(review.ShowAll)}, "q": {search}}.Encode())
	}
	names := h.Names()
	for _, c := range found.Cases {
		row, err := h.queueRow(r, p, c, names)
		if err != nil {
			return err
		}
		p.Rows = append(p.Rows, row)
	}
	return h.Pages.Render(w, http.StatusOK, "console/review/review", p)
}

// queueAsked returns the queue that is asked for, by default the waiting cases, and
// the search text.
func queueAsked(q url.Values) (review.Show, string) {
	show := review.Show(q.Get("show"))
	if !slices.Contains(review.Shows, show) {
		show = review.ShowWaiting
	}
	return show, strings.ToValidUTF8(console.Cut(typed.Line(q.Get("q")), 100), "")
}

func (h *Room) queueRow(r *http.Request, p *queuePage, c review.Case, names *console.Names) (queueRow, error) {
	row := queueRow{
		URL: p.Path(caseURL(c.ID)), Reference: c.Reference, Name: caseName(c), Kind: kindText(p.Page, c.Kind, c.IsChange()),
		Sent: letter.Date(c.SubmittedAt.Format(time.DateOnly), p.Lang), State: stateText(p.Page, c), Due: termText(p.Page, c, h.Now()), Overdue: c.Late(h.Now()),
	}
	var err error
	row.Who, err = names.Of(r.Context(), c.Reviewer)
	return row, err
}

func caseURL(id string) string {
	return "/console/review/case?" + url.Values{"id": {id}}.Encode()
}

func decideURL(id string, act review.ActKind) string {
	return "/console/review/decide?" + url.Values{"id": {id}, "act": {string(act)}}.Encode()
}

// caseFile returns what the watch over officials counts when caseName is shown.
func caseFile(c review.Case) staff.File {
	return staff.File{Kind: audit.ObjectApplication, ID: c.ID}
}

// caseName returns the name of the company or the person; of a change request as the
// account has it.
func caseName(c review.Case) string {
	if c.IsChange() && c.Answers.Base != nil {
		c.Answers.Profile = c.Answers.Base.Profile
	}
	if o := c.Answers.Organization; o != nil && c.Kind == account.LegalPerson {
		return o.Name
	}
	return c.Answers.FullName()
}

// termText returns the deadline and who has to act, in words, or "" if there is none.
func termText(p *web.Page, c review.Case, now time.Time) string {
	switch {
	case !c.Undecided():
		return ""
	case c.State == application.MoreInformation:
		return p.T("console-review.case.term_answer", "Day", lastDay(p, c.AnswerBy))
	case c.Late(now):
		return p.T("console-review.case.term_late", "Day", lastDay(p, c.DueAt))
	}
	return lastDay(p, c.DueAt)
}

// lastDay returns the last day of a deadline, written out.
func lastDay(p *web.Page, end time.Time) string { return letter.Date(application.LastDay(end), p.Lang) }

// stateText returns the state of a case, in words.
func stateText(p *web.Page, c review.Case) string {
	return p.T("console-review.case.state_" + string(c.Standing()))
}
