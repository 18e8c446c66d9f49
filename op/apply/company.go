package apply

import (
	"net/http"

	"omgevingsloket-id/op/web"
	"omgevingsloket-id/pkg/application"
	"omgevingsloket-id/pkg/intake"
)

type companyPage struct {
	formPage
	Name, Country, Register, Number, NotRegistered, Role web.Field
}

// Registered returns the choice between the fields of a registered company and that
// of another one. The browser does not send it: the fields tell.
func (p *companyPage) Registered() web.Field {
	f := p.hinted("registered", intake.CompanyForm{Register: p.Register.Typed(), Number: p.Number.Typed(), NotRegistered: p.NotRegistered.Typed()}.Registered())
	f.Form = "unsent"
	if number, why := p.Number.Sent(), p.NotRegistered.Sent(); number != why {
		f.Value = registered(number)
	}
	for _, choice := range []string{intake.InRegister, intake.InNoRegister} {
		f.Options = append(f.Options, web.Option{Value: choice, Label: p.T("apply.field.registered." + choice)})
	}
	return f
}

// Undecided reports whether the page shows the fields of both choices, because a
// problem concerns them and none was made.
func (p *companyPage) Undecided() bool { return len(p.Problems) > 0 && p.Registered().Value == "" }

// registered returns the choice of a form that holds the number or does not.
func registered(number bool) string {
	if number {
		return intake.InRegister
	}
	return intake.InNoRegister
}

func (h *Room) companyPage(w http.ResponseWriter, r *http.Request, a application.Application, f intake.CompanyForm) *companyPage {
	p := &companyPage{formPage: h.formPage(w, r, a, intake.StepCompany, "apply.company.title", before(a, intake.StepCompany))}
	p.Seen = printOf(intake.CompanyOf(a.Answers))
	p.Name = p.practised("organization_name", f.Name)
	p.Name.Autocomplete = "organization"
	p.Country = p.countries(p.hinted("registration_country", f.Country))
	p.Register = p.hinted("register", f.Register)
	p.Number = p.field("registration_number", f.Number)
	p.Number.Width = "20"
	p.NotRegistered = p.field("not_registered", f.NotRegistered)
	p.NotRegistered.Rows, p.NotRegistered.Spellcheck = 3, true
	p.Role = p.field("role", f.Role)
	for _, role := range []string{intake.Director, intake.Authorized} {
		p.Role.Options = append(p.Role.Options, web.Option{Value: role, Label: p.T("apply.field.role." + role), Hint: p.T("apply.field.role." + role + "_hint")})
	}
	return p
}

// company asks for the company that the applicant represents.
func (h *Room) company(w http.ResponseWriter, r *http.Request, a application.Application) error {
	return h.Pages.Render(w, http.StatusOK, "apply/company", h.companyPage(w, r, a, intake.CompanyOf(a.Answers)))
}

func (h *Room) companyPost(w http.ResponseWriter, r *http.Request, a application.Application) error {
	form := intake.CompanyForm{
		Name: r.PostForm.Get("organization_name"), Country: r.PostForm.Get("registration_country"),
		Register: r.PostForm.Get("register"), Number: r.PostForm.Get("registration_number"),
		NotRegistered: r.PostForm.Get("not_registered"), Role: r.PostForm.Get("role"),
	}
	p, was := h.companyPage(w, r, a, form), a
	choice := ""
	if number := r.PostForm.Has("registration_number"); number != r.PostForm.Has("not_registered") {
		choice = registered(number) // with script the page sends only the fields of the choice
	}
	if p.faults(form.Answer(&a.Answers, choice)) {
		return h.Pages.Render(w, http.StatusUnprocessableEntity, "apply/company", p)
	}
	return h.keep(w, r, change{
		step: intake.StepCompany, was: was, now: a, answer: func(a application.Answers) any { return intake.CompanyOf(a) },
		form: &p.formPage, name: "apply/company", page: p,
	})
}
