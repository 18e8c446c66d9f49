package client_test

import (
	"strings"
	"testing"

	"omgevingsloket-id/pkg/client"
)

// web returns a valid confidential client of the general policy, after change.
func web(change func(*client.Client)) client.Client {
	c := client.Client{
		ID: "web", Name: "Portal", AuthMethod: client.ClientSecretBasic, SecretHashes: []string{strings.Repeat("ab", 32)},
		RedirectURIs: []string{"https://rp.example/cb"}, PostLogoutRedirectURIs: []string{"https://rp.example/bye"},
	}
	if change != nil {
		change(&c)
	}
	return c
}

// native returns a valid public client, after change.
func native(change func(*client.Client)) client.Client {
	return web(func(c *client.Client) {
		c.ID, c.AuthMethod, c.SecretHashes, c.PostLogoutRedirectURIs, c.ApplicationType = "app", client.None, nil, nil, client.NativeApplication
		if change != nil {
			change(c)
		}
	})
}

// keyed returns a valid client with a key of its own, after change.
func keyed(change func(*client.Client)) client.Client {
	return web(func(c *client.Client) {
		c.ID, c.AuthMethod, c.SecretHashes, c.JWKSURI = "keyed", client.PrivateKeyJWT, nil, "https://rp.example/jwks"
		if change != nil {
			change(c)
		}
	})
}

func uris(n int) []string {
	out := make([]string, n)
	for i := range out {
		out[i] = "https://rp.example/" + strings.Repeat("x", i+1)
	}
	return out
}

func TestValidate(t *testing.T) {
	t.Parallel()
	const general, nlgov = client.General, client.NLGov
	for name, c := range map[string]struct {
		issuer client.Policy
		client client.Client
		want   string // a part of the fault; "" = valid
	}{
		"confidential":            {general, web(nil), ""},
		"public":                  {general, native(nil), ""},
		"public under nlgov":      {nlgov, native(nil), ""},
		"keys under nlgov":        {nlgov, keyed(nil), ""},
		"secret in the body":      {general, web(func(c *client.Client) { c.AuthMethod = client.ClientSecretPost }), ""},
		"tightened":               {general, keyed(func(c *client.Client) { c.Policy = nlgov }), ""},
		"no id":                   {general, web(func(c *client.Client) { c.ID = "" }), "id: "},
		"an id of 128":            {general, web(func(c *client.Client) { c.ID = strings.Repeat("a", 128) }), ""},
		"an id of 129":            {general, web(func(c *client.Client) { c.ID = strings.Repeat("a", 129) }), "id: "},
		"a space in the id":       {general, web(func(c *client.Client) { c.ID = "my app" }), "id: "},
		"a quote in the id":       {general, web(func(c *client.Client) { c.ID = `my"app` }), "id: "},
		"a backslash in the id":   {general, web(func(c *client.Client) { c.ID = `my\app` }), "id: "},
		"a delete in the id":      {general, web(func(c *client.Client) { c.ID = "app\x7f" }), "id: "},
		"a letter with an accent": {general, web(func(c *client.Client) { c.ID = "äpp" }), "id: "},
		"the id's last character": {general, web(func(c *client.Client) { c.ID = "!app~" }), ""},
		"no name":                 {general, web(func(c *client.Client) { c.Name = " \t" }), "name: "},
		"unknown policy":          {general, web(func(c *client.Client) { c.Policy = "strict" }), "policy \"strict\""},
		"loosened":                {nlgov, web(func(c *client.Client) { c.Policy = general }), "can only be tightened"},
		"issuer without policy":   {"", web(nil), "choose nlgov or general"},
		"no redirect URI":         {general, web(func(c *client.Client) { c.RedirectURIs = nil }), "redirect_uris: give at least one"},
		"50 redirect URIs":        {general, web(func(c *client.Client) { c.RedirectURIs = uris(50) }), ""},
		"51 redirect URIs":        {general, web(func(c *client.Client) { c.RedirectURIs = uris(51) }), "at most 50"},
		"50 logout URIs":          {general, web(func(c *client.Client) { c.PostLogoutRedirectURIs = uris(50) }), ""},
		"51 logout URIs":          {general, web(func(c *client.Client) { c.PostLogoutRedirectURIs = uris(51) }), "at most 50"},
		"bad redirect URI":        {general, web(func(c *client.Client) { c.RedirectURIs[0] = "http://rp.example/" }), "redirect_uris: "},
		"bad logout URI":          {general, web(func(c *client.Client) { c.PostLogoutRedirectURIs[0] = "http://rp.example/" }), "post_logout_redirect_uris: "},
		"bad start address":       {general, web(func(c *client.Client) { c.InitiateLoginURI = "/start" }), "initiate_login_uri: "},
		"bad home address":        {general, web(func(c *client.Client) { c.HomeURI = "rp.example" }), "home_uri: "},
		"bad address of keys":     {nlgov, keyed(func(c *client.Client) { c.JWKSURI = "http://rp.example/jwks" }), "jwks_uri: "},
		"a loopback home":         {general, native(func(c *client.Client) { c.HomeURI = "http://127.0.0.1/" }), "home_uri: "},
		"two hosts":               {general, web(func(c *client.Client) { c.RedirectURIs = []string{"https://a.example/", "https://b.example/"} }), "sector: "},
		"two ports":               {general, web(func(c *client.Client) { c.RedirectURIs = []string{"https://a.example/", "https://a.example:8443/"} }), ""},
		"two hosts, sector named": {general, web(func(c *client.Client) {
			c.RedirectURIs, c.SectorHost = []string{"https://a.example/", "https://b.example/"}, "a.example"
		}), ""},
		"two hosts, public subject": {general, web(func(c *client.Client) {
			c.RedirectURIs, c.PublicSubject = []string{"https://a.example/", "https://b.example/"}, true
		}), ""},
		"public with a secret":           {general, native(func(c *client.Client) { c.SecretHashes = []string{"ab"} }), "no secret and no keys"},
		"public with keys":               {general, native(func(c *client.Client) { c.JWKS = []byte("{}") }), "no secret and no keys"},
		"public with an address of keys": {general, native(func(c *client.Client) { c.JWKSURI = "https://rp.example/jwks" }), "no secret and no keys"},
		"R-027: secret under nlgov":      {nlgov, web(nil), "R-027"},
		"R-027: tightened":               {general, web(func(c *client.Client) { c.Policy = nlgov }), "R-027"},
		"R-027: in the body":             {nlgov, web(func(c *client.Client) { c.AuthMethod = client.ClientSecretPost }), "R-027"},
		"no secret":                      {general, web(func(c *client.Client) { c.SecretHashes = nil }), "secret_hashes: "},
		"R-034: keys twice":              {nlgov, keyed(func(c *client.Client) { c.JWKS = []byte(p256Set) }), "R-034"},
		"keys inline":                    {nlgov, keyed(func(c *client.Client) { c.JWKSURI, c.JWKS = "", []byte(p256Set) }), ""},
		"no keys":                        {nlgov, keyed(func(c *client.Client) { c.JWKSURI = "" }), "give jwks or jwks_uri"},
		"an empty set":                   {nlgov, keyed(func(c *client.Client) { c.JWKSURI, c.JWKS = "", []byte(`{"keys":[]}`) }), "jwks: "},
		"no set":                         {nlgov, keyed(func(c *client.Client) { c.JWKSURI, c.JWKS = "", []byte("<html>") }), "jwks: "},
		"a second, private key":          {nlgov, keyed(func(c *client.Client) { c.JWKSURI, c.JWKS = "", []byte(`{"keys":[`+p256Key+","+privateKey+"]}") }), "jwks: "},
		"a private key":                  {nlgov, keyed(func(c *client.Client) { c.JWKSURI, c.JWKS = "", []byte(`{"keys":[`+privateKey+"]}") }), "jwks: "},
		"no method":                      {general, web(func(c *client.Client) { c.AuthMethod = "" }), "auth_method \"\""},
		"a method we do not have":        {general, web(func(c *client.Client) { c.AuthMethod = "client_secret_jwt" }), "auth_method \"client_secret_jwt\""},
		"PKCE optional":                  {general, web(func(c *client.Client) { c.PKCEOptional = true }), ""},
		"PKCE optional, public":          {general, native(func(c *client.Client) { c.PKCEOptional = true }), "pkce_optional: "},
		"PKCE optional, tightened":       {general, keyed(func(c *client.Client) { c.PKCEOptional, c.Policy = true, nlgov }), "pkce_optional: "},
		"public subject":                 {general, web(func(c *client.Client) { c.PublicSubject = true }), ""},
		"R-050: public subject":          {nlgov, keyed(func(c *client.Client) { c.PublicSubject = true }), "R-050"},
		"X11: public on loopback":        {general, native(func(c *client.Client) { c.ApplicationType, c.RedirectURIs[0] = "", "http://127.0.0.1/cb" }), "https only"},
		"X11: native on loopback":        {general, native(func(c *client.Client) { c.RedirectURIs[0] = "http://127.0.0.1/cb" }), ""},
		"X11: native with a secret":      {general, web(func(c *client.Client) { c.ApplicationType = client.NativeApplication }), "application_type native"},
		"X11: native with a key":         {nlgov, keyed(func(c *client.Client) { c.ApplicationType = client.NativeApplication }), "application_type native"},
		"web, said so":                   {general, web(func(c *client.Client) { c.ApplicationType = client.WebApplication }), ""},
		"an unknown application type":    {general, web(func(c *client.Client) { c.ApplicationType = "desktop" }), "choose web or native"},
		"RS256":                          {general, web(func(c *client.Client) { c.SigningAlg = "RS256" }), ""},
		"PS256":                          {general, web(func(c *client.Client) { c.SigningAlg = "PS256" }), ""},
		"ES256":                          {general, web(func(c *client.Client) { c.SigningAlg = "ES256" }), ""},
		"no signature":                   {general, web(func(c *client.Client) { c.SigningAlg = "none" }), "id_token_signed_response_alg"},
	} {
		switch err := c.client.Validate(c.issuer, false); {
		case c.want == "" && err != nil:
			t.Errorf("%s: Validate(%q) = %v, want nil", name, c.issuer, err)
		case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)):
			t.Errorf("%s: Validate(%q) = %v, want an error with %q", name, c.issuer, err, c.want)
		}
	}
}

// Validate returns all faults of a client.
func TestValidateReportsAllFaults(t *testing.T) {
	t.Parallel()
	err := client.Client{PKCEOptional: true, SigningAlg: "none", HomeURI: "x"}.Validate(client.NLGov, false)
	for _, want := range []string{"id: ", "name: ", "redirect_uris: ", "home_uri: ", "auth_method ", "pkce_optional: ", "id_token_signed_response_alg "} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Validate() = %v, want an error with %q too", err, want)
		}
	}
}

// The faults of one client come in one order, whenever it is read.
func TestValidateOrder(t *testing.T) {
	t.Parallel()
	c := web(func(c *client.Client) {
		c.InitiateLoginURI, c.HomeURI, c.JWKSURI, c.SigningAlg, c.UserinfoAlg = "a", "b", "c", "none", "x"
	})
	const want = `initiate_login_uri: "a" is not an absolute address
home_uri: "b" is not an absolute address
jwks_uri: "c" is not an absolute address
id_token_signed_response_alg "none": choose RS256, PS256, ES256 or EdDSA
userinfo_signed_response_alg "x": choose RS256, PS256, ES256 or EdDSA`
	for range 50 {
		if err := c.Validate(client.General, false); err == nil || err.Error() != want {
			t.Fatalf("Validate() = %v, want %s", err, want)
		}
	}
}

// AZ-04: which URIs each kind of client may register.
func TestR014_RegisteredURIs(t *testing.T) {
	t.Parallel()
	const all, apps, demo, none = "web native demo", "native demo", "demo", ""
	for uri, want := range map[string]string{
		"https://rp.example/cb": all, "https://rp.example": all, "https://rp.example:8443/cb": all, "https://rp.example/cb?tenant=1&x": all, "https://rp.example/%7Ecb": all, "HTTPS://rp.example/cb": all,
		// Loopback IP addresses are for native clients; localhost is not (RFC 8252 §8.3).
		"http://127.0.0.1/cb": apps, "http://127.0.0.1:1/cb": apps, "http://127.9.9.9/cb": apps, "http://[::1]/cb": apps,
		"http://localhost/cb": demo, "http://localhost:8081/cb": demo, "https://127.0.0.1/cb": demo, "https://[::1]/cb": demo,
		"https://localhost/cb": all,
		// Not https.
		"http://rp.example/cb": none, "http://localhost.evil.example/cb": none, "http://127.0.0.1.evil.example/cb": none, "http://192.168.1.1/cb": none, "http://[::2]/cb": none,
		"myapp://cb": none, "myapp:/cb": none, "javascript:alert(1)": none, "data:text/html,x": none, "ftp://rp.example/": none, "ftp://localhost/cb": none, "ftp://127.0.0.1/cb": none,
		// Not absolute.
		"": none, "/cb": none, "//rp.example/cb": none, "rp.example/cb": none, "https:/cb": none, "https:///cb": none, "https:rp.example": none, "https://rp.example:x/": none, "https://[::1/": none,
		// Parsed differently by different software.
		"https://rp.example/cb#x": none, "https://rp.example/cb#": none, "https://*.rp.example/cb": none, "https://rp.example/*": none, "https://rp.example\\cb": none,
		"https://u:p@rp.example/cb": none, "https://u@rp.example/cb": none, "https://@rp.example/cb": none, "https://rp.example/c b": none, "https://rp.example/c\x7f": none, "https://rp.exämple/cb": none,
		// An IP address.
		"https://192.0.2.1/cb": none, "https://[2001:db8::1]/cb": none,
		// Browsers parse these as IP addresses (URL Standard, IPv4 parser).
		"https://192.0.2.1./cb": none, "https://192.0.513/cb": none, "https://3221225985/cb": none, "https://0xC0000201/cb": none, "https://192.0.2.0x1/cb": none, "https://192.0.2.0x/cb": none,
		"https://0300.0.2.01/cb": none, "https://rp.example.1/cb": none, "https://[fe80::1%25eth0]/cb": none, "https://127.1/cb": none,
		"https://1.example/cb": all, "https://0x.example/cb": all, "https://rp.x1/cb": all, "https://rp.0xg/cb": all, "https://rp.example./cb": all, "https://rp.example../cb": none,
		// Parameters of an authorization response.
		"https://rp.example/cb?code=1": none, "https://rp.example/cb?state=": none, "https://rp.example/cb?iss=x": none, "https://rp.example/cb?error=x": none,
		"https://rp.example/cb?error_description": none, "https://rp.example/cb?x=1&response=y": none, "https://rp.example/cb?%63ode=1": none,
		// Some software drops the malformed parameter here and some reads a "code" in it.
		"https://rp.example/cb?code=1;x": none, "https://rp.example/cb?x;code=1": none, "https://rp.example/cb?code=%zz": none, "https://rp.example/cb?%zz&code": none,
	} {
		for kind, c := range map[string]client.Client{"web": web(nil), "native": native(nil)} {
			c.RedirectURIs = []string{uri}
			if got, want := c.Validate(client.General, false) == nil, strings.Contains(want, kind); got != want {
				t.Errorf("%s client: Validate with %q allows it: %t, want %t", kind, uri, got, want)
			}
		}
		c := web(func(c *client.Client) { c.RedirectURIs = []string{uri} })
		if got, want := c.Validate(client.General, true) == nil, strings.Contains(want, "demo"); got != want {
			t.Errorf("demo: Validate with %q allows it: %t, want %t", uri, got, want)
		}
	}
	for length, want := range map[int]bool{2000: true, 2001: false} {
		c := web(func(c *client.Client) { c.RedirectURIs[0] += strings.Repeat("x", length-len(c.RedirectURIs[0])) })
		if got := c.Validate(client.General, false) == nil; got != want {
			t.Errorf("Validate with %d characters allows them: %t, want %t", length, got, want)
		}
	}
}

// RFC 9700 §2.1: byte for byte; RFC 8252 §7.3: except for the port of a native
// client on a loopback address.
func TestAllowsRedirect(t *testing.T) {
	t.Parallel()
	app := native(func(c *client.Client) {
		c.RedirectURIs = []string{"https://rp.example/cb", "http://127.0.0.1/cb", "http://127.0.0.1:8000/fixed?a=b", "http://[::1]/six"}
	})
	for uri, want := range map[string]bool{
		"https://rp.example/cb": true, "http://127.0.0.1/cb": true, "http://127.0.0.1:1/cb": true, "http://127.0.0.1:65535/cb": true, "http://127.0.0.1:9/fixed?a=b": true,
		"http://127.0.0.1/fixed?a=b": true, "http://[::1]:54321/six": true,
		"https://rp.example/cb/": false, "https://rp.example/%63b": false, "https://RP.example/cb": false, "https://rp.example:443/cb": false, "https://rp.example:1/cb": false, "": false,
		"http://127.0.0.1:0/cb": false, "http://127.0.0.1:65536/cb": false, "http://127.0.0.1:/cb": false, "http://127.0.0.1:x/cb": false, "http://127.0.0.1:-1/cb": false, "http://127.0.0.1:1": false,
		"http://127.0.0.1:1/cb?a": false, "http://127.0.0.1:1/fixed": false, "http://127.0.0.1:1/six": false, "http://[::1]:1/cb": false, "http://127.0.0.1:1cb": false, "http://127.0.0.1cb": false,
		"http://127.0.0.1:1@evil.example/cb": false, "http://127.0.0.1.evil.example/cb": false, "http://localhost:1/cb": false, "https://127.0.0.1:1/cb": false, "http://127.0.0.2:1/cb": false,
	} {
		if got := app.AllowsRedirect(uri); got != want {
			t.Errorf("AllowsRedirect(%q) = %t, want %t", uri, got, want)
		}
	}
	confidential := web(func(c *client.Client) { c.RedirectURIs = app.RedirectURIs })
	for uri, want := range map[string]bool{"http://127.0.0.1/cb": true, "http://127.0.0.1:1/cb": false} {
		if got := confidential.AllowsRedirect(uri); got != want {
			t.Errorf("confidential: AllowsRedirect(%q) = %t, want %t", uri, got, want)
		}
	}
}

func TestAllowsPostLogout(t *testing.T) {
	t.Parallel()
	c := native(func(c *client.Client) {
		c.PostLogoutRedirectURIs = []string{"https://rp.example/bye", "http://127.0.0.1/bye"}
	})
	for uri, want := range map[string]bool{
		"https://rp.example/bye": true, "http://127.0.0.1/bye": true, "https://rp.example/bye?": false, "https://rp.example/cb": false, "http://127.0.0.1:1/bye": false, "": false,
	} {
		if got := c.AllowsPostLogout(uri); got != want {
			t.Errorf("AllowsPostLogout(%q) = %t, want %t", uri, got, want)
		}
	}
}

// OIDC Core §8.1: the sector is a host, without its port.
func TestSector(t *testing.T) {
	t.Parallel()
	for want, c := range map[string]client.Client{
		"rp.example":    web(func(c *client.Client) { c.RedirectURIs = []string{"https://rp.example:8443/cb"} }),
		"group.example": web(func(c *client.Client) { c.SectorHost = "group.example" }),
		"web":           web(func(c *client.Client) { c.RedirectURIs = nil }),
		"127.0.0.1":     web(func(c *client.Client) { c.RedirectURIs = []string{"http://127.0.0.1:1/cb"} }), // as always: a subject never changes
		"app":           native(func(c *client.Client) { c.RedirectURIs = []string{"http://127.0.0.1:1/cb"} }),
		"app6":          native(func(c *client.Client) { c.ID, c.RedirectURIs = "app6", []string{"http://[::1]/cb"} }),
		"broken":        web(func(c *client.Client) { c.ID, c.RedirectURIs = "broken", []string{"https://[::1"} }),
	} {
		if got := c.Sector(); got != want {
			t.Errorf("Sector() = %q, want %q", got, want)
		}
	}
}

// No URI of a client has one of the provider's own origins.
func TestUsesOrigin(t *testing.T) {
	t.Parallel()
	const own = "https://id.example"
	for name, c := range map[string]client.Client{
		own + "/cb": web(func(c *client.Client) { c.RedirectURIs = append(c.RedirectURIs, own+"/cb") }),
		own + "/b":  web(func(c *client.Client) { c.PostLogoutRedirectURIs = []string{own + "/b"} }),
		own + "/s":  web(func(c *client.Client) { c.InitiateLoginURI = own + "/s" }),
		own + "/h":  web(func(c *client.Client) { c.HomeURI = own + "/h" }),
		own + "/k":  web(func(c *client.Client) { c.JWKSURI = own + "/k" }),
		// Another scheme is the same host; case does not matter in host names.
		"http://ID.example/": web(func(c *client.Client) { c.HomeURI = "http://ID.example/" }),
		// Another port, and a URI that does not parse.
		"": web(func(c *client.Client) { c.HomeURI, c.InitiateLoginURI = "https://id.example:8443/", "https://[::1" }),
	} {
		if got := c.UsesOrigin("", "https://console.example", own); got != name {
			t.Errorf("UsesOrigin() = %q, want %q", got, name)
		}
	}
	if got := web(nil).UsesOrigin("", "http://[::1"); got != "" {
		t.Errorf("UsesOrigin(%q) = %q, want none", "", got)
	}
}
