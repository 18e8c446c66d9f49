package console

import (
	"errors"
	"net/http"
	"net/url"
	"strings"

	"omgevingsloket-id/op/web"
	"omgevingsloket-id/pkg/errs"
	"omgevingsloket-id/pkg/mail"
	"omgevingsloket-id/pkg/secret"
	"omgevingsloket-id/pkg/staff"
)

// roleFields are the checkboxes of roles, named as the roles.
var roleFields = func() (names []string) {
	for _, r := range staff.Roles {
		names = append(names, string(r))
	}
	return names
}()

type staffPage struct {
	page
	Members     []memberRow
	Name, Email web.Field
	Roles       []web.Field
}

type memberRow struct {
	Name, Email, Roles, State, URL string
}

// staff lists the officials and has the form that invites one.
func (h *Room) staff(w http.ResponseWriter, r *http.Request, v *Visit) error {
	p, err := h.staffPage(r, v, nil)
	if err != nil {
		return err
	}
	return h.Pages.Render(w, http.StatusOK, "console/staff", p)
}

func (h *Room) staffPage(r *http.Request, v *Visit, chosen []staff.Role) (*staffPage, error) {
	p := &staffPage{page: h.page(r, v, "console.staff.title")}
	all, err := h.Staff.Store.List(r.Context())
	if err != nil {
		return nil, err
	}
	for _, m := range all {
		p.Members = append(p.Members, memberRow{
			Name: m.Name, Email: m.Email, Roles: roleNames(p.Page, m.Roles), State: p.T("console.state." + string(m.State)),
			URL: p.Path("/console/staff/member") + "?" + url.Values{"id": {m.ID}}.Encode(),
		})
	}
	p.Name = web.Field{Page: p.Page, Name: "name", Label: p.T("console.staff.name"), Value: r.PostForm.Get("name"), Autocomplete: "off"}
	p.Email = web.Field{Page: p.Page, Name: "email", Type: "email", Label: p.T("login.email"), Value: r.PostForm.Get("email"), Autocomplete: "off"}
	p.Roles = roleChoices(p.Page, chosen)
	return p, nil
}

func roleNames(p *web.Page, roles []staff.Role) string {
	var names []string
	for _, r := range roles {
		names = append(names, p.T("console.role."+string(r)))
	}
	return strings.Join(names, ", ")
}

func roleChoices(p *web.Page, has []staff.Role) []web.Field {
	m := staff.Member{Roles: has}
	var out []web.Field
	for _, r := range staff.Roles {
		out = append(out, web.Field{Page: p, Name: string(r), Label: p.T("console.role." + string(r)), Hint: p.T("console.role." + string(r) + "_hint"), Checked: m.Has(r), Optional: true})
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

// staffPost invites, by mail; an address that is known is invited anew and
// loses its password and app by that.
func (h *Room) staffPost(w http.ResponseWriter, r *http.Request, v *Visit) error {
	roles := chosenRoles(r)
	p, err := h.staffPage(r, v, roles)
	if err != nil {
		return err
	}
	name := strings.TrimSpace(p.Name.Value)
	address, err := mail.CanonicalAddress(p.Email.Value)
	if name == "" || len(name) > 100 {
		p.Wrong("name", "console.staff.name_missing")
	}
	if err != nil {
		p.Wrong("email", "console.staff.email_form")
	} else if address == v.Member.Email {
		p.Wrong("email", "console.staff.not_yourself")
	}
	if len(roles) == 0 {
		p.Wrong(string(staff.Roles[0]), "console.staff.role_missing")
	}
	if len(p.Problems) > 0 {
		return h.Pages.Render(w, http.StatusUnprocessableEntity, "console/staff", p)
	}
	_, _, err = h.Staff.Invite(r.Context(), name, address, p.Lang, roles, h.by(r, v))
	if errors.Is(err, errs.ErrConflict) {
		return h.Pages.SeeOther(w, "/console/staff") // removed a moment ago: the list says so
	}
	if err != nil {
		return err
	}
	return h.Pages.SeeOther(w, doneURL("/console/staff", "invited"))
}

// InviteLink is the address at which an invitation is accepted.
func InviteLink(origin string, invite secret.Text) secret.Text {
	return secret.Text(origin + "/console/invite?" + url.Values{"token": {invite.Reveal()}}.Encode())
}

type memberPage struct {
	page
	Member memberRow
	Roles  []web.Field
	Self   bool
	Save   web.Button
	Sure   web.Field
	Remove web.Button
	Back   web.Link
}

// member shows one official.
func (h *Room) member(w http.ResponseWriter, r *http.Request, v *Visit) error {
	p, _, err := h.memberPage(r, v)
	if err != nil {
		return err
	}
	return h.Pages.Render(w, http.StatusOK, "console/member", p)
}

func (h *Room) memberPage(r *http.Request, v *Visit) (*memberPage, staff.Member, error) {
	m, err := h.Staff.Store.ByID(r.Context(), r.URL.Query().Get("id"))
	if err == nil && m.State == staff.Removed {
		err = errs.ErrNotFound
	}
	if err != nil {
		return nil, m, err
	}
	p := &memberPage{page: h.page(r, v, "console.member.title"), Self: m.ID == v.Member.ID}
	p.Member = memberRow{Name: m.Name, Email: m.Email, Roles: roleNames(p.Page, m.Roles), State: p.T("console.state." + string(m.State))}
	p.Roles = roleChoices(p.Page, m.Roles)
	p.Save = web.Button{Name: "action", Value: "roles", Label: p.T("console.member.save")}
	p.Sure = web.Field{Page: p.Page, Name: "sure", Label: p.T("console.member.sure"), Checked: r.PostForm.Get("sure") != "", Optional: true}
	p.Remove = web.Button{Name: "action", Value: "remove", Label: p.T("console.member.remove"), Secondary: true}
	p.Back = web.Link{URL: p.Path("/console/staff"), Label: p.T("console.member.back")}
	return p, m, nil
}

// memberPost changes roles or removes. Nobody does either to oneself, so that
// there is always an administrator left who did it.
func (h *Room) memberPost(w http.ResponseWriter, r *http.Request, v *Visit) error {
	p, m, err := h.memberPage(r, v)
	if err != nil {
		return err
	}
	roles, action := chosenRoles(r), r.PostForm.Get("action")
	switch {
	case p.Self:
		p.Wrong("", "console.staff.not_yourself")
	case action == "remove" && !p.Sure.Checked:
		p.Wrong("sure", "console.member.not_sure")
	case action == "remove":
		err = h.Staff.Remove(r.Context(), m, h.by(r, v))
	case action == "roles" && len(roles) == 0:
		p.Wrong(string(staff.Roles[0]), "console.staff.role_missing")
	case action == "roles":
		err = h.Staff.SetRoles(r.Context(), m, roles, h.by(r, v))
	default:
		return web.Fail(http.StatusBadRequest, "error.bad_request", nil)
	}
	if len(p.Problems) > 0 {
		return h.Pages.Render(w, http.StatusUnprocessableEntity, "console/member", p)
	}
	if errors.Is(err, errs.ErrConflict) {
		return h.Pages.SeeOther(w, "/console/staff") // a colleague removed the member meanwhile: the list shows it
	}
	if err != nil {
		return err
	}
	return h.Pages.SeeOther(w, doneURL("/console/staff", action))
}
