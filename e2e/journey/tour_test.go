package journey

import (
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"omgevingsloket-id/e2e/browser"
	"omgevingsloket-id/e2e/practice"
	"omgevingsloket-id/templates"
)

// shots is how one looks at all pages:
//
//	go test ./e2e/journey -run TestEveryPage -shots /tmp/pictures
var shots = flag.String("shots", "", "folder for a picture of every page in every state")

// screens are the ways in which every page is looked at.
var screens = []visitor{
	{"nl-desktop", practice.Dutch, "nl", practice.Burger, nil},
	{"en-phone", practice.English, "en", practice.Bedrijf, []browser.Option{browser.Phone()}},
	{"nl-phone-dark", practice.Dutch, "nl", practice.Bedrijf, []browser.Option{browser.Phone(), browser.Dark()}},
	{"en-desktop-dark-noscript", practice.English, "en", practice.Burger, []browser.Option{browser.Dark(), browser.NoScript()}},
}

// rendered is which templates any browser showed.
type rendered struct {
	mu    sync.Mutex
	pages map[string]bool
}

// TestEveryPage visits every page in every state that can be reached from
// outside, and looks at each as look does. At its end no page may be left that
// nobody saw.
func TestEveryPage(t *testing.T) {
	if *shots != "" {
		if err := os.MkdirAll(*shots, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	site := practice.Start(t)
	seen := &rendered{pages: map[string]bool{}}
	t.Run("screens", func(t *testing.T) {
		for _, v := range screens {
			t.Run(v.name, func(t *testing.T) {
				t.Parallel()
				newTour(t, site, seen, v).walk()
			})
		}
	})
	if t.Failed() {
		return // a tour that ended early says nothing about the pages behind
	}
	for _, name := range pageTemplates(t) {
		if !seen.pages[name] {
			t.Errorf("templates/%s.html was never seen in a browser; add the way to it to the tour", name)
		}
	}
}

// elsewhere are templates that no applicant and no account holder comes to see:
// the layout's parts, and the officials' console, which needs a tour of its own.
var elsewhere = []string{"layout", "console"}

// waiting are pages of an application that waits for an official. Practice
// approves at once, so this tour cannot come there; the console's own tour can.
var waiting = []string{"apply/status_document", "apply/status_withdraw"}

// pageTemplates lists the templates that are a whole page: those that open
// with the head of the layout.
func pageTemplates(t *testing.T) []string {
	t.Helper()
	files, err := fs.Glob(templates.FS, "*/*.html")
	if err != nil {
		t.Fatal(err)
	}
	var pages []string
	for _, file := range files {
		text, err := fs.ReadFile(templates.FS, file)
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Contains(elsewhere, path.Dir(file)) && !slices.Contains(waiting, strings.TrimSuffix(file, ".html")) && strings.Contains(string(text), `{{template "head" .}}`) {
			pages = append(pages, strings.TrimSuffix(file, ".html"))
		}
	}
	if len(pages) < 20 {
		t.Fatalf("only %d pages found: %q", len(pages), pages)
	}
	return pages
}

// tour is one visitor on the way through all pages.
type tour struct {
	*testing.T
	site *practice.Site
	seen *rendered
	v    visitor
	b    *browser.Session
	p    *practice.Person
	n    int // pictures taken
}

func newTour(t *testing.T, site *practice.Site, seen *rendered, v visitor) *tour {
	return &tour{
		T: t, site: site, seen: seen, v: v, p: site.Person(t, v.kind, v.words),
		b: browser.New(t, append(v.options, browser.Language(v.lang))...),
	}
}

func (w *tour) walk() {
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
func (w *tour) fine(page, state string) { w.Helper(); w.look(w.b, page, state, false) }

// wrong looks at a page that tells what is wrong with a form.
func (w *tour) wrong(page, state string) { w.Helper(); w.look(w.b, page, state, true) }

// look holds the page on the screen against everything that is true of every
// page: it is the one that was meant, in the visitor's language, with one
// heading and a title that says first when something is wrong; nothing sticks
// out at the side; axe-core finds nothing; and the browser had no trouble with
// it: no violation of the content security policy, no request to elsewhere.
func (w *tour) look(b *browser.Session, page, state string, wrong bool) {
	w.Helper()
	if *shots != "" {
		w.n++
		name := fmt.Sprintf("%02d-%s-%s-%s.png", w.n, strings.ReplaceAll(page, "/", "-"), state, w.v.name)
		b.Screenshot(filepath.Join(*shots, strings.ReplaceAll(name, " ", "_")))
	}
	at := fmt.Sprintf("%s (%s)", page, state)
	ours := !strings.HasPrefix(page, "portal/")
	if got := b.Attribute("main", "data-page"); ours && got != page {
		w.Fatalf("%s: the page is %q at %s:\n%s", at, got, b.URL(), b.Text())
	}
	w.seen.mu.Lock()
	w.seen.pages[page] = true
	w.seen.mu.Unlock()
	if lang := b.Attribute("html", "lang"); lang != w.v.lang {
		w.Errorf("%s is in %q", at, lang)
	}
	if got := strings.HasPrefix(b.Title(), w.v.words.Wrong); got != wrong {
		w.Errorf("%s has the title %q", at, b.Title())
	}
	if wrong != (b.Count("#errors") == 1) {
		w.Errorf("%s: %d error summaries", at, b.Count("#errors"))
	}
	if n := b.Count("h1"); n != 1 {
		w.Errorf("%s has %d headings of the first level", at, n)
	}
	if wide := browser.Eval[int](b, `document.documentElement.scrollWidth - document.documentElement.clientWidth`); wide > 0 {
		w.Errorf("%s sticks out by %d pixels", at, wide)
	}
	for _, violation := range b.Axe() {
		w.Errorf("%s: %s", at, violation)
	}
	if problems := slices.DeleteFunc(b.Problems(), expected); len(problems) > 0 {
		w.Errorf("%s: %q", at, problems)
	}
}

// expected are no problems: what Chromium says of every page with an error
// status.
func expected(problem string) bool {
	return strings.HasPrefix(problem, "network: Failed to load resource")
}
