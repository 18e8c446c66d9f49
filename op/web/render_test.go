package web_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
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

// The language of a page is that of its address, else that of the cookie, else
// what the browser prefers.
func TestLang(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	for _, c := range []struct{ target, cookie, accept, want string }{
		{"/", "", "", "nl"},
		{"/", "", "en", "en"},
		{"/", "", "fr", "en"},
		{"/", "nl", "en", "nl"},
		{"/", "de", "en", "en"},
		{"/?lang=en", "nl", "nl", "en"},
		{"/?lang=de", "en", "nl", "en"},
		{"/?lang=de", "", "nl", "nl"},
	} {
		r := get(c.target)
		r.Header.Set("Accept-Language", c.accept)
		if c.cookie != "" {
			r.AddCookie(&http.Cookie{Name: "olid-lang", Value: c.cookie})
		}
		if got := k.Pages.Lang(r); got != c.want {
			t.Errorf("Lang(%s, cookie %q, %q) = %q, want %q", c.target, c.cookie, c.accept, got, c.want)
		}
	}
}

// A redirect stays below the issuer's path; an address of a client is left as it
// is.
func TestRedirects(t *testing.T) {
	t.Parallel()
	k := newKit(t, at("https://example.org/id"))
	for location, want := range map[string]string{"/start?a=b": "/id/start?a=b", "https://rp.example/cb?code=x": "https://rp.example/cb?code=x", "?id=1": "?id=1"} {
		w := httptest.NewRecorder()
		if err := k.Pages.SeeOther(w, location); err != nil || w.Code != http.StatusSeeOther || w.Header().Get("Location") != want || w.Body.Len() > 0 {
			t.Errorf("SeeOther(%q) = %v, %d to %q, want 303 to %q", location, err, w.Code, w.Header().Get("Location"), want)
		}
	}
	onward := map[string]func(w http.ResponseWriter, r *http.Request, location string) error{"Onward": k.Pages.Onward, "Away": k.Pages.Away}
	for _, c := range []struct{ call, location, want, link string }{
		{"Onward", "/callback?login=a&b=c", "/id/callback?login=a&b=c", "/id/callback?login=a&amp;b=c"},
		{"Away", "https://rp.example/cb?a=1&b=2", "https://rp.example/cb?a=1&b=2", "https://rp.example/cb?a=1&amp;b=2"},
	} {
		w := httptest.NewRecorder()
		err := onward[c.call](w, httptest.NewRequest(http.MethodPost, "/", nil), c.location)
		body := w.Body.String()
		if err != nil || w.Code != http.StatusOK || w.Header().Get("Refresh") != "0; url="+c.want || w.Header().Get("Location") != "" {
			t.Errorf("%s(%s) = %v, %d, Refresh %q, want 200, %q", c.call, c.location, err, w.Code, w.Header().Get("Refresh"), "0; url="+c.want)
		}
		if !strings.Contains(body, `href="`+c.link+`"`) || strings.Contains(body, "?lang=") {
			t.Errorf("%s(%s) lacks the link %q, or has a language switch:\n%s", c.call, c.location, c.link, body)
		}
	}
}

// Nothing is written of a page that cannot be rendered.
func TestRenderFails(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	w := httptest.NewRecorder()
	if err := k.Pages.Render(w, http.StatusOK, "web/error", struct{}{}); err == nil || w.Body.Len() > 0 || w.Header().Get("Content-Type") != "" {
		t.Errorf("Render(the wrong struct) = %v, wrote %q, want an error and nothing", err, w.Body)
	}
	if err := k.Pages.Render(w, http.StatusOK, "no/such", nil); err == nil || w.Body.Len() > 0 {
		t.Errorf("Render(no such page) = %v, wrote %q, want an error and nothing", err, w.Body)
	}
}
