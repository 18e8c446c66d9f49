package intake_test

import (
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/application"
	"omgevingsloket-id/pkg/intake"
)

var today = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

var jo = intake.PersonForm{GivenName: "Jo", FamilyName: "van der Berg", Day: "1", Month: "2", Year: "1990"}

func faults(t *testing.T, got []intake.Fault, want ...string) {
	t.Helper()
	var found []string
	for _, f := range got {
		found = append(found, f.Field+"."+f.Why)
	}
	if !slices.Equal(found, want) {
		t.Errorf("Answer() = %v, want %v", found, want)
	}
}

func TestPersonForm(t *testing.T) {
	t.Parallel()
	var a application.Answers
	form := jo
	form.GivenName, form.Phone = "  Jo\u0308  Anne ", "+31 (0)20-123 45 67"
	faults(t, form.Answer(&a, today))
	want := application.Answers{PersonDone: true, Profile: account.Profile{GivenName: "Jö Anne", FamilyName: "van der Berg", Birthdate: "1990-02-01", Phone: "+31201234567"}}
	if !reflect.DeepEqual(a, want) {
		t.Errorf("Answer() makes %+v, want %+v", a, want)
	}
	if got := intake.PersonOf(a); got != (intake.PersonForm{GivenName: "Jö Anne", FamilyName: "van der Berg", Day: "1", Month: "2", Year: "1990", Phone: "+31201234567"}) {
		t.Errorf("PersonOf() = %+v", got)
	}
	t.Run("somebody with one name", func(t *testing.T) {
		var a application.Answers
		form := jo
		form.GivenName = " - "
		faults(t, form.Answer(&a, today))
		if a.GivenName != "" || intake.PersonOf(a).GivenName != "-" {
			t.Errorf("a given name of - becomes %+v", a)
		}
	})
}

func TestPersonFormFaults(t *testing.T) {
	t.Parallel()
	with := func(change func(*intake.PersonForm)) intake.PersonForm {
		f := jo
		change(&f)
		return f
	}
	born := func(d, m, y string) intake.PersonForm {
		return with(func(f *intake.PersonForm) { f.Day, f.Month, f.Year = d, m, y })
	}
	given := func(s string) intake.PersonForm {
		return with(func(f *intake.PersonForm) { f.GivenName = s })
	}
	phone := func(s string) intake.PersonForm { return with(func(f *intake.PersonForm) { f.Phone = s }) }
	for _, c := range []struct {
		form intake.PersonForm
		want string
	}{
		{intake.PersonForm{}, "given_name.missing family_name.missing birth.missing"},
		{given(" \t\n"), "given_name.missing"},
		{given("'"), "given_name.characters"},
		{given(strings.Repeat("é", 100)), ""},
		{given(strings.Repeat("é", 101)), "given_name.too_long"},
		{given("-"), ""},
		{with(func(f *intake.PersonForm) { f.GivenName, f.FamilyName = "--", ". ." }), "family_name.none"},
		{with(func(f *intake.PersonForm) { f.GivenName, f.FamilyName = "\u2013", " - " }), "family_name.none"},
		{given("Jo\u202eeB"), "given_name.characters"},
		{given("J" + strings.Repeat("\u0316", 5)), "given_name.characters"},
		{given("J\ufffd"), "given_name.characters"},
		{given("Jo\ue000"), "given_name.characters"},
		{given("محمد"), ""},
		{given("می\u200cخواهم"), ""},
		{given("O'Neill-Süß, J.P. s/o Kumar 3"), ""},
		{given("<script>alert(1)</script>"), ""}, // valid text: pages escape it
		{born("31", "2", "1990"), "birth.not_real"},
		{born("29", "2", "1992"), ""},
		{born("1", "0", "1990"), "birth.not_real"},
		{born("", "", "2008"), "birth.too_young"}, // perhaps
		{born("00", "02", "2008"), ""},
		{born("00", "03", "2008"), "birth.too_young"},
		{born("00", "00", "2026"), "birth.too_young"},
		{born("", "", "2027"), "birth.future"},
		{born("1", "13", "1990"), "birth.not_real"},
		{born("1", "mars", "1990"), "birth.not_real"},
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
		{phone("ext 12"), "phone.country_code"},
		{phone("+999 " + strings.Repeat("1 ", 30)), "phone.length"},
		{phone("+32 470 \u202e12 34 56"), "phone.characters"},
	} {
		var a application.Answers
		faults(t, c.form.Answer(&a, today), strings.Fields(c.want)...)
		if (c.want == "") != a.PersonDone {
			t.Errorf("%+v: PersonDone = %v, want %v", c.form, a.PersonDone, c.want == "")
		}
		if c.want != "" && !reflect.DeepEqual(a, application.Answers{}) {
			t.Errorf("%+v: partly stored: %+v", c.form, a)
		}
	}
}

// Y1, Y2, Y4, Y8-Y10, Y12: what is stored of what people type.
func TestY1_Y2_Y4_Y8_Y9_Y10_Y12_PersonForm(t *testing.T) {
	t.Parallel()
	type stored struct{ given, family, birth, phone string }
	for _, c := range []struct {
		form intake.PersonForm
		want stored
	}{
		{intake.PersonForm{GivenName: "\ufeffJan\u00ad", FamilyName: "\u200bכהן\u200f", Day: "１７", Month: "５", Year: "１９８０", Phone: "\u202a+32 470 12 34 56\u202c"}, stored{"Jan", "כהן", "1980-05-17", "+32470123456"}},
		{intake.PersonForm{GivenName: "Jo\x07", FamilyName: "Jean\u2011Luc\u00a0\u3000d’Arc", Day: "٣", Month: "٢", Year: "١٩٨٠", Phone: "＋３２ ４７０ １２３４５６"}, stored{"Jo", "Jean-Luc d’Arc", "1980-02-03", "+32470123456"}},
		{intake.PersonForm{GivenName: "می\u200cخواهم", FamilyName: "O´Brien", Day: "17", Month: "Mei.", Year: "1980", Phone: "+39 (0)6 1234 5678"}, stored{"می\u200cخواهم", "O´Brien", "1980-05-17", "+390612345678"}},
		{intake.PersonForm{GivenName: "Suharto", FamilyName: " \u2013 ", Day: "00", Month: "00", Year: "1980", Phone: "+31 20 123 4567 ext 12"}, stored{"Suharto", "", "1980-00-00", "+31201234567;ext=12"}},
		{intake.PersonForm{GivenName: "－", FamilyName: "Suharto", Year: "1980", Phone: "+999 12 34\u00a056 78"}, stored{"", "Suharto", "1980-00-00", "+999 12 34 56 78"}},
		{intake.PersonForm{GivenName: "Suharto", FamilyName: "---", Day: "00", Month: "05", Year: "1980"}, stored{"Suharto", "", "1980-05-00", ""}},
		{intake.PersonForm{GivenName: ".", FamilyName: "Suharto", Day: "17", Month: "MEI/MAY", Year: "1980", Phone: "[+32] 470 O12345"}, stored{"", "Suharto", "1980-05-17", "[+32] 470 O12345"}},
		{intake.PersonForm{GivenName: "Jo", FamilyName: "Berg", Day: "XX", Month: "may", Year: "1980", Phone: "+32 470 12 34 56 (na 18 uur)"}, stored{"Jo", "Berg", "1980-05-00", "+32 470 12 34 56 (na 18 uur)"}},
	} {
		var a application.Answers
		faults(t, c.form.Answer(&a, today))
		if got := (stored{a.GivenName, a.FamilyName, a.Birthdate, a.Phone}); got != c.want {
			t.Errorf("%+v is stored as %+q, want %+q", c.form, got, c.want)
		}
		again := a
		faults(t, intake.PersonOf(a).Answer(&again, today))
		if !reflect.DeepEqual(again, a) {
			t.Errorf("PersonOf() = %+v, which is stored as %+v, want %+v", intake.PersonOf(a), again, a)
		}
	}
}

// Y11: names of companies are long.
func TestY11_CompanyName(t *testing.T) {
	t.Parallel()
	for length, want := range map[int]string{160: "", 200: "", 300: "", 301: "organization_name.too_long"} {
		var a application.Answers
		faults(t, intake.CompanyForm{Name: strings.Repeat("é", length), Country: "AT", Register: "Firmenbuch", Number: "ＦＮ １２３\u200b", Role: "director"}.Answer(&a, ""), strings.Fields(want)...)
		if want == "" && a.Organization.RegistrationNumber != "FN 123" {
			t.Errorf("the number is stored as %q", a.Organization.RegistrationNumber)
		}
	}
}

func TestCompanyForm(t *testing.T) {
	t.Parallel()
	good := intake.CompanyForm{Name: "Bau & Söhne GmbH", Country: "AT", Register: "Firmenbuch", Number: "FN 1x", Role: "director"}
	for _, c := range []struct {
		change func(*intake.CompanyForm)
		want   string
	}{
		{func(*intake.CompanyForm) {}, ""},
		{func(f *intake.CompanyForm) { *f = intake.CompanyForm{} },
			"organization_name.missing registration_country.missing registration_number.missing role.missing"},
		{func(f *intake.CompanyForm) { f.Country = "ZZ" }, "registration_country.missing"},
		{func(f *intake.CompanyForm) { f.Register = "" }, "register.missing"},
		{func(f *intake.CompanyForm) { f.Number = "" }, "registration_number.missing"},
		{func(f *intake.CompanyForm) { f.Register, f.Number, f.NotRegistered = "", "", "Eenmanszaak" }, ""},
		{func(f *intake.CompanyForm) { f.NotRegistered = "Eenmanszaak" }, "not_registered.both"},
		{func(f *intake.CompanyForm) { f.Number, f.NotRegistered = "", strings.Repeat("x", 501) }, "not_registered.too_long"},
		{func(f *intake.CompanyForm) { f.Role = "owner" }, "role.missing"},
	} {
		form := good
		c.change(&form)
		var a application.Answers
		faults(t, form.Answer(&a, ""), strings.Fields(c.want)...)
		if (c.want == "") != a.CompanyDone {
			t.Errorf("%+v: CompanyDone = %v, want %v", form, a.CompanyDone, c.want == "")
		}
		if a.CompanyDone && intake.CompanyOf(a) != form {
			t.Errorf("CompanyOf() = %+v, want %+v", intake.CompanyOf(a), form)
		}
	}
	t.Run("changing it keeps the address", func(t *testing.T) {
		var a application.Answers
		faults(t, good.Answer(&a, ""))
		faults(t, intake.AddressForm{Line1: "Ring 9", Country: "AT"}.Answer(&a, account.LegalPerson))
		before := a.Organization
		good.Name = "Bau AG"
		faults(t, good.Answer(&a, ""))
		if a.Organization.Address.Line1 != "Ring 9" || a.Organization.Name != "Bau AG" || before.Name == "Bau AG" {
			t.Errorf("Answer() makes %+v, want the new name with the same address", a.Organization)
		}
	})
}

// Z9: the company is in a register or it is not, and only the fields of the choice
// count.
func TestZ9_CompanyRegistered(t *testing.T) {
	t.Parallel()
	both := intake.CompanyForm{Name: "Bau", Country: "AT", Register: "Firmenbuch", Number: "FN 1x", NotRegistered: "Eenmanszaak", Role: "director"}
	for _, c := range []struct {
		choice string
		change func(*intake.CompanyForm)
		want   string
	}{
		{intake.InRegister, func(*intake.CompanyForm) {}, ""},
		{intake.InNoRegister, func(*intake.CompanyForm) {}, ""},
		{"", func(*intake.CompanyForm) {}, "not_registered.both"},
		{intake.InRegister, func(f *intake.CompanyForm) { f.Number = "" }, "registration_number.missing"},
		{intake.InRegister, func(f *intake.CompanyForm) { f.Register = "" }, "register.missing"},
		{intake.InRegister, func(f *intake.CompanyForm) { f.Register, f.Number = "", "" }, "registration_number.missing register.missing"},
		{intake.InNoRegister, func(f *intake.CompanyForm) { f.NotRegistered = "" }, "not_registered.missing"},
		{intake.InNoRegister, func(f *intake.CompanyForm) { f.NotRegistered = " \u200b" }, "not_registered.missing"},
	} {
		form := both
		c.change(&form)
		var a application.Answers
		faults(t, form.Answer(&a, c.choice), strings.Fields(c.want)...)
		if c.want != "" {
			continue
		}
		stored := intake.CompanyOf(a)
		if inRegister := c.choice == intake.InRegister; stored.Registered() != c.choice || (stored.Number != "") != inRegister || (stored.Register != "") != inRegister || (stored.NotRegistered != "") == inRegister {
			t.Errorf("choice %q stores %+v", c.choice, stored)
		}
	}
	for _, form := range []intake.CompanyForm{{}, both} {
		if got := form.Registered(); got != "" {
			t.Errorf("Registered() of %+v = %q, want none", form, got)
		}
	}
}

func TestAddressForm(t *testing.T) {
	t.Parallel()
	good := intake.AddressForm{Stay: "abroad", Line1: "Hauptstraße 1", Line2: "10115 Berlin", Country: "DE"}
	for _, c := range []struct {
		change func(*intake.AddressForm)
		kind   account.Kind
		want   string
	}{
		{func(*intake.AddressForm) {}, account.NaturalPerson, ""},
		{func(f *intake.AddressForm) { *f = intake.AddressForm{} }, account.NaturalPerson, "stay.missing line1.missing country.missing"},
		{func(f *intake.AddressForm) { f.Stay = "here" }, account.NaturalPerson, "stay.missing"},
		{func(f *intake.AddressForm) { f.Line3 = strings.Repeat("x", 101) }, account.NaturalPerson, "line3.too_long"},
		{func(f *intake.AddressForm) { f.Line1 = "-" }, account.NaturalPerson, "line1.characters"},
		{func(f *intake.AddressForm) { f.Stay = "" }, account.LegalPerson, ""},
	} {
		form := good
		c.change(&form)
		a := application.Answers{Profile: account.Profile{}}
		if c.kind == account.LegalPerson {
			a.Organization = &account.Organization{Name: "x"}
		}
		faults(t, form.Answer(&a, c.kind), strings.Fields(c.want)...)
		if (c.want == "") != a.AddressDone || a.AddressDone && intake.AddressOf(a) != form {
			t.Errorf("%+v: Answer() makes %+v, want done: %t", form, a, c.want == "")
		}
	}
}

func TestNext(t *testing.T) {
	t.Parallel()
	for _, kind := range []account.Kind{account.NaturalPerson, account.LegalPerson} {
		a := application.Application{Kind: kind, State: application.Draft, ExpiresAt: today.Add(time.Hour)}
		var seen []intake.Step
		visit := func(want intake.Step) {
			t.Helper()
			if got := intake.Next(a, today); got != want {
				t.Errorf("Next(%s) = %s, want %s", kind, got, want)
			}
			seen = append(seen, want)
			for _, s := range []intake.Step{"email", intake.StepCode, intake.StepPassword, intake.StepPerson, intake.StepCompany,
				intake.StepAddress, intake.StepDocument, intake.StepCheck, intake.StepDone, intake.StepGone} {
				open := s == want || a.State == application.EmailConfirmed && s != intake.StepCode && slices.Contains(seen, s)
				if intake.Reaches(a, s, today) != open {
					t.Errorf("%s at %s: Reaches(%s) = %v, want %v", kind, want, s, !open, open)
				}
			}
		}
		visit(intake.StepCode)
		a.State = application.EmailConfirmed
		visit(intake.StepPassword)
		a.PasswordHash = "x"
		visit(intake.StepPerson)
		a.Answers.PersonDone = true
		if kind == account.LegalPerson {
			visit(intake.StepCompany)
			a.Answers.CompanyDone = true
		}
		visit(intake.StepAddress)
		a.Answers.AddressDone = true
		visit(intake.StepDocument)
		a.Answers.DocumentDone = true
		visit(intake.StepCheck)
		if n, of := intake.Place(a, intake.StepCheck); n != of || of != len(seen)+1 {
			t.Errorf("Place(%s, check) = %d, %d, want the last of %d", kind, n, of, len(seen)+1)
		}
		for _, s := range []application.State{application.Submitted, application.Approved, application.InReview, application.Rejected} {
			seen, a.State = nil, s
			visit(intake.StepDone)
		}
		seen, a.State = nil, application.EmailConfirmed
		a.ExpiresAt = today
		visit(intake.StepGone)
	}
}
