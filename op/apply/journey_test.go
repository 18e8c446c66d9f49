package apply_test

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"omgevingsloket-id/e2e/site"
	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/application"
	"omgevingsloket-id/pkg/audit"
	"omgevingsloket-id/pkg/intake"
	"omgevingsloket-id/pkg/password"
)

const (
	goodPassword = "vier paarden eten hooi"
	smallPDF     = "%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\nstartxref\n9\n%%EOF\n"
)

func personFields() url.Values {
	return form("given_name", "Jo", "family_name", "van der Berg", "birth_day", "1", "birth_month", "2", "birth_year", "1990", "phone", "+49 30 1234567")
}

func companyFields() url.Values {
	return form("organization_name", "Bau & Söhne GmbH", "registration_country", "AT", "register", "Firmenbuch Wien",
		"registration_number", "FN 12345x", "not_registered", "", "role", "authorized")
}

func addressFields(kind string) url.Values {
	fields := form("line1", "Hauptstraße 1", "line2", "10115 Berlin", "line3", "", "country", "DE")
	if kind == "burger" {
		fields.Set("stay", "abroad")
	}
	return fields
}

// begin goes to the page of the code.
func (v *visitor) begin(kind, email string) {
	v.s.T.Helper()
	v.post("/apply", form("kind", kind)).Leads("/apply/email?kind=" + kind)
	v.post("/apply/email?kind="+kind, form("email", email)).Leads("/apply/code")
}

func (v *visitor) confirm(kind, email string) {
	v.s.T.Helper()
	v.begin(kind, email)
	v.post("/apply/code", form("code", v.s.code(email))).Leads("/apply/password")
}

// fill goes to the page until, and does not fill that in.
func (v *visitor) fill(kind, email, until string) {
	v.s.T.Helper()
	v.confirm(kind, email)
	for _, step := range []struct {
		path string
		send func() site.Answer
	}{
		{"/apply/password", func() site.Answer { return v.post("/apply/password", form("password", goodPassword)) }},
		{"/apply/person", func() site.Answer { return v.post("/apply/person", personFields()) }},
		{"/apply/company", func() site.Answer { return v.post("/apply/company", companyFields()) }},
		{"/apply/address", func() site.Answer { return v.post("/apply/address", addressFields(kind)) }},
		{"/apply/document", func() site.Answer { return v.upload("paspoort.pdf", []byte(smallPDF)) }},
	} {
		if step.path == until {
			return
		}
		if step.path != "/apply/company" || kind == "bedrijf" {
			step.send().Is(http.StatusSeeOther)
		}
	}
}

func (v *visitor) send() site.Answer {
	v.s.T.Helper()
	return v.post("/apply/check", form("declared", "yes"))
}

// The journey as a person makes it: each page is shown, filled in, and leads to the
// next.
func TestApplyBurger(t *testing.T) {
	t.Parallel()
	for _, lang := range []string{"nl", "en"} {
		t.Run(lang, func(t *testing.T) {
			s := newSite(t)
			v := s.visitor()
			v.Lang = lang
			const email = "jo@example.com"

			v.get("/apply").Is(200).Has(`value="burger"`, `value="bedrijf"`)
			v.post("/apply", form("kind", "burger")).Leads("/apply/email?kind=burger")
			v.get("/apply/email?kind=burger").Is(200).Has(`name="email"`)
			v.post("/apply/email?kind=burger", form("email", " Jo@Example.com ")).Leads("/apply/code")
			v.get("/apply/code").Is(200).Has(email, `name="code"`)
			v.post("/apply/code", form("code", s.code(email)[:3]+" "+s.code(email)[3:])).Leads("/apply/password")
			v.get("/apply/password").Is(200).Has(`type="password"`, `autocomplete="new-password"`)
			v.post("/apply/password", form("password", goodPassword)).Leads("/apply/person")
			v.get("/apply/person").Is(200).Has(`name="birth_year"`)
			v.post("/apply/person", personFields()).Leads("/apply/address")
			v.get("/apply/address").Is(200).Has(`name="stay"`, `value="XK"`)
			v.post("/apply/address", addressFields("burger")).Leads("/apply/document")
			v.get("/apply/document").Is(200).Has(`enctype="multipart/form-data"`)
			v.upload("paspoort.pdf", []byte(smallPDF)).Leads("/apply/check")
			v.get("/apply/check").Is(200).Has(email, "van der Berg", "1990", "+49301234567", "Hauptstraße 1", "paspoort.pdf", `name="declared"`)
			v.send().Leads("/apply/done")
			done := v.get("/apply/done").Is(200).Has(`href="/start"`, email)

			a, holder := v.application(), s.account(email)
			done.Has(a.Reference)
			if a.State != application.Approved || a.AccountID != holder.ID || !strings.HasPrefix(a.Reference, "OLID-") || !a.Answers.Declared {
				t.Errorf("application %+v", a)
			}
			if holder.State != account.AwaitingEnrolment || holder.Kind != account.NaturalPerson || holder.Epoch != 1 || holder.Lang != lang || holder.Factor.Sealed != nil {
				t.Errorf("account %+v", holder)
			}
			want := account.Profile{
				GivenName: "Jo", FamilyName: "van der Berg", Birthdate: "1990-02-01", Phone: "+49301234567",
				Address: account.Address{Line1: "Hauptstraße 1", Line2: "10115 Berlin", Country: "DE"},
			}
			if holder.Profile != want {
				t.Errorf("profile %+v", holder.Profile)
			}
			checkPassword(t, holder.PasswordHash.Reveal())
		})
	}
}

func checkPassword(t *testing.T, phc string) {
	t.Helper()
	hasher, err := password.New(password.Config{})
	site.Must(t, err)
	if ok, _, err := hasher.Verify(t.Context(), phc, goodPassword); err != nil || !ok {
		t.Errorf("the password does not open the account: %v %v", ok, err)
	}
}

func TestApplyBedrijf(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	v := s.visitor()
	const email = "jo@bau.example"
	v.fill("bedrijf", email, "/apply/company")
	v.get("/apply/company").Is(200).Has(`name="registration_number"`)
	v.post("/apply/company", companyFields()).Leads("/apply/address")
	v.get("/apply/address").Is(200).Has("het bedrijf").Without(`name="stay"`)
	v.post("/apply/address", addressFields("bedrijf")).Leads("/apply/document")
	v.upload("uittreksel.pdf", nil).Leads("/apply/check") // practice accepts an empty file
	v.get("/apply/check").Is(200).Has("Bau & Söhne GmbH", "Oostenrijk", "Firmenbuch Wien", "FN 12345x", "Gemachtigde", "Duitsland", "uittreksel.pdf (0 bytes)")
	v.send().Leads("/apply/done")

	holder := s.account(email)
	o := holder.Profile.Organization
	if holder.Kind != account.LegalPerson || o == nil || o.Name != "Bau & Söhne GmbH" || o.RegistrationNumber != "FN 12345x" || o.RegistrationCountry != "AT" ||
		o.Role != "authorized" || o.Address.Country != "DE" || holder.Profile.Address != (account.Address{}) {
		t.Errorf("account %+v, %+v", holder, o)
	}
}

func TestApplyRecordAndMails(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	v := s.visitor()
	v.fill("burger", "jo@example.com", "")
	v.send()
	a := v.application()
	if got := s.actions(); !slices.Equal(got, []string{"application.started", "application.submitted", "application.approved", "account.created"}) {
		t.Errorf("record: %v", got)
	}
	for _, e := range s.events() {
		object, id := audit.ObjectApplication, a.ID
		if e.Action == "account.created" {
			object, id = audit.ObjectAccount, a.AccountID
		}
		if e.ObjectKind != object || e.ObjectID != id || e.RequestID == "" || e.Origin != "127.0.0.0/24" || !e.At.Equal(s.Clock.Now()) {
			t.Errorf("%+v", e)
		}
		if strings.Contains(e.Reason, "Berg") || strings.Contains(e.Reason, "@") {
			t.Errorf("personal data in the audit log: %+v", e)
		}
	}
	mails := s.mailsTo("jo@example.com")
	if len(mails) != 2 || mails[0].Kind != "confirm-email" || mails[1].Kind != "receipt" {
		t.Fatalf("mails: %+v", mails)
	}
	receipt := mails[1].Text.Reveal()
	for _, want := range []string{a.Reference, "van der Berg", "Hauptstraße 1", "paspoort.pdf", s.Server.URL + "/start", "oefenomgeving"} {
		if !strings.Contains(receipt, want) {
			t.Errorf("receipt without %q:\n%s", want, receipt)
		}
	}
	if s.kicks.Load() != 2 {
		t.Errorf("the mail worker was told %d times", s.kicks.Load())
	}
}

func TestApplyProduction(t *testing.T) {
	t.Parallel()
	s := newProduction(t)
	v := s.visitor()
	v.get("/apply").Has("DigiD", "eHerkenning").Without("oefenomgeving", "Oefenomgeving")
	v.fill("burger", "jo@example.com", "/apply/document")
	v.get("/apply/document").Has("burgerservicenummer", "pasfoto")
	v.upload("paspoort.pdf", []byte(smallPDF)).Leads("/apply/check")
	v.send().Leads("/apply/done")
	v.get("/apply/done").Is(200).Has(v.application().Reference, "Een medewerker").Without("/start")
	if a := v.application(); a.State != application.Submitted || a.AccountID != "" || s.account(a.Email) != nil {
		t.Errorf("%+v", a)
	}
	if got := s.actions(); !slices.Equal(got, []string{"application.started", "application.submitted"}) {
		t.Errorf("record: %v", got)
	}
}

// A draft survives closing the browser, which keeps the cookie with the handle.
func TestApplyDraftSurvives(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	v := s.visitor()
	v.fill("burger", "jo@example.com", "/apply/address")

	later := s.visitor()
	u, err := url.Parse(s.Server.URL)
	site.Must(t, err)
	later.HTTP.Jar.SetCookies(u, []*http.Cookie{{Name: "olid-apply", Value: v.handle().Reveal(), Path: "/"}})
	s.Clock.Add(intake.DraftLifetime - time.Minute)
	later.get("/apply").Is(200).Has(`href="/apply/address"`)
	later.get("/apply/person").Is(200).Has(`value="van der Berg"`, `value="1990"`)
	later.post("/apply/address", addressFields("burger")).Leads("/apply/document")

	s.Clock.Add(time.Minute)
	later.get("/apply/document").Is(http.StatusGone).Has(`href="/apply"`)
	later.post("/apply/address", addressFields("burger")).Is(http.StatusGone)
	later.get("/apply").Is(200).Without("/apply/address")
	if n, err := s.Stores.DB.Applications().Expire(t.Context(), s.Clock.Now()); err != nil || n != 1 {
		t.Fatalf("expired %d, %v", n, err)
	}
	later.get("/apply/document").Is(http.StatusGone)
	later.begin("burger", "jo@example.com")
}

func TestApplyCookieLastsAsLongAsTheDraft(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	v := s.visitor()
	v.post("/apply", form("kind", "burger"))
	p := v.post("/apply/email?kind=burger", form("email", "jo@example.com")).Leads("/apply/code")
	cookie := p.Header.Get("Set-Cookie")
	for _, want := range []string{"olid-apply=olid_app_", "Max-Age=259200", "HttpOnly", "SameSite=Lax", "Path=/"} {
		if !strings.Contains(cookie, want) {
			t.Errorf("cookie %q without %q", cookie, want)
		}
	}
}
