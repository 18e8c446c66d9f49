// Package statistics serves the page with the figures of a period, without personal
// data: /console/statistics.
package statistics

import (
	"net/http"
	"net/url"
	"time"

	"omgevingsloket-id/op/console"

	"omgevingsloket-id/op/web"
	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/letter"
	"omgevingsloket-id/pkg/staff"
	"omgevingsloket-id/pkg/statistics"
)

// Room serves the page. Set its fields before Mount.
type Room struct {
	*console.Kit
	Statistics statistics.Store
}

// Mount adds the page to h.Kit.
func (h *Room) Mount() {
	readers := []staff.Role{staff.Reviewer, staff.Administrator, staff.Auditor}
	h.Get("/console/statistics", "console-statistics.menu", readers, h.statistics)
	h.Post("/console/statistics/export", readers, h.export, "from", "until", "kind", "separator")
}

type statisticsPage struct {
	console.Frame
	From, Until, Kind web.Field
	Presets           []web.Link
	Period            string // in words
	Sections          []statisticsSection
	Separator         web.Field

	query statistics.Query
	kinds []account.Kind
}

// statisticsSection is a table with an explanation.
type statisticsSection struct {
	Title, Text, None string
	Table             web.Table
}

// statistics shows the figures of the period in the address.
func (h *Room) statistics(w http.ResponseWriter, r *http.Request, v *console.Visit) error {
	p := h.statisticsPage(r, v, r.URL.Query())
	if len(p.Problems) > 0 {
		return h.Pages.Render(w, http.StatusUnprocessableEntity, "console/statistics/statistics", p)
	}
	rows, err := h.Statistics.Count(r.Context(), p.query)
	if err != nil {
		return err
	}
	for _, g := range p.groups(rows) {
		p.Sections = append(p.Sections, p.section(g, rows))
	}
	return h.Pages.Render(w, http.StatusOK, "console/statistics/statistics", p)
}

// statisticsPage reads a period and a kind from the query, by default this year and
// both kinds.
func (h *Room) statisticsPage(r *http.Request, v *console.Visit, q url.Values) *statisticsPage {
	p := &statisticsPage{Frame: h.Page(r, v, "console-statistics.title")}
	now := h.Now().In(letter.Dutch)
	p.From, p.Until = p.DateField("from", console.Cut(q.Get("from"), 32)), p.DateField("until", console.Cut(q.Get("until"), 32))
	from, last := p.Date(&p.From), p.Date(&p.Until)
	switch {
	case from.IsZero() && last.IsZero():
		from, last = day(now.Year(), 1, 1), day(now.Year(), 12, 31)
	case from.IsZero():
		from = day(last.Year(), 1, 1)
	case last.IsZero():
		last = day(from.Year(), 12, 31)
	}
	if last.Before(from) {
		p.Wrong("until", "console.filter.period")
	}
	if len(p.Problems) == 0 {
		p.From.Value, p.Until.Value = from.Format(time.DateOnly), last.Format(time.DateOnly)
	}
	p.Period = p.T("console-statistics.period", "From", letter.Date(from.Format(time.DateOnly), p.Lang), "Until", letter.Date(last.Format(time.DateOnly), p.Lang))
	p.query = statistics.Query{From: from, To: last.AddDate(0, 0, 1), Now: now}
	p.Kind = web.Field{Page: p.Page, Name: "kind", Label: p.T("console-statistics.kind"), Optional: true, Value: console.Cut(q.Get("kind"), 32)}
	for _, k := range kinds {
		p.Kind.Options = append(p.Kind.Options, web.Option{Value: string(k), Label: p.T("console-statistics.kind_" + string(k))})
	}
	p.kinds = kinds
	if k := account.Kind(p.Chosen(p.Kind)); k != "" {
		p.kinds = []account.Kind{k}
	}
	p.Presets = p.presets(now)
	p.Separator = console.SeparatorField(p.Page)
	return p
}

func day(year int, month time.Month, d int) time.Time {
	return time.Date(year, month, d, 0, 0, 0, 0, letter.Dutch)
}

// presets returns links to common periods.
func (p *statisticsPage) presets(now time.Time) []web.Link {
	y, m := now.Year(), now.Month()
	link := func(key string, from, last time.Time) web.Link {
		q := url.Values{"from": {from.Format(time.DateOnly)}, "until": {last.Format(time.DateOnly)}}
		if p.Kind.Value != "" {
			q.Set("kind", p.Kind.Value)
		}
		return web.Link{URL: p.Path("/console/statistics?" + q.Encode()), Label: p.T("console-statistics." + key)}
	}
	return []web.Link{
		link("this_month", day(y, m, 1), day(y, m+1, 0)), link("last_month", day(y, m-1, 1), day(y, m, 0)),
		link("this_year", day(y, 1, 1), day(y, 12, 31)), link("last_year", day(y-1, 1, 1), day(y-1, 12, 31)),
	}
}
