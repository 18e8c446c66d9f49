package apply_test

import (
	"net/http"
	"net/url"
	"reflect"
	"strings"
	"testing"

	"omgevingsloket-id/e2e/site"
	"omgevingsloket-id/pkg/application"
)

// typedAs returns fields as they are typed in one way; choices are not typed.
func typedAs(t site.Typing, fields url.Values) url.Values {
	out := url.Values{}
	for name, values := range fields {
		out[name] = values
		if name != "country" && name != "registration_country" && name != "role" && name != "stay" && values[0] != "" {
			out.Set(name, t.Of(values[0]))
		}
	}
	return out
}

// Y1-Y4, Y6: an application is the same however it is typed: address, code, each text
// field of each form, reference number, code of the status page, and an answer.
func TestY1_Y2_Y3_Y4_Y6_Application(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	apply := func(email string, typing site.Typing) (application.Answers, *visitor) {
		v := s.visitor()
		v.post("/apply/email?kind=bedrijf", form("email", typing.Of(email))).Leads("/apply/code")
		v.post("/apply/code", form("code", typing.Of(s.code(email)))).Leads("/apply/password")
		v.post("/apply/password", form("password", goodPassword)).Leads("/apply/person")
		v.post("/apply/person", typedAs(typing, personFields())).Leads("/apply/company")
		v.post("/apply/company", typedAs(typing, companyFields())).Leads("/apply/address")
		v.post("/apply/address", typedAs(typing, addressFields("bedrijf"))).Leads("/apply/document")
		v.upload("paspoort.pdf", []byte(smallPDF)).Leads("/apply/check")
		v.send().Leads("/apply/done")
		return v.application().Answers, v
	}
	want, _ := apply("jan-plain@example.org", site.Typing{Of: func(s string) string { return s }})
	for i, typing := range site.Typings() {
		email := "jan-" + string(rune('a'+i)) + "12@example.org"
		got, v := apply(email, typing)
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s: stored %+v, want %+v", typing.Name, got, want)
		}
		reference := v.application().Reference
		other := s.visitor()
		other.post("/apply/status/find", form("reference", typing.Of(reference))).Leads("/apply/status/code?reference=" + reference)
		other.post("/apply/status/code", form("reference", typing.Of(reference), "code", typing.Of(s.code(email)))).Leads("/apply/status")
	}
}

// Y6, Y7: the reference number is read however it is divided; on the page of its code,
// what cannot be a code gets its own text and counts nothing.
func TestY6_Y7_StatusCode(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	v := s.visitor()
	const email = "jo@example.com"
	v.fill("burger", email, "")
	v.send().Leads("/apply/done")
	reference := v.application().Reference
	other := s.visitor()
	for _, typing := range []string{
		strings.ToLower(reference), strings.ReplaceAll(reference, "-", ""), strings.ReplaceAll(reference, "-", " "), strings.ReplaceAll(reference, "-", " \u2014 "),
		strings.TrimPrefix(reference, "OLID-"), reference + ".", "(" + reference + ")",
	} {
		other.post("/apply/status/find", form("reference", typing)).Leads("/apply/status/code?reference=" + reference)
	}
	code := s.code(email)
	for _, typing := range []string{"", "12345", "1234567", "      ", "jan@example.org", "wachtwoord"} {
		for range 2 {
			other.post("/apply/status/code?reference="+reference, form("reference", reference, "code", typing)).Is(http.StatusUnprocessableEntity).Has("6 cijfers uit de e-mail")
		}
	}
	other.post("/apply/status/code", form("reference", reference, "code", code)).Leads("/apply/status")
}

// Y6: the codes of an application and of its status page are their digits, however they
// are divided.
func TestY6_DividedCodes(t *testing.T) {
	t.Parallel()
	for i, divided := range []func(string) string{
		func(c string) string { return c[:3] + " " + c[3:] },
		func(c string) string { return c[:3] + "\u2013" + c[3:] },
		func(c string) string { return "(" + c[:2] + "." + c[2:4] + "." + c[4:] + ")" },
		func(c string) string { return strings.Join(strings.Split(c, ""), "\u00a0") + "." },
	} {
		s := newSite(t)
		v := s.visitor()
		email := "jo-" + string(rune('a'+i)) + "@example.com"
		v.begin("burger", email)
		v.post("/apply/code", form("code", divided(s.code(email)))).Leads("/apply/password")
		v.fill("burger", "an-"+email, "")
		v.send().Leads("/apply/done")
		reference, other := v.application().Reference, s.visitor()
		other.post("/apply/status/find", form("reference", reference)).Is(http.StatusSeeOther)
		other.post("/apply/status/code", form("reference", reference, "code", divided(s.code("an-"+email)))).Leads("/apply/status")
	}
}

// Y8, Y10-Y12: what some people's papers say has room in the form, and comes back on
// the page that is checked.
func TestY8_Y9_Y10_Y11_Y12_Form(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	v := s.visitor()
	v.fill("bedrijf", "jo@my--shop.example", "/apply/person")
	person := form("given_name", "Suharto", "family_name", "-", "birth_day", "", "birth_month", "", "birth_year", "1980", "phone", "+999 12 34 56 78")
	v.post("/apply/person", person).Leads("/apply/company")
	v.get("/apply/person").Has(`name="birth_month" type="text" inputmode="text"`, `name="family_name"`, `value="00"`, `value="1980"`, `value="+999 12 34 56 78"`)
	company := companyFields()
	name := strings.Repeat("Maatschappij ", 15) + "N.V."
	company.Set("organization_name", name)
	v.post("/apply/company", company).Leads("/apply/address")
	v.post("/apply/address", addressFields("bedrijf")).Leads("/apply/document")
	v.upload("paspoort.pdf", []byte(smallPDF)).Leads("/apply/check")
	v.get("/apply/check").Has("Suharto", "1980 (dag en maand onbekend)", "+999 12 34 56 78", name)
	v.send().Leads("/apply/done")
	mails := s.mailsTo("jo@my--shop.example")
	if receipt := mails[len(mails)-1].Text.Reveal(); !strings.Contains(receipt, "Achternaam: geen") || !strings.Contains(receipt, "1980 (dag en maand onbekend)") {
		t.Errorf("the receipt is\n%s", receipt)
	}
	second := s.visitor()
	second.fill("burger", "anna@example.com", "/apply/person")
	second.post("/apply/person", form("given_name", "-", "family_name", "-", "birth_day", "1", "birth_month", "mei", "birth_year", "1980", "phone", "")).Wrong("family_name").Has("ten minste 1 naam")
	second.post("/apply/person", form("given_name", "Anna", "family_name", "Berg", "birth_day", "00", "birth_month", "mei", "birth_year", "1980", "phone", "+31 20 123 4567 tst 12")).Leads("/apply/address")
	second.post("/apply/address", addressFields("burger")).Leads("/apply/document")
	second.upload("paspoort.pdf", []byte(smallPDF)).Leads("/apply/check")
	second.get("/apply/check").Has("mei 1980 (dag onbekend)", "+31201234567 toestel 12")
}
