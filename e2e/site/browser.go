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
	"testing"
	"time"

	"omgevingsloket-id/pkg/secret"
	"omgevingsloket-id/pkg/totp"
)

// On is the same browser, turned to another server of the installation.
func (b *Browser) On(s *Site) *Browser {
	b.Site.T.Helper()
	other := *b
	other.Site = s
	u := *b.URL
	u.Host = s.Server.Listener.Addr().String()
	other.URL = &u
	return &other
}

// WrongCode is a code that is right in none of the steps around now.
func (b *Browser) WrongCode() string {
	b.Site.T.Helper()
	return wrongCode(b.Site.T, b.Seed, b.Site.Clock.Now())
}

func wrongCode(t testing.TB, seed secret.Text, now time.Time) string {
	t.Helper()
	var right []string
	for step := totp.Step(now) - 3; step <= totp.Step(now)+3; step++ {
		code, err := totp.Code(seed, step)
		Must(t, err)
		right = append(right, code)
	}
	for _, guess := range []string{"000000", "111111", "222222", "333333", "444444", "555555", "666666", "777777"} {
		if !slices.Contains(right, guess) {
			return guess
		}
	}
	t.Fatal("seven codes of eight guesses are right")
	return ""
}

// Says demands a piece of text on the page.
func (b *Browser) Says(text string) *Browser {
	b.Site.T.Helper()
	if !strings.Contains(b.Body, text) {
		b.Site.T.Fatalf("at %s (status %d): no %q on the page\n%s", b.URL, b.Status, text, b.Body)
	}
	return b
}

// Is demands a status.
func (b *Browser) Is(status int) *Browser {
	b.Site.T.Helper()
	if b.Status != status {
		b.Site.T.Fatalf("at %s: status %d, want %d\n%s", b.URL, b.Status, status, b.Body)
	}
	return b
}

// Cookies are this browser's, by name.
func (b *Browser) Cookies() map[string]string {
	u, err := url.Parse(b.Site.Server.URL)
	Must(b.Site.T, err)
	out := map[string]string{}
	for _, c := range b.HTTP.Jar.Cookies(u) {
		out[c.Name] = c.Value
	}
	return out
}

// Give puts cookies into this browser, as somebody who plants them would.
func (b *Browser) Give(cookies map[string]string) {
	u, err := url.Parse(b.Site.Server.URL)
	Must(b.Site.T, err)
	var list []*http.Cookie
	for _, name := range slices.Sorted(maps.Keys(cookies)) {
		list = append(list, &http.Cookie{Name: name, Value: cookies[name], Path: "/"})
	}
	b.HTTP.Jar.SetCookies(u, list)
}

// Post sends a form of this browser to any address of ours, whatever page it
// is on.
func (b *Browser) Post(target string, fields ...string) *Browser {
	b.Site.T.Helper()
	return b.Do(b.FormTo(target, fields...))
}

// FormTo returns a POST of the fields, which are names and values in turn, with the token of the browser's own form.
func (b *Browser) FormTo(target string, fields ...string) *http.Request {
	b.Site.T.Helper()
	form := url.Values{"csrf": {secret.MAC(b.Site.Kit.Cookies.FormKey, "form", b.Cookies()[BrowserCookie])}}
	for i := 0; i+1 < len(fields); i += 2 {
		form.Add(fields[i], fields[i+1])
	}
	req := b.Request(http.MethodPost, target, strings.NewReader(form.Encode()))
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Sec-Fetch-Site", "same-origin")
	return req
}

// Answer is one response, looked at byte by byte.
type Answer struct {
	Status int
	Header http.Header
	Body   string
}

// Send makes one request with the browser's cookies and follows nothing. What
// it sets, the browser keeps.
func (b *Browser) Send(req *http.Request) Answer {
	b.Site.T.Helper()
	res, err := b.HTTP.Do(req)
	Must(b.Site.T, err)
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	Must(b.Site.T, err)
	return Answer{res.StatusCode, res.Header, string(body)}
}

// Request returns a request to a path of the site; HTTP adds the cookies.
func (b *Browser) Request(method, target string, body io.Reader) *http.Request {
	b.Site.T.Helper()
	req, err := http.NewRequest(method, b.Site.Server.URL+target, body)
	Must(b.Site.T, err)
	return req
}

var requestReference = regexp.MustCompile(`<code dir="ltr">[0-9a-f]{12}</code>`)

// Plain is the answer without what differs between any two: the date, and the
// reference of an error page.
func (a Answer) Plain() Answer {
	h := a.Header.Clone()
	h.Del("Date")
	return Answer{a.Status, h, requestReference.ReplaceAllString(a.Body, "REFERENCE")}
}

// The names of the cookies, without __Host- because the site is at http://127.0.0.1.
const (
	SessionCookie = "olid-session"
	BrowserCookie = "olid-browser"
)

// silent asks for an answer without a page: a code, or login_required.
func (b *Browser) silent() url.Values {
	b.Site.T.Helper()
	return b.Authorize(NewRequest("web", CallbackURI).With("prompt", "none")).Answered()
}

// LoggedIn reports whether the browser has a session that gives a code without a page.
func (b *Browser) LoggedIn() bool { b.Site.T.Helper(); return b.silent().Get("code") != "" }

// Browser is one person's browser: cookies, the page it is on, no scripts.
type Browser struct {
	Site   *Site
	HTTP   *http.Client
	URL    *url.URL
	Status int
	Header http.Header
	Body   string
	Seed   secret.Text // what its authenticator app knows
}

// Browser returns a new browser, without cookies.
func (s *Site) Browser() *Browser {
	jar, err := cookiejar.New(nil)
	Must(s.T, err)
	u, err := url.Parse(s.Server.URL)
	Must(s.T, err)
	return &Browser{Site: s, URL: u, HTTP: &http.Client{Jar: jar, Transport: s.Server.Client().Transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
}

// Do sends a request and follows our own redirects and refreshes; it stops
// at an address of somebody else's, which it then is "at".
func (b *Browser) Do(req *http.Request) *Browser {
	b.Site.T.Helper()
	for range 10 {
		res, err := b.HTTP.Do(req)
		Must(b.Site.T, err)
		body, err := io.ReadAll(res.Body)
		Must(b.Site.T, err)
		_ = res.Body.Close()
		b.URL, b.Status, b.Header, b.Body = req.URL, res.StatusCode, res.Header, string(body)
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

// Get opens an address; a path is one of ours, wherever the browser is.
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

// Submit sends the form on the page with these fields (name, value, …).
func (b *Browser) Submit(fields ...string) *Browser {
	b.Site.T.Helper()
	return b.Do(b.Form(fields...))
}

// Form makes the request that submitting the page's form would send.
func (b *Browser) Form(fields ...string) *http.Request {
	b.Site.T.Helper()
	target := b.URL
	if m := formAction.FindStringSubmatch(b.Body); m != nil {
		var err error
		target, err = b.URL.Parse(html.UnescapeString(m[1]))
		Must(b.Site.T, err)
	}
	form := url.Values{}
	if m := CSRFField.FindStringSubmatch(b.Body); m != nil {
		form.Set("csrf", html.UnescapeString(m[1]))
	}
	for i := 0; i+1 < len(fields); i += 2 {
		form.Set(fields[i], fields[i+1])
	}
	req, err := http.NewRequest(http.MethodPost, target.String(), strings.NewReader(form.Encode()))
	Must(b.Site.T, err)
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Sec-Fetch-Site", "same-origin")
	return req
}

// At demands that the browser is at a path of ours.
func (b *Browser) At(path string) *Browser {
	b.Site.T.Helper()
	if b.URL.Path != path || b.URL.Host != b.Site.Server.Listener.Addr().String() {
		b.Site.T.Fatalf("at %s (status %d), want %s\n%s", b.URL, b.Status, path, b.Body)
	}
	return b
}

var keyGroups = regexp.MustCompile(`<p class="qr-groups"[^>]*>(.*?)</p>`)

// Tags matches what to take out of a page to read its text without spaces.
var Tags = regexp.MustCompile(`<[^>]*>|\s`)

// Scan reads the key on the QR page into the browser's authenticator app.
func (b *Browser) Scan() *Browser {
	b.Site.T.Helper()
	m := keyGroups.FindStringSubmatch(b.Body)
	if m == nil {
		b.Site.T.Fatalf("no key on the page at %s (status %d)", b.URL, b.Status)
	}
	b.Seed = secret.Text(Tags.ReplaceAllString(m[1], ""))
	return b
}

// Code is what the app shows now.
func (b *Browser) Code() string {
	b.Site.T.Helper()
	code, err := totp.Code(b.Seed, totp.Step(b.Site.Clock.Now()))
	Must(b.Site.T, err)
	return code
}

// Authorize sends the browser to the authorization endpoint.
func (b *Browser) Authorize(r Request) *Browser {
	b.Site.T.Helper()
	return b.Get(b.Site.Server.URL + "/authorize?" + r.Encode())
}

// Enrol goes through a first login, from the login page to the client.
func (b *Browser) Enrol(email string) *Browser {
	b.Site.T.Helper()
	b.At("/login").Submit("email", email, "password", Password)
	b.At("/enrol").Submit()
	b.At("/enrol/qr").Scan()
	b.Get("/login/code?" + b.URL.RawQuery)
	return b.At("/login/code").Submit("code", b.Code())
}

// Login goes through a later login.
func (b *Browser) Login(email string) *Browser {
	b.Site.T.Helper()
	b.Site.Clock.Add(30 * time.Second) // the last code is spent
	b.At("/login").Submit("email", email, "password", Password)
	return b.At("/login/code").Submit("code", b.Code())
}

// Answered gives the parameters of the answer at the client.
func (b *Browser) Answered() url.Values {
	b.Site.T.Helper()
	if b.URL.Host == b.Site.Server.Listener.Addr().String() {
		b.Site.T.Fatalf("still at %s (status %d)\n%s", b.URL, b.Status, b.Body)
	}
	return b.URL.Query()
}
