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
	"omgevingsloket-id/pkg/client"
)

// What happens to a good request: prompt, max_age, hints, languages, and
// several logins at once.

// TestR112_Silent: prompt=none never shows anything (AZ-15).
func TestR112_Silent(t *testing.T) {
	t.Parallel()
	s, faults := site.NewWatched(t, nil)
	nobody := s.Browser()
	nobody.RefusedAtClient(site.NewRequest("web", site.CallbackURI).With("prompt", "none"), "login_required")
	if n := faults.Calls()["Requests.Create"]; n != 0 || len(nobody.Cookies()) != 0 {
		t.Errorf("of nobody, %d requests and %d cookies are kept", n, len(nobody.Cookies()))
	}
	_, b := s.Active(site.Email)
	b.NewCode(site.NewRequest("web", site.CallbackURI).With("prompt", "none"))
	b.RefusedAtClient(site.NewRequest("third", "https://third.example/cb").With("prompt", "none", "scope", "openid email"), "consent_required")
	b.RefusedAtClient(site.NewRequest("web", site.CallbackURI).With("prompt", "none", "max_age", "0"), "login_required")
	s.Clock.Add(10 * time.Second)
	b.RefusedAtClient(site.NewRequest("web", site.CallbackURI).With("prompt", "none", "max_age", "9"), "login_required")
	b.NewCode(site.NewRequest("web", site.CallbackURI).With("prompt", "none", "max_age", "10"))
	for _, prompt := range []string{"none login", "login none", "none none", "none consent", "none create", "x", "None", "login x"} {
		b.RefusedAtClient(site.NewRequest("web", site.CallbackURI).With("prompt", prompt), "invalid_request")
	}
	s.Clock.Add(31 * time.Minute) // idle
	b.RefusedAtClient(site.NewRequest("web", site.CallbackURI).With("prompt", "none"), "login_required")
}

// TestR114_AskedToLogIn: prompt=login, prompt=select_account and max_age ask
// for both factors again; auth_time moves on, sid stays (R-115, R-117, R-188,
// AZ-16).
func TestR114_AskedToLogIn(t *testing.T) {
	testenv.Slow(t)
	t.Parallel()
	s := site.New(t, nil)
	_, b := s.Active(site.Email)
	before := site.IDToken(t, b.Tokens(site.NewRequest("web", site.CallbackURI)))
	for _, c := range [][]string{{"prompt", "login"}, {"prompt", "select_account"}, {"max_age", "0"}, {"max_age", "00"}, {"max_age", "1"}} {
		s.Clock.Add(time.Minute)
		r := site.NewRequest("web", site.CallbackURI).With(c...)
		answer := b.Authorize(r).Login(site.Email).Answered()
		_, tokens := s.Redeem(r, answer.Get("code"))
		after := site.IDToken(t, tokens)
		if after["auth_time"] != float64(s.Clock.Now().Unix()) || after["sid"] != before["sid"] || after["sub"] != before["sub"] {
			t.Errorf("%v: %v", c, after)
		}
		s.Clock.Add(time.Minute)
		if again := site.IDToken(t, b.Tokens(site.NewRequest("web", site.CallbackURI).With("max_age", "10000"))); again["auth_time"] != after["auth_time"] {
			t.Errorf("%v: single sign-on moved auth_time", c)
		}
	}
	for _, bad := range []string{"-1", "922337203685477", "2147483648", "abc", "1.5", "+1", "1e3", " 1"} {
		b.RefusedAtClient(site.NewRequest("web", site.CallbackURI).With("max_age", bad), "invalid_request")
	}
	if b.Authorize(site.NewRequest("web", site.CallbackURI).With("prompt", "consent")).At("/consent"); b.Status != http.StatusOK {
		t.Error("prompt=consent:", b.Status)
	}
}

// TestR121_Hints: id_token_hint names one person; nobody else may finish
// (AZ-17, R-187).
func TestR121_Hints(t *testing.T) {
	t.Parallel()
	s := site.New(t, site.WithClients(site.NewClient("other", site.OtherURI, nil)))
	_, anna := s.Active(site.Email)
	_, ben := s.Active("ben@example.com")
	tokens := anna.Tokens(site.NewRequest("web", site.CallbackURI))
	hint, sub := tokens["id_token"].(string), site.IDToken(t, tokens)["sub"].(string)

	for _, prompt := range []string{"none", ""} {
		anna.NewCode(site.NewRequest("web", site.CallbackURI).With("id_token_hint", hint, "prompt", prompt))
		ben.RefusedAtClient(site.NewRequest("web", site.CallbackURI).With("id_token_hint", hint, "prompt", prompt), "login_required")
		named := `{"id_token":{"sub":{"value":"` + sub + `"}}}`
		anna.NewCode(site.NewRequest("web", site.CallbackURI).With("claims", named, "prompt", prompt))
		ben.RefusedAtClient(site.NewRequest("web", site.CallbackURI).With("claims", named, "prompt", prompt), "login_required")
		anna.RefusedAtClient(site.NewRequest("web", site.CallbackURI).With("claims", `{"id_token":{"sub":{"value":"x"}}}`, "prompt", prompt), "login_required")
	}
	anna.RefusedAtClient(site.NewRequest("web", site.CallbackURI).With("id_token_hint", hint, "claims", `{"id_token":{"sub":{"value":"x"}}}`), "login_required")
	// Without a session: the hinted person may log in, another gets nowhere.
	r := site.NewRequest("web", site.CallbackURI).With("id_token_hint", hint)
	s.Browser().RefusedAtClient(r.With("prompt", "none"), "login_required")
	stranger := s.Browser()
	stranger.Seed = ben.Seed
	if answer := stranger.Authorize(site.NewRequest("web", site.CallbackURI).With("id_token_hint", hint)).Login("ben@example.com").Answered(); answer.Get("error") != "login_required" || answer.Get("code") != "" {
		t.Error("another person finished:", answer)
	}
	// Expired hints are still hints; another client's, altered ones and other
	// tokens are none.
	s.Clock.Add(20 * time.Minute)
	anna.NewCode(site.NewRequest("web", site.CallbackURI).With("id_token_hint", hint))
	anna.RefusedAtClient(site.NewRequest("other", site.OtherURI).With("id_token_hint", hint), "invalid_request")
	parts := strings.Split(hint, ".")
	for name, bad := range map[string]string{
		"text": "x", "cut": hint[:len(hint)-3], "none": raw(t, map[string]any{"alg": "none"}, map[string]any{"iss": s.Config.Issuer, "sub": sub, "aud": "web"}) + ".",
		"other claims": parts[0] + "." + parts[1][:len(parts[1])-4] + "AAAA." + parts[2], "access token": tokens["access_token"].(string),
		"long": strings.Repeat("a", 5000), "own key": site.NewClientKey(t, "ES256", JWTHeader(t, hint)["kid"].(string)).Sign(t, site.IDToken(t, tokens), nil),
	} {
		if anna.Authorize(site.NewRequest("web", site.CallbackURI).With("id_token_hint", bad)); anna.Answered().Get("error") != "invalid_request" {
			t.Errorf("%s: %s", name, anna.URL)
		}
	}
	anna.RefusedAtClient(site.NewRequest("web", site.CallbackURI).With("id_token_hint", strings.Repeat("a", 6001)), "invalid_request")
}

// TestR118_HarmlessParameters: display, locales and hints never are errors;
// AZ-32.
func TestR118_HarmlessParameters(t *testing.T) {
	t.Parallel()
	s, faults := site.NewWatched(t, nil)
	s.Person(site.Email)
	for _, c := range [][]string{
		{"display", "page"}, {"display", "popup"}, {"display", "bogus"}, {"claims_locales", "se"}, {"ui_locales", "se"}, {"ui_locales", "!!"}, {"login_hint", strings.Repeat("x", 1000)}, {"login_hint", "a\x01b"},
	} {
		s.Browser().Authorize(site.NewRequest("web", site.CallbackURI).With(c...)).At("/login")
	}
	for wanted, lang := range map[string]string{"nl": "nl", "en": "en", "de en": "en", "nl-NL en": "nl", "de fr": "nl", "": "nl"} {
		b := s.Browser().Authorize(site.NewRequest("web", site.CallbackURI).With("ui_locales", wanted)).At("/login")
		if !strings.Contains(b.Body, `<html lang="`+lang+`"`) && !strings.Contains(b.Body, `lang="`+lang+`"`) {
			t.Errorf("ui_locales %q: not %s", wanted, lang)
		}
	}
	if b := s.Browser().Authorize(site.NewRequest("web", site.CallbackURI).With("login_hint", strings.Repeat("x", 255))).At("/login"); strings.Contains(b.Body, "xxxx") {
		t.Error("a login_hint that is no address is shown")
	}
	var pages []string
	for _, hint := range []string{site.Email, "nobody@example.com"} {
		faults.Reset()
		b := s.Browser().Authorize(site.NewRequest("web", site.CallbackURI).With("login_hint", hint)).At("/login")
		if !strings.Contains(b.Body, `value="`+hint+`"`) || faults.Calls()["Accounts.ByEmail"] != 0 {
			t.Errorf("login_hint %q: %v", hint, faults.Calls())
		}
		pages = append(pages, strings.ReplaceAll(b.Body, hint, ""))
	}
	if len(pages[0]) != len(pages[1]) {
		t.Error("the pages for a known and an unknown address differ")
	}
	if b := s.Browser().Authorize(site.NewRequest("web", site.CallbackURI).With("login_hint", `"><script>alert(1)</script>`)).At("/login"); strings.Contains(b.Body, "<script>alert") {
		t.Error("login_hint is not escaped")
	}
}

// TestAZ20_InterleavedLogins: two clients, two tabs, all twenty orders of
// three steps each; nothing crosses.
func TestAZ20_InterleavedLogins(t *testing.T) {
	testenv.Slow(t)
	t.Parallel()
	s := site.New(t, site.WithClients(site.NewClient("other", site.OtherURI, nil)))
	_, first := s.Active(site.Email)
	for order := range 1 << 6 {
		var tabs []int
		for i := range 6 {
			tabs = append(tabs, order>>i&1)
		}
		if slices.Index(tabs, 0) < 0 || count(tabs, 1) != 3 {
			continue
		}
		b := s.Browser()
		b.Seed = first.Seed
		requests := []site.Request{site.NewRequest("web", site.CallbackURI).With("prompt", "login"), site.NewRequest("other", site.OtherURI).With("prompt", "login")}
		open := []*site.Browser{copyOf(b), copyOf(b)}
		var step [2]int
		for _, i := range tabs {
			tab := open[i]
			switch step[i] {
			case 0:
				tab.Authorize(requests[i]).At("/login")
			case 1:
				tab.Submit("email", site.Email, "password", site.Password).At("/login/code")
			case 2:
				s.Clock.Add(30 * time.Second)
				answer := tab.Submit("code", tab.Code()).Answered()
				if answer.Get("state") != requests[i].Get("state") || !strings.HasPrefix(tab.URL.String(), requests[i].Get("redirect_uri")+"?") {
					t.Fatalf("%v: tab %d ended at %s", tabs, i, tab.URL)
				}
				header := []http.Header{s.Basic(), site.BasicOf("other")}[i]
				status, tokens, _ := s.Call(http.MethodPost, "/token", requests[i].Exchange(answer.Get("code")), header)
				if status != http.StatusOK || site.IDToken(t, tokens)["nonce"] != requests[i].Get("nonce") || site.IDToken(t, tokens)["aud"] != requests[i].Get("client_id") {
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
func copyOf(b *site.Browser) *site.Browser { c := *b; return &c }

// TestAZ21_TamperedHandles: every character of the handle in the address and
// of the browser's cookie matters (JW-17).
func TestAZ21_TamperedHandles(t *testing.T) {
	t.Parallel()
	s := site.New(t, nil)
	b := s.Browser().Authorize(site.NewRequest("web", site.CallbackURI)).At("/login")
	handle, cookie := b.URL.Query().Get("login"), b.Cookies()["olid-browser"]
	try := func(handle, cookie string) int {
		req := b.Request(http.MethodGet, "/login?"+url.Values{"login": {handle}}.Encode(), nil)
		req.AddCookie(&http.Cookie{Name: "olid-browser", Value: cookie})
		res, err := http.DefaultTransport.RoundTrip(req)
		site.Must(t, err)
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
	t.Parallel()
	s := site.New(t, nil)
	a, b := s.Active(site.Email)
	store := s.Stores.DB.Clients()
	for name, after := range map[string]*client.Client{"removed": nil, "another redirect URI": new(site.NewClient("stored", "https://moved.example/cb", nil))} {
		site.Must(t, store.Add(t.Context(), site.NewClient("stored", site.OtherURI, nil), site.NoEffects))
		s.Clock.Add(3 * time.Second)
		link := lastStep(b, site.NewRequest("stored", site.OtherURI).With("prompt", "login"), site.Email)
		before := issued(s, a)
		site.Must(t, store.Remove(t.Context(), "stored", site.NoEffects))
		if after != nil {
			site.Must(t, store.Add(t.Context(), *after, site.NoEffects))
		}
		s.Clock.Add(3 * time.Second)
		if b.Get(s.Server.URL + link); b.Status != http.StatusGone || issued(s, a) != before {
			t.Errorf("%s: %d at %s", name, b.Status, b.URL)
		}
		_ = store.Remove(t.Context(), "stored", site.NoEffects)
		s.Clock.Add(3 * time.Second)
	}
}
