package apply_test

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"omgevingsloket-id/e2e/site"
	"omgevingsloket-id/op/apply"
	"omgevingsloket-id/op/web"
	"omgevingsloket-id/pkg/application"
	"omgevingsloket-id/pkg/errs"
	"omgevingsloket-id/pkg/password"
	"omgevingsloket-id/pkg/secret"
)

var formPaths = []string{"/apply/code", "/apply/password", "/apply/person", "/apply/company", "/apply/address", "/apply/document", "/apply/check", "/apply/done"}

// Every page redirects to the first unfinished step if it comes later, and is shown
// if it comes earlier.
func TestApplyOutOfTurn(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{"burger", "bedrijf"} {
		s := newSite(t)
		order := []string{"/apply/password", "/apply/person", "/apply/company", "/apply/address", "/apply/document", "/apply/check"}
		if kind == "burger" {
			order = []string{"/apply/password", "/apply/person", "/apply/address", "/apply/document", "/apply/check"}
		}
		for i, next := range order {
			v := s.visitor()
			v.fill(kind, strings.TrimPrefix(next, "/apply/")+"@example.com", next)
			reached := order[:i+1]
			for _, path := range formPaths {
				p := v.get(path)
				open := false
				for _, r := range reached {
					open = open || r == path
				}
				if open {
					p.Is(200)
				} else {
					p.Leads(next)
				}
			}
			if next != "/apply/check" {
				v.send().Leads(next)
				if v.application().State != application.EmailConfirmed {
					t.Errorf("%s: sent from %s", kind, next)
				}
			}
		}
	}
}

func TestApplyWithoutDraft(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	v := s.visitor()
	u, err := url.Parse(s.Server.URL)
	site.Must(t, err)
	check := func() {
		t.Helper()
		for _, path := range formPaths {
			v.get(path).Is(http.StatusGone).Has(`href="/apply"`, "Begin opnieuw")
		}
		v.post("/apply/person", personFields()).Is(http.StatusGone)
		v.send().Is(http.StatusGone)
		v.upload("x.pdf", []byte(smallPDF)).Is(http.StatusGone)
		v.get("/apply").Is(200)
		v.get("/apply/email?kind=burger").Is(200)
	}
	check()
	for _, value := range []string{"", "x", "olid_app_", "olid_ses_" + strings.Repeat("A", 43), secret.New(bytes.NewReader(make([]byte, 32)), secret.KindApplication).Reveal()} {
		v.HTTP.Jar.SetCookies(u, []*http.Cookie{{Name: "olid-apply", Value: value, Path: "/"}})
		check()
	}
	// Of two cookies with one name neither is used.
	real := s.visitor()
	real.fill("burger", "jo@example.com", "/apply/person")
	r, err := http.NewRequest(http.MethodGet, s.Server.URL+"/apply/person", nil)
	site.Must(t, err)
	for range 2 {
		r.AddCookie(&http.Cookie{Name: "olid-apply", Value: real.handle().Reveal()})
	}
	resp, err := (&http.Client{}).Do(r)
	site.Must(t, err)
	resp.Body.Close()
	if resp.StatusCode != http.StatusGone {
		t.Errorf("two handles: status %d", resp.StatusCode)
	}
}

func TestApplyPasswordReasons(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	v := s.visitor()
	v.confirm("burger", "jo.vandenberg@example.com")
	for _, c := range []struct{ typed, reason string }{
		{"", "Kies een wachtwoord"},
		{"kort", "te kort"},
		{"wachtwoord123", "makkelijk te raden"},
		{"jo.vandenberg@example.com", "uw e-mailadres"},
		{"omgevingsloket2026", "de naam van deze dienst"},
		{"xyxyxyxyxyxyxyxy", "steeds hetzelfde"},
		{"abcdefghijklmnop", "een reeks"},
		{strings.Repeat("vier paarden ", 40), "te lang"},
	} {
		p := v.post("/apply/password", form("password", c.typed)).Wrong("password").Has(c.reason)
		if input := regexp.MustCompile(`<input[^>]*name="password"[^>]*>`).FindString(p.Body); input == "" || strings.Contains(input, "value=") {
			t.Errorf("%q comes back in the page: %s", c.typed, input)
		}
	}
	if v.application().PasswordHash != "" {
		t.Error("a refused password was kept")
	}
	v.post("/apply/password", form("password", goodPassword)).Leads("/apply/person")
	v.get("/apply/password").Is(200).Has("al een wachtwoord").Without(goodPassword)
}

// Typed text is kept, also when it is wrong.
func TestApplyTypedIsKept(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	v := s.visitor()
	v.fill("bedrijf", "jo@example.com", "/apply/person")

	v.post("/apply/person", form("given_name", "", "family_name", "Ünal", "birth_day", "31", "birth_month", "2", "birth_year", "1990", "phone", "0612345678")).
		Wrong("given_name").Wrong("birth").Wrong("phone").Has(`value="Ünal"`, `value="31"`, `value="0612345678"`, "<title>Fout:")
	if a := v.application(); a.Answers.FamilyName != "" {
		t.Errorf("half stored: %+v", a.Answers)
	}
	v.post("/apply/person", personFields()).Leads("/apply/company")

	bad := companyFields()
	bad.Set("registration_number", "")
	bad.Set("registration_country", "ZZ")
	v.post("/apply/company", bad).Wrong("registration_number").Wrong("registration_country").Has(`value="Firmenbuch Wien"`, `value="authorized" checked`)
	bad.Set("registration_country", "AT")
	bad.Set("register", "")
	bad.Set("not_registered", "Eenmanszaak\nzonder inschrijving")
	v.post("/apply/company", bad).Leads("/apply/address")
	if o := v.application().Answers.Organization; o.NotRegistered != "Eenmanszaak zonder inschrijving" || o.RegistrationNumber != "" {
		t.Errorf("%+v", o)
	}

	v.post("/apply/address", form("line1", "", "line2", "10115 Berlin", "country", "DE")).Wrong("line1").Has(`value="10115 Berlin"`, `value="DE" selected`)
}

// The second of two tabs shows that the first changed the answer, keeps what was
// typed, and may overwrite it.
func TestApplyTwoTabs(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	v := s.visitor()
	v.fill("burger", "jo@example.com", "/apply/address")
	for _, c := range []struct {
		path, field string
		first       url.Values
	}{
		{"/apply/person", "family_name", personFields()},
		{"/apply/address", "line1", addressFields("burger")},
	} {
		seen := v.get(c.path).Hidden("seen") // both tabs open the page
		first, second := c.first, url.Values{}
		for name, values := range first {
			second[name] = values
		}
		first.Set(c.field, "Eerste")
		first.Set("seen", seen)
		second.Set(c.field, "Tweede")
		second.Set("seen", seen)
		v.post(c.path, first).Is(http.StatusSeeOther)
		p := v.post(c.path, second).Is(http.StatusConflict).Has("ander tabblad", `value="Tweede"`)
		v.get(c.path).Has(`value="Eerste"`)
		second.Set("seen", p.Hidden("seen"))
		v.post(c.path, second).Is(http.StatusSeeOther)
		v.get(c.path).Has(`value="Tweede"`)
		// The same answers again are no conflict, also from an old page.
		second.Set("seen", seen)
		v.post(c.path, second).Is(http.StatusSeeOther)
	}
}

// The narrowest race: another tab saves between the read and the write.
func TestApplySaveConflict(t *testing.T) {
	t.Parallel()
	var counted *counter
	s := newAltered(t, func(r *apply.Room) {
		counted = &counter{Store: r.Store, accounts: r.Accounts}
		r.Store = counted
	})
	v := s.visitor()
	v.fill("burger", "jo@example.com", "/apply/address")
	interrupt := func(change func(*application.Application)) {
		once := true
		counted.before = func(call string) {
			if call == "Save" && once {
				once = false
				a := v.application()
				change(&a)
				_, err := s.Stores.DB.Applications().Save(context.Background(), a)
				site.Must(t, err)
			}
		}
	}
	interrupt(func(a *application.Application) { a.Answers.FamilyName = "Eerste" })
	fields := addressFields("burger")
	p := v.post("/apply/address", fields).Is(http.StatusConflict).Has(`value="Hauptstraße 1"`)
	fields.Set("seen", p.Hidden("seen"))
	v.post("/apply/address", fields).Leads("/apply/document")
	if a := v.application(); a.Answers.FamilyName != "Eerste" || a.Answers.Address.Line1 != "Hauptstraße 1" {
		t.Errorf("%+v", a.Answers)
	}
	// A password and a document do not depend on the answers and are saved.
	interrupt(func(a *application.Application) { a.Answers.FamilyName = "Tweede" })
	v.post("/apply/password", form("password", goodPassword+" en stro")).Leads("/apply/document")
	interrupt(func(a *application.Application) { a.Answers.FamilyName = "Derde" })
	v.upload("x.pdf", []byte(smallPDF)).Leads("/apply/check")
	if a := v.application(); a.Answers.FamilyName != "Derde" || !a.Answers.DocumentDone {
		t.Errorf("%+v", a.Answers)
	}
}

type brokenHasher struct{}

func (brokenHasher) Hash(context.Context, string) (string, error) {
	return "", errors.Join(errs.ErrUnavailable, errors.New("the gate is full"))
}

// An unavailable store is not reported as invalid input.
func TestApplyUnavailable(t *testing.T) {
	t.Parallel()
	s := newAltered(t, func(r *apply.Room) { r.Hasher = brokenHasher{} })
	v := s.visitor()
	v.confirm("burger", "jo@example.com")
	p := v.post("/apply/password", form("password", goodPassword)).Is(http.StatusServiceUnavailable)
	if p.Header.Get("Retry-After") == "" {
		t.Error("no Retry-After")
	}
	site.Must(t, s.Stores.DB.Close())
	v.get("/apply/password").Is(http.StatusServiceUnavailable)
	v.get("/apply").Is(http.StatusServiceUnavailable)
	v.post("/apply/email?kind=burger", form("email", "an@example.com")).Is(http.StatusServiceUnavailable)
}

// Every reason of the password policy has a text.
func TestApplyPasswordTexts(t *testing.T) {
	t.Parallel()
	catalog, err := web.LoadCatalog()
	site.Must(t, err)
	catalog.Missing = func(lang, key string) { t.Errorf("no text in %s for %q", lang, key) }
	for _, p := range []password.Problem{
		password.TooShort, password.TooLong, password.Common, password.AboutYou, password.Repetitive, password.Sequence, password.NotText,
	} {
		for _, l := range web.Langs {
			catalog.Text(l.Code, "web.password."+string(p), "Min", 12, "Max", 256)
		}
	}
}
