package browser

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
)

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
