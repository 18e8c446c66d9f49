package apply

import (
	"cmp"
	"errors"
	"net/http"
	"strconv"
	"strings"

	"omgevingsloket-id/op/web"
	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/application"
	"omgevingsloket-id/pkg/audit"
	"omgevingsloket-id/pkg/effect"
	"omgevingsloket-id/pkg/errs"
	"omgevingsloket-id/pkg/intake"
	"omgevingsloket-id/pkg/letter"
	"omgevingsloket-id/pkg/mail"
	"omgevingsloket-id/pkg/signin"
)

type checkPage struct {
	formPage
	Parts    []web.Summary
	Declared web.Field
	Change   bool
	Login    *web.Link // set if the address has got an account since
}

func (h *Room) checkPage(w http.ResponseWriter, r *http.Request, a application.Application) (*checkPage, []application.Document, error) {
	documents, err := h.Store.Documents(r.Context(), a.ID)
	if err != nil {
		return nil, nil, err
	}
	p := &checkPage{formPage: h.formPage(w, r, a, intake.StepCheck, "apply.check.title", before(a, intake.StepCheck)), Change: a.IsChange()}
	p.Seen = strconv.FormatInt(a.Version, 10)
	p.Declared = p.field("declared", "")
	if h.Pages.Settings.AtOnce {
		p.Declared.Label = p.T("apply.field.declared.label_practice")
	}
	if p.Change {
		p.Parts = []web.Summary{p.changePart(a), p.documentPart(documents)}
		return p, documents, nil
	}
	p.Parts = []web.Summary{p.accountPart(a), p.personPart(a)}
	if o := a.Answers.Organization; o != nil {
		p.Parts = append(p.Parts, p.companyPart(*o))
	}
	p.Parts = append(p.Parts, p.addressPart(a), p.documentPart(documents))
	return p, documents, nil
}

// part returns an empty list of answers.
func (s formPage) part(title string) web.Summary {
	return web.Summary{Page: s.Page, Title: s.T("apply.check." + title)}
}

// row returns an answer with the label of its field and a link to change it.
func (s formPage) row(name, value string, step intake.Step) web.Row {
	if value == "" {
		value = s.T("apply.check.none")
	}
	row := web.Row{Label: s.T("apply.field." + name + ".label"), Value: value}
	if step != "" {
		row.Change = s.Path(paths[step]) + "#" + name
	}
	return row
}

func (s formPage) accountPart(a application.Application) web.Summary {
	part := s.part("account")
	part.Rows = []web.Row{
		{Label: s.T("apply.check.kind"), Value: s.T("apply.field.kind." + kindName(a.Kind))},
		s.row("email", a.Email, ""),
		s.row("password", s.T("apply.check.password"), intake.StepPassword),
	}
	return part
}

func (s formPage) personPart(a application.Application) web.Summary {
	part := s.part("person")
	part.Rows = []web.Row{
		s.row("given_name", a.Answers.GivenName, intake.StepPerson),
		s.row("family_name", a.Answers.FamilyName, intake.StepPerson),
		s.row("birth", letter.Date(a.Answers.Birthdate, s.Lang), intake.StepPerson),
		s.row("phone", letter.Phone(a.Answers.Phone, s.Lang), intake.StepPerson),
	}
	return part
}

func (s formPage) companyPart(o account.Organization) web.Summary {
	part := s.part("company")
	part.Rows = []web.Row{
		s.row("organization_name", o.Name, intake.StepCompany),
		s.row("registration_country", application.CountryName(o.RegistrationCountry, s.Lang), intake.StepCompany),
	}
	if o.RegistrationNumber != "" {
		part.Rows = append(part.Rows, s.row("register", o.Register, intake.StepCompany), s.row("registration_number", o.RegistrationNumber, intake.StepCompany))
	} else {
		row := s.row("not_registered", o.NotRegistered, intake.StepCompany)
		row.Label = s.T("apply.check.not_registered")
		part.Rows = append(part.Rows, row)
	}
	part.Rows = append(part.Rows, s.row("role", s.T("apply.field.role."+o.Role), intake.StepCompany))
	return part
}

func (s formPage) addressPart(a application.Application) web.Summary {
	part := s.part("address")
	adr := a.Answers.Address
	if o := a.Answers.Organization; o != nil {
		part = s.part("address_company")
		adr = o.Address
	} else {
		part.Rows = []web.Row{s.row("stay", s.T("apply.field.stay."+a.Answers.Stay), intake.StepAddress)}
	}
	row := s.row("line1", strings.Join(append(adr.Lines(), application.CountryName(adr.Country, s.Lang)), "\n"), intake.StepAddress)
	row.Label = s.T("apply.check.address_lines")
	part.Rows = append(part.Rows, row)
	return part
}

func (s formPage) documentPart(documents []application.Document) web.Summary {
	part := s.part("document")
	for _, d := range documents {
		part.Rows = append(part.Rows, s.row("document", d.Name+" ("+letter.Size(d.Size, s.Lang)+")", intake.StepDocument))
	}
	return part
}

// changePart returns what a change request asks for; where it differs, with what the
// account has.
func (s formPage) changePart(a application.Application) web.Summary {
	part := s.part("change")
	steps := map[string]intake.Step{"given_name": intake.StepPerson, "family_name": intake.StepPerson, "birth": intake.StepPerson}
	for _, d := range a.Data() {
		if d.Before == "" && d.After == "" && d.Name != "given_name" && d.Name != "family_name" {
			continue
		}
		row := s.row(d.Name, s.datum(d.Name, d.After), cmp.Or(steps[d.Name], intake.StepCompany))
		if d.Differs() {
			row.Value = s.T("apply.change.instead", "New", row.Value, "Old", cmp.Or(s.datum(d.Name, d.Before), s.T("apply.check.none")))
		}
		part.Rows = append(part.Rows, row)
	}
	return part
}

// check shows all answers.
func (h *Room) check(w http.ResponseWriter, r *http.Request, a application.Application) error {
	p, _, err := h.checkPage(w, r, a)
	if err != nil {
		return err
	}
	return h.Pages.Render(w, http.StatusOK, "apply/check", p)
}

// checkPost sends the application, once for any number of clicks and tabs.
func (h *Room) checkPost(w http.ResponseWriter, r *http.Request, a application.Application) error {
	p, documents, err := h.checkPage(w, r, a)
	if err != nil {
		return err
	}
	p.Declared.Checked = r.PostForm.Get("declared") == "yes"
	if seen := r.PostForm.Get("seen"); seen != "" && seen != p.Seen {
		p.Wrong("", "apply.check.changed")
		return h.Pages.Render(w, http.StatusConflict, "apply/check", p)
	}
	if !p.Declared.Checked {
		p.Wrong("declared", "apply.field.declared.missing")
		return h.Pages.Render(w, http.StatusUnprocessableEntity, "apply/check", p)
	}
	if p.Change && len(a.Changed()) == 0 {
		p.Wrong("", "apply.change.nothing")
		return h.Pages.Render(w, http.StatusUnprocessableEntity, "apply/check", p)
	}
	a.Answers.Declared = true
	a.Reference, a.SubmittedAt = "OLID-"+signin.Reference(h.Rand), h.Now()
	if !p.Change {
		a.Lang = p.Lang
	}
	err = h.submit(r, a, documents)
	if errors.Is(err, errs.ErrConflict) {
		return h.notSent(w, r, err)
	}
	if err != nil {
		return err
	}
	return h.Pages.SeeOther(w, paths[intake.StepDone])
}

// submit sends the application in, with its effects.
func (h *Room) submit(r *http.Request, a application.Application, documents []application.Document) error {
	origin, id := h.Limits.Origin(r), web.RequestID(r)
	var holder *account.Account
	if a.IsChange() {
		v, err := h.Flow.Holder(r)
		if err != nil {
			return err
		}
		holder = &v.Account
	}
	made, events := a.Send(documents, holder, h.Pages.Settings.AtOnce, audit.Applicant().At(origin, id), audit.System("").At(origin, id), h.Rand)
	if err := h.Store.Submit(r.Context(), a, made, effect.Effects{Events: events, Mails: []mail.Message{h.Letters.Receipt(a, made, documents, a.SubmittedAt)}}); err != nil {
		return err
	}
	h.giveBack(r, documents)
	return nil
}

// notSent shows why an application could not be sent: it was sent already, it has
// expired, its address has got an account, or another tab changed it.
func (h *Room) notSent(w http.ResponseWriter, r *http.Request, why error) error {
	a, err := h.load(r)
	if err != nil {
		return err
	}
	if !intake.Reaches(a, intake.StepCheck, h.Now()) {
		return h.onward(w, a)
	}
	p, _, err := h.checkPage(w, r, a)
	if err != nil {
		return err
	}
	p.Declared.Checked = true
	if p.Change {
		key := "apply.check.changed"
		if obstructed := (application.Obstructed{}); errors.As(why, &obstructed) {
			key = "apply.change.stale"
		}
		p.Wrong("", key)
		return h.Pages.Render(w, http.StatusConflict, "apply/check", p)
	}
	_, err = h.Accounts.Owner(r.Context(), a.Email, h.Now())
	switch {
	case err == nil:
		p.Wrong("", "apply.check.taken", "Email", a.Email)
		p.Login = &web.Link{URL: p.Path("/start"), Label: p.T("apply.done.login")}
	case !errors.Is(err, errs.ErrNotFound):
		return err
	default:
		p.Wrong("", "apply.check.changed")
	}
	return h.Pages.Render(w, http.StatusConflict, "apply/check", p)
}
