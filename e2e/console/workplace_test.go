package console

import (
	"net/url"
	"strings"
	"testing"

	"omgevingsloket-id/e2e/browser"
	"omgevingsloket-id/e2e/practice"
)

// way is a way in which an official works: every journey is made with and without scripts,
// with a large screen and a phone, in both languages.
type way struct {
	name, lang string
	options    []browser.Option
}

var ways = []way{
	{"nl-desktop", "nl", nil},
	{"en-phone-noscript", "en", []browser.Option{browser.Phone(), browser.NoScript()}},
}

// everyWay runs a journey for each way, each on a new demo.
func everyWay(t *testing.T, journey func(*workplace)) {
	for _, w := range ways {
		t.Run(w.name, func(t *testing.T) {
			t.Parallel()
			journey(&workplace{T: t, site: startReview(t), way: w})
		})
	}
}

func startReview(t *testing.T) *practice.Site { return practice.Start(t, practice.Review()) }

// workplace is a demo with officials, and the way in which they work.
type workplace struct {
	*testing.T
	site *practice.Site
	way  way
}

// worker is an official with a browser.
type worker struct {
	*browser.Session
	*practice.Official
	d *workplace
}

// at logs an official in.
func (d *workplace) at(name string) *worker {
	d.Helper()
	w := &worker{browser.New(d, append(d.way.options, browser.Language(d.way.lang))...), d.site.Official(d, name), d}
	w.LogIn(w.Session)
	w.on("console/home")
	return w
}

// visitor returns a browser of somebody who is not an official.
func (d *workplace) visitor() *browser.Session {
	return browser.New(d, append(d.way.options, browser.Language(d.way.lang))...)
}

func (w *worker) LogIn(b *browser.Session) { w.Official.LogIn(b) }

// on requires that a page is on the screen.
func (w *worker) on(page string) *worker {
	w.d.Helper()
	if got := w.Attribute("main", "data-page"); got != page {
		w.d.Fatalf("%s is at %s, on page %q, want %q:\n%s", w.Name, w.URL(), got, page, w.Text())
	}
	return w
}

// open opens a path of the console.
func (w *worker) open(path string, query ...string) *worker {
	w.d.Helper()
	q := url.Values{}
	for i := 0; i+1 < len(query); i += 2 {
		q.Set(query[i], query[i+1])
	}
	if len(q) > 0 {
		path += "?" + q.Encode()
	}
	w.Open(w.d.site.Issuer + path)
	return w
}

// press clicks the button that sends this name and value.
func (w *worker) press(name, value string) *worker {
	w.d.Helper()
	w.ClickCSS(`button[name="` + name + `"][value="` + value + `"]`)
	return w
}

// approve approves on the page of the decision, also if not every document was opened.
func (w *worker) approve() *worker {
	w.d.Helper()
	if w.Count("#unread") > 0 {
		w.ClickCSS("#unread")
	}
	return w.press("step", "send")
}

// primary presses the primary button of the page.
func (w *worker) primary() *worker {
	w.d.Helper()
	w.ClickCSS("main form .utrecht-button--primary-action")
	return w
}

// follow clicks the link whose address contains part.
func (w *worker) follow(part string) *worker {
	w.d.Helper()
	w.ClickCSS(`main a[href*="` + part + `"]`)
	return w
}

// find opens the case of a name through the search of the queue.
func (w *worker) find(name string) *worker {
	w.d.Helper()
	w.open("/console/review", "show", "all").on("console/review/review")
	w.Fill("q", name)
	w.ClickCSS(`main form[method="get"] button`)
	w.on("console/review/review").follow("/console/review/case?")
	return w.on("console/review/case")
}

// reads requires that all texts are visible.
func (w *worker) reads(texts ...string) *worker {
	w.d.Helper()
	for _, text := range texts {
		if !strings.Contains(w.Text(), text) {
			w.d.Errorf("%s does not read %q at %s:\n%s", w.Name, text, w.URL(), w.Text())
		}
	}
	return w
}
