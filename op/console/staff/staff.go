// Package staff serves the pages about officials: /console/staff. Administrators invite
// them, change their roles and remove them.
package staff

import (
	"errors"
	"net/http"
	"strings"

	"omgevingsloket-id/op/console"

	"omgevingsloket-id/op/web"
	"omgevingsloket-id/pkg/errs"
	"omgevingsloket-id/pkg/mail"
	"omgevingsloket-id/pkg/staff"
	"omgevingsloket-id/pkg/typed"
)

// roleFields are the names of the checkboxes, which are the roles.
var roleFields = func() (names []string) {
	for _, r := range staff.Roles {
		names = append(names, string(r))
	}
	return names
}()

// Room serves the pages. Set Kit before Mount.
type Room struct{ *console.Kit }

// Mount adds the pages to h.Kit. They ask for a code again, since they appoint and
// remove officials (OF-22).
func (h *Room) Mount() {
	admin := []staff.Role{staff.Administrator}
	h.Get("/console/staff", "console-staff.menu", admin, h.Proven("/console/staff", h.staff))
	h.Post("/console/staff", admin, h.Proven("/console/staff", h.staffPost), append([]string{"name", "email"}, roleFields...)...)
	h.Get("/console/staff/member", "", admin, h.Proven("/console/staff/member", h.member))
	h.Post("/console/staff/member", admin, h.Proven("/console/staff/member", h.memberPost), append([]string{"action", "sure", "reason", "spoken", "renewal"}, roleFields...)...)
	h.Wait(50, h.waitAlarms, staff.Administrator, staff.Auditor)
	h.Wait(55, h.waitRenewals, staff.Administrator)
	h.Wait(60, h.waitInvited, staff.Administrator)
}

type staffPage struct {
	console.Frame
	Members     []memberRow
	Name, Email web.Field
	Roles       []web.Field
}

type memberRow struct {
	Name, Email, Roles, State, URL string
}

// staff lists the officials, with a form to invite one.
func (h *Room) staff(w http.ResponseWriter, r *http.Request, v *console.Visit) error {
	p, err := h.staffPage(r, v, nil)
	if err != nil {
		return err
	}
	return h.Pages.Render(w, http.StatusOK, "console/staff/staff", p)
}

func (h *Room) staffPage(r *http.Request, v *console.Visit, chosen []staff.Role) (*staffPage, error) {
	p := &staffPage{Frame: h.Page(r, v, "console-staff.title")}
	all, err := h.Staff.Store.Everyone(r.Context())
	if err != nil {
		return nil, err
	}
	for _, m := range all {
		_, proposed := m.Proposed(h.Now())
		if m.State == staff.Removed && !proposed {
			continue
		}
		row := memberRow{Name: m.Name, Email: m.Email, Roles: roleNames(p.Page, m.Roles), State: p.T("console.state." + string(m.State)), URL: p.Path(memberURL(m.ID))}
		if proposed {
			row.State += ", " + p.T("console-staff.renewal.state")
		}
		p.Members = append(p.Members, row)
	}
	p.Name = web.Field{Page: p.Page, Name: "name", Label: p.T("console-staff.name"), Value: r.PostForm.Get("name"), Autocomplete: "off"}
	p.Email = web.Field{Page: p.Page, Name: "email", Type: "email", Label: p.T("web.login.email"), Value: r.PostForm.Get("email"), Autocomplete: "off"}
	p.Roles = roleChoices(p.Page, chosen)
	return p, nil
}

func roleNames(p *web.Page, roles []staff.Role) string {
	var names []string
	for _, r := range roles {
		names = append(names, p.T("console-staff.role."+string(r)))
	}
	return strings.Join(names, ", ")
}

func roleChoices(p *web.Page, has []staff.Role) []web.Field {
	m := staff.Member{Roles: has}
	var out []web.Field
	for _, r := range staff.Roles {
		out = append(out, web.Field{Page: p, Name: string(r), Label: p.T("console-staff.role." + string(r)), Hint: p.T("console-staff.role." + string(r) + "_hint"), Checked: m.Has(r), Optional: true})
	}
	return out
}

func chosenRoles(r *http.Request) []staff.Role {
	var out []staff.Role
	for _, role := range staff.Roles {
		if r.PostForm.Get(string(role)) != "" {
			out = append(out, role)
		}
	}
	return out
}

// staffPost invites an official by mail. An official with that address who has
// joined before is invited again by two administrators.
func (h *Room) staffPost(w http.ResponseWriter, r *http.Request, v *console.Visit) error {
	roles := chosenRoles(r)
	p, err := h.staffPage(r, v, roles)
	if err != nil {
		return err
	}
	name := typed.Line(p.Name.Value)
	address, err := mail.CanonicalAddress(p.Email.Value)
	if name == "" || len(name) > 100 {
		p.Wrong("name", "console-staff.name_missing")
	}
	switch {
	case err != nil:
		p.Wrong("email", "console-staff.email_form")
	case address == v.Member.Email:
		p.Wrong("email", "console-staff.not_yourself")
	case errors.Is(h.Staff.MayInvite(address), staff.ErrDomain):
		p.Wrong("email", "console-staff.email_domain", "Domains", strings.Join(h.Staff.Domains, ", "))
	}
	if len(roles) == 0 {
		p.Wrong(string(staff.Roles[0]), "console-staff.role_missing")
	}
	if len(p.Problems) > 0 {
		return h.Pages.Render(w, http.StatusUnprocessableEntity, "console/staff/staff", p)
	}
	_, _, err = h.Staff.Invite(r.Context(), name, address, p.Lang, roles, h.By(r, v))
	if errors.Is(err, staff.ErrJoined) {
		id, proposed, err := h.proposeReturn(r, v, p, staff.Renewal{Name: name, Lang: p.Lang, Roles: roles}, address)
		switch {
		case proposed && errors.Is(err, errs.ErrConflict):
			return h.Pages.SeeOther(w, memberURL(id)) // another proposal waits, as that page shows
		case err != nil:
			return err
		case !proposed:
			return h.Pages.Render(w, http.StatusUnprocessableEntity, "console/staff/staff", p)
		}
		return h.Pages.SeeOther(w, console.DoneURL("/console/staff", "renewal_proposed"))
	}
	if errors.Is(err, errs.ErrConflict) {
		return h.Pages.SeeOther(w, "/console/staff") // removed a moment ago, as the list shows
	}
	if err != nil {
		return err
	}
	return h.Pages.SeeOther(w, console.DoneURL("/console/staff", "invited"))
}
