package statistics

import (
	"net/http"
	"time"

	"omgevingsloket-id/op/console"
	"omgevingsloket-id/op/web"
	"omgevingsloket-id/pkg/audit"
	"omgevingsloket-id/pkg/letter"
	"omgevingsloket-id/pkg/sheet"
	"omgevingsloket-id/pkg/statistics"
)

// export sends the figures of a period as a sheet, one figure a row.
func (h *Room) export(w http.ResponseWriter, r *http.Request, v *console.Visit) error {
	p := h.statisticsPage(r, v, r.PostForm)
	if len(p.Problems) > 0 {
		return h.Pages.Render(w, http.StatusUnprocessableEntity, "console/statistics/statistics", p)
	}
	if err := h.MayExport(r, v); err != nil {
		return err
	}
	rows, err := h.Statistics.Count(web.Patient(r.Context()), p.query)
	if err != nil {
		return err
	}
	s := console.NewSheet(p.Page, r, "from", "until", "part", "what", "applicants", "count", "unit")
	for _, g := range p.groups(rows) {
		if err := p.add(s, g, rows); err != nil {
			return err
		}
	}
	return h.Download(w, r, v, s, console.Export{
		Name: p.T("console-statistics.export.file"), Action: audit.StatisticsExported,
		Details: map[string]string{"from": p.From.Value, "until": p.Until.Value, "kind": p.Kind.Value},
	})
}

// add adds a group to a sheet. The open cases are those of today, whatever the period.
func (p *statisticsPage) add(s *sheet.Sheet, g group, rows []statistics.Row) error {
	from, until := p.From.Value, p.Until.Value
	if g.name == "open" {
		from = p.query.Now.In(letter.Dutch).Format(time.DateOnly)
		until = from
	}
	for _, l := range g.lines {
		unit := p.T("console-statistics.export.unit_count")
		if l.days {
			unit = p.T("console-statistics.export.unit_days")
		}
		for _, c := range p.columns(rows) {
			count := sheet.Text("")
			if n, ok := l.value(c.figures); ok {
				count = sheet.Number(n)
			}
			if err := s.Row(sheet.Text(from), sheet.Text(until), sheet.Text(p.T("console-statistics.title_"+g.name)),
				sheet.Text(l.label), sheet.Text(c.label), count, sheet.Text(unit)); err != nil {
				return err
			}
		}
	}
	return nil
}
