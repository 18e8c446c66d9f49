package statistics

import (
	"slices"
	"strconv"

	"omgevingsloket-id/op/web"
	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/helpdesk"
	"omgevingsloket-id/pkg/review"
	"omgevingsloket-id/pkg/statistics"
)

// group holds the figures of one table; its name is part of text keys.
type group struct {
	name  string
	lines []line
}

// line is one figure of a group: its text, and how it is read. ok is false if there is
// no figure.
type line struct {
	label string
	value func(f statistics.Figures) (n int, ok bool)
	days  bool
}

// groups returns all figures, in their order. Reasons without a case are left out.
func (p *statisticsPage) groups(rows []statistics.Row) []group {
	all := statistics.Report(rows, p.kinds...)
	return []group{
		{"open", []line{
			p.count("waiting", func(f statistics.Figures) int { return f.Waiting }), p.count("late", func(f statistics.Figures) int { return f.Late }),
			p.count("unanswered", func(f statistics.Figures) int { return f.Unanswered }), p.count("open", statistics.Figures.Open),
		}},
		{"work", []line{
			p.count("received", func(f statistics.Figures) int { return f.Received }), p.count("asked", func(f statistics.Figures) int { return f.Asked }),
			p.count("approved", func(f statistics.Figures) int { return f.Approved }), p.count("rejected", func(f statistics.Figures) int { return f.Rejected }),
			p.count("withdrawn", func(f statistics.Figures) int { return f.Withdrawn }), p.count("expired", func(f statistics.Figures) int { return f.Expired }),
		}},
		{"time", []line{
			p.within("half", 50), p.within("nine", 90),
			p.count("in_time", func(f statistics.Figures) int { return f.InTime }), p.count("too_late", func(f statistics.Figures) int { return f.TooLate }),
		}},
		{"reasons", p.reasons(all)},
		{"changes", []line{
			p.count("changes_received", func(f statistics.Figures) int { return f.Changes.Received }), p.count("changes_open", func(f statistics.Figures) int { return f.Changes.Open }),
			p.count("approved", func(f statistics.Figures) int { return f.Changes.Approved }), p.count("rejected", func(f statistics.Figures) int { return f.Changes.Rejected }),
			p.count("changes_stopped", func(f statistics.Figures) int { return f.Changes.Stopped }),
		}},
		{"unblocks", append(
			p.unblocks(all, "unblocked", func(f statistics.Figures) map[string]int { return f.Unblocked }),
			p.unblocks(all, "refused", func(f statistics.Figures) map[string]int { return f.Refused })...,
		)},
	}
}

func (p *statisticsPage) count(key string, n func(f statistics.Figures) int) line {
	return line{label: p.T("console-statistics." + key), value: func(f statistics.Figures) (int, bool) { return n(f), true }}
}

func (p *statisticsPage) within(key string, percent int) line {
	return line{label: p.T("console-statistics." + key), days: true, value: func(f statistics.Figures) (int, bool) { return f.Within(percent) }}
}

func (p *statisticsPage) reasons(all statistics.Figures) (lines []line) {
	for _, reason := range review.Reasons {
		if all.Reasons[reason] > 0 {
			lines = append(lines, line{label: p.T("console.review_reason." + reason), value: func(f statistics.Figures) (int, bool) { return f.Reasons[reason], true }})
		}
	}
	return lines
}

func (p *statisticsPage) unblocks(all statistics.Figures, key string, of func(f statistics.Figures) map[string]int) (lines []line) {
	for _, reason := range slices.Concat(helpdesk.UnblockReasons, []helpdesk.Reason{""}) {
		if of(all)[string(reason)] == 0 {
			continue
		}
		text := p.T("console-statistics.no_reason")
		if reason != "" {
			text = p.T("console.helpdesk_reason." + string(reason))
		}
		lines = append(lines, line{label: p.T("console-statistics.helpdesk."+key, "Reason", text), value: func(f statistics.Figures) (int, bool) { return of(f)[string(reason)], true }})
	}
	return lines
}

// column is one kind of applicant, or the total.
type column struct {
	label   string
	figures statistics.Figures
}

func (p *statisticsPage) columns(rows []statistics.Row) (out []column) {
	for _, k := range p.kinds {
		out = append(out, column{p.T("console-statistics.kind_" + string(k)), statistics.Report(rows, k)})
	}
	if len(p.kinds) > 1 {
		out = append(out, column{p.T("console-statistics.kind_both"), statistics.Report(rows, p.kinds...)})
	}
	return out
}

// section returns the table of a group: a row for each line, a column for each kind,
// and one for the total.
func (p *statisticsPage) section(g group, rows []statistics.Row) statisticsSection {
	s := statisticsSection{Title: p.T("console-statistics.title_" + g.name), Text: p.T("console-statistics.text_" + g.name)}
	if len(g.lines) == 0 {
		s.None = p.T("console-statistics.none_" + g.name)
		return s
	}
	s.Table = web.Table{Name: g.name, Caption: s.Title, Columns: []string{p.T("console-statistics.what")}}
	columns := p.columns(rows)
	for _, c := range columns {
		s.Table.Columns = append(s.Table.Columns, c.label)
	}
	for _, l := range g.lines {
		row := []string{l.label}
		for _, c := range columns {
			row = append(row, p.figure(l, c.figures))
		}
		s.Table.Rows = append(s.Table.Rows, row)
	}
	return s
}

// figure returns a figure as text.
func (p *statisticsPage) figure(l line, f statistics.Figures) string {
	n, ok := l.value(f)
	switch {
	case !ok:
		return "–"
	case l.days:
		return p.T("console-statistics.days", "Count", n)
	}
	return strconv.Itoa(n)
}

var kinds = []account.Kind{account.NaturalPerson, account.LegalPerson}
