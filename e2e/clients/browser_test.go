package clients

import (
	"net/url"
	"strings"
	"testing"

	"omgevingsloket-id/e2e/browser"
	"omgevingsloket-id/e2e/practice"
)

// chromium is a visitor with a browser, for a party that is a page only.
type chromium struct {
	t      *testing.T
	p      party
	r      *run
	person *practice.Person
	b      *browser.Session
	known  bool   // has a session at the provider
	sent   string // code_challenge_method of the latest login
}

func newChromium(t *testing.T, p party, r *run, site *practice.Site) visitor {
	t.Helper()
	return &chromium{t: t, p: p, r: r, person: site.Member(site.Person(t, practice.Burger, practice.Dutch)), b: browser.New(t)}
}

// toProvider opens the login of the party and waits for the provider's page.
func (c *chromium) toProvider() {
	c.t.Helper()
	c.b.Open(c.r.base + c.p.login)
	c.b.WaitURL(func(at string) bool { return strings.HasPrefix(at, c.r.issuer) })
}

func (c *chromium) logIn() string {
	c.t.Helper()
	c.b.Requests()
	if c.known {
		c.b.Open(c.r.base + c.p.login)
	} else {
		c.toProvider()
		c.person.LogIn(c.b)
		c.person.EnterCode(c.b)
	}
	c.known = true
	c.home()
	for _, at := range c.b.Requests() {
		if u, err := url.Parse(strings.TrimPrefix(at, "GET ")); err == nil && u.Path == "/authorize" {
			c.sent = u.Query().Get("code_challenge_method")
		}
	}
	return c.b.TextOf("#name")
}

// home waits for the front page, complete.
func (c *chromium) home() {
	c.t.Helper()
	c.b.WaitURL(func(at string) bool { return at == c.r.base+"/" || at == c.r.base+"/?" })
	c.b.WaitText("o") // of a name, or of Nobody
}

func (c *chromium) forget() { c.t.Helper(); browser.Eval[any](c.b, `sessionStorage.clear()`) }

func (c *chromium) logOut() string {
	c.t.Helper()
	c.b.Open(c.r.base + c.p.logout)
	c.home()
	return c.b.URL()
}

func (c *chromium) asked() bool {
	c.t.Helper()
	c.toProvider()
	return c.b.Attribute("main", "data-page") == "login/login"
}

func (c *chromium) text() string { return c.b.Text() }

func (c *chromium) challenge() string { return c.sent }
