package console_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"omgevingsloket-id/e2e/site"
	"omgevingsloket-id/e2e/testenv"
	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/signin"
	"omgevingsloket-id/pkg/staff"
)

// OF-04: a session of an applicant or account holder is not valid at the console,
// and an official's not at the public site; neither under the other's cookie name,
// at the other's address, nor in the other's store.
func TestOF04_SessionsOfTheOtherSide(t *testing.T) {
	t.Parallel()
	main, desk := site.NewProduction(t)
	main.Person(site.Email)
	citizen := main.Browser().Authorize(site.NewRequest("web", site.CallbackURI))
	citizen.Enrol(site.Email)
	if citizen.Get("/portals"); citizen.Status != http.StatusOK || citizen.URL.Path != "/portals" {
		t.Fatal("not logged in:", citizen.URL)
	}
	official := desk.Official("olga@gov.example", staff.Roles...)

	desk.Browser().Carrying(citizen).Get("/console").At("/console/login")
	for _, path := range []string{"/portals", "/apply/status"} {
		if b := main.Browser().Carrying(official).Get(path); b.Status == http.StatusOK && b.URL.Path == path {
			t.Error("an official is at", path)
		}
	}
	if b := main.Browser().Carrying(official).Authorize(site.NewRequest("web", site.CallbackURI).With("prompt", "none")); b.URL.Query().Get("error") != "login_required" {
		t.Error("an official is logged in as an account:", b.URL)
	}
	// Put each value under the name of every other cookie.
	jar := map[string]string{}
	for _, from := range []*site.Browser{citizen, official} {
		for _, c := range from.HTTP.Jar.Cookies(from.URL) {
			jar[c.Name] = c.Value
		}
	}
	for target, path := range map[*site.Site]string{desk: "/console", main: "/portals"} {
		for swapped := range jar {
			req, err := http.NewRequest(http.MethodGet, target.Server.URL+path, nil)
			site.Must(t, err)
			for name, value := range jar {
				for other := range jar {
					if other == swapped && name != other {
						req.AddCookie(&http.Cookie{Name: other, Value: value})
					}
				}
			}
			res, err := target.Server.Client().Transport.RoundTrip(req)
			site.Must(t, err)
			_ = res.Body.Close()
			if res.StatusCode == http.StatusOK {
				t.Errorf("%s opens with a foreign value in %s", path, swapped)
			}
		}
	}
	// The public site does not serve the console, nor the reverse.
	for _, look := range []struct {
		s    *site.Site
		path string
	}{{main, "/console"}, {main, "/console/login"}, {desk, "/login"}, {desk, "/authorize"}, {desk, "/portals"}, {desk, "/apply"}, {desk, "/token"}} {
		if b := look.s.Browser().Get(look.path); b.Status != http.StatusNotFound && b.Status != http.StatusMethodNotAllowed {
			t.Errorf("%s at the other site: %d", look.path, b.Status)
		}
	}
}

// OF-19: a right password alone opens no page.
func TestOF19_NoSessionWithoutSecondFactor(t *testing.T) {
	testenv.Slow(t)
	t.Parallel()
	s := site.New(t, nil)
	s.Browser().Join(s.Invite("olga@example.org", staff.Roles...))
	b := s.Browser().Get("/console/login").Submit("email", "olga@example.org", "password", site.StaffPassword).At("/console/login/code")
	for _, a := range s.Console.Access() {
		if len(a.Roles) == 0 {
			continue
		}
		if a.Method == http.MethodPost {
			b.Get("/console/login/code").Press(a.Path)
		} else {
			b.Get(a.Path)
		}
		b.At("/console/login")
		b.Submit("email", "olga@example.org", "password", site.StaffPassword).At("/console/login/code")
	}
	// A member always has a scanned factor.
	if got, err := s.Stores.DB.Staff().ByEmail(t.Context(), "olga@example.org"); err != nil || got.Factor.Sealed == nil || got.State != staff.Active {
		t.Error(got.State, err)
	}
	if _, err := s.Staff.Code(t.Context(), staff.Member{ID: "none", Epoch: 1}, "000000", signin.From{}); err == nil {
		t.Error("a code of nobody is judged", account.Accepted)
	}
}

// OF-23, OF-24: every page of the console, and every refusal, isolates its window
// (COOP) and cannot be framed; no link opens a window.
func TestOF23_OF24_ConsoleHeaders(t *testing.T) {
	t.Parallel()
	s := site.New(t, nil)
	b := s.Official("olga@example.org", staff.Roles...)
	nobody := s.Browser()
	for _, a := range s.Console.Access() {
		for _, who := range []*site.Browser{b, nobody} {
			if a.Method == http.MethodPost {
				who.Get("/console/login").Press(a.Path)
			} else {
				who.Get(a.Path)
			}
			if who.Header.Get("Cross-Origin-Opener-Policy") != "same-origin" || who.Header.Get("X-Frame-Options") != "DENY" || !unframed(who.Header.Get("Content-Security-Policy")) {
				t.Errorf("%s %s (%d): %v", a.Method, a.Path, who.Status, who.Header)
			}
			if strings.Contains(who.Body, "target=") {
				t.Error(a.Path, "opens a window")
			}
		}
	}
}

// unframed reports whether a policy forbids a page in frames.
func unframed(policy string) bool {
	return strings.Contains(policy, "frame-ancestors 'none'")
}

// LG-16: strangers who know an official's address cannot lock them out: the browser
// of an earlier login has a lane of its own. A stranger with the right password
// waits, and an address that is cut within a character is not that of any account.
func TestLG16_LockIsNoWeaponAtTheConsole(t *testing.T) {
	t.Parallel()
	s := site.New(t, site.OnServers(t))
	olga := s.Official("olga@gov.example", staff.Helpdesk)
	try := func(b *site.Browser, email, password string) bool {
		b.Get("/console/login").Submit("email", email, "password", password)
		return b.URL.Path == "/console/login/code"
	}
	stranger := s.Browser()
	for range 8 {
		if try(stranger, "olga@gov.example", "a wrong password, again") {
			t.Fatal("a wrong password opens")
		}
		s.Clock.Add(time.Second)
	}
	if try(stranger, "olga@gov.example", site.StaffPassword) {
		t.Error("the strangers' lane is open after 8 guesses")
	}
	if !try(olga, "olga@gov.example", site.StaffPassword) {
		t.Error("a stranger's guesses lock an official out:", olga.Status, olga.Body)
	}
	if try(stranger, strings.Repeat("x", 253)+"\u00e9", "x"); stranger.Status != http.StatusUnprocessableEntity {
		t.Error("a long address:", stranger.Status)
	}
}

// An account holder and an official with the same address have nothing in
// common: guesses at one do not lock the other, and a browser in which one logged in is
// not known for the other.
func TestRealmsDoNotMix(t *testing.T) {
	t.Parallel()
	const email = "anna@example.org"
	s := site.New(t, nil)
	_, holder := s.Active(email)
	official := s.Official(email, staff.Helpdesk)
	try := func(b *site.Browser) bool {
		b.Get("/console/login").Submit("email", email, "password", site.StaffPassword)
		return b.URL.Path == "/console/login/code"
	}
	s.FillLane(email)
	if s.Browser().Authorize(site.NewRequest("web", site.CallbackURI)).Submit("email", email, "password", site.Password).URL.Path != "/login" {
		t.Error("the holder's lane of strangers is open after 5 guesses, want it locked")
	}
	if !try(s.Browser()) {
		t.Error("guesses at the holder's password lock the official, want them apart")
	}
	guess := s.Browser().Get("/console/login")
	for range 8 {
		guess.Submit("email", email, "password", "not the password at all")
	}
	if try(holder) {
		t.Error("the holder's browser has a lane of its own for the official, want that of strangers")
	}
	if !try(official) {
		t.Error("the official's browser shares the lane of strangers, want one of its own")
	}
}
