package journey

import (
	"strings"
	"testing"

	"omgevingsloket-id/e2e/browser"
	"omgevingsloket-id/e2e/practice"
	"omgevingsloket-id/e2e/tour"
)

// screens are the screens on which every page is checked.
var screens = []visitor{
	{"nl-desktop", practice.Dutch, "nl", practice.Burger, nil},
	{"en-phone", practice.English, "en", practice.Bedrijf, []browser.Option{browser.Phone()}},
	{"nl-phone-dark", practice.Dutch, "nl", practice.Bedrijf, []browser.Option{browser.Phone(), browser.Dark()}},
	{"en-desktop-dark-noscript", practice.English, "en", practice.Burger, []browser.Option{browser.Dark(), browser.NoScript()}},
}

// TestEveryPage visits every page in every state that can be reached from outside, and checks
// each with look. It fails if a page was not visited.
func TestEveryPage(t *testing.T) {
	site := practice.Start(t)
	album := &tour.Album{}
	t.Run("screens", func(t *testing.T) {
		for _, v := range screens {
			t.Run(v.name, func(t *testing.T) {
				t.Parallel()
				newWalk(t, site, album, v).walk()
			})
		}
	})
	if t.Failed() {
		return // a tour that ended early has not reached the later pages
	}
	for _, name := range album.Unseen(t, public) {
		t.Errorf("templates/%s.html was never seen in a browser; add the way to it to the tour", name)
	}
}

// public reports whether applicants and account holders can reach a page by themselves. The
// tour of the console visits the pages that begin with an official: an application that
// waits, a change of address, and the delay after an unblock. The holder's own change of
// address has a tour of its own; TestHolderChangesName visits apply/change, TestHD07_FormPost
// web/post.
func public(page string) bool {
	return !strings.HasPrefix(page, "console/") && page != "enrol/wait" && !strings.HasPrefix(page, "address/") && page != "apply/status_document" && page != "apply/status_withdraw" && page != "apply/change" && page != "web/post"
}

// walk is a tour of all pages by one visitor.
type walk struct {
	*testing.T
	site  *practice.Site
	album *tour.Album
	v     visitor
	b     *browser.Session
	p     *practice.Person
}

func newWalk(t *testing.T, site *practice.Site, album *tour.Album, v visitor) *walk {
	return &walk{
		T: t, site: site, album: album, v: v, p: site.Person(t, v.kind, v.words),
		b: browser.New(t, append(v.options, browser.Language(v.lang))...),
	}
}

func (w *walk) walk() {
	w.standing()
	w.applying()
	w.refused()
	w.enrolling()
	w.secondPortal()
	w.apps()
	w.forgetting()
	w.disavowing()
	w.leaving()
	w.again()
	w.blocked()
	w.account()
	w.unreachable()
}

// fine checks a page without an error.
func (w *walk) fine(page, state string) { w.Helper(); w.look(w.b, page, state, false) }

// wrong checks a page that reports an error in a form.
func (w *walk) wrong(page, state string) { w.Helper(); w.look(w.b, page, state, true) }

func (w *walk) look(b *browser.Session, page, state string, wrong bool) {
	w.Helper()
	w.album.Look(w, b, tour.Screen{Name: w.v.name, Lang: w.v.lang, Wrong: w.v.words.Wrong}, page, state, wrong)
}
