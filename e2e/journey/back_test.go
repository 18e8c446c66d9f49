package journey

import (
	"strings"
	"testing"

	"omgevingsloket-id/e2e/browser"
	"omgevingsloket-id/e2e/practice"
)

// Z1: on each page of the journey the person sends the form empty, presses Back, and goes
// on. The browser never shows an error of its own, and nobody has to begin again. Without
// script there is one exception: the page with the QR code is the answer to a POST, which
// shows it once.
func TestZ1_BackOnEveryPage(t *testing.T) {
	site := practice.Start(t)
	for _, v := range visitors {
		t.Run(v.name, func(t *testing.T) {
			t.Parallel()
			backs(t, site, v)
		})
	}
}

func backs(t *testing.T, site *practice.Site, v visitor) {
	b := browser.New(t, append(v.options, browser.Language(v.lang), browser.BFCache())...)
	p := site.Person(t, v.kind, v.words)
	loggedIn := false
	back := func(b *browser.Session, where string) {
		t.Helper()
		b.Back()
		if url := b.URL(); !strings.HasPrefix(url, "http://") && !(strings.Contains(v.name, "noscript") && strings.Contains(b.Entry(), "/enrol/qr?")) {
			t.Errorf("Back at %s shows %s for %s", where, url, b.Entry())
		}
		if loggedIn && b.Count("main[data-page='web/error']") != 0 {
			t.Errorf("Back at %s, after the login, says: %s", where, b.Text())
		}
	}
	p.At = func(b *browser.Session, page string) {
		t.Helper()
		if page == "portal/home" || page == "enrol/qr" || strings.HasPrefix(page, "portal/") {
			return
		}
		url := b.URL()
		const submit = "form#form button[type=submit]:not([name])"
		if b.Count(submit) > 0 {
			b.ClickCSS(submit)
			if b.Count("#errors") == 0 {
				t.Errorf("%s: an empty form shows no errors:\n%s", page, b.Text())
			}
			back(b, page+" with errors")
		}
		b.Open(url)
		back(b, page)
		b.Open(url)
	}
	p.Apply(b)
	b.Click(p.GoToLogin)
	p.LogIn(b)
	p.Reveal(b)
	b.Click(p.NextStep)
	back(b, "the code, after the QR code")
	b.Forward()
	p.EnterCode(b)
	atPortal(t, site, b, p)
	loggedIn = true
	for range 4 {
		back(b, "the portal")
	}
}

// Z10: somebody who switches the language in the middle of a form keeps what was typed, and
// the Enter key sends the form instead of switching.
func TestZ10_LanguageInTheMiddleOfAForm(t *testing.T) {
	t.Parallel()
	site := practice.Start(t)
	for name, options := range map[string][]browser.Option{"script": nil, "no script": {browser.NoScript()}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := browser.New(t, append(options, browser.Language("nl"))...)
			p := site.Person(t, practice.Burger, practice.Dutch)
			b.Open(site.Issuer + "/apply")
			p.Begin(b)
			b.Fill("password", p.Password)
			b.Press("Enter")
			p.Arrive(b, "apply/person")
			b.Fill("given_name", "Zoë")
			b.Fill("birth_year", "1980")
			b.Click("English")
			p.Arrive(b, "apply/person")
			if lang := b.Attribute("html", "lang"); lang != "en" || b.Value("given_name") != "Zoë" || b.Value("birth_year") != "1980" {
				t.Errorf("after the switch the page is in %q, with %q and %q", lang, b.Value("given_name"), b.Value("birth_year"))
			}
			b.Fill("family_name", "Jansen")
			b.Fill("birth_day", "31")
			b.Fill("birth_month", "3")
			b.Press("Enter")
			p.Arrive(b, "apply/address")
			if lang := b.Attribute("html", "lang"); lang != "en" {
				t.Errorf("Enter leads to a page in %q", lang)
			}
		})
	}
}
