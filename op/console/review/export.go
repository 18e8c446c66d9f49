package review

import (
	"errors"
	"net/http"
	"strconv"
	"time"

	"omgevingsloket-id/op/console"
	"omgevingsloket-id/op/web"
	"omgevingsloket-id/pkg/application"
	"omgevingsloket-id/pkg/audit"
	"omgevingsloket-id/pkg/review"
	"omgevingsloket-id/pkg/sheet"
	"omgevingsloket-id/pkg/staff"
)

// export sends a queue as a sheet, without addresses, dates of birth or documents.
func (h *Room) export(w http.ResponseWriter, r *http.Request, v *console.Visit) error {
	if err := h.MayExport(r, v); err != nil {
		return err
	}
	show, search := queueAsked(r.PostForm)
	lines, err := h.Review.Cases.Lines(web.Patient(r.Context()), review.Query{Show: show, Member: v.Member.ID, Search: search}, sheet.Most)
	if errors.Is(err, review.ErrTooMany) {
		return web.Fail(http.StatusUnprocessableEntity, "console-review.error.too_long", err)
	}
	if err != nil {
		return err
	}
	p := h.Pages.Page(r, "console-review.queue.title")
	s := console.NewSheet(p, r, "reference", "kind", "name", "country", "received", "due", "state", "decided", "days", "reason")
	files := make([]staff.File, len(lines))
	for i, l := range lines {
		files[i] = staff.File{Kind: audit.ObjectApplication, ID: l.ID}
		if err := s.Row(caseCells(p, l)...); err != nil {
			return err
		}
	}
	return h.Download(w, r, v, s, console.Export{
		Name: p.T("console-review.export.file"), Action: audit.ApplicationsExported,
		Details: map[string]string{"show": string(show), "searched": strconv.FormatBool(search != "")}, // the search text may be a name
		Files:   files,
	})
}

func caseCells(p *web.Page, l review.Line) []sheet.Cell {
	decided, days, reason := sheet.Text(""), sheet.Text(""), ""
	if !l.DecidedAt.IsZero() {
		decided, days = sheet.Text(console.Day(l.DecidedAt)), sheet.Number(int(l.DecidedAt.Sub(l.SubmittedAt)/(24*time.Hour)))
	}
	if l.Reason != "" {
		reason = p.T("console.review_reason." + l.Reason)
	}
	return []sheet.Cell{
		sheet.Text(l.Reference), sheet.Text(kindText(p, l.Kind, l.Change)), sheet.Text(l.Name), sheet.Text(application.CountryName(l.Country, p.Lang)),
		sheet.Text(console.Day(l.SubmittedAt)), sheet.Text(application.LastDay(l.DueAt)), sheet.Text(p.T("console-review.case.state_" + string(l.Standing))), decided, days, sheet.Text(reason),
	}
}
