package provider_test

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"omgevingsloket-id/e2e/site"
	"omgevingsloket-id/e2e/testenv"
	"omgevingsloket-id/pkg/account"
)

// What the protocol library does when it is used as it comes (L1 to L23), and
// what this provider does instead. The second half is in
// provider_library_more_test.go.

// issued counts the grants that an account gave, by the audit log.
func issued(s *site.Site, a account.Account) int {
	s.T.Helper()
	n := 0
	for _, e := range s.Events(a) {
		if e.Action == "grant.issued" {
			n++
		}
	}
	return n
}

// lastStep is a browser that has typed everything right, and the address of
// the callback that it was sent to and has not opened.
func lastStep(b *site.Browser, r site.Request, email string) string {
	b.Site.T.Helper()
	b.Site.Clock.Add(30 * time.Second) // the last code is spent
	b.Authorize(r).At("/login").Submit("email", email, "password", site.Password)
	a := b.Send(b.At("/login/code").Form("code", b.Code()))
	if a.Status != http.StatusOK {
		b.Site.T.Fatal(a.Status, a.Body)
	}
	_, location, ok := strings.Cut(a.Header.Get("Refresh"), "url=")
	if !ok || !strings.HasPrefix(location, "/authorize/callback?") {
		b.Site.T.Fatal(a.Header)
	}
	return location
}

func TestL01_LoginNotBoundToBrowser(t *testing.T) {
	t.Parallel()
	s := site.New(t, nil)
	a, victim := s.Active(site.Email)
	attacker := s.Browser().Authorize(site.NewRequest("web", site.CallbackURI)).At("/login")
	query := attacker.URL.RawQuery

	for _, page := range []string{"/login", "/login/code", "/enrol", "/enrol/qr", "/consent", "/authorize/callback"} {
		// The victim is logged in, and is led to the list of portals.
		if victim.Get(page + "?" + query); victim.URL.Path != "/portals" && (victim.Status != http.StatusGone || victim.URL.Path != page) {
			t.Errorf("the victim at %s: %d", victim.URL, victim.Status)
		}
	}
	// The victim's own form, aimed at the attacker's login.
	form := victim.Authorize(site.NewRequest("web", site.CallbackURI).With("prompt", "login")).At("/login").Form("email", site.Email, "password", site.Password)
	form.URL.RawQuery = query
	if got := victim.Send(form); got.Status != http.StatusGone {
		t.Error("the victim's password for the attacker's login:", got.Status)
	}
	if attacker.Get("/authorize/callback?" + query); attacker.URL.Path != "/login" {
		t.Error("the attacker is at", attacker.URL)
	}
	// The other way round: the victim's finished login, fetched by another.
	link := lastStep(victim, site.NewRequest("web", site.CallbackURI).With("prompt", "login"), site.Email)
	if attacker.Get(link); attacker.Status != http.StatusGone {
		t.Error("the attacker fetched the victim's callback:", attacker.Status)
	}
	if n := issued(s, a); n != 1 { // of s.active
		t.Errorf("%d grants", n)
	}
}

func TestL03_ReplayLeavesFirstTokens(t *testing.T) {
	testenv.Slow(t)
	t.Parallel()
	s, r, code := withCode(t, nil)
	_, tokens := s.Redeem(r, code)
	if status, _ := s.Userinfo(tokens); status != http.StatusOK {
		t.Fatal("userinfo before:", status)
	}
	status, out := s.Redeem(r, code)
	WantRefused(t, status, out, http.StatusBadRequest, "invalid_grant")
	if status, _ := s.Userinfo(tokens); status != http.StatusUnauthorized {
		t.Error("userinfo after the replay:", status)
	}
}

func TestL04_CallbackGivesManyCodes(t *testing.T) {
	t.Parallel()
	s := site.New(t, nil)
	a, b := s.Active(site.Email)
	r := site.NewRequest("web", site.CallbackURI).With("prompt", "login")
	link := lastStep(b, r, site.Email)
	code := b.Get(link).Answered().Get("code")
	if code == "" {
		t.Fatal("no code")
	}
	// The answer may have been lost: until the code is redeemed, it is repeated.
	for range 4 {
		if got := b.Get(s.Server.URL + link).Answered().Get("code"); got != code {
			t.Errorf("again: code %q, want the same one", got)
		}
	}
	if status, out := s.Redeem(r, code); status != http.StatusOK {
		t.Fatal("redeemed:", status, out)
	}
	for range 4 {
		if b.Get(s.Server.URL + link); b.Status != http.StatusGone {
			t.Errorf("after the redemption: %d at %s", b.Status, b.URL)
		}
	}
	if n := issued(s, a); n != 2 {
		t.Errorf("%d grants, want this one and that of the enrolment", n)
	}
}

// L5 and L6: any method and any length pass for plain, and PKCE may be absent.
func TestL05_ChallengeTakenForPlain(t *testing.T) {
	t.Parallel()
	s := site.New(t, nil)
	_, b := s.Active(site.Email)
	for _, pair := range [][2]string{{"code_challenge_method", "bogus"}, {"code_challenge_method", ""}, {"code_challenge_method", "plain"}, {"code_challenge", "x"}} {
		b.RefusedAtClient(site.NewRequest("web", site.CallbackURI).With(pair[0], pair[1]), "invalid_request")
	}
}

func TestL06_ConfidentialClientWithoutPKCE(t *testing.T) {
	t.Parallel()
	s := site.New(t, nil)
	_, b := s.Active(site.Email)
	b.RefusedAtClient(site.NewRequest("web", site.CallbackURI).With("code_challenge", "", "code_challenge_method", ""), "invalid_request")
	b.RefusedAtClient(site.NewRequest("web", site.CallbackURI).With("code_challenge", ""), "invalid_request")
}

func TestL07_VerifierLeftOut(t *testing.T) {
	t.Parallel()
	s, r, code := withCode(t, nil)
	form := r.Exchange(code)
	form.Del("code_verifier")
	status, out, _ := s.Call(http.MethodPost, "/token", form, s.Basic())
	WantRefused(t, status, out, http.StatusBadRequest, "invalid_grant")
	if status, out := s.Redeem(r, code); status != http.StatusOK {
		t.Error("with the verifier:", status, out)
	}
}

func TestL08_RedirectURIUnescapedTwice(t *testing.T) {
	t.Parallel()
	s := site.New(t, nil)
	b := s.Browser()
	for _, uri := range []string{url.QueryEscape(site.CallbackURI), "https://rp.example/c%62", "https://rp.example%2Fcb", "https://rp.example/%63b"} {
		b.RefusedHere(site.NewRequest("web", site.CallbackURI).With("redirect_uri", uri))
	}
}

func TestL09_TokensByAddress(t *testing.T) {
	t.Parallel()
	s := site.New(t, nil)
	_, b := s.Active(site.Email)
	r := site.NewRequest("web", site.CallbackURI)
	form := r.Exchange(b.NewCode(r))
	secretForm := r.Exchange(form.Get("code"), url.Values{"client_id": {"web"}, "client_secret": {s.Secret.Reveal()}})
	if status, out, _ := s.Call(http.MethodGet, "/token?"+secretForm.Encode(), nil, nil); status != http.StatusMethodNotAllowed {
		t.Error("GET:", status, out)
	}
	status, out, _ := s.Call(http.MethodPost, "/token?"+form.Encode(), url.Values{}, s.Basic())
	WantRefused(t, status, out, http.StatusBadRequest, "invalid_request")
	for name := range secretForm {
		status, out, _ = s.Call(http.MethodPost, "/token?x=1&"+name+"=", form, s.Basic())
		WantRefused(t, status, out, http.StatusBadRequest, "invalid_request")
	}
	if status, out, _ := s.Call(http.MethodPost, "/token?x=1", form, s.Basic()); status != http.StatusOK { // Y17
		t.Error("in the body:", status, out)
	}
}

func TestL10_CORSForEverybody(t *testing.T) {
	t.Parallel()
	s := site.New(t, nil)
	for _, target := range []string{"/authorize", "/authorize/callback", "/token", "/userinfo", "/revoke", "/end_session", "/login", "/jwks", "/.well-known/openid-configuration"} {
		for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodOptions} {
			_, _, h := s.Call(method, target, nil, http.Header{"Origin": {"https://evil.example"}})
			public := slices.Contains([]string{"/jwks", "/.well-known/openid-configuration"}, target) && method == http.MethodGet
			if got := h.Get("Access-Control-Allow-Origin"); h.Get("Access-Control-Allow-Credentials") != "" || got != "" && !public {
				t.Errorf("%s %s answers a foreign origin with %q", method, target, got)
			}
		}
	}
}

func TestL11_TokenResponseMayBeCached(t *testing.T) {
	t.Parallel()
	s := site.New(t, nil)
	_, b := s.Active(site.Email)
	r := site.NewRequest("web", site.CallbackURI)
	for name, form := range map[string]url.Values{"success": r.Exchange(b.NewCode(r)), "error": r.Exchange("x")} {
		_, _, h := s.Call(http.MethodPost, "/token", form, s.Basic())
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
	t.Parallel()
	s := site.New(t, nil)
	_, b := s.Active(site.Email)
	for _, mode := range []string{"fragment", "form_post.jwt", "bogus", "query.jwt", "jwt", "Query"} {
		b.RefusedAtClient(site.NewRequest("web", site.CallbackURI).With("response_mode", mode), "invalid_request")
	}
	b.NewCode(site.NewRequest("web", site.CallbackURI).With("response_mode", "query"))
}
