package apply

import (
	"net/http"

	"omgevingsloket-id/op/web"
	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/application"
	"omgevingsloket-id/pkg/intake"
)

type personPage struct {
	formPage
	Company                             bool // applies for a company
	Change                              bool // asks for other data, and not for the telephone number
	GivenName, FamilyName, Birth, Phone web.Field
}

func (h *Room) personPage(w http.ResponseWriter, r *http.Request, a application.Application, f intake.PersonForm) *personPage {
	p := &personPage{
		formPage: h.formPage(w, r, a, intake.StepPerson, "apply.person.title", before(a, intake.StepPerson)),
		Company:  a.Kind == account.LegalPerson, Change: a.IsChange(),
	}
	p.Seen = printOf(intake.PersonOf(a.Answers))
	p.GivenName = p.hinted("given_name", f.GivenName)
	p.GivenName.Autocomplete = "given-name"
	p.FamilyName = p.hinted("family_name", f.FamilyName)
	p.FamilyName.Autocomplete = "family-name"
	p.Birth = p.practised("birth", "")
	p.Birth.Autocomplete, p.Birth.Day, p.Birth.Month, p.Birth.Year = "bday", f.Day, f.Month, f.Year
	if p.Change {
		return p
	}
	p.Phone = p.practised("phone", f.Phone)
	p.Phone.Type, p.Phone.Autocomplete, p.Phone.Width, p.Phone.Optional = "tel", "tel", "20", true
	return p
}

// person asks for the applicant's name, date of birth and telephone number.
func (h *Room) person(w http.ResponseWriter, r *http.Request, a application.Application) error {
	return h.Pages.Render(w, http.StatusOK, "apply/person", h.personPage(w, r, a, intake.PersonOf(a.Answers)))
}

func (h *Room) personPost(w http.ResponseWriter, r *http.Request, a application.Application) error {
	form := intake.PersonForm{
		GivenName: r.PostForm.Get("given_name"), FamilyName: r.PostForm.Get("family_name"),
		Day: r.PostForm.Get("birth_day"), Month: r.PostForm.Get("birth_month"), Year: r.PostForm.Get("birth_year"),
		Phone: r.PostForm.Get("phone"),
	}
	p, was := h.personPage(w, r, a, form), a
	if a.IsChange() {
		form.Phone = ""
	}
	faults := form.Answer(&a.Answers, h.Now())
	if a.IsChange() {
		a.Answers.Phone = was.Answers.Phone // the holder's own to change
	}
	if p.faults(faults) {
		return h.Pages.Render(w, http.StatusUnprocessableEntity, "apply/person", p)
	}
	return h.keep(w, r, change{
		step: intake.StepPerson, was: was, now: a, answer: func(a application.Answers) any { return intake.PersonOf(a) },
		form: &p.formPage, name: "apply/person", page: p,
	})
}
