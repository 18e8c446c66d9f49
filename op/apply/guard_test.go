package apply_test

import (
	"bytes"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"omgevingsloket-id/e2e/site"
	"omgevingsloket-id/pkg/application"
)

// UP-23, UP-24: typed markup is shown as text.
func TestUP23_MarkupIsText(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	v := s.visitor()
	v.fill("burger", "jo@example.com", "/apply/person")
	const payload = `"><script>alert(1)</script>`
	fields := personFields()
	fields.Set("given_name", payload)
	fields.Set("birth_year", payload)
	p := v.post("/apply/person", fields).Wrong("birth")
	if strings.Contains(p.Body, "<script>alert") {
		t.Error("markup in the page")
	}
	fields.Set("birth_year", "1990")
	v.post("/apply/person", fields).Leads("/apply/address")
	v.post("/apply/address", addressFields("burger"))
	v.upload(`"><script>alert(1)</script>.pdf`, []byte(smallPDF)).Leads("/apply/check")
	for _, path := range []string{"/apply/check", "/apply/person", "/apply/document"} {
		if p := v.get(path).Is(200); strings.Contains(p.Body, "<script>alert") {
			t.Errorf("%s: markup in the page", path)
		}
	}
	for _, hostile := range []string{strings.Repeat("x", 9000), "a\x00b", "a\xffb"} {
		fields.Set("given_name", hostile)
		if p := v.post("/apply/person", fields); p.Status < 400 || p.Status >= 500 {
			t.Errorf("%.10q: status %d", hostile, p.Status)
		}
	}
}

// UP-22: every form is bound to the browser it was made for.
func TestUP22_ForeignForms(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	v, other := s.visitor(), s.visitor()
	v.fill("burger", "jo@example.com", "/apply/person")
	for _, token := range []string{"", "x", other.token()} {
		for path, fields := range map[string]url.Values{
			"/apply": form("kind", "bedrijf"), "/apply/email?kind=burger": form("email", "x@example.com"), "/apply/code": form("resend", "yes"),
			"/apply/password": form("password", goodPassword), "/apply/person": personFields(), "/apply/check": form("declared", "yes"),
		} {
			fields.Set("csrf", token)
			v.post(path, fields).Is(http.StatusForbidden)
		}
		v.parts(site.Part{Name: "csrf", Content: []byte(token)}, site.Part{Name: "document", File: "x.pdf", IsFile: true, Content: []byte(smallPDF)}).Leads("/apply/person")
	}
	if a := v.application(); a.Answers.PersonDone {
		t.Error("a forged form was believed")
	}
	r, err := http.NewRequest(http.MethodPost, s.Server.URL+"/apply/person", strings.NewReader(personFields().Encode()+"&csrf="+v.token()))
	site.Must(t, err)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Sec-Fetch-Site", "cross-site")
	v.Send(r).Is(http.StatusForbidden)
	// A form with an unknown field, or with a field twice, is refused.
	more := personFields()
	more.Set("state", "approved")
	v.post("/apply/person", more).Is(http.StatusBadRequest)
	twice := personFields()
	twice.Add("given_name", "An")
	v.post("/apply/person", twice).Is(http.StatusBadRequest)
	if v.application().Answers.PersonDone {
		t.Error("a forged form was believed")
	}
}

// Nothing about a person is stored before the address is confirmed.
func TestApplyNothingStoredBefore(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	v := s.visitor()
	const email = "jo@example.com"
	v.begin("burger", email)
	code := s.code(email)
	v.post("/apply/password", form("password", goodPassword)).Leads("/apply/code")
	v.post("/apply/person", personFields()).Leads("/apply/code")
	v.post("/apply/address", addressFields("burger")).Leads("/apply/code")
	v.upload("canary-name.pdf", []byte(smallPDF+"canary-content")).Leads("/apply/code")
	a := v.application()
	if a.PasswordHash != "" || a.Answers != (application.Answers{}) || a.Reference != "" {
		t.Errorf("%+v", a)
	}
	for _, canary := range []string{"van der Berg", "Hauptstra", "+4930", "1990-02-01", "canary", "argon2id", code} {
		if bytes.Contains(s.bytes(), []byte(canary)) {
			t.Errorf("%q is in the database", canary)
		}
	}
}

// The code, the handle and the password cannot be read in the database.
func TestApplySecretsAtRest(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	v := s.visitor()
	const email = "jo@example.com"
	v.begin("burger", email)
	raw := s.bytes() // the mail with the code waits in the outbox
	code := s.code(email)
	v.post("/apply/code", form("code", code))
	v.post("/apply/password", form("password", goodPassword))
	raw = append(raw, s.bytes()...)
	for _, canary := range []string{" " + code, `"` + code, v.handle().Reveal(), goodPassword} {
		if bytes.Contains(raw, []byte(canary)) {
			t.Errorf("%q is in the database", canary)
		}
	}
	if !bytes.Contains(raw, []byte("argon2id")) || !bytes.Contains(raw, []byte(email)) {
		t.Error("the bytes are not those of the database")
	}
}
