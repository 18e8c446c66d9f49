package browser

import (
	"net/http"
	"strings"
	"testing"
	"time"
)

// TestBFCacheIsOn is the control for every test that says that a page is gone after Back:
// with the cache on, an ordinary page is still there, even with no-store.
func TestBFCacheIsOn(t *testing.T) {
	const page = `<main>geheim</main><a href="/next">Verder</a>
		<script>onpageshow = e => { document.title = e.persisted ? "bewaard" : "geladen" }</script>`
	for name, c := range map[string]struct {
		options []Option
		title   string
		visits  int
	}{
		"on":             {[]Option{BFCache()}, "bewaard", 1},
		"on, no script":  {[]Option{BFCache(), NoScript()}, "Titel", 1},
		"off":            {[]Option{NoBFCache()}, "geladen", 2},
		"off, no script": {[]Option{NoBFCache(), NoScript()}, "Titel", 2},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t, map[string]http.HandlerFunc{
				"/": show(page, "Cache-Control", "no-store"), "/next": show("<main>volgende</main>"),
			})
			b := New(t, c.options...)
			b.Open(s.URL)
			b.Click("Verder")
			b.WaitText("volgende")
			b.Back()
			if b.Text() != "geheim" || b.Title() != c.title || s.visited("GET /") != c.visits || b.Status() != 200 {
				t.Errorf("visits: %d; %s", s.visited("GET /"), b.describe())
			}
		})
	}
}

// TestBackToAPostedPage shows that the back/forward cache keeps no answer to a POST, which
// is therefore the place for what is shown once.
func TestBackToAPostedPage(t *testing.T) {
	for name, options := range map[string][]Option{"with bfcache": {BFCache()}, "without": {NoBFCache()}, "no script": {NoScript(), BFCache()}} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t, map[string]http.HandlerFunc{
				"/":     show(`<main><form method="post" action="/show"><button>Toon</button></form></main>`),
				"/show": show(`<main>geheim</main><a href="/next">Verder</a>`, "Cache-Control", "no-store"),
				"/next": show("<main>volgende</main>"),
			})
			b := New(t, options...)
			b.Open(s.URL)
			b.Click("Toon")
			b.Click("Verder")
			b.Back()
			// The browser's own page, "Confirm Form Resubmission", is empty without
			// script.
			if !strings.HasPrefix(b.URL(), "chrome-error:") || b.Status() != 0 {
				t.Error(b.describe())
			}
			if n := s.visited("POST /show"); n != 1 {
				t.Errorf("%d posts", n)
			}
			b.Reload() // sends the form again
			b.WaitText("geheim")
			if n := s.visited("POST /show"); n != 2 {
				t.Errorf("%d posts after Reload", n)
			}
		})
	}
}

func TestRefreshIsFollowed(t *testing.T) {
	pages := map[string]http.HandlerFunc{
		"/header": show("onderweg", "Refresh", "1; url=/hop"),
		"/hop":    show(`<meta http-equiv="refresh" content="1; url=/moved">onderweg`),
		"/moved":  func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/here", http.StatusSeeOther) },
		"/here":   show("<main>aangekomen</main>"),
		"/later":  show("<main>lees dit eerst</main>", "Refresh", "60; url=/here"),
		"/form":   show(`<main><form method="post" action="/header"><button>Verder</button></form></main>`),
	}
	for _, options := range [][]Option{nil, {NoScript()}} {
		s := newSite(t, pages)
		b := New(t, options...)
		for _, from := range []string{"/header", "/hop", "/moved"} {
			b.Open(s.URL + from)
			if got := b.Text(); got != "aangekomen" {
				t.Errorf("%s led to %q", from, got)
			}
		}
		b.Open(s.URL + "/form")
		b.Click("Verder")
		if got := b.Text(); got != "aangekomen" {
			t.Errorf("the form led to %q", got)
		}
		b.Open(s.URL + "/later")
		if got := b.Text(); got != "lees dit eerst" {
			t.Errorf("a page that may be read led to %q", got)
		}
	}
}

func TestWithinAPage(t *testing.T) {
	s := newSite(t, map[string]http.HandlerFunc{"/": show(`<main id="top"><a href="#veld">Naar het veld</a>
		<details><summary>Meer uitleg</summary>verborgen tekst</details><input id="veld" name="veld"></main>`)})
	for _, options := range [][]Option{{BFCache()}, {NoScript(), NoBFCache()}} {
		b := New(t, options...)
		b.Open(s.URL + "/")
		b.Requests()
		b.Click("Naar het veld")
		if got := b.URL(); got != s.URL+"/#veld" {
			t.Errorf("at %s", got)
		}
		b.Back()
		if got := b.URL(); got != s.URL+"/" {
			t.Errorf("back at %s", got)
		}
		if strings.Contains(b.Text(), "verborgen") {
			t.Error("Text shows what is hidden")
		}
		b.Click("Meer uitleg")
		if !strings.Contains(b.Text(), "verborgen") {
			t.Error("Text does not show what is there")
		}
		if got := b.Requests(); len(got) != 0 {
			t.Errorf("it asked for %q", got)
		}
		b.Reload()
		if got := b.Requests(); len(got) != 1 || got[0] != "GET "+s.URL+"/" {
			t.Errorf("Reload asked for %q", got)
		}
	}
}

func TestSlowPageIsWaitedFor(t *testing.T) {
	release := make(chan bool)
	s := newSite(t, map[string]http.HandlerFunc{
		// The navigation starts late, and the next page is slow.
		"/": show(`<main><a href="/slow">Verder</a></main><script>
			document.querySelector("a").onclick = e => { e.preventDefault(); setTimeout(() => { location = "/slow" }, 500) }</script>`),
		"/slow": func(w http.ResponseWriter, _ *http.Request) {
			<-release
			write(w, "<main>laat</main>")
		},
	})
	b := New(t)
	b.Open(s.URL)
	time.AfterFunc(time.Second, func() { close(release) })
	b.Click("Verder")
	if got := b.Text(); got != "laat" {
		t.Errorf("Click did not wait: %q", got)
	}
}
