package site

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"time"

	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/application"
	"omgevingsloket-id/pkg/document"
	"omgevingsloket-id/pkg/effect"
	"omgevingsloket-id/pkg/intake"
	"omgevingsloket-id/pkg/review"
	"omgevingsloket-id/pkg/secret"
	"omgevingsloket-id/pkg/signin"
)

// NoEffects are the effects of a write that nothing goes with.
var NoEffects effect.Effects

// draft stores an application whose address is confirmed; change may alter it
// before.
func (s *Site) draft(email string, change ...func(*application.Application)) application.Application {
	s.T.Helper()
	now, store := s.Clock.Now(), s.Stores.DB.Applications()
	a := application.Application{
		ID: secret.NewID(rand.Reader), Handle: secret.NewID(rand.Reader), Kind: account.NaturalPerson, Lang: "nl", Email: email, CodeHash: "right",
		CodeExpires: now.Add(time.Hour), CreatedAt: now, ExpiresAt: now.Add(intake.DraftLifetime),
	}
	for _, c := range change {
		c(&a)
	}
	Must(s.T, store.Start(context.Background(), a, NoEffects))
	if verdict, err := store.TryCode(context.Background(), a.ID, "right", now); err != nil || verdict != intake.CodeRight {
		s.T.Fatalf("TryCode = %s, %v, want %s", verdict, err, intake.CodeRight)
	}
	return a
}

// Sent stores an application that waits for an official; change may alter it
// before.
func (s *Site) Sent(email string, change ...func(*application.Application)) review.Case {
	s.T.Helper()
	store := s.Stores.DB.Applications()
	a := s.draft(email, append([]func(*application.Application){func(a *application.Application) {
		a.Answers = application.Answers{Stay: intake.Abroad, Profile: account.Profile{
			GivenName: "Anna", FamilyName: "Muster", Birthdate: "1980-02-03", Address: account.Address{Line1: "Hauptstrasse 1", Country: "DE"},
		}}
	}}, change...)...)
	a.PasswordHash = s.hash(Password)
	a, err := store.Save(s.T.Context(), a)
	Must(s.T, err)
	a.Reference, a.SubmittedAt = newReference(), s.Clock.Now()
	Must(s.T, store.Submit(s.T.Context(), a, nil, NoEffects))
	return s.Case(a.ID)
}

func newReference() string { return "OLID-" + signin.Reference(rand.Reader) }

// Company makes an application a company's.
func Company(a *application.Application) {
	a.Kind = account.LegalPerson
	a.Answers.Organization = &account.Organization{
		Name: "Bau & Söhne GmbH", Register: "Handelsregister", RegistrationNumber: "HRB 12345", RegistrationCountry: "AT",
		Address: account.Address{Line1: "Ring 9", Country: "AT"}, Role: intake.Authorized,
	}
}

// Filed stores an application that was sent with a document of this type. If an
// account is given, the application is approved at once with it, as on practice.
func (s *Site) Filed(email, name, kind string, content []byte, approve ...account.Account) (review.Case, application.Document) {
	s.T.Helper()
	a := s.draft(email)
	d := s.attach(a, name, kind, content)
	a.Version, a.Reference, a.SubmittedAt = 1, newReference(), s.Clock.Now()
	var holder *account.Account
	if len(approve) > 0 {
		holder = &approve[0]
	}
	Must(s.T, s.Stores.DB.Applications().Submit(s.T.Context(), a, holder, NoEffects))
	return s.Case(a.ID), d
}

// Document stores an application with this document, still a draft or sent, and
// returns the document's id.
func (s *Site) Document(email string, content []byte, sent bool) string {
	s.T.Helper()
	a := s.draft(email)
	d := s.attach(a, "d.pdf", document.TypePDF, content)
	if sent {
		a.Version, a.Reference, a.SubmittedAt = 1, newReference(), s.Clock.Now()
		Must(s.T, s.Stores.DB.Applications().Submit(s.T.Context(), a, nil, NoEffects))
	}
	return d.ID
}

// attach stores a document of a draft, sealed.
func (s *Site) attach(a application.Application, name, kind string, content []byte) application.Document {
	s.T.Helper()
	sum := sha256.Sum256(content)
	d := application.Document{
		ID: secret.NewID(rand.Reader), ApplicationID: a.ID, Name: name, Type: kind, Size: int64(len(content)), SHA256: hex.EncodeToString(sum[:]), CreatedAt: s.Clock.Now(),
	}
	var err error
	d.Sealed, err = s.Stores.Ring.Seal(content, application.DocumentAAD(a.ID, d.ID))
	Must(s.T, err)
	Must(s.T, s.Stores.DB.Applications().PutDocument(s.T.Context(), d))
	return d
}
