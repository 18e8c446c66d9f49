package main

import (
	"fmt"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"omgevingsloket-id/pkg/client"
)

// The authorization endpoint (AZ): what a request may look like. What happens
// to a good one is in provider_flow_test.go.

// addresses are the targets of links. That to the other language keeps the
// address it is on, encoded.
var addresses = regexp.MustCompile(`href="[^"<>]*"`)

func TestAZ01_ClientIDs(t *testing.T) {
	s := newSite(t, nil)
	b := s.browser()
	for _, id := range []string{"", "nobody", "WEB", "web ", " web", "web\x00", "web\n", strings.Repeat("w", 129), strings.Repeat("w", 7000), "%77eb", "web'--", "<script>alert(1)</script>", "../web", "\xff"} {
		r := newRequest("x", callbackURI)
		r.Set("client_id", id)
		a := b.send(b.asks(http.MethodGet, "/authorize?"+r.Encode(), nil))
		a.stays(t)
		if text := addresses.ReplaceAllString(a.body, ""); strings.Contains(text, "alert(1)") || strings.Contains(text, "wwww") { // nothing is reflected
			t.Errorf("%q is on the page", id)
		}
	}
}

// TestAZ02_ErrorsBeforeTheURIIsProven: no error of any kind leads to a
// foreign address.
func TestAZ02_ErrorsBeforeTheURIIsProven(t *testing.T) {
	s := newSite(t, nil)
	b := s.browser()
	for _, bad := range [][]string{
		nil, {"client_id", "nobody"}, {"response_type", "token"}, {"scope", "x"}, {"prompt", "none"}, {"request", "x"}, {"code_challenge", "x"}, {"state", strings.Repeat("s", 2000)},
		{"response_mode", "form_post"}, {"claims", "{"}, {"max_age", "x"}, {"id_token_hint", "x"},
	} {
		for _, evil := range []string{"https://evil.example/cb", "//evil.example", "javascript:alert(1)", ""} {
			b.ours(newRequest("web", callbackURI).with(bad...).with("redirect_uri", evil))
		}
	}
}

// TestAZ05_RepeatedParameters: each once, R-103; unknown ones are passed over.
func TestAZ05_RepeatedParameters(t *testing.T) {
	s := newSite(t, nil)
	_, b := s.active(testEmail)
	good := newRequest("web", callbackURI)
	for name, values := range good.Values {
		for _, second := range []string{values[0], "", "x"} {
			r := newRequest("web", callbackURI)
			r.Add(name, second)
			b.ours(r)
		}
	}
	b.ours(request{Values: url.Values{"x": {"1", "1"}, "client_id": {"web"}, "redirect_uri": {callbackURI}}})
	mixed := b.asks(http.MethodPost, "/authorize?client_id=web", strings.NewReader(good.Encode()))
	mixed.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	b.send(mixed).stays(t)
	b.newCode(newRequest("web", callbackURI).with("extra", "foobar", "audience", "x", "resource", "https://api.example"))
	// Empty is absent.
	b.newCode(request{Values: mergedWith(good.Values, url.Values{"prompt": {""}, "max_age": {""}, "claims": {""}, "request": {""}, "response_mode": {""}, "id_token_hint": {""}, "acr_values": {""}, "ui_locales": {""}})})
}

func mergedWith(a, b url.Values) url.Values {
	out := url.Values{}
	for _, m := range []url.Values{a, b} {
		for name, values := range m {
			out[name] = values
		}
	}
	return out
}

func TestAZ06_ParameterBombs(t *testing.T) {
	s, faults := watched(t, nil)
	b := s.browser()
	base := newRequest("web", callbackURI).Encode()
	for name, tail := range map[string]string{
		"names": manyNames(600), "indices": "&a[999999999]=1&scope.9999999.x=1", "ampersands": strings.Repeat("&", 1<<20), "depth": "&claims=" + url.QueryEscape(strings.Repeat(`{"a":`, 800)),
		"long name": "&" + strings.Repeat("n", 9000) + "=1", "semicolons": strings.Repeat(";a=1", 1000), "bad escapes": "&x=%", "plus": "&state=" + strings.Repeat("+", 8000),
	} {
		faults.Reset()
		a := b.send(b.asks(http.MethodGet, "/authorize?"+base+tail, nil))
		if name != "indices" && name != "depth" {
			a.stays(t)
		}
		if a.status >= 500 || name != "indices" && faults.Calls()["Requests.Create"] != 0 {
			t.Errorf("%s: %d, stored %d", name, a.status, faults.Calls()["Requests.Create"])
		}
	}
}

// TestAZ07_ResponseTypes: R-001.
func TestAZ07_ResponseTypes(t *testing.T) {
	s := newSite(t, nil)
	_, b := s.active(testEmail)
	for _, kind := range []string{"token", "id_token", "id_token token", "code id_token", "code token", "none", "code code", " code", "code ", "Code", "CODE", "x"} {
		b.toClient(newRequest("web", callbackURI).with("response_type", kind), "unsupported_response_type")
	}
	b.toClient(newRequest("web", callbackURI).with("response_type", ""), "invalid_request")
}

// TestAZ09_Challenges.
func TestAZ09_Challenges(t *testing.T) {
	s := newSite(t, nil)
	_, b := s.active(testEmail)
	good := newRequest("web", callbackURI).Get("code_challenge")
	for _, method := range []string{"", "plain", "bogus", "s256", "S512", "S256 ", "S256,plain"} {
		b.toClient(newRequest("web", callbackURI).with("code_challenge_method", method), "invalid_request")
	}
	for _, c := range []string{"", "x", good[:42], good + "A", strings.Repeat("a", 128), good[:42] + "=", good[:42] + "+", good[:42] + "/", good[:42] + " ", good[:41] + "é"} {
		b.toClient(newRequest("web", callbackURI).with("code_challenge", c), "invalid_request")
	}
	b.ours(newRequest("web", callbackURI).with("code_challenge", strings.Repeat("a", 129)))
}

// TestAZ10_StateAndNonce: bytes, echoed and never understood (AZ-11, R-018,
//
func TestAZ10_StateAndNonce(t *testing.T) {
	s := newSite(t, nil)
	_, b := s.active(testEmail)
	for _, value := range []string{
		"s", strings.Repeat("s", 500), "!#$%&'()*+,/:;=?@[]\"<>\\^`{|}~ -._", "</script><script>alert(1)</script>", "../../etc/passwd", "' OR 1=1 --", "{{.}} ${x} %s", "*3\\r\\n$3", "grüße 日本語 🔑", "a+b c%20d",
	} {
		r := newRequest("web", callbackURI).with("state", value, "nonce", value)
		answer := b.authorize(r).answered()
		status, tokens := s.redeem(r, answer.Get("code"))
		if status != http.StatusOK || answer.Get("state") != value || idToken(t, tokens)["nonce"] != value {
			t.Errorf("%q: %d %v", value, status, answer)
		}
		b.toClient(newRequest("web", callbackURI).with("state", value, "scope", "x"), "invalid_scope")
	}
	b.newCode(newRequest("web", callbackURI).with("state", strings.Repeat("s", 1024), "nonce", ""))
	for _, bad := range []string{"a\r\nLocation: https://evil.example", "a\x00", "\t", "\x7f", "\ufffd", "\xff"} {
		for _, name := range []string{"state", "nonce"} {
			a := b.send(b.asks(http.MethodGet, "/authorize?"+newRequest("web", callbackURI).with(name, bad).Encode(), nil))
			if strings.Contains(a.header.Get("Location"), "code=") || len(a.header.Values("Location")) > 1 || a.status >= 500 {
				t.Errorf("%s %q: %d %v", name, bad, a.status, a.header)
			}
		}
	}
	// the Dutch profile wants both, with 128 bits.
	strict := newSite(t, with(newClient("gov", otherURI, func(c *client.Client) {
		c.AuthMethod, c.SecretHashes, c.Policy = client.None, nil, client.NLGov
	})))
	_, sb := strict.active(testEmail)
	for _, name := range []string{"state", "nonce"} {
		for _, short := range []string{"", strings.Repeat("x", 21)} {
			sb.toClient(newRequest("gov", otherURI).with(name, short), "invalid_request")
		}
	}
	sb.newCode(newRequest("gov", otherURI).with("state", strings.Repeat("x", 22), "nonce", strings.Repeat("x", 22)))
}

// TestAZ13_Scopes.
func TestAZ13_Scopes(t *testing.T) {
	key := newClientKey(t, "ES256", "k1")
	open := newSite(t, nil)
	closed := newSite(t, only(client.NLGov, newClient("web", callbackURI, func(c *client.Client) {
		c.AuthMethod, c.SecretHashes, c.Scopes = client.None, nil, []string{"email", "profile"}
	}), keyed(t, "keyed", keyedURI, key)))
	_, ob := open.active(testEmail)
	_, cb := closed.active(testEmail)
	for _, c := range []struct {
		scope, general, nlgov string // what is granted, or "" = invalid_scope
	}{
		{"openid", "openid", "openid"}, {"email openid", "email openid", "email openid"}, {"openid openid email", "openid email", "openid email"},
		{"openid  email", "openid email", "openid email"}, {"openid unknown", "openid", ""}, {"openid offline_access", "openid", ""}, {"openid profile", "openid profile", ""},
		{"openid phone", "openid phone", ""}, {strings.Repeat("x ", 400) + "openid", "openid", ""},
	} {
		for _, side := range []struct {
			b       *browser
			granted string
		}{{ob, c.general}, {cb, c.nlgov}} {
			r := newRequest("web", callbackURI).with("scope", c.scope)
			if side.granted == "" {
				side.b.toClient(r, "invalid_scope")
				continue
			}
			_, tokens, _ := side.b.s.call(http.MethodPost, "/token", r.exchange(side.b.newCode(r), url.Values{"client_id": {"web"}}), onlyIf(side.b == ob, open.basic()))
			if tokens["scope"] != side.granted || jwtClaims(t, tokens["access_token"])["scope"] != side.granted || tokens["refresh_token"] != nil {
				t.Errorf("%q: %v", c.scope, tokens)
			}
		}
	}
	ob.toClient(newRequest("third", "https://third.example/cb").with("scope", "openid phone"), "invalid_scope")
}

func onlyIf(yes bool, h http.Header) http.Header {
	if yes {
		return h
	}
	return nil
}

// TestAZ14_RequestObjects: refused, and nobody is called.
func TestAZ14_RequestObjects(t *testing.T) {
	trap, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	defer trap.Close()
	called := make(chan struct{}, 1)
	go func() {
		if c, err := trap.Accept(); err == nil {
			_ = c.Close()
			called <- struct{}{}
		}
	}()
	s := newSite(t, nil)
	_, b := s.active(testEmail)
	own := "http://" + trap.Addr().String()
	for _, uri := range []string{own, own + "/r.jwt#x", "http://169.254.169.254/latest/meta-data/", "file:///etc/passwd", "gopher://" + trap.Addr().String(), "urn:ietf:params:oauth:request_uri:x"} {
		b.toClient(newRequest("web", callbackURI).with("request_uri", uri), "request_uri_not_supported")
	}
	b.toClient(newRequest("web", callbackURI).with("request", "eyJhbGciOiJub25lIn0.e30."), "request_not_supported")
	b.toClient(newRequest("web", callbackURI).with("registration", `{"jwks_uri":"`+own+`"}`), "registration_not_supported")
	select {
	case <-called:
		t.Error("an address of the request was called")
	default:
	}
}

// TestAZ29_Methods: GET and POST, as a form; HEAD makes nothing.
func TestAZ29_Methods(t *testing.T) {
	s, faults := watched(t, nil)
	b := s.browser()
	query := "/authorize?" + newRequest("web", callbackURI).Encode()
	for _, method := range []string{http.MethodHead, http.MethodOptions, http.MethodTrace, http.MethodPut, http.MethodDelete, http.MethodPatch, "PROPFIND"} {
		a := b.send(b.asks(method, query, nil))
		if a.status != http.StatusMethodNotAllowed || method != http.MethodHead && a.header.Get("Allow") == "" || len(a.header.Values("Set-Cookie")) != 0 {
			t.Errorf("%s: %d, Allow %q", method, a.status, a.header.Get("Allow"))
		}
	}
	body := newRequest("web", callbackURI).Encode()
	for _, kind := range []string{"", "application/json", "multipart/form-data; boundary=x", "text/plain", "application/x-www-form-urlencoded+x"} {
		req := b.asks(http.MethodPost, "/authorize", strings.NewReader(body))
		req.Header.Set("Content-Type", kind)
		if a := b.send(req); a.status != http.StatusUnsupportedMediaType {
			t.Errorf("%q: %d", kind, a.status)
		}
	}
	if n := faults.Calls()["Requests.Create"]; n != 0 {
		t.Errorf("stored %d times", n)
	}
	post := b.asks(http.MethodPost, "/authorize", strings.NewReader(body))
	post.Header.Set("Content-Type", "application/x-www-form-urlencoded; charset=utf-8")
	b.do(post).at("/login")
}

// TestAZ26_ErrorTextsInTheAddress: our pages say what we say.
func TestAZ26_ErrorTextsInTheAddress(t *testing.T) {
	s := newSite(t, nil)
	for _, path := range []string{"/authorize", "/login", "/end_session", "/login/restart", "/portals", "/"} {
		b := s.browser().get(path + "?error=XYZZY&error_description=XYZZY&error_hint=XYZZY&msg=XYZZY")
		if strings.Contains(addresses.ReplaceAllString(b.body, ""), "XYZZY") {
			t.Errorf("%s repeats what the address says", path)
		}
	}
}

// TestAZ33_TooLate: at every step, the way to begin again.
func TestAZ33_TooLate(t *testing.T) {
	s := newSite(t, nil)
	s.active(testEmail)
	for _, steps := range []int{0, 1, 2} {
		b := s.browser()
		a, first := s.active(fmt.Sprint(steps, "@example.com"))
		b.seed = first.seed
		s.clock.add(time.Minute)
		b.authorize(newRequest("web", callbackURI)).at("/login")
		target, form := b.url.String(), b.form("email", a.Email, "password", testPassword)
		if steps > 0 {
			b.submit("email", a.Email, "password", testPassword).at("/login/code")
			target, form = b.url.String(), b.form("code", b.code())
		}
		if steps == 2 {
			_, location, _ := strings.Cut(b.send(form).header.Get("Refresh"), "url=")
			target = s.server.URL + location
		}
		s.clock.add(time.Hour)
		if b.get(target); b.status != http.StatusGone {
			t.Errorf("step %d: GET %d at %s", steps, b.status, b.url)
		}
		if a := b.send(form); steps < 2 && a.status != http.StatusGone && a.header.Get("Location") != "/login/restart?"+b.url.RawQuery {
			t.Errorf("step %d: POST %d %v", steps, a.status, a.header)
		}
	}
}
