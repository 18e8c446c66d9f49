package provider_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"omgevingsloket-id/e2e/site"
	"omgevingsloket-id/pkg/client"
	"omgevingsloket-id/pkg/secret"
	"omgevingsloket-id/pkg/signkey"
)

// Userinfo and revocation.

// TestR191_WaysToAsk: GET and POST, the scheme in any case.
func TestR191_WaysToAsk(t *testing.T) {
	t.Parallel()
	s := site.New(t, nil)
	_, b := s.Active(site.Email)
	token := b.Tokens(site.NewRequest("web", site.CallbackURI))["access_token"].(string)
	for _, c := range []struct {
		method, scheme string
		form           url.Values
	}{{http.MethodGet, "Bearer", nil}, {http.MethodGet, "bearer", nil}, {http.MethodGet, "BEARER", nil}, {http.MethodPost, "Bearer", nil}, {http.MethodPost, "Bearer", url.Values{}}, {http.MethodPost, "Bearer", url.Values{"x": {"1"}}}} {
		status, out, h := s.Call(c.method, "/userinfo", c.form, authorization(c.scheme+" "+token))
		if status != http.StatusOK || out["sub"] == nil || h.Get("Cache-Control") != "no-store" || !strings.HasPrefix(h.Get("Content-Type"), "application/json") {
			t.Errorf("%v: %d %v", c, status, out)
		}
	}
	req := b.Request(http.MethodPost, "/userinfo", strings.NewReader(`{}`))
	req.Header = site.Bearer(token)
	req.Header.Set("Content-Type", "application/json")
	if a := b.Send(req); a.Status != http.StatusUnsupportedMediaType {
		t.Error("JSON:", a.Status)
	}
}

// R-022, TK-14: an access token that is a handle is worth nothing without its whole
// secret and the id of its own grant, and nothing of another kind passes for one.
func TestR022_OpaqueAccessTokens(t *testing.T) {
	t.Parallel()
	s := site.New(t, nil)
	_, b := s.Active(site.Email)
	tokens, other := b.Tokens(site.NewRequest("web", site.CallbackURI)), b.Tokens(site.NewRequest("web", site.CallbackURI))
	token := tokens["access_token"].(string)
	handle, id, cut := strings.Cut(token, ".")
	if !cut || !regexp.MustCompile(`^olid_acc_[\w-]{43}$`).MatchString(handle) {
		t.Fatalf("access token %q is no handle", token)
	}
	if stored, err := s.Stores.Grants.ByID(t.Context(), id); err != nil || stored.AccessHash != secret.Text(handle+" "+s.Config.Issuer).Hash() {
		t.Errorf("the grant %+v, %v does not store the hash of handle and issuer", stored, err)
	}
	otherHandle, otherID, _ := strings.Cut(other["access_token"].(string), ".")
	signed := site.New(t, site.SignedAccess)
	_, elsewhere := signed.Active(site.Email)
	jwt := elsewhere.Tokens(site.NewRequest("web", site.CallbackURI))["access_token"].(string)
	for name, bad := range map[string]string{
		"handle alone": handle, "id alone": id, "no handle": "." + id, "no id": handle + ".", "of another grant": handle + "." + otherID, "another handle": otherHandle + "." + id,
		"id in capitals": handle + "." + strings.ToUpper(id), "twice": token + "." + id, "longer": token + "0", "longer handle": handle + "A." + id,
		"kind of a code": strings.Replace(token, "olid_acc", "olid_cod", 1), "hash": "olid_acc_" + secret.Text(handle).Hash()[:43] + "." + id,
		"ID token": tokens["id_token"].(string), "JWT of another installation": jwt, "empty handle": "olid_acc_." + id,
	} {
		if bad == token {
			t.Fatal(name)
		}
		status, out, _ := s.Call(http.MethodGet, "/userinfo", nil, site.Bearer(bad))
		WantRefused(t, status, out, http.StatusUnauthorized, "invalid_token")
		if status, _, _ := s.Call(http.MethodPost, "/revoke", url.Values{"token": {bad}}, s.Basic()); status != http.StatusOK {
			t.Errorf("revoke %s: %d", name, status)
		}
	}
	for _, good := range []map[string]any{tokens, other} {
		if status, _ := s.Userinfo(good); status != http.StatusOK {
			t.Error("what was worth nothing revoked a grant:", status)
		}
	}
	if status, _, _ := s.Call(http.MethodPost, "/revoke", url.Values{"token": {token}}, s.Basic()); status != http.StatusOK {
		t.Error("revoke:", status)
	}
	if status, _ := s.Userinfo(tokens); status != http.StatusUnauthorized {
		t.Error("a revoked token:", status)
	}
	if status, _ := s.Userinfo(other); status != http.StatusOK {
		t.Error("the token of another grant:", status)
	}
	s.Clock.Add(15 * time.Minute)
	if status, _ := s.Userinfo(other); status != http.StatusUnauthorized {
		t.Error("a token at its end:", status)
	}
}

// under nlgov access tokens are JWTs, in a new installation too.
func TestR062_SignedAccessTokens(t *testing.T) {
	t.Parallel()
	s := site.New(t, site.OnlyClients(client.NLGov, site.PublicClient("web", site.CallbackURI)))
	_, b := s.Active(site.Email)
	r := site.NewRequest("web", site.CallbackURI)
	_, tokens, _ := s.Call(http.MethodPost, "/token", r.Exchange(b.NewCode(r), url.Values{"client_id": {"web"}}), nil)
	if typ := JWTHeader(t, tokens["access_token"])["typ"]; typ != "at+jwt" {
		t.Errorf("typ %v, want at+jwt", typ)
	}
	if status, _ := s.Userinfo(tokens); status != http.StatusOK {
		t.Error("userinfo:", status)
	}
}

// TestR194_Challenges: no error is named where no token was sent; otherwise
// it is invalid_token, and one answer for all of them (UI-01, JW-18).
func TestR194_Challenges(t *testing.T) {
	t.Parallel()
	s := site.New(t, site.SignedAccess)
	_, b := s.Active(site.Email)
	r := site.NewRequest("web", site.CallbackURI)
	tokens := b.Tokens(site.NewRequest("web", site.CallbackURI))
	token, code := tokens["access_token"].(string), b.NewCode(r)
	for _, value := range []string{"", "Basic " + token, "x", "Bearer", "Bearer ", "BearerX " + token, "DPoP " + token} {
		header := http.Header{}
		if value != "" {
			header = authorization(value)
		}
		status, out, h := s.Call(http.MethodGet, "/userinfo", nil, header)
		if status != http.StatusUnauthorized || len(out) != 0 || h.Get("WWW-Authenticate") != `Bearer realm="Omgevingsloket-ID"` {
			t.Errorf("%q: %d %v %q", value, status, out, h.Get("WWW-Authenticate"))
		}
	}
	parts := strings.Split(token, ".")
	cookies := b.Cookies()
	for name, bad := range map[string]string{
		"ID token": tokens["id_token"].(string), "code": code, "session": cookies["olid-session"], "browser": cookies["olid-browser"], "grant id": JWTClaims(t, token)["jti"].(string),
		"text": "x", "spaces": "a b c", "3 kB": strings.Repeat("a", 3000), "alg none": raw(t, map[string]any{"alg": "none", "typ": "at+jwt"}, JWTClaims(t, token)) + ".",
		"own key": site.NewClientKey(t, "ES256", JWTHeader(t, token)["kid"].(string)).Sign(t, JWTClaims(t, token), map1("typ", "at+jwt")), "no signature": parts[0] + "." + parts[1] + ".",
		"unknown kid": site.NewClientKey(t, "ES256", "../../etc/passwd").Sign(t, JWTClaims(t, token), map1("typ", "at+jwt")), "more": token + ".x", "twice": token + " " + token,
		"as it should be, but longer": token + "A", "ID token's signature": parts[0] + "." + parts[1] + "." + strings.Split(tokens["id_token"].(string), ".")[2],
	} {
		status, out, h := s.Call(http.MethodGet, "/userinfo", nil, site.Bearer(bad))
		WantRefused(t, status, out, http.StatusUnauthorized, "invalid_token")
		if h.Get("WWW-Authenticate") != `Bearer realm="Omgevingsloket-ID", error="invalid_token"` {
			t.Errorf("%s: %q", name, h.Get("WWW-Authenticate"))
		}
	}
	for i := 0; i < len(token); i += 3 { // JW-17
		flipped := []byte(token)
		flipped[i] ^= 1
		if string(flipped[i]) == "." || flipped[i] < ' ' {
			continue
		}
		if status, _, _ := s.Call(http.MethodGet, "/userinfo", nil, site.Bearer(string(flipped))); status != http.StatusUnauthorized {
			t.Errorf("character %d changed: %d", i, status)
		}
	}
	status, out, _ := s.Call(http.MethodGet, "/userinfo", nil, http.Header{"Authorization": {"Bearer " + token, "Bearer " + token}})
	WantRefused(t, status, out, http.StatusBadRequest, "invalid_request")
}

// TestR197_TokensThatAreOver: expiry to the second, logout, a client that is
// gone (UI-03); blocking is TestTK12.
func TestR197_TokensThatAreOver(t *testing.T) {
	t.Parallel()
	s, faults := site.NewWatched(t, site.SignedAccess)
	_, b := s.Active(site.Email)
	tokens := b.Tokens(site.NewRequest("web", site.CallbackURI))
	s.Clock.Add(15*time.Minute - time.Second)
	if status, _ := s.Userinfo(tokens); status != http.StatusOK {
		t.Error("a second before:", status)
	}
	s.Clock.Add(time.Second)
	if status, _ := s.Userinfo(tokens); status != http.StatusUnauthorized {
		t.Error("at the end:", status)
	}
	if n := faults.Calls()["Grants.Live"]; n != 1 {
		t.Errorf("%d look-ups: what is over needs none", n)
	}
	site.Must(t, s.Stores.DB.Clients().Add(t.Context(), site.NewClient("stored", site.OtherURI, nil), site.NoEffects))
	r := site.NewRequest("stored", site.OtherURI)
	_, of, _ := s.Call(http.MethodPost, "/token", r.Exchange(b.NewCode(r)), site.BasicOf("stored"))
	if status, _ := s.Userinfo(of); status != http.StatusOK {
		t.Error("before its client went:", status)
	}
	site.Must(t, s.Stores.DB.Clients().Remove(t.Context(), "stored", site.NoEffects))
	s.Clock.Add(3 * time.Second)
	if status, _ := s.Userinfo(of); status != http.StatusUnauthorized {
		t.Error("after its client went:", status)
	}
}

// TestR251_Revocation: UI-05, R-075, R-252; only one's own tokens die.
func TestR251_Revocation(t *testing.T) {
	t.Parallel()
	s := site.New(t, site.WithClients(site.NewClient("other", site.OtherURI, nil), site.NativeClient("app", site.NativeURI)))
	_, b := s.Active(site.Email)
	tokens := b.Tokens(site.NewRequest("web", site.CallbackURI))
	form := url.Values{"token": {tokens["access_token"].(string)}}
	revoke := func(form url.Values, header http.Header) int {
		t.Helper()
		status, out, _ := s.Call(http.MethodPost, "/revoke", form, header)
		if status == http.StatusOK && len(out) != 0 {
			t.Error("tells", out)
		}
		return status
	}
	for name, c := range map[string]struct {
		form   url.Values
		header http.Header
		want   int
	}{
		"another client":  {form, site.BasicOf("other"), http.StatusOK},
		"a public client": {mergedWith(form, url.Values{"client_id": {"app"}}), nil, http.StatusOK},
		"unknown token":   {url.Values{"token": {"x"}}, s.Basic(), http.StatusOK},
		"the ID token":    {url.Values{"token": {tokens["id_token"].(string)}}, s.Basic(), http.StatusOK},
		"no token":        {url.Values{}, s.Basic(), http.StatusBadRequest},
		"wrong secret":    {form, authorization(encoded("web", "x")), http.StatusUnauthorized},
		"nobody":          {form, nil, http.StatusBadRequest},
	} {
		if got := revoke(c.form, c.header); got != c.want {
			t.Errorf("%s: %d", name, got)
		}
		if status, _ := s.Userinfo(tokens); status != http.StatusOK {
			t.Fatalf("%s revoked it", name)
		}
	}
	for _, hint := range []string{"refresh_token", "x", "access_token"} { // also the second and third time
		if got := revoke(mergedWith(form, url.Values{"token_type_hint": {hint}}), s.Basic()); got != http.StatusOK {
			t.Errorf("hint %s: %d", hint, got)
		}
		if status, _ := s.Userinfo(tokens); status != http.StatusUnauthorized {
			t.Error("it lives")
		}
	}
	// A public client ends its own.
	r := site.NewRequest("app", site.NativeURI)
	_, own, _ := s.Call(http.MethodPost, "/token", r.Exchange(b.NewCode(r), url.Values{"client_id": {"app"}}), nil)
	if got := revoke(url.Values{"client_id": {"app"}, "token": {own["access_token"].(string)}}, nil); got != http.StatusOK {
		t.Error(got)
	}
	if status, _ := s.Userinfo(own); status != http.StatusUnauthorized {
		t.Error("a public client's token lives")
	}
}

// TestR037_CORS: browsers of public clients, from their own origins (C14,
// ); never with credentials, never at /authorize.
func TestR037_CORS(t *testing.T) {
	t.Parallel()
	s := site.New(t, site.WithClients(site.NewClient("spa", "https://spa.example:8443/cb", func(c *client.Client) { c.AuthMethod, c.SecretHashes = client.None, nil })))
	for origin, allowed := range map[string]bool{
		"https://spa.example:8443": true, "https://third.example": true, "https://spa.example": false, "http://spa.example:8443": false, "https://spa.example:8443.evil.example": false,
		"https://rp.example": false, "null": false, "https://evil.example": false, "https://spa.example:8443/": false, "HTTPS://SPA.EXAMPLE:8443": false,
	} {
		for _, path := range []string{"/token", "/userinfo", "/revoke"} {
			want := ""
			if allowed {
				want = origin
			}
			status, _, h := s.Call(http.MethodOptions, path, nil, http.Header{"Origin": {origin}, "Access-Control-Request-Method": {"POST"}})
			if status != http.StatusNoContent || h.Get("Access-Control-Allow-Origin") != want || (h.Get("Access-Control-Allow-Methods") != "") != allowed || h.Get("Vary") != "Origin" {
				t.Errorf("preflight %s from %s: %d %v", path, origin, status, h)
			}
			_, _, h = s.Call(http.MethodPost, path, url.Values{}, http.Header{"Origin": {origin}})
			if h.Get("Access-Control-Allow-Origin") != want || h.Get("Access-Control-Allow-Credentials") != "" {
				t.Errorf("%s from %s: %v", path, origin, h)
			}
		}
		if _, _, h := s.Call(http.MethodGet, "/authorize?"+site.NewRequest("spa", "https://spa.example:8443/cb").Encode(), nil, http.Header{"Origin": {origin}}); h.Get("Access-Control-Allow-Origin") != "" {
			t.Errorf("/authorize from %s: %v", origin, h)
		}
	}
}

// userinfo of a client that asked for it is signed, for this client alone, and
// is taken for no other kind of token.
func TestR072_R193_SignedUserinfo(t *testing.T) {
	t.Parallel()
	for _, alg := range signkey.Algorithms {
		s := site.New(t, site.WithClients(site.NewClient("signed", site.OtherURI, func(c *client.Client) { c.UserinfoAlg = alg })))
		_, b := s.Active(site.Email)
		r := site.NewRequest("signed", site.OtherURI).With("scope", "openid email")
		_, tokens, _ := s.Call(http.MethodPost, "/token", r.Exchange(b.NewCode(r)), site.BasicOf("signed"))
		req := b.Request(http.MethodGet, "/userinfo", nil)
		req.Header = site.Bearer(tokens["access_token"].(string))
		a := b.Send(req)
		if a.Status != http.StatusOK || a.Header.Get("Content-Type") != "application/jwt" {
			t.Fatalf("%s: %d %s\n%s", alg, a.Status, a.Header.Get("Content-Type"), a.Body)
		}
		header := JWTHeader(t, a.Body)
		if header["alg"] != alg || header["typ"] != nil {
			t.Errorf("%s: header %v", alg, header)
		}
		parsed, err := jwt.ParseSigned(a.Body, []jose.SignatureAlgorithm{jose.SignatureAlgorithm(alg)})
		site.Must(t, err)
		_, published, _ := s.Call(http.MethodGet, "/jwks", nil, nil)
		text, err := json.Marshal(published)
		site.Must(t, err)
		var keys jose.JSONWebKeySet
		site.Must(t, json.Unmarshal(text, &keys))
		var claims map[string]any
		if err := parsed.Claims(keys, &claims); err != nil {
			t.Errorf("%s: %v", alg, err)
		}
		id := site.IDToken(t, tokens)
		if claims["iss"] != s.Config.Issuer || claims["aud"] != "signed" || claims["sub"] != id["sub"] || claims["email"] != site.Email || claims["nonce"] != nil {
			t.Errorf("%s: claims %v", alg, claims)
		}
		b.RefusedAtClient(site.NewRequest("signed", site.OtherURI).With("id_token_hint", a.Body), "invalid_request")
		if status, _, _ := s.Call(http.MethodGet, "/userinfo", nil, site.Bearer(a.Body)); status != http.StatusUnauthorized {
			t.Errorf("%s: as an access token: status %d", alg, status)
		}
		status, out, _ := s.Call(http.MethodGet, "/userinfo", nil, site.Bearer("x"))
		WantRefused(t, status, out, http.StatusUnauthorized, "invalid_token")
	}
}
