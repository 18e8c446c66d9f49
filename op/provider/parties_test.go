package provider_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"omgevingsloket-id/e2e/site"
	"omgevingsloket-id/pkg/client"
)

// What the software of relying parties sends, as it comes.

const strangeKeys = `{"kty":"AKP","alg":"ML-DSA-65","pub":"AAAA"},{"kty":"OKP","crv":"X25519","x":"hSDwCYkwp1R0i33ctD73Wg2_Og0mOBr066SpjqqbTmo"},` +
	`{"kty":"EC","crv":"secp256k1","x":"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4","y":"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM"}`

// Y18: keys of a type, curve, use or algorithm that is not known, and others of the
// same id, stand beside the right one, inline and at an address; a set without a usable key is no outage.
func TestY18_UnknownKeysOfClients(t *testing.T) {
	t.Parallel()
	key := site.NewClientKey(t, "RS256", "k1")
	good := strings.TrimPrefix(string(site.JWKS(t, key)), `{"keys":[`)
	same := strings.TrimSuffix(strings.TrimPrefix(string(site.JWKS(t, site.NewClientKey(t, "RS256", "k1"), site.NewClientKey(t, "ES256", "k1"))), `{"keys":[`), "]}")
	others := strings.ReplaceAll(same, `"sig"`, `"future"`) + "," + strings.ReplaceAll(same, `"RS256"`, `"XS256"`)
	mixed := `{"keys":[` + strangeKeys + "," + same + "," + others + "," + good
	inline := site.KeyedClient(t, "inline", site.KeyedURI, key)
	inline.JWKS = json.RawMessage(mixed)
	server, remote := behindURI(t)
	s := site.New(t, site.WithClients(inline, remote))
	server.serve(mixed)
	for _, id := range []string{"inline", "remote"} {
		status, out := prove(s, key.Sign(t, s.Assertion(id), nil))
		WantRefused(t, status, out, http.StatusBadRequest, "invalid_grant")
	}
	for _, bad := range []string{`{"keys":[` + strangeKeys + `]}`, `{"keys":[]}`, `{"keys":{}}`, `{}`, "<html>"} {
		s.Clock.Add(11 * time.Minute)
		server, remote := behindURI(t)
		s := site.New(t, site.WithClients(remote))
		server.serve(bad)
		status, out := prove(s, key.Sign(t, s.Assertion("remote"), nil))
		WantRefused(t, status, out, http.StatusUnauthorized, "invalid_client")
	}
}

// Y18: a key without an id serves every id; typ is a media type, in any case.
func TestY18_KeyIDsAndTypes(t *testing.T) {
	t.Parallel()
	key := site.NewClientKey(t, "ES256", "")
	s := site.New(t, site.WithClients(site.KeyedClient(t, "keyed", site.KeyedURI, key)))
	named := key
	named.KID = "2026-11"
	for _, k := range []site.ClientKey{key, named} {
		for _, typ := range []string{"JWT", "jwt", "Jwt", "application/jwt", "CLIENT-AUTHENTICATION+JWT", "application/client-authentication+jwt"} {
			status, out := prove(s, k.Sign(t, s.Assertion("keyed"), map[jose.HeaderKey]any{"typ": typ}))
			if out["error"] != "invalid_grant" {
				t.Errorf("kid %q, typ %q: %d %v", k.KID, typ, status, out)
			}
		}
	}
}

// Y18: an array of audiences is accepted under general if every one is ours.
func TestY18_Audiences(t *testing.T) {
	t.Parallel()
	for _, policy := range []client.Policy{client.General, client.NLGov} {
		s, keys := keyedSite(t, policy)
		issuer, token := s.Config.Issuer, s.Config.Issuer+"/token"
		for _, c := range []struct {
			aud            any
			general, nlgov bool
		}{
			{issuer, true, true}, {token, true, true}, {[]string{issuer}, true, true},
			{[]string{issuer, token}, true, false}, {[]string{token, issuer}, true, false},
			{[]string{issuer, token, "https://evil.example"}, false, false}, {[]string{"https://evil.example", issuer}, false, false},
			{[]string{issuer, ""}, false, false}, {[]string{}, false, false}, {issuer + " " + token, false, false}, {[]string{issuer + "/"}, false, false},
		} {
			want := map[client.Policy]bool{client.General: c.general, client.NLGov: c.nlgov}[policy]
			status, out := prove(s, keys["ES256"].Sign(t, s.Assertion("ES256", "aud", c.aud), nil))
			if got := out["error"] == "invalid_grant"; got != want || !want && status != http.StatusUnauthorized {
				t.Errorf("%s, aud %v: %d %v", policy, c.aud, status, out)
			}
		}
	}
}

// Y25: who signed an assertion with its own key is told what is wrong with it;
// nobody else is.
func TestY25_ReasonsOfAssertions(t *testing.T) {
	t.Parallel()
	s, keys := keyedSite(t, client.NLGov)
	at := func(d time.Duration) int64 { return s.Clock.Now().Add(d).Unix() }
	for want, pairs := range map[string][]any{
		"exp is more than 300 seconds ahead": {"exp", at(time.Hour)}, "exp has passed": {"exp", at(-time.Second)}, "exp is required": {"exp", nil},
		"iat is required": {"iat", nil}, "iat is in the future": {"iat", at(time.Minute)}, "jti is required": {"jti", nil}, "aud must be": {"aud", "https://x.example"},
		"iss and sub": {"iss", "RS256"}, "a claim has the wrong type": {"exp", "1781092800"},
	} {
		status, out := prove(s, keys["ES256"].Sign(t, s.Assertion("ES256", pairs...), nil))
		WantRefused(t, status, out, http.StatusUnauthorized, "invalid_client")
		if text, _ := out["error_description"].(string); !strings.Contains(text, want) {
			t.Errorf("%v: %q, want %q", pairs, text, want)
		}
		_, out = prove(s, site.NewClientKey(t, "ES256", "ES256-1").Sign(t, s.Assertion("ES256", pairs...), nil))
		if out["error_description"] != "client authentication failed" {
			t.Errorf("%v, signed by a stranger: %v", pairs, out)
		}
	}
	for _, pairs := range [][]any{{"exp", "tomorrow"}, {"exp", true}, {"iat", "2026-06-10T12:00:00Z"}, {"nbf", []int{1}}, {"aud", 1}, {"aud", []any{1}}, {"aud", map[string]any{}}, {"jti", 7}, {"iss", []string{"ES256"}}} {
		status, out := prove(s, keys["ES256"].Sign(t, s.Assertion("ES256", pairs...), nil))
		WantRefused(t, status, out, http.StatusUnauthorized, "invalid_client")
		if text, _ := out["error_description"].(string); !strings.Contains(text, "a claim has the wrong type") {
			t.Errorf("%v: %q", pairs, text)
		}
	}
	token := keys["ES256"].Sign(t, s.Assertion("ES256"), nil)
	prove(s, token)
	if _, out := prove(s, token); !strings.Contains(out["error_description"].(string), "jti was used before") {
		t.Errorf("a replay: %v", out)
	}
	_, out := prove(s, keys["ES256"].Sign(t, s.Assertion("ES256"), map[jose.HeaderKey]any{"typ": "at+jwt"}))
	if !strings.Contains(out["error_description"].(string), "typ") {
		t.Errorf("typ: %v", out)
	}
}

// Y26: clocks that differ. A client behind ours accepts our tokens, and we accept its
// assertions while they last; one ahead of ours may be so by ten seconds, and is told
// when it is more.
func TestY26_ClocksOfClients(t *testing.T) {
	t.Parallel()
	key := site.NewClientKey(t, "ES256", "k1")
	s := site.New(t, site.WithClients(site.KeyedClient(t, "keyed", site.KeyedURI, key)))
	_, b := s.Active(site.Email)
	claims := site.IDToken(t, b.Tokens(site.NewRequest("web", site.CallbackURI)))
	for _, behind := range []time.Duration{0, 45 * time.Second, time.Minute} {
		theirs := float64(s.Clock.Now().Add(-behind).Unix())
		if claims["nbf"].(float64) > theirs || claims["exp"].(float64) <= theirs {
			t.Errorf("%s behind: nbf %v, exp %v, their time %v", behind, claims["nbf"], claims["exp"], theirs)
		}
	}
	for ahead, want := range map[time.Duration]string{
		-59 * time.Second: "", -45 * time.Second: "", 0: "", 10 * time.Second: "", 11 * time.Second: "is in the future", 2 * time.Minute: "is in the future",
		-time.Minute: "exp has passed", -time.Hour: "exp has passed",
	} {
		theirs := s.Clock.Now().Add(ahead).Unix()
		for _, nbf := range []any{nil, theirs} {
			status, out := prove(s, key.Sign(t, s.Assertion("keyed", "iat", theirs, "nbf", nbf, "exp", theirs+60), nil))
			text, _ := out["error_description"].(string)
			if want == "" && out["error"] != "invalid_grant" || want != "" && (status != http.StatusUnauthorized || !strings.Contains(text, want)) {
				t.Errorf("%s ahead, nbf %v: %d %v, want %q", ahead, nbf, status, out, want)
			}
		}
	}
}

// Y16: brokers and deep links put much in state; it comes back byte for byte, after
// a whole login as well.
func TestY16_LongState(t *testing.T) {
	t.Parallel()
	s := site.New(t, nil)
	_, b := s.Active(site.Email)
	for _, state := range []string{strings.Repeat("s", 2000), strings.Repeat("s", 4000), strings.Repeat("s", 7500), strings.Repeat("\"<&\\", 500), strings.Repeat("é", 1000)} {
		r := site.NewRequest("web", site.CallbackURI).With("state", state)
		if got := b.Authorize(r).Answered().Get("state"); got != state {
			t.Errorf("%.10q…, %d bytes: state %.10q…, %d bytes", state, len(state), got, len(got))
		}
		s.Clock.Add(30 * time.Second)
		fresh := s.Browser()
		fresh.Seed = b.Seed
		answer := fresh.Authorize(r.With("prompt", "login")).Login(site.Email).Answered()
		if answer.Get("state") != state || answer.Get("code") == "" {
			t.Errorf("%.10q…, %d bytes, logged in: %.200v", state, len(state), answer)
		}
		b.RefusedAtClient(site.NewRequest("web", site.CallbackURI).With("state", state, "response_type", "token"), "unsupported_response_type")
	}
}

// Y16: what is wrong with a request of a proven client is told to the client, by
// GET and by POST, with state and iss.
func TestY16_FaultsGoToTheClient(t *testing.T) {
	t.Parallel()
	s := site.New(t, nil)
	b := s.Browser()
	good := func() site.Request { return site.NewRequest("web", site.CallbackURI) }
	for name, r := range map[string]site.Request{
		"nonce too long": good().With("nonce", strings.Repeat("n", 513)), "nonce no text": good().With("nonce", "\xff"), "scope too long": good().With("scope", strings.Repeat("x", 1025)),
		"claims too long": good().With("claims", strings.Repeat("x", 4097)), "nonce NUL": good().With("nonce", "\x00"), "prompt long": good().With("prompt", strings.Repeat("p", 65)),
		"scope twice": {Values: mergedWith(good().Values, url.Values{"scope": {"openid", "openid"}})}, "max_age twice": {Values: mergedWith(good().Values, url.Values{"max_age": {"1", "2"}})},
	} {
		b.RefusedAtClient(r, "invalid_request")
		post := b.Request(http.MethodPost, "/authorize", strings.NewReader(r.Encode()))
		post.Header.Set("Content-Type", site.FormType)
		a := b.Send(post)
		location, err := url.Parse(a.Header.Get("Location"))
		if err != nil || a.Status != http.StatusSeeOther || location.Host != "rp.example" || location.Query().Get("error") != "invalid_request" || location.Query().Get("state") != r.Get("state") || location.Query().Get("iss") != s.Config.Issuer {
			t.Errorf("%s: POST = %d %q", name, a.Status, a.Header.Get("Location"))
		}
		b.RefusedHere(site.Request{Values: mergedWith(r.Values, url.Values{"client_id": {"nobody"}})})
		b.RefusedHere(site.Request{Values: mergedWith(r.Values, url.Values{"redirect_uri": {"https://evil.example/cb"}})})
	}
	raw := b.Send(b.Request(http.MethodGet, "/authorize?"+good().With("state", "").Encode()+"&state=100%", nil))
	if location := raw.Header.Get("Location"); !strings.HasPrefix(location, site.CallbackURI+"?error=invalid_request") {
		t.Errorf("a state that is not encoded: %d %q", raw.Status, location)
	}
}

// Y17: a semicolon is data, and what is unknown or repeatable refuses nothing, at
// every endpoint.
func TestY17_UnknownParametersAndSemicolons(t *testing.T) {
	t.Parallel()
	s := site.New(t, nil)
	_, b := s.Active(site.Email)
	const extra = "&resource=https%3A%2F%2Fa.example&resource=https%3A%2F%2Fb.example&audience=x&audience=y&lang=en&lang=nl&login=1&login=2&x=%zz&x=%00&%zz&=&"
	r := site.NewRequest("web", site.CallbackURI)
	for _, state := range []string{`a"b<c>\d`, "a'b|c^d`e", "{}[]", "😀", "?x=/y", "a=b=c", "\u200b\ufeff", "\u202e", "a b", "é+%"} {
		if got := b.Authorize(site.NewRequest("web", site.CallbackURI).With("state", state)).Answered(); got.Get("state") != state || got.Get("code") == "" {
			t.Errorf("state %q: %v", state, got)
		}
		raw := strings.NewReplacer("%", "%25", "+", "%2B", " ", "+").Replace(state)
		req := b.Request(http.MethodGet, "/authorize", nil)
		req.URL.RawQuery = site.NewRequest("web", site.CallbackURI).With("state", "").Encode() + "&state=" + raw
		if location, err := url.Parse(b.Send(req).Header.Get("Location")); err != nil || location.Query().Get("state") != state || location.Query().Get("code") == "" {
			t.Errorf("raw state %q: %v", raw, location)
		}
	}
	state := "a;b;c=d;"
	get := b.Send(b.Request(http.MethodGet, "/authorize?"+strings.Replace(r.Encode(), "state=", "x=", 1)+extra+"state="+state, nil))
	location, err := url.Parse(get.Header.Get("Location"))
	site.Must(t, err)
	if location.Query().Get("state") != state || location.Query().Get("code") == "" {
		t.Fatalf("GET: %d %q", get.Status, location)
	}
	post := b.Request(http.MethodPost, "/authorize?utm=1&utm=2", strings.NewReader(strings.Replace(r.Encode(), "state=", "x=", 1)+extra+"state="+state))
	post.Header.Set("Content-Type", site.FormType)
	if answer := b.Do(post).Answered(); answer.Get("state") != state || answer.Get("code") == "" {
		t.Errorf("POST: %v", answer)
	}
	call := func(path, body string, header http.Header) (int, map[string]any) {
		t.Helper()
		req := b.Request(http.MethodPost, path, strings.NewReader(body))
		req.Header = header.Clone()
		req.Header.Set("Content-Type", site.FormType)
		a := b.Send(req)
		out := map[string]any{}
		_ = json.Unmarshal([]byte(a.Body), &out)
		return a.Status, out
	}
	status, tokens := call("/token?foo=1&foo=2;", r.Exchange(b.NewCode(r)).Encode()+extra, s.Basic())
	if status != http.StatusOK {
		t.Fatal("token:", status, tokens)
	}
	token := tokens["access_token"].(string)
	for _, c := range []struct{ path, body string }{{"/userinfo?schema=openid&x=1&x=2;", "x=1&x=2;"}, {"/userinfo?schema=openid", ""}} { // Y36
		if status, out := call(c.path, c.body, site.Bearer(token)); status != http.StatusOK || out["sub"] == nil {
			t.Errorf("%s: %d %v", c.path, status, out)
		}
		if status, out, _ := s.Call(http.MethodGet, c.path, nil, site.Bearer(token)); status != http.StatusOK || out["sub"] == nil {
			t.Errorf("GET %s: %d %v", c.path, status, out)
		}
	}
	if status, out, _ := s.Call(http.MethodGet, "/userinfo?access_token="+token, nil, site.Bearer(token)); status != http.StatusBadRequest {
		t.Error("a token in the address:", status, out)
	}
	if status, out := call("/revoke?x=1", "token="+token+extra, s.Basic()); status != http.StatusOK {
		t.Error("revoke:", status, out)
	}
	if status, _, _ := s.Call(http.MethodGet, "/userinfo", nil, site.Bearer(token)); status != http.StatusUnauthorized {
		t.Error("not revoked:", status)
	}
	if a := b.Send(b.Request(http.MethodGet, "/end_session?x=1"+extra+"state="+state, nil)); a.Status != http.StatusOK {
		t.Error("end_session:", a.Status)
	}
}

// Y22: invalid_scope names the scope and the rule; what is no name of a scope is not
// repeated.
func TestY22_ScopeIsNamed(t *testing.T) {
	t.Parallel()
	gov := site.PublicClient("gov", site.OtherURI)
	gov.Policy = client.NLGov
	s := site.New(t, site.WithClients(gov))
	for _, c := range []struct{ client, uri, scope, want string }{
		{"gov", site.OtherURI, "openid emial", "scope emial does not exist here"},
		{"gov", site.OtherURI, "openid https://a.example/read:x", "scope https://a.example/read:x does not exist here"},
		{"gov", site.OtherURI, "openid anna@example.org", "scope does not exist here"},
		{"gov", site.OtherURI, "openid " + strings.Repeat("x", 65), "scope does not exist here"},
		{"gov", site.OtherURI, "openid <b>\"", "scope does not exist here"},
		{"gov", site.OtherURI, "openid phone", "scope phone is not open to this client"},
		{"third", "https://third.example/cb", "openid phone", "scope phone is not open to this client"},
		{"web", site.CallbackURI, "email", "scope must contain openid"},
		{"web", site.CallbackURI, "openidx", "scope must contain openid"},
	} {
		r := site.NewRequest(c.client, c.uri).With("scope", c.scope)
		answer := s.Browser().Authorize(r).Answered()
		if answer.Get("error") != "invalid_scope" || !strings.HasPrefix(answer.Get("error_description"), c.want) || answer.Get("state") != r.Get("state") {
			t.Errorf("%s, %.40s: %v, want %q", c.client, c.scope, answer, c.want)
		}
	}
}

// Y25: the policy's limits are told.
func TestY25_ReasonsOfNLGov(t *testing.T) {
	t.Parallel()
	s := site.New(t, site.OnlyClients(client.NLGov, site.PublicClient("gov", site.OtherURI)))
	for _, name := range []string{"nonce", "state"} {
		answer := s.Browser().Authorize(site.NewRequest("gov", site.OtherURI).With(name, strings.Repeat("x", 20))).Answered()
		if text := answer.Get("error_description"); answer.Get("error") != "invalid_request" || !strings.Contains(text, name) || !strings.Contains(text, "22 characters") {
			t.Errorf("%s of 20 characters: %v", name, answer)
		}
	}
}

// Y24: own choice, ui_locales for this login, the browser, Dutch; and what a client
// asks for does not last.
func TestY24_LanguageOfALogin(t *testing.T) {
	t.Parallel()
	s := site.New(t, nil)
	says := func(b *site.Browser) string {
		_, after, _ := strings.Cut(b.Body, `<html lang="`)
		lang, _, _ := strings.Cut(after, `"`)
		return lang
	}
	open := func(accept string, pairs ...string) *site.Browser {
		b := s.Browser()
		b.Lang = accept
		return b.Authorize(site.NewRequest("web", site.CallbackURI).With(pairs...))
	}
	for _, c := range []struct{ accept, locales, want string }{
		{"", "", "nl"}, {"en", "", "en"}, {"", "en", "en"}, {"nl", "en-GB", "en"}, {"en", "nl-BE en", "nl"}, {"nl", "de", "nl"}, {"", "de", "nl"}, {"en", "de xx", "en"}, {"nl", "de en", "en"},
		{"nl", "", "nl"}, {"de", "", "en"}, {"*", "", "nl"}, {"en;q=0.3, nl;q=0.9", "", "nl"}, {"de", "fr zz", "en"}, {"en", "!! \x01", "en"}, {"nl", "*", "nl"}, {"en", strings.Repeat("xx ", 300) + "nl", "nl"},
	} {
		b := open(c.accept, "ui_locales", c.locales, "lang", "en")
		b.Get(b.URL.String()) // a page of the login, as often as it is opened
		if got := says(b); got != c.want {
			t.Errorf("browser %q, ui_locales %q: %s, want %s", c.accept, c.locales, got, c.want)
		}
		if cookies := b.Cookies(); cookies["olid-lang"] != "" {
			t.Errorf("browser %q, ui_locales %q: kept as %q", c.accept, c.locales, cookies["olid-lang"])
		}
	}
	// A page of /authorize itself.
	if b := open("nl", "ui_locales", "en", "client_id", "who"); says(b) != "en" || b.Status != http.StatusBadRequest {
		t.Errorf("an error page: %s (%d)", says(b), b.Status)
	}
	// Every page of the login, a wrong password included; not those outside it.
	s.Person(site.Email)
	b := open("", "ui_locales", "en")
	if b.Submit("email", site.Email, "password", "wrong wrong wrong"); says(b) != "en" {
		t.Error("after a wrong password:", says(b))
	}
	if b.Submit("email", site.Email, "password", site.Password); says(b) != "en" {
		t.Errorf("at %s: %s", b.URL, says(b))
	}
	if other := b.Get("/help"); says(other) != "nl" {
		t.Error("outside the login:", says(other))
	}
	// The person's own choice wins, and stays.
	b = open("", "ui_locales", "en")
	b.Get(b.URL.String() + "&lang=nl")
	if b.Authorize(site.NewRequest("web", site.CallbackURI).With("ui_locales", "en")); says(b) != "nl" {
		t.Error("the own choice:", says(b))
	}
	// end_session: the question and what follows.
	b = s.Browser().Get("/end_session?ui_locales=de%20en&state=1")
	if says(b) != "en" || b.Cookies()["olid-lang"] != "" {
		t.Errorf("end_session: %s, cookies %v", says(b), b.Cookies())
	}
}

// Y36: prompt=consent beside offline_access is asked for a refresh token, which never
// comes; without it, it is a wish of its own.
func TestY36_ConsentForARefreshToken(t *testing.T) {
	t.Parallel()
	s := site.New(t, nil)
	_, b := s.Active(site.Email)
	for range 2 {
		answer := b.Authorize(site.NewRequest("web", site.CallbackURI).With("scope", "openid offline_access email", "prompt", "consent")).Answered()
		if answer.Get("code") == "" {
			t.Errorf("with offline_access: %v", answer)
		}
	}
	b.Authorize(site.NewRequest("web", site.CallbackURI).With("scope", "openid email", "prompt", "consent")).At("/consent")
	b.Authorize(site.NewRequest("third", "https://third.example/cb").With("scope", "openid offline_access email", "prompt", "consent")).At("/consent")
}
