package console

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"omgevingsloket-id/op/web"
	"omgevingsloket-id/pkg/audit"
	"omgevingsloket-id/pkg/errs"
	"omgevingsloket-id/pkg/letter"
	"omgevingsloket-id/pkg/staff"
)

// recordFilter reads the filters of the address into a filter and into the
// fields that show them. What is no filter is said on the page, never passed
// over: a list that shows more than was asked for would be believed.
func (h *Room) recordFilter(r *http.Request, p *recordPage) (audit.Filter, error) {
	var f audit.Filter
	q := r.URL.Query()
	text := func(name string) string { return strings.TrimSpace(cut(q.Get(name), 128)) }
	p.Filtered = slices.ContainsFunc([]string{"from", "until", "who", "action", "outcome", "kind", "number"}, func(n string) bool { return text(n) != "" })
	p.From, p.Until = p.dateField("from", text("from")), p.dateField("until", text("until"))
	f.From, f.Until = p.date(&p.From), p.date(&p.Until)
	if !f.Until.IsZero() {
		f.Until = f.Until.AddDate(0, 0, 1) // the day that is named counts
	}
	if !f.From.IsZero() && !f.Until.IsZero() && !f.From.Before(f.Until) {
		p.Wrong("until", "console.record.period")
	}
	p.actionField(text("action"))
	f.Action = audit.Action(p.Action.Value)
	p.Outcome = web.Field{Page: p.Page, Name: "outcome", Label: p.T("console.record.outcome"), Optional: true, Value: text("outcome"), Options: []web.Option{
		{Value: string(audit.OK), Label: p.T("record.outcome.ok")}, {Value: string(audit.Refused), Label: p.T("record.outcome.refused")},
	}}
	f.Outcome = audit.Outcome(p.chosen(p.Outcome))
	if err := h.whoField(r, p, text("who")); err != nil {
		return f, err
	}
	kind, id, _ := strings.Cut(p.Actor.Value, ":")
	f.ActorKind, f.ActorID = audit.ActorKind(kind), id
	if !slices.Contains(audit.ActorKinds, f.ActorKind) && f.ActorKind != "" {
		p.Wrong("who", "console.record.choose")
	}
	before, ok := audit.ParseCursor(q.Get("before"))
	if !ok {
		p.Wrong("", "console.record.place")
	}
	f.Before = before
	return f, h.objectFields(r, p, &f, text("kind"), text("number"))
}

func (p *page) dateField(name, value string) web.Field {
	return web.Field{Page: p.Page, Name: name, Type: "date", Label: p.T("console.record." + name), Value: value, Optional: true, Width: "10", Autocomplete: "off"}
}

// date reads a day of the Netherlands, as browsers send it or as people there
// write it; the zero time for none.
func (p *page) date(f *web.Field) time.Time {
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

// chosen demands one of the options.
func (p *page) chosen(f web.Field) string {
	if f.Value != "" && !slices.ContainsFunc(f.Options, func(o web.Option) bool { return o.Value == f.Value }) {
		p.Wrong(f.Name, "console.record.choose")
	}
	return f.Value
}

func (p *recordPage) actionField(value string) {
	p.Action.Field = web.Field{Page: p.Page, Name: "action", Label: p.T("console.record.what"), Optional: true, Value: value}
	for _, g := range audit.Groups {
		group := optionGroup{Label: p.T("record.group." + string(g))}
		for _, a := range g.Actions() {
			group.Options = append(group.Options, web.Option{Value: string(a), Label: actionText(p.Page, a)})
		}
		p.Action.Groups = append(p.Action.Groups, group)
	}
	if value != "" && !audit.Known(audit.Action(value)) {
		p.Wrong("action", "console.record.choose")
	}
}

// whoField offers kinds of actors and every official there ever was. An
// actor that a row led to is offered as well.
func (h *Room) whoField(r *http.Request, p *recordPage, value string) error {
	p.Actor.Field = web.Field{Page: p.Page, Name: "who", Label: p.T("console.record.who"), Optional: true, Value: value}
	kinds, officials := optionGroup{Label: p.T("console.record.who_kinds")}, optionGroup{Label: p.T("console.record.who_officials")}
	for _, k := range audit.ActorKinds {
		kinds.Options = append(kinds.Options, web.Option{Value: string(k), Label: p.T("record.actor." + string(k))})
	}
	all, err := h.Staff.Store.Everyone(r.Context())
	if err != nil {
		return err
	}
	for _, m := range all {
		label := m.Name
		if m.State == staff.Removed {
			label += " (" + p.T("console.state.removed") + ")"
		}
		officials.Options = append(officials.Options, web.Option{Value: string(audit.ActorStaff) + ":" + m.ID, Label: label})
	}
	p.Actor.Groups = []optionGroup{kinds, officials}
	listed := func(o web.Option) bool { return o.Value == value }
	if value != "" && !slices.ContainsFunc(kinds.Options, listed) && !slices.ContainsFunc(officials.Options, listed) {
		p.Actor.Groups = append(p.Actor.Groups, optionGroup{Label: p.T("console.record.who_this"), Options: []web.Option{{Value: value, Label: value}}})
	}
	return nil
}

// objectFields reads what it is about: a kind, a kind with a number, or the
// reference of an application.
func (h *Room) objectFields(r *http.Request, p *recordPage, f *audit.Filter, kind, number string) error {
	p.Kind = web.Field{Page: p.Page, Name: "kind", Label: p.T("console.record.kind"), Value: kind, Optional: true}
	for _, k := range audit.ObjectKinds {
		p.Kind.Options = append(p.Kind.Options, web.Option{Value: string(k), Label: p.T("record.object." + string(k))})
	}
	p.Number = web.Field{Page: p.Page, Name: "number", Label: p.T("console.record.number"), Hint: p.T("console.record.number_hint"), Value: number, Optional: true, Width: "20", Autocomplete: "off"}
	f.ObjectKind, f.ObjectID = audit.ObjectKind(p.chosen(p.Kind)), number
	if number == "" || f.ObjectKind != "" && f.ObjectKind != audit.ObjectApplication {
		return nil
	}
	a, err := h.ByReference(r.Context(), strings.ToUpper(number))
	switch {
	case err == nil:
		f.ObjectKind, f.ObjectID = audit.ObjectApplication, a.ID
	case !errors.Is(err, errs.ErrNotFound):
		return err
	case kind == "":
		p.Wrong("number", "console.record.number_unknown")
	}
	return nil
}
