package console

import (
	"regexp"
	"strings"
)

var (
	changeReference = regexp.MustCompile(`[A-Z2-9]{4}-[A-Z2-9]{4}`)
	sixDigits       = regexp.MustCompile(`\b[0-9]{6}\b`)
)

// changing changes the address of Ingrid's account, and closes it.
func (v *walk) changing(hanna, hugo *worker) {
	const newAddress = "ingrid.new@demo.example"
	hanna.open("/console/helpdesk", "q", "ingrid").follow("/console/helpdesk/account?").follow("/console/helpdesk/address")
	v.fine(hanna, "console/helpdesk/address", "explained")
	hanna.primary()
	v.fine(hanna, "console/helpdesk/request", "address, who calls")
	hanna.Fill("said_birthdate", "1983-10-17")
	hanna.Fill("said_street", "Somewhere 1")
	hanna.primary()
	v.wrong(hanna, "console/helpdesk/request", "address, wrong answer")
	hanna.Fill("said_street", "Havnegata 2")
	hanna.Fill("said_place", "7010 Trondheim")
	hanna.primary()
	v.fine(hanna, "console/helpdesk/request", "address, which address")
	hanna.press("action", "next")
	v.wrong(hanna, "console/helpdesk/request", "address, no address")
	hanna.Fill("email", newAddress)
	hanna.Select("reason", "address_lost")
	hanna.Fill("ticket", "M-2")
	hanna.press("action", "next")
	v.fine(hanna, "console/helpdesk/request", "address, read back")
	hanna.press("action", "propose")
	v.fine(hanna, "console/helpdesk/request", "address, waits")
	hugo.open("/console/helpdesk")
	v.fine(hugo, "console/helpdesk/helpdesk", "a colleague waits")
	hugo.follow("/console/helpdesk/request?")
	v.fine(hugo, "console/helpdesk/request", "address, second member")
	hugo.press("action", "confirm")
	v.fine(hugo, "console/helpdesk/request", "address, waits for the holder")
	hugo.follow("/console/helpdesk/account?")
	v.fine(hugo, "console/helpdesk/account", "with a request")

	mail := v.site.Mail.Next(v, newAddress)
	b := v.visitor()
	b.Open(v.site.Issuer + "/address")
	v.look(b, "address/address", "empty", false)
	b.Fill("reference", "AAAA-AAAA")
	b.Fill("code", "123456")
	b.Submit()
	v.look(b, "address/address", "wrong", true)
	b.Fill("reference", strings.ToLower(changeReference.FindString(mail.Text)))
	b.Fill("code", sixDigits.FindString(mail.Text))
	b.Submit()
	v.look(b, "address/done", "done", false)

	hanna.open("/console/helpdesk", "q", newAddress).follow("/console/helpdesk/account?")
	v.fine(hanna, "console/helpdesk/account", "address corrected")
	hanna.follow("/console/helpdesk/close")
	v.fine(hanna, "console/helpdesk/act", "close")
	hanna.primary()
	v.wrong(hanna, "console/helpdesk/act", "close, not sure")
	hanna.Select("reason", "holder_asked_closing")
	hanna.Fill("ticket", "M-3")
	hanna.Choose("sure", "yes")
	hanna.primary()
	v.fine(hanna, "console/helpdesk/account", "closed")
	hanna.follow("/console/helpdesk/reopen")
	v.fine(hanna, "console/helpdesk/act", "reopen")
}
