package console

import (
	"image/color"
	"strings"
	"testing"

	"omgevingsloket-id/e2e/practice"
	"omgevingsloket-id/e2e/tour"
)

// The holder of an account asks for another name, answers a question and gets it; the
// official sees old beside new. A second request is withdrawn.
func TestHolderChangesName(t *testing.T) {
	everyWay(t, func(d *workplace) {
		v := &walk{workplace: d, album: &tour.Album{}}
		ria := d.at("Ria").find("Muster")
		ria.press("action", "take").follow("act=approve").approve().on("console/review/case")
		b := d.visitor()
		p := d.site.Person(d, practice.Burger, v.words())
		p.Email = "anna@demo.example"
		_, p.Password = d.site.Officials(d)
		change := d.site.Issuer + "/apply/change"
		b.Open(change)
		p.LogIn(b)
		p.Enrol(b)
		p.EnterCode(b)
		v.look(b, "apply/change", "first", false)
		b.ClickCSS(`button[value="begin"]`)
		v.look(b, "apply/person", "of the account", false)
		b.Fill("family_name", "")
		b.Submit()
		v.look(b, "apply/person", "of the account, missing", true)
		b.Fill("family_name", "Muster")
		b.Submit()
		v.look(b, "apply/document", "of a change", false)
		b.Upload("document", picture(t, "pas.png", color.Gray{90}))
		b.Submit()
		v.look(b, "apply/check", "nothing changed yet", false)
		b.Choose("declared", "yes")
		b.Submit()
		v.look(b, "apply/check", "nothing changed", true)
		b.Open(change)
		v.look(b, "apply/change", "begun", false)
		b.ClickCSS(`main a[href*="/apply/check"]`)
		b.ClickCSS(`main a[href*="#family_name"]`)
		b.Fill("family_name", "Musterfrau-Schmidt")
		b.Submit()
		v.look(b, "apply/check", "a change", false)
		b.Choose("declared", "yes")
		b.Submit()
		v.look(b, "apply/done", "a change", false)
		b.Open(change)
		v.look(b, "apply/change", "waiting", false)

		ria.open("/console/review")
		v.fine(ria, "console/review/review", "with a change")
		ria.find("Schmidt").press("action", "take").on("console/review/case")
		v.fine(ria, "console/review/case", "a change")
		ria.follow("act=more")
		ria.Fill("text", "Is this your new name?")
		ria.press("step", "preview").press("step", "send").on("console/review/case")
		b.Open(change)
		v.look(b, "apply/change", "asked", false)
		b.ClickCSS(`button[value="open"]`)
		v.look(b, "apply/status", "a change, asked", false)
		b.Fill("text", "Yes.")
		b.Submit()
		v.look(b, "apply/status", "a change, answered", false)
		ria.find("Schmidt").follow("act=approve")
		v.fine(ria, "console/review/decide", "a change")
		ria.approve().on("console/review/case")
		b.Open(change)
		v.look(b, "apply/change", "approved", false)
		if !strings.Contains(b.Text(), "Musterfrau-Schmidt") {
			d.Error("the account does not have the new name:", b.Text())
		}

		b.ClickCSS(`button[value="begin"]`)
		b.Fill("given_name", "Anne")
		b.Submit()
		b.Upload("document", picture(t, "pas.png", color.Gray{90}))
		b.Submit()
		b.Choose("declared", "yes")
		b.Submit()
		b.Open(d.site.Issuer + "/apply/status/withdraw")
		v.look(b, "apply/status_withdraw", "a change", false)
		b.ClickCSS("main form .utrecht-button--primary-action")
		v.look(b, "apply/status", "a change, withdrawn", false)
		b.Open(change)
		v.look(b, "apply/change", "withdrawn", false)
	})
}
