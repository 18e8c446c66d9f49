package site

import (
	"crypto/rand"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"omgevingsloket-id/cmd/omgevingsloket-id/app"
	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/application"
	"omgevingsloket-id/pkg/effect"
	"omgevingsloket-id/pkg/intake"
	"omgevingsloket-id/pkg/review"
	"omgevingsloket-id/pkg/secret"
	"omgevingsloket-id/pkg/staff"
)

// Sent makes an application that waits for an official; change may alter it.
func (s *Site) Sent(email string, change ...func(*application.Application)) review.Case {
	s.T.Helper()
	now, ctx := s.Clock.Now(), s.T.Context()
	store := s.Stores.DB.Applications()
	a := application.Application{
		ID: secret.NewID(rand.Reader), Handle: secret.NewID(rand.Reader), Kind: account.NaturalPerson, Lang: "nl", Email: email, CodeHash: "right",
		CodeExpires: now.Add(time.Hour), CreatedAt: now, ExpiresAt: now.Add(intake.DraftLifetime),
		Answers: application.Answers{Stay: intake.Abroad, Profile: account.Profile{
			GivenName: "Anna", FamilyName: "Muster", Birthdate: "1980-02-03", Address: account.Address{Line1: "Hauptstrasse 1", Country: "DE"},
		}},
	}
	for _, c := range change {
		c(&a)
	}
	Must(s.T, store.Start(ctx, a, effect.Effects{}))
	_, err := store.TryCode(ctx, a.ID, "right", now)
	Must(s.T, err)
	hasher, err := app.NewHasher(s.Config)
	Must(s.T, err)
	hash, err := hasher.Hash(ctx, Password)
	Must(s.T, err)
	a.PasswordHash = secret.Text(hash)
	a, err = store.Save(ctx, a)
	Must(s.T, err)
	a.Reference, a.SubmittedAt = "OLID-"+strings.ToUpper(secret.NewID(rand.Reader)[:8]), now
	Must(s.T, store.Submit(ctx, a, nil, effect.Effects{}))
	return s.Case(a.ID)
}

// Company makes an application that of a company.
func Company(a *application.Application) {
	a.Kind = account.LegalPerson
	a.Answers.Organization = &account.Organization{
		Name: "Bau & Söhne GmbH", Register: "Handelsregister", RegistrationNumber: "HRB 12345", RegistrationCountry: "AT",
		Address: account.Address{Line1: "Ring 9", Country: "AT"}, Role: intake.Authorized,
	}
}

// Case reads a case again.
func (s *Site) Case(id string) review.Case {
	s.T.Helper()
	c, err := s.Stores.DB.Cases().Case(s.T.Context(), id)
	Must(s.T, err)
	return c
}

// Reviewer returns the browser of a reviewer, logged in.
func (s *Site) Reviewer(name string) *Browser {
	s.T.Helper()
	return s.Official(name+"@gov.example", staff.Reviewer)
}

// CasePath returns the path of the page of a case.
func CasePath(c review.Case) string {
	return "/console/review/case?" + url.Values{"id": {c.ID}}.Encode()
}

// DecidePath returns the path of the form that acts on a case.
func DecidePath(c review.Case, act string) string {
	return "/console/review/decide?" + url.Values{"id": {c.ID}, "act": {act}}.Encode()
}

// Seen is the version that the page under the browser was made from.
func (b *Browser) Seen() string {
	b.Site.T.Helper()
	_, rest, ok := strings.Cut(b.Body, `name="seen" value="`)
	if !ok {
		b.Site.T.Fatalf("no version on the page at %s (status %d)\n%s", b.URL, b.Status, b.Body)
	}
	seen, _, _ := strings.Cut(rest, `"`)
	return seen
}

// Press sends a form with the token of the page under the browser.
func (b *Browser) Press(target string, fields ...string) *Browser {
	b.Site.T.Helper()
	form := url.Values{"csrf": {CSRFField.FindStringSubmatch(b.Body)[1]}}
	for i := 0; i+1 < len(fields); i += 2 {
		form.Add(fields[i], fields[i+1])
	}
	req := b.Request(http.MethodPost, target, strings.NewReader(form.Encode()))
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Sec-Fetch-Site", "same-origin")
	return b.Do(req)
}

// Take takes a case.
func (b *Browser) Take(c review.Case) *Browser {
	b.Site.T.Helper()
	b.Get(CasePath(c)).Press(CasePath(c), "action", "take", "seen", b.Seen())
	return b.At("/console/review/case")
}

// Decide goes through the pages of a decision, up to the mail or past it.
func (b *Browser) Decide(c review.Case, act, step string, fields ...string) *Browser {
	b.Site.T.Helper()
	b.Get(DecidePath(c, act)).At("/console/review/decide")
	return b.Press(DecidePath(c, act), append([]string{"step", step, "seen", b.Seen()}, fields...)...)
}

// WantState fails the test when the case is in another state.
func WantState(t *testing.T, s *Site, c review.Case, want application.State) {
	t.Helper()
	if got := s.Case(c.ID); got.State != want {
		t.Errorf("%s is %s, want %s", c.Reference, got.State, want)
	}
}
