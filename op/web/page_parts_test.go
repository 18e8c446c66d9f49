package web_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"omgevingsloket-id/op/web"
)

// The language switch keeps where somebody is, and nothing that a stranger put
// into the address.
func TestPageLanguages(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	for target, want := range map[string]string{
		"/":                               "?lang=en",
		"/?lang=nl":                       "?lang=en",
		"/?login=a%26b&id=c":              "?id=c&lang=en&login=a%26b",
		"/?q=anna&show=all&after=1.2":     "?after=1.2&lang=en&q=anna&show=all",
		"/?error=<b>&code=x&login_hint=a": "?lang=en",
	} {
		languages := k.Pages.Page(get(target), "web.error.internal.title").Languages
		if len(languages) != 2 || !languages[0].Current || languages[1] != (web.Language{Code: "en", Name: "English", URL: want}) {
			t.Errorf("Languages(%s) = %+v, want Dutch and a link %q", target, languages, want)
		}
	}
}

// A form token belongs to one browser, and to one site.
func TestFormToken(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	cookie, token := browser(k)
	page := func(k *web.Kit, cookie *http.Cookie) string {
		r := get("/")
		if cookie != nil {
			r.AddCookie(cookie)
		}
		return k.Pages.Page(r, "web.error.internal.title").CSRF
	}
	if got := page(k, cookie); got != token || token == "" || strings.Contains(cookie.Value, token) {
		t.Errorf("CSRF(the same browser) = %q, want %q", got, token)
	}
	if got := page(k, nil); got != "" {
		t.Errorf("CSRF(no browser) = %q, want none", got)
	}
	other, _ := browser(k)
	officials := newKit(t, func(o *web.Options) { o.FormKey = []byte("another") })
	for name, got := range map[string]string{"another browser": page(k, other), "another site": page(officials, cookie)} {
		if got == token || got == "" {
			t.Errorf("CSRF(%s) = %q, want another than %q", name, got, token)
		}
	}
}

func TestPageProblems(t *testing.T) {
	t.Parallel()
	p := newKit(t).Pages.Page(get("/"), "web.error.internal.title")
	p.Wrong("", "web.error.home")
	p.Wrong("email", "web.error.foreign.title")
	p.Wrong("email", "web.error.too_many.title")
	for field, want := range map[string]string{"email": "Dit formulier is niet meer geldig", "code": "", "": ""} {
		if got := p.Problem(field); got != want {
			t.Errorf("Problem(%q) = %q, want %q", field, got, want)
		}
	}
	if len(p.Problems) != 3 || p.Problems[0] != (web.Problem{Text: "Naar de startpagina"}) {
		t.Errorf("Problems = %+v, want all three in order", p.Problems)
	}
}

// Links lead below the issuer's path, or to the operator's own pages.
func TestPageLinks(t *testing.T) {
	t.Parallel()
	k := newKit(t, at("https://example.org/id"), func(o *web.Options) {
		o.Settings.Links.Privacy = "https://example.org/privacy"
		o.Settings.Helpdesk.Hours = map[string]string{"nl": "9-5"}
	})
	p := k.Pages.Page(get("/"), "web.error.internal.title")
	for call, c := range map[string]struct{ got, want string }{
		"URL(/start)":             {k.Pages.URL("/start"), "https://example.org/id/start"},
		"Path(/start)":            {p.Path("/start"), "/id/start"},
		"FootLink(privacy)":       {p.FootLink("privacy"), "https://example.org/privacy"},
		"FootLink(accessibility)": {p.FootLink("accessibility"), "/id/accessibility"},
		"FootLink(terms)":         {p.FootLink("terms"), "/id/terms"},
		"HelpdeskHours()":         {p.HelpdeskHours(), "9-5"},
	} {
		if c.got != c.want {
			t.Errorf("%s = %q, want %q", call, c.got, c.want)
		}
	}
}

func TestSeconds(t *testing.T) {
	t.Parallel()
	for d, want := range map[time.Duration]int{0: 0, 1: 1, time.Second: 1, time.Second + 1: 2, 90 * time.Second: 90} {
		if got := web.Seconds(d); got != want {
			t.Errorf("Seconds(%s) = %d, want %d", d, got, want)
		}
	}
}
