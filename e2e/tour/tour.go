// Package tour checks pages in a browser, for the tests that visit every page in every state. It
// makes the checks that apply to all pages, takes a picture of each on request, and knows which
// pages were not visited.
//
//	go test ./e2e/journey ./e2e/console -run TestEvery -shots /tmp/pictures
package tour

import (
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"omgevingsloket-id/e2e/browser"
	"omgevingsloket-id/templates"
)

var shots = flag.String("shots", "", "folder for a picture of every page in every state")

// Album is the pages that several visitors of one site have visited. The zero value is empty.
type Album struct {
	mu     sync.Mutex
	seen   map[string]bool
	number map[string]int // pictures of each screen
}

// Screen is the settings of one visitor.
type Screen struct {
	Name  string // in the names of pictures
	Lang  string // of every page: "nl" or "en"
	Wrong string // prefix of titles of pages with an error: "Fout:", "Error:"
}

// Look makes the checks that apply to every page: it is the expected page, in the visitor's
// language, with one heading, and with a title that begins with the prefix if something is wrong;
// it does not scroll sideways; axe-core finds no violation; and the browser reports no violation
// of the content security policy and no request to elsewhere. Pages whose name begins with
// "portal/" contain no name.
func (a *Album) Look(t testing.TB, b *browser.Session, s Screen, page, state string, wrong bool) {
	t.Helper()
	a.keep(t, b, s, page, state)
	at := fmt.Sprintf("%s (%s)", page, state)
	ours := !strings.HasPrefix(page, "portal/")
	if got := b.Attribute("main", "data-page"); ours && got != page {
		t.Fatalf("%s: the page is %q at %s:\n%s", at, got, b.URL(), b.Text())
	}
	if lang := b.Attribute("html", "lang"); lang != s.Lang {
		t.Errorf("%s is in %q", at, lang)
	}
	if got := strings.HasPrefix(b.Title(), s.Wrong); got != wrong {
		t.Errorf("%s has the title %q", at, b.Title())
	}
	if wrong != (b.Count("#errors") == 1) {
		t.Errorf("%s: %d error summaries", at, b.Count("#errors"))
	}
	if n := b.Count("h1"); n != 1 {
		t.Errorf("%s has %d headings of the first level", at, n)
	}
	// The console's style sheet is linked on exactly the pages with its menu.
	links := browser.Eval[bool](b, `document.querySelector('link[href$="/console.css"]') !== null`)
	if menu := b.Count(".console-bar") == 1; ours && links != menu {
		t.Errorf("%s links console.css: %t, want %t", at, links, menu)
	}
	if wide := browser.Eval[int](b, `document.documentElement.scrollWidth - document.documentElement.clientWidth`); wide > 0 {
		t.Errorf("%s sticks out by %d pixels", at, wide)
	}
	if text := b.Text(); strings.Contains(text, "<no value>") || strings.Contains(text, "{{") || strings.Contains(text, "[{") {
		t.Errorf("%s shows what a programmer wrote:\n%s", at, text)
	}
	for _, violation := range b.Axe() {
		t.Errorf("%s: %s", at, violation)
	}
	if problems := slices.DeleteFunc(b.Problems(), expected); len(problems) > 0 {
		t.Errorf("%s: %q", at, problems)
	}
}

// keep takes the picture and adds the page.
func (a *Album) keep(t testing.TB, b *browser.Session, s Screen, page, state string) {
	t.Helper()
	a.mu.Lock()
	if a.seen == nil {
		a.seen, a.number = map[string]bool{}, map[string]int{}
	}
	a.seen[page] = true
	a.number[s.Name]++
	n := a.number[s.Name]
	a.mu.Unlock()
	if *shots == "" {
		return
	}
	if err := os.MkdirAll(*shots, 0o700); err != nil {
		t.Fatal(err)
	}
	name := fmt.Sprintf("%02d-%s-%s-%s.png", n, strings.ReplaceAll(page, "/", "-"), state, s.Name)
	b.Screenshot(filepath.Join(*shots, strings.ReplaceAll(name, " ", "_")))
}

// expected reports whether a problem is what Chromium says of every page with an error status.
func expected(problem string) bool {
	return strings.HasPrefix(problem, "network: Failed to load resource")
}

// Unseen lists the pages (templates that open with the head of the layout) for which want returns
// true and that were not visited.
func (a *Album) Unseen(t testing.TB, want func(page string) bool) []string {
	t.Helper()
	files, err := fs.Glob(templates.FS, "*/*.html")
	if err != nil {
		t.Fatal(err)
	}
	var unseen []string
	wanted := 0
	for _, file := range files {
		text, err := fs.ReadFile(templates.FS, file)
		if err != nil {
			t.Fatal(err)
		}
		page := strings.TrimSuffix(file, ".html")
		if strings.HasPrefix(page, "layout/") || !want(page) || !strings.Contains(string(text), `head" .}}`) {
			continue
		}
		if wanted++; !a.seen[page] {
			unseen = append(unseen, page)
		}
	}
	if wanted < 10 {
		t.Fatalf("only %d pages found", wanted)
	}
	return unseen
}
