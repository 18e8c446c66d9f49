package browser

import (
	"fmt"
	"html"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// site is a small web site that counts its visits.
type site struct {
	URL   string // http://127.0.0.1:PORT
	pages map[string]http.HandlerFunc

	mu     sync.Mutex
	visits map[string]int // "METHOD /path"
	header http.Header    // of the last request
}

func newSite(t *testing.T, pages map[string]http.HandlerFunc) *site {
	t.Helper()
	s := &site{pages: pages, visits: map[string]int{}}
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	s.URL = server.URL
	return s
}

func (s *site) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	s.visits[r.Method+" "+r.URL.Path]++
	if r.URL.Path != "/favicon.ico" {
		s.header = r.Header
	}
	s.mu.Unlock()
	page, ok := s.pages[r.URL.Path]
	if !ok {
		http.NotFound(w, r)
		return
	}
	page(w, r)
}

func (s *site) visited(what string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.visits[what]
}

func (s *site) lastHeader(name string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.header.Get(name)
}

// show answers with a page; header pairs come first.
func show(body string, header ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		for i := 0; i+1 < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		write(w, body)
	}
}

func write(w http.ResponseWriter, body string) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, _ = fmt.Fprint(w, `<!doctype html><html lang="nl"><meta name="viewport" content="width=device-width">`+
		`<title>Titel</title><body>`+body)
}

const form = `<header><a href="/">Start</a></header><main>
<h1>Aanvragen</h1>
<form method="post" action="/sent" enctype="multipart/form-data" novalidate>
<label for="email">E-mailadres</label><input id="email" name="email" value="oud@example.org">
<label for="why">Waarom</label><textarea id="why" name="why"></textarea>
<fieldset><legend>Soort</legend>
<input type="radio" name="kind" value="burger" id="b" checked><label for="b">Burger</label>
<input type="radio" name="kind" value="bedrijf" id="c" style="position:absolute;opacity:0;width:0;height:0"><label for="c">Bedrijf</label>
</fieldset>
<input type="checkbox" name="agree" value="yes" id="a"><label for="a">Akkoord</label>
<input type="checkbox" name="news" value="yes" id="n" checked><label for="n">Nieuws</label>
<label for="land">Land</label><select id="land" name="land"><option value="nl">Nederland<option value="be">België</select>
<label for="file">Document</label><input type="file" id="file" name="file">
<div style="height:2000px"></div>
<button>Volgende <span>stap</span></button>
</form></main>`

// echo shows what was sent.
func echo(w http.ResponseWriter, r *http.Request) {
	if err := r.ParseMultipartForm(1 << 20); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	var b strings.Builder
	for _, name := range []string{"email", "why", "kind", "agree", "news", "land"} {
		fmt.Fprintf(&b, "<p>%s=%s", name, html.EscapeString(strings.Join(r.Form[name], ",")))
	}
	if f, h, err := r.FormFile("file"); err == nil {
		data, _ := io.ReadAll(f)
		fmt.Fprintf(&b, "<p>file=%s:%s", h.Filename, data)
	}
	write(w, "<main><h1>Verzonden</h1>"+b.String()+"</main>")
}

func TestForm(t *testing.T) {
	s := newSite(t, map[string]http.HandlerFunc{"/": show(form), "/sent": echo})
	file := filepath.Join(t.TempDir(), "leeg.pdf")
	if err := os.WriteFile(file, []byte("inhoud"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, options := range map[string][]Option{
		"desktop": nil, "phone": {Phone()}, "no script": {NoScript()}, "phone, no script, dark": {Phone(), NoScript(), Dark()},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := New(t, options...)
			b.Open(s.URL + "/")
			if got := b.Value("email"); got != "oud@example.org" {
				t.Errorf("the field holds %q at first", got)
			}
			b.Fill("email", "jan@example.org")
			b.Fill("why", "Één reden\nen nog een")
			b.Choose("kind", "bedrijf")
			b.Choose("agree", "yes")
			b.Unchoose("news", "yes")
			b.Select("land", "be")
			b.Upload("file", file)
			b.Click("Volgende stap")
			want := "Verzonden\n\nemail=jan@example.org\n\nwhy=Één reden en nog een\n\nkind=bedrijf\n\nagree=yes\n\nnews=\n\nland=be\n\nfile=leeg.pdf:inhoud"
			if got := b.Text(); got != want {
				t.Errorf("sent:\n%s\nwant:\n%s", got, want)
			}
			if b.Title() != "Titel" || b.URL() != s.URL+"/sent" || b.Status() != 200 ||
				b.Header("content-type") != "text/html; charset=utf-8" || !strings.Contains(b.HTML(), "<h1>Verzonden</h1>") {
				t.Error(b.describe())
			}
			b.Back()
			if got := b.TextOf("h1"); got != "Aanvragen" {
				t.Errorf("back at %q", got)
			}
			b.Forward()
			b.WaitText("Verzonden")
		})
	}
}

func TestFillEmptiesAndSubmitFindsTheForm(t *testing.T) {
	s := newSite(t, map[string]http.HandlerFunc{"/": show(form), "/sent": echo})
	b := New(t)
	b.Open(s.URL)
	b.Fill("email", "")
	b.Submit()
	b.WaitText("email=\n")
	b.Back()
	b.Fill("email", "enter@example.org")
	b.Press("Enter")
	b.WaitText("email=enter@example.org")
}

// TestBFCacheIsOn is the control for every test that says a page is gone after
// Back: with the cache on, an ordinary page is still there, even with no-store.
func TestBFCacheIsOn(t *testing.T) {
	const page = `<main>geheim</main><a href="/next">Verder</a>
		<script>onpageshow = e => { document.title = e.persisted ? "bewaard" : "geladen" }</script>`
	for name, c := range map[string]struct {
		options []Option
		title   string
		visits  int
	}{
		"on":             {nil, "bewaard", 1},
		"on, no script":  {[]Option{NoScript()}, "Titel", 1},
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

// TestBackToAPostedPage shows why an answer to a POST is a good place for what
// is shown once: the back/forward cache takes no such page.
func TestBackToAPostedPage(t *testing.T) {
	for name, options := range map[string][]Option{"with bfcache": nil, "without": {NoBFCache()}, "no script": {NoScript()}} {
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
			// The browser's own page, "Confirm Form Resubmission", which is
			// empty without script.
			if !strings.HasPrefix(b.URL(), "chrome-error:") || b.Status() != 0 {
				t.Error(b.describe())
			}
			if n := s.visited("POST /show"); n != 1 {
				t.Errorf("%d posts", n)
			}
			b.Reload() // and agree to send it again
			b.WaitText("geheim")
			if n := s.visited("POST /show"); n != 2 {
				t.Errorf("%d posts after Reload", n)
			}
		})
	}
}

func TestNoScriptIsReallyOff(t *testing.T) {
	s := newSite(t, map[string]http.HandlerFunc{
		"/":        show(`<main id="m">stil</main><script>document.title = "gelopen"</script><script src="/x.js"></script><noscript>zonder</noscript>`),
		"/x.js":    func(w http.ResponseWriter, _ *http.Request) { _, _ = fmt.Fprint(w, `m.textContent = "gelopen"`) },
		"/handler": show(`<button type="button" onclick="document.title = 'gelopen'">Klik</button>`),
	})
	b := New(t, NoScript())
	b.Open(s.URL)
	if b.Title() != "Titel" || b.Text() != "stil" || s.visited("GET /x.js") != 0 {
		t.Errorf("a script ran: %s", b.describe())
	}
	b.WaitText("zonder")
	if found := b.Axe(); found == nil {
		t.Error("axe found nothing wrong with a page without a heading")
	}
	b.Open(s.URL + "/handler")
	b.Click("Klik")
	if b.Title() != "Titel" {
		t.Error("a handler ran, after Axe")
	}
	b = New(t)
	b.Open(s.URL)
	if b.Title() != "gelopen" || b.Text() != "gelopen" {
		t.Errorf("scripts do not run at all: %s", b.describe())
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

func TestCookiesAndTwoHosts(t *testing.T) {
	s := newSite(t, map[string]http.HandlerFunc{
		"/": func(w http.ResponseWriter, r *http.Request) {
			c, err := r.Cookie("name")
			if err != nil {
				c = &http.Cookie{Value: "niets"}
			}
			http.SetCookie(w, &http.Cookie{Name: "name", Value: r.Host[:9], Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode})
			write(w, "<main>"+c.Value+"</main>")
		},
	})
	other := strings.Replace(s.URL, "127.0.0.1", "localhost", 1)
	b := New(t)
	for _, visit := range []struct{ url, text string }{
		{s.URL, "niets"}, {s.URL, "127.0.0.1"}, {other, "niets"}, {other, "localhost"}, {s.URL, "127.0.0.1"},
	} {
		b.Open(visit.url)
		if got := b.Text(); got != visit.text {
			t.Errorf("at %s the cookie says %q, want %q", visit.url, got, visit.text)
		}
	}
	if n := len(b.Cookies()); n != 2 {
		t.Errorf("%d cookies, want one for each host", n)
	}
	if c := b.Cookie("name"); c == nil || !c.HttpOnly || c.SameSite != http.SameSiteLaxMode || !c.Expires.IsZero() {
		t.Errorf("cookie %+v", c)
	}
	tab := b.NewTab()
	tab.Open(other)
	if got := tab.Text(); got != "localhost" {
		t.Errorf("another tab has %q", got)
	}
	stranger := New(t)
	stranger.Open(other)
	if got := stranger.Text(); got != "niets" {
		t.Errorf("another visitor has %q", got)
	}
	b.SetCookie(s.URL, "name", "geplant")
	b.Open(s.URL)
	if got := b.Text(); got != "geplant" {
		t.Errorf("after planting: %q", got)
	}
	b.Close()
	tab.Open(s.URL)
	if got := tab.Text(); got != "127.0.0.1" {
		t.Errorf("with the first tab closed: %q", got)
	}
	b = tab
	b.ClearCookies()
	if twin := b.Duplicate(); twin.Text() != "niets" {
		t.Errorf("after clearing: %q", twin.Text())
	}
}

func TestRestartKeepsWhatIsMeantToBeKept(t *testing.T) {
	s := newSite(t, map[string]http.HandlerFunc{"/": func(w http.ResponseWriter, r *http.Request) {
		http.SetCookie(w, &http.Cookie{Name: "short", Value: "x"})
		http.SetCookie(w, &http.Cookie{Name: "long", Value: "x", MaxAge: 3600})
		write(w, "<main>"+r.Header.Get("Cookie")+"</main>")
	}})
	b := New(t)
	b.Open(s.URL)
	b = b.Restart()
	b.Open(s.URL)
	if got := b.Text(); got != "long=x" {
		t.Errorf("cookies: %q", got)
	}
}

func TestWithinAPage(t *testing.T) {
	s := newSite(t, map[string]http.HandlerFunc{"/": show(`<main id="top"><a href="#veld">Naar het veld</a>
		<details><summary>Meer uitleg</summary>verborgen tekst</details><input id="veld" name="veld"></main>`)})
	for _, options := range [][]Option{nil, {NoScript()}} {
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

func TestVisitor(t *testing.T) {
	s := newSite(t, map[string]http.HandlerFunc{"/": show("<main>hallo</main>")})
	for name, c := range map[string]struct {
		options                []Option
		language, dark, screen string
	}{
		"default": {nil, "nl", "false", "1280 1"},
		"other":   {[]Option{Phone(), Dark(), Language("en-GB,en")}, "en-GB,en;q=0.9", "true", "390 3"},
	} {
		t.Run(name, func(t *testing.T) {
			b := New(t, c.options...)
			b.Open(s.URL)
			if got := s.lastHeader("Accept-Language"); got != c.language {
				t.Errorf("Accept-Language: %q, want %q", got, c.language)
			}
			if got := Eval[string](b, `String(matchMedia("(prefers-color-scheme: dark)").matches)`); got != c.dark {
				t.Errorf("dark: %s", got)
			}
			if got := Eval[string](b, "innerWidth + ' ' + devicePixelRatio"); got != c.screen {
				t.Errorf("screen: %s", got)
			}
			if got := s.lastHeader("User-Agent"); strings.Contains(got, "Headless") || !strings.Contains(got, "Chrome/") {
				t.Errorf("User-Agent: %s", got)
			}
		})
	}
}

func TestSlowPageIsWaitedFor(t *testing.T) {
	release := make(chan bool)
	s := newSite(t, map[string]http.HandlerFunc{
		// The page takes its time to go, and the next takes its time to come.
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
