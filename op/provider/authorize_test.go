package provider_test

import (
	"fmt"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"omgevingsloket-id/e2e/site"
	"omgevingsloket-id/e2e/testenv"
	"omgevingsloket-id/pkg/client"
)

// The authorization endpoint (AZ): what a request may look like. What happens
// to a good one is in provider_flow_test.go.

// addresses are the targets of links. That to the other language keeps the
// address it is on, encoded.
var addresses = regexp.MustCompile(`href="[^"<>]*"`)

func TestAZ01_ClientIDs(t *testing.T) {
	t.Parallel()
	s := site.New(t, nil)
	b := s.Browser()
	for _, id := range []string{"", "nobody", "WEB", "web ", " web", "web\x00", "web\n", strings.Repeat("w", 129), strings.Repeat("w", 7000), "%77eb", "web'--", "<script>alert(1)</script>", "../web", "\xff"} {
		r := site.NewRequest("x", site.CallbackURI)
		r.Set("client_id", id)
		a := b.Send(b.Request(http.MethodGet, "/authorize?"+r.Encode(), nil))
		a.RefusedHere()
		if text := addresses.ReplaceAllString(a.Body, ""); strings.Contains(text, "alert(1)") || strings.Contains(text, "wwww") { // nothing is reflected
			t.Errorf("%q is on the page", id)
		}
	}
}

// TestAZ02_ErrorsBeforeTheURIIsProven: no error of any kind leads to a
// foreign address.
func TestAZ02_ErrorsBeforeTheURIIsProven(t *testing.T) {
	t.Parallel()
	s := site.New(t, nil)
	b := s.Browser()
	for _, bad := range [][]string{
		nil, {"client_id", "nobody"}, {"response_type", "token"}, {"scope", "x"}, {"prompt", "none"}, {"request", "x"}, {"code_challenge", "x"}, {"state", strings.Repeat("s", 2000)},
		{"response_mode", "fragment"}, {"claims", "{"}, {"max_age", "x"}, {"id_token_hint", "x"},
	} {
		for _, evil := range []string{"https://evil.example/cb", "//evil.example", "javascript:alert(1)", ""} {
			b.RefusedHere(site.NewRequest("web", site.CallbackURI).With(bad...).With("redirect_uri", evil))
		}
	}
}

// TestAZ05_RepeatedParameters: each known one once, R-103; unknown ones are passed
// over (Y17). What is not the client or its address is told to the client (Y16).
func TestAZ05_RepeatedParameters(t *testing.T) {
	t.Parallel()
	s := site.New(t, nil)
	_, b := s.Active(site.Email)
	good := site.NewRequest("web", site.CallbackURI)
	for name, values := range good.Values {
		for _, second := range []string{values[0], "", "x"} {
			r := site.NewRequest("web", site.CallbackURI)
			r.Add(name, second)
			if name == "client_id" || name == "redirect_uri" {
				b.RefusedHere(r)
			} else {
				b.RefusedAtClient(r, "invalid_request")
			}
		}
	}
	mixed := b.Request(http.MethodPost, "/authorize?client_id=web", strings.NewReader(good.Encode()))
	mixed.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	b.Send(mixed).RefusedHere()
	b.NewCode(site.NewRequest("web", site.CallbackURI).With("extra", "foobar", "audience", "x", "resource", "https://api.example"))
	// Empty is absent.
	b.NewCode(site.Request{Values: mergedWith(good.Values, url.Values{"prompt": {""}, "max_age": {""}, "claims": {""}, "request": {""}, "response_mode": {""}, "id_token_hint": {""}, "acr_values": {""}, "ui_locales": {""}})})
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
	t.Parallel()
	s, faults := site.NewWatched(t, nil)
	b := s.Browser()
	base := site.NewRequest("web", site.CallbackURI).Encode()
	for name, tail := range map[string]string{
		"names": manyNames(600), "indices": "&a[999999999]=1&scope.9999999.x=1", "ampersands": strings.Repeat("&", 1<<20), "depth": "&claims=" + url.QueryEscape(strings.Repeat(`{"a":`, 800)),
		"long name": "&" + strings.Repeat("n", 9000) + "=1", "semicolons": strings.Repeat(";a=1", 2000), "plus": "&state=" + strings.Repeat("+", 8000),
	} {
		faults.Reset()
		a := b.Send(b.Request(http.MethodGet, "/authorize?"+base+tail, nil))
		if name != "indices" && name != "depth" {
			a.RefusedHere()
		}
		if a.Status >= 500 || name != "indices" && faults.Calls()["Requests.Create"] != 0 {
			t.Errorf("%s: %d, stored %d", name, a.Status, faults.Calls()["Requests.Create"])
		}
	}
}

// TestAZ07_ResponseTypes: R-001.
func TestAZ07_ResponseTypes(t *testing.T) {
	t.Parallel()
	s := site.New(t, nil)
	_, b := s.Active(site.Email)
	for _, kind := range []string{"token", "id_token", "id_token token", "code id_token", "code token", "none", "code code", " code", "code ", "Code", "CODE", "x"} {
		b.RefusedAtClient(site.NewRequest("web", site.CallbackURI).With("response_type", kind), "unsupported_response_type")
	}
	b.RefusedAtClient(site.NewRequest("web", site.CallbackURI).With("response_type", ""), "invalid_request")
}

// TestAZ09_Challenges.
func TestAZ09_Challenges(t *testing.T) {
	t.Parallel()
	s := site.New(t, nil)
	_, b := s.Active(site.Email)
	good := site.NewRequest("web", site.CallbackURI).Get("code_challenge")
	for _, method := range []string{"", "plain", "bogus", "s256", "S512", "S256 ", "S256,plain"} {
		b.RefusedAtClient(site.NewRequest("web", site.CallbackURI).With("code_challenge_method", method), "invalid_request")
	}
	for _, c := range []string{"", "x", good[:42], good + "A", strings.Repeat("a", 128), good[:42] + "=", good[:42] + "+", good[:42] + "/", good[:42] + " ", good[:41] + "é"} {
		b.RefusedAtClient(site.NewRequest("web", site.CallbackURI).With("code_challenge", c), "invalid_request")
	}
	b.RefusedAtClient(site.NewRequest("web", site.CallbackURI).With("code_challenge", strings.Repeat("a", 129)), "invalid_request")
}

// TestAZ10_StateAndNonce: bytes, echoed and never understood (AZ-11, R-018,
//
func TestAZ10_StateAndNonce(t *testing.T) {
	testenv.Slow(t)
	t.Parallel()
	s := site.New(t, nil)
	_, b := s.Active(site.Email)
	for _, value := range []string{
		"s", strings.Repeat("s", 500), "!#$%&'()*+,/:;=?@[]\"<>\\^`{|}~ -._", "</script><script>alert(1)</script>", "../../etc/passwd", "' OR 1=1 --", "{{.}} ${x} %s", "*3\\r\\n$3", "grüße 日本語 🔑", "a+b c%20d",
	} {
		r := site.NewRequest("web", site.CallbackURI).With("state", value, "nonce", value)
		answer := b.Authorize(r).Answered()
		status, tokens := s.Redeem(r, answer.Get("code"))
		if status != http.StatusOK || answer.Get("state") != value || site.IDToken(t, tokens)["nonce"] != value {
			t.Errorf("%q: %d %v", value, status, answer)
		}
		b.RefusedAtClient(site.NewRequest("web", site.CallbackURI).With("state", value, "scope", "x"), "invalid_scope")
	}
	b.NewCode(site.NewRequest("web", site.CallbackURI).With("state", strings.Repeat("s", 1024), "nonce", ""))
	for _, bad := range []string{"a\r\nLocation: https://evil.example", "a\x00", "\t", "\x7f", "\ufffd", "\xff"} {
		for _, name := range []string{"state", "nonce"} {
			a := b.Send(b.Request(http.MethodGet, "/authorize?"+site.NewRequest("web", site.CallbackURI).With(name, bad).Encode(), nil))
			if strings.Contains(a.Header.Get("Location"), "code=") || len(a.Header.Values("Location")) > 1 || a.Status >= 500 {
				t.Errorf("%s %q: %d %v", name, bad, a.Status, a.Header)
			}
		}
	}
	// the Dutch profile wants both, with 128 bits.
	strict := site.New(t, site.WithClients(site.NewClient("gov", site.OtherURI, func(c *client.Client) {
		c.AuthMethod, c.SecretHashes, c.Policy = client.None, nil, client.NLGov
	})))
	_, sb := strict.Active(site.Email)
	for _, name := range []string{"state", "nonce"} {
		for _, short := range []string{"", strings.Repeat("x", 21)} {
			sb.RefusedAtClient(site.NewRequest("gov", site.OtherURI).With(name, short), "invalid_request")
		}
	}
	sb.NewCode(site.NewRequest("gov", site.OtherURI).With("state", strings.Repeat("x", 22), "nonce", strings.Repeat("x", 22)))
}

// TestAZ13_Scopes.
func TestAZ13_Scopes(t *testing.T) {
	testenv.Slow(t)
	t.Parallel()
	key := site.NewClientKey(t, "ES256", "k1")
	open := site.New(t, nil)
	closed := site.New(t, site.OnlyClients(client.NLGov, site.NewClient("web", site.CallbackURI, func(c *client.Client) {
		c.AuthMethod, c.SecretHashes, c.Scopes = client.None, nil, []string{"email", "profile"}
	}), site.KeyedClient(t, "keyed", site.KeyedURI, key)))
	_, ob := open.Active(site.Email)
	_, cb := closed.Active(site.Email)
	for _, c := range []struct {
		scope, general, nlgov string // what is granted, or "" = invalid_scope
	}{
		{"openid", "openid", "openid"}, {"email openid", "email openid", "email openid"}, {"openid openid email", "openid email", "openid email"},
		{"openid  email", "openid email", "openid email"}, {"openid unknown", "openid", ""}, {"openid offline_access", "openid", ""}, {"openid profile", "openid profile", ""},
		{"openid phone", "openid phone", ""}, {strings.Repeat("x ", 400) + "openid", "openid", ""},
	} {
		for _, side := range []struct {
			b       *site.Browser
			granted string
		}{{ob, c.general}, {cb, c.nlgov}} {
			r := site.NewRequest("web", site.CallbackURI).With("scope", c.scope)
			if side.granted == "" {
				side.b.RefusedAtClient(r, "invalid_scope")
				continue
			}
			_, tokens, _ := side.b.Site.Call(http.MethodPost, "/token", r.Exchange(side.b.NewCode(r), url.Values{"client_id": {"web"}}), onlyIf(side.b == ob, open.Basic()))
			if tokens["scope"] != side.granted || side.b == cb && JWTClaims(t, tokens["access_token"])["scope"] != side.granted || tokens["refresh_token"] != nil {
				t.Errorf("%q: %v", c.scope, tokens)
			}
		}
	}
	ob.RefusedAtClient(site.NewRequest("third", "https://third.example/cb").With("scope", "openid phone"), "invalid_scope")
}

func onlyIf(yes bool, h http.Header) http.Header {
	if yes {
		return h
	}
	return nil
}

// TestAZ14_RequestObjects: refused, and nobody is called.
func TestAZ14_RequestObjects(t *testing.T) {
	t.Parallel()
	trap, err := net.Listen("tcp", "127.0.0.1:0")
	site.Must(t, err)
	defer trap.Close()
	called := make(chan struct{}, 1)
	go func() {
		if c, err := trap.Accept(); err == nil {
			_ = c.Close()
			called <- struct{}{}
		}
	}()
	s := site.New(t, nil)
	_, b := s.Active(site.Email)
	own := "http://" + trap.Addr().String()
	for _, uri := range []string{own, own + "/r.jwt#x", "http://169.254.169.254/latest/meta-data/", "file:///etc/passwd", "gopher://" + trap.Addr().String(), "urn:ietf:params:oauth:request_uri"} {
		b.RefusedAtClient(site.NewRequest("web", site.CallbackURI).With("request_uri", uri), "request_uri_not_supported")
	}
	b.RefusedAtClient(site.NewRequest("web", site.CallbackURI).With("request", "eyJhbGciOiJub25lIn0.e30."), "request_not_supported")
	b.RefusedAtClient(site.NewRequest("web", site.CallbackURI).With("registration", `{"jwks_uri":"`+own+`"}`), "registration_not_supported")
	select {
	case <-called:
		t.Error("an address of the request was called")
	default:
	}
}

// TestAZ29_Methods: GET and POST, as a form; HEAD makes nothing.
func TestAZ29_Methods(t *testing.T) {
	t.Parallel()
	s, faults := site.NewWatched(t, nil)
	b := s.Browser()
	query := "/authorize?" + site.NewRequest("web", site.CallbackURI).Encode()
	for _, method := range []string{http.MethodHead, http.MethodOptions, http.MethodTrace, http.MethodPut, http.MethodDelete, http.MethodPatch, "PROPFIND"} {
		a := b.Send(b.Request(method, query, nil))
		if a.Status != http.StatusMethodNotAllowed || method != http.MethodHead && a.Header.Get("Allow") == "" || len(a.Header.Values("Set-Cookie")) != 0 {
			t.Errorf("%s: %d, Allow %q", method, a.Status, a.Header.Get("Allow"))
		}
	}
	body := site.NewRequest("web", site.CallbackURI).Encode()
	for _, kind := range []string{"", "application/json", "multipart/form-data; boundary=x", "text/plain", "application/x-www-form-urlencoded+x"} {
		req := b.Request(http.MethodPost, "/authorize", strings.NewReader(body))
		req.Header.Set("Content-Type", kind)
		if a := b.Send(req); a.Status != http.StatusUnsupportedMediaType {
			t.Errorf("%q: %d", kind, a.Status)
		}
	}
	if n := faults.Calls()["Requests.Create"]; n != 0 {
		t.Errorf("stored %d times", n)
	}
	post := b.Request(http.MethodPost, "/authorize", strings.NewReader(body))
	post.Header.Set("Content-Type", "application/x-www-form-urlencoded; charset=utf-8")
	b.Do(post).At("/login")
}

// TestAZ26_ErrorTextsInTheAddress: our pages say what we say.
func TestAZ26_ErrorTextsInTheAddress(t *testing.T) {
	t.Parallel()
	s := site.New(t, nil)
	for _, path := range []string{"/authorize", "/login", "/end_session", "/login/restart", "/portals", "/"} {
		b := s.Browser().Get(path + "?error=XYZZY&error_description=XYZZY&error_hint=XYZZY&msg=XYZZY")
		if strings.Contains(addresses.ReplaceAllString(b.Body, ""), "XYZZY") {
			t.Errorf("%s repeats what the address says", path)
		}
	}
}

// TestAZ33_TooLate: at every step, the way to begin again.
func TestAZ33_TooLate(t *testing.T) {
	testenv.Slow(t)
	t.Parallel()
	s := site.New(t, nil)
	s.Active(site.Email)
	for _, steps := range []int{0, 1, 2} {
		b := s.Browser()
		a, first := s.Active(fmt.Sprint(steps, "@example.com"))
		b.Seed = first.Seed
		s.Clock.Add(time.Minute)
		b.Authorize(site.NewRequest("web", site.CallbackURI)).At("/login")
		target, form := b.URL.String(), b.Form("email", a.Email, "password", site.Password)
		if steps > 0 {
			b.Submit("email", a.Email, "password", site.Password).At("/login/code")
			target, form = b.URL.String(), b.Form("code", b.Code())
		}
		if steps == 2 {
			_, location, _ := strings.Cut(b.Send(form).Header.Get("Refresh"), "url=")
			target = s.Server.URL + location
		}
		s.Clock.Add(time.Hour)
		if b.Get(target); b.Status != http.StatusGone {
			t.Errorf("step %d: GET %d at %s", steps, b.Status, b.URL)
		}
		if a := b.Send(form); steps < 2 && a.Status != http.StatusGone && a.Header.Get("Location") != "/login/restart?"+b.URL.RawQuery {
			t.Errorf("step %d: POST %d %v", steps, a.Status, a.Header)
		}
	}
}

// prompt=create leads to the application, also during a session, once the request is
// found right.
func TestR116_PromptCreate(t *testing.T) {
	t.Parallel()
	s := site.New(t, nil)
	_, in := s.Active(site.Email)
	for _, prompt := range []string{"create", "create login"} {
		for name, b := range map[string]*site.Browser{"nobody is logged in": s.Browser(), "a session": in} {
			if b.Authorize(site.NewRequest("web", site.CallbackURI).With("prompt", prompt)).Is(http.StatusOK); b.URL.Path != "/apply" {
				t.Errorf("%s, prompt %q: at %s", name, prompt, b.URL)
			}
		}
	}
	in.Authorize(pushed(s, site.NewRequest("web", site.CallbackURI).With("prompt", "create"))).At("/apply")
	in.RefusedAtClient(site.NewRequest("web", site.CallbackURI).With("prompt", "create none"), "invalid_request")
	in.RefusedAtClient(site.NewRequest("web", site.CallbackURI).With("prompt", "create", "scope", "email"), "invalid_scope")
	in.RefusedHere(site.NewRequest("web", "https://evil.example/cb").With("prompt", "create"))
}
