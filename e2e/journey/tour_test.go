package journey

import (
	"strings"
	"testing"

	"omgevingsloket-id/e2e/browser"
	"omgevingsloket-id/e2e/practice"
	"omgevingsloket-id/e2e/tour"
)

// screens are the ways in which every page is looked at.
var screens = []visitor{
	{"nl-desktop", practice.Dutch, "nl", practice.Burger, nil},
	{"en-phone", practice.English, "en", practice.Bedrijf, []browser.Option{browser.Phone()}},
	{"nl-phone-dark", practice.Dutch, "nl", practice.Bedrijf, []browser.Option{browser.Phone(), browser.Dark()}},
	{"en-desktop-dark-noscript", practice.English, "en", practice.Burger, []browser.Option{browser.Dark(), browser.NoScript()}},
}

// TestEveryPage visits every page in every state that can be reached from
// outside, and looks at each as look does. At its end no page may be left that
// nobody saw.
func TestEveryPage(t *testing.T) {
	site := practice.Start(t)
	album := &tour.Album{}
	t.Run("screens", func(t *testing.T) {
		for _, v := range screens {
			t.Run(v.name, func(t *testing.T) {
				t.Parallel()
				newVisit(t, site, album, v).walk()
			})
		}
	})
	if t.Failed() {
		return // a tour that ended early says nothing about the pages behind
	}
	for _, name := range album.Unseen(t, public) {
		t.Errorf("templates/%s.html was never seen in a browser; add the way to it to the tour", name)
	}
}

// public are the pages that applicants and account holders come to see by
// themselves. Those that begin with an official are none of them: an
// application that waits, and an address that is corrected. The tour of the
// console comes there.
func public(page string) bool {
	return !strings.HasPrefix(page, "console/") && !strings.HasPrefix(page, "address/") && page != "apply/status_document" && page != "apply/status_withdraw"
}

// visit is one visitor on the way through all pages.
type visit struct {
	*testing.T
	site  *practice.Site
	album *tour.Album
	v     visitor
	b     *browser.Session
	p     *practice.Person
}

func newVisit(t *testing.T, site *practice.Site, album *tour.Album, v visitor) *visit {
	return &visit{
		T: t, site: site, album: album, v: v, p: site.Person(t, v.kind, v.words),
		b: browser.New(t, append(v.options, browser.Language(v.lang))...),
	}
}

func (w *visit) walk() {
	w.standing()
	w.applying()
	w.refused()
	w.enrolling()
	w.secondPortal()
	w.leaving()
	w.again()
	w.blocked()
}

// fine looks at a page on which nothing is wrong.
func (w *visit) fine(page, state string) { w.Helper(); w.look(w.b, page, state, false) }

// wrong looks at a page that tells what is wrong with a form.
func (w *visit) wrong(page, state string) { w.Helper(); w.look(w.b, page, state, true) }

func (w *visit) look(b *browser.Session, page, state string, wrong bool) {
	w.Helper()
	w.album.Look(w, b, tour.Screen{Name: w.v.name, Lang: w.v.lang, Wrong: w.v.words.Wrong}, page, state, wrong)
}
