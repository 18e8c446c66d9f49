package application_test

import (
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/application"
)

var today = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

var jo = application.PersonForm{GivenName: "Jo", FamilyName: "van der Berg", Day: "1", Month: "2", Year: "1990"}

func faults(t *testing.T, got []application.Fault, want ...string) {
	t.Helper()
	var found []string
	for _, f := range got {
		found = append(found, f.Field+"."+f.Why)
	}
	if !slices.Equal(found, want) {
		t.Errorf("found %v, want %v", found, want)
	}
}

func TestPersonForm(t *testing.T) {
	var a application.Answers
	form := jo
	form.GivenName, form.Phone = "  Jo\u0308  Anne ", "+31 (0)20-123 45 67"
	faults(t, form.Answer(&a, today))
	want := application.Answers{PersonDone: true, Profile: account.Profile{GivenName: "Jö Anne", FamilyName: "van der Berg", Birthdate: "1990-02-01", Phone: "+31201234567"}}
	if !reflect.DeepEqual(a, want) {
		t.Errorf("%+v", a)
	}
	if got := a.Person(); got != (application.PersonForm{GivenName: "Jö Anne", FamilyName: "van der Berg", Day: "1", Month: "2", Year: "1990", Phone: "+31201234567"}) {
		t.Errorf("shown again: %+v", got)
	}
	t.Run("somebody with one name", func(t *testing.T) {
		var a application.Answers
		form := jo
		form.GivenName = " - "
		faults(t, form.Answer(&a, today))
		if a.GivenName != "" || a.Person().GivenName != "-" {
			t.Errorf("%+v", a)
		}
	})
}

func TestPersonFormFaults(t *testing.T) {
	with := func(change func(*application.PersonForm)) application.PersonForm {
		f := jo
		change(&f)
		return f
	}
	born := func(d, m, y string) application.PersonForm {
		return with(func(f *application.PersonForm) { f.Day, f.Month, f.Year = d, m, y })
	}
	given := func(s string) application.PersonForm {
		return with(func(f *application.PersonForm) { f.GivenName = s })
	}
	phone := func(s string) application.PersonForm { return with(func(f *application.PersonForm) { f.Phone = s }) }
	for _, c := range []struct {
		form application.PersonForm
		want string
	}{
		{application.PersonForm{}, "given_name.missing family_name.missing birth.missing"},
		{given(" \t\n"), "given_name.missing"},
		{given("--"), "given_name.characters"},
		{given(strings.Repeat("é", 100)), ""},
		{given(strings.Repeat("é", 101)), "given_name.too_long"},
		{given("Jo\x07"), "given_name.characters"},
		{given("Jo\u202eeB"), "given_name.characters"},
		{given("J" + strings.Repeat("\u0316", 5)), "given_name.characters"},
		{given("J\ufffd"), "given_name.characters"},
		{given("Jo\ue000"), "given_name.characters"},
		{given("محمد"), ""},
		{given("می\u200cخواهم"), ""},
		{given("O'Neill-Süß, J.P. s/o Kumar 3"), ""},
		{given("<script>alert(1)</script>"), ""}, // text like any other: pages escape it
		{born("31", "2", "1990"), "birth.not_real"},
		{born("29", "2", "1992"), ""},
		{born("0", "1", "1990"), "birth.not_real"},
		{born("1", "13", "1990"), "birth.not_real"},
		{born("1", "maart", "1990"), "birth.not_real"},
		{born("1", "1", "1899"), "birth.not_real"},
		{born("1", "1", "90"), "birth.year"},
		{born("", "1", "1990"), "birth.incomplete"},
		{born("-1", "1", "1990"), "birth.not_real"},
		{born("2", "3", "2026"), "birth.future"},
		{born("2", "3", "2008"), "birth.too_young"}, // 18 tomorrow
		{born(" 1 ", "3", "2008"), ""},              // 18 today
		{phone("0612345678"), "phone.country_code"},
		{phone("0049 30 1234567"), ""},
		{phone("+49.30/123-45 67"), ""},
		{phone("+49"), "phone.length"},
		{phone("+1234567890123456"), "phone.length"},
		{phone("+0123456789"), "phone.length"},
		{phone("bel mij"), "phone.characters"},
		{phone("+31+20"), "phone.characters"},
	} {
		var a application.Answers
		faults(t, c.form.Answer(&a, today), strings.Fields(c.want)...)
		if (c.want == "") != a.PersonDone {
			t.Errorf("%+v: done %v", c.form, a.PersonDone)
		}
		if c.want != "" && !reflect.DeepEqual(a, application.Answers{}) {
			t.Errorf("%+v: half kept: %+v", c.form, a)
		}
	}
}

func TestCompanyForm(t *testing.T) {
	good := application.CompanyForm{Name: "Bau & Söhne GmbH", Country: "AT", Register: "Firmenbuch", Number: "FN 1x", Role: "director"}
	for _, c := range []struct {
		change func(*application.CompanyForm)
		want   string
	}{
		{func(*application.CompanyForm) {}, ""},
		{func(f *application.CompanyForm) { *f = application.CompanyForm{} },
			"organization_name.missing registration_country.missing registration_number.missing role.missing"},
		{func(f *application.CompanyForm) { f.Country = "ZZ" }, "registration_country.missing"},
		{func(f *application.CompanyForm) { f.Register = "" }, "register.missing"},
		{func(f *application.CompanyForm) { f.Number = "" }, "registration_number.missing"},
		{func(f *application.CompanyForm) { f.Register, f.Number, f.NotRegistered = "", "", "Eenmanszaak" }, ""},
		{func(f *application.CompanyForm) { f.NotRegistered = "Eenmanszaak" }, "not_registered.both"},
		{func(f *application.CompanyForm) { f.Number, f.NotRegistered = "", strings.Repeat("x", 501) }, "not_registered.too_long"},
		{func(f *application.CompanyForm) { f.Role = "owner" }, "role.missing"},
	} {
		form := good
		c.change(&form)
		var a application.Answers
		faults(t, form.Answer(&a), strings.Fields(c.want)...)
		if (c.want == "") != a.CompanyDone {
			t.Errorf("%+v: done %v", form, a.CompanyDone)
		}
		if a.CompanyDone && a.Company() != form {
			t.Errorf("shown again: %+v, want %+v", a.Company(), form)
		}
	}
	t.Run("changing it keeps the address", func(t *testing.T) {
		var a application.Answers
		faults(t, good.Answer(&a))
		faults(t, application.AddressForm{Line1: "Ring 9", Country: "AT"}.Answer(&a, account.LegalPerson))
		before := a.Organization
		good.Name = "Bau AG"
		faults(t, good.Answer(&a))
		if a.Organization.Address.Line1 != "Ring 9" || a.Organization.Name != "Bau AG" || before.Name == "Bau AG" {
			t.Errorf("%+v", a.Organization)
		}
	})
}

func TestAddressForm(t *testing.T) {
	good := application.AddressForm{Stay: "abroad", Line1: "Hauptstraße 1", Line2: "10115 Berlin", Country: "DE"}
	for _, c := range []struct {
		change func(*application.AddressForm)
		kind   account.Kind
		want   string
	}{
		{func(*application.AddressForm) {}, account.NaturalPerson, ""},
		{func(f *application.AddressForm) { *f = application.AddressForm{} }, account.NaturalPerson, "stay.missing line1.missing country.missing"},
		{func(f *application.AddressForm) { f.Stay = "here" }, account.NaturalPerson, "stay.missing"},
		{func(f *application.AddressForm) { f.Line3 = strings.Repeat("x", 101) }, account.NaturalPerson, "line3.too_long"},
		{func(f *application.AddressForm) { f.Line1 = "-" }, account.NaturalPerson, "line1.characters"},
		{func(f *application.AddressForm) { f.Stay = "" }, account.LegalPerson, ""},
	} {
		form := good
		c.change(&form)
		a := application.Answers{Profile: account.Profile{}}
		if c.kind == account.LegalPerson {
			a.Organization = &account.Organization{Name: "x"}
		}
		faults(t, form.Answer(&a, c.kind), strings.Fields(c.want)...)
		if (c.want == "") != a.AddressDone || a.AddressDone && a.AddressForm() != form {
			t.Errorf("%+v: %+v", form, a)
		}
	}
}

func TestNext(t *testing.T) {
	for _, kind := range []account.Kind{account.NaturalPerson, account.LegalPerson} {
		a := application.Application{Kind: kind, State: application.Draft, ExpiresAt: today.Add(time.Hour)}
		var seen []application.Step
		visit := func(want application.Step) {
			t.Helper()
			if got := application.Next(a, today); got != want {
				t.Errorf("%s: next %s, want %s", kind, got, want)
			}
			seen = append(seen, want)
			for _, s := range []application.Step{"email", application.StepCode, application.StepPassword, application.StepPerson, application.StepCompany,
				application.StepAddress, application.StepDocument, application.StepCheck, application.StepDone, application.StepGone} {
				open := s == want || a.State == application.EmailConfirmed && s != application.StepCode && slices.Contains(seen, s)
				if application.Reaches(a, s, today) != open {
					t.Errorf("%s at %s: %s open %v", kind, want, s, !open)
				}
			}
		}
		visit(application.StepCode)
		a.State = application.EmailConfirmed
		visit(application.StepPassword)
		a.PasswordHash = "x"
		visit(application.StepPerson)
		a.Answers.PersonDone = true
		if kind == account.LegalPerson {
			visit(application.StepCompany)
			a.Answers.CompanyDone = true
		}
		visit(application.StepAddress)
		a.Answers.AddressDone = true
		visit(application.StepDocument)
		a.Answers.DocumentDone = true
		visit(application.StepCheck)
		if n, of := application.Place(kind, application.StepCheck); n != of || of != len(seen)+1 {
			t.Errorf("%s: page %d of %d", kind, n, of)
		}
		for _, s := range []application.State{application.Submitted, application.Approved, application.InReview, application.Rejected} {
			seen, a.State = nil, s
			visit(application.StepDone)
		}
		seen, a.State = nil, application.EmailConfirmed
		a.ExpiresAt = today
		visit(application.StepGone)
	}
}
