package site

import (
	"html"
	"io"
	"maps"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"omgevingsloket-id/pkg/secret"
)

// Cookies of the citizens' pages, as they are called over http.
const (
	SessionCookie = "olid-session" // of a logged-in browser
	BrowserCookie = "olid-browser" // what form tokens are bound to
)

// FormType is the Content-Type of a form without files.
const FormType = "application/x-www-form-urlencoded"

var (
	hiddenField = regexp.MustCompile(`<input type="hidden" name="([^"]*)" value="([^"]*)">`)
	carried     = regexp.MustCompile(`(name="request" value="|request=)[^"&]*`)
	csrfField   = regexp.MustCompile(`name="csrf" value="([^"]*)"`)
	formAction  = regexp.MustCompile(`<form[^>]* action="([^"]*)"`)
	markup      = regexp.MustCompile(`<[^>]*>|\s`)
)

// Browser is one person's browser: cookies and the page it is on, no scripts.
type Browser struct {
	Site   *Site
	HTTP   *http.Client
	URL    *url.URL
	Status int
	Header http.Header
	Body   string
	Lang   string      // of Accept-Language; "" sends none
	Seed   secret.Text // the key in its authenticator app
}

// Browser returns a new browser, without cookies, that is on no page yet.
func (s *Site) Browser() *Browser {
	s.T.Helper()
	jar, err := cookiejar.New(nil)
	Must(s.T, err)
	u, err := url.Parse(s.Server.URL)
	Must(s.T, err)
	return &Browser{Site: s, URL: u, HTTP: &http.Client{
		Jar: jar, Transport: s.Server.Client().Transport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// On returns the same browser, pointed at another server of the installation.
func (b *Browser) On(s *Site) *Browser {
	b.Site.T.Helper()
	other := *b
	other.Site = s
	u := *b.URL
	u.Host = s.Server.Listener.Addr().String()
	other.URL = &u
	return &other
}

// Copy returns another browser with the cookies that this one has now, on the same page.
func (b *Browser) Copy() *Browser {
	b.Site.T.Helper()
	other := b.Site.Browser()
	other.Give(b.Cookies())
	other.URL, other.Status, other.Header, other.Body, other.Lang, other.Seed = b.URL, b.Status, b.Header, b.Body, b.Lang, b.Seed
	return other
}

// Get opens an address and follows the answer. A path is one of the site's,
// wherever the browser is.
func (b *Browser) Get(target string) *Browser {
	b.Site.T.Helper()
	if strings.HasPrefix(target, "/") {
		target = b.Site.Server.URL + target
	}
	u, err := b.URL.Parse(target)
	Must(b.Site.T, err)
	req, err := http.NewRequest(http.MethodGet, u.String(), nil)
	Must(b.Site.T, err)
	return b.Do(req)
}

// Submit sends the form on the page with these fields (name, value, …) and
// follows the answer.
func (b *Browser) Submit(fields ...string) *Browser {
	b.Site.T.Helper()
	return b.Do(b.Form(fields...))
}

// Post sends a form to a path of the site, with a token of this browser, whatever
// page it is on, and follows the answer.
func (b *Browser) Post(target string, fields ...string) *Browser {
	b.Site.T.Helper()
	return b.Do(b.FormTo(target, fields...))
}

// Press sends a form to a path of the site, with the token of the page that
// the browser is on, and follows the answer.
func (b *Browser) Press(target string, fields ...string) *Browser {
	b.Site.T.Helper()
	form := url.Values{"csrf": {b.FormToken()}}
	add(form, fields)
	return b.Do(b.formRequest(target, form))
}

// Do sends a request and follows redirects and refreshes within the site. It
// stops at an address elsewhere, which becomes the browser's URL. The page of a form
// that was refused has the status 422, though it comes after a redirect.
func (b *Browser) Do(req *http.Request) *Browser {
	b.Site.T.Helper()
	refused := false
	for range 10 {
		if b.Lang != "" {
			req.Header.Set("Accept-Language", b.Lang)
		}
		res, err := b.HTTP.Do(req)
		Must(b.Site.T, err)
		body, err := io.ReadAll(res.Body)
		Must(b.Site.T, err)
		_ = res.Body.Close()
		b.Site.redirects(req, res)
		b.URL, b.Status, b.Header, b.Body = req.URL, res.StatusCode, res.Header, string(body)
		if refused {
			b.Status = http.StatusUnprocessableEntity
		}
		refused = req.Method == http.MethodPost && leavesNote(res.Header)
		next := res.Header.Get("Location")
		if refresh := res.Header.Get("Refresh"); refresh != "" {
			_, next, _ = strings.Cut(refresh, "url=")
		}
		if next == "" {
			return b
		}
		target, err := req.URL.Parse(next)
		Must(b.Site.T, err)
		if target.Host != b.Site.Server.Listener.Addr().String() {
			b.URL = target
			return b
		}
		req, err = http.NewRequest(http.MethodGet, target.String(), nil)
		Must(b.Site.T, err)
	}
	b.Site.T.Fatal("redirects in circles, last at", b.URL)
	return b
}

// leavesNote reports whether an answer sets a cookie with the problems of a form.
func leavesNote(h http.Header) bool {
	return slices.ContainsFunc(h["Set-Cookie"], func(c string) bool {
		return strings.HasPrefix(strings.TrimPrefix(c, "__Host-"), "olid-note-") && !strings.Contains(c, "Max-Age=0")
	})
}

// longForm is the length of a form from which on a browser may be unable to carry what
// was typed.
const longForm = 2500

// redirects requires that no answer to a POST is the page of the form that was refused
// (Z1), unless the form is a long one or has no page.
func (s *Site) redirects(req *http.Request, res *http.Response) {
	s.T.Helper()
	if req.Method == http.MethodPost && res.StatusCode == http.StatusUnprocessableEntity && req.ContentLength < longForm && !strings.HasSuffix(req.URL.Path, "/export") {
		s.T.Errorf("Z1: POST %s is answered with 422, so that Back shows the browser's own error", req.URL.Path)
	}
}

// Status returns the status of an answer to a POST: 422 if it redirects to the page of
// the form, which was refused.
func Status(res *http.Response) int {
	if leavesNote(res.Header) {
		return http.StatusUnprocessableEntity
	}
	return res.StatusCode
}

// Send makes one request with the browser's cookies, and keeps those that the
// answer sets. It follows no redirect and leaves the browser on its page. If a form
// was refused, the answer has the status 422 and the body of the form's page.
func (b *Browser) Send(req *http.Request) Answer {
	b.Site.T.Helper()
	if b.Lang != "" {
		req.Header.Set("Accept-Language", b.Lang)
	}
	res, err := b.HTTP.Do(req)
	Must(b.Site.T, err)
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	Must(b.Site.T, err)
	b.Site.redirects(req, res)
	if req.Method == http.MethodPost && leavesNote(res.Header) {
		target, err := req.URL.Parse(res.Header.Get("Location"))
		Must(b.Site.T, err)
		get, err := http.NewRequest(http.MethodGet, target.String(), nil)
		Must(b.Site.T, err)
		for name, values := range req.Header {
			if name != "Content-Type" && name != "Cookie" {
				get.Header[name] = values
			}
		}
		return Answer{Status: http.StatusUnprocessableEntity, Header: res.Header, Body: b.Send(get).Body, site: b.Site}
	}
	return Answer{Status: res.StatusCode, Header: res.Header, Body: string(body), site: b.Site}
}

// Request returns a request to a path of the site, as it is.
func (b *Browser) Request(method, target string, body io.Reader) *http.Request {
	b.Site.T.Helper()
	req, err := http.NewRequest(method, b.Site.Server.URL+target, body)
	Must(b.Site.T, err)
	return req
}

// Form returns the request that submitting the form on the page would make,
// with these fields (name, value, …).
func (b *Browser) Form(fields ...string) *http.Request {
	b.Site.T.Helper()
	target := b.URL
	page := b.Body
	if _, main, ok := strings.Cut(page, "<main"); ok {
		page = main // the header may have a form too
	}
	if m := formAction.FindStringSubmatch(page); m != nil {
		var err error
		target, err = b.URL.Parse(html.UnescapeString(m[1]))
		Must(b.Site.T, err)
	}
	form := url.Values{}
	for _, m := range hiddenField.FindAllStringSubmatch(page, -1) {
		form.Set(m[1], html.UnescapeString(m[2]))
	}
	for i := 0; i+1 < len(fields); i += 2 {
		form.Set(fields[i], fields[i+1])
	}
	req, err := http.NewRequest(http.MethodPost, target.String(), strings.NewReader(form.Encode()))
	Must(b.Site.T, err)
	req.Header.Set("Content-Type", FormType)
	req.Header.Set("Sec-Fetch-Site", "same-origin")
	return req
}

// FormTo returns the POST of a form to a path of the site, with a token of this
// browser.
func (b *Browser) FormTo(target string, fields ...string) *http.Request {
	b.Site.T.Helper()
	form := url.Values{"csrf": {secret.MAC(b.Site.Kit.Cookies.FormKey, "form", b.Cookies()[BrowserCookie])}}
	for i := 0; i+1 < len(fields); i += 2 {
		form.Add(fields[i], fields[i+1])
	}
	req := b.Request(http.MethodPost, target, strings.NewReader(form.Encode()))
	req.Header.Set("Content-Type", FormType)
	req.Header.Set("Sec-Fetch-Site", "same-origin")
	return req
}

// formRequest returns the POST of a form to a path of the site.
func (b *Browser) formRequest(target string, form url.Values) *http.Request {
	b.Site.T.Helper()
	req := b.Request(http.MethodPost, target, strings.NewReader(form.Encode()))
	req.Header.Set("Content-Type", FormType)
	req.Header.Set("Sec-Fetch-Site", "same-origin")
	return req
}

// add adds fields (name, value, …) to a form.
func add(form url.Values, fields []string) {
	for i := 0; i+1 < len(fields); i += 2 {
		form.Add(fields[i], fields[i+1])
	}
}

// FormToken returns the form token on the page.
func (b *Browser) FormToken() string {
	b.Site.T.Helper()
	m := csrfField.FindStringSubmatch(b.Body)
	if m == nil {
		b.Site.T.Fatalf("no form token on the page at %s (status %d)\n%s", b.URL, b.Status, b.Body)
	}
	return html.UnescapeString(m[1])
}

// WithoutToken returns a page without its form tokens and the authorization
// request that it carries, which differ between any two browsers.
func WithoutToken(body string) string {
	return carried.ReplaceAllString(csrfField.ReplaceAllString(body, "CSRF"), "CARRIED")
}

// MainText returns the text between the tags of the main part of the page.
func (b *Browser) MainText() string {
	b.Site.T.Helper()
	_, rest, begins := strings.Cut(b.Body, "<main")
	main, _, ends := strings.Cut(rest, "</main")
	if !begins || !ends {
		b.Site.T.Fatalf("no main part on the page at %s (status %d)\n%s", b.URL, b.Status, b.Body)
	}
	return markup.ReplaceAllString("<main"+main, " ")
}

// At requires that the browser is at a path of the site.
func (b *Browser) At(path string) *Browser {
	b.Site.T.Helper()
	root, err := url.Parse(b.Site.Server.URL) // with the path of the issuer, if a test added it
	Must(b.Site.T, err)
	if b.URL.Path != root.Path+path || b.URL.Host != b.Site.Server.Listener.Addr().String() {
		b.Site.T.Fatalf("at %s (status %d), want %s\n%s", b.URL, b.Status, path, b.Body)
	}
	return b
}

// Is requires the status of the page.
func (b *Browser) Is(status int) *Browser {
	b.Site.T.Helper()
	if b.Status != status {
		b.Site.T.Fatalf("at %s: status %d, want %d\n%s", b.URL, b.Status, status, b.Body)
	}
	return b
}

// Says requires a piece of text in the source of the page.
func (b *Browser) Says(text string) *Browser {
	b.Site.T.Helper()
	if !strings.Contains(b.Body, text) {
		b.Site.T.Fatalf("at %s (status %d): no %q on the page\n%s", b.URL, b.Status, text, b.Body)
	}
	return b
}

// Cookies returns the browser's cookies, by name.
func (b *Browser) Cookies() map[string]string {
	u, err := url.Parse(b.Site.Server.URL)
	Must(b.Site.T, err)
	out := map[string]string{}
	for _, c := range b.HTTP.Jar.Cookies(u) {
		out[c.Name] = c.Value
	}
	return out
}

// Give puts cookies into the browser, as an attacker would.
func (b *Browser) Give(cookies map[string]string) {
	u, err := url.Parse(b.Site.Server.URL)
	Must(b.Site.T, err)
	var list []*http.Cookie
	for _, name := range slices.Sorted(maps.Keys(cookies)) {
		list = append(list, &http.Cookie{Name: name, Value: cookies[name], Path: "/"})
	}
	b.HTTP.Jar.SetCookies(u, list)
}

// Carrying adds another browser's cookies to this one, under the names of both
// environments.
func (b *Browser) Carrying(other *Browser) *Browser {
	at, err := url.Parse(b.Site.Server.URL)
	Must(b.Site.T, err)
	from, err := url.Parse(other.Site.Server.URL)
	Must(b.Site.T, err)
	var cookies []*http.Cookie
	for _, c := range other.HTTP.Jar.Cookies(from) {
		plain := strings.TrimPrefix(c.Name, "__Host-")
		cookies = append(cookies, &http.Cookie{Name: plain, Value: c.Value, Path: "/"}, &http.Cookie{Name: "__Host-" + plain, Value: c.Value, Path: "/", Secure: true})
	}
	if len(cookies) == 0 {
		b.Site.T.Fatal("no cookies to carry")
	}
	b.HTTP.Jar.SetCookies(at, cookies)
	return b
}

// OneGoesOn sends the form of each browser's page at once. It demands that one of
// them arrives at to, and that the others answer that the link is gone (410).
func OneGoesOn(t testing.TB, browsers []*Browser, to string) {
	t.Helper()
	var wait sync.WaitGroup
	for _, b := range browsers {
		wait.Go(func() { b.Submit() })
	}
	wait.Wait()
	arrived := 0
	for _, b := range browsers {
		if b.URL.Path == to {
			arrived++
		} else {
			b.Is(http.StatusGone)
		}
	}
	if arrived != 1 {
		t.Errorf("%d of %d browsers arrived at %s, want 1", arrived, len(browsers), to)
	}
}
