package main

import (
	"fmt"
	"strings"
	"testing"

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
