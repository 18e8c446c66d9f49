package review

import (
	"strings"
	"time"

	"omgevingsloket-id/op/console"

	"omgevingsloket-id/op/web"
	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/application"
	"omgevingsloket-id/pkg/intake"
	"omgevingsloket-id/pkg/letter"
	"omgevingsloket-id/pkg/phone"
	"omgevingsloket-id/pkg/review"
)

// caseParts returns the answers of an application, for an official to read.
func caseParts(p *web.Page, c review.Case, now time.Time) []web.Summary {
	a := c.Answers
	general := part(p, "application",
		"reference", c.Reference, "kind", kindText(p, c.Kind, c.IsChange()), "sent", console.Moment(c.SubmittedAt, p.Lang),
		"due", termText(p, c, now), "email", c.Email, "lang", p.T("console.lang_"+c.Lang))
	if c.IsChange() {
		return []web.Summary{general} // comparison has the rest
	}
	person := part(p, "person", "given_name", a.GivenName, "family_name", a.FamilyName, "birth", letter.Date(a.Birthdate, p.Lang), "phone", phoneText(p, a.Phone))
	if a.Organization == nil {
		return append([]web.Summary{general, person}, part(p, "address",
			"stay", p.T("console-review.case.stay_"+stay(a.Stay)), "address", address(p, a.Address)))
	}
	o := *a.Organization
	return append([]web.Summary{general, person}, part(p, "company",
		"company", o.Name, "country", application.CountryName(o.RegistrationCountry, p.Lang), "register", o.Register, "number", o.RegistrationNumber,
		"not_registered", o.NotRegistered, "role", p.T("console-review.case.role_"+role(o.Role)), "address", address(p, o.Address)))
}

// kindText returns the kind of an application, marked if it is a change request.
func kindText(p *web.Page, kind account.Kind, change bool) string {
	text := p.T("console-review.case.kind_" + string(kind))
	if change {
		return p.T("console-review.case.kind_change", "Kind", text)
	}
	return text
}

// data names the texts of the data of a change request.
var data = map[string]string{
	"given_name": "given_name", "family_name": "family_name", "birth": "birth", "organization_name": "company", "registration_country": "country",
	"register": "register", "registration_number": "number", "not_registered": "not_registered", "role": "role",
}

// comparison returns a table of what the account had, what a change request asks for
// and, if the account has changed since, what it has now. Rows that differ are marked.
func comparison(p *web.Page, f review.Dossier) *web.Table {
	if !f.IsChange() {
		return nil
	}
	t := &web.Table{Name: "comparison", Caption: p.T("console-review.case.comparison"), Columns: []string{
		p.T("console-review.case.datum"), p.T("console-review.case.before"), p.T("console-review.case.after"), p.T("console-review.case.differs"),
	}}
	moved := f.Undecided() && f.Obstacle(f.Holder) == application.AccountChanged
	if moved {
		t.Columns = append(t.Columns, p.T("console-review.case.now"))
	}
	now := map[string]string{}
	for _, d := range application.Compared(f.Holder.Profile, f.Holder.Profile) {
		now[d.Name] = d.After
	}
	for _, d := range f.Data() {
		if d.Before == "" && d.After == "" && now[d.Name] == "" {
			continue
		}
		mark := ""
		if d.Differs() {
			mark = p.T("console-review.case.changes")
		}
		row := []string{p.T("console-review.case.label_" + data[d.Name]), datum(p, d.Name, d.Before), datum(p, d.Name, d.After), mark}
		if moved {
			row = append(row, datum(p, d.Name, now[d.Name]))
		}
		t.Rows = append(t.Rows, row)
	}
	return t
}

// datum returns a value of a change request for an official to read.
func datum(p *web.Page, name, value string) string {
	switch {
	case value == "":
		return "–"
	case name == "role":
		return p.T("console-review.case.role_" + role(value))
	}
	return letter.Datum(name, value, p.Lang)
}

// phoneText returns a telephone number, with a warning if there is no such number.
func phoneText(p *web.Page, stored string) string {
	if _, ok := phone.Parse(stored); !ok && stored != "" {
		return stored + "\n" + p.T("console-review.case.phone_unknown")
	}
	return letter.Phone(stored, p.Lang)
}

// stay and role return s if it is known, and otherwise the other known value, so that
// every value has a text.
func stay(s string) string {
	if s == intake.TemporarilyNL {
		return s
	}
	return intake.Abroad
}

func role(s string) string {
	if s == intake.Director {
		return s
	}
	return intake.Authorized
}

// part returns a Summary of label keys and values.
func part(p *web.Page, title string, pairs ...string) web.Summary {
	s := web.Summary{Page: p, Title: p.T("console-review.case.part_" + title)}
	for i := 0; i+1 < len(pairs); i += 2 {
		value := pairs[i+1]
		if value == "" {
			value = "–"
		}
		s.Rows = append(s.Rows, web.Row{Label: p.T("console-review.case.label_" + pairs[i]), Value: value})
	}
	return s
}

func address(p *web.Page, a account.Address) string {
	return strings.Join(append(a.Lines(), application.CountryName(a.Country, p.Lang)), "\n")
}
