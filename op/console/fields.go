package console

import (
	"slices"
	"strings"
	"time"

	"omgevingsloket-id/op/web"
	"omgevingsloket-id/pkg/audit"
	"omgevingsloket-id/pkg/birthdate"
	"omgevingsloket-id/pkg/letter"
)

// DateField returns a field for a date.
func (p *Frame) DateField(name, value string) web.Field {
	return web.Field{Page: p.Page, Name: name, Type: "date", Label: p.T("console.filter." + name), Value: value, Optional: true, Width: "10", Autocomplete: "off"}
}

// Date reads a day in the Netherlands, as browsers send it or as people write it
// there (birthdate.Typed). It returns the zero time for an empty or invalid value.
func (p *Frame) Date(f *web.Field) time.Time {
	if f.Value == "" {
		return time.Time{}
	}
	if d, ok := birthdate.Typed(f.Value); ok && d.Known() && d.Year >= 1971 && d.Year <= 9998 {
		f.Value = d.String()
		return time.Date(d.Year, time.Month(d.Month), d.Day, 0, 0, 0, 0, letter.Dutch)
	}
	p.Wrong(f.Name, "console.filter.day")
	f.Type = "" // a date field would not show an invalid value
	return time.Time{}
}

// Chosen returns the value of the field, and adds a problem if it is not an option.
func (p *Frame) Chosen(f web.Field) string {
	if f.Value != "" && !slices.ContainsFunc(f.Options, func(o web.Option) bool { return o.Value == f.Value }) {
		p.Wrong(f.Name, "console.filter.choose")
	}
	return f.Value
}

// ActionText returns the text of an action, or the action itself if this version
// does not know it.
func ActionText(p *web.Page, action audit.Action) string {
	if !audit.Known(action) {
		return string(action)
	}
	return p.T("console.action." + strings.ReplaceAll(string(action), ".", "_"))
}
