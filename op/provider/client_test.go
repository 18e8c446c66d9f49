package provider_test

import (
	"encoding/base64"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"omgevingsloket-id/e2e/site"
	"omgevingsloket-id/pkg/client"
	"omgevingsloket-id/pkg/secret"
)

// How clients prove themselves with secrets, and what a failed proof gets.

// proof tells whether the token endpoint took the client for authenticated:
// it then speaks of the code.
func proof(s *site.Site, form url.Values, header http.Header) (int, map[string]any, http.Header) {
	s.T.Helper()
	r := site.NewRequest("web", site.CallbackURI)
	return s.Call(http.MethodPost, "/token", r.Exchange("olid_cod_x", form), header)
}

func authorization(value string) http.Header { return http.Header{"Authorization": {value}} }

func encoded(user, password string) string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(user+":"+password))
}

// TestR163_BasicIsFormEncoded: identifier and secret are form-encoded inside
// the header (RFC 6749 §2.3.1).
func TestR163_BasicIsFormEncoded(t *testing.T) {
	t.Parallel()
	const id, hard = "https://rp.example/app?x=1&y=%", `p%+:&= "ü€`
	s := site.New(t, site.WithClients(site.NewClient(id, site.CallbackURI, func(c *client.Client) { c.SecretHashes = []string{secret.Text(hard).Hash()} })))
	for name, c := range map[string]struct {
		header string
		good   bool
	}{
		"encoded":           {encoded(url.QueryEscape(id), url.QueryEscape(hard)), true},
		"%20 for the space": {encoded(url.QueryEscape(id), strings.ReplaceAll(url.QueryEscape(hard), "+", "%20")), true},
		"lower case scheme": {"basic" + encoded(url.QueryEscape(id), url.QueryEscape(hard))[5:], true},
		"not encoded":       {encoded(url.QueryEscape(id), hard), false},
		"wrong":             {encoded(url.QueryEscape(id), "x"), false},
		"empty":             {encoded(url.QueryEscape(id), ""), false},
		"the hash":          {encoded(url.QueryEscape(id), secret.Text(hard).Hash()), false},
	} {
		status, out, h := proof(s, nil, authorization(c.header))
		if c.good {
			WantRefused(t, status, out, http.StatusBadRequest, "invalid_grant")
			continue
		}
		WantRefused(t, status, out, http.StatusUnauthorized, "invalid_client")
		if h.Get("WWW-Authenticate") != `Basic realm="Omgevingsloket-ID"` {
			t.Errorf("%s: challenge %q", name, h.Get("WWW-Authenticate"))
		}
	}
}

func TestR164_SecretInTheBody(t *testing.T) {
	t.Parallel()
	s := site.New(t, site.WithClients(site.NewClient("post", site.OtherURI, func(c *client.Client) { c.AuthMethod = client.ClientSecretPost })))
	status, out, _ := proof(s, url.Values{"client_id": {"post"}, "client_secret": {"post-secret"}}, nil)
	WantRefused(t, status, out, http.StatusBadRequest, "invalid_grant")
	for name, form := range map[string]url.Values{
		"wrong":   {"client_id": {"post"}, "client_secret": {"x"}},
		"none":    {"client_id": {"post"}},
		"unknown": {"client_id": {"nobody"}, "client_secret": {"x"}},
		"another": {"client_id": {"web"}, "client_secret": {"post-secret"}},
	} {
		t.Run(name, func(t *testing.T) {
			status, out, _ := proof(s, form, nil)
			WantRefused(t, status, out, http.StatusUnauthorized, "invalid_client")
		})
	}
}

// TestR170_RegisteredMethodOnly: the right secret by another way is no proof,
// and R-033: a public client cannot prove anything.
func TestR170_RegisteredMethodOnly(t *testing.T) {
	t.Parallel()
	key := site.NewClientKey(t, "ES256", "k1")
	s := site.New(t, site.WithClients(
		site.NewClient("post", site.OtherURI, func(c *client.Client) { c.AuthMethod = client.ClientSecretPost }),
		site.KeyedClient(t, "keyed", site.KeyedURI, key), site.NativeClient("app", site.NativeURI),
	))
	for name, c := range map[string]struct {
		form   url.Values
		header http.Header
	}{
		"basic, registered for post":        {nil, site.BasicOf("post")},
		"post, registered for basic":        {url.Values{"client_id": {"web"}, "client_secret": {s.Secret.Reveal()}}, nil},
		"nothing, registered for basic":     {url.Values{"client_id": {"web"}}, nil},
		"nothing, registered for a key":     {url.Values{"client_id": {"keyed"}}, nil},
		"assertion, registered for basic":   {site.Asserted(key.Sign(t, s.Assertion("web"), nil)), nil},
		"assertion of a public client":      {site.Asserted(key.Sign(t, s.Assertion("app"), nil)), nil},
		"secret of a public client":         {url.Values{"client_id": {"app"}, "client_secret": {"app-secret"}}, nil},
		"empty basic for a public client":   {nil, authorization(encoded("app", ""))},
		"basic for a key, with its id":      {nil, site.BasicOf("keyed")},
		"unknown client, basic":             {nil, site.BasicOf("nobody")},
		"unknown client with a long name":   {nil, site.BasicOf(strings.Repeat("n", 300))},
		"somebody else's key for this name": {site.Asserted(site.NewClientKey(t, "ES256", "k1").Sign(t, s.Assertion("keyed"), nil)), nil},
	} {
		t.Run(name, func(t *testing.T) {
			status, out, _ := proof(s, c.form, c.header)
			WantRefused(t, status, out, http.StatusUnauthorized, "invalid_client")
			if out["error_description"] != "client authentication failed" { // TK-19: one answer
				t.Error(out)
			}
		})
	}
	status, out, _ := proof(s, url.Values{"client_id": {"app"}}, nil)
	WantRefused(t, status, out, http.StatusBadRequest, "invalid_grant")
}

// TestR032_OneMethod, TK-15: more than one way is refused, whatever is right.
func TestR032_OneMethod(t *testing.T) {
	t.Parallel()
	key := site.NewClientKey(t, "ES256", "k1")
	s := site.New(t, site.WithClients(site.KeyedClient(t, "keyed", site.KeyedURI, key), site.NativeClient("app", site.NativeURI)))
	assertion := func() url.Values { return site.Asserted(key.Sign(t, s.Assertion("keyed"), nil)) }
	plus := func(form url.Values, name, value string) url.Values { form.Set(name, value); return form }
	for name, c := range map[string]struct {
		form   url.Values
		header http.Header
		status int
		code   string
	}{
		"basic and a secret":           {url.Values{"client_secret": {s.Secret.Reveal()}}, s.Basic(), http.StatusBadRequest, "invalid_request"},
		"basic, id and secret":         {url.Values{"client_id": {"web"}, "client_secret": {s.Secret.Reveal()}}, s.Basic(), http.StatusBadRequest, "invalid_request"},
		"basic and an assertion":       {assertion(), s.Basic(), http.StatusBadRequest, "invalid_request"},
		"an assertion and a secret":    {plus(assertion(), "client_secret", "x"), nil, http.StatusBadRequest, "invalid_request"},
		"two assertions":               {url.Values{"client_assertion": {"a", "b"}}, nil, http.StatusBadRequest, "invalid_request"},
		"assertion without type":       {plus(assertion(), "client_assertion_type", ""), nil, http.StatusBadRequest, "invalid_request"},
		"assertion of another type":    {plus(assertion(), "client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:saml2-bearer"), nil, http.StatusBadRequest, "invalid_request"},
		"type without assertion":       {plus(assertion(), "client_assertion", ""), nil, http.StatusBadRequest, "invalid_request"},
		"type beside basic":            {url.Values{"client_assertion_type": {"x"}}, s.Basic(), http.StatusBadRequest, "invalid_request"},
		"two headers":                  {nil, http.Header{"Authorization": {s.Basic().Get("Authorization"), s.Basic().Get("Authorization")}}, http.StatusBadRequest, "invalid_request"},
		"basic of one, id of another":  {url.Values{"client_id": {"third"}}, s.Basic(), http.StatusUnauthorized, "invalid_client"},
		"assertion of one, id another": {plus(assertion(), "client_id", "web"), nil, http.StatusUnauthorized, "invalid_client"},
		"nothing at all":               {nil, nil, http.StatusBadRequest, "invalid_request"},
		"basic, its own id":            {url.Values{"client_id": {"web"}}, s.Basic(), http.StatusBadRequest, "invalid_grant"},
		"assertion, its own id":        {plus(assertion(), "client_id", "keyed"), nil, http.StatusBadRequest, "invalid_grant"},
	} {
		t.Run(name, func(t *testing.T) {
			status, out, _ := proof(s, c.form, c.header)
			WantRefused(t, status, out, c.status, c.code)
		})
	}
}

// TestTK16_BrokenBasic: 401 with a challenge, whatever is in it.
func TestTK16_BrokenBasic(t *testing.T) {
	t.Parallel()
	s := site.New(t, nil)
	for _, value := range []string{
		"Basic", "Basic ", "Basic !!!", "Basic d2Vi", "Basic " + base64.StdEncoding.EncodeToString([]byte("web")), encoded("", ""), encoded("", s.Secret.Reveal()),
		encoded("web%zz", "x"), encoded("web", "%"), encoded("web\x00", "x"), encoded("wéb", "x"), encoded("\xff\xfe", "\xff"), "Bearer x", "Negotiate x", "x",
		encoded("web", s.Secret.Reveal()) + "x", encoded("WEB", s.Secret.Reveal()), encoded("web", strings.ToUpper(s.Secret.Reveal())), encoded("web", s.Secret.Reveal()+" "),
	} {
		status, out, h := proof(s, url.Values{"client_id": {"web"}}, authorization(value))
		WantRefused(t, status, out, http.StatusUnauthorized, "invalid_client")
		if !strings.HasPrefix(h.Get("WWW-Authenticate"), "Basic ") {
			t.Errorf("%q: challenge %q", value, h.Get("WWW-Authenticate"))
		}
	}
	for _, size := range []int{5000, 14_000} {
		status, out, _ := proof(s, nil, authorization(encoded("web", strings.Repeat("x", size))))
		WantRefused(t, status, out, http.StatusBadRequest, "invalid_request")
	}
}

// TestTK19_ClientIsJudgedFirst: with a bad client, good and bad codes get
// the same answer.
func TestTK19_ClientIsJudgedFirst(t *testing.T) {
	t.Parallel()
	s, faults := site.NewWatched(t, nil)
	_, b := s.Active(site.Email)
	r := site.NewRequest("web", site.CallbackURI)
	code := b.NewCode(r)
	faults.Reset()
	for _, c := range []string{code, "olid_cod_x", ""} {
		form := r.Exchange(c)
		for range 4 { // TK-10: nor does it use up the code
			status, out, _ := s.Call(http.MethodPost, "/token", form, authorization(encoded("web", "x")))
			WantRefused(t, status, out, http.StatusUnauthorized, "invalid_client")
		}
	}
	if n := faults.Calls()["Grants.Redeem"]; n != 0 {
		t.Errorf("%d look-ups of a code by nobody", n)
	}
	if status, out := s.Redeem(r, code); status != http.StatusOK {
		t.Error(status, out)
	}
}

// TestR165_TwoSecrets: while one is replaced by the next, both are valid.
func TestR165_TwoSecrets(t *testing.T) {
	t.Parallel()
	s := site.New(t, site.WithClients(site.NewClient("two", site.OtherURI, func(c *client.Client) {
		c.SecretHashes = []string{strings.ToUpper(secret.Text("old").Hash()), secret.Text("new").Hash(), secret.Text("new").Hash()}
	})))
	for password, code := range map[string]string{"old": "invalid_grant", "new": "invalid_grant", "x": "invalid_client", "": "invalid_client"} {
		if _, out, _ := proof(s, nil, authorization(encoded("two", password))); out["error"] != code {
			t.Errorf("%q: %v", password, out)
		}
	}
}

// TestR027_NoSecretsUnderNLGov: the policy has keys and public clients only,
// and a client can be held to it on a general issuer.
func TestR027_NoSecretsUnderNLGov(t *testing.T) {
	t.Parallel()
	if err := site.NewClient("web", site.CallbackURI, nil).Validate(client.NLGov, true); err == nil || !strings.Contains(err.Error(), "R-027") {
		t.Error("registered:", err)
	}
	tightened := site.NewClient("tight", site.OtherURI, func(c *client.Client) { c.Policy = client.NLGov })
	if err := tightened.Validate(client.General, true); err == nil {
		t.Error("registered under a policy of its own")
	}
	s := site.New(t, site.OnlyClients(client.NLGov, site.KeyedClient(t, "keyed", site.KeyedURI, site.NewClientKey(t, "ES256", "k1"))))
	_, m, _ := s.Call(http.MethodGet, "/.well-known/openid-configuration", nil, nil)
	if got := m["token_endpoint_auth_methods_supported"].([]any); len(got) != 2 || got[0] != "private_key_jwt" || got[1] != "none" {
		t.Error("metadata:", got)
	}
	status, out, _ := proof(s, nil, site.BasicOf("keyed"))
	WantRefused(t, status, out, http.StatusUnauthorized, "invalid_client")
}
