package console

import (
	"strings"
	"testing"

	"omgevingsloket-id/e2e/browser"
	"omgevingsloket-id/e2e/practice"
)

// An administrator invites a new official, who chooses a password, scans the QR code and
// logs in; after the removal the next click fails.
func TestAdministratorInvitesAndRemoves(t *testing.T) {
	everyWay(t, func(d *workplace) {
		admin := d.at("Bas").open("/console/staff").on("console/staff/staff")
		admin.Fill("name", "Nora Nieuw")
		admin.Fill("email", "nora@demo.example")
		admin.Choose("helpdesk", "yes")
		admin.primary().on("console/staff/staff")
		if strings.Contains(admin.HTML(), "token=") {
			d.Error("the administrator sees the invitation")
		}
		link := d.invitation("nora@demo.example")

		nora := &practice.Official{Name: "Nora Nieuw", Email: "nora@demo.example", Password: "een rustige haven bij nacht"}
		b := d.visitor()
		b.Open(link)
		b.Fill("password", nora.Password)
		b.Submit()
		png := d.TempDir() + "/qr.png"
		b.Screenshot(png)
		uri := browser.QR(d, png)
		_, key, ok := strings.Cut(uri, "secret=")
		if !ok || !strings.HasPrefix(uri, "otpauth://totp/") {
			d.Fatal("the QR code says", uri)
		}
		key, _, _ = strings.Cut(key, "&")
		nora.Phone = practice.NewPhone(d, key)
		b.Open(d.site.Issuer + "/console/login")
		b.Fill("email", nora.Email)
		b.Fill("password", nora.Password)
		b.Submit()
		b.Fill("code", nora.Phone.Code())
		b.Submit()
		if got := b.Attribute("main", "data-page"); got != "console/home" {
			d.Fatalf("Nora is on %q:\n%s", got, b.Text())
		}
		b.Open(d.site.Issuer + "/console/review")
		if b.Status() != 403 {
			d.Error("the helpdesk sees applications:", b.Status(), b.Text())
		}
		b.Problems() // the 403

		admin.open("/console/staff").on("console/staff/staff")
		admin.ClickLink("Nora Nieuw")
		admin.on("console/staff/member").press("action", "remove").on("console/staff/member")
		if admin.Count("#errors") != 1 {
			d.Error("removed at one press:", admin.Text())
		}
		admin.Choose("sure", "yes")
		admin.press("action", "remove").on("console/staff/staff")
		b.Open(d.site.Issuer + "/console")
		if got := b.Attribute("main", "data-page"); got != "console/login" {
			d.Errorf("removed, Nora is on %q:\n%s", got, b.Text())
		}
	})
}

// An official with a new phone is invited again by two administrators, chooses a new
// password and scans a new QR code.
func TestTwoAdministratorsRenew(t *testing.T) {
	everyWay(t, func(d *workplace) {
		hugo, bas, bea := d.at("Hugo"), d.at("Bas"), d.at("Bea")
		bas.open("/console/staff").ClickLink("Hugo Helpdesk")
		bas.on("console/staff/member").Select("reason", "new_phone")
		bas.press("action", "propose").on("console/staff/staff")
		hugo.open("/console/helpdesk").on("console/helpdesk/helpdesk")

		bea.open("/console").ClickLink("Hugo Helpdesk")
		bea.on("console/staff/member").press("action", "confirm").on("console/staff/member")
		if bea.Count("#errors") != 1 {
			d.Error("confirmed without a conversation:", bea.Text())
		}
		bea.Choose("spoken", "yes")
		bea.press("action", "confirm").on("console/staff/staff")
		hugo.open("/console/helpdesk").on("console/login")

		d.site.Mail.Next(d, hugo.Email) // the invitation with which the demo began
		d.site.Mail.Next(d, hugo.Email) // the proposal
		b := d.visitor()
		b.Open(d.invitation(hugo.Email))
		b.Fill("password", "een rustige haven bij nacht")
		b.Submit()
		png := d.TempDir() + "/qr.png"
		b.Screenshot(png)
		_, key, ok := strings.Cut(browser.QR(d, png), "secret=")
		if !ok {
			d.Fatal("no QR code:", b.Text())
		}
		key, _, _ = strings.Cut(key, "&")
		hugo.Password, hugo.Phone = "een rustige haven bij nacht", practice.NewPhone(d, key)
		hugo.LogIn(b)
		if got := b.Attribute("main", "data-page"); got != "console/home" {
			d.Fatalf("Hugo is on %q:\n%s", got, b.Text())
		}
	})
}

// invitation returns the link in the mail to an address.
func (d *workplace) invitation(email string) string {
	d.Helper()
	mail := d.site.Mail.Next(d, email)
	for _, word := range strings.Fields(mail.Text) {
		if strings.Contains(word, "/console/invite?token=") {
			return word
		}
	}
	d.Fatal("no link in the mail:\n", mail.Text)
	return ""
}

// An auditor reads what others did and has no buttons.
func TestAuditorReads(t *testing.T) {
	everyWay(t, func(d *workplace) {
		w := d.at("Ada").open("/console/audit").on("console/audit/audit")
		if n := w.Count("main form[method=post] button"); n != 0 {
			d.Errorf("an auditor has %d buttons that change something", n)
		}
		for _, forbidden := range []string{"/console/review", "/console/helpdesk", "/console/staff"} {
			if w.open(forbidden); w.Status() != 403 {
				d.Error(forbidden, w.Status())
			}
		}
		w.Problems() // the 403s
	})
}
