// Package tour looks at pages in a browser, for the tours that visit every page
// in every state: it holds each against what is true of all of them, keeps a
// picture on request, and knows at the end which pages nobody saw.
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

// Album is what several visitors of one site have seen. The zero value is an
// empty one.
type Album struct {
	mu     sync.Mutex
	seen   map[string]bool
	number map[string]int // pictures of each screen
}

// Screen is how one visitor looks at pages.
type Screen struct {
	Name  string // in the names of pictures
	Lang  string // of every page: "nl" or "en"
	Wrong string // how titles begin when something is wrong: "Fout:", "Error:"
}

// Look holds the page on the screen against everything that is true of every
// page: it is the one that was meant, in the visitor's language, with one
// heading and a title that says first when something is wrong; nothing sticks
// out at the side; axe-core finds nothing; and the browser had no trouble with
// it: no violation of the content security policy, no request to elsewhere.
// Pages whose name begins with "portal/" have no name on them.
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
	// The rules of the console are linked where its menu is, and nowhere else.
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

// keep takes the picture and remembers the page.
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

// expected are no problems: what Chromium says of every page with an error
// status.
func expected(problem string) bool {
	return strings.HasPrefix(problem, "network: Failed to load resource")
}

// Unseen lists the whole pages (templates that open with the head of the
// layout) that want asks for and nobody saw.
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
		if strings.HasPrefix(page, "layout/") || !want(page) || !strings.Contains(string(text), `{{template "head" .}}`) {
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
