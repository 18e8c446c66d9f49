package me

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"omgevingsloket-id/op/flow"
	"omgevingsloket-id/op/web"
	"omgevingsloket-id/pkg/audit"
	"omgevingsloket-id/pkg/errs"
	"omgevingsloket-id/pkg/letter"
)

// eventsShown is the number of events on a page.
const eventsShown = 50

// elsewhere are the actions about an account that /me/looked shows.
var elsewhere = []audit.Action{audit.AccountViewed}

// textOf returns the last part of the key of the text of an action.
func textOf(a audit.Action) string { return strings.ReplaceAll(string(a), ".", "_") }

type eventsPage struct {
	frame
	Events        []eventRow
	Older, Newest web.Link
}

type eventRow struct {
	What, When string
	Notes      []string // by whom, in which browser, at which portal
}

// events shows what happened to the account, the newest first.
func (h *Room) events(w http.ResponseWriter, r *http.Request, v flow.Holder) error {
	p := &eventsPage{frame: h.frame(r, v, "me.events.title")}
	before, err := strconv.ParseInt(web.Query(r).Get("before"), 10, 64)
	if err != nil || before < 0 {
		before = 0 // the newest
	}
	found, err := h.Audit.History(r.Context(), audit.History{
		Of: []audit.Object{{Kind: audit.ObjectAccount, ID: v.Account.ID}}, Since: h.since(), Before: before, Without: elsewhere,
	}, eventsShown+1)
	if err != nil {
		return err
	}
	if len(found) > eventsShown {
		found = found[:eventsShown]
		older := url.Values{"before": {strconv.FormatInt(found[eventsShown-1].Seq, 10)}}
		p.Older = web.Link{URL: p.Path("/me/events?" + older.Encode()), Label: p.T("me.events.older")}
	}
	if before > 0 {
		p.Newest = web.Link{URL: p.Path("/me/events"), Label: p.T("me.events.newest")}
	}
	for _, e := range found {
		row, err := h.eventRow(r, p.frame, e)
		if err != nil {
			return err
		}
		p.Events = append(p.Events, row)
	}
	return h.Pages.Render(w, http.StatusOK, "me/events", p)
}

// eventRow returns an event in words. What a newer version of the program wrote is
// shown without saying what it was.
func (h *Room) eventRow(r *http.Request, f frame, e audit.Event) (eventRow, error) {
	row := eventRow{What: f.T("me.events.unknown"), When: letter.Moment(e.At, f.Lang)}
	if audit.Known(e.Action) {
		row.What = f.T("me.action." + textOf(e.Action))
	}
	if e.Action == audit.AccountBlocked && slices.Contains(reasons, e.Reason) {
		row.Notes = append(row.Notes, f.T("me.blocked."+e.Reason))
	}
	for name := range strings.FieldsSeq(e.Details[audit.DetailFields]) {
		row.Notes = append(row.Notes, f.T("me.changed."+name))
	}
	if e.ObjectKind == audit.ObjectAccount && e.Details[audit.DetailClient] != "" {
		id := e.Details[audit.DetailClient]
		c, err := h.Clients.ByID(r.Context(), id)
		if err != nil && !errors.Is(err, errs.ErrNotFound) {
			return row, err
		}
		row.Notes = append(row.Notes, f.portalName(c, id))
	}
	if agent := e.Details[audit.DetailAgent]; agent != "" {
		row.Notes = append(row.Notes, f.browser(agent))
	}
	switch e.ActorKind {
	case audit.ActorStaff, audit.ActorOperator, audit.ActorSystem:
		row.Notes = append(row.Notes, f.T("me.actor."+string(e.ActorKind)))
	}
	return row, nil
}

// reasons are the reasons of a block that have a text.
var reasons = []string{"not_scanned", "enrolment_codes", "enrolment_late", "too_many_codes", "reported", "reopened", "recovery_codes", "cancelled"}
