package staff

import (
	"errors"
	"net/http"

	"omgevingsloket-id/op/console"
	"omgevingsloket-id/op/web"
	"omgevingsloket-id/pkg/errs"
	"omgevingsloket-id/pkg/staff"
)

type memberPage struct {
	console.Frame
	Member  memberRow
	Renewal *renewalPart // nil for none
	Roles   []web.Field
	Fixed   bool // the roles cannot be changed, nor the member removed
	Self    bool
	Save    web.Button
	Sure    web.Field
	Remove  web.Button
	Lane    web.Button
	Back    web.Link
}

// member shows one official.
func (h *Room) member(w http.ResponseWriter, r *http.Request, v *console.Visit) error {
	p, _, err := h.memberPage(r, v)
	if err != nil {
		return err
	}
	return h.Pages.Render(w, http.StatusOK, "console/staff/member", p)
}

func (h *Room) memberPage(r *http.Request, v *console.Visit) (*memberPage, staff.Member, error) {
	m, err := h.Staff.Store.ByID(r.Context(), r.URL.Query().Get("id"))
	if _, live := m.Proposed(h.Now()); err == nil && m.State == staff.Removed && !live {
		err = errs.ErrNotFound
	}
	if err != nil {
		return nil, m, err
	}
	p := &memberPage{Frame: h.Page(r, v, "console-staff.member.title"), Self: m.ID == v.Member.ID}
	p.Fixed = p.Self || m.State == staff.Removed
	if p.Renewal, err = h.renewalPart(r, v, p.Page, m); err != nil {
		return nil, m, err
	}
	p.Title += ": " + m.Email
	p.Member = memberRow{Name: m.Name, Email: m.Email, Roles: roleNames(p.Page, m.Roles), State: p.T("console.state." + string(m.State))}
	p.Roles = roleChoices(p.Page, m.Roles)
	p.Save = web.Button{Name: "action", Value: "roles", Label: p.T("console-staff.member.save")}
	p.Sure = web.Field{Page: p.Page, Name: "sure", Label: p.T("console-staff.member.sure"), Checked: r.PostForm.Get("sure") != "", Optional: true}
	p.Remove = web.Button{Name: "action", Value: "remove", Label: p.T("console-staff.member.remove"), Secondary: true}
	p.Lane = web.Button{Name: "action", Value: "lane", Label: p.T("console-staff.member.lane"), Secondary: true}
	p.Back = web.Link{URL: p.Path("/console/staff"), Label: p.T("console-staff.member.back")}
	return p, m, nil
}

// memberPost changes roles, removes the locks of wrong passwords, removes an
// official, or acts on a new invitation. Administrators can do none of it to
// themselves, except refuse an invitation, so that one is always left.
func (h *Room) memberPost(w http.ResponseWriter, r *http.Request, v *console.Visit) error {
	p, m, err := h.memberPage(r, v)
	if err != nil {
		return err
	}
	roles, action := chosenRoles(r), r.PostForm.Get("action")
	renewing, err := h.renewalPost(r, v, p, m)
	switch {
	case renewing && errors.Is(err, errs.ErrConflict):
		return h.renewalOver(w, r, v)
	case renewing:
	case p.Fixed:
		p.Wrong("", "console-staff.not_yourself")
	case action == "remove" && !p.Sure.Checked:
		p.Wrong("sure", "console-staff.member.not_sure")
	case action == "remove":
		err = h.Staff.Remove(r.Context(), m, h.By(r, v))
	case action == "lane":
		err = h.Staff.OpenLanes(r.Context(), m, h.By(r, v))
	case action == "roles" && len(roles) == 0:
		p.Wrong(string(staff.Roles[0]), "console-staff.role_missing")
	case action == "roles":
		err = h.Staff.SetRoles(r.Context(), m, roles, h.By(r, v))
	default:
		return web.Fail(http.StatusBadRequest, "web.error.bad_request", nil)
	}
	if len(p.Problems) > 0 {
		return h.Pages.Render(w, http.StatusUnprocessableEntity, "console/staff/member", p)
	}
	if errors.Is(err, errs.ErrConflict) {
		return h.Pages.SeeOther(w, "/console/staff") // a colleague removed the member meanwhile, as the list shows
	}
	if err != nil {
		return err
	}
	return h.Pages.SeeOther(w, console.DoneURL("/console/staff", done[action]))
}

// done names the acts of this page as the next page reports them.
var done = map[string]string{
	"remove": "remove", "lane": "lane", "roles": "roles", "invite": "invited",
	"propose": "renewal_proposed", "confirm": "renewal_confirmed", "refuse": "renewal_refused", "cancel": "renewal_cancelled",
}

// renewalOver answers an act on a proposal that cannot be done: it shows the
// member as it is now, or the list if there is no page about it any more.
func (h *Room) renewalOver(w http.ResponseWriter, r *http.Request, v *console.Visit) error {
	p, _, err := h.memberPage(r, v)
	if errors.Is(err, errs.ErrNotFound) {
		return h.Pages.SeeOther(w, "/console/staff")
	}
	if err != nil {
		return err
	}
	p.Wrong("", "console-staff.renewal.over")
	return h.Pages.Render(w, http.StatusConflict, "console/staff/member", p)
}
