package journey

import (
	"testing"

	"omgevingsloket-id/e2e/browser"
	"omgevingsloket-id/e2e/practice"
	"omgevingsloket-id/e2e/tour"
)

// TestMe visits the pages of one's own account, with nothing on them and with something.
func TestMe(t *testing.T) {
	site := practice.Start(t)
	album := &tour.Album{}
	t.Run("screens", func(t *testing.T) {
		for _, v := range screens {
			t.Run(v.name, func(t *testing.T) {
				t.Parallel()
				newWalk(t, site, album, v).account()
			})
		}
	})
}

// account visits the pages of the account of a new person, who logs in there for the
// first time, and logs out everywhere.
func (w *walk) account() {
	w.p = w.site.Person(w.T, w.v.kind, w.v.words)
	b, p, at := w.b, w.p, w.site.Issuer
	w.site.Client(w.T).Apply(p)
	b.ClearCookies()
	b.Open(at + "/me")
	p.LogIn(b)
	p.Enrol(b)
	p.EnterCode(b)
	w.fine("me/me", "first")
	w.fineAt(at+"/", "home/home", "logged in")
	for _, page := range []string{"sessions", "portals", "events", "looked"} {
		w.fineAt(at+"/me/"+page, "me/"+page, "empty")
	}
	w.data()

	b.Open(w.site.Portal + "/login") // both need no password
	b.Open(w.site.Portal + "/second")
	b.ClickCSS("#login")
	p.Arrive(b, "consent/consent")
	b.Click(p.Allow)
	w.fineAt(at+"/me/portals", "me/portals", "two")
	b.ClickCSS(`button[name="withdraw"]`)
	w.fine("me/portals", "withdrawn")
	w.fineAt(at+"/me/events", "me/events", "several")

	other := browser.New(w.T, append(w.v.options, browser.Language(w.v.lang))...)
	w.enters(other)
	other.Close()
	w.fineAt(at+"/me/sessions", "me/sessions", "two")
	b.ClickCSS(`button[value="others"]`)
	w.fine("me/sessions", "ended")
	w.fineAt(at+"/me/logout", "me/logout", "asked")
	b.Open(at + "/me")
	b.ClickCSS(".holder button")
	w.fine("me/logout", "done")
	b.Reload()
	w.fine("me/logout", "not logged in")
	b.Open(at + "/me")
	w.enters(b)
	b.Open(at + "/me/sessions")
	b.ClickCSS(`button[value="all"]`)
	w.fine("me/logout", "everywhere")
}

// enters logs in at the account.
func (w *walk) enters(b *browser.Session) {
	w.Helper()
	b.Open(w.site.Issuer + "/me")
	w.p.LogIn(b)
	w.p.EnterCode(b)
	if got := b.Attribute("main", "data-page"); got != "me/me" {
		w.Fatalf("at %s, the page is %q:\n%s", b.URL(), got, b.Text())
	}
}

// data changes the data, with an error, and in two tabs.
func (w *walk) data() {
	b := w.b
	w.fineAt(w.site.Issuer+"/me/data", "me/data", "filled in")
	b.Fill("phone", "12")
	b.Submit()
	w.wrong("me/data", "phone")
	tab := b.NewTab()
	tab.Open(w.site.Issuer + "/me/data")
	tab.Fill("phone", "+49 30 7654321")
	tab.Submit()
	w.look(tab, "me/data", "saved", false)
	tab.Close()
	b.Fill("phone", "+49 30 1234567")
	b.Submit()
	w.wrong("me/data", "changed in another tab")
	b.Submit()
	w.fine("me/data", "saved after all")
}
