package console

import (
	"strings"
	"testing"
)

// A reviewer takes an application, reads it, writes a note and approves; the previewed mail
// is the one that is sent, and its recipient can log in.
func TestReviewerApproves(t *testing.T) {
	everyWay(t, func(d *workplace) {
		w := d.at("Ria").find("Muster")
		w.reads("Anna Muster", "Hauptstraße 1", "anna@demo.example")
		w.press("action", "take").on("console/review/case")
		w.Fill("text", "Document vergeleken, klopt.")
		w.ClickCSS(`form:has(textarea[name="text"]) button`)
		w.on("console/review/case").reads("Document vergeleken, klopt.")
		w.follow("act=approve").on("console/review/decide")
		preview := w.TextOf("pre")
		w.approve().on("console/review/case")
		if w.Count(`main a[href*="act="]`) != 0 {
			d.Error("a decided case can be decided on:", w.Text())
		}
		d.site.Mail.Next(d, "anna@demo.example") // the receipt
		mail := d.site.Mail.Next(d, "anna@demo.example")
		if squeeze(mail.Text) != squeeze(preview) {
			d.Errorf("the mail is not the one that was shown:\n%s\n\n%s", mail.Text, preview)
		}
		_, password := d.site.Officials(d)
		b := d.visitor()
		b.Open(d.site.Portal + "/login")
		b.Fill("email", "anna@demo.example")
		b.Fill("password", password)
		b.Submit()
		if got := b.Attribute("main", "data-page"); got != "enrol/enrol" {
			d.Error("after the approval the applicant arrives at", got)
		}
	})
}

// squeeze removes what depends on line breaks from a text.
func squeeze(s string) string { return strings.Join(strings.Fields(s), " ") }

// A company's application needs a second reviewer, who cannot be the first one.
func TestReviewerSecondPairOfEyes(t *testing.T) {
	everyWay(t, func(d *workplace) {
		ria := d.at("Ria").find("Dupont")
		ria.press("action", "take").on("console/review/case")
		ria.follow("act=approve").on("console/review/decide")
		ria.approve().on("console/review/case")
		if ria.Count(`button[value="take"]`) != 0 {
			d.Error("who approved first may take it again:", ria.Text())
		}
		rob := d.at("Rob").find("Dupont")
		rob.press("action", "take").on("console/review/case")
		rob.follow("act=approve").on("console/review/decide")
		rob.approve().on("console/review/case")
		d.site.Mail.Next(d, "claire@demo.example") // the receipt
		if mail := d.site.Mail.Next(d, "claire@demo.example"); !strings.Contains(mail.Text, d.site.Issuer+"/start") {
			d.Error("the mail of the approval:", mail.Text)
		}
	})
}

// A rejection names a reason from the list and how to object; the text is required if the
// reason does not say enough.
func TestReviewerRejects(t *testing.T) {
	everyWay(t, func(d *workplace) {
		w := d.at("Rob").find("Garc")
		w.press("action", "take").on("console/review/case")
		w.follow("act=reject").on("console/review/decide")
		w.press("step", "preview").on("console/review/decide")
		if w.Count("#errors") != 1 || !strings.HasPrefix(w.Title(), map[string]string{"nl": "Fout:", "en": "Error:"}[d.way.lang]) {
			d.Error("no reason is no error:", w.Text())
		}
		w.Select("reason", "unreadable")
		w.Fill("text", "The picture is too dark.")
		w.press("step", "preview").on("console/review/decide")
		if !strings.Contains(w.TextOf("pre"), "The picture is too dark.") {
			d.Error("the mail lacks the words:", w.Text())
		}
		w.press("step", "change").on("console/review/decide")
		if w.Value("text") != "The picture is too dark." || w.Value("reason") != "unreadable" {
			d.Error("what was typed is gone:", w.Value("text"), w.Value("reason"))
		}
		w.press("step", "preview").on("console/review/decide")
		w.press("step", "send").on("console/review/case")
		d.site.Mail.Next(d, "jose@demo.example") // the receipt
		if mail := d.site.Mail.Next(d, "jose@demo.example"); !strings.Contains(mail.Text, "The picture is too dark.") || !strings.Contains(mail.Text, "object") {
			d.Error("the mail of the rejection:", mail.Text)
		}
	})
}

// Two reviewers have the same case open: the second one sees who was quicker, and nothing is
// decided twice.
func TestReviewerTooLate(t *testing.T) {
	everyWay(t, func(d *workplace) {
		ria, rob := d.at("Ria").find("Okafor"), d.at("Rob").find("Okafor")
		ria.press("action", "take").on("console/review/case")
		rob.press("action", "take").on("console/review/case")
		if rob.Status() != 409 || rob.Count("#errors") != 1 {
			d.Error("the second one is not told:", rob.Status(), rob.Text())
		}
		rob.reads("Ria Reviewer")
	})
}
