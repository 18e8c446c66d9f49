package journey

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"omgevingsloket-id/e2e/browser"
	"omgevingsloket-id/e2e/practice"
)

// TestAttacks tests the rows of the attack catalogue that need a browser, on one demo. Each
// has the row's id.
func TestAttacks(t *testing.T) {
	site := practice.Start(t)
	for name, attack := range map[string]func(*testing.T, *practice.Site){
		"AZ-18 login CSRF": loginCSRF, "AZ-20 two tabs": twoTabs, "AZ-27 framed": framed, "AZ-32 hostile parameters": hostileParameters,
		"EN-18 label": label, "HD-10 cookies": cookies, "LG-07 password managers": passwordManagers,
		"LG-20 planted cookies": planted, "LG-29 back after logout": backAfterLogout, "LG-29 back after the end of all sessions": backAfterEnd,
	} {
		t.Run(name, func(t *testing.T) { t.Parallel(); attack(t, site) })
	}
}

// loginCSRF lets the victim finish a login that the attacker began, and vice versa.
func loginCSRF(t *testing.T, site *practice.Site) {
	attacker, victim := browser.New(t), browser.New(t)
	attacker.Open(site.Portal + "/login")
	p := site.Person(t, practice.Burger, practice.Dutch)
	victim.Open(attacker.URL())
	p.Arrive(victim, "web/error")
	if victim.Status() != http.StatusGone {
		t.Errorf("the victim gets %d", victim.Status())
	}
	victim.Open(site.Portal + "/login") // with cookies of its own
	p.Arrive(victim, "login/login")
	victim.Open(attacker.URL())
	p.Arrive(victim, "web/error")
}

// twoTabs interleaves logins at two portals in two tabs of one browser.
func twoTabs(t *testing.T, site *practice.Site) {
	p := site.Member(site.Person(t, practice.Burger, practice.Dutch))
	one := browser.New(t)
	two := one.NewTab()
	one.Open(site.Portal + "/login")
	two.Open(site.Portal + "/second/login")
	p.LogIn(one)
	p.LogIn(two)
	p.EnterCode(two)
	p.Arrive(two, "consent/consent")
	p.EnterCode(one)
	atPortal(t, site, one, p)
	two.Click(p.Allow)
	// The login in the first tab ended the session of the second one's login. The
	// person is logged in, and goes to the portal from there.
	p.Arrive(two, "login/portals")
	two.Open(site.Portal + "/second/login")
	p.Arrive(two, "consent/consent")
	two.Click(p.Allow)
	if two.URL() != site.Portal+"/second" || two.TextOf("#user-email") != p.Email {
		t.Errorf("the second tab is at %s:\n%s", two.URL(), two.Text())
	}
}

// framed puts our pages into a frame of another site.
func framed(t *testing.T, site *practice.Site) {
	evil := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		fmt.Fprintf(w, `<!doctype html><title>x</title><main>Win<iframe src="%s"></iframe></main>`, r.URL.Query().Get("frame"))
	}))
	defer evil.Close()
	b := browser.New(t)
	for _, page := range []string{"/", "/apply", "/login", "/nowhere"} {
		b.Open(evil.URL + "/?frame=" + url.QueryEscape(site.Issuer+page))
		if problems := strings.Join(b.Problems(), " "); !strings.Contains(problems, "frame-ancestors") && !strings.Contains(problems, "X-Frame-Options") {
			t.Errorf("%s in a frame: %q", page, problems)
		}
	}
}

// hostileParameters puts script, markup and misleading text into every parameter of a link
// (AZ-10, AZ-12, AZ-26, AZ-32).
func hostileParameters(t *testing.T, site *practice.Site) {
	const hostile = `"><script>window.owned=1</script><img src=x onerror=window.owned=1>javascript:owned=1`
	w := &walk{T: t, site: site}
	request := w.authorize()
	q := request.Query()
	for _, name := range []string{"login_hint", "state", "error", "error_description", "msg", "ui_locales"} {
		q.Set(name, hostile)
	}
	request.RawQuery = q.Encode()
	b := browser.New(t)
	b.Open(request.String())
	for _, address := range []string{
		b.URL(), site.Issuer + "/?lang=" + url.QueryEscape(hostile) + "&error=" + url.QueryEscape(hostile),
		site.Issuer + "/apply/email?kind=" + url.QueryEscape(hostile), site.Issuer + "/" + url.PathEscape(hostile),
		site.Portal + "/callback?error=" + url.QueryEscape(hostile) + "&error_description=" + url.QueryEscape(hostile),
	} {
		b.Open(address)
		if browser.Eval[bool](b, `"owned" in window`) || b.Count("img[src=x]") != 0 {
			t.Errorf("%s runs what it was given", address)
		}
		if strings.Contains(b.Text(), "owned") && !strings.HasPrefix(address, site.Portal) {
			t.Errorf("%s shows what it was given:\n%s", address, b.Text())
		}
	}
}

// label applies with an e-mail address that could break out of the otpauth URI, which Scan
// parses.
func label(t *testing.T, site *practice.Site) {
	p := site.Person(t, practice.Burger, practice.Dutch)
	p.Email = "o'x+a&secret=b%41#c?d@example.com"
	site.Client(t).Apply(p)
	b := browser.New(t)
	b.Open(site.Portal + "/login")
	p.LogIn(b)
	p.Enrol(b)
	p.EnterCode(b)
	atPortal(t, site, b, p)
}

// cookies checks the cookies of a logged-in browser. The demo uses http, where no cookie can
// be Secure or have the prefix __Host-.
func cookies(t *testing.T, site *practice.Site) {
	p := site.Member(site.Person(t, practice.Burger, practice.Dutch))
	b := browser.New(t)
	b.Open(site.Portal + "/login")
	p.LogIn(b)
	p.EnterCode(b)
	ours := 0
	for _, c := range b.Cookies() {
		if !c.HttpOnly || c.SameSite != http.SameSiteLaxMode || c.Path != "/" || strings.HasPrefix(c.Domain, ".") || len(c.Value) > 4096 {
			t.Errorf("cookie %+v", c)
		}
		if strings.HasPrefix(c.Name, "olid-") {
			ours++
		}
	}
	if ours == 0 || ours > 5 {
		t.Errorf("%d cookies of the provider", ours)
	}
	if page := b.HTML(); strings.Contains(page, b.Cookie("olid-session").Value) {
		t.Error("LG-19: the session's handle stands in the page")
	}
}

// passwordManagers checks the attributes that password managers need.
func passwordManagers(t *testing.T, site *practice.Site) {
	b := browser.New(t)
	b.Open(site.Portal + "/login")
	for name, want := range map[string]string{"email": "username", "password": "current-password"} {
		if got := b.Attribute(`input[name="`+name+`"]`, "autocomplete"); got != want {
			t.Errorf("%s: autocomplete=%q, want %q", name, got, want)
		}
	}
	p := site.Member(site.Person(t, practice.Burger, practice.Dutch))
	p.LogIn(b)
	if got := b.Attribute(`input[name="code"]`, "autocomplete"); got != "one-time-code" {
		t.Errorf("code: autocomplete=%q", got)
	}
}

// planted sets the attacker's cookies in the victim's browser before the login, which must
// not log the attacker in.
func planted(t *testing.T, site *practice.Site) {
	p := site.Member(site.Person(t, practice.Burger, practice.Dutch))
	attacker, victim := browser.New(t), browser.New(t)
	attacker.Open(site.Portal + "/login")
	for _, c := range attacker.Cookies() {
		victim.SetCookie(site.Issuer, c.Name, c.Value)
	}
	victim.SetCookie(site.Issuer, "olid-session", "olid_ses_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")
	attacker.SetCookie(site.Issuer, "olid-session", "olid_ses_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")
	victim.Open(site.Portal + "/login")
	p.LogIn(victim)
	p.EnterCode(victim)
	atPortal(t, site, victim, p)
	attacker.Open(site.Issuer + "/portals")
	p.Arrive(attacker, "login/login")
}

// backAfterEnd ends all sessions of a holder on a page of the account, and looks for
// pages of the account in the browser's cache (LG-29).
func backAfterEnd(t *testing.T, site *practice.Site) {
	p := site.Member(site.Person(t, practice.Burger, practice.Dutch))
	b := browser.New(t, browser.BFCache())
	b.Open(site.Issuer + "/me")
	p.LogIn(b)
	p.EnterCode(b)
	p.Arrive(b, "me/me")
	b.Open(site.Issuer + "/me/sessions")
	b.ClickCSS(`button[value="all"]`)
	p.Arrive(b, "me/logout")
	for range 2 {
		b.Back()
		if page := b.Attribute("main", "data-page"); strings.Contains(b.HTML(), p.Email) || page == "me/sessions" || page == "me/me" {
			t.Errorf("after the end of the session, Back shows %s:\n%s", page, b.Text())
		}
	}
	demandKept(t, b, site)
}

// demandKept fails the test if the browser keeps no pages in memory.
func demandKept(t *testing.T, b *browser.Session, site *practice.Site) {
	t.Helper()
	b.Problems()
	if !kept(b, site) {
		t.Error("this browser keeps no pages in memory, so the test says nothing")
	}
}

// backAfterLogout looks for a page of the session in the browser's cache.
func backAfterLogout(t *testing.T, site *practice.Site) {
	p := site.Member(site.Person(t, practice.Burger, practice.Dutch))
	b := browser.New(t, browser.BFCache())
	b.Open(site.Portal + "/second/login")
	p.LogIn(b)
	p.EnterCode(b)
	p.Arrive(b, "consent/consent") // it says who is logged in
	b.Open(site.Issuer + "/end_session")
	b.Click(p.LogOut)
	p.Arrive(b, "provider/logged_out")
	b.Back()
	b.Back()
	if strings.Contains(b.HTML(), p.Email) {
		t.Errorf("after the logout, Back shows:\n%s", b.Text())
	}
	demandKept(t, b, site)
}
