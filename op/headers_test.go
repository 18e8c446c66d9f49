package op_test

import (
	"flag"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"omgevingsloket-id/e2e/site"
	"omgevingsloket-id/pkg/config"
	"omgevingsloket-id/pkg/staff"
)

// overTLS gives the site an https issuer and a certificate.
func overTLS(c *config.Config) { c.Issuer = strings.Replace(c.Issuer, "http:", "https:", 1) }

var update = flag.Bool("update", false, "write testdata/routes.golden anew")

// The whole surface: method, path, what kind of guard, fields. A new address
// shows up here, in a review.
func TestRouteInventory(t *testing.T) {
	t.Parallel()
	s := site.New(t, nil)
	var lines []string
	for _, r := range s.Kit.Router.Routes() {
		kind := "page"
		switch {
		case r.Raw:
			kind = "raw"
		case r.Upload > 0:
			kind = fmt.Sprintf("upload %d", r.Upload)
		case r.Method == http.MethodPost:
			kind = "form"
		}
		lines = append(lines, strings.TrimSpace(fmt.Sprintf("%-7s %-42s %s %s", r.Method, r.Path, kind, strings.Join(r.Fields, " "))))
	}
	slices.Sort(lines)
	got, file := strings.Join(lines, "\n")+"\n", filepath.Join("testdata", "routes.golden")
	if *update {
		site.Must(t, os.MkdirAll("testdata", 0o755))
		site.Must(t, os.WriteFile(file, []byte(got), 0o644))
	}
	want, err := os.ReadFile(file)
	site.Must(t, err)
	if got != string(want) {
		t.Errorf("the routes are not those of %s; look at each one, then run with -update:\n%s", file, got)
	}
}

// everyAnswer asks for every route in several ways, and for what is none.
func everyAnswer(t *testing.T, s *site.Site, look func(what string, got site.Answer)) {
	t.Helper()
	b := s.Browser().Authorize(site.NewRequest("web", site.CallbackURI))
	query := "?" + b.URL.RawQuery
	ask := func(method, target, body, kind string) {
		req := b.Request(method, target, strings.NewReader(body))
		if kind != "" {
			req.Header.Set("Content-Type", kind)
		}
		look(method+" "+target+" ("+kind+")", b.Send(req))
	}
	const form = "application/x-www-form-urlencoded"
	paths := []string{"/nothing", "/login/x", "/login.css", "/.git/config", "/static/", "/static/nothing.css", "/%2e%2e/etc/passwd", "/" + strings.Repeat("a", 9000), "/login//code"}
	for _, r := range s.Kit.Router.Routes() {
		paths = append(paths, r.Path)
	}
	slices.Sort(paths)
	for _, path := range slices.Compact(paths) {
		ask(http.MethodGet, path, "", "")
		ask(http.MethodGet, path+query, "", "")
		ask(http.MethodPost, path, "", "")
		ask(http.MethodPost, path+query, "csrf=x", form)
		ask(http.MethodPost, path, strings.Repeat("x", 20<<10), form)
		ask(http.MethodPut, path, "", "")
		ask(http.MethodOptions, path, "", "")
		ask(http.MethodHead, path, "", "")
	}
	a, other := s.Active("headers@example.com")
	for state, b := range s.States() {
		look(state, b.Send(b.Request(http.MethodGet, b.URL.RequestURI(), nil)))
	}
	s.Blocked(a)
	look("home", other.Send(other.Request(http.MethodGet, "/portals", nil)))
}

// Every answer carries the headers: pages, errors, redirects, tokens.
func TestHD01_HD04_HeadersOnEveryAnswer(t *testing.T) {
	t.Parallel()
	s := site.New(t, nil)
	cached := regexp.MustCompile(`^(GET|HEAD) /(jwks|\.well-known/)`)
	strangers := regexp.MustCompile(`^GET /console/review/content\W`)
	everyAnswer(t, s, func(what string, got site.Answer) {
		h := got.Header
		for name, want := range map[string]string{
			"Content-Security-Policy": site.StrictCSP, "X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY", "Referrer-Policy": "same-origin",
			"Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Resource-Policy": "same-origin",
		} {
			if name == "Cross-Origin-Resource-Policy" && cached.MatchString(what) {
				continue // discovery and keys are for everybody
			}
			if name == "Content-Security-Policy" && strangers.MatchString(what) {
				want = "sandbox; default-src 'none'; frame-ancestors 'none'" // strangers' files
			}
			if len(h[name]) != 1 || h.Get(name) != want {
				t.Errorf("%s: %s is %q", what, name, h[name])
			}
		}
		if !strings.Contains(h.Get("Permissions-Policy"), "camera=()") {
			t.Errorf("%s: Permissions-Policy is %q", what, h.Get("Permissions-Policy"))
		}
		if got.Status >= 500 {
			t.Errorf("%s: %d", what, got.Status)
		}
		if !cached.MatchString(what) && h.Get("Cache-Control") != "no-store" {
			t.Errorf("%s: Cache-Control is %q", what, h.Get("Cache-Control"))
		}
		for _, name := range []string{"Server", "X-Powered-By", "Strict-Transport-Security", "Etag", "Last-Modified"} {
			if h.Get(name) != "" && !cached.MatchString(what) {
				t.Errorf("%s: %s is %q", what, name, h.Get(name))
			}
		}
		if kind := h.Get("Content-Type"); strings.HasPrefix(kind, "text/") && !strings.HasSuffix(kind, "charset=utf-8") {
			t.Errorf("%s: Content-Type is %q (HD-08)", what, kind)
		}
		if got.Status/100 == 3 && got.Status != http.StatusSeeOther && got.Status != http.StatusTemporaryRedirect || got.Status == http.StatusTemporaryRedirect && !strings.Contains(what, "//") {
			t.Errorf("%s: %d (AZ-25)", what, got.Status)
		}
		noForeignResource(t, what, got.Body)
	})
}

var resource = regexp.MustCompile(`(?i)<(script|link|img|iframe|form|object|embed|source|video|audio)\b[^>]*?\b(?:src|href|action|data)="([^"]*)"`)

// HD-11, HD-13: what a page loads or sends to is ours.
func noForeignResource(t *testing.T, what, body string) {
	t.Helper()
	for _, m := range resource.FindAllStringSubmatch(body, -1) {
		if !strings.HasPrefix(m[2], "/") || strings.HasPrefix(m[2], "//") {
			t.Errorf("%s: <%s> loads %s", what, m[1], m[2])
		}
	}
	if strings.Contains(body, "style=") || regexp.MustCompile(`<script>|<style|\son[a-z]+="`).MatchString(body) {
		t.Errorf("%s: inline script or style", what)
	}
}

// Y27: HEAD gets the status of GET wherever GET changes nothing, in every state of a
// login, sets no cookie and writes nothing.
func TestY27_HeadChangesNothing(t *testing.T) {
	t.Parallel()
	s := site.New(t, nil)
	states := s.States()
	states["nobody"] = s.Browser()
	_, states["session"] = s.Active("session@example.com")
	states["official"] = s.Official("olga@example.com", staff.Reviewer, staff.Helpdesk, staff.Administrator, staff.Auditor)
	for state, b := range states {
		for _, r := range s.Kit.Router.Routes() {
			if r.Method != http.MethodGet {
				continue
			}
			target := r.Path
			if b.URL != nil {
				target += "?" + b.URL.RawQuery
			}
			before := s.Written()
			head := b.Send(b.Request(http.MethodHead, target, nil))
			if s.Written() != before && r.Path != "/enrol/cancel" { // a try of a secret is counted however it is made
				t.Errorf("%s: HEAD %s writes to the database", state, target)
			}
			if head.Body != "" || len(head.Header.Values("Set-Cookie")) != 0 {
				t.Errorf("%s: HEAD %s: body %q, cookies %v", state, target, head.Body, head.Header.Values("Set-Cookie"))
			}
			if r.Acts {
				if head.Status != http.StatusMethodNotAllowed || head.Header.Get("Allow") != http.MethodGet {
					t.Errorf("%s: HEAD %s = %d, want 405", state, target, head.Status)
				}
				continue
			}
			plain := b.Send(b.Request(http.MethodGet, target, nil))
			if head.Status != plain.Status && !(state == "official" && head.Status == http.StatusOK && strings.HasPrefix(target, "/console/")) {
				t.Errorf("%s: HEAD %s = %d, GET %d", state, target, head.Status, plain.Status)
			}
		}
	}
}

// Behind https: HSTS everywhere, and every cookie __Host-, Secure, HttpOnly,
// Lax, for the whole site and no other.
func TestHD02_HD10_CookiesAndHSTSUnderHTTPS(t *testing.T) {
	t.Parallel()
	s := site.New(t, overTLS)
	everyAnswer(t, s, func(what string, got site.Answer) {
		if got.Header.Get("Strict-Transport-Security") != "max-age=63072000; includeSubDomains" {
			t.Errorf("%s: HSTS is %q", what, got.Header.Get("Strict-Transport-Security"))
		}
	})
	s.Person(site.Email)
	b, seen := s.Browser(), map[string]bool{}
	b.HTTP.Transport = cookieWatch{b.HTTP.Transport, func(c *http.Cookie) {
		seen[c.Name] = true
		if !strings.HasPrefix(c.Name, "__Host-") || !c.Secure || !c.HttpOnly || c.SameSite != http.SameSiteLaxMode || c.Path != "/" || c.Domain != "" || len(c.Raw) > 4096 {
			t.Error("cookie:", c.Raw)
		}
	}}
	b.Get("/?lang=en")
	b.Authorize(site.NewRequest("web", site.CallbackURI)).Enrol(site.Email).Answered()
	for _, name := range []string{"browser", "session", "device", "known", "turn", "lang"} {
		if !seen["__Host-olid-"+name] {
			t.Error("not seen:", name)
		}
	}
	if len(seen) != 6 {
		t.Error("cookies:", seen)
	}
	// A sibling domain can plant the plain names only: nobody reads them.
	plain := map[string]string{}
	for name, value := range b.Cookies() {
		plain[strings.TrimPrefix(name, "__Host-")] = value
	}
	other := s.Browser()
	other.Give(plain)
	if other.LoggedIn() {
		t.Error("cookies without __Host- are read")
	}
}

type cookieWatch struct {
	http.RoundTripper
	look func(*http.Cookie)
}

func (w cookieWatch) RoundTrip(r *http.Request) (*http.Response, error) {
	res, err := w.RoundTripper.RoundTrip(r)
	if err == nil {
		for _, c := range res.Cookies() {
			w.look(c)
		}
	}
	return res, err
}

// Assets have the hash of their content in the name and may be kept for good.
func TestHD05_StaticAssets(t *testing.T) {
	t.Parallel()
	s := site.New(t, nil)
	b := s.Browser().Get("/")
	kinds := map[string]string{".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}
	found := regexp.MustCompile(`"(/static/[0-9a-f]{12}/[a-z.]+)"`).FindAllStringSubmatch(b.Body, -1)
	if len(found) < 4 {
		t.Fatal("assets on the page:", found)
	}
	for _, m := range found {
		b.Get(m[1]).Is(http.StatusOK)
		if b.Header.Get("Cache-Control") != "public, max-age=31536000, immutable" || b.Header.Get("Content-Type") != kinds[filepath.Ext(m[1])] {
			t.Errorf("%s: %v", m[1], b.Header)
		}
		b.Get(strings.Replace(m[1], "/static/", "/static/0", 1)).Is(http.StatusNotFound)
		b.Get(m[1] + ".map").Is(http.StatusNotFound)
	}
}

// No page answers another origin's scripts.
func TestHD12_NoCORSOnPages(t *testing.T) {
	t.Parallel()
	s := site.New(t, nil)
	for _, r := range s.Kit.Router.Routes() {
		for _, origin := range []string{"https://evil.example", "null", "https://rp.example.evil.example", "http://third.example"} {
			for _, method := range []string{r.Method, http.MethodOptions} {
				req := s.Browser().Request(method, r.Path, nil)
				req.Header.Set("Origin", origin)
				req.Header.Set("Access-Control-Request-Method", "POST")
				got := s.Browser().Send(req)
				allowed := got.Header.Get("Access-Control-Allow-Origin")
				if allowed != "" && (allowed != "*" && allowed != origin || !strings.HasPrefix(r.Path, "/.well-known/") && r.Path != "/jwks") || got.Header.Get("Access-Control-Allow-Credentials") != "" {
					t.Errorf("%s %s for %s: allowed for %q", method, r.Path, origin, allowed)
				}
			}
		}
	}
}

// HT-10, HT-15, HT-19: what only pretends to say who and where we are changes
// no byte.
func TestHT10_HeadersOfOthersHaveNoInfluence(t *testing.T) {
	t.Parallel()
	s := site.New(t, nil)
	b := s.Browser().Authorize(site.NewRequest("web", site.CallbackURI))
	for _, path := range []string{"/login?" + b.URL.RawQuery, "/", "/start", "/.well-known/openid-configuration", "/nothing"} {
		plain := b.Send(b.Request(http.MethodGet, path, nil)).Plain()
		for name, value := range map[string]string{
			"X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "https", "X-Forwarded-Port": "444", "X-Forwarded-Prefix": "/evil", "Forwarded": "host=evil.example;proto=https",
			"X-Original-Url": "/evil", "X-Rewrite-Url": "/evil", "X-Http-Method-Override": "DELETE", "X-Request-Id": "evil\tid", "X-Forwarded-For": "192.0.2.1", "Host": "evil.example",
		} {
			req := b.Request(http.MethodGet, path, nil)
			if name == "Host" { // the client gives its cookies to hosts it knows
				req.Host = value
				for name, value := range b.Cookies() {
					req.AddCookie(&http.Cookie{Name: name, Value: value})
				}
			}
			req.Header.Set(name, value)
			got := b.Send(req).Plain()
			if path == "/start" {
				if strings.Contains(got.Header.Get("Location")+got.Body, "evil") {
					t.Errorf("%s: %s leads to %s", path, name, got.Header.Get("Location"))
				}
				continue
			}
			if got.Status != plain.Status || got.Body != plain.Body || got.Header.Get("Location") != plain.Header.Get("Location") {
				t.Errorf("%s: %s changes the answer: %d", path, name, got.Status)
			}
		}
	}
}
