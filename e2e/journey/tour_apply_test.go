package journey

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"os"
	"path/filepath"
	"strings"

	"omgevingsloket-id/e2e/browser"
	"omgevingsloket-id/e2e/practice"
)

// standing visits the pages without a form, of the provider and of the portal.
func (w *walk) standing() {
	b := w.b
	w.fineAt(w.site.Portal+"/", "portal/home", "front")
	w.fineAt(w.site.Portal+"/second", "portal/home", "second")
	w.fineAt(w.site.Portal+"/nowhere", "portal/message", "not found")
	w.fineAt(w.site.Issuer+"/", "home/home", "front")
	for _, name := range []string{"help", "accessibility", "privacy", "terms"} {
		w.fineAt(w.site.Issuer+"/"+name, "home/"+name, "read")
	}
	w.fineAt(w.site.Issuer+"/nowhere", "web/error", "not found")
	w.fineAt(w.site.Issuer+"/logout", "web/error", "method")
	w.fineAt(w.site.Issuer+"/help?x="+strings.Repeat("x", 9000), "web/error", "too large")
	w.fineAt(w.site.Issuer+"/login/code?login=a&login=b", "web/error", "bad request")
	w.fineAt(w.site.Issuer+"/apply/person", "web/error", "no application")
	w.language(b)
}

func (w *walk) fineAt(address, page, state string) {
	w.Helper()
	w.b.Open(address)
	w.fine(page, state)
}

// language switches to the other language and back.
func (w *walk) language(b *browser.Session) {
	w.Helper()
	other := practice.English
	if w.v.lang == "en" {
		other = practice.Dutch
	}
	b.Open(w.site.Issuer + "/help")
	b.Click(other.Language)
	if lang := b.Attribute("html", "lang"); lang == w.v.lang {
		w.Errorf("%s switches to %q", other.Language, lang)
	}
	b.Click(w.p.Language)
	b.Open(w.site.Issuer + "/help")
	if lang := b.Attribute("html", "lang"); lang != w.v.lang {
		w.Errorf("the choice of %s is not remembered: %q", w.p.Language, lang)
	}
}

// applying applies for an account, with a mistake on every page.
func (w *walk) applying() {
	b, p := w.b, w.p
	b.Open(w.site.Issuer + "/apply")
	w.fine("apply/apply", "empty")
	b.Submit()
	w.wrong("apply/apply", "no kind")
	b.Choose("kind", p.Kind)
	b.Submit()
	w.fine("apply/email", "empty")
	b.Submit()
	w.wrong("apply/email", "missing")
	b.Fill("email", "jo at example.com")
	b.Submit()
	w.wrong("apply/email", "form")
	b.Fill("email", p.Email)
	b.Submit()
	w.mailedCode()
	w.fine("apply/password", "empty")
	b.Submit()
	w.wrong("apply/password", "missing")
	b.Fill("password", "kort")
	b.Submit()
	w.wrong("apply/password", "short")
	b.Fill("password", p.Password)
	b.Submit()
	w.answers()
	w.document()
	w.sending()
}

func (w *walk) mailedCode() {
	b, p := w.b, w.p
	w.fine("apply/code", "empty")
	b.Click(p.Next)
	w.wrong("apply/code", "missing")
	b.Fill("code", "000000") // right in one of a million runs
	b.Click(p.Next)
	w.wrong("apply/code", "wrong")
	// Mails to one mailbox are a minute apart at least: the code in the first one still works.
	b.ClickCSS(`button[name="resend"]`)
	w.fine("apply/code", "again")
	b.Open(w.site.Issuer + "/apply")
	w.fine("apply/apply", "resume")
	b.ClickCSS(`a[href="/apply/code"]`)
	p.At = func(tab *browser.Session, page string) { w.look(tab, page, "mail", false) }
	code := p.MailedCode(b)
	p.At = nil
	b.Fill("code", code)
	b.Click(p.Next)
}

// answers visits the pages of the form. Person fills them in correctly.
func (w *walk) answers() {
	b, p := w.b, w.p
	w.fine("apply/person", "empty")
	b.Submit()
	w.wrong("apply/person", "missing")
	b.Fill("given_name", "Zoë")
	b.Fill("birth_day", "31")
	b.Fill("birth_month", "2")
	b.Fill("birth_year", "1980")
	b.Fill("phone", "030 1234567")
	b.Submit()
	w.wrong("apply/person", "date and phone")
	p.FillPerson(b)
	if p.Kind == practice.Bedrijf {
		w.fine("apply/company", "empty")
		b.Submit()
		w.wrong("apply/company", "missing")
		b.Choose("registered", "no")
		w.look(b, "apply/company", "no register", true)
		b.Submit()
		w.wrong("apply/company", "no reason")
		b.Choose("registered", "no")
		b.Fill("not_registered", "Wij zijn een vereniging.")
		b.Choose("registered", "yes")
		b.Fill("registration_number", "12")
		w.look(b, "apply/company", "registered", true)
		b.Submit()
		w.wrong("apply/company", "no name of the register")
		p.FillCompany(b)
	}
	w.fine("apply/address", "empty")
	b.Submit()
	w.wrong("apply/address", "missing")
	p.FillAddress(b)
}

func (w *walk) document() {
	b := w.b
	w.fine("apply/document", "empty")
	b.Submit()
	w.wrong("apply/document", "missing")
	b.Upload("document", w.file("foto.png", hugePicture()))
	b.Submit()
	w.wrong("apply/document", "pixels")
	b.Upload("document", w.file("groot.pdf", make([]byte, 11<<20)))
	b.Submit()
	w.wrong("apply/document", "too large")
	b.Upload("document", w.file("leeg.pdf", nil))
	b.Submit()
}

func (w *walk) sending() {
	b, p := w.b, w.p
	w.fine("apply/check", "filled in")
	b.Submit()
	w.wrong("apply/check", "not declared")
	b.Open(w.site.Issuer + "/apply/document")
	w.fine("apply/document", "there already")
	b.Submit()
	p.Send(b)
	w.fine("apply/done", "approved")
	b.Open(w.site.Issuer + "/apply")
	w.fine("apply/apply", "sent")
	b.Open(w.site.Issuer + "/apply/check")
	w.fine("apply/done", "back")
	w.status()
	w.site.Mail.Next(w.T, p.Email)
	b.Open(w.site.Portal + "/mail")
	w.fine("portal/mailbox", "letters")
}

// status visits what an applicant sees after sending, and the way there from another
// browser. For an application that does not exist the pages are the same.
func (w *walk) status() {
	b := w.b
	b.Open(w.site.Issuer + "/apply/status")
	w.fine("apply/status", "approved")
	b.Open(w.site.Issuer + "/apply/status/find")
	w.fine("apply/status_find", "empty")
	b.Submit()
	w.wrong("apply/status_find", "missing")
	b.Fill("reference", "OLID-AAAA-AAAA")
	b.Submit()
	w.fine("apply/status_code", "asked")
	b.Fill("code", "000000")
	b.Submit()
	w.wrong("apply/status_code", "wrong")
}

func (w *walk) file(name string, content []byte) string {
	w.Helper()
	path := filepath.Join(w.TempDir(), name)
	if err := os.WriteFile(path, content, 0o600); err != nil {
		w.Fatal(err)
	}
	return path
}

// hugePicture returns a PNG that claims to have 400 million pixels.
func hugePicture() []byte {
	var b bytes.Buffer
	b.WriteString("\x89PNG\r\n\x1a\n")
	header := binary.BigEndian.AppendUint32([]byte("IHDR"), 20_000)
	header = append(binary.BigEndian.AppendUint32(header, 20_000), 8, 0, 0, 0, 0)
	b.Write(binary.BigEndian.AppendUint32(nil, uint32(len(header)-4)))
	b.Write(header)
	b.Write(binary.BigEndian.AppendUint32(nil, crc32.ChecksumIEEE(header)))
	return b.Bytes()
}
