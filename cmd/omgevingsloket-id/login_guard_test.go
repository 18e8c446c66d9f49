package main

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"omgevingsloket-id/pkg/config"
)

// Every form token but this browser's own is refused before anything is
// hashed or counted.
func TestLG01_FormTokens(t *testing.T) {
	s, calls := watched(t, nil)
	s.person(testEmail)
	b, other := s.browser().authorize(newRequest("web", callbackURI)), s.browser().authorize(newRequest("web", callbackURI))
	theirs := csrfField.FindStringSubmatch(other.body)[1]
	own := csrfField.FindStringSubmatch(b.body)[1]
	if theirs == own {
		t.Fatal("two browsers have one token")
	}
	hashes := s.hashes()
	calls.Reset()
	for what, form := range map[string]url.Values{
		"none": {}, "empty": {"csrf": {""}}, "another browser's": {"csrf": {theirs}}, "a byte less": {"csrf": {own[:len(own)-1]}},
		"a byte more": {"csrf": {own + "A"}}, "the cookie itself": {"csrf": {b.cookies()[browserCookie]}},
	} {
		form.Set("email", testEmail)
		form.Set("password", testPassword)
		req := b.request(http.MethodPost, "/login?"+b.url.RawQuery, strings.NewReader(form.Encode()))
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		if got := b.send(req); got.status != http.StatusForbidden {
			t.Errorf("%s: %d", what, got.status)
		}
	}
	bare := s.browser()
	req := b.form("email", testEmail, "password", testPassword)
	if got := bare.send(req); got.status != http.StatusForbidden || !strings.Contains(got.body, "cookies") {
		t.Error("without cookies:", got.status)
	}
	if s.hashes() != hashes || len(calls.Calls()) != 0 {
		t.Error("a refused form was looked at:", calls.Calls())
	}
	b.submit("email", testEmail, "password", testPassword).at("/enrol") // the token is good for each page
}

// A form from another site is refused even with the right token.
func TestLG02_ForeignForms(t *testing.T) {
	s := newSite(t, nil)
	s.person(testEmail)
	b := s.browser().authorize(newRequest("web", callbackURI))
	host := s.server.Listener.Addr().String()
	hashes := s.hashes()
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
		req := b.form("email", testEmail, "password", testPassword)
		req.Header.Del("Sec-Fetch-Site")
		for name, values := range header {
			req.Header[name] = values
		}
		if got := b.send(req); got.status != http.StatusForbidden {
			t.Errorf("%s: %d", what, got.status)
		}
	}
	if s.hashes() != hashes {
		t.Error("a foreign form was looked at")
	}
	// An old browser sends neither header: the token alone decides.
	req := b.form("email", testEmail, "password", testPassword)
	req.Header.Del("Sec-Fetch-Site")
	if got := b.send(req); got.status != http.StatusSeeOther || !strings.HasPrefix(got.header.Get("Location"), "/enrol?") {
		t.Error("without headers:", got.status)
	}
}

// Credentials come in the body of one kind of form, or not at all.
func TestLG03_OtherWaysToSend(t *testing.T) {
	s := newSite(t, nil)
	s.active(testEmail)
	b := s.browser().authorize(newRequest("web", callbackURI))
	target := "/login?" + b.url.RawQuery
	csrf := csrfField.FindStringSubmatch(b.body)[1]
	form := url.Values{"csrf": {csrf}, "email": {testEmail}, "password": {testPassword}}.Encode()
	if got := b.send(b.request(http.MethodGet, target+"&"+b.url.RawQuery, nil)); got.status != http.StatusBadRequest {
		t.Error("two logins in one address:", got.status)
	}
	hashes := s.hashes()
	for _, method := range []string{http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions, http.MethodHead, http.MethodTrace, "LOGIN"} {
		req := b.request(method, target, strings.NewReader(form))
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		if got := b.send(req); got.status != http.StatusMethodNotAllowed {
			t.Errorf("%s: %d", method, got.status)
		}
	}
	for _, kind := range []string{"", "text/plain", "application/json", "multipart/form-data; boundary=x", "application/x-www-form-urlencoded/x", "APPLICATION/XML"} {
		req := b.request(http.MethodPost, target, strings.NewReader(form))
		req.Header.Set("Content-Type", kind)
		if got := b.send(req); got.status != http.StatusUnsupportedMediaType {
			t.Errorf("content type %q: %d", kind, got.status)
		}
	}
	b.get(target + "&" + form).at("/login").is(http.StatusOK)
	if strings.Contains(b.body, testPassword) {
		t.Error("the page shows a password of the query")
	}
	req := b.request(http.MethodPost, target+"&"+form, strings.NewReader("csrf="+csrf)) // fields in the query are none
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if got := b.send(req); got.status != http.StatusUnprocessableEntity {
		t.Error("a form in the query:", got.status)
	}
	if s.hashes() != hashes {
		t.Error("looked at")
	}
}

// Shapes of input: refused as a form, or simply wrong; never a fault of ours.
// On PostgreSQL, which minds what is no text.
func TestLG05_Shapes(t *testing.T) {
	s := newSite(t, onServers(t))
	s.person(testEmail)
	b := s.browser().authorize(newRequest("web", callbackURI))
	target := "/login?" + b.url.RawQuery
	long := strings.Repeat("é", 127) + "ab" // cut at 254 bytes it is no text any more
	for what, c := range map[string]struct {
		fields []string
		status int
	}{
		"both empty":          {[]string{"email", "", "password", ""}, 422},
		"no password":         {[]string{"email", testEmail}, 422},
		"no address":          {[]string{"password", testPassword}, 422},
		"only spaces":         {[]string{"email", "   ", "password", "   "}, 422},
		"an array":            {[]string{"email", testEmail, "email", testEmail, "password", testPassword}, 400},
		"a field too many":    {[]string{"email", testEmail, "password", testPassword, "admin", "true"}, 400},
		"brackets":            {[]string{"email[]", testEmail, "password", testPassword}, 400},
		"NUL":                 {[]string{"email", testEmail, "password", "a\x00b"}, 400},
		"no UTF-8":            {[]string{"email", testEmail, "password", "\xff\xfe"}, 400},
		"a lone surrogate":    {[]string{"email", testEmail, "password", "\xed\xa0\x80"}, 400},
		"right to left":       {[]string{"email", "\u202e" + testEmail, "password", testPassword}, 422},
		"a long address":      {[]string{"email", "a" + long, "password", testPassword}, 422},
		"a longer one":        {[]string{"email", strings.Repeat("x", 3000) + "@example.com", "password", testPassword}, 422},
		"a password of 2 kB":  {[]string{"email", testEmail, "password", strings.Repeat("p", 2000)}, 422},
		"a password of 1 MB":  {[]string{"email", testEmail, "password", strings.Repeat("p", 1<<20)}, 413},
		"a space behind":      {[]string{"email", testEmail, "password", testPassword + " "}, 422},
		"a space before":      {[]string{"email", testEmail, "password", " " + testPassword}, 422},
		"another case":        {[]string{"email", testEmail, "password", strings.ToUpper(testPassword)}, 422},
		"a letter less":       {[]string{"email", testEmail, "password", testPassword[:len(testPassword)-1]}, 422},
		"SQL":                 {[]string{"email", "' OR 1=1 --@example.com", "password", "' OR ''='"}, 422},
		"a template":          {[]string{"email", "{{.CSRF}}@example.com", "password", "${7*7}"}, 422},
		"LDAP":                {[]string{"email", "*)(uid=*))(|(uid=*", "password", "*"}, 422},
		"Redis":               {[]string{"email", "x\r\nFLUSHALL\r\n@example.com", "password", "*1\r\n$8\r\nFLUSHALL"}, 422},
		"HTML":                {[]string{"email", `"><script>alert(1)</script>@example.com`, "password", "<b>"}, 422},
		"a control character": {[]string{"email", "anna\u0007@example.com", "password", "\u0007"}, 422},
		"four bytes a letter": {[]string{"email", "\U0001f511@example.com", "password", "\U0001f511"}, 422},
	} {
		got := b.send(b.formTo(target, c.fields...))
		if got.status != c.status || strings.Contains(got.body, "<script>alert") {
			t.Errorf("%s: %d, want %d", what, got.status, c.status)
		}
		for i := 1; i < len(c.fields); i += 2 {
			if c.fields[i-1] == "password" && len(c.fields[i]) > 8 && strings.Contains(got.body, c.fields[i]) {
				t.Errorf("%s: the page shows the password", what)
			}
		}
	}
	s.clock.add(time.Hour) // the lock of the wrong ones
	s.toEnrol(testEmail)
}

// Requests of one source are limited before anything is hashed, known or
// unknown address alike; the answer says how long to wait.
func TestLG15_OneSourceIsLimited(t *testing.T) {
	s := newSite(t, func(c *config.Config) { c.Limits.LoginPerMinute = 3 })
	s.active(testEmail)
	s.clock.add(time.Minute)
	b := s.browser().authorize(newRequest("web", callbackURI))
	page := b.url.String()
	for i := range 3 {
		b.submit("email", "nobody@example.com", "password", testPassword+strconv.Itoa(i)).at("/login").is(http.StatusUnprocessableEntity)
	}
	hashes := s.hashes()
	got := b.send(b.form("email", testEmail, "password", testPassword))
	if got.status != http.StatusTooManyRequests || got.header.Get("Retry-After") != "60" || s.hashes() != hashes {
		t.Error(got.status, got.header.Get("Retry-After"))
	}
	s.clock.add(time.Minute)
	b.get(page).submit("email", testEmail, "password", testPassword).at("/login/code")
}
