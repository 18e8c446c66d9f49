package main

import (
	"encoding/base64"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"omgevingsloket-id/pkg/client"
)

// The token endpoint (TK): codes, grants and errors. How clients prove
// themselves is in provider_client_test.go.

// TestTK04_CodeLifetime: 60 seconds, half-open.
func TestTK04_CodeLifetime(t *testing.T) {
	s := newSite(t, nil)
	_, b := s.active(testEmail)
	for _, c := range []struct {
		after time.Duration
		want  int
	}{{59 * time.Second, http.StatusOK}, {60 * time.Second, http.StatusBadRequest}, {61 * time.Second, http.StatusBadRequest}} {
		r := newRequest("web", callbackURI)
		code := b.newCode(r)
		s.clock.add(c.after)
		if status, out := s.redeem(r, code); status != c.want {
			t.Errorf("after %s: %d %v", c.after, status, out)
		}
	}
}

// TestTK05_CodeOfAnotherClient: refused, and the owner can still use it
// (TK-10). R-146.
func TestTK05_CodeOfAnotherClient(t *testing.T) {
	s := newSite(t, with(newClient("other", otherURI, nil), native("app", nativeURI)))
	_, b := s.active(testEmail)
	r := newRequest("web", callbackURI)
	code := b.newCode(r)
	for range 5 {
		status, out, _ := s.call(http.MethodPost, "/token", r.exchange(code), basicOf("other"))
		refused(t, status, out, http.StatusBadRequest, "invalid_grant")
		status, out, _ = s.call(http.MethodPost, "/token", r.exchange(code, url.Values{"client_id": {"app"}}), nil)
		refused(t, status, out, http.StatusBadRequest, "invalid_grant")
	}
	if status, out := s.redeem(r, code); status != http.StatusOK {
		t.Error("its own client:", status, out)
	}
}

// TestTK06_DamagedCodes: every kind of damage is invalid_grant, and JW-17.
func TestTK06_DamagedCodes(t *testing.T) {
	s := newSite(t, nil)
	_, b := s.active(testEmail)
	r := newRequest("web", callbackURI)
	code, other := b.newCode(r), b.newCode(newRequest("web", callbackURI))
	damaged := []string{
		code + "A", strings.ToUpper(code), strings.ToLower(code), code[:30] + other[30:], "olid_ses" + code[8:], "olid_req" + code[8:], code[9:],
		code + "=", code + "\x00", " " + code, code + "\n", "null", "'; DROP TABLE grants; --", "*", strings.Repeat("A", 256),
	}
	for i := range code {
		damaged = append(damaged, code[:i]+code[min(i+1, len(code)):])
		flipped := []byte(code)
		flipped[i] ^= 1
		damaged = append(damaged, string(flipped))
	}
	for _, d := range damaged {
		status, out := s.redeem(r, d)
		if status != http.StatusBadRequest || out["error"] != "invalid_grant" && out["error"] != "invalid_request" {
			t.Errorf("%q: %d %v", d, status, out)
		}
	}
	if status, out := s.redeem(r, code); status != http.StatusOK {
		t.Error("undamaged:", status, out)
	}
}

// TestTK07_RedirectURI: absent, different, differently written.
func TestTK07_RedirectURI(t *testing.T) {
	s := newSite(t, nil)
	_, b := s.active(testEmail)
	r := newRequest("web", callbackURI)
	code := b.newCode(r)
	for _, uri := range []string{"https://rp.example/CB", "https://rp.example/%63b", callbackURI + "/", callbackURI + "?", "https://evil.example/cb"} {
		form := r.exchange(code)
		form.Set("redirect_uri", uri)
		status, out, _ := s.call(http.MethodPost, "/token", form, s.basic())
		refused(t, status, out, http.StatusBadRequest, "invalid_grant")
	}
	form := r.exchange(code)
	form.Del("redirect_uri")
	status, out, _ := s.call(http.MethodPost, "/token", form, s.basic())
	refused(t, status, out, http.StatusBadRequest, "invalid_request")
	if status, out := s.redeem(r, code); status != http.StatusOK {
		t.Error("the right one:", status, out)
	}
}

// TestTK08_Verifier; three wrong ones kill the code.
func TestTK08_Verifier(t *testing.T) {
	s := newSite(t, nil)
	_, b := s.active(testEmail)
	other := newRequest("web", callbackURI)
	r := newRequest("web", callbackURI)
	for name, verifier := range map[string]string{
		"absent": "", "wrong": strings.Repeat("a", 43), "42": strings.Repeat("a", 42), "129": strings.Repeat("a", 129), "the challenge": r.Get("code_challenge"),
		"of another": other.verifier, "illegal": strings.Repeat("a", 42) + "!", "spaces": r.verifier + " ", "cut": r.verifier[:45],
	} {
		r := newRequest("web", callbackURI)
		code := b.newCode(r)
		for range 3 {
			form := r.exchange(code)
			form.Set("code_verifier", verifier)
			status, out, _ := s.call(http.MethodPost, "/token", form, s.basic())
			refused(t, status, out, http.StatusBadRequest, "invalid_grant")
		}
		if status, _ := s.redeem(r, code); status != http.StatusBadRequest {
			t.Errorf("%s: the code lives after three wrong verifiers", name)
		}
	}
	// What RFC 7636 does not allow is refused even if the challenge fits.
	for _, verifier := range []string{strings.Repeat("a", 42), strings.Repeat("a", 129), strings.Repeat("a", 50) + "!", strings.Repeat("a", 50) + " ", strings.Repeat("é", 30)} {
		r := newRequest("web", callbackURI)
		r.verifier = verifier
		r.Set("code_challenge", challenge(verifier))
		status, out := s.redeem(r, b.newCode(r))
		refused(t, status, out, http.StatusBadRequest, "invalid_grant")
	}
	// A code survives two, and lengths 43 and 128 are right ones.
	for _, n := range []int{43, 128} {
		r := newRequest("web", callbackURI)
		r.verifier = strings.Repeat("~.-_aZ09", 16)[:n]
		r.Set("code_challenge", challenge(r.verifier))
		code := b.newCode(r)
		for range 2 {
			s.call(http.MethodPost, "/token", r.exchange(code, url.Values{"code_verifier": {strings.Repeat("a", 43)}}), s.basic())
		}
		if status, out := s.redeem(r, code); status != http.StatusOK {
			t.Errorf("a verifier of %d after two wrong ones: %d %v", n, status, out)
		}
	}
}

// TestTK09_VerifierWithoutChallenge: the downgrade of RFC 9700 §4.8.2
// where a client may leave PKCE out at all.
func TestTK09_VerifierWithoutChallenge(t *testing.T) {
	s := newSite(t, with(newClient("old", otherURI, func(c *client.Client) { c.PKCEOptional = true })))
	_, b := s.active(testEmail)
	r := newRequest("old", otherURI).with("code_challenge", "", "code_challenge_method", "")
	status, out, _ := s.call(http.MethodPost, "/token", r.exchange(b.newCode(r)), basicOf("old"))
	refused(t, status, out, http.StatusBadRequest, "invalid_grant")
	form := r.exchange(b.newCode(r))
	form.Del("code_verifier")
	if status, out, _ := s.call(http.MethodPost, "/token", form, basicOf("old")); status != http.StatusOK {
		t.Error("without either:", status, out)
	}
	b.toClient(newRequest("old", otherURI).with("code_challenge_method", "plain"), "invalid_request")
	b.toClient(newRequest("old", otherURI).with("code_challenge", ""), "invalid_request")
	b.toClient(newRequest("old", otherURI).with("code_challenge_method", ""), "invalid_request")
}

// TestTK13_GrantTypes: an allow-list of one (R-149, R-151, TK-14).
func TestTK13_GrantTypes(t *testing.T) {
	s := newSite(t, nil)
	_, b := s.active(testEmail)
	r := newRequest("web", callbackURI)
	code := b.newCode(r)
	for _, g := range []string{
		"password", "client_credentials", "refresh_token", "implicit", "urn:ietf:params:oauth:grant-type:jwt-bearer", "urn:ietf:params:oauth:grant-type:token-exchange",
		"urn:ietf:params:oauth:grant-type:device_code", "Authorization_code", "authorization_code ", "x",
	} {
		status, out, _ := s.call(http.MethodPost, "/token", r.exchange(code, url.Values{"grant_type": {g}}), s.basic())
		refused(t, status, out, http.StatusBadRequest, "unsupported_grant_type")
	}
	for _, g := range [][]string{nil, {""}, {"authorization_code", "authorization_code"}} {
		status, out, _ := s.call(http.MethodPost, "/token", r.exchange(code, url.Values{"grant_type": g}), s.basic())
		refused(t, status, out, http.StatusBadRequest, "invalid_request")
	}
	form := r.exchange(code, url.Values{"grant_type[]": {"password"}, "audience": {"ignored"}})
	if status, out, _ := s.call(http.MethodPost, "/token", form, s.basic()); status != http.StatusOK {
		t.Error("unknown parameters:", status, out)
	}
}

// TestTK24_BodiesOfOtherKinds: refused before anything is looked up (R-140,
// R-162, TK-26).
func TestTK24_BodiesOfOtherKinds(t *testing.T) {
	s, faults := watched(t, nil)
	_, b := s.active(testEmail)
	r := newRequest("web", callbackURI)
	code := b.newCode(r)
	body := r.exchange(code).Encode()
	faults.Reset()
	const form = "application/x-www-form-urlencoded"
	for name, c := range map[string]struct {
		method, path, kind, body, encoding string
		want                               int
	}{
		"GET":             {http.MethodGet, "/token", form, "", "", http.StatusMethodNotAllowed},
		"PUT":             {http.MethodPut, "/token", form, body, "", http.StatusMethodNotAllowed},
		"JSON":            {http.MethodPost, "/token", "application/json", `{"grant_type":"authorization_code"}`, "", http.StatusUnsupportedMediaType},
		"no type":         {http.MethodPost, "/token", "", body, "", http.StatusUnsupportedMediaType},
		"two types":       {http.MethodPost, "/token", form + ", application/json", body, "", http.StatusUnsupportedMediaType},
		"multipart":       {http.MethodPost, "/token", "multipart/form-data; boundary=x", "--x--", "", http.StatusUnsupportedMediaType},
		"gzip":            {http.MethodPost, "/token", form, body, "gzip", http.StatusUnsupportedMediaType},
		"too long":        {http.MethodPost, "/token", form, body + "&x=" + strings.Repeat("x", 9000), "", http.StatusRequestEntityTooLarge},
		"long code":       {http.MethodPost, "/token", form, strings.Replace(body, "code=", "code="+strings.Repeat("x", 300), 1), "", http.StatusBadRequest},
		"twice":           {http.MethodPost, "/token", form, body + "&code=" + code, "", http.StatusBadRequest},
		"unknown, twice":  {http.MethodPost, "/token", form, body + "&x=1&x=1", "", http.StatusBadRequest},
		"many names":      {http.MethodPost, "/token", form, body + manyNames(41), "", http.StatusBadRequest},
		"bad escape":      {http.MethodPost, "/token", form, body + "&x=%zz", "", http.StatusBadRequest},
		"semicolons":      {http.MethodPost, "/token", form, strings.ReplaceAll(body, "&", ";"), "", http.StatusBadRequest},
		"NUL":             {http.MethodPost, "/token", form, strings.Replace(body, "code=", "code=%00", 1), "", http.StatusBadRequest},
		"no UTF-8":        {http.MethodPost, "/token", form, strings.Replace(body, "code=", "code=%ff", 1), "", http.StatusBadRequest},
		"method override": {http.MethodGet, "/token?_method=POST", form, "", "", http.StatusMethodNotAllowed},
		"address":         {http.MethodPost, "/token?" + body, form, "", "", http.StatusBadRequest},
	} {
		req := b.asks(c.method, c.path, strings.NewReader(c.body))
		req.Header = s.basic()
		req.Header.Set("Content-Type", c.kind)
		if c.encoding != "" {
			req.Header.Set("Content-Encoding", c.encoding)
		}
		if a := b.send(req); a.status != c.want || strings.Contains(a.body, code) {
			t.Errorf("%s: %d, want %d\n%s", name, a.status, c.want, a.body)
		}
	}
	if calls := faults.Calls(); len(calls) != 0 {
		t.Error("store calls:", calls)
	}
	if status, out := s.redeem(r, code); status != http.StatusOK {
		t.Error("the code after all that:", status, out)
	}
}

func manyNames(n int) string {
	var b strings.Builder
	for i := range n {
		b.WriteString("&n" + base64.RawURLEncoding.EncodeToString([]byte{byte(i), byte(i >> 8)}) + "=1")
	}
	return b.String()
}
