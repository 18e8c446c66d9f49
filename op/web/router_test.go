package web_test

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"omgevingsloket-id/op/web"
)

// says answers with a text.
func says(text string) web.Handler {
	return func(w http.ResponseWriter, _ *http.Request) error {
		_, err := w.Write([]byte(text))
		return err
	}
}

// send returns the answer of a site.
func send(k *web.Kit, r *http.Request) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	k.Router.Handler().ServeHTTP(w, r)
	return w
}

// answered describes an answer: its status, and the text or the error page.
func answered(k *web.Kit, w *httptest.ResponseRecorder) string {
	for _, key := range []string{"foreign", "cookies", "bad_request", "too_large", "method", "not_found", "unavailable", "internal"} {
		if strings.Contains(w.Body.String(), "<h1>"+k.Pages.Catalog.Text("nl", "web.error."+key+".title")+"</h1>") {
			return fmt.Sprintf("%d %s", w.Code, key)
		}
	}
	return fmt.Sprintf("%d %.20s", w.Code, w.Body)
}

// A POST reaches its handler only from a page of ours in this browser, with the
// fields of its form.
func TestPostGuards(t *testing.T) {
	t.Parallel()
	k := newKit(t, at("https://id.example"))
	k.Router.Post("/form", says("done"), "name")
	cookie, token := browser(k)
	other, otherToken := browser(k)
	for name, c := range map[string]struct {
		body    string
		cookies []*http.Cookie
		header  map[string]string
		want    string
	}{
		"from our page":               {"csrf=" + token + "&name=a", []*http.Cookie{cookie}, nil, "200 done"},
		"without the field":           {"csrf=" + token, []*http.Cookie{cookie}, nil, "200 done"},
		"our origin":                  {"csrf=" + token, []*http.Cookie{cookie}, map[string]string{"Origin": "https://id.example", "Sec-Fetch-Site": "same-origin"}, "200 done"},
		"our origin behind a proxy":   {"csrf=" + token, []*http.Cookie{cookie}, map[string]string{"Origin": "https://id.example", "Host": "10.0.0.9"}, "200 done"},
		"another site":                {"csrf=" + token, []*http.Cookie{cookie}, map[string]string{"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"}, "403 foreign"},
		"another site of ours":        {"csrf=" + token, []*http.Cookie{cookie}, map[string]string{"Sec-Fetch-Site": "same-site", "Origin": "https://www.id.example"}, "403 foreign"},
		"another origin, old browser": {"csrf=" + token, []*http.Cookie{cookie}, map[string]string{"Origin": "https://evil.example"}, "403 foreign"},
		"the origin null":             {"csrf=" + token, []*http.Cookie{cookie}, map[string]string{"Origin": "null"}, "403 foreign"},
		"no cookie":                   {"csrf=" + token, nil, nil, "403 cookies"},
		"two cookies":                 {"csrf=" + token, []*http.Cookie{cookie, other}, nil, "403 cookies"},
		"no token":                    {"name=a", []*http.Cookie{cookie}, nil, "403 foreign"},
		"an empty token":              {"csrf=", []*http.Cookie{cookie}, nil, "403 foreign"},
		"another browser's token":     {"csrf=" + otherToken, []*http.Cookie{cookie}, nil, "403 foreign"},
		"another browser":             {"csrf=" + token, []*http.Cookie{other}, nil, "403 foreign"},
		"an unknown field":            {"csrf=" + token + "&role=a", []*http.Cookie{cookie}, nil, "400 bad_request"},
		"a field twice":               {"csrf=" + token + "&name=a&name=b", []*http.Cookie{cookie}, nil, "400 bad_request"},
		"the token twice":             {"csrf=" + token + "&csrf=" + token, []*http.Cookie{cookie}, nil, "400 bad_request"},
		"another type":                {"csrf=" + token, []*http.Cookie{cookie}, map[string]string{"Content-Type": "text/plain"}, "415 bad_request"},
		"the longest body":            {"csrf=" + token + "&name=" + strings.Repeat("x", 8<<10-len("csrf=&name=")-len(token)), []*http.Cookie{cookie}, nil, "200 done"},
		"a byte more":                 {"csrf=" + token + "&name=" + strings.Repeat("x", 8<<10-len("csrf=&name=")-len(token)+1), []*http.Cookie{cookie}, nil, "413 too_large"},
	} {
		r := httptest.NewRequest(http.MethodPost, "https://id.example/form", strings.NewReader(c.body))
		r.Header.Set("Content-Type", formType)
		for name, value := range c.header {
			if r.Header.Set(name, value); name == "Host" {
				r.Host = value
			}
		}
		for _, one := range c.cookies {
			r.AddCookie(one)
		}
		if got := answered(k, send(k, r)); got != c.want {
			t.Errorf("POST %s = %q, want %q", name, got, c.want)
		}
	}
}

// An upload has the guards of a form; its token is in the body, where the
// handler reads it.
func TestUploadGuards(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	k.Router.Upload("/file", 100, func(w http.ResponseWriter, r *http.Request) error {
		if _, err := k.Cookies.ReadFile(r, "document", 10); err != nil {
			return err
		}
		return says("done")(w, r)
	})
	cookie, _ := browser(k)
	for name, c := range map[string]struct {
		kind, origin string
		cookie       bool
		body         string
		want         string
	}{
		"a form without a file": {formType, "", true, "csrf=x", "415 bad_request"},
		"another site":          {"multipart/form-data; boundary=x", "https://evil.example", true, "", "403 foreign"},
		"no cookie":             {"multipart/form-data; boundary=x", "", false, "", "403 cookies"},
		"no token":              {"multipart/form-data; boundary=x", "", true, "--x--\r\n", "400 bad_request"},
		"too large":             {"multipart/form-data; boundary=x", "", true, strings.Repeat("x", 101), "413 too_large"},
	} {
		r := httptest.NewRequest(http.MethodPost, "/file", strings.NewReader(c.body))
		r.Header.Set("Content-Type", c.kind)
		if c.origin != "" {
			r.Header.Set("Origin", c.origin)
		}
		if c.cookie {
			r.AddCookie(cookie)
		}
		if got := answered(k, send(k, r)); got != c.want {
			t.Errorf("upload of %s = %q, want %q", name, got, c.want)
		}
	}
}

// What is not asked for as it should be reaches no handler.
func TestRequestsWithoutHandler(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	k.Router.Get("/", says("home"))
	k.Router.Get("/page", says("page"))
	k.Router.Post("/page", says("done"))
	k.Router.Get("/post-only/x", says("x"))
	k.Router.RawPage(http.MethodGet, "/acts", says("done"))
	k.Router.GetActs("/begin", says("begun"))
	long := "/page?q=" + strings.Repeat("x", 8<<10-len("/page?q="))
	for _, c := range []struct {
		method, target string
		header         map[string]string
		want, allow    string
	}{
		{"GET", "/", nil, "200 home", ""},
		{"GET", "/page", nil, "200 page", ""},
		{"GET", "/page/", nil, "404 not_found", ""},
		{"GET", "/nowhere", nil, "404 not_found", ""},
		{"PUT", "/page", nil, "405 method", "GET, HEAD, POST"},
		{"POST", "/post-only/x", nil, "405 method", "GET, HEAD"},
		{"HEAD", "/", nil, "200 home", ""},
		{"HEAD", "/page", nil, "200 page", ""},      // Y27
		{"HEAD", "/acts", nil, "405 method", "GET"}, // a login would begin
		{"HEAD", "/begin", nil, "405 method", "GET"},
		{"HEAD", "/nowhere", nil, "404 not_found", ""},
		{"GET", long, nil, "200 page", ""},
		{"GET", long + "x", nil, "414 too_large", ""},
		{"GET", "/page", map[string]string{"Sec-Purpose": "prefetch"}, "403 not prefetched\n", ""},
		{"GET", "/page", map[string]string{"Sec-Purpose": "prefetch;prerender"}, "403 not prefetched\n", ""},
		{"GET", "/page?login=a&login=b", nil, "400 bad_request", ""},
		{"GET", "/page?lang=nl&lang=en", nil, "400 bad_request", ""},
		{"GET", "/page?x=1&x=2", nil, "200 page", ""},
		{"GET", "/page?login=a&lang=nl", nil, "200 page", ""},
		{"GET", "/static/000000000000/site.css", nil, "404 not found\n", ""},
	} {
		r := httptest.NewRequest(c.method, c.target, nil)
		for name, value := range c.header {
			r.Header.Set(name, value)
		}
		w := send(k, r)
		if got := answered(k, w); got != c.want || w.Header().Get("Allow") != c.allow {
			t.Errorf("%s %.30s = %q, Allow %q, want %q, %q", c.method, c.target, got, w.Header().Get("Allow"), c.want, c.allow)
		}
	}
}

// A site below a path serves nothing beside it.
func TestIssuerWithPath(t *testing.T) {
	t.Parallel()
	k := newKit(t, at("https://example.org/id"))
	k.Router.Get("/page", func(w http.ResponseWriter, r *http.Request) error { return k.Pages.SeeOther(w, "/other") })
	for target, want := range map[string]int{"/id/page": http.StatusSeeOther, "/page": http.StatusNotFound, "/id/other": http.StatusNotFound} {
		w := send(k, get(target))
		if w.Code != want {
			t.Errorf("GET %s = %d, want %d", target, w.Code, want)
		}
		if location := w.Header().Get("Location"); w.Code == http.StatusSeeOther && location != "/id/other" {
			t.Errorf("GET %s leads to %q, want /id/other", target, location)
		}
	}
}

// Y28: an issuer with a path has the methods, redirects, errors and headers of
// one without.
func TestY28_IssuerWithPath(t *testing.T) {
	t.Parallel()
	k := newKit(t, at("https://example.org/id"))
	k.Router.Get("/", says("home"))
	k.Router.Get("/page", says("page"))
	k.Router.Post("/page", says("done"))
	k.Router.Get("/item/{id}", func(w http.ResponseWriter, r *http.Request) error { return says(r.PathValue("id"))(w, r) })
	k.Router.Raw(http.MethodGet, "/.well-known/openid-configuration", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _ = says("metadata")(w, r) }))
	plain := newKit(t)
	for _, c := range []struct{ method, target, want, location, allow string }{
		{"GET", "/id", "200 home", "", ""},
		{"HEAD", "/id", "200 home", "", ""},
		{"GET", "/id/", "200 home", "", ""},
		{"GET", "/id/page", "200 page", "", ""},
		{"HEAD", "/id/page", "200 page", "", ""},
		{"PUT", "/id/page", "405 method", "", "GET, HEAD, POST"},
		{"HEAD", "/id/.well-known/openid-configuration", "200 metadata", "", ""},
		{"GET", "/.well-known/openid-configuration/id", "200 metadata", "", ""}, // RFC 8414 §3.1
		{"GET", "/id//page", "307 ", "/id/page", ""},
		{"GET", "/id/x/../page", "307 ", "/id/page", ""},
		{"POST", "/id", "405 method", "", "GET, HEAD"},
		{"OPTIONS", "/id", "405 method", "", "GET, HEAD"},
		{"OPTIONS", "/id/", "405 method", "", "GET, HEAD"},
		{"OPTIONS", "/id/page", "405 method", "", "GET, HEAD, POST"},
		{"OPTIONS", "/id/nowhere", "404 not_found", "", ""},
		{"GET", "/i%64/page", "200 page", "", ""}, // as /p%61ge without a path
		{"HEAD", "/%69d/p%61ge", "200 page", "", ""},
		{"PUT", "/i%64/page", "405 method", "", "GET, HEAD, POST"},
		{"GET", "/i%64/item/a%2Fb", "200 a/b", "", ""},
		{"GET", "/id/item/a%2Fb", "200 a/b", "", ""},
		{"GET", "/id/page/", "404 not_found", "", ""},
		{"GET", "/id/nowhere", "404 not_found", "", ""},
		{"GET", "/page", "404 not_found", "", ""},
		{"PUT", "/page", "404 not_found", "", ""},
		{"GET", "/", "404 not_found", "", ""},
		{"GET", "/idx", "404 not_found", "", ""},
		{"GET", "/.well-known/openid-configuration", "404 not_found", "", ""},
	} {
		r := httptest.NewRequest(c.method, c.target, nil)
		w := send(k, r)
		got := answered(k, w)
		if strings.HasPrefix(c.want, "307") {
			got = got[:4]
		}
		if got != c.want || w.Header().Get("Location") != c.location || w.Header().Get("Allow") != c.allow {
			t.Errorf("%s %s = %q, Location %q, Allow %q, want %q, %q, %q", c.method, c.target, got, w.Header().Get("Location"), w.Header().Get("Allow"), c.want, c.location, c.allow)
		}
		for name, want := range send(plain, get("/nowhere")).Header() {
			if name != "Set-Cookie" && name != "Content-Type" && !slices.Equal(w.Header()[name], want) && !(name == "Strict-Transport-Security") {
				t.Errorf("%s %s: %s is %q, want %q", c.method, c.target, name, w.Header()[name], want)
			}
		}
	}
}

// Y27: entity tags are compared weakly, in lists too.
func TestY27_NotModified(t *testing.T) {
	t.Parallel()
	for _, etag := range []string{`"abc"`, `W/"abc"`} {
		notModified(t, etag)
	}
}

func notModified(t *testing.T, etag string) {
	t.Helper()
	for header, want := range map[string]bool{
		`"abc"`: true, `W/"abc"`: true, ` W/"abc" `: true, `"x", W/"abc"`: true, `"x","abc","y"`: true, `"a,b", "abc"`: true, "*": true, " * ": true, `,"abc"`: true,
		"": false, `abc`: false, `"x"`: false, `w/"abc"`: false, `"abc`: false, `"ab", "c"`: false, `""`: false, `x"abc"`: false, `"abcd"`: false,
	} {
		r := get("/")
		r.Header.Set("If-None-Match", header)
		if got := web.NotModified(r, etag); got != want {
			t.Errorf("NotModified(%s) = %v, want %v", header, got, want)
		}
	}
	r := get("/")
	r.Header["If-None-Match"] = []string{`"x"`, `"abc"`}
	if !web.NotModified(r, etag) || web.NotModified(get("/"), etag) {
		t.Error("NotModified() does not look at each header")
	}
}

// What a handler does to the headers of its answer is in no other answer.
func TestHeadersAreOfOneAnswer(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	k.Router.Get("/page", func(w http.ResponseWriter, r *http.Request) error {
		w.Header().Add("Cache-Control", "private")
		w.Header().Set("X-Frame-Options", "SAMEORIGIN")
		w.Header().Del("Referrer-Policy")
		return nil
	})
	handler := k.Router.Handler()
	for _, path := range []string{"/page", "/nowhere", "/page"} {
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, get(path))
		want := []string{"no-store", "DENY", "same-origin"}
		if path == "/page" {
			want = []string{"no-store private", "SAMEORIGIN", ""}
		}
		h := w.Header()
		if got := []string{strings.Join(h["Cache-Control"], " "), h.Get("X-Frame-Options"), h.Get("Referrer-Policy")}; !slices.Equal(got, want) {
			t.Errorf("%s has the headers %q, want %q", path, got, want)
		}
	}
}

// Y27: HEAD has the status and headers of GET, but for cookies.
func TestY27_HeadKeepsNothing(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	k.Router.Get("/page", func(w http.ResponseWriter, r *http.Request) error {
		http.SetCookie(w, &http.Cookie{Name: "x", Value: "y"})
		return k.Pages.SeeOther(w, "/other")
	})
	k.Router.Get("/method", func(w http.ResponseWriter, r *http.Request) error {
		w.Header().Set("X-Method", fmt.Sprintf("%s %t", r.Method, web.IsHead(r)))
		return nil
	})
	if got := send(k, httptest.NewRequest(http.MethodHead, "/method", nil)).Header().Get("X-Method"); got != "GET true" {
		t.Errorf("HEAD: the handler sees %s, want GET true", got)
	}
	r := httptest.NewRequest(http.MethodHead, "/page?lang=en", nil)
	w := send(k, r)
	if w.Code != http.StatusSeeOther || w.Header().Get("Location") != "/other" || len(w.Header().Values("Set-Cookie")) != 0 {
		t.Errorf("HEAD = %d %v", w.Code, w.Header())
	}
}

// A handler that panics becomes a page with a reference, which the log has; one
// that aborts its answer aborts it.
func TestPanic(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	k := newKit(t, func(o *web.Options) { o.Log = slog.New(slog.NewTextHandler(&log, nil)) })
	k.Router.Get("/panic", func(http.ResponseWriter, *http.Request) error { panic("at the disco") })
	k.Router.Get("/abort", func(http.ResponseWriter, *http.Request) error { panic(http.ErrAbortHandler) })
	var id string
	k.Router.Get("/fails", func(_ http.ResponseWriter, r *http.Request) error {
		id = web.RequestID(r)
		return errors.New("disk full")
	})
	if got := answered(k, send(k, get("/panic"))); got != "500 internal" || !strings.Contains(log.String(), "at the disco") {
		t.Errorf("GET /panic = %q and logs %s, want 500 internal and the value", got, log.String())
	}
	if w := send(k, get("/fails")); len(id) != 12 || !strings.Contains(w.Body.String(), id) || !strings.Contains(log.String(), "request="+id) {
		t.Errorf("GET /fails shows no reference %q that the log has:\n%s\n%s", id, w.Body, log.String())
	}
	defer func() {
		if err, _ := recover().(error); !errors.Is(err, http.ErrAbortHandler) {
			t.Errorf("GET /abort panics with %v, want %v", err, http.ErrAbortHandler)
		}
	}()
	send(k, get("/abort"))
}

// Each request of a route is observed with the status that it got.
func TestObserve(t *testing.T) {
	t.Parallel()
	var seen []string
	now := time.Date(2026, time.March, 2, 12, 0, 0, 0, time.UTC)
	k := newKit(t, func(o *web.Options) {
		o.Now = func() time.Time { now = now.Add(time.Second); return now }
		o.Observe = func(route, method string, status int, took time.Duration) {
			seen = append(seen, fmt.Sprintf("%s %s %d %s", method, route, status, took))
		}
	})
	k.Router.Get("/page", says("page"))
	k.Router.Get("/item/{id}", func(http.ResponseWriter, *http.Request) error { return web.Restart(nil) })
	for _, target := range []string{"/page?q=secret", "/item/secret", "/nowhere"} {
		send(k, get(target))
	}
	if want := []string{"GET /page 200 1s", "GET /item/{id} 410 1s"}; !slices.Equal(seen, want) {
		t.Errorf("observed %q, want %q", seen, want)
	}
}

// A link of the language switch sets the cookie; a form does not.
func TestLanguageIsKept(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	k.Router.Get("/page", says("page"))
	k.Router.Post("/page", says("done"))
	for _, c := range []struct{ method, target, want string }{
		{"GET", "/page?lang=en", "en"}, {"GET", "/page?lang=NL", "nl"}, {"GET", "/page?lang=de", ""}, {"GET", "/page", ""}, {"POST", "/page?lang=en", ""},
	} {
		got := ""
		for _, cookie := range send(k, httptest.NewRequest(c.method, c.target, nil)).Result().Cookies() {
			if cookie.Name == "olid-lang" {
				got = cookie.Value
			}
		}
		if got != c.want {
			t.Errorf("%s %s keeps %q, want %q", c.method, c.target, got, c.want)
		}
	}
}

// Only a site over TLS asks browsers to use nothing else.
func TestHSTS(t *testing.T) {
	t.Parallel()
	for issuer, want := range map[string]bool{"http://localhost": false, "https://id.example": true} {
		k := newKit(t, at(issuer))
		if got := send(k, get("/nowhere")).Header().Get("Strict-Transport-Security") != ""; got != want {
			t.Errorf("%s has Strict-Transport-Security = %t, want %t", issuer, got, want)
		}
	}
}
