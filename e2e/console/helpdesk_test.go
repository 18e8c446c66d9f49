package console

import (
	"strings"
	"testing"

	"omgevingsloket-id/e2e/browser"
	"omgevingsloket-id/e2e/practice"
)

// holder opens the blocked page of Pieter, whose account the demo blocked, and returns the
// reference and the code that he reads out.
func (d *workplace) holder() (b *browser.Session, reference, code string) {
	d.Helper()
	_, password := d.site.Officials(d)
	b = d.visitor()
	b.Open(d.site.Portal + "/login")
	b.Fill("email", "pieter@demo.example")
	b.Fill("password", password)
	b.Submit()
	if got := b.Attribute("main", "data-page"); got != "login/blocked" {
		d.Fatalf("Pieter is on %q:\n%s", got, b.Text())
	}
	reference, code = b.TextOf(".reference--asked code"), b.TextOf(".desk-code-value code")
	return b, reference, code
}

// pieter returns the person whose account the demo blocked.
func (d *workplace) pieter() *practice.Person {
	d.Helper()
	words := practice.Dutch
	if d.way.lang == "en" {
		words = practice.English
	}
	p := d.site.Person(d, practice.Burger, words)
	_, p.Password = d.site.Officials(d)
	p.Email = "pieter@demo.example"
	return p
}

// The helpdesk finds a caller by the reference on the blocked page, identifies the caller
// and unblocks; the holder gets a new QR code.
func TestHelpdeskUnblocks(t *testing.T) {
	everyWay(t, func(d *workplace) {
		b, reference, code := d.holder()
		w := d.at("Hanna").open("/console/helpdesk").on("console/helpdesk/helpdesk")
		w.Fill("q", strings.ToLower(reference))
		w.ClickCSS(`main form[method="get"] button`)
		w.on("console/helpdesk/helpdesk").follow("/console/helpdesk/account?").on("console/helpdesk/account")
		for _, secret := range []string{"1961", "King Street", code} {
			if strings.Contains(w.Text(), secret) {
				d.Errorf("the helpdesk reads the answer %q:\n%s", secret, w.Text())
			}
		}
		w.primary().on("console/helpdesk/request")
		w.Fill("code", "00000000")
		w.Fill("said_street", "Queens Road 12")
		w.primary().on("console/helpdesk/request")
		if w.Count("#errors") != 1 {
			d.Error("wrong answers are no error:", w.Text())
		}
		w.Fill("code", code)
		w.Fill("said_birthdate", "1961-04-02")
		w.Fill("said_street", "88 King Street")
		w.Fill("said_place", "Halifax NS")
		w.primary().on("console/helpdesk/request")
		w.Select("reason", "new_phone")
		w.Fill("ticket", "M-2026-0001")
		w.primary().on("console/helpdesk/request")
		w.press("action", "confirm").on("console/helpdesk/request")
		for range 3 { // the receipt, the approval, the block
			d.site.Mail.Next(d, "pieter@demo.example")
		}
		if mail := d.site.Mail.Next(d, "pieter@demo.example"); !strings.Contains(mail.Text, "/start") {
			d.Error("the mail about the unblocking:", mail.Text)
		}
		b.Open(d.site.Portal + "/login")
		_, password := d.site.Officials(d)
		b.Fill("email", "pieter@demo.example")
		b.Fill("password", password)
		b.Submit()
		pieter := d.pieter()
		pieter.ProveMailbox(b)
		if got := b.Attribute("main", "data-page"); got != "enrol/enrol" {
			d.Errorf("after the unblocking Pieter is on %q:\n%s", got, b.Text())
		}
	})
}
