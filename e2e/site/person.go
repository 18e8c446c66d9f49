package site

import (
	"context"
	"crypto/rand"
	"strings"

	"omgevingsloket-id/cmd/omgevingsloket-id/app"
	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/effect"
	"omgevingsloket-id/pkg/secret"
)

// What the holder in most tests logs in with.
const (
	Email         = "anna@example.com"
	Password      = "correct horse battery staple"
	WrongPassword = "quite another password"
)

// Person stores an approved account with Password that awaits its first login,
// by way of an approved application; change may alter it before.
func (s *Site) Person(email string, change ...func(*account.Account)) account.Account {
	s.T.Helper()
	sent := s.draft(email)
	sent.Reference, sent.SubmittedAt = secret.NewID(rand.Reader), s.Clock.Now()
	a := account.Account{
		ID: secret.NewID(rand.Reader), Kind: account.NaturalPerson, Email: email, Lang: "nl", PasswordHash: s.hash(Password), Epoch: 1, CreatedAt: s.Clock.Now(),
		Profile: account.Profile{GivenName: "Anna", FamilyName: "Muster", Birthdate: "1980-02-03", Phone: "+4930123456", Address: account.Address{Line1: "Hauptstrasse 1", Line2: "10115 Berlin", Country: "DE"}},
	}
	for _, c := range change {
		c(&a)
	}
	Must(s.T, s.Stores.DB.Applications().Submit(context.Background(), sent, &a, NoEffects))
	return s.Reload(a)
}

// hash returns the PHC string of a password, hashed as this site does.
func (s *Site) hash(password string) secret.Text {
	s.T.Helper()
	hasher, err := app.NewHasher(s.Config, s.Now)
	Must(s.T, err)
	hash, err := hasher.Hash(context.Background(), password)
	Must(s.T, err)
	return secret.Text(hash)
}

// Reload returns the account as it is stored now.
func (s *Site) Reload(a account.Account) account.Account {
	s.T.Helper()
	a, err := s.Stores.DB.Accounts().ByID(context.Background(), a.ID)
	Must(s.T, err)
	return a
}

// Active stores an account that has linked its app, and returns the browser in
// which it did so.
func (s *Site) Active(email string) (account.Account, *Browser) {
	s.T.Helper()
	a := s.Person(email)
	b := s.Browser()
	b.Authorize(NewRequest("web", CallbackURI)).Enrol(email).Answered()
	return s.Reload(a), b
}

// Shown stores an account whose QR code was shown, and returns its browser, on
// the code page.
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

// Unblock unblocks an account as the operator would.
func (s *Site) Unblock(a account.Account) error {
	return s.SignIn.Unblock(context.Background(), a, account.NoRenewal, "operator", "ticket 4711")
}
