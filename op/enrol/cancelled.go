package enrol

import (
	"net/http"

	"omgevingsloket-id/op/web"
)

type cancelledPage struct {
	*web.Page
	Panel web.Panel
}

// cancelled shows what happens after an unblock was cancelled. The page depends on
// no stored state.
func (h *Room) cancelled(w http.ResponseWriter, r *http.Request) error {
	p := &cancelledPage{Page: h.Pages.Page(r, "enrol.cancelled.title")}
	p.Panel = web.Panel{Title: p.T("enrol.cancelled.title")}
	return h.Pages.Render(w, http.StatusOK, "enrol/cancelled", p)
}
