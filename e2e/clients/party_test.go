package clients

import (
	"crypto/rand"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"omgevingsloket-id/e2e/practice"
	"omgevingsloket-id/e2e/testenv"
)

// name is that of everybody who applies (practice.Client.Apply).
const name = "Jo Ek"

// party is a relying party that nobody here wrote. What is said of it here and not
// observed is for deploy/clients.md.
type party struct {
	Name    string // as in README
	Version string
	Runs    string // what is started
	Claims  string // where it reads the name
	Refresh string // what it does when its tokens end
	PKCE    string // the part of its settings that switches PKCE on; "" if it is on by default, none if it has none
	Quick   bool   // in every run
	// Pause is how long it keeps keys before it reads them again for a kid that it does
	// not know.
	Pause time.Duration

	login, home, logout string // paths; a page with a form there is sent

	// start starts it with r.settings at r.addr.
	start func(t *testing.T, r *run)
	// visitor returns somebody who uses it with a real browser; nil: HTTP is enough.
	visitor func(t *testing.T, p party, r *run, site *practice.Site) visitor
}

const none = "none"

// run is a party that was registered at a provider and is to be started.
type run struct {
	dir      string // for its files
	addr     string
	base     string // http://addr
	issuer   string
	broker   string // address of the broker, for a party that is one
	id       string
	secret   string
	settings []string // README's, for here
}

// visitor is somebody who uses a party.
type visitor interface {
	// logIn logs in, with the session at the provider, and returns the text of the
	// party's page.
	logIn() string
	// forget leaves the party without logging out.
	forget()
	// logOut logs out and returns the address where that ends.
	logOut() string
	// text returns the page.
	text() string
	// asked tries to log in and reports whether the provider asks for a password.
	asked() bool
	// challenge returns the code_challenge_method of the latest login.
	challenge() string
}

// register adds the party at the provider as README says.
func (p party) register(t *testing.T, site *practice.Site) *run {
	t.Helper()
	text := fromREADME(t, p.Name)
	r := &run{dir: t.TempDir(), addr: testenv.FreeAddr(t), issuer: site.Issuer, broker: "http://" + testenv.FreeAddr(t)}
	r.base, r.id = "http://"+r.addr, "portal-"+r.addr[strings.LastIndex(r.addr, ":")+1:]
	here := r.here()
	for i, a := range text.add {
		text.add[i] = here.Replace(a)
	}
	added := site.Command(text.add...)
	if added.Code != 0 {
		t.Fatalf("client add: %+v", added)
	}
	_, secret, _ := strings.Cut(added.Stdout, "shown only now: ")
	r.secret = strings.TrimSpace(secret)
	here = r.here()
	for _, s := range text.settings {
		r.settings = append(r.settings, here.Replace(s))
	}
	return r
}

// here returns what replaces the placeholders of README.
func (r *run) here() *strings.Replacer {
	pairs := []string{readmeClient, r.id, readmeSecret, r.secret, readmeRandom, rand.Text() + "123456"}
	for from, to := range map[string]string{readmeIssuer: r.issuer, readmePortal: r.base, readmeBroker: r.broker} {
		pairs = append(pairs, from, to, url.QueryEscape(from), url.QueryEscape(to))
	}
	return strings.NewReplacer(pairs...)
}

// file writes a file of the party's folder and returns its path.
func (r *run) file(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(r.dir, name)
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

// port returns the port of addr.
func (r *run) port() string { return r.addr[strings.LastIndex(r.addr, ":")+1:] }

// seen is what a run observed of a party.
type seen struct {
	login, claims, logout, rotation bool
	challenge                       string
}

// walk logs in at the party, rotates the keys of the provider twice, so that no
// party knows the key by then, logs in again, and logs out.
func (p party) walk(t *testing.T, site *practice.Site, s *seen) {
	t.Helper()
	r := p.register(t, site)
	p.start(t, r)
	v := p.visit(t, r, site)
	page := v.logIn()
	if s.login = !strings.Contains(page, "Nobody"); !s.login {
		t.Fatalf("nobody is logged in:\n%s", page)
	}
	if s.claims = strings.Contains(page, name); !s.claims {
		t.Errorf("the name is not shown:\n%s", page)
	}
	if s.challenge = v.challenge(); (s.challenge == "S256") == (p.PKCE == none) {
		t.Errorf("code_challenge_method %q", s.challenge)
	}
	if settings := strings.Join(r.settings, "\n"); p.PKCE != none && !strings.Contains(settings, p.PKCE) {
		t.Errorf("the settings have no %q", p.PKCE)
	}
	rotate(t, site)
	time.Sleep(p.Pause)
	v.forget()
	page = v.logIn()
	if s.rotation = strings.Contains(page, name); !s.rotation {
		t.Fatalf("after a rotation of the keys:\n%s", page)
	}
	end := v.logOut()
	if !strings.HasPrefix(end, r.base+"/") {
		t.Errorf("the logout ends at %s\n%s", end, v.text())
	}
	if s.logout = v.asked(); !s.logout {
		t.Error("somebody who logged out is logged in again without a password")
	}
}

func (p party) visit(t *testing.T, r *run, site *practice.Site) visitor {
	if p.visitor != nil {
		return p.visitor(t, p, r, site)
	}
	g := &guest{t: t, p: p, r: r, site: site, c: member(t, site)}
	g.watch()
	return g
}

// rotate lets keys sign that were published a moment ago.
func rotate(t *testing.T, site *practice.Site) {
	t.Helper()
	for range 2 {
		if got := site.Command("keys", "rotate"); got.Code != 0 {
			t.Fatalf("keys rotate: %+v", got)
		}
	}
	site.Kill() // a running server follows in minutes, a new one at once
	site.Up()
}

// guest is a visitor without a browser.
type guest struct {
	t    *testing.T
	p    party
	r    *run
	site *practice.Site
	c    *practice.Client
	sent *string // code_challenge_method of the latest authorization request
}

// watch reads the authorization requests, and accepts what a browser does, since some
// parties send nobody else to log in.
func (g *guest) watch() {
	method := ""
	g.sent = &method
	g.c.HTTP.Transport = spy{g.c.HTTP.Transport, func(r *http.Request) {
		if strings.HasPrefix(r.URL.String(), g.r.issuer+"/authorize?") {
			method = r.URL.Query().Get("code_challenge_method")
		}
	}}
}

type spy struct {
	http.RoundTripper
	look func(*http.Request)
}

func (s spy) RoundTrip(r *http.Request) (*http.Response, error) {
	s.look(r)
	r = r.Clone(r.Context())
	r.Header.Set("Accept", "text/html,application/xhtml+xml,*/*;q=0.8")
	return s.RoundTripper.RoundTrip(r)
}

// open opens a page of the party, and sends its form if it has one.
func (g *guest) open(path string) {
	g.t.Helper()
	g.c.Get(g.r.base + path)
	if strings.HasPrefix(g.c.URL, g.r.base) && strings.Contains(g.c.Body, `<form method="post"`) {
		g.c.Submit()
	}
}

func (g *guest) logIn() string {
	g.t.Helper()
	g.open(g.p.login)
	if !strings.HasPrefix(g.c.URL, g.r.base) {
		g.t.Fatalf("the login ends at %s (%d):\n%s", g.c.URL, g.c.Status, g.c.Body)
	}
	g.t.Logf("the login ends at %s (%d)", g.c.URL, g.c.Status)
	if g.p.home != "" {
		g.c.Get(g.r.base + g.p.home)
	}
	return g.c.Body
}

func (g *guest) forget() {
	g.t.Helper()
	at, err := url.Parse(g.r.issuer)
	if err != nil {
		g.t.Fatal(err)
	}
	jar, err := cookiejar.New(nil)
	if err != nil {
		g.t.Fatal(err)
	}
	cookies := g.c.HTTP.Jar.Cookies(at)
	for _, c := range cookies {
		c.Path = "/"
	}
	jar.SetCookies(at, cookies)
	g.c.HTTP.Jar = jar
}

func (g *guest) logOut() string {
	g.t.Helper()
	g.open(strings.ReplaceAll(g.p.logout, "BASE", url.QueryEscape(g.r.base)))
	if g.c.Page() == "provider/logout" { // without a hint the person is asked
		g.c.Submit()
	}
	return g.c.URL
}

func (g *guest) asked() bool {
	g.t.Helper()
	g.open(g.p.login)
	return g.c.Page() == "login/login"
}

func (g *guest) text() string { return g.c.Body }

func (g *guest) challenge() string { return *g.sent }

// replace replaces the first text of each pair with the second.
func replace(text string, pairs ...string) string { return strings.NewReplacer(pairs...).Replace(text) }
