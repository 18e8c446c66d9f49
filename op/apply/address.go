package apply

import (
	"net/http"

	"omgevingsloket-id/op/web"
	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/application"
	"omgevingsloket-id/pkg/intake"
)

type addressPage struct {
	formPage
	Company             bool // the address is the company's
	Heading             string
	Stay                web.Field
	Line1, Line2, Line3 web.Field
	Country             web.Field
}

func (h *Room) addressPage(w http.ResponseWriter, r *http.Request, a application.Application, f intake.AddressForm) *addressPage {
	title, back := "apply.address.title", intake.StepPerson
	if a.Kind == account.LegalPerson {
		title, back = "apply.address.title_company", intake.StepCompany
	}
	p := &addressPage{formPage: h.formPage(w, r, a, intake.StepAddress, title, paths[back]), Company: a.Kind == account.LegalPerson}
	p.Heading, p.Seen = p.Title, printOf(intake.AddressOf(a.Answers))
	p.Stay = p.field("stay", f.Stay)
	for _, stay := range []string{intake.Abroad, intake.TemporarilyNL} {
		p.Stay.Options = append(p.Stay.Options, web.Option{Value: stay, Label: p.T("apply.field.stay." + stay)})
	}
	p.Line1 = p.hinted("line1", f.Line1)
	p.Line1.Autocomplete = "address-line1"
	p.Line2 = p.hinted("line2", f.Line2)
	p.Line2.Autocomplete, p.Line2.Optional = "address-line2", true
	p.Line3 = p.hinted("line3", f.Line3)
	p.Line3.Autocomplete, p.Line3.Optional = "address-line3", true
	p.Country = p.countries(p.field("country", f.Country))
	p.Country.Autocomplete = "country"
	return p
}

// address asks for the address of the applicant or of the company.
func (h *Room) address(w http.ResponseWriter, r *http.Request, a application.Application) error {
	return h.Pages.Render(w, http.StatusOK, "apply/address", h.addressPage(w, r, a, intake.AddressOf(a.Answers)))
}

func (h *Room) addressPost(w http.ResponseWriter, r *http.Request, a application.Application) error {
	form := intake.AddressForm{
		Stay: r.PostForm.Get("stay"), Line1: r.PostForm.Get("line1"), Line2: r.PostForm.Get("line2"), Line3: r.PostForm.Get("line3"),
		Country: r.PostForm.Get("country"),
	}
	p, was := h.addressPage(w, r, a, form), a
	if p.faults(form.Answer(&a.Answers, a.Kind)) {
		return h.Pages.Render(w, http.StatusUnprocessableEntity, "apply/address", p)
	}
	return h.keep(w, r, change{
		step: intake.StepAddress, was: was, now: a, answer: func(a application.Answers) any { return intake.AddressOf(a) },
		form: &p.formPage, name: "apply/address", page: p,
	})
}
