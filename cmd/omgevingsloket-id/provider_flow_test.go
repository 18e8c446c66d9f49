package main

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"omgevingsloket-id/pkg/client"
)

// What happens to a good request: prompt, max_age, hints, languages, and
// several logins at once.

// TestR112_Silent: prompt=none never shows anything (AZ-15).
func TestR112_Silent(t *testing.T) {
	s, faults := watched(t, nil)
	nobody := s.browser()
	nobody.toClient(newRequest("web", callbackURI).with("prompt", "none"), "login_required")
	if n := faults.Calls()["Requests.Create"]; n != 0 || len(nobody.cookies()) != 0 {
		t.Errorf("of nobody, %d requests and %d cookies are kept", n, len(nobody.cookies()))
	}
	_, b := s.active(testEmail)
	b.newCode(newRequest("web", callbackURI).with("prompt", "none"))
	b.toClient(newRequest("third", "https://third.example/cb").with("prompt", "none", "scope", "openid email"), "consent_required")
	b.toClient(newRequest("web", callbackURI).with("prompt", "none", "max_age", "0"), "login_required")
	s.clock.add(10 * time.Second)
	b.toClient(newRequest("web", callbackURI).with("prompt", "none", "max_age", "9"), "login_required")
	b.newCode(newRequest("web", callbackURI).with("prompt", "none", "max_age", "10"))
	for _, prompt := range []string{"none login", "login none", "none none", "none consent", "create", "x", "None", "login x"} {
		b.toClient(newRequest("web", callbackURI).with("prompt", prompt), "invalid_request")
	}
	s.clock.add(31 * time.Minute) // idle
	b.toClient(newRequest("web", callbackURI).with("prompt", "none"), "login_required")
}

// TestR114_AskedToLogIn: prompt=login, prompt=select_account and max_age ask
// for both factors again; auth_time moves on, sid stays (R-115, R-117, R-188,
// AZ-16).
func TestR114_AskedToLogIn(t *testing.T) {
	s := newSite(t, nil)
	_, b := s.active(testEmail)
	before := idToken(t, b.tokens(newRequest("web", callbackURI)))
	for _, c := range [][]string{{"prompt", "login"}, {"prompt", "select_account"}, {"max_age", "0"}, {"max_age", "00"}, {"max_age", "1"}} {
		s.clock.add(time.Minute)
		r := newRequest("web", callbackURI).with(c...)
		answer := b.authorize(r).login(testEmail).answered()
		_, tokens := s.redeem(r, answer.Get("code"))
		after := idToken(t, tokens)
		if after["auth_time"] != float64(s.clock.now().Unix()) || after["sid"] != before["sid"] || after["sub"] != before["sub"] {
			t.Errorf("%v: %v", c, after)
		}
		s.clock.add(time.Minute)
		if again := idToken(t, b.tokens(newRequest("web", callbackURI).with("max_age", "10000"))); again["auth_time"] != after["auth_time"] {
			t.Errorf("%v: single sign-on moved auth_time", c)
		}
	}
	for _, bad := range []string{"-1", "922337203685477", "2147483648", "abc", "1.5", "+1", "1e3", " 1"} {
		b.toClient(newRequest("web", callbackURI).with("max_age", bad), "invalid_request")
	}
	if b.authorize(newRequest("web", callbackURI).with("prompt", "consent")).at("/consent"); b.status != http.StatusOK {
		t.Error("prompt=consent:", b.status)
	}
}

// TestR121_Hints: id_token_hint names one person; nobody else may finish
// (AZ-17, R-187).
func TestR121_Hints(t *testing.T) {
	s := newSite(t, with(newClient("other", otherURI, nil)))
	_, anna := s.active(testEmail)
	_, ben := s.active("ben@example.com")
	tokens := anna.tokens(newRequest("web", callbackURI))
	hint, sub := tokens["id_token"].(string), idToken(t, tokens)["sub"].(string)

	for _, prompt := range []string{"none", ""} {
		anna.newCode(newRequest("web", callbackURI).with("id_token_hint", hint, "prompt", prompt))
		ben.toClient(newRequest("web", callbackURI).with("id_token_hint", hint, "prompt", prompt), "login_required")
		named := `{"id_token":{"sub":{"value":"` + sub + `"}}}`
		anna.newCode(newRequest("web", callbackURI).with("claims", named, "prompt", prompt))
		ben.toClient(newRequest("web", callbackURI).with("claims", named, "prompt", prompt), "login_required")
		anna.toClient(newRequest("web", callbackURI).with("claims", `{"id_token":{"sub":{"value":"x"}}}`, "prompt", prompt), "login_required")
	}
	anna.toClient(newRequest("web", callbackURI).with("id_token_hint", hint, "claims", `{"id_token":{"sub":{"value":"x"}}}`), "login_required")
	// Without a session: the hinted person may log in, another gets nowhere.
	r := newRequest("web", callbackURI).with("id_token_hint", hint)
	s.browser().toClient(r.with("prompt", "none"), "login_required")
	stranger := s.browser()
	stranger.seed = ben.seed
	if answer := stranger.authorize(newRequest("web", callbackURI).with("id_token_hint", hint)).login("ben@example.com").answered(); answer.Get("error") != "login_required" || answer.Get("code") != "" {
		t.Error("another person finished:", answer)
	}
	// Expired hints are still hints; another client's, altered ones and other
	// tokens are none.
	s.clock.add(20 * time.Minute)
	anna.newCode(newRequest("web", callbackURI).with("id_token_hint", hint))
	anna.toClient(newRequest("other", otherURI).with("id_token_hint", hint), "invalid_request")
	parts := strings.Split(hint, ".")
	for name, bad := range map[string]string{
		"text": "x", "cut": hint[:len(hint)-3], "none": raw(t, map[string]any{"alg": "none"}, map[string]any{"iss": s.config.Issuer, "sub": sub, "aud": "web"}) + ".",
		"other claims": parts[0] + "." + parts[1][:len(parts[1])-4] + "AAAA." + parts[2], "access token": tokens["access_token"].(string),
		"long": strings.Repeat("a", 5000), "own key": newClientKey(t, "ES256", jwtHeader(t, hint)["kid"].(string)).sign(t, idToken(t, tokens), nil),
	} {
		if anna.authorize(newRequest("web", callbackURI).with("id_token_hint", bad)); anna.answered().Get("error") != "invalid_request" {
			t.Errorf("%s: %s", name, anna.url)
		}
	}
	anna.ours(newRequest("web", callbackURI).with("id_token_hint", strings.Repeat("a", 6001)))
}

// TestR118_HarmlessParameters: display, locales and hints never are errors;
// AZ-32.
func TestR118_HarmlessParameters(t *testing.T) {
	s, faults := watched(t, nil)
	s.person(testEmail)
	for _, c := range [][]string{
		{"display", "page"}, {"display", "popup"}, {"display", "bogus"}, {"claims_locales", "se"}, {"ui_locales", "se"}, {"ui_locales", "!!"}, {"login_hint", strings.Repeat("x", 1000)}, {"login_hint", "a\x01b"},
	} {
		s.browser().authorize(newRequest("web", callbackURI).with(c...)).at("/login")
	}
	for wanted, lang := range map[string]string{"nl": "nl", "en": "en", "de en": "en", "nl-NL en": "nl", "de fr": "en", "": "nl"} {
		b := s.browser().authorize(newRequest("web", callbackURI).with("ui_locales", wanted)).at("/login")
		if !strings.Contains(b.body, `<html lang="`+lang+`"`) && !strings.Contains(b.body, `lang="`+lang+`"`) {
			t.Errorf("ui_locales %q: not %s", wanted, lang)
		}
	}
	if b := s.browser().authorize(newRequest("web", callbackURI).with("login_hint", strings.Repeat("x", 255))).at("/login"); strings.Contains(b.body, "xxxx") {
		t.Error("a login_hint that is no address is shown")
	}
	var pages []string
	for _, hint := range []string{testEmail, "nobody@example.com"} {
		faults.Reset()
		b := s.browser().authorize(newRequest("web", callbackURI).with("login_hint", hint)).at("/login")
		if !strings.Contains(b.body, `value="`+hint+`"`) || faults.Calls()["Accounts.ByEmail"] != 0 {
			t.Errorf("login_hint %q: %v", hint, faults.Calls())
		}
		pages = append(pages, strings.ReplaceAll(b.body, hint, ""))
	}
	if len(pages[0]) != len(pages[1]) {
		t.Error("the pages for a known and an unknown address differ")
	}
	if b := s.browser().authorize(newRequest("web", callbackURI).with("login_hint", `"><script>alert(1)</script>`)).at("/login"); strings.Contains(b.body, "<script>alert") {
		t.Error("login_hint is not escaped")
	}
}

// TestAZ20_InterleavedLogins: two clients, two tabs, all twenty orders of
// three steps each; nothing crosses.
func TestAZ20_InterleavedLogins(t *testing.T) {
	s := newSite(t, with(newClient("other", otherURI, nil)))
	_, first := s.active(testEmail)
	for order := range 1 << 6 {
		var tabs []int
		for i := range 6 {
			tabs = append(tabs, order>>i&1)
		}
		if slices.Index(tabs, 0) < 0 || count(tabs, 1) != 3 {
			continue
		}
		b := s.browser()
		b.seed = first.seed
		requests := []request{newRequest("web", callbackURI).with("prompt", "login"), newRequest("other", otherURI).with("prompt", "login")}
		open := []*browser{copyOf(b), copyOf(b)}
		var step [2]int
		for _, i := range tabs {
			tab := open[i]
			switch step[i] {
			case 0:
				tab.authorize(requests[i]).at("/login")
			case 1:
				tab.submit("email", testEmail, "password", testPassword).at("/login/code")
			case 2:
				s.clock.add(30 * time.Second)
				answer := tab.submit("code", tab.code()).answered()
				if answer.Get("state") != requests[i].Get("state") || !strings.HasPrefix(tab.url.String(), requests[i].Get("redirect_uri")+"?") {
					t.Fatalf("%v: tab %d ended at %s", tabs, i, tab.url)
				}
				header := []http.Header{s.basic(), basicOf("other")}[i]
				status, tokens, _ := s.call(http.MethodPost, "/token", requests[i].exchange(answer.Get("code")), header)
				if status != http.StatusOK || idToken(t, tokens)["nonce"] != requests[i].Get("nonce") || idToken(t, tokens)["aud"] != requests[i].Get("client_id") {
					t.Fatalf("%v: tab %d: %d %v", tabs, i, status, tokens)
				}
			}
			step[i]++
		}
	}
}

func count(list []int, want int) (n int) {
	for _, v := range list {
		if v == want {
			n++
		}
	}
	return n
}

// copyOf is another tab of the same browser.
func copyOf(b *browser) *browser { c := *b; return &c }

// TestAZ21_TamperedHandles: every character of the handle in the address and
// of the browser's cookie matters (JW-17).
func TestAZ21_TamperedHandles(t *testing.T) {
	s := newSite(t, nil)
	b := s.browser().authorize(newRequest("web", callbackURI)).at("/login")
	handle, cookie := b.url.Query().Get("login"), b.cookies()["olid-browser"]
	try := func(handle, cookie string) int {
		req := b.asks(http.MethodGet, "/login?"+url.Values{"login": {handle}}.Encode(), nil)
		req.AddCookie(&http.Cookie{Name: "olid-browser", Value: cookie})
		res, err := http.DefaultTransport.RoundTrip(req)
		must(t, err)
		_ = res.Body.Close()
		return res.StatusCode
	}
	if got := try(handle, cookie); got != http.StatusOK {
		t.Fatal(got)
	}
	bend := func(text string, i int) []string {
		flipped := []byte(text)
		flipped[i] ^= 1
		return []string{string(flipped), text[:i], text[:i] + text[i+1:]}
	}
	for i := range handle {
		for _, bad := range bend(handle, i) {
			if got := try(bad, cookie); bad != "" && got != http.StatusGone {
				t.Fatalf("handle %q: %d", bad, got)
			}
		}
	}
	for i := range cookie {
		for _, bad := range append(bend(cookie, i), cookie+"A", handle) {
			if got := try(handle, bad); got != http.StatusGone {
				t.Fatalf("cookie %q: %d", bad, got)
			}
		}
	}
}

// TestAZ23_ClientChangesDuringTheLogin: what counts is what is registered
// when the code is issued.
func TestAZ23_ClientChangesDuringTheLogin(t *testing.T) {
	s := newSite(t, nil)
	a, b := s.active(testEmail)
	store := s.stores.db.Clients()
	for name, after := range map[string]*client.Client{"removed": nil, "another redirect URI": new(newClient("stored", "https://moved.example/cb", nil))} {
		must(t, store.Add(t.Context(), newClient("stored", otherURI, nil), noRecord))
		s.clock.add(3 * time.Second)
		link := b.lastStep(newRequest("stored", otherURI).with("prompt", "login"), testEmail)
		before := s.issued(a)
		must(t, store.Remove(t.Context(), "stored", noRecord))
		if after != nil {
			must(t, store.Add(t.Context(), *after, noRecord))
		}
		s.clock.add(3 * time.Second)
		if b.get(s.server.URL + link); b.status != http.StatusGone || s.issued(a) != before {
			t.Errorf("%s: %d at %s", name, b.status, b.url)
		}
		_ = store.Remove(t.Context(), "stored", noRecord)
		s.clock.add(3 * time.Second)
	}
}
