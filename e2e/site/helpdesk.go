package site

import (
	"regexp"
	"testing"

	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/mail"
)

// NewEmail is the address that holders change to.
const NewEmail = "anna.muster@example.net"

// Correcting begins a change of address and returns its path.
func (b *Browser) Correcting(a account.Account) string {
	b.Site.T.Helper()
	b.Get("/console/helpdesk/account?id=" + a.ID).Says("E-mailadres verbeteren").Get("/console/helpdesk/address?id=" + a.ID).Post("/console/helpdesk/address?id=" + a.ID).At("/console/helpdesk/request")
	return "/console/helpdesk/request?" + b.URL.RawQuery
}

// Proposed takes a change of address up to its proposal and returns its path.
func (b *Browser) Proposed(a account.Account, email string) string {
	b.Site.T.Helper()
	at := b.Correcting(a)
	b.Post(at, RightAnswers...).At("/console/helpdesk/request").Says(`name="email"`)
	b.Post(at, "email", email, "reason", "address_lost", "ticket", "M-7").Says("letter voor letter")
	b.Post(at, "action", "propose").Says("wacht op een collega")
	return at
}

var (
	mailedReference = regexp.MustCompile(`referentie in: ([A-Z2-9]{4}-[A-Z2-9]{4})`)
	mailedCode      = regexp.MustCompile(`code in:\s+(\d{6})`)
)

// Confirmation returns the reference and the code in the mail to a new address.
func Confirmation(t testing.TB, m mail.Item) (reference, code string) {
	t.Helper()
	text := m.Text.Reveal()
	r, c := mailedReference.FindStringSubmatch(text), mailedCode.FindStringSubmatch(text)
	if r == nil || c == nil {
		t.Fatal("no reference or code in\n", text)
	}
	return r[1], c[1]
}

var callbackCode = regexp.MustCompile(`<code dir="ltr">(\d{4} \d{4})</code>`)

// Caller returns the browser of the holder of a blocked account, on the page that
// says so.
func (s *Site) Caller(email string) *Browser {
	s.T.Helper()
	return s.Browser().Authorize(NewRequest("web", CallbackURI)).Submit("email", email, "password", Password).At("/login/blocked")
}

// Callback returns the code on the caller's page.
func (b *Browser) Callback() string {
	b.Site.T.Helper()
	m := callbackCode.FindStringSubmatch(b.Body)
	if m == nil {
		b.Site.T.Fatal("no code on the page of a blocked account:", b.Body)
	}
	return m[1]
}

// Begin opens a helpdesk request for a blocked account and returns its path.
func (b *Browser) Begin(a account.Account) string {
	b.Site.T.Helper()
	b.Post("/console/helpdesk/account?id=" + a.ID).At("/console/helpdesk/request")
	return "/console/helpdesk/request?" + b.URL.RawQuery
}

// RightAnswers are the form fields of three right answers about Person.
var RightAnswers = []string{"said_birthdate", "03-02-1980", "said_street", "Hauptstraße 1", "said_phone", "030 123456"}

// Identified takes a helpdesk request past identification and its reason.
func (b *Browser) Identified(at, code string) *Browser {
	b.Site.T.Helper()
	return b.Post(at, append([]string{"code", code}, RightAnswers...)...).At("/console/helpdesk/request").Says(`name="ticket"`).Post(at, "reason", "lost_phone", "ticket", "M-2026-1234")
}

// Unblocks identifies a caller, who reads out this code, and unblocks the account,
// as an official who needs no colleague. It returns the path of the request.
func (b *Browser) Unblocks(a account.Account, code string) string {
	b.Site.T.Helper()
	at := b.Begin(a)
	b.Identified(at, code).Post(at, "action", "confirm").Says("Het account is gedeblokkeerd")
	return at
}

// ChangeAddress changes the address of an account, as two officials and the holder
// of the new mailbox.
func (s *Site) ChangeAddress(first, second *Browser, a account.Account, to string) account.Account {
	s.T.Helper()
	at := first.Proposed(a, to)
	s.Letters()
	second.Post(at, "action", "confirm").Says("nog bevestigen")
	reference, code := Confirmation(s.T, s.Letters()["address-confirm"])
	s.Browser().Get("/address").Submit("reference", reference, "code", code).At("/address/done")
	return s.Reload(a)
}
