package provider_test

import (
	"encoding/base64"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"omgevingsloket-id/e2e/site"
	"omgevingsloket-id/e2e/testenv"
	"omgevingsloket-id/pkg/client"
)

// The token endpoint (TK): codes, grants and errors. How clients prove
// themselves is in provider_client_test.go.

// TestTK04_CodeLifetime: 60 seconds, half-open.
func TestTK04_CodeLifetime(t *testing.T) {
	testenv.Slow(t)
	t.Parallel()
	s := site.New(t, nil)
	_, b := s.Active(site.Email)
	for _, c := range []struct {
		after time.Duration
		want  int
	}{{59 * time.Second, http.StatusOK}, {60 * time.Second, http.StatusBadRequest}, {61 * time.Second, http.StatusBadRequest}} {
		r := site.NewRequest("web", site.CallbackURI)
		code := b.NewCode(r)
		s.Clock.Add(c.after)
		if status, out := s.Redeem(r, code); status != c.want {
			t.Errorf("after %s: %d %v", c.after, status, out)
		}
	}
}

// TestTK05_CodeOfAnotherClient: refused, and the owner can still use it
// (TK-10). R-146.
func TestTK05_CodeOfAnotherClient(t *testing.T) {
	t.Parallel()
	s, r, code := withCode(t, site.WithClients(site.NewClient("other", site.OtherURI, nil), site.NativeClient("app", site.NativeURI)))
	for range 5 {
		status, out, _ := s.Call(http.MethodPost, "/token", r.Exchange(code), site.BasicOf("other"))
		WantRefused(t, status, out, http.StatusBadRequest, "invalid_grant")
		status, out, _ = s.Call(http.MethodPost, "/token", r.Exchange(code, url.Values{"client_id": {"app"}}), nil)
		WantRefused(t, status, out, http.StatusBadRequest, "invalid_grant")
	}
	if status, out := s.Redeem(r, code); status != http.StatusOK {
		t.Error("its own client:", status, out)
	}
}

// TestTK06_DamagedCodes: every kind of damage is invalid_grant, and JW-17.
func TestTK06_DamagedCodes(t *testing.T) {
	t.Parallel()
	s := site.New(t, nil)
	_, b := s.Active(site.Email)
	r := site.NewRequest("web", site.CallbackURI)
	code, other := b.NewCode(r), b.NewCode(site.NewRequest("web", site.CallbackURI))
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
		status, out := s.Redeem(r, d)
		if status != http.StatusBadRequest || out["error"] != "invalid_grant" && out["error"] != "invalid_request" {
			t.Errorf("%q: %d %v", d, status, out)
		}
	}
	if status, out := s.Redeem(r, code); status != http.StatusOK {
		t.Error("undamaged:", status, out)
	}
}

// TestTK07_RedirectURI: absent, different, differently written.
func TestTK07_RedirectURI(t *testing.T) {
	t.Parallel()
	s, r, code := withCode(t, nil)
	for _, uri := range []string{"https://rp.example/CB", "https://rp.example/%63b", site.CallbackURI + "/", site.CallbackURI + "?", "https://evil.example/cb"} {
		form := r.Exchange(code)
		form.Set("redirect_uri", uri)
		status, out, _ := s.Call(http.MethodPost, "/token", form, s.Basic())
		WantRefused(t, status, out, http.StatusBadRequest, "invalid_grant")
	}
	form := r.Exchange(code)
	form.Del("redirect_uri")
	status, out, _ := s.Call(http.MethodPost, "/token", form, s.Basic())
	WantRefused(t, status, out, http.StatusBadRequest, "invalid_request")
	if status, out := s.Redeem(r, code); status != http.StatusOK {
		t.Error("the right one:", status, out)
	}
}

// TestTK08_Verifier; three wrong ones kill the code.
func TestTK08_Verifier(t *testing.T) {
	t.Parallel()
	s := site.New(t, nil)
	_, b := s.Active(site.Email)
	other := site.NewRequest("web", site.CallbackURI)
	r := site.NewRequest("web", site.CallbackURI)
	for name, verifier := range map[string]string{
		"absent": "", "wrong": strings.Repeat("a", 43), "42": strings.Repeat("a", 42), "129": strings.Repeat("a", 129), "the challenge": r.Get("code_challenge"),
		"of another": other.Verifier, "illegal": strings.Repeat("a", 42) + "!", "spaces": r.Verifier + " ", "cut": r.Verifier[:45],
	} {
		r := site.NewRequest("web", site.CallbackURI)
		code := b.NewCode(r)
		for range 3 {
			form := r.Exchange(code)
			form.Set("code_verifier", verifier)
			status, out, _ := s.Call(http.MethodPost, "/token", form, s.Basic())
			WantRefused(t, status, out, http.StatusBadRequest, "invalid_grant")
		}
		if status, _ := s.Redeem(r, code); status != http.StatusBadRequest {
			t.Errorf("%s: the code lives after three wrong verifiers", name)
		}
	}
	// What RFC 7636 does not allow is refused even if the challenge fits.
	for _, verifier := range []string{strings.Repeat("a", 42), strings.Repeat("a", 129), strings.Repeat("a", 50) + "!", strings.Repeat("a", 50) + " ", strings.Repeat("é", 30)} {
		r := site.NewRequest("web", site.CallbackURI)
		r.Verifier = verifier
		r.Set("code_challenge", challenge(verifier))
		status, out := s.Redeem(r, b.NewCode(r))
		WantRefused(t, status, out, http.StatusBadRequest, "invalid_grant")
	}
	// A code survives two, and lengths 43 and 128 are right ones.
	for _, n := range []int{43, 128} {
		r := site.NewRequest("web", site.CallbackURI)
		r.Verifier = strings.Repeat("~.-_aZ09", 16)[:n]
		r.Set("code_challenge", challenge(r.Verifier))
		code := b.NewCode(r)
		for range 2 {
			s.Call(http.MethodPost, "/token", r.Exchange(code, url.Values{"code_verifier": {strings.Repeat("a", 43)}}), s.Basic())
		}
		if status, out := s.Redeem(r, code); status != http.StatusOK {
			t.Errorf("a verifier of %d after two wrong ones: %d %v", n, status, out)
		}
	}
}

// TestTK09_VerifierWithoutChallenge: the downgrade of RFC 9700 §4.8.2
// where a client may leave PKCE out at all.
func TestTK09_VerifierWithoutChallenge(t *testing.T) {
	t.Parallel()
	s := site.New(t, site.WithClients(site.NewClient("old", site.OtherURI, func(c *client.Client) { c.PKCEOptional = true })))
	_, b := s.Active(site.Email)
	r := site.NewRequest("old", site.OtherURI).With("code_challenge", "", "code_challenge_method", "")
	status, out, _ := s.Call(http.MethodPost, "/token", r.Exchange(b.NewCode(r)), site.BasicOf("old"))
	WantRefused(t, status, out, http.StatusBadRequest, "invalid_grant")
	form := r.Exchange(b.NewCode(r))
	form.Del("code_verifier")
	if status, out, _ := s.Call(http.MethodPost, "/token", form, site.BasicOf("old")); status != http.StatusOK {
		t.Error("without either:", status, out)
	}
	b.RefusedAtClient(site.NewRequest("old", site.OtherURI).With("code_challenge_method", "plain"), "invalid_request")
	b.RefusedAtClient(site.NewRequest("old", site.OtherURI).With("code_challenge", ""), "invalid_request")
	b.RefusedAtClient(site.NewRequest("old", site.OtherURI).With("code_challenge_method", ""), "invalid_request")
}

// TestTK13_GrantTypes: an allow-list of one (R-149, R-151, TK-14).
func TestTK13_GrantTypes(t *testing.T) {
	t.Parallel()
	s, r, code := withCode(t, nil)
	for _, g := range []string{
		"password", "client_credentials", "refresh_token", "implicit", "urn:ietf:params:oauth:grant-type:jwt-bearer", "urn:ietf:params:oauth:grant-type:token-exchange",
		"urn:ietf:params:oauth:grant-type:device_code", "Authorization_code", "authorization_code ", "x",
	} {
		status, out, _ := s.Call(http.MethodPost, "/token", r.Exchange(code, url.Values{"grant_type": {g}}), s.Basic())
		WantRefused(t, status, out, http.StatusBadRequest, "unsupported_grant_type")
	}
	for _, g := range [][]string{nil, {""}, {"authorization_code", "authorization_code"}} {
		status, out, _ := s.Call(http.MethodPost, "/token", r.Exchange(code, url.Values{"grant_type": g}), s.Basic())
		WantRefused(t, status, out, http.StatusBadRequest, "invalid_request")
	}
	form := r.Exchange(code, url.Values{"grant_type[]": {"password"}, "audience": {"ignored"}})
	if status, out, _ := s.Call(http.MethodPost, "/token", form, s.Basic()); status != http.StatusOK {
		t.Error("unknown parameters:", status, out)
	}
}

// TestTK24_BodiesOfOtherKinds: refused before anything is looked up (R-140,
// R-162, TK-26).
func TestTK24_BodiesOfOtherKinds(t *testing.T) {
	t.Parallel()
	s, faults := site.NewWatched(t, nil)
	_, b := s.Active(site.Email)
	r := site.NewRequest("web", site.CallbackURI)
	code := b.NewCode(r)
	body := r.Exchange(code).Encode()
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
		"many names":      {http.MethodPost, "/token", form, body + manyNames(41), "", http.StatusBadRequest},
		"bad escape":      {http.MethodPost, "/token", form, body + "&client_id=%zz", "", http.StatusBadRequest},
		"semicolons":      {http.MethodPost, "/token", form, strings.ReplaceAll(body, "&", ";"), "", http.StatusBadRequest},
		"NUL":             {http.MethodPost, "/token", form, strings.Replace(body, "code=", "code=%00", 1), "", http.StatusBadRequest},
		"no UTF-8":        {http.MethodPost, "/token", form, strings.Replace(body, "code=", "code=%ff", 1), "", http.StatusBadRequest},
		"method override": {http.MethodGet, "/token?_method=POST", form, "", "", http.StatusMethodNotAllowed},
		"address":         {http.MethodPost, "/token?" + body, form, "", "", http.StatusBadRequest},
	} {
		req := b.Request(c.method, c.path, strings.NewReader(c.body))
		req.Header = s.Basic()
		req.Header.Set("Content-Type", c.kind)
		if c.encoding != "" {
			req.Header.Set("Content-Encoding", c.encoding)
		}
		if a := b.Send(req); a.Status != c.want || strings.Contains(a.Body, code) {
			t.Errorf("%s: %d, want %d\n%s", name, a.Status, c.want, a.Body)
		}
	}
	if calls := faults.Calls(); len(calls) != 0 {
		t.Error("store calls:", calls)
	}
	if status, out := s.Redeem(r, code); status != http.StatusOK {
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
