package main

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"omgevingsloket-id/pkg/account"
)

// What the protocol library does when it is used as it comes (L1 to L23), and
// what this provider does instead. The second half is in
// provider_library_more_test.go.

// issued counts the grants that the record says an account gave.
func (s *site) issued(a account.Account) int {
	s.t.Helper()
	n := 0
	for _, e := range s.happened(a) {
		if e.Action == "grant.issued" {
			n++
		}
	}
	return n
}

// lastStep is a browser that has typed everything right, and the address of
// the callback that it was sent to and has not opened.
func (b *browser) lastStep(r request, email string) string {
	b.s.t.Helper()
	b.s.clock.add(30 * time.Second) // the last code is spent
	b.authorize(r).at("/login").submit("email", email, "password", testPassword)
	a := b.send(b.at("/login/code").form("code", b.code()))
	if a.status != http.StatusOK {
		b.s.t.Fatal(a.status, a.body)
	}
	_, location, ok := strings.Cut(a.header.Get("Refresh"), "url=")
	if !ok || !strings.HasPrefix(location, "/authorize/callback?") {
		b.s.t.Fatal(a.header)
	}
	return location
}

func TestL01_LoginNotBoundToBrowser(t *testing.T) {
	s := newSite(t, nil)
	a, victim := s.active(testEmail)
	attacker := s.browser().authorize(newRequest("web", callbackURI)).at("/login")
	query := attacker.url.RawQuery

	for _, page := range []string{"/login", "/login/code", "/enrol", "/enrol/qr", "/consent", "/authorize/callback"} {
		if victim.get(page + "?" + query); victim.status != http.StatusGone || victim.url.Path != page {
			t.Errorf("the victim at %s: %d", victim.url, victim.status)
		}
	}
	// The victim's own form, aimed at the attacker's login.
	form := victim.authorize(newRequest("web", callbackURI).with("prompt", "login")).at("/login").form("email", testEmail, "password", testPassword)
	form.URL.RawQuery = query
	if got := victim.send(form); got.status != http.StatusGone {
		t.Error("the victim's password for the attacker's login:", got.status)
	}
	if attacker.get("/authorize/callback?" + query); attacker.url.Path != "/login" {
		t.Error("the attacker is at", attacker.url)
	}
	// The other way round: the victim's finished login, fetched by another.
	link := victim.lastStep(newRequest("web", callbackURI).with("prompt", "login"), testEmail)
	if attacker.get(link); attacker.status != http.StatusGone {
		t.Error("the attacker fetched the victim's callback:", attacker.status)
	}
	if n := s.issued(a); n != 1 { // of s.active
		t.Errorf("%d grants", n)
	}
}

func TestL03_ReplayLeavesFirstTokens(t *testing.T) {
	s := newSite(t, nil)
	_, b := s.active(testEmail)
	r := newRequest("web", callbackURI)
	code := b.newCode(r)
	_, tokens := s.redeem(r, code)
	if status, _ := s.userinfo(tokens); status != http.StatusOK {
		t.Fatal("userinfo before:", status)
	}
	status, out := s.redeem(r, code)
	refused(t, status, out, http.StatusBadRequest, "invalid_grant")
	if status, _ := s.userinfo(tokens); status != http.StatusUnauthorized {
		t.Error("userinfo after the replay:", status)
	}
}

func TestL04_CallbackGivesManyCodes(t *testing.T) {
	s := newSite(t, nil)
	a, b := s.active(testEmail)
	link := b.lastStep(newRequest("web", callbackURI).with("prompt", "login"), testEmail)
	if code := b.get(link).answered().Get("code"); code == "" {
		t.Fatal("no code")
	}
	for range 4 {
		if b.get(s.server.URL + link); b.status != http.StatusGone {
			t.Errorf("again: %d at %s", b.status, b.url)
		}
	}
	if n := s.issued(a); n != 2 {
		t.Errorf("%d grants, want this one and that of the enrolment", n)
	}
}

// L5 and L6: any method and any length pass for plain, and PKCE may be absent.
func TestL05_ChallengeTakenForPlain(t *testing.T) {
	s := newSite(t, nil)
	_, b := s.active(testEmail)
	for _, pair := range [][2]string{{"code_challenge_method", "bogus"}, {"code_challenge_method", ""}, {"code_challenge_method", "plain"}, {"code_challenge", "x"}} {
		b.toClient(newRequest("web", callbackURI).with(pair[0], pair[1]), "invalid_request")
	}
}

func TestL06_ConfidentialClientWithoutPKCE(t *testing.T) {
	s := newSite(t, nil)
	_, b := s.active(testEmail)
	b.toClient(newRequest("web", callbackURI).with("code_challenge", "", "code_challenge_method", ""), "invalid_request")
	b.toClient(newRequest("web", callbackURI).with("code_challenge", ""), "invalid_request")
}

func TestL07_VerifierLeftOut(t *testing.T) {
	s := newSite(t, nil)
	_, b := s.active(testEmail)
	r := newRequest("web", callbackURI)
	code := b.newCode(r)
	form := r.exchange(code)
	form.Del("code_verifier")
	status, out, _ := s.call(http.MethodPost, "/token", form, s.basic())
	refused(t, status, out, http.StatusBadRequest, "invalid_grant")
	if status, out := s.redeem(r, code); status != http.StatusOK {
		t.Error("with the verifier:", status, out)
	}
}

func TestL08_RedirectURIUnescapedTwice(t *testing.T) {
	s := newSite(t, nil)
	b := s.browser()
	for _, uri := range []string{url.QueryEscape(callbackURI), "https://rp.example/c%62", "https://rp.example%2Fcb", "https://rp.example/%63b"} {
		b.ours(newRequest("web", callbackURI).with("redirect_uri", uri))
	}
}

func TestL09_TokensByAddress(t *testing.T) {
	s := newSite(t, nil)
	_, b := s.active(testEmail)
	r := newRequest("web", callbackURI)
	form := r.exchange(b.newCode(r))
	secretForm := r.exchange(form.Get("code"), url.Values{"client_id": {"web"}, "client_secret": {s.secret.Reveal()}})
	if status, out, _ := s.call(http.MethodGet, "/token?"+secretForm.Encode(), nil, nil); status != http.StatusMethodNotAllowed {
		t.Error("GET:", status, out)
	}
	status, out, _ := s.call(http.MethodPost, "/token?"+form.Encode(), url.Values{}, s.basic())
	refused(t, status, out, http.StatusBadRequest, "invalid_request")
	status, out, _ = s.call(http.MethodPost, "/token?x=1", form, s.basic())
	refused(t, status, out, http.StatusBadRequest, "invalid_request")
	if status, out, _ := s.call(http.MethodPost, "/token", form, s.basic()); status != http.StatusOK {
		t.Error("in the body:", status, out)
	}
}

func TestL10_CORSForEverybody(t *testing.T) {
	s := newSite(t, nil)
	for _, target := range []string{"/authorize", "/authorize/callback", "/token", "/userinfo", "/revoke", "/end_session", "/login", "/jwks", "/.well-known/openid-configuration"} {
		for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodOptions} {
			_, _, h := s.call(method, target, nil, http.Header{"Origin": {"https://evil.example"}})
			public := slices.Contains([]string{"/jwks", "/.well-known/openid-configuration"}, target) && method == http.MethodGet
			if got := h.Get("Access-Control-Allow-Origin"); h.Get("Access-Control-Allow-Credentials") != "" || got != "" && !public {
				t.Errorf("%s %s answers a foreign origin with %q", method, target, got)
			}
		}
	}
}

func TestL11_TokenResponseMayBeCached(t *testing.T) {
	s := newSite(t, nil)
	_, b := s.active(testEmail)
	r := newRequest("web", callbackURI)
	for name, form := range map[string]url.Values{"success": r.exchange(b.newCode(r)), "error": r.exchange("x")} {
		_, _, h := s.call(http.MethodPost, "/token", form, s.basic())
		for header, want := range map[string]string{"Cache-Control": "no-store", "Pragma": "no-cache", "X-Content-Type-Options": "nosniff"} {
			if h.Get(header) != want {
				t.Errorf("%s: %s %q", name, header, h.Get(header))
			}
		}
		if !strings.HasPrefix(h.Get("Content-Type"), "application/json") {
			t.Error(name, h.Get("Content-Type"))
		}
	}
}

func TestL12_ResponseModesThatNobodyChose(t *testing.T) {
	s := newSite(t, nil)
	_, b := s.active(testEmail)
	for _, mode := range []string{"fragment", "form_post", "bogus", "query.jwt", "jwt", "Query"} {
		b.toClient(newRequest("web", callbackURI).with("response_mode", mode), "invalid_request")
	}
	b.newCode(newRequest("web", callbackURI).with("response_mode", "query"))
}
