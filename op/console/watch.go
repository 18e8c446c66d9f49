package console

import (
	"errors"
	"net/http"
	"slices"
	"strconv"

	"omgevingsloket-id/op/web"
	"omgevingsloket-id/pkg/audit"
	"omgevingsloket-id/pkg/secret"
	"omgevingsloket-id/pkg/staff"
	"omgevingsloket-id/pkg/term"
)

// Look records and counts that an official sees a file or a list, before the page is
// shown: view adds the event about it. Every page that names an applicant, a holder or
// a company calls it (TestX13). An official who sees very many raises an alarm, and is
// then stopped.
func (h *Kit) Look(r *http.Request, v *Visit, view func() error) error {
	err := h.look(r, v, view)
	if errors.Is(err, staff.ErrStopped) {
		return DeadEnd(http.StatusTooManyRequests, "console.error.stopped")
	}
	return err
}

// look is Look, but returns staff.ErrStopped.
func (h *Kit) look(r *http.Request, v *Visit, view func() error) error {
	alarmed, err := h.Watch.Look(r.Context(), v.Member, h.By(r, v), view)
	if alarmed {
		h.Log.WarnContext(r.Context(), "an official opened many files", "member", v.Member.ID, "request", web.RequestID(r))
	}
	return err
}

// Show renders a page that names a person or company, after view has added the event
// about it.
func (h *Kit) Show(w http.ResponseWriter, r *http.Request, v *Visit, status int, name string, page any, view func() error) error {
	if err := h.Look(r, v, view); err != nil {
		return err
	}
	return h.Pages.Render(w, status, name, page)
}

// Searched adds the event about a search by an official that found files, and counts
// the search and the files. The event does not hold the search text, only whether it
// was the same as before.
func (h *Kit) Searched(r *http.Request, v *Visit, action audit.Action, typed string, files []staff.File) error {
	what := secret.MAC(h.Cookies.FormKey, "search", v.Session.SID, term.Fold(typed))[:16]
	return h.Look(r, v, func() error { return h.list(r, v, h.By(r, v).Did(action, what, h.Now()), files, files) })
}

// Listed adds one event about a list that names files, and counts the files. A list
// that names none has no event.
func (h *Kit) Listed(r *http.Request, v *Visit, files []staff.File) error {
	if len(files) == 0 {
		return nil
	}
	return h.Look(r, v, func() error { return h.noteList(r, v, files) })
}

func (h *Kit) noteList(r *http.Request, v *Visit, files []staff.File) error {
	e := h.By(r, v).Did(audit.NamesListed, h.digest(files), h.Now()).With(map[string]string{"page": r.URL.Path})
	return h.list(r, v, e, files, files)
}

// exported adds the event of a download that names files. It counts at most so many of
// them that a download by itself raises the alarm and does not stop the official.
func (h *Kit) exported(r *http.Request, v *Visit, e audit.Event, files []staff.File) error {
	e = e.With(map[string]string{"list": h.digest(files)})
	return h.Look(r, v, func() error { return h.list(r, v, e, files, files[:min(len(files), h.Watch.PerHour+1)]) })
}

func (h *Kit) list(r *http.Request, v *Visit, e audit.Event, named, counted []staff.File) error {
	if err := h.Audit.Note(r.Context(), e.With(map[string]string{"named": strconv.Itoa(len(named))})); err != nil {
		return err
	}
	return h.Watch.Store.List(r.Context(), v.Member.ID, counted, h.Now())
}

// digest returns a keyed hash of the files of a list, whatever their order.
func (h *Kit) digest(files []staff.File) string {
	parts := make([]string, len(files))
	for i, f := range files {
		parts[i] = string(f.Kind) + " " + f.ID
	}
	slices.Sort(parts)
	return secret.MAC(h.Cookies.FormKey, append([]string{"list"}, slices.Compact(parts)...)...)[:16]
}
