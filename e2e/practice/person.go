package practice

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	"omgevingsloket-id/e2e/browser"
	"omgevingsloket-id/e2e/testenv"
)

// The kinds of account, as in the forms.
const (
	Burger  = "burger"
	Bedrijf = "bedrijf"
)

// Person applies and logs in with a browser. Each step checks that the browser is on the page
// of that step, and does what the page asks.
type Person struct {
	Words
	Email, Password, Kind string
	Phone                 *Phone // set after the QR code was scanned
	Document              string // path of the document; "" means an empty file, which practice accepts

	// At is called on each page of the journey before anything is done there, with the
	// name of its template ("login/code"); the names of the portal's pages begin with
	// "portal/". It may be nil.
	At func(b *browser.Session, page string)

	t    testing.TB
	site *Site
}

var people atomic.Int64

// Person returns a new person.
func (s *Site) Person(t testing.TB, kind string, words Words) *Person {
	return &Person{
		Words: words, Kind: kind, Password: "vier paarden eten hooi", t: t, site: s,
		Email: fmt.Sprintf("jo%d@example.com", people.Add(1)),
	}
}

// Arrive checks that the browser shows the page and calls At.
func (p *Person) Arrive(b *browser.Session, page string) {
	p.t.Helper()
	if !strings.HasPrefix(page, "portal/") {
		if got := b.Attribute("main", "data-page"); got != page {
			p.t.Fatalf("at %s the page is %s, want %s, and says:\n%s", b.URL(), got, page, b.Text())
		}
	}
	if p.At != nil {
		p.At(b, page)
	}
}

// Apply goes from the portal's front page to the confirmation.
func (p *Person) Apply(b *browser.Session) {
	p.t.Helper()
	b.Open(p.site.Portal + "/")
	p.Arrive(b, "portal/home")
	b.Click(p.PortalApply)
	p.Begin(b)
	p.FillIn(b)
	p.Send(b)
}

// Begin goes from the choice of a kind to the confirmed address.
func (p *Person) Begin(b *browser.Session) {
	p.t.Helper()
	p.Arrive(b, "apply/apply")
	b.Choose("kind", p.Kind)
	b.Submit()
	p.Arrive(b, "apply/email")
	b.Fill("email", p.Email)
	b.Submit()
	p.Arrive(b, "apply/code")
	b.Fill("code", p.MailedCode(b))
	b.Click(p.Next)
}

var sixDigits = regexp.MustCompile(`(?m)^\s*(\d{6})\s*$`)

// MailedCode returns the code in the newest mail to this person in the portal's mailbox, which
// it opens in another tab.
func (p *Person) MailedCode(b *browser.Session) string {
	p.t.Helper()
	p.site.Mail.Next(p.t, p.Email) // waits for it
	tab := b.NewTab()
	defer tab.Close()
	tab.Open(p.site.Portal + "/mail")
	p.Arrive(tab, "portal/mailbox")
	href := browser.Eval[string](tab, `[...document.querySelectorAll("ul.mail li")]
		.find(li => li.textContent.includes(`+strconv.Quote(p.Email)+`)).querySelector("a").getAttribute("href")`)
	tab.ClickCSS(`a[href="` + href + `"]`)
	p.Arrive(tab, "portal/letter")
	code := sixDigits.FindStringSubmatch(tab.TextOf("#letter"))
	if code == nil || !strings.HasSuffix(tab.TextOf("h1"), p.MailCode) { // after "[Oefenomgeving]"
		p.t.Fatalf("the newest letter is %q:\n%s", tab.TextOf("h1"), tab.TextOf("#letter"))
	}
	return code[1]
}

// FillIn fills in everything from the password to the document, which is an empty file.
func (p *Person) FillIn(b *browser.Session) {
	p.t.Helper()
	p.Arrive(b, "apply/password")
	b.Fill("password", p.Password)
	b.Submit()
	p.FillPerson(b)
	if p.Kind == Bedrijf {
		p.FillCompany(b)
	}
	p.FillAddress(b)
	p.Arrive(b, "apply/document")
	document := p.Document
	if document == "" {
		document = emptyPDF(p.t)
	}
	b.Upload("document", document)
	b.Submit()
}

// FillPerson fills in the page of the person.
func (p *Person) FillPerson(b *browser.Session) {
	p.t.Helper()
	p.Arrive(b, "apply/person")
	for name, value := range map[string]string{
		"given_name": "Zoë", "family_name": "d'Ancona-Núñez", "birth_day": "31", "birth_month": "3", "birth_year": "1980", "phone": "+49 30 1234567",
	} {
		b.Fill(name, value)
	}
	b.Submit()
}

// FillCompany fills in the page of the company.
func (p *Person) FillCompany(b *browser.Session) {
	p.t.Helper()
	p.Arrive(b, "apply/company")
	b.Fill("organization_name", "Bau & Söhne GmbH")
	b.Select("registration_country", "AT")
	b.Choose("registered", "yes")
	b.Fill("register", "Firmenbuch Wien")
	b.Fill("registration_number", "FN 12345x")
	b.Choose("role", "authorized")
	b.Submit()
}

// FillAddress fills in the page of the address.
func (p *Person) FillAddress(b *browser.Session) {
	p.t.Helper()
	p.Arrive(b, "apply/address")
	if p.Kind == Burger {
		b.Choose("stay", "abroad")
	}
	b.Fill("line1", "Hauptstraße 1")
	b.Fill("line2", "10115 Berlin")
	b.Select("country", "DE")
	b.Submit()
}

// Send ticks the declaration and sends the application.
func (p *Person) Send(b *browser.Session) {
	p.t.Helper()
	p.Arrive(b, "apply/check")
	b.Choose("declared", "yes")
	b.Submit()
	p.Arrive(b, "apply/done")
}

// LogIn fills in e-mail address and password.
func (p *Person) LogIn(b *browser.Session) {
	p.t.Helper()
	p.Arrive(b, "login/login")
	b.Fill("email", p.Email)
	b.Fill("password", p.Password)
	b.Click(p.Login)
}

// ProveMailbox has a code mailed after an unblock, and enters it.
func (p *Person) ProveMailbox(b *browser.Session) {
	p.t.Helper()
	p.Arrive(b, "enrol/code")
	b.Click(p.SendCode)
	p.Arrive(b, "enrol/code")
	b.Fill("code", p.NextCode())
	b.Click(p.Next)
}

// NextCode returns the code in the next mail that has one.
func (p *Person) NextCode() string {
	p.t.Helper()
	for {
		if m := sixDigits.FindStringSubmatch(p.site.Mail.Next(p.t, p.Email).Text); m != nil {
			return m[1]
		}
	}
}

// Enrol shows the QR code, scans it from a picture of the screen, and goes on to the page of
// the code.
func (p *Person) Enrol(b *browser.Session) {
	p.t.Helper()
	p.Reveal(b)
	b.Click(p.NextStep)
}

// Reveal shows and scans the QR code like Enrol, and stays on its page.
func (p *Person) Reveal(b *browser.Session) {
	p.t.Helper()
	p.Arrive(b, "enrol/enrol")
	b.Click(p.ShowQR)
	p.ScanScreen(b)
}

// ScanScreen scans the QR code on the screen.
func (p *Person) ScanScreen(b *browser.Session) {
	p.t.Helper()
	if got := b.Attribute("main", "data-page"); got != "enrol/qr" {
		p.t.Fatalf("the page is %s, not the QR code:\n%s", got, b.Text())
	}
	if p.At != nil {
		p.At(b, "enrol/qr")
	}
	png := filepath.Join(p.t.TempDir(), "screen.png")
	b.Screenshot(png)
	p.Phone = Scan(p.t, browser.QR(p.t, png), p.Email)
}

// EnterCode enters the code that the phone shows.
func (p *Person) EnterCode(b *browser.Session) {
	p.t.Helper()
	p.Arrive(b, "login/code")
	b.Fill("code", p.Phone.Code())
	b.Click(p.Login)
}

// emptyPDF writes an empty file, which DESIGN.md §3.1 allows on practice.
func emptyPDF(t testing.TB) string {
	t.Helper()
	path := filepath.Join(testenv.Dir(t, "document"), "leeg.pdf")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// SixDigits returns the code in a mail.
func SixDigits(t testing.TB, text string) string {
	t.Helper()
	m := sixDigits.FindStringSubmatch(text)
	if m == nil {
		t.Fatalf("no code in the mail:\n%s", text)
	}
	return m[1]
}
