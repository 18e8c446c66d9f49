package journey

import (
	"testing"

	"omgevingsloket-id/e2e/practice"
	"omgevingsloket-id/e2e/tour"
)

// TestNewPhoneAndSecondApp is the life of the apps of an account holder, from the list to
// the removal of one, with a QR reader.
func TestNewPhoneAndSecondApp(t *testing.T) {
	site := practice.Start(t)
	for _, v := range screens {
		t.Run(v.name, func(t *testing.T) {
			t.Parallel()
			w := newWalk(t, site, &tour.Album{}, v)
			site.Client(t).Apply(w.p)
			b, p := w.b, w.p
			b.Open(site.Portal + "/login")
			p.LogIn(b)
			p.Enrol(b)
			p.EnterCode(b)
			w.apps()
			b.Open(site.Portal + "/login?prompt=login")
			p.LogIn(b)
			p.EnterCode(b) // of the app that is left
			atPortal(t, site, b, p)
		})
	}
}

// apps replaces the holder's app, adds a second one and removes it.
func (w *walk) apps() {
	b, p := w.b, w.p
	list := w.site.Issuer + "/enrol/apps"
	b.Open(list)
	w.fine("enrol/apps", "one")
	w.opened("summary", "enrol/apps", "lost")
	b.ClickCSS(`a[href^="/enrol/apps/qr?id=1"]`)
	w.fine("enrol/apps_qr", "new phone")
	b.Submit()
	w.fine("enrol/qr", "new phone")
	p.ScanScreen(b)
	b.Click(p.NextStep)
	w.fine("enrol/apps_code", "new phone")
	b.Open(list)
	w.fine("enrol/apps", "waits")
	b.ClickCSS(`a[href="/enrol/apps/code"]`)
	const press = "#form button" // the page has two forms
	b.ClickCSS(press)
	w.wrong("enrol/apps_code", "missing")
	b.Fill("code", p.Phone.Wrong())
	b.ClickCSS(press)
	w.wrong("enrol/apps_code", "wrong")
	b.Fill("code", p.Phone.Code())
	b.ClickCSS(press)
	w.fine("enrol/apps_done", "replaced")

	b.Open(list)
	b.ClickCSS(`a[href="/enrol/apps/qr?id=second"]`)
	w.fine("enrol/apps_qr", "second")
	b.Submit()
	w.wrong("enrol/apps_qr", "no name")
	b.Fill("name", "Tablet")
	b.Submit()
	w.fine("enrol/qr", "second")
	phone := p.Phone
	p.ScanScreen(b)
	b.Click(p.NextStep)
	w.fine("enrol/apps_code", "second")
	b.Fill("code", p.Phone.Code())
	b.ClickCSS(press)
	w.fine("enrol/apps_done", "added")
	b.Open(list)
	w.fine("enrol/apps", "two")

	b.ClickCSS(`a[href="/enrol/apps/rename?id=2"]`)
	w.fine("enrol/apps_rename", "asked")
	b.Fill("name", "")
	b.Submit()
	w.wrong("enrol/apps_rename", "no name")
	b.Fill("name", "Oude telefoon")
	b.Submit()
	p.Arrive(b, "enrol/apps")
	b.ClickCSS(`a[href="/enrol/apps/remove?id=3"]`)
	w.fine("enrol/apps_remove", "asked")
	b.Submit()
	w.fine("enrol/apps_done", "removed")
	b.Open(list + "/remove?id=2")
	w.fine("enrol/apps_remove", "the last")
	p.Phone = phone
}
