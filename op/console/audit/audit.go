// Package audit serves the page of the audit log: /console/audit. Reading it is in
// the audit log too.
package audit

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"omgevingsloket-id/op/console"

	"omgevingsloket-id/op/web"
	"omgevingsloket-id/pkg/application"
	"omgevingsloket-id/pkg/audit"
	"omgevingsloket-id/pkg/staff"
)

// Room serves the page. Set its fields before Mount.
type Room struct {
	*console.Kit
	Heads audit.Heads
	// ByReference returns the submitted application with this reference.
	ByReference func(ctx context.Context, reference string) (application.Application, error)
}

// Mount adds the page to h.Kit.
func (h *Room) Mount() {
	h.Get("/console/audit", "console-audit.menu", []staff.Role{staff.Auditor}, h.audit)
	h.Wait(70, h.waitHead, staff.Auditor)
}

// recordRows is how many events one page shows.
const recordRows = 100

type recordPage struct {
	console.Frame
	From, Until, Outcome, Kind, Number web.Field
	Actor, Action                      groupedField
	Rows                               []recordRow
	Newest, Older                      *web.Link
	Filtered                           bool
}

// groupedField is a select with groups of options.
type groupedField struct {
	web.Field
	Groups []optionGroup
}

type optionGroup struct {
	Label   string
	Options []web.Option
}

type recordRow struct {
	Seq                               int64
	At, UTC, Who, What, Code, About   string
	WhoURL, AboutURL                  string
	Refused                           bool
	Outcome, Why, From, Ref, MoreText string
}

// audit shows the events, newest first. Every filter is in the address, so that it
// can be shared. The look itself, and its filters, are added to the audit log.
func (h *Room) audit(w http.ResponseWriter, r *http.Request, v *console.Visit) error {
	p := &recordPage{Frame: h.Page(r, v, "console-audit.title")}
	f, err := h.recordFilter(r, p)
	if err != nil {
		return err
	}
	if len(p.Problems) > 0 {
		return h.Pages.Render(w, http.StatusUnprocessableEntity, "console/audit/audit", p)
	}
	events, err := h.Audit.Find(r.Context(), f, recordRows+1)
	if err != nil {
		return err
	}
	if err := h.Audit.Note(r.Context(), h.readingEvent(r, v, f, len(events) > 0)); err != nil {
		return err
	}
	if !f.Before.Zero() {
		p.Newest = &web.Link{URL: p.Path(turned(r, audit.Cursor{})), Label: p.T("console-audit.newest")}
	}
	if len(events) > recordRows {
		events = events[:recordRows]
		p.Older = &web.Link{URL: p.Path(turned(r, audit.After(events[recordRows-1]))), Label: p.T("console-audit.older")}
	}
	names := h.Names()
	for _, e := range events {
		row, err := h.recordRow(r, p, e, names)
		if err != nil {
			return err
		}
		p.Rows = append(p.Rows, row)
	}
	return h.Pages.Render(w, http.StatusOK, "console/audit/audit", p)
}

// turned returns the address of the same filters at another place in the audit log.
func turned(r *http.Request, c audit.Cursor) string {
	q := url.Values{}
	for _, name := range []string{"from", "until", "who", "action", "outcome", "kind", "number"} {
		if value := r.URL.Query().Get(name); value != "" {
			q.Set(name, value)
		}
	}
	if !c.Zero() {
		q.Set("before", c.String())
	}
	return strings.TrimSuffix("/console/audit?"+q.Encode(), "?")
}

// readingEvent returns the event of a look. It keeps numbers and actors only if the
// look found events, since the official may have typed an address there.
func (h *Room) readingEvent(r *http.Request, v *console.Visit, f audit.Filter, found bool) audit.Event {
	details := map[string]string{
		"who": strings.TrimSuffix(string(f.ActorKind)+":"+f.ActorID, ":"), "action": string(f.Action), "outcome": string(f.Outcome),
		"kind": string(f.ObjectKind), "before": f.Before.String(),
	}
	if f.ObjectID != "" {
		details["number"] = "unknown"
		if found {
			details["number"] = f.ObjectID
		}
	}
	if !found {
		details["who"] = string(f.ActorKind)
	}
	for name, t := range map[string]time.Time{"from": f.From, "until": f.Until} {
		if !t.IsZero() {
			details[name] = t.UTC().Format(time.RFC3339)
		}
	}
	for name, value := range details {
		if value == "" {
			delete(details, name)
		}
	}
	return h.By(r, v).Did(audit.AuditLogViewed, "", h.Now()).With(details)
}

func (h *Room) recordRow(r *http.Request, p *recordPage, e audit.Event, names *console.Names) (recordRow, error) {
	row := recordRow{
		Seq: e.Seq, At: console.Moment(e.At, p.Lang) + e.At.Format(":05"), UTC: e.At.UTC().Format("2006-01-02T15:04:05.000Z"), What: console.ActionText(p.Page, e.Action), Code: string(e.Action),
		Refused: e.Outcome != audit.OK, Outcome: p.T("console-audit.outcome_refused"),
		Why: audit.Printable(e.Reason), From: audit.Printable(e.Origin), Ref: audit.Printable(e.RequestID),
	}
	who := string(e.ActorKind)
	row.Who = who
	if slices.Contains(audit.ActorKinds, e.ActorKind) {
		row.Who = p.T("console.actor." + who)
	}
	if e.ActorID != "" {
		who += ":" + e.ActorID
		name := e.ActorID
		if e.ActorKind == audit.ActorStaff {
			var err error
			if name, err = names.Of(r.Context(), e.ActorID); err != nil {
				return row, err
			}
		}
		row.Who += " " + name
	}
	row.Who = audit.Printable(row.Who)
	row.WhoURL = p.Path("/console/audit?" + url.Values{"who": {who}}.Encode())
	row.About = string(e.ObjectKind)
	if slices.Contains(audit.ObjectKinds, e.ObjectKind) {
		row.About = p.T("console-audit.object." + string(e.ObjectKind))
	}
	if e.ObjectID != "" {
		name := e.ObjectID
		if e.ObjectKind == audit.ObjectStaff {
			var err error
			if name, err = names.Of(r.Context(), e.ObjectID); err != nil {
				return row, err
			}
		}
		row.About += " " + name
		row.AboutURL = p.Path("/console/audit?" + url.Values{"kind": {string(e.ObjectKind)}, "number": {e.ObjectID}}.Encode())
	}
	row.About = audit.Printable(row.About)
	var more []string
	for name, value := range e.Details {
		more = append(more, audit.Printable(name+": "+value))
	}
	slices.Sort(more)
	row.MoreText = strings.Join(more, ", ")
	return row, nil
}
