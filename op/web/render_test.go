package web_test

import (
	"net/url"
	"testing"

	"omgevingsloket-id/op/web"
	"omgevingsloket-id/pkg/client"
)

// AddQuery keeps the redirect URI byte for byte (RFC 6749 §3.1.2).
func TestAddQuery(t *testing.T) {
	t.Parallel()
	answer := url.Values{"code": {"a b&c"}, "state": {"é#?"}}
	const joined = "code=a+b%26c&state=%C3%A9%23%3F"
	for _, c := range []struct {
		uri        string
		parameters url.Values
		want       string
	}{
		{"https://rp.example/cb", answer, "https://rp.example/cb?" + joined},
		{"https://rp.example", answer, "https://rp.example?" + joined},
		{"https://rp.example/%63b/%2F;x", answer, "https://rp.example/%63b/%2F;x?" + joined},
		{"https://rp.example/cb?tenant=1&b=%20+&a", answer, "https://rp.example/cb?tenant=1&b=%20+&a&" + joined},
		{"https://rp.example/cb?", answer, "https://rp.example/cb?&" + joined},
		{"http://127.0.0.1:54321/cb", answer, "http://127.0.0.1:54321/cb?" + joined},
		{"http://[::1]:1/cb?x=1", answer, "http://[::1]:1/cb?x=1&" + joined},
		{"https://rp.example/cb", url.Values{"state": {""}, "iss": {"https://id"}}, "https://rp.example/cb?iss=https%3A%2F%2Fid"},
		{"https://rp.example/cb", url.Values{"state": {""}}, "https://rp.example/cb"},
		{"https://rp.example/cb?", nil, "https://rp.example/cb?"},
	} {
		if got := web.AddQuery(c.uri, c.parameters); got != c.want {
			t.Errorf("AddQuery(%q, %v) = %q, want %q", c.uri, c.parameters, got, c.want)
		}
	}
}

// AddQuery relies on this: no registered address has a fragment.
func TestAddQueryNoFragment(t *testing.T) {
	t.Parallel()
	for _, uri := range []string{"https://rp.example/cb#", "https://rp.example/cb#x", "https://rp.example/cb?a=1#x"} {
		c := client.Client{ID: "a", Name: "a", AuthMethod: client.None, RedirectURIs: []string{"https://rp.example/cb"}, Scopes: []string{"openid"}}
		if err := c.Validate(client.General, false); err != nil {
			t.Fatalf("Validate(%v) = %v, want nil", c, err)
		}
		for field, set := range map[string]func(*client.Client){
			"redirect_uris":             func(c *client.Client) { c.RedirectURIs = []string{uri} },
			"post_logout_redirect_uris": func(c *client.Client) { c.PostLogoutRedirectURIs = []string{uri} },
			"initiate_login_uri":        func(c *client.Client) { c.InitiateLoginURI = uri },
		} {
			with := c
			set(&with)
			if with.Validate(client.General, false) == nil {
				t.Errorf("Validate(%s %q) = nil, want an error", field, uri)
			}
		}
	}
}
