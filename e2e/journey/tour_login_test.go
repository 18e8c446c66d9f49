package journey

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"

	"omgevingsloket-id/e2e/browser"
	"omgevingsloket-id/e2e/practice"
)

// refused makes the requests that end on an error page, and tries a wrong password.
func (w *walk) refused() {
	b, p := w.b, w.p
	b.Open(w.site.Portal + "/login")
	w.fine("login/login", "empty")
	b.Submit()
	w.wrong("login/login", "missing")
	b.Fill("email", p.Email)
	b.Fill("password", "dit is het niet")
	b.Submit()
	w.wrong("login/login", "refused")
	w.opened("summary", "login/login", "trouble")

	other := browser.New(w.T, append(w.v.options, browser.Language(w.v.lang))...)
	other.Open(b.URL())
	w.look(other, "web/error", "restart", false)
	other.Close()
	w.foreign(b.URL())

	request := w.authorize()
	for state, change := range map[string]func(url.Values){
		"client":       func(q url.Values) { q.Set("client_id", "nobody") },
		"redirect uri": func(q url.Values) { q.Set("redirect_uri", "https://evil.example/") },
		"parameter":    func(q url.Values) { q.Add("redirect_uri", "https://evil.example/") },
	} {
		q := request.Query()
		change(q)
		u := *request
		u.RawQuery = q.Encode()
		w.fineAt(u.String(), "web/error", state)
	}

	b.Open(w.site.Portal + "/login")
	b.ClearCookies()
	b.Fill("email", p.Email)
	b.Fill("password", p.Password)
	b.Submit()
	w.fine("web/error", "no cookies")
}

// opened opens a <details> and looks at the page again.
func (w *walk) opened(css, page, state string) {
	w.Helper()
	w.b.ClickCSS(css)
	w.look(w.b, page, state, strings.HasPrefix(w.b.Title(), w.v.words.Wrong))
}

// foreign sends our form from another site.
func (w *walk) foreign(address string) {
	w.Helper()
	evil := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) {
		rw.Header().Set("Content-Type", "text/html; charset=utf-8")
		fmt.Fprintf(rw, `<!doctype html><title>x</title><main><form method="post" action="%s">
			<input type="hidden" name="email" value="%s"><input type="hidden" name="password" value="x"><button>Win</button></form></main>`, address, w.p.Email)
	}))
	defer evil.Close()
	w.b.Open(evil.URL) // 127.0.0.1; the provider is on localhost
	w.b.Submit()
	w.fine("web/error", "foreign form")
}

// authorize returns the authorization request of the portal.
func (w *walk) authorize() *url.URL {
	w.Helper()
	c := w.site.Client(w.T)
	r, err := http.NewRequestWithContext(w.Context(), http.MethodGet, w.site.Portal+"/login", nil)
	if err != nil {
		w.Fatal(err)
	}
	res, err := c.HTTP.Do(r)
	if err != nil {
		w.Fatal(err)
	}
	_ = res.Body.Close()
	to, err := res.Location()
	if err != nil {
		w.Fatal(err)
	}
	return to
}

// enrolling makes the first login.
func (w *walk) enrolling() {
	b, p := w.b, w.p
	b.Open(w.site.Issuer + "/start")
	p.LogIn(b)
	w.fine("enrol/enrol", "first")
	w.opened("summary", "enrol/enrol", "no phone")
	b.Click(p.ShowQR)
	w.fine("enrol/qr", "shown")
	p.ScanScreen(b)
	b.Click(p.NextStep)
	w.fine("login/code", "first")
	b.Submit()
	w.wrong("login/code", "missing")
	b.Fill("code", p.Phone.Wrong())
	b.Submit()
	w.wrong("login/code", "wrong at first")
	b.Click(p.NotScanned)
	w.fine("login/lost", "asked")
	b.ClickCSS(`a[href^="/login/code"]`)
	move := b.Stay("/authorize/callback")
	p.EnterCode(b)
	w.fine("web/onward", "the end")
	move()
	b.Click(p.Onward) // the link works like the header
	atPortal(w.T, w.site, b, p)
	w.fine("portal/home", "logged in")
	w.fineAt(w.site.Issuer+"/portals", "login/portals", "two")
}

// secondPortal refuses consent to a third party's client, and then grants it.
func (w *walk) secondPortal() {
	b, p := w.b, w.p
	b.Open(w.site.Portal + "/second")
	b.ClickCSS("#login")
	w.fine("consent/consent", "asked")
	b.Click(p.Deny)
	w.fine("portal/message", "denied")
	if got := b.Status(); got != http.StatusForbidden {
		w.Errorf("the portal answers %d to access_denied", got)
	}
	b.ClickCSS("#login")
	p.Arrive(b, "consent/consent")
	b.Click(p.Allow)
	w.fine("portal/home", "second, logged in")
	if b.URL() != w.site.Portal+"/second" {
		w.Errorf("consent ended at %s", b.URL())
	}
	b.Open(w.site.Portal + "/second/login") // consent is remembered
	if b.URL() != w.site.Portal+"/second" {
		w.Errorf("a consent that was given led to %s", b.URL())
	}
}

// leaving logs out without a request of the portal.
func (w *walk) leaving() {
	b, p := w.b, w.p
	b.Open(w.site.Issuer + "/end_session")
	w.fine("provider/logout", "asked")
	b.Click(p.LogOut)
	w.fine("provider/logged_out", "done")
	b.Open(w.site.Portal + "/")
	b.Click(p.PortalLogout) // there is no session any more
	w.fine("portal/message", "logged out")
}

// again makes a later login, with a wrong code, a used one, and one too early.
func (w *walk) again() {
	b, p := w.b, w.p
	b.Open(w.site.Portal + "/login")
	p.LogIn(b)
	w.fine("login/code", "later")
	w.opened("summary", "login/code", "no app")
	code := p.Phone.Code()
	b.Fill("code", code)
	b.Submit()
	atPortal(w.T, w.site, b, p)
	b.Open(w.site.Portal + "/login?prompt=login")
	p.LogIn(b)
	b.Fill("code", code)
	b.Submit()
	w.wrong("login/code", "used before")
	for _, state := range []string{"wrong", "wrong again", "wrong and wait"} {
		b.Fill("code", p.Phone.Wrong())
		b.Submit()
		w.wrong("login/code", state)
	}
	b.Fill("code", p.Phone.Wrong())
	b.Submit()
	w.wrong("login/code", "too soon")
}

// blocked is a person whose scan failed, until after the helpdesk.
func (w *walk) blocked() {
	p := w.site.Person(w.T, practice.Burger, w.v.words)
	w.site.Client(w.T).Apply(p)
	b := w.b
	b.ClearCookies()
	b.Open(w.site.Portal + "/login")
	p.LogIn(b)
	p.Reveal(b)
	b.Click(p.NextStep)
	b.Click(p.NotScanned)
	p.Arrive(b, "login/lost")
	b.Click(p.BlockMe)
	w.fine("login/blocked", "not scanned")
	if r := w.site.Command("account", "unblock", "--second", "Bea", p.Email); r.Code != 0 {
		w.Fatalf("account unblock: %+v", r)
	}
	b.Open(w.site.Portal + "/login")
	p.LogIn(b)
	w.recovering(p)
}

// recovering is a person whose account was unblocked, who later cancels that.
func (w *walk) recovering(p *practice.Person) {
	b := w.b
	w.fine("enrol/code", "not mailed")
	w.opened("summary", "enrol/code", "no mailbox")
	b.Click(p.SendCode)
	w.fine("enrol/code", "mailed")
	b.ClickCSS(`button[name="send"]`)
	w.wrong("enrol/code", "mailed a moment ago")
	b.Fill("code", "12345")
	b.Click(p.Next)
	w.wrong("enrol/code", "no code")
	link, code := "", ""
	for code == "" {
		text := w.site.Mail.Next(w, p.Email).Text
		if m := mailedLink.FindString(text); m != "" {
			link = m
		}
		if m := mailedCode.FindStringSubmatch(text); m != nil {
			code = m[1]
		}
	}
	b.Fill("code", other(code))
	b.Click(p.Next)
	w.wrong("enrol/code", "wrong")
	b.Fill("code", code)
	b.Click(p.Next)
	w.fine("enrol/enrol", "unblocked")

	b.Open(link)
	w.fine("enrol/cancel", "asked")
	b.Submit()
	w.fine("enrol/cancelled", "done")
	b.Open(link)
	w.fine("enrol/cancel", "used before")
	b.Open(w.site.Portal + "/login")
	p.LogIn(b)
	w.fine("login/blocked", "cancelled")
}

var (
	mailedLink = regexp.MustCompile(`http\S+/enrol/cancel\?\S+`)
	mailedCode = regexp.MustCompile(`(?m)^\s*(\d{6})\s*$`)
)

// other returns six digits that are not this code.
func other(code string) string {
	if code == "000000" {
		return "111111"
	}
	return "000000"
}
