package web_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"omgevingsloket-id/op/web"
)

// publishing returns a site with a document, and what was observed of its routes.
func publishing(t *testing.T, issuer string) (site http.Handler, observed *[]int) {
	t.Helper()
	observed = new([]int)
	k := newKit(t, at(issuer), func(o *web.Options) {
		o.Observe = func(_, _ string, status int, _ time.Duration) { *observed = append(*observed, status) }
	})
	d := k.Router.NewDocument("application/json", []byte(`{"a":1}`), time.Hour)
	k.Router.Publish("/.well-known/a", func() *web.Document { return d })
	k.Router.Get("/page", func(http.ResponseWriter, *http.Request) error { return nil })
	return k.Router.Handler(), observed
}

// A document has the headers of every answer and its own, and other methods and
// addresses are refused as those of other routes are.
func TestPublish(t *testing.T) {
	t.Parallel()
	site, observed := publishing(t, "https://id.example/base")
	page := httptest.NewRecorder()
	site.ServeHTTP(page, get("/base/page"))
	document := httptest.NewRecorder()
	site.ServeHTTP(document, get("/base/.well-known/a"))
	etag := document.Header().Get("ETag")
	for name, want := range page.Header() {
		switch name {
		case "Cache-Control":
			want = []string{"public, max-age=3600"}
		case "Cross-Origin-Resource-Policy":
			want = []string{"cross-origin"}
		}
		if got := document.Header()[name]; len(got) != 1 || got[0] != want[0] {
			t.Errorf("%s = %q, want %q", name, got, want)
		}
	}
	for _, c := range []struct {
		method, target string
		header         http.Header
		status         int
		body           bool
	}{
		{http.MethodGet, "/base/.well-known/a", nil, 200, true},
		{http.MethodGet, "/.well-known/a/base", nil, 200, true},
		{http.MethodGet, "/base/.well-known/a?x=%zz", nil, 200, true},
		{http.MethodGet, "/base/.well-known/a", http.Header{"If-None-Match": {"W/" + etag}}, 304, false},
		{http.MethodGet, "/base/.well-known/a", http.Header{"If-None-Match": {`"x"`}}, 200, true},
		{http.MethodGet, "/base/.well-known/a", http.Header{"Origin": {"https://rp.example"}}, 200, true},
		{http.MethodPost, "/base/.well-known/a", nil, 405, false},
		{http.MethodGet, "/base/.well-known/a/", nil, 404, false},
		{http.MethodGet, "/.well-known/a", nil, 404, false},
		{http.MethodGet, "/base/.well-known/a?" + strings.Repeat("x", 9000), nil, 414, false},
	} {
		r := httptest.NewRequest(c.method, c.target, nil)
		for name, values := range c.header {
			r.Header[name] = values
		}
		w := httptest.NewRecorder()
		site.ServeHTTP(w, r)
		h := w.Header()
		if w.Code != c.status || (w.Body.String() == `{"a":1}`) != c.body {
			t.Errorf("%s %.40s %v = %d %.40q, want %d", c.method, c.target, c.header, w.Code, w.Body, c.status)
		}
		if length := h.Get("Content-Length"); length != map[bool]string{true: "7"}[c.body] {
			t.Errorf("%s %.40s %v: Content-Length %q", c.method, c.target, c.header, length)
		}
		if origin := c.header.Get("Origin"); h.Get("Access-Control-Allow-Origin") != origin || (h.Get("Vary") == "Origin") != (origin != "") {
			t.Errorf("%s %.40s %v: allowed for %q, Vary %q", c.method, c.target, c.header, h.Get("Access-Control-Allow-Origin"), h.Get("Vary"))
		}
		if c.status == http.StatusMethodNotAllowed && h.Get("Allow") != "GET, HEAD" {
			t.Errorf("Allow = %q", h.Get("Allow"))
		}
	}
	if len(*observed) != 8 {
		t.Errorf("observed %v, want the page and 7 calls of the document", *observed)
	}
}

// The headers of one answer are not those of the next.
func TestPublishHeadersAreOfOneAnswer(t *testing.T) {
	t.Parallel()
	site, _ := publishing(t, "http://localhost")
	r := get("/.well-known/a")
	r.Header.Set("Origin", "https://rp.example")
	first := httptest.NewRecorder()
	site.ServeHTTP(first, r)
	first.Header().Set("Cache-Control", "no-store")
	second := httptest.NewRecorder()
	site.ServeHTTP(second, get("/.well-known/a"))
	if h := second.Header(); h.Get("Access-Control-Allow-Origin") != "" || h.Get("Cache-Control") != "public, max-age=3600" {
		t.Errorf("the second answer has the headers %v", h)
	}
}

// nothing is a ResponseWriter that keeps nothing.
type nothing struct{ header http.Header }

func (n nothing) Header() http.Header         { return n.header }
func (n nothing) Write(p []byte) (int, error) { return len(p), nil }
func (n nothing) WriteHeader(int)             {}

// Serving a document allocates nothing beside what net/http does, and the guards of
// other routes allocate little.
func TestAllocations(t *testing.T) {
	site, _ := publishing(t, "http://localhost")
	w := nothing{http.Header{}}
	for target, most := range map[string]float64{"/.well-known/a": 1, "/page": 20} {
		r := get(target)
		if got := testing.AllocsPerRun(100, func() { site.ServeHTTP(w, r) }); got > most {
			t.Errorf("GET %s allocates %.0f times, want at most %.0f", target, got, most)
		}
	}
}

// Query returns the query as it is now, also after a guard has changed it, and parses it
// once.
func TestQuery(t *testing.T) {
	k := newKit(t)
	k.Router.Get("/page", func(_ http.ResponseWriter, r *http.Request) error {
		first := web.Query(r)
		if got := first.Get("a"); got != "1" {
			t.Errorf("Query(…).Get(a) = %q, want it folded", got)
		}
		if n := testing.AllocsPerRun(10, func() { web.Query(r) }); n > 0 {
			t.Errorf("Query allocates %.0f times", n)
		}
		r.URL.RawQuery = "a=2"
		if got := web.Query(r).Get("a"); got != "2" || first.Get("a") != "1" {
			t.Errorf("Query(…).Get(a) = %q, and was %q", got, first.Get("a"))
		}
		return nil
	})
	k.Router.Handler().ServeHTTP(httptest.NewRecorder(), get("/page?a=%EF%BC%91"))
	if got := web.Query(get("/page?a=3")).Get("a"); got != "3" {
		t.Errorf("Query(…).Get(a) = %q outside of a Router", got)
	}
}
