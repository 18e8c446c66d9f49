package console

import (
	"strings"
	"testing"

	"omgevingsloket-id/e2e/browser"
	"omgevingsloket-id/e2e/practice"
	"omgevingsloket-id/e2e/testenv"
	"omgevingsloket-id/e2e/tour"
)

var screens = []way{
	{"nl-desktop", "nl", nil},
	{"en-phone", "en", []browser.Option{browser.Phone()}},
	{"nl-phone-dark", "nl", []browser.Option{browser.Phone(), browser.Dark()}},
	{"en-desktop-dark-noscript", "en", []browser.Option{browser.Dark(), browser.NoScript()}},
}

// TestEveryConsolePage visits every page of the console, and the pages of an application
// that waits for an official, in every state that can be reached from outside. It fails if a
// page was not visited.
func TestEveryConsolePage(t *testing.T) {
	testenv.Slow(t)
	album := &tour.Album{}
	t.Run("screens", func(t *testing.T) {
		for _, w := range screens {
			t.Run(w.name, func(t *testing.T) {
				t.Parallel()
				v := &walk{workplace: &workplace{T: t, site: practice.Start(t, practice.Review(), practice.Env("OLID_LOGIN_RECOVERY_DELAY=24h")), way: w}, album: album}
				v.reviewing()
				v.applicant()
				hanna := v.helping()
				hugo := v.at("Hugo")
				v.delaying(hanna, hugo)
				v.changing(hanna, hugo)
				v.managing()
				v.auditing()
			})
		}
	})
	if t.Failed() {
		return // a tour that ended early has not reached the later pages
	}
	for _, name := range album.Unseen(t, func(page string) bool {
		return strings.HasPrefix(page, "console/") || page == "apply/status_document" || page == "apply/status_withdraw" || page == "enrol/wait" || page == "address/address" || page == "address/done"
	}) {
		t.Errorf("templates/%s.html was never seen in a browser; add the way to it to the tour", name)
	}
}

// walk is a tour of all pages in one way of working.
type walk struct {
	*workplace
	album *tour.Album
}

func (v *walk) look(b *browser.Session, page, state string, wrong bool) {
	v.Helper()
	v.album.Look(v, b, tour.Screen{Name: v.way.name, Lang: v.way.lang, Wrong: v.words().Wrong}, page, state, wrong)
}

func (v *walk) words() practice.Words {
	if v.way.lang == "en" {
		return practice.English
	}
	return practice.Dutch
}

func (v *walk) fine(w *worker, page, state string) {
	v.Helper()
	v.look(w.Session, page, state, false)
}
func (v *walk) wrong(w *worker, page, state string) {
	v.Helper()
	v.look(w.Session, page, state, true)
}

func (v *walk) reviewing() {
	b := v.visitor()
	ria := &worker{b, v.site.Official(v, "Ria"), v.workplace}
	b.Open(v.site.Issuer + "/console")
	v.fine(ria, "console/login", "empty")
	b.Fill("email", ria.Email)
	b.Fill("password", "not the password")
	b.Submit()
	v.wrong(ria, "console/login", "refused")
	b.Fill("email", ria.Email)
	b.Fill("password", ria.Password)
	b.Submit()
	v.fine(ria, "console/code", "asked")
	b.Fill("code", ria.Phone.Wrong())
	b.Submit()
	v.wrong(ria, "console/code", "wrong")
	ria.LogIn(b)
	v.fine(ria, "console/home", "reviewer")
	ria.open("/console/review")
	v.fine(ria, "console/review/review", "waiting")
	ria.open("/console/review", "show", "decided")
	v.fine(ria, "console/review/review", "decided")
	ria.open("/console/review", "q", "nobody of that name")
	v.fine(ria, "console/review/review", "nothing found")
	ria.open("/console/staff")
	v.look(b, "web/error", "not this role", false)

	v.fine(ria.find("Huber"), "console/review/case", "proposed by me")
	v.fine(ria.find("Nystr"), "console/review/case", "quarantined")
	v.fine(ria.find("Kowalski"), "console/review/case", "rejected")
	ria.find("Garc").follow("/console/review/document?")
	v.fine(ria, "console/review/document", "picture")
	ria.find("Okafor").follow("/console/review/document?")
	v.fine(ria, "console/review/document", "active PDF")
	ria.find("Muster").follow("/console/review/document?")
	v.fine(ria, "console/review/document", "plain PDF")
	v.fine(ria.find("Muster"), "console/review/case", "waiting")
	ria.press("action", "take")
	v.fine(ria, "console/review/case", "mine")
	ria.ClickCSS(`form:has(textarea[name="text"]) button`)
	v.wrong(ria, "console/review/case", "empty note")
	ria.follow("act=approve")
	v.fine(ria, "console/review/decide", "approve")
	ria.find("Muster").follow("act=more")
	v.fine(ria, "console/review/decide", "more")
	ria.press("step", "preview")
	v.wrong(ria, "console/review/decide", "more missing")
	ria.Fill("text", "Please send both sides of your card.")
	ria.press("step", "preview")
	v.fine(ria, "console/review/decide", "more preview")
	ria.find("Muster").follow("act=reject")
	v.fine(ria, "console/review/decide", "reject")
	ria.press("step", "preview")
	v.wrong(ria, "console/review/decide", "reject missing")
	ria.Select("reason", "mismatch")
	ria.press("step", "preview")
	v.fine(ria, "console/review/decide", "reject preview")
}

// applicant is Mai, who was asked a question and returns with the reference and a mailed
// code.
func (v *walk) applicant() {
	b := v.visitor()
	receipt := v.site.Mail.Next(v, "mai@demo.example")
	_, rest, _ := strings.Cut(receipt.Text, "OLID-")
	reference := "OLID-" + strings.Fields(rest)[0]
	v.site.Mail.Next(v, "mai@demo.example") // the question
	b.Open(v.site.Issuer + "/apply/status/find")
	b.Fill("reference", reference)
	b.Submit()
	b.Fill("code", practice.SixDigits(v, v.site.Mail.Next(v, "mai@demo.example").Text))
	b.Submit()
	v.look(b, "apply/status", "asked for more", false)
	b.Submit()
	v.look(b, "apply/status", "no answer", true)
	b.ClickCSS(`main a[href$="/apply/status/document"]`)
	v.look(b, "apply/status_document", "empty", false)
	b.Submit()
	v.look(b, "apply/status_document", "missing", true)
	b.Open(v.site.Issuer + "/apply/status/withdraw")
	v.look(b, "apply/status_withdraw", "asked", false)
	b.ClickCSS("main form .utrecht-button--primary-action")
	v.look(b, "apply/status", "withdrawn", false)
}

func (v *walk) helping() *worker {
	_, reference, code := v.holder()
	hanna := v.at("Hanna")
	v.fine(hanna, "console/home", "helpdesk")
	hanna.open("/console/helpdesk")
	v.fine(hanna, "console/helpdesk/helpdesk", "empty")
	hanna.open("/console/helpdesk", "q", "nobody")
	v.fine(hanna, "console/helpdesk/helpdesk", "nothing found")
	hanna.open("/console/helpdesk", "q", "ingrid")
	hanna.reads("Ingrid Solberg")
	v.fine(hanna, "console/helpdesk/helpdesk", "found")
	hanna.open("/console/helpdesk", "q", "ingrid").follow("/console/helpdesk/account?")
	v.fine(hanna, "console/helpdesk/account", "not blocked")
	hanna.follow("/console/helpdesk/block")
	v.fine(hanna, "console/helpdesk/act", "empty")
	hanna.primary()
	v.wrong(hanna, "console/helpdesk/act", "missing")
	hanna.open("/console/helpdesk", "q", "ingrid").follow("/console/helpdesk/account?").follow("/console/helpdesk/mail")
	v.fine(hanna, "console/helpdesk/mail", "empty")
	hanna.primary()
	v.wrong(hanna, "console/helpdesk/mail", "missing")
	hanna.open("/console/helpdesk", "q", "ingrid").follow("/console/helpdesk/account?").follow("/console/helpdesk/lang")
	v.fine(hanna, "console/helpdesk/lang", "empty")
	hanna.primary()
	v.wrong(hanna, "console/helpdesk/lang", "missing")
	hanna.Select("reason", "holder_asked_lang")
	hanna.Fill("ticket", "M-8")
	hanna.primary()
	v.fine(hanna, "console/helpdesk/account", "another language")
	hanna.open("/console/helpdesk", "q", reference).follow("/console/helpdesk/account?")
	v.fine(hanna, "console/helpdesk/account", "blocked")
	hanna.primary()
	v.fine(hanna, "console/helpdesk/request", "unblock, who calls")
	hanna.Fill("code", "00000000")
	hanna.primary()
	v.wrong(hanna, "console/helpdesk/request", "unblock, wrong code")
	hanna.Fill("code", code)
	hanna.Fill("said_birthdate", "1961-04-02")
	hanna.Fill("said_street", "88 King Street")
	hanna.Fill("said_place", "Halifax NS")
	hanna.primary()
	v.fine(hanna, "console/helpdesk/request", "unblock, why")
	hanna.primary()
	v.wrong(hanna, "console/helpdesk/request", "unblock, no reason")
	hanna.Select("reason", "lost_phone")
	hanna.Fill("ticket", "M-1")
	hanna.primary()
	v.fine(hanna, "console/helpdesk/request", "unblock, confirm")
	hanna.press("action", "confirm")
	v.fine(hanna, "console/helpdesk/request", "unblock, done")
	return hanna
}

// delaying blocks and unblocks Pieter again, who has linked his app by now. He has to
// wait.
func (v *walk) delaying(hanna, hugo *worker) {
	pieter, b := v.pieter(), v.visitor()
	b.Open(v.site.Portal + "/login")
	pieter.LogIn(b)
	pieter.ProveMailbox(b)
	pieter.Enrol(b)
	pieter.EnterCode(b)
	hanna.open("/console/helpdesk", "q", "pieter").follow("/console/helpdesk/account?").follow("/console/helpdesk/block")
	hanna.Select("reason", "phone_stolen")
	hanna.Fill("ticket", "M-4")
	hanna.Choose("sure", "yes")
	hanna.primary()
	_, reference, code := v.holder()
	hanna.open("/console/helpdesk", "q", reference).follow("/console/helpdesk/account?").primary()
	hanna.Fill("code", code)
	hanna.Fill("said_birthdate", "1961-04-02")
	hanna.Fill("said_street", "88 King Street")
	hanna.Fill("said_place", "Halifax NS")
	hanna.primary()
	hanna.Select("reason", "lost_phone")
	hanna.Fill("ticket", "M-4")
	hanna.primary()
	v.fine(hanna, "console/helpdesk/request", "unblock with a delay, waits")
	hugo.open("/console/helpdesk").follow("/console/helpdesk/request?")
	v.fine(hugo, "console/helpdesk/request", "unblock with a delay, second member")
	hugo.press("action", "confirm")
	v.fine(hugo, "console/helpdesk/request", "unblock with a delay, done")
	hugo.follow("/console/helpdesk/account?")
	v.fine(hugo, "console/helpdesk/account", "has to wait")
	b.ClearCookies()
	b.Open(v.site.Portal + "/login")
	pieter.LogIn(b)
	v.look(b, "enrol/wait", "waits", false)
}

func (v *walk) managing() {
	bas := v.at("Bas")
	v.fine(bas, "console/home", "administrator")
	bas.open("/console/staff")
	v.fine(bas, "console/staff/staff", "list")
	bas.primary()
	v.wrong(bas, "console/staff/staff", "missing")
	bas.Fill("name", "Nora Nieuw")
	bas.Fill("email", "nora@demo.example")
	bas.Choose("helpdesk", "yes")
	bas.primary()
	v.fine(bas, "console/staff/staff", "invited")
	link := v.invitation("nora@demo.example")
	bas.open("/console/staff").ClickLink("Hugo Helpdesk")
	v.fine(bas, "console/staff/member", "other")
	bas.press("action", "propose")
	v.wrong(bas, "console/staff/member", "no reason")
	bas.Select("reason", "new_phone")
	bas.press("action", "propose")
	v.fine(bas, "console/staff/staff", "proposed")
	bas.ClickLink("Hugo Helpdesk")
	v.fine(bas, "console/staff/member", "proposed by oneself")
	bea := v.at("Bea")
	v.fine(bea, "console/home", "a new invitation waits")
	bea.ClickLink("Hugo Helpdesk")
	v.fine(bea, "console/staff/member", "proposed")
	bea.press("action", "confirm")
	v.wrong(bea, "console/staff/member", "not spoken")
	bea.Choose("spoken", "yes")
	bea.press("action", "confirm")
	v.fine(bea, "console/staff/staff", "confirmed")
	bea.ClickLink("Nora Nieuw")
	v.fine(bea, "console/staff/member", "invited")
	bas.open("/console/staff").ClickLink("Bas Beheerder")
	v.fine(bas, "console/staff/member", "self")

	bas.open("/console/again", "then", "/console/staff")
	v.fine(bas, "console/again", "asked")
	bas.primary()
	v.wrong(bas, "console/again", "missing")

	b := v.visitor()
	b.Open(link)
	v.look(b, "console/invite", "empty", false)
	b.Fill("password", "kort")
	b.Submit()
	v.look(b, "console/invite", "short", true)
	b.Fill("password", "een rustige haven bij nacht")
	b.Submit()
	v.look(b, "console/qr", "shown", false)
	other := v.visitor()
	other.Open(link)
	v.look(other, "web/error", "spent invitation", false)
}

func (v *walk) auditing() {
	ada := v.at("Ada")
	v.fine(ada, "console/home", "auditor")
	ada.open("/console/audit")
	v.fine(ada, "console/audit/audit", "latest")
	ada.open("/console/statistics")
	v.fine(ada, "console/statistics/statistics", "this year")
	ada.open("/console/statistics", "from", "2001-01-01", "until", "2001-12-31", "kind", "legal_person")
	v.fine(ada, "console/statistics/statistics", "nothing happened")
	ada.open("/console/statistics", "from", "2002-01-01", "until", "2001-12-31")
	v.wrong(ada, "console/statistics/statistics", "the wrong way round")
	ada.open("/console/audit", "kind", "account", "number", "nobody")
	v.fine(ada, "console/audit/audit", "nothing found")
	ada.open("/console/audit", "from", "2001-01-01", "who", "staff", "action", "staff.invited", "outcome", "ok")
	v.fine(ada, "console/audit/audit", "filtered")
	ada.open("/console/audit", "from", "gisteren", "number", "OLID-0000-0000")
	v.wrong(ada, "console/audit/audit", "no such day or reference")
}
