package main

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/client"
	"omgevingsloket-id/pkg/config"
	"omgevingsloket-id/pkg/staff"
)

// OF-04: who applied or has an account is nobody at the console, and an
// official nobody at the citizens' side; a cookie under the other's name, at
// the other's site or in the other's store changes nothing.
func TestOF04_SessionsOfTheOtherSide(t *testing.T) {
	main, desk := produce(t)
	main.person(testEmail)
	citizen := main.browser().authorize(newRequest("web", callbackURI))
	citizen.enrol(testEmail)
	if citizen.get("/portals"); citizen.status != http.StatusOK || citizen.url.Path != "/portals" {
		t.Fatal("not logged in:", citizen.url)
	}
	official := desk.official("olga@gov.example", staff.Roles...)

	desk.browser().carrying(citizen).get("/console").at("/console/login")
	for _, path := range []string{"/portals", "/apply/status"} {
		if b := main.browser().carrying(official).get(path); b.status == http.StatusOK && b.url.Path == path {
			t.Error("an official is at", path)
		}
	}
	if b := main.browser().carrying(official).authorize(newRequest("web", callbackURI).with("prompt", "none")); b.url.Query().Get("error") != "login_required" {
		t.Error("an official is logged in as an account:", b.url)
	}
	// Each value under the name of every other cookie.
	jar := map[string]string{}
	for _, from := range []*browser{citizen, official} {
		for _, c := range from.http.Jar.Cookies(from.url) {
			jar[c.Name] = c.Value
		}
	}
	for target, path := range map[*site]string{desk: "/console", main: "/portals"} {
		for swapped := range jar {
			req, err := http.NewRequest(http.MethodGet, target.server.URL+path, nil)
			must(t, err)
			for name, value := range jar {
				for other := range jar {
					if other == swapped && name != other {
						req.AddCookie(&http.Cookie{Name: other, Value: value})
					}
				}
			}
			res, err := target.server.Client().Transport.RoundTrip(req)
			must(t, err)
			_ = res.Body.Close()
			if res.StatusCode == http.StatusOK {
				t.Errorf("%s opens with a foreign value in %s", path, swapped)
			}
		}
	}
	// The console is not on the citizens' site at all, nor the reverse.
	for _, look := range []struct {
		s    *site
		path string
	}{{main, "/console"}, {main, "/console/login"}, {desk, "/login"}, {desk, "/authorize"}, {desk, "/portals"}, {desk, "/apply"}, {desk, "/token"}} {
		if b := look.s.browser().get(look.path); b.status != http.StatusNotFound && b.status != http.StatusMethodNotAllowed {
			t.Errorf("%s at the other site: %d", look.path, b.status)
		}
	}
}

// OF-18: nobody becomes the first official over the web, whatever is in the
// database, and there is no password to begin with.
func TestOF18_FirstOfficialOnlyByCommand(t *testing.T) {
	s := newSite(t, nil)
	nobody := func(when string) {
		t.Helper()
		all, err := s.stores.db.Staff().Everyone(t.Context())
		must(t, err)
		for _, m := range all {
			if m.State == staff.Active {
				t.Fatal(when, m.Email)
			}
		}
		b := s.browser()
		for _, a := range s.staff.Access() {
			if b.get("/console/login").status != http.StatusOK {
				t.Fatal(when, b.status)
			}
			if len(a.Roles) == 0 {
				continue
			}
			if a.Method == http.MethodPost {
				b.press(a.Path, "name", "Eve", "email", "eve@example.org", "administrator", "yes", "action", "roles")
			} else {
				b.get(a.Path)
			}
			if b.status == http.StatusOK && b.url.Path == a.Path {
				t.Errorf("%s: %s %s is open", when, a.Method, a.Path)
			}
		}
		for _, guess := range [][2]string{{"admin@example.org", "admin"}, {"admin", "admin"}, {"root@localhost", ""}, {"olga@example.org", staffPassword}, {"", ""}} {
			if b.get("/console/login").submit("email", guess[0], "password", guess[1]); b.url.Path != "/console/login" {
				t.Errorf("%s: %s gets to %s", when, guess[0], b.url)
			}
		}
		if b.get("/console/invite?token=").status < 400 {
			t.Error(when, "an invitation of nobody")
		}
	}
	nobody("empty")
	s.official("olga@example.org", staff.Administrator)
	m, err := s.stores.db.Staff().ByEmail(t.Context(), "olga@example.org")
	must(t, err)
	must(t, s.stores.db.Staff().Remove(t.Context(), "", m.ID, noRecord))
	nobody("after the last one was removed")
}

// OF-19: a right password alone is no session, wherever one goes with it.
func TestOF19_NoSessionWithoutSecondFactor(t *testing.T) {
	s := newSite(t, nil)
	s.browser().join(s.invite("olga@example.org", staff.Roles...))
	b := s.browser().get("/console/login").submit("email", "olga@example.org", "password", staffPassword).at("/console/login/code")
	for _, a := range s.staff.Access() {
		if len(a.Roles) == 0 {
			continue
		}
		if a.Method == http.MethodPost {
			b.get("/console/login/code").press(a.Path)
		} else {
			b.get(a.Path)
		}
		b.at("/console/login")
		b.submit("email", "olga@example.org", "password", staffPassword).at("/console/login/code")
	}
	// Nor is a member who never scanned: there is none.
	if got, err := s.stores.db.Staff().ByEmail(t.Context(), "olga@example.org"); err != nil || got.Factor.Sealed == nil || got.State != staff.Active {
		t.Error(got.State, err)
	}
	if _, _, err := s.staff.Rules.Code(t.Context(), staff.Member{ID: "none", Epoch: 1}, "000000", ""); err == nil {
		t.Error("a code of nobody is judged", account.Accepted)
	}
}

// OF-13: what a client may be registered with, by command and in the file.
func TestOF13_ClientRegistration(t *testing.T) {
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
		c := newClient("a", callbackURI, func(c *client.Client) { c.RedirectURIs = uris })
		if err := c.Validate(client.General, false); err == nil {
			t.Error(name, "is registered")
		} else if len(err.Error()) > 10_000 {
			t.Error(name, "answers with", len(err.Error()), "characters")
		}
		c = newClient("a", callbackURI, func(c *client.Client) { c.PostLogoutRedirectURIs = uris })
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
	if got := newClient("a", callbackURI, nil).UsesOrigin(own, ""); got != "" {
		t.Error(got)
	}
	// By command, and from the file.
	dir := demoFolder(t)
	if code, _, err := command(t, "migrate", "--data", dir); code != exitOK {
		t.Fatal(err)
	}
	for _, uri := range []string{"javascript:alert(1)", "http://rp.example/cb", "https://rp.example/*", "http://localhost:18080/cb", "https://198.51.100.7/cb"} {
		if code, _, err := command(t, "client", "add", "--data", dir, "evil", "--name", "x", "--redirect-uri", uri); code != exitWrongUse {
			t.Error(uri, "by command:", code, err)
		}
	}
	s := newSite(t, nil)
	c := s.config
	c.Clients = config.Clients{newClient("a", c.Issuer+"/cb", nil)}
	if err := c.Validate(); err == nil || !strings.Contains(err.Error(), "this provider itself") {
		t.Error("in the file:", err)
	}
}

// OF-14: nothing that somebody gave us is fetched but a client's jwks_uri
// (TestR212_OnlyPublicAddresses): no other code makes requests at all.
func TestOF14_OneFetcher(t *testing.T) {
	allowed := map[string]bool{
		"../../op/provider/jwksuri.go": true,
		"../../op/web/errors.go":       true, // draws a page without a visitor, and sends nothing
		"operate.go":                   true, // `ready` asks its own server
		"../internal/portal/client.go": true, // the stand-in for a portal is a client
	}
	var found []string
	for _, root := range []string{"../../op", "../../pkg", "../../storage", "."} {
		must(t, filepath.WalkDir(root, func(path string, d os.DirEntry, err error) error {
			if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
				return err
			}
			text, err := os.ReadFile(path)
			for _, call := range []string{"http.Get(", "http.Post(", "http.PostForm(", "http.Head(", "http.Client{", "http.DefaultClient", "http.Transport{", "http.NewRequest"} {
				if strings.Contains(string(text), call) && !allowed[path] {
					found = append(found, path+": "+call)
				}
			}
			return err
		}))
	}
	for _, f := range found {
		t.Error("makes requests:", f)
	}
}

// OF-23, OF-24: every page of the console, and every refusal, keeps windows
// apart and is in nobody's frame; no link opens a window.
func TestOF23_OF24_ConsoleHeaders(t *testing.T) {
	s := newSite(t, nil)
	b := s.official("olga@example.org", staff.Roles...)
	nobody := s.browser()
	for _, a := range s.staff.Access() {
		for _, who := range []*browser{b, nobody} {
			if a.Method == http.MethodPost {
				who.get("/console/login").press(a.Path)
			} else {
				who.get(a.Path)
			}
			if who.header.Get("Cross-Origin-Opener-Policy") != "same-origin" || who.header.Get("X-Frame-Options") != "DENY" || !unframed(who.header.Get("Content-Security-Policy")) {
				t.Errorf("%s %s (%d): %v", a.Method, a.Path, who.status, who.header)
			}
			if strings.Contains(who.body, "target=") {
				t.Error(a.Path, "opens a window")
			}
		}
	}
}

// unframed tells whether a policy keeps a page out of frames.
func unframed(policy string) bool {
	return strings.Contains(policy, "frame-ancestors 'none'")
}

// LG-16: whoever knows an official's address locks nobody out at the desk:
// the browser of an earlier login has a lane of its own. A stranger with the
// right password waits, and an address cut within a letter is one of nobody.
func TestLG16_LockIsNoWeaponAtTheConsole(t *testing.T) {
	s := newSite(t, onServers(t))
	olga := s.official("olga@gov.example", staff.Helpdesk)
	try := func(b *browser, email, password string) bool {
		b.get("/console/login").submit("email", email, "password", password)
		return b.url.Path == "/console/login/code"
	}
	stranger := s.browser()
	for range 8 {
		if try(stranger, "olga@gov.example", "a wrong password, again") {
			t.Fatal("a wrong password opens")
		}
		s.clock.add(time.Second)
	}
	if try(stranger, "olga@gov.example", staffPassword) {
		t.Error("the strangers' lane is open after 8 guesses")
	}
	if !try(olga, "olga@gov.example", staffPassword) {
		t.Error("a stranger's guesses lock an official out:", olga.status, olga.body)
	}
	if try(stranger, strings.Repeat("x", 253)+"\u00e9", "x"); stranger.status != http.StatusUnprocessableEntity {
		t.Error("a long address:", stranger.status)
	}
}
