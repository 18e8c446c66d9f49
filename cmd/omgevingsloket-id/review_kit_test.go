package main

import (
	"crypto/rand"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/application"
	"omgevingsloket-id/pkg/record"
	"omgevingsloket-id/pkg/secret"
	"omgevingsloket-id/pkg/staff"
)

// sent makes an application that waits for an official; change may alter it.
func (s *site) sent(email string, change ...func(*application.Application)) application.Case {
	s.t.Helper()
	now, ctx := s.clock.now(), s.t.Context()
	store := s.stores.db.Applications()
	a := application.Application{
		ID: secret.NewID(rand.Reader), Handle: secret.NewID(rand.Reader), Kind: account.NaturalPerson, Lang: "nl", Email: email, CodeHash: "right",
		CodeExpires: now.Add(time.Hour), CreatedAt: now, ExpiresAt: now.Add(application.DraftLifetime),
		Answers: application.Answers{Stay: application.Abroad, Profile: account.Profile{
			GivenName: "Anna", FamilyName: "Muster", Birthdate: "1980-02-03", Address: account.Address{Line1: "Hauptstrasse 1", Country: "DE"},
		}},
	}
	for _, c := range change {
		c(&a)
	}
	must(s.t, store.Start(ctx, a, record.Record{}))
	_, err := store.TryCode(ctx, a.ID, "right", now)
	must(s.t, err)
	hasher, err := newHasher(s.config)
	must(s.t, err)
	hash, err := hasher.Hash(ctx, testPassword)
	must(s.t, err)
	a.PasswordHash = secret.Text(hash)
	a, err = store.Save(ctx, a)
	must(s.t, err)
	a.Reference, a.SubmittedAt = "OLID-"+strings.ToUpper(secret.NewID(rand.Reader)[:8]), now
	must(s.t, store.Submit(ctx, a, nil, record.Record{}))
	return s.aCase(a.ID)
}

func company(a *application.Application) {
	a.Kind = account.LegalPerson
	a.Answers.Organization = &account.Organization{
		Name: "Bau & Söhne GmbH", Register: "Handelsregister", RegistrationNumber: "HRB 12345", RegistrationCountry: "AT",
		Address: account.Address{Line1: "Ring 9", Country: "AT"}, Role: application.Authorized,
	}
}

func (s *site) aCase(id string) application.Case {
	s.t.Helper()
	c, err := s.stores.db.Cases().Case(s.t.Context(), id)
	must(s.t, err)
	return c
}

func (s *site) reviewer(name string) *browser {
	s.t.Helper()
	return s.official(name+"@gov.example", staff.Reviewer)
}

func casePath(c application.Case) string {
	return "/console/applications/case?" + url.Values{"id": {c.ID}}.Encode()
}

func decidePath(c application.Case, act string) string {
	return "/console/applications/decide?" + url.Values{"id": {c.ID}, "act": {act}}.Encode()
}

// seen is the version that the page under the browser was made from.
func (b *browser) seen() string {
	b.s.t.Helper()
	_, rest, ok := strings.Cut(b.body, `name="seen" value="`)
	if !ok {
		b.s.t.Fatalf("no version on the page at %s (status %d)\n%s", b.url, b.status, b.body)
	}
	seen, _, _ := strings.Cut(rest, `"`)
	return seen
}

// press sends a form with the token of the page under the browser.
func (b *browser) press(target string, fields ...string) *browser {
	b.s.t.Helper()
	form := url.Values{"csrf": {csrfField.FindStringSubmatch(b.body)[1]}}
	for i := 0; i+1 < len(fields); i += 2 {
		form.Add(fields[i], fields[i+1])
	}
	req := b.request(http.MethodPost, target, strings.NewReader(form.Encode()))
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Sec-Fetch-Site", "same-origin")
	return b.do(req)
}

// take takes a case.
func (b *browser) take(c application.Case) *browser {
	b.s.t.Helper()
	b.get(casePath(c)).press(casePath(c), "action", "take", "seen", b.seen())
	return b.at("/console/applications/case")
}

// decide goes through the pages of a decision, up to the mail or past it.
func (b *browser) decide(c application.Case, act, step string, fields ...string) *browser {
	b.s.t.Helper()
	b.get(decidePath(c, act)).at("/console/applications/decide")
	return b.press(decidePath(c, act), append([]string{"step", step, "seen", b.seen()}, fields...)...)
}

func wantState(t *testing.T, s *site, c application.Case, want application.State) {
	t.Helper()
	if got := s.aCase(c.ID); got.State != want {
		t.Errorf("%s is %s, want %s", c.Reference, got.State, want)
	}
}
