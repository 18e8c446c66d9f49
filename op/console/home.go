package console

import (
	"net/http"

	"omgevingsloket-id/op/web"
	"omgevingsloket-id/pkg/application"
	"omgevingsloket-id/pkg/staff"
)

type homePage struct {
	page
	Waits []web.Link // what waits for this official
}

// home is where an official begins: what waits, and what one's roles open.
func (h *Room) home(w http.ResponseWriter, r *http.Request, v *Visit) error {
	p := &homePage{page: h.page(r, v, "console.home.title")}
	if v.Member.Has(staff.Reviewer) {
		n, err := h.Desk.Cases.Counts(r.Context(), v.Member.ID)
		if err != nil {
			return err
		}
		p.Waits = []web.Link{
			{URL: p.Path("/console/applications?show=" + string(application.ShowMine)), Label: p.T("console.home.mine", "Count", n.Mine)},
			{URL: p.Path("/console/applications"), Label: p.T("console.home.waiting", "Count", n.Waiting)},
		}
	}
	return h.Kit.Render(w, http.StatusOK, "console/home", p)
}
