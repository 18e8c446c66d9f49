package review

import (
	"errors"
	"net/http"
	"net/url"

	"omgevingsloket-id/op/console"
	"omgevingsloket-id/pkg/errs"
)

const takePath = "/console/review/next"

// takeNext takes the first case of the queue that colleagues do not take first.
func (h *Room) takeNext(w http.ResponseWriter, r *http.Request, v *console.Visit) error {
	c, err := h.Review.TakeNext(r.Context(), official(v), h.By(r, v))
	if errors.Is(err, errs.ErrNotFound) {
		return h.Pages.SeeOther(w, "/console/review?"+url.Values{"taken": {"none"}}.Encode())
	}
	if err != nil {
		return err
	}
	return h.Pages.SeeOther(w, console.DoneURL(caseURL(c.ID), "take"))
}
