package main

import (
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/alecthomas/kong"

	"omgevingsloket-id/e2e/site"
	"omgevingsloket-id/pkg/client"
	"omgevingsloket-id/pkg/config"
)

// OF-13: what a client can be registered with, by command and in the file.
func TestOF13_ClientRegistration(t *testing.T) {
	t.Parallel()
	const own = "https://id.example"
	many := make([]string, 10_000)
	for i := range many {
		many[i] = fmt.Sprintf("https://rp.example/%d", i)
	}
	for name, uris := range map[string][]string{
		"script": {"javascript:alert(1)"}, "data": {"data:text/html,x"}, "http": {"http://rp.example/cb"}, "wildcard": {"https://*.rp.example/"}, "fragment": {"https://rp.example/#x"},
		"an address": {"https://198.51.100.7/cb"}, "an inner address": {"https://10.0.0.1/cb"}, "IPv6": {"https://[2001:db8::1]/cb"}, "this machine": {"https://127.0.0.1/cb"},
		"ten thousand": many, "endless": {"https://rp.example/" + strings.Repeat("a", 3000)}, "none": {},
	} {
		c := site.NewClient("a", site.CallbackURI, func(c *client.Client) { c.RedirectURIs = uris })
		if err := c.Validate(client.General, false); err == nil {
			t.Error(name, "is registered")
		} else if len(err.Error()) > 10_000 {
			t.Error(name, "answers with", len(err.Error()), "characters")
		}
		c = site.NewClient("a", site.CallbackURI, func(c *client.Client) { c.PostLogoutRedirectURIs = uris })
		if err := c.Validate(client.General, false); err == nil && len(uris) > 0 {
			t.Error(name, "is registered for after logout")
		}
	}
	for _, c := range []client.Client{
		{RedirectURIs: []string{own + "/cb"}}, {RedirectURIs: []string{"https://ID.example/cb"}}, {PostLogoutRedirectURIs: []string{own}}, {InitiateLoginURI: own + "/login"},
		{HomeURI: "https://desk.example/"}, {JWKSURI: own + "/jwks"},
	} {
		if c.UsesOrigin(own, "https://desk.example") == "" {
			t.Errorf("%+v is not our own", c)
		}
	}
	if got := site.NewClient("a", site.CallbackURI, nil).UsesOrigin(own, ""); got != "" {
		t.Error(got)
	}
	// Register by command, and in the file.
	dir := demoFolder(t)
	if code, _, err := command(t, "migrate", "--data", dir); code != exitOK {
		t.Fatal(err)
	}
	for _, uri := range []string{"javascript:alert(1)", "http://rp.example/cb", "https://rp.example/*", "http://localhost:18080/cb", "https://198.51.100.7/cb"} {
		if code, _, err := command(t, "client", "add", "--data", dir, "evil", "--name", "x", "--redirect-uri", uri); code != exitWrongUse {
			t.Error(uri, "by command:", code, err)
		}
	}
	s := site.New(t, nil)
	c := s.Config
	c.Clients = config.Clients{site.NewClient("a", c.Issuer+"/cb", nil)}
	if err := c.Validate(); err == nil || !strings.Contains(err.Error(), "this provider itself") {
		t.Error("in the file:", err)
	}
}

// Y22: the command offers what the file offers: a new field of a client needs a flag.
func TestY22_FlagsAreTheFile(t *testing.T) {
	t.Parallel()
	keys := filepath.Join(t.TempDir(), "keys.json")
	site.Must(t, os.WriteFile(keys, []byte(`{"keys":[]}`), 0o600))
	parse := func(args ...string) clientFlags {
		t.Helper()
		var f clientFlags
		parser, err := kong.New(&f)
		site.Must(t, err)
		_, err = parser.Parse(args)
		site.Must(t, err)
		return f
	}
	c := client.Client{ID: "x"}
	site.Must(t, parse("--name=N", "--redirect-uri=https://a.example/cb", "--redirect-uri=https://a.example/?a,b", "--post-logout=https://a.example/", "--auth-method=private_key_jwt",
		"--secret-hash=00", "--jwks-file="+keys, "--jwks-uri=https://a.example/jwks", "--scope=email,phone", "--policy=general", "--sector=a.example", "--initiate-login-uri=https://a.example/login",
		"--home-uri=https://a.example/home", "--third-party", "--native", "--signing-alg=ES256", "--access-tokens=jwt", "--public-subject", "--pkce-optional", "--dutch-claims", "--claims-in-id-token", "--require-pushed-requests", "--userinfo-alg=ES256").apply(&c))
	v := reflect.ValueOf(c)
	for i := range v.NumField() {
		if v.Field(i).IsZero() {
			t.Errorf("no flag sets %s", v.Type().Field(i).Name)
		}
	}
	if len(c.RedirectURIs) != 2 || len(c.Scopes) != 2 {
		t.Errorf("lists: %q %q", c.RedirectURIs, c.Scopes)
	}
	whole := c
	site.Must(t, parse().apply(&c))
	if !reflect.DeepEqual(c, whole) {
		t.Errorf("no flags change %+v to %+v", whole, c)
	}
	site.Must(t, parse("--name=", "--redirect-uri=", "--post-logout=", "--auth-method=", "--secret-hash=", "--jwks-uri=", "--scope=", "--policy=", "--sector=", "--initiate-login-uri=", "--home-uri=",
		"--no-third-party", "--no-native", "--signing-alg=", "--access-tokens=", "--no-public-subject", "--no-pkce-optional", "--no-dutch-claims", "--no-claims-in-id-token", "--no-require-pushed-requests", "--userinfo-alg=").apply(&c))
	c.ID, c.JWKS = "", nil
	v = reflect.ValueOf(c)
	for i := range v.NumField() {
		if f := v.Field(i); !f.IsZero() && !(f.Kind() == reflect.Slice && f.Len() == 0) {
			t.Errorf("no flag empties %s", v.Type().Field(i).Name)
		}
	}
}

// Y22: a client is added with the usual scopes, listed with them, shown as the file
// would have it, and changed without a new secret; what is wrong is named with its rule.
func TestY22_ClientCommands(t *testing.T) {
	t.Parallel()
	dir := demoFolder(t)
	do := func(want int, args ...string) string {
		t.Helper()
		code, out, err := command(t, append(args[:2:2], append([]string{"--data", dir}, args[2:]...)...)...)
		if code != want {
			t.Fatalf("%v: %d\n%s%s", args, code, out, err)
		}
		return out + err
	}
	code, _, failure := command(t, "migrate", "--data", dir)
	if code != exitOK {
		t.Fatal(failure)
	}
	has := func(text string, wants ...string) {
		t.Helper()
		for _, want := range wants {
			if !strings.Contains(text, want) {
				t.Errorf("no %q in\n%s", want, text)
			}
		}
	}
	has(do(exitOK, "client", "add", "mine", "--name", "Mijn portaal", "--redirect-uri", "https://mine.example/cb"), "openid omgevingsloket profile email", "shown only now")
	has(do(exitOK, "client", "list"), "openid omgevingsloket profile email", "database", "file")
	shown := do(exitOK, "client", "show", "mine")
	has(shown, "- id: mine", "https://mine.example/cb", "[redacted]", "From the database")
	has(do(exitOK, "client", "show", "demo-portal"), "From the configuration file")
	has(do(exitFailed, "client", "show", "nobody"), "client list")

	if out := do(exitOK, "client", "set", "mine", "--pkce-optional", "--scope", "email"); strings.Contains(out, "secret") {
		t.Error("a new secret:", out)
	}
	has(do(exitOK, "client", "show", "mine"), "pkce_optional: true", "name: Mijn portaal", "[redacted]")
	// Scopes as clients write them: openid among them, separated by spaces, twice.
	has(do(exitOK, "client", "add", "spaces", "--name", "x", "--redirect-uri", "https://x.example/cb", "--scope", "openid profile  email", "--scope", " phone ,email"), "the scopes openid profile email phone.\n")
	has(do(exitOK, "client", "set", "spaces", "--scope", "openid"), "changed")
	has(do(exitOK, "client", "show", "spaces"), "scopes: []")
	if list := do(exitOK, "client", "list"); strings.Contains(list, "openid openid") {
		t.Errorf("openid stands twice:\n%s", list)
	}
	has(do(exitOK, "client", "set", "mine", "--new-secret"), "shown only now")
	if n := strings.Count(do(exitOK, "client", "show", "mine"), "[redacted]"); n != 2 {
		t.Errorf("%d secrets, want 2", n)
	}
	do(exitOK, "client", "set", "mine", "--new-secret")
	if n := strings.Count(do(exitOK, "client", "show", "mine"), "[redacted]"); n != 2 {
		t.Errorf("%d secrets, want the latest two", n)
	}
	has(do(exitOK, "client", "set", "mine", "--sector", "other.example"), "another sub")
	// To a way without a secret, and back.
	do(exitOK, "client", "set", "mine", "--auth-method", "none", "--no-pkce-optional")
	has(do(exitOK, "client", "show", "mine"), "secret_hashes: []")
	has(do(exitOK, "client", "set", "mine", "--auth-method", "client_secret_post"), "shown only now")

	has(do(exitWrongUse, "client", "set", "mine", "--scope", "emial"), `scope "emial" does not exist`, "email")
	has(do(exitWrongUse, "client", "set", "mine", "--policy", "nlgov", "--scope", "profile"), `scope "profile"`, "R-059")
	has(do(exitWrongUse, "client", "set", "mine", "--auth-method", "magic"), "magic", "private_key_jwt")
	has(do(exitWrongUse, "client", "add", "other", "--name", "x"), "--redirect-uri")
	has(do(exitFailed, "client", "add", "mine", "--name", "x", "--redirect-uri", "https://x.example/"), "client set")
	has(do(exitFailed, "client", "set", "demo-portal", "--name", "x"), "configuration file")
	has(do(exitOK, "client", "show", "mine"), "name: Mijn portaal", "scopes:", "- email")
}
