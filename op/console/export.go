package console

import (
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"omgevingsloket-id/op/web"
	"omgevingsloket-id/pkg/application"
	"omgevingsloket-id/pkg/audit"
	"omgevingsloket-id/pkg/letter"
	"omgevingsloket-id/pkg/review"
	"omgevingsloket-id/pkg/sheet"
	"omgevingsloket-id/pkg/statistics"
)

// exportsPerHour bounds what one official takes along; nobody needs so many,
// and a list costs work.
const exportsPerHour = 30

// statisticsExport gives the figures of a period as a file, one figure a row.
func (h *Room) statisticsExport(w http.ResponseWriter, r *http.Request, v *Visit) error {
	p := h.statisticsPage(r, v, r.PostForm)
	if len(p.Problems) > 0 {
		return h.Pages.Render(w, http.StatusUnprocessableEntity, "console/statistics", p)
	}
	if err := h.mayExport(r, v); err != nil {
		return err
	}
	rows, err := h.Statistics.Count(r.Context(), p.query)
	if err != nil {
		return err
	}
	s := newSheet(p.Page, r, "from", "until", "part", "what", "applicants", "count", "unit")
	for _, g := range p.groups(rows) {
		if err := p.add(s, g, rows); err != nil {
			return err
		}
	}
	return h.download(w, r, v, s, export{
		name: p.T("console.export.file_statistics"), action: audit.StatisticsExported,
		details: map[string]string{"from": p.From.Value, "until": p.Until.Value, "kind": p.Kind.Value},
	})
}

// add adds a group to a file. What is open is of now, and of no period.
func (p *statisticsPage) add(s *sheet.Sheet, g group, rows []statistics.Row) error {
	from, until := p.From.Value, p.Until.Value
	if g.name == "open" {
		from = p.query.Now.In(letter.Dutch).Format(time.DateOnly)
		until = from
	}
	for _, l := range g.lines {
		unit := p.T("console.export.unit_count")
		if l.days {
			unit = p.T("console.export.unit_days")
		}
		for _, c := range p.columns(rows) {
			count := sheet.Text("")
			if n, ok := l.value(c.figures); ok {
				count = sheet.Number(n)
			}
			if err := s.Row(sheet.Text(from), sheet.Text(until), sheet.Text(p.T("console.statistics.title_"+g.name)),
				sheet.Text(l.label), sheet.Text(c.label), count, sheet.Text(unit)); err != nil {
				return err
			}
		}
	}
	return nil
}

// applicationsExport gives a queue as a file: no addresses, no birth dates,
// no documents.
func (h *Room) applicationsExport(w http.ResponseWriter, r *http.Request, v *Visit) error {
	if err := h.mayExport(r, v); err != nil {
		return err
	}
	show, search := queueAsked(r.PostForm)
	lines, err := h.Desk.Cases.Lines(r.Context(), review.Query{Show: show, Member: v.Member.ID, Search: search}, sheet.Most)
	if errors.Is(err, review.ErrTooMany) {
		return web.Fail(http.StatusUnprocessableEntity, "error.too_long", err)
	}
	if err != nil {
		return err
	}
	p := h.Pages.Page(r, "console.queue.title")
	s := newSheet(p, r, "reference", "kind", "name", "country", "received", "due", "state", "decided", "days", "reason")
	for _, l := range lines {
		if err := s.Row(caseCells(p, l)...); err != nil {
			return err
		}
	}
	return h.download(w, r, v, s, export{
		name: p.T("console.export.file_applications"), action: audit.ApplicationsExported,
		details: map[string]string{"show": string(show), "searched": strconv.FormatBool(search != "")}, // what was searched for may be somebody's name
	})
}

func caseCells(p *web.Page, l review.Line) []sheet.Cell {
	decided, days, reason := sheet.Text(""), sheet.Text(""), ""
	if !l.DecidedAt.IsZero() {
		decided, days = sheet.Text(dutchDay(l.DecidedAt)), sheet.Number(int(l.DecidedAt.Sub(l.SubmittedAt)/(24*time.Hour)))
	}
	if l.Reason != "" {
		reason = p.T("console.reason." + l.Reason)
	}
	return []sheet.Cell{
		sheet.Text(l.Reference), sheet.Text(p.T("console.case.kind_" + string(l.Kind))), sheet.Text(l.Name), sheet.Text(application.CountryName(l.Country, p.Lang)),
		sheet.Text(dutchDay(l.SubmittedAt)), sheet.Text(application.LastDay(l.DueAt)), sheet.Text(p.T("console.case.state_" + string(l.Standing))), decided, days, sheet.Text(reason),
	}
}

func dutchDay(t time.Time) string { return t.In(letter.Dutch).Format(time.DateOnly) }

// separatorField asks how a file is to be divided: as a Dutch or as an English
// spreadsheet reads it.
func separatorField(p *web.Page) web.Field {
	f := web.Field{Page: p, Name: "separator", Label: p.T("console.export.separator"), Hint: p.T("console.export.separator_hint"), Value: "semicolon"}
	if p.Lang != "nl" {
		f.Value = "comma"
	}
	for _, s := range []string{"semicolon", "comma"} {
		f.Options = append(f.Options, web.Option{Value: s, Label: p.T("console.export." + s)})
	}
	return f
}

func newSheet(p *web.Page, r *http.Request, columns ...string) *sheet.Sheet {
	separator := sheet.Semicolon
	if r.PostForm.Get("separator") == "comma" {
		separator = sheet.Comma
	}
	titles := make([]string, len(columns))
	for i, c := range columns {
		titles[i] = p.T("console.export.column_" + c)
	}
	return sheet.New(separator, titles...)
}

// export says what a file is called, and what the audit log says of it.
type export struct {
	name    string
	action  audit.Action
	details map[string]string
}

// mayExport counts an export, before anything is read for it.
func (h *Room) mayExport(r *http.Request, v *Visit) error {
	allowed, wait, err := h.Limits.Windows.Allow(r.Context(), "exports", v.Member.ID, exportsPerHour, time.Hour)
	if err == nil && !allowed {
		err = &web.Error{Status: http.StatusTooManyRequests, Key: "error.too_many", Retry: wait}
	}
	return err
}

// download sends a file that is whole, once the audit log tells of it.
func (h *Room) download(w http.ResponseWriter, r *http.Request, v *Visit, s *sheet.Sheet, x export) error {
	file := s.Close()
	details := map[string]string{"rows": strconv.Itoa(s.Rows())}
	for name, value := range x.details {
		if value != "" {
			details[name] = value
		}
	}
	e := h.by(r, v).Did(x.action, "", h.Now()).With(details)
	if err := h.Audit.Note(r.Context(), e); err != nil {
		return err
	}
	header := w.Header()
	header.Set("Content-Type", "text/csv; charset=utf-8; header=present")
	header.Set("Content-Disposition", `attachment; filename="`+strings.Join([]string{x.name, dutchDay(h.Now())}, "-")+`.csv"`)
	header.Set("Content-Length", strconv.Itoa(len(file)))
	w.WriteHeader(http.StatusOK)
	_, _ = w.Write(file) // whoever got only a part finds no end in it
	return nil
}
