package provider_test

import (
	"maps"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"omgevingsloket-id/e2e/site"
	"omgevingsloket-id/pkg/client"
	"omgevingsloket-id/pkg/config"
	"omgevingsloket-id/storage/storagetest"
)

// pushes pushes a request as a client made by NewClient, or as "web".
func pushes(s *site.Site, r site.Request) (int, map[string]any, http.Header) {
	s.T.Helper()
	header := s.Basic()
	if id := r.Get("client_id"); id != "web" {
		header = site.BasicOf(id)
	}
	return s.Call(http.MethodPost, "/par", r.Values, header)
}

// pushed pushes a request and returns the authorization request with its reference.
func pushed(s *site.Site, r site.Request) site.Request {
	s.T.Helper()
	status, out, _ := pushes(s, r)
	uri, _ := out["request_uri"].(string)
	if status != http.StatusCreated || !strings.HasPrefix(uri, "urn:ietf:params:oauth:request_uri:olid_par_") || out["expires_in"] != 90.0 || len(out) != 2 {
		s.T.Fatalf("pushing: %d %v, want 201, a reference and 90 seconds", status, out)
	}
	return site.Request{Verifier: r.Verifier, Values: url.Values{"client_id": {r.Get("client_id")}, "request_uri": {uri}}}
}

// a pushed request leads through the login with nothing else in the address, and
// what the address adds changes nothing.
func TestR221_R225_PushedRequest(t *testing.T) {
	t.Parallel()
	s := site.New(t, nil)
	_, b := s.Active(site.Email)
	r := site.NewRequest("web", site.CallbackURI).With("scope", "openid email", "prompt", "login", "login_hint", "jo@example.org", "ui_locales", "en")
	short := pushed(s, r)
	other := site.Request{Verifier: r.Verifier, Values: maps.Clone(short.Values)}
	other.With("redirect_uri", "https://evil.example/cb", "state", "another", "scope", "openid", "prompt", "none", "nonce", "another", "code_challenge", "x", "ui_locales", "nl")
	s.Clock.Add(30 * time.Second)
	b.Authorize(other).At("/login").Says(`value="jo@example.org"`).Says("Log in")
	b.Submit("email", site.Email, "password", site.Password).At("/login/code").Submit("code", b.Code())
	answer := b.Answered()
	if b.URL.Host != "rp.example" || answer.Get("state") != r.Get("state") {
		t.Errorf("answered at %s, want the pushed redirect URI and state", b.URL)
	}
	status, tokens := s.Redeem(r, answer.Get("code"))
	if status != http.StatusOK || tokens["scope"] != "openid email" || JWTClaims(t, tokens["id_token"])["nonce"] != r.Get("nonce") {
		t.Errorf("redeemed: %d %v, want the pushed scope and nonce", status, tokens)
	}
}

// a pushed request is opened as often as one likes until a login that began with it
// has ended; then it is used up, also for logins that are under way.
func TestR224_PushedRequestOnce(t *testing.T) {
	t.Parallel()
	s := site.New(t, nil)
	_, in := s.Active(site.Email)
	r := site.NewRequest("web", site.CallbackURI).With("prompt", "login")
	short := pushed(s, r)
	var browsers []*site.Browser
	s.Clock.Add(30 * time.Second)
	for range 8 {
		b := s.Browser().Authorize(short).At("/login").Authorize(short).At("/login") // a reload
		b.Seed = in.Seed
		browsers = append(browsers, b.Submit("email", site.Email, "password", site.Password).At("/login/code"))
	}
	// Each code of the app is used once, so they end one after the other.
	s.Clock.Add(2 * time.Minute)
	codes := 0
	for i, b := range browsers {
		s.Clock.Add(30 * time.Second)
		answer := b.Submit("code", b.Code()).Answered()
		switch {
		case answer.Get("code") != "":
			codes++
		case answer.Get("error") != "invalid_request_uri" || answer.Get("state") != r.Get("state"):
			t.Errorf("browser %d is answered %v", i, answer)
		}
	}
	if codes != 1 {
		t.Errorf("one pushed request gave %d codes, want 1", codes)
	}
	s.Browser().Authorize(short).Is(http.StatusBadRequest).Says("Deze link om in te loggen werkt niet meer")
	in.Authorize(short).Is(http.StatusBadRequest)
}

// of browsers that are logged in and open a pushed request at once, one gets a code.
func TestR224_PushedRequestRace(t *testing.T) {
	t.Parallel()
	s := site.New(t, site.OnServers(t))
	_, in := s.Active(site.Email)
	short := pushed(s, site.NewRequest("web", site.CallbackURI))
	var mu sync.Mutex
	answers := map[string]int{}
	var wait sync.WaitGroup
	for range 16 {
		b := in.Copy()
		wait.Go(func() {
			b.Authorize(short)
			mu.Lock()
			defer mu.Unlock()
			switch {
			case b.URL.Query().Get("code") != "":
				answers["code"]++
			case b.URL.Query().Get("error") == "invalid_request_uri", b.Status == http.StatusBadRequest:
				answers["refused"]++
			default:
				t.Errorf("at %s (status %d)", b.URL, b.Status)
			}
		})
	}
	wait.Wait()
	if answers["code"] != 1 || answers["refused"] != 15 {
		t.Errorf("answers %v, want one code and 15 refusals", answers)
	}
}

// a reference is of one client and of its time, and says nothing else.
func TestR224_PushedReferenceRefused(t *testing.T) {
	t.Parallel()
	s := site.New(t, site.WithClients(site.NewClient("other", site.OtherURI, nil)))
	short := pushed(s, site.NewRequest("web", site.CallbackURI))
	uri := short.Get("request_uri")
	for name, change := range map[string][]string{
		"another client": {"client_id", "other"}, "no client": {"client_id", ""}, "one character more": {"request_uri", uri + "A"},
		"one character less": {"request_uri", uri[:len(uri)-1]}, "no reference": {"request_uri", "urn:ietf:params:oauth:request_uri:"},
		"a login's handle": {"request_uri", strings.Replace(uri, "olid_par_", "olid_req_", 1)},
	} {
		bad := site.Request{Values: maps.Clone(short.Values)}
		b := s.Browser().Authorize(bad.With(change...)).Is(http.StatusBadRequest)
		if b.URL.Host == "rp.example" || strings.Contains(b.Body, "olid_par_") {
			t.Errorf("%s: at %s", name, b.URL)
		}
	}
	s.Clock.Add(90*time.Second - 1)
	b := s.Browser().Authorize(short).At("/login")
	s.Clock.Add(1)
	s.Browser().Authorize(short).Is(http.StatusBadRequest)
	b.Get(b.URL.String()).At("/login") // a login that began goes on
	twice := short.Encode() + "&" + url.Values{"request_uri": {uri}}.Encode()
	s.Browser().Get("/authorize?" + twice).Is(http.StatusBadRequest)
}

// everything that /authorize judges is judged, in JSON and at once.
func TestR222_R223_PushRefused(t *testing.T) {
	t.Parallel()
	s := site.New(t, func(c *config.Config) {
		site.WithClients(site.PublicClient("spa", site.OtherURI))(c)
		c.Clients[0].Scopes = []string{"email"}
	})
	for name, test := range map[string]struct {
		change []string
		status int
		code   string
	}{
		"a request_uri":          {[]string{"request_uri", "https://rp.example/object"}, 400, "invalid_request"},
		"a request object":       {[]string{"request", "e30.e30."}, 400, "request_not_supported"},
		"no redirect URI":        {[]string{"redirect_uri", ""}, 400, "invalid_request"},
		"another redirect URI":   {[]string{"redirect_uri", "https://evil.example/"}, 400, "invalid_request"},
		"a long redirect URI":    {[]string{"redirect_uri", site.CallbackURI + strings.Repeat("a", 2048)}, 400, "invalid_request"},
		"no PKCE":                {[]string{"code_challenge", ""}, 400, "invalid_request"},
		"plain PKCE":             {[]string{"code_challenge_method", "plain"}, 400, "invalid_request"},
		"another response type":  {[]string{"response_type", "token"}, 400, "unsupported_response_type"},
		"a scope of others":      {[]string{"client_id", "", "scope", "openid profile"}, 400, "invalid_scope"},
		"no openid":              {[]string{"scope", "email"}, 400, "invalid_scope"},
		"a prompt of two":        {[]string{"prompt", "none login"}, 400, "invalid_request"},
		"unreadable claims":      {[]string{"claims", "{"}, 400, "invalid_request"},
		"NUL":                    {[]string{"nonce", "a\x00"}, 400, "invalid_request"},
		"of another client":      {[]string{"client_id", "spa"}, 401, "invalid_client"},
		"a body that is too big": {[]string{"unknown", strings.Repeat("a", 20<<10)}, 413, "invalid_request"},
	} {
		r := site.NewRequest("web", site.CallbackURI).With(test.change...)
		status, out, h := s.Call(http.MethodPost, "/par", r.Values, s.Basic())
		WantRefused(t, status, out, test.status, test.code)
		if h.Get("Cache-Control") != "no-store" || h.Get("Content-Type") != "application/json" {
			t.Errorf("%s: headers %v", name, h)
		}
	}
	r := site.NewRequest("web", site.CallbackURI)
	for name, header := range map[string]http.Header{"no credentials": {}, "another secret": {"Authorization": {"Basic d2ViOng="}}} {
		status, out, _ := s.Call(http.MethodPost, "/par", r.Values, header)
		if WantRefused(t, status, out, http.StatusUnauthorized, "invalid_client"); status != http.StatusUnauthorized {
			t.Error(name)
		}
	}
	if status, out, _ := s.Call(http.MethodPost, "/par?client_id=web", r.Values, s.Basic()); status != http.StatusBadRequest {
		t.Errorf("a parameter in the address: %d %v", status, out)
	}
	if status, _, _ := s.Call(http.MethodGet, "/par", nil, s.Basic()); status != http.StatusMethodNotAllowed {
		t.Errorf("GET: status %d", status)
	}
}

// a client that pushes its requests cannot send them in an address.
func TestR226_PushRequired(t *testing.T) {
	t.Parallel()
	s := site.New(t, site.WithClients(site.NewClient("strict", site.OtherURI, func(c *client.Client) { c.RequirePushed = true })))
	_, b := s.Active(site.Email)
	r := site.NewRequest("strict", site.OtherURI)
	if e := b.Authorize(r).Answered().Get("error"); e != "invalid_request" {
		t.Errorf("a request in the address: error %q, want invalid_request", e)
	}
	if code := b.Authorize(pushed(s, r)).Answered().Get("code"); code == "" {
		t.Errorf("a pushed request: at %s, want a code", b.URL)
	}
	if m := discovery(s); m["pushed_authorization_request_endpoint"] != s.Config.Issuer+"/par" || m["require_pushed_authorization_requests"] != false {
		t.Errorf("metadata: %v, %v", m["pushed_authorization_request_endpoint"], m["require_pushed_authorization_requests"])
	}
}

// with an assertion, whose audience may be this endpoint.
func TestR221_PushByAssertion(t *testing.T) {
	t.Parallel()
	for _, policy := range []client.Policy{client.General, client.NLGov} {
		s, keys := keyedSite(t, policy)
		key := keys["RS256"]
		r := site.NewRequest("RS256", site.KeyedURI)
		for _, aud := range []string{"", "/token", "/par"} {
			form := site.Asserted(key.Sign(t, s.Assertion("RS256", "aud", s.Config.Issuer+aud), nil))
			maps.Copy(form, r.Values)
			if status, out, _ := s.Call(http.MethodPost, "/par", form, nil); status != http.StatusCreated {
				t.Errorf("%s, audience issuer%s: %d %v", policy, aud, status, out)
			}
			if status, out, _ := s.Call(http.MethodPost, "/par", form, nil); status != http.StatusUnauthorized {
				t.Errorf("%s, the same assertion again: %d %v", policy, status, out)
			}
		}
	}
}

// R-309, X1: what strangers push is bounded, in number and in bytes; a client with a secret
// pushes for everybody who logs in there.
func TestR309_X1_StrangersPush(t *testing.T) {
	t.Parallel()
	s := site.New(t, func(c *config.Config) {
		site.WithClients(site.PublicClient("spa", site.OtherURI))(c)
		c.Limits.AuthorizePerMinute = 5
	})
	push := func(id, uri string, header http.Header) int {
		status, _, h := s.Call(http.MethodPost, "/par", site.NewRequest(id, uri).Values, header)
		if status == http.StatusTooManyRequests && h.Get("Retry-After") == "" {
			t.Error("429 without Retry-After")
		}
		return status
	}
	for i := range 8 {
		if got := push("spa", site.OtherURI, nil); (got == http.StatusCreated) != (i < 5) || i >= 5 && got != http.StatusTooManyRequests {
			t.Errorf("push %d of a stranger: status %d", i+1, got)
		}
		if got := push("web", site.CallbackURI, s.Basic()); got != http.StatusCreated {
			t.Errorf("push %d of a client with a secret: status %d", i+1, got)
		}
	}
}

// A store that does not answer is 503, never a refusal.
func TestPushUnavailable(t *testing.T) {
	t.Parallel()
	s, faults := site.NewWatched(t, nil)
	_, b := s.Active(site.Email)
	r := site.NewRequest("web", site.CallbackURI)
	short := pushed(s, r)
	faults.Always("Requests.Create", storagetest.NotWritten)
	status, out, h := pushes(s, r)
	if status != http.StatusServiceUnavailable || out["error"] != "temporarily_unavailable" || h.Get("Retry-After") == "" {
		t.Errorf("pushing: %d %v %v", status, out, h)
	}
	b.Authorize(short).Is(http.StatusServiceUnavailable) // it could not be spent
	faults.Heal()
	if b.Authorize(short).Answered().Get("code") == "" {
		t.Errorf("afterwards: at %s, want a code", b.URL)
	}
	short = pushed(s, r)
	faults.Always("Requests.Get", storagetest.NotWritten)
	b.Authorize(short).Is(http.StatusServiceUnavailable)
}
