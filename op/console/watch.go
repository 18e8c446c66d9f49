package console

import (
	"errors"
	"net/http"

	"omgevingsloket-id/op/web"
	"omgevingsloket-id/pkg/audit"
	"omgevingsloket-id/pkg/secret"
	"omgevingsloket-id/pkg/staff"
	"omgevingsloket-id/pkg/term"
)

// Searched adds an event about a search by an official, and counts it as an opened
// dossier, since a list shows many. The event does not hold the search text, only
// whether it was the same as before.
func (h *Kit) Searched(r *http.Request, v *Visit, action audit.Action, typed string) error {
	what := secret.MAC(h.Cookies.FormKey, "search", v.Session.SID, term.Fold(typed))[:16]
	return h.Look(r, v, func() error {
		return h.Audit.Note(r.Context(), h.By(r, v).Did(action, what, h.Now()))
	})
}

// Look opens a dossier for an official: view adds the event about it. An official who
// opens very many raises an alarm, and is then stopped.
func (h *Kit) Look(r *http.Request, v *Visit, view func() error) error {
	alarmed, err := h.Watch.Look(r.Context(), v.Member, h.By(r, v), view)
	if alarmed {
		h.Log.WarnContext(r.Context(), "an official opened many files", "member", v.Member.ID, "request", web.RequestID(r))
	}
	if errors.Is(err, staff.ErrStopped) {
		return DeadEnd(http.StatusTooManyRequests, "console.error.stopped")
	}
	return err
}
