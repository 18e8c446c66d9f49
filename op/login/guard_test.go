package login_test

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"omgevingsloket-id/e2e/site"
	"omgevingsloket-id/pkg/config"
)

// Every form token except this browser's own is refused before anything is hashed
// or counted.
func TestLG01_FormTokens(t *testing.T) {
	t.Parallel()
	s, calls := site.NewWatched(t, nil)
	s.Person(site.Email)
	b, other := s.Browser().Authorize(site.NewRequest("web", site.CallbackURI)), s.Browser().Authorize(site.NewRequest("web", site.CallbackURI))
	theirs := other.FormToken()
	own := b.FormToken()
	if theirs == own {
		t.Fatal("two browsers have one token")
	}
	hashes := s.Hashes()
	calls.Reset()
	for what, form := range map[string]url.Values{
		"none": {}, "empty": {"csrf": {""}}, "another browser's": {"csrf": {theirs}}, "a byte less": {"csrf": {own[:len(own)-1]}},
		"a byte more": {"csrf": {own + "A"}}, "the cookie itself": {"csrf": {b.Cookies()[site.BrowserCookie]}},
	} {
		form.Set("email", site.Email)
		form.Set("password", site.Password)
		req := b.Request(http.MethodPost, "/login?"+b.URL.RawQuery, strings.NewReader(form.Encode()))
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		if got := b.Send(req); got.Status != http.StatusForbidden {
			t.Errorf("%s: %d", what, got.Status)
		}
	}
	bare := s.Browser()
	req := b.Form("email", site.Email, "password", site.Password)
	if got := bare.Send(req); got.Status != http.StatusForbidden || !strings.Contains(got.Body, "cookies") {
		t.Error("without cookies:", got.Status)
	}
	if s.Hashes() != hashes || len(calls.Calls()) != 0 {
		t.Error("a refused form was looked at:", calls.Calls())
	}
	b.Submit("email", site.Email, "password", site.Password).At("/enrol") // the token is valid on each page
}

// A form from another site is refused even with the right token.
func TestLG02_ForeignForms(t *testing.T) {
	t.Parallel()
	s := site.New(t, nil)
	s.Person(site.Email)
	b := s.Browser().Authorize(site.NewRequest("web", site.CallbackURI))
	host := s.Server.Listener.Addr().String()
	hashes := s.Hashes()
	for what, header := range map[string]http.Header{
		"cross-site":         {"Sec-Fetch-Site": {"cross-site"}},
		"same-site":          {"Sec-Fetch-Site": {"same-site"}},
		"cross-site, ours":   {"Sec-Fetch-Site": {"cross-site"}, "Origin": {"https://" + host + ".example"}},
		"null":               {"Origin": {"null"}},
		"another origin":     {"Origin": {"https://evil.example"}},
		"another port":       {"Origin": {"http://127.0.0.1:1"}},
		"our name in theirs": {"Origin": {"http://" + host + ".evil.example"}},
		"garbage":            {"Origin": {"%%%"}},
	} {
		req := b.Form("email", site.Email, "password", site.Password)
		req.Header.Del("Sec-Fetch-Site")
		for name, values := range header {
			req.Header[name] = values
		}
		if got := b.Send(req); got.Status != http.StatusForbidden {
			t.Errorf("%s: %d", what, got.Status)
		}
	}
	if s.Hashes() != hashes {
		t.Error("a foreign form was looked at")
	}
	// An old browser sends neither header, and only the token is checked.
	req := b.Form("email", site.Email, "password", site.Password)
	req.Header.Del("Sec-Fetch-Site")
	if got := b.Send(req); got.Status != http.StatusSeeOther || !strings.HasPrefix(got.Header.Get("Location"), "/enrol?") {
		t.Error("without headers:", got.Status)
	}
}

// Credentials are accepted only in the body of one kind of form.
func TestLG03_OtherWaysToSend(t *testing.T) {
	t.Parallel()
	s := site.New(t, nil)
	s.Active(site.Email)
	b := s.Browser().Authorize(site.NewRequest("web", site.CallbackURI))
	target := "/login?" + b.URL.RawQuery
	csrf := b.FormToken()
	form := url.Values{"csrf": {csrf}, "email": {site.Email}, "password": {site.Password}}.Encode()
	if got := b.Send(b.Request(http.MethodGet, target+"&"+b.URL.RawQuery, nil)); got.Status != http.StatusBadRequest {
		t.Error("two logins in one address:", got.Status)
	}
	hashes := s.Hashes()
	for _, method := range []string{http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions, http.MethodTrace, "LOGIN"} {
		req := b.Request(method, target, strings.NewReader(form))
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		if got := b.Send(req); got.Status != http.StatusMethodNotAllowed {
			t.Errorf("%s: %d", method, got.Status)
		}
	}
	if got := b.Send(b.Request(http.MethodHead, target, strings.NewReader(form))); got.Status != http.StatusOK { // Y27: a GET without a body
		t.Errorf("HEAD: %d", got.Status)
	}
	for _, kind := range []string{"", "text/plain", "application/json", "multipart/form-data; boundary=x", "application/x-www-form-urlencoded/x", "APPLICATION/XML"} {
		req := b.Request(http.MethodPost, target, strings.NewReader(form))
		req.Header.Set("Content-Type", kind)
		if got := b.Send(req); got.Status != http.StatusUnsupportedMediaType {
			t.Errorf("content type %q: %d", kind, got.Status)
		}
	}
	b.Get(target + "&" + form).At("/login").Is(http.StatusOK)
	if strings.Contains(b.Body, site.Password) {
		t.Error("the page shows a password of the query")
	}
	req := b.Request(http.MethodPost, target+"&"+form, strings.NewReader("csrf="+csrf)) // fields in the query are ignored
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if got := b.Send(req); got.Status != http.StatusUnprocessableEntity {
		t.Error("a form in the query:", got.Status)
	}
	if s.Hashes() != hashes {
		t.Error("looked at")
	}
}

// Odd input is refused as a form, or simply wrong, and never an error of the
// server. It runs on PostgreSQL, which refuses invalid text.
func TestLG05_Shapes(t *testing.T) {
	t.Parallel()
	s := site.New(t, site.OnServers(t))
	s.Person(site.Email)
	b := s.Browser().Authorize(site.NewRequest("web", site.CallbackURI))
	target := "/login?" + b.URL.RawQuery
	long := strings.Repeat("é", 127) + "ab" // cut at 254 bytes it is not UTF-8
	for what, c := range map[string]struct {
		fields []string
		status int
	}{
		"both empty":          {[]string{"email", "", "password", ""}, 422},
		"no password":         {[]string{"email", site.Email}, 422},
		"no address":          {[]string{"password", site.Password}, 422},
		"only spaces":         {[]string{"email", "   ", "password", "   "}, 422},
		"an array":            {[]string{"email", site.Email, "email", site.Email, "password", site.Password}, 400},
		"a field too many":    {[]string{"email", site.Email, "password", site.Password, "admin", "true"}, 400},
		"brackets":            {[]string{"email[]", site.Email, "password", site.Password}, 400},
		"NUL":                 {[]string{"email", site.Email, "password", "a\x00b"}, 400},
		"no UTF-8":            {[]string{"email", site.Email, "password", "\xff\xfe"}, 400},
		"a lone surrogate":    {[]string{"email", site.Email, "password", "\xed\xa0\x80"}, 400},
		"right to left":       {[]string{"email", "\u202e" + site.Email, "password", site.Password}, 422},
		"a long address":      {[]string{"email", "a" + long, "password", site.Password}, 422},
		"a longer one":        {[]string{"email", strings.Repeat("x", 3000) + "@example.com", "password", site.Password}, 422},
		"a password of 2 kB":  {[]string{"email", site.Email, "password", strings.Repeat("p", 2000)}, 422},
		"a password of 1 MB":  {[]string{"email", site.Email, "password", strings.Repeat("p", 1<<20)}, 413},
		"a space behind":      {[]string{"email", site.Email, "password", site.Password + " "}, 422},
		"a space before":      {[]string{"email", site.Email, "password", " " + site.Password}, 422},
		"another case":        {[]string{"email", site.Email, "password", strings.ToUpper(site.Password)}, 422},
		"a letter less":       {[]string{"email", site.Email, "password", site.Password[:len(site.Password)-1]}, 422},
		"SQL":                 {[]string{"email", "' OR 1=1 --@example.com", "password", "' OR ''='"}, 422},
		"a template":          {[]string{"email", "{{.CSRF}}@example.com", "password", "${7*7}"}, 422},
		"LDAP":                {[]string{"email", "*)(uid=*))(|(uid=*", "password", "*"}, 422},
		"Redis":               {[]string{"email", "x\r\nFLUSHALL\r\n@example.com", "password", "*1\r\n$8\r\nFLUSHALL"}, 422},
		"HTML":                {[]string{"email", `"><script>alert(1)</script>@example.com`, "password", "<b>"}, 422},
		"a control character": {[]string{"email", "anna\u0007@example.com", "password", "\u0007"}, 422},
		"four bytes a letter": {[]string{"email", "\U0001f511@example.com", "password", "\U0001f511"}, 422},
	} {
		got := b.Send(b.FormTo(target, c.fields...))
		if got.Status != c.status || strings.Contains(got.Body, "<script>alert") {
			t.Errorf("%s: %d, want %d", what, got.Status, c.status)
		}
		for i := 1; i < len(c.fields); i += 2 {
			if c.fields[i-1] == "password" && len(c.fields[i]) > 8 && strings.Contains(got.Body, c.fields[i]) {
				t.Errorf("%s: the page shows the password", what)
			}
		}
	}
	s.Clock.Add(time.Hour) // the lock of the wrong passwords
	s.ToEnrol(site.Email)
}

// Requests of one source are limited before anything is hashed, for known and
// unknown addresses alike; the answer says how long to wait.
func TestLG15_OneSourceIsLimited(t *testing.T) {
	t.Parallel()
	s := site.New(t, func(c *config.Config) { c.Limits.LoginPerMinute = 3 })
	s.Active(site.Email)
	s.Clock.Add(time.Minute)
	b := s.Browser().Authorize(site.NewRequest("web", site.CallbackURI))
	page := b.URL.String()
	for i := range 3 {
		b.Submit("email", "nobody@example.com", "password", site.Password+strconv.Itoa(i)).At("/login").Is(http.StatusUnprocessableEntity)
	}
	hashes := s.Hashes()
	got := b.Send(b.Form("email", site.Email, "password", site.Password))
	if got.Status != http.StatusTooManyRequests || got.Header.Get("Retry-After") != "60" || s.Hashes() != hashes {
		t.Error(got.Status, got.Header.Get("Retry-After"))
	}
	s.Clock.Add(time.Minute)
	b.Get(page).Submit("email", site.Email, "password", site.Password).At("/login/code")
}
