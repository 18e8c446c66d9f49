package apply

import (
	"net/http"

	"omgevingsloket-id/op/web"
	"omgevingsloket-id/pkg/application"
)

type donePage struct {
	*web.Page
	Panel    web.Panel
	Email    string
	Approved bool
	Change   bool
	Login    web.Link
	Status   web.Link
}

// done shows the reference number to an applicant who has sent an application,
// also after going back.
func (h *Room) done(w http.ResponseWriter, r *http.Request, a application.Application) error {
	if a.State != application.Submitted && a.State != application.Approved {
		return h.Pages.SeeOther(w, "/apply/status")
	}
	title := "apply.done.title"
	if a.State == application.Approved {
		title = "apply.done.title_approved"
	}
	if a.IsChange() {
		title = "apply.change.state_" + string(a.State)
	}
	p := &donePage{Page: h.Pages.Page(r, title), Email: a.Email, Approved: a.State == application.Approved, Change: a.IsChange()}
	p.Panel = web.Panel{Title: p.Title, Label: p.T("apply.done.reference"), Value: a.Reference}
	p.Login = web.Link{URL: p.Path("/start"), Label: p.T("apply.done.login")}
	p.Status = web.Link{URL: p.Path("/apply/status"), Label: p.T("apply.done.status")}
	if p.Change {
		p.Status = web.Link{URL: p.Path(changePath), Label: p.T("apply.change.status")}
	}
	return h.Pages.Render(w, http.StatusOK, "apply/done", p)
}
