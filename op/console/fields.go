package console

import (
	"slices"
	"strings"
	"time"

	"omgevingsloket-id/op/web"
	"omgevingsloket-id/pkg/audit"
	"omgevingsloket-id/pkg/letter"
)

// DateField returns a field for a date.
func (p *Frame) DateField(name, value string) web.Field {
	return web.Field{Page: p.Page, Name: name, Type: "date", Label: p.T("console.record." + name), Value: value, Optional: true, Width: "10", Autocomplete: "off"}
}

// Date reads a day of the Netherlands, as browsers send it or as people there
// write it; the zero time for none.
func (p *Frame) Date(f *web.Field) time.Time {
	if f.Value == "" {
		return time.Time{}
	}
	for _, layout := range []string{time.DateOnly, "2-1-2006"} {
		if t, err := time.ParseInLocation(layout, f.Value, letter.Dutch); err == nil && t.Year() >= 1971 && t.Year() <= 9998 {
			f.Value = t.Format(time.DateOnly)
			return t
		}
	}
	p.Wrong(f.Name, "console.record.day")
	f.Type = "" // a field for dates would show nothing of what was typed
	return time.Time{}
}

// Chosen returns the value of the field, and says on the page when it is none of
// the options.
func (p *Frame) Chosen(f web.Field) string {
	if f.Value != "" && !slices.ContainsFunc(f.Options, func(o web.Option) bool { return o.Value == f.Value }) {
		p.Wrong(f.Name, "console.record.choose")
	}
	return f.Value
}

// ActionText says an action in plain words; one that this program does not
// know (any more) is named as the audit log names it.
func ActionText(p *web.Page, action audit.Action) string {
	if !audit.Known(action) {
		return string(action)
	}
	return p.T("record.action." + strings.ReplaceAll(string(action), ".", "_"))
}
