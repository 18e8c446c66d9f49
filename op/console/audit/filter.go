package audit

import (
	"errors"
	"net/http"
	"slices"
	"strings"

	"omgevingsloket-id/op/console"

	"omgevingsloket-id/op/web"
	"omgevingsloket-id/pkg/application"
	"omgevingsloket-id/pkg/audit"
	"omgevingsloket-id/pkg/errs"
	"omgevingsloket-id/pkg/staff"
)

// recordFilter reads the filters of the address into a filter and into the fields
// that show them. The page reports invalid filters: if they were ignored, the list
// would show more than was asked for.
func (h *Room) recordFilter(r *http.Request, p *recordPage) (audit.Filter, error) {
	var f audit.Filter
	q := r.URL.Query()
	text := func(name string) string { return strings.TrimSpace(console.Cut(q.Get(name), 128)) }
	p.Filtered = slices.ContainsFunc([]string{"from", "until", "who", "action", "outcome", "kind", "number"}, func(n string) bool { return text(n) != "" })
	p.From, p.Until = p.DateField("from", text("from")), p.DateField("until", text("until"))
	f.From, f.Until = p.Date(&p.From), p.Date(&p.Until)
	if !f.Until.IsZero() {
		f.Until = f.Until.AddDate(0, 0, 1) // the last day is included
	}
	if !f.From.IsZero() && !f.Until.IsZero() && !f.From.Before(f.Until) {
		p.Wrong("until", "console.filter.period")
	}
	p.actionField(text("action"))
	f.Action = audit.Action(p.Action.Value)
	p.Outcome = web.Field{Page: p.Page, Name: "outcome", Label: p.T("console-audit.outcome"), Optional: true, Value: text("outcome"), Options: []web.Option{
		{Value: string(audit.OK), Label: p.T("console-audit.outcome_ok")}, {Value: string(audit.Refused), Label: p.T("console-audit.outcome_refused")},
	}}
	f.Outcome = audit.Outcome(p.Chosen(p.Outcome))
	if err := h.whoField(r, p, text("who")); err != nil {
		return f, err
	}
	kind, id, _ := strings.Cut(p.Actor.Value, ":")
	f.ActorKind, f.ActorID = audit.ActorKind(kind), id
	if !slices.Contains(audit.ActorKinds, f.ActorKind) && f.ActorKind != "" {
		p.Wrong("who", "console.filter.choose")
	}
	before, ok := audit.ParseCursor(q.Get("before"))
	if !ok {
		p.Wrong("", "console-audit.place")
	}
	f.Before = before
	err := h.objectFields(r, p, &f, text("kind"), text("number"))
	return f, err
}

func (p *recordPage) actionField(value string) {
	p.Action.Field = web.Field{Page: p.Page, Name: "action", Label: p.T("console-audit.what"), Optional: true, Value: value}
	for _, g := range audit.Groups {
		group := optionGroup{Label: p.T("console-audit.group." + string(g))}
		for _, a := range g.Actions() {
			group.Options = append(group.Options, web.Option{Value: string(a), Label: console.ActionText(p.Page, a)})
		}
		p.Action.Groups = append(p.Action.Groups, group)
	}
	if value != "" && !audit.Known(audit.Action(value)) {
		p.Wrong("action", "console.filter.choose")
	}
}

// whoField offers the kinds of actors and all officials, also removed ones, and the
// actor of a row that was followed.
func (h *Room) whoField(r *http.Request, p *recordPage, value string) error {
	p.Actor.Field = web.Field{Page: p.Page, Name: "who", Label: p.T("console-audit.who"), Optional: true, Value: value}
	kinds, officials := optionGroup{Label: p.T("console-audit.who_kinds")}, optionGroup{Label: p.T("console-audit.who_officials")}
	for _, k := range audit.ActorKinds {
		kinds.Options = append(kinds.Options, web.Option{Value: string(k), Label: p.T("console.actor." + string(k))})
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
		p.Actor.Groups = append(p.Actor.Groups, optionGroup{Label: p.T("console-audit.who_this"), Options: []web.Option{{Value: value, Label: value}}})
	}
	return nil
}

// objectFields reads the object: a kind, a kind with a number, or the reference of
// an application.
func (h *Room) objectFields(r *http.Request, p *recordPage, f *audit.Filter, kind, number string) error {
	p.Kind = web.Field{Page: p.Page, Name: "kind", Label: p.T("console-audit.kind"), Value: kind, Optional: true}
	for _, k := range audit.ObjectKinds {
		p.Kind.Options = append(p.Kind.Options, web.Option{Value: string(k), Label: p.T("console-audit.object." + string(k))})
	}
	p.Number = web.Field{Page: p.Page, Name: "number", Label: p.T("console-audit.number"), Hint: p.T("console-audit.number_hint"), Value: number, Optional: true, Width: "20", Autocomplete: "off"}
	f.ObjectKind, f.ObjectID = audit.ObjectKind(p.Chosen(p.Kind)), number
	if number == "" || f.ObjectKind != "" && f.ObjectKind != audit.ObjectApplication {
		return nil
	}
	a, err := application.Application{}, errs.ErrNotFound
	if reference := application.TypedReference(number); reference != "" {
		a, err = h.ByReference(r.Context(), reference)
	}
	switch {
	case err == nil:
		f.ObjectKind, f.ObjectID = audit.ObjectApplication, a.ID
	case !errors.Is(err, errs.ErrNotFound):
		return err
	case kind == "":
		p.Wrong("number", "console-audit.number_unknown")
	}
	return nil
}
