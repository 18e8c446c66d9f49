package console

import (
	"errors"
	"net/http"

	"omgevingsloket-id/op/web"
	"omgevingsloket-id/pkg/staff"
)

// look opens a file for an official: view writes down that it was seen. Who
// opens very many is told of, and then stopped.
func (h *Room) look(r *http.Request, v *Visit, view func() error) error {
	alarmed, err := h.Watch.Look(r.Context(), v.Member, h.event(r, v, "", "", ""), view)
	if alarmed {
		h.Kit.Log.WarnContext(r.Context(), "an official opened many files", "member", v.Member.ID, "request", web.RequestID(r))
		h.AfterMail()
	}
	if errors.Is(err, staff.ErrStopped) {
		return web.Fail(http.StatusTooManyRequests, "error.stopped", nil)
	}
	return err
}
