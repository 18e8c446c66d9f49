package console

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"omgevingsloket-id/op/web"
	"omgevingsloket-id/pkg/audit"
)

// recordRows is how many events one page shows.
const recordRows = 100

type recordPage struct {
	page
	Kind, Object web.Field
	Rows         []recordRow
	Older        *web.Link
	Filtered     bool
}

type recordRow struct {
	Seq                                             int64
	At, Actor, Action, Object, ObjectURL, Why, From string
}

// record shows who did what, newest first; one object alone when the address
// names one. Looking at it changes nothing.
func (h *Room) record(w http.ResponseWriter, r *http.Request, v *Visit) error {
	q := r.URL.Query()
	kind, id := cut(q.Get("kind"), 32), cut(strings.TrimSpace(q.Get("id")), 128)
	p := &recordPage{page: h.page(r, v, "console.record.title")}
	p.Kind = web.Field{Page: p.Page, Name: "kind", Label: p.T("console.record.kind"), Value: kind, Options: []web.Option{
		{Value: "account", Label: p.T("console.record.kind_account")}, {Value: "application", Label: p.T("console.record.kind_application")},
		{Value: "client", Label: p.T("console.record.kind_client")}, {Value: "key", Label: p.T("console.record.kind_key")}, {Value: "staff", Label: p.T("console.record.kind_staff")},
	}}
	p.Object = web.Field{Page: p.Page, Name: "id", Label: p.T("console.record.number"), Value: id, Optional: true, Width: "20"}
	p.Filtered = kind != "" && id != ""
	before, _ := strconv.ParseInt(q.Get("before"), 10, 64)
	events, err := h.events(r, kind, id, before)
	if err != nil {
		return err
	}
	for _, e := range events {
		p.Rows = append(p.Rows, h.recordRow(p, e))
	}
	if n := len(events); !p.Filtered && n == recordRows && events[n-1].Seq > 1 {
		p.Older = &web.Link{URL: "?" + url.Values{"before": {strconv.FormatInt(events[n-1].Seq, 10)}}.Encode(), Label: p.T("console.record.older")}
	}
	return h.Kit.Render(w, http.StatusOK, "console/record", p)
}

func (h *Room) events(r *http.Request, kind, id string, before int64) ([]audit.Event, error) {
	if kind != "" && id != "" {
		return h.Audit.EventsAbout(r.Context(), kind, id, recordRows)
	}
	return h.Audit.Latest(r.Context(), before, recordRows)
}

func (h *Room) recordRow(p *recordPage, e audit.Event) recordRow {
	actor := e.ActorKind
	if e.ActorID != "" {
		actor += " " + e.ActorID
	}
	return recordRow{
		Seq: e.Seq, At: e.At.UTC().Format(time.DateTime), Actor: actor, Action: e.Action, Object: e.ObjectKind + " " + e.ObjectID,
		ObjectURL: "?" + url.Values{"kind": {e.ObjectKind}, "id": {e.ObjectID}}.Encode(), Why: e.Reason, From: e.Origin,
	}
}

func cut(s string, n int) string { return s[:min(len(s), n)] }
