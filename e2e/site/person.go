package site

import (
	"context"
	"crypto/rand"
	"strings"
	"time"

	"omgevingsloket-id/cmd/omgevingsloket-id/app"
	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/application"
	"omgevingsloket-id/pkg/audit"
	"omgevingsloket-id/pkg/effect"
	"omgevingsloket-id/pkg/intake"
	"omgevingsloket-id/pkg/secret"
)

// ToEnrol brings a new browser to the page with the button 'Toon QR-code'.
func (s *Site) ToEnrol(email string) *Browser {
	s.T.Helper()
	return s.Browser().Authorize(NewRequest("web", CallbackURI)).Submit("email", email, "password", Password).At("/enrol")
}

// Reveals tells whether an answer shows a secret in any of its forms.
func Reveals(body string) bool {
	return strings.Contains(body, "otpauth:") || strings.Contains(body, "qr-groups") || strings.Contains(body, "qr-code")
}

// ToCode brings a browser to the code page of an active account.
func (b *Browser) ToCode(email string) *Browser {
	b.Site.T.Helper()
	return b.Authorize(NewRequest("web", CallbackURI).With("prompt", "login")).Submit("email", email, "password", Password).At("/login/code")
}

// Active makes an account that has linked its app, and the browser it did so
// in.
func (s *Site) Active(email string) (account.Account, *Browser) {
	s.T.Helper()
	a := s.Person(email)
	b := s.Browser()
	b.Authorize(NewRequest("web", CallbackURI)).Enrol(email).Answered()
	return s.Reload(a), b
}

// Shown makes an account whose QR was shown, and the browser on its code page.
func (s *Site) Shown(email string) (account.Account, *Browser) {
	s.T.Helper()
	a := s.Person(email)
	b := s.Browser()
	b.Authorize(NewRequest("web", CallbackURI)).Submit("email", email, "password", Password)
	b.At("/enrol").Submit()
	b.At("/enrol/qr").Scan().Get("/login/code?" + b.URL.RawQuery)
	return s.Reload(a), b.At("/login/code")
}

// Blocked blocks an account as the helpdesk would.
func (s *Site) Blocked(a account.Account) account.Account {
	s.T.Helper()
	Must(s.T, s.SignIn.Accounts.Block(context.Background(), a.ID, 0, account.Reported, "BLCK-"+strings.ToUpper(a.ID[:4]), s.Clock.Now(), effect.Effects{}))
	return s.Reload(a)
}

// FillLane locks the lane of strangers for an address.
func (s *Site) FillLane(email string) {
	s.T.Helper()
	b := s.Browser().Authorize(NewRequest("web", CallbackURI))
	for range 5 {
		b.At("/login").Submit("email", email, "password", "not the password at all")
	}
}

// Events gives what the record says about an account, newest first.
func (s *Site) Events(a account.Account) []audit.Event {
	s.T.Helper()
	events, err := s.Stores.DB.Audit().EventsAbout(context.Background(), "account", a.ID, 100)
	Must(s.T, err)
	return events
}

// Mails gives the kinds of the mails to an address since the last call.
func (s *Site) Mails(email string) []string {
	s.T.Helper()
	items, err := s.Stores.DB.Outbox().Take(context.Background(), s.Clock.Now(), time.Hour, 100)
	Must(s.T, err)
	var kinds []string
	for _, item := range items {
		if item.To == email {
			kinds = append(kinds, item.Kind)
		}
	}
	return kinds
}

// WrongPassword is the password of no account.
const WrongPassword = "quite another password"

// Person makes an approved account, the way an application does; change may
// make it another's.
func (s *Site) Person(email string, change ...func(*account.Account)) account.Account {
	s.T.Helper()
	hasher, err := app.NewHasher(s.Config)
	Must(s.T, err)
	hash, err := hasher.Hash(context.Background(), Password)
	Must(s.T, err)
	now := s.Clock.Now()
	app := application.Application{
		ID: secret.NewID(rand.Reader), Handle: secret.NewID(rand.Reader), Kind: account.NaturalPerson, Lang: "nl", Email: email, CodeHash: "right",
		CodeExpires: now.Add(time.Hour), CreatedAt: now, ExpiresAt: now.Add(time.Hour),
	}
	store := s.Stores.DB.Applications()
	Must(s.T, store.Start(context.Background(), app, effect.Effects{}))
	if verdict, err := store.TryCode(context.Background(), app.ID, "right", now); err != nil || verdict != intake.CodeRight {
		s.T.Fatal(verdict, err)
	}
	app.Reference, app.SubmittedAt = secret.NewID(rand.Reader), now
	a := account.Account{
		ID: secret.NewID(rand.Reader), Kind: account.NaturalPerson, Email: email, Lang: "nl", PasswordHash: secret.Text(hash), Epoch: 1, CreatedAt: now,
		Profile: account.Profile{GivenName: "Anna", FamilyName: "Muster", Birthdate: "1980-02-03", Phone: "+4930123456", Address: account.Address{Line1: "Hauptstrasse 1", Line2: "10115 Berlin", Country: "DE"}},
	}
	for _, c := range change {
		c(&a)
	}
	Must(s.T, store.Submit(context.Background(), app, &a, effect.Effects{}))
	return s.Reload(a)
}

// Reload reads an account again.
func (s *Site) Reload(a account.Account) account.Account {
	s.T.Helper()
	a, err := s.Stores.DB.Accounts().ByID(context.Background(), a.ID)
	Must(s.T, err)
	return a
}
