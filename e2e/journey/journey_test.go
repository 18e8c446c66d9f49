package journey

import (
	"encoding/json"
	"strings"
	"testing"

	"omgevingsloket-id/e2e/browser"
	"omgevingsloket-id/e2e/practice"
)

// visitor is a combination of settings.
type visitor struct {
	name    string
	words   practice.Words
	lang    string
	kind    string
	options []browser.Option
}

// visitors cover burger and bedrijf, both languages, JavaScript on and off, phone and
// desktop, light and dark, each at least twice and no two of them always together.
var visitors = []visitor{
	{"nl-burger", practice.Dutch, "nl", practice.Burger, nil},
	{"en-bedrijf-phone-dark", practice.English, "en", practice.Bedrijf, []browser.Option{browser.Phone(), browser.Dark()}},
	{"nl-bedrijf-noscript-dark", practice.Dutch, "nl", practice.Bedrijf, []browser.Option{browser.NoScript(), browser.Dark()}},
	{"en-burger-phone-noscript", practice.English, "en", practice.Burger, []browser.Option{browser.Phone(), browser.NoScript()}},
}

// TestJourney is DESIGN.md §3 from the portal's front page to the second login, for a new
// person.
func TestJourney(t *testing.T) {
	site := practice.Start(t)
	for _, v := range visitors {
		t.Run(v.name, func(t *testing.T) {
			t.Parallel()
			newcomer(t, site, v)
		})
	}
}

// newcomer makes the journey.
func newcomer(t *testing.T, site *practice.Site, v visitor) {
	b := browser.New(t, append(v.options, browser.Language(v.lang))...)
	p := site.Person(t, v.kind, v.words)
	p.At = func(b *browser.Session, page string) {
		if got := b.Attribute("html", "lang"); got != v.lang {
			t.Errorf("%s is in %q", page, got)
		}
		if page == "enrol/qr" {
			readableQR(t, b)
		}
	}
	p.Apply(b)
	if receipt := site.Mail.Next(t, p.Email); !strings.Contains(receipt.Text, "Hauptstraße 1") {
		t.Errorf("the receipt holds no copy of the answers:\n%s", receipt.Text)
	}
	b.Click(p.GoToLogin)
	p.LogIn(b)
	p.Enrol(b)
	p.EnterCode(b)
	atPortal(t, site, b, p)
	first := claims(t, site, b)
	checkClaims(t, site, first, p, v)

	b.Click(p.PortalLogout)
	b.WaitText(p.PortalLoggedOut)
	b.Open(site.Issuer + "/portals") // needs a session
	p.Arrive(b, "login/login")

	b.Open(site.Portal + "/")
	b.Click(p.PortalLogin)
	p.LogIn(b)
	p.EnterCode(b) // without a QR code before it
	atPortal(t, site, b, p)
	if again := claims(t, site, b); again.ID["sub"] != first.ID["sub"] || again.ID["sid"] == first.ID["sid"] {
		t.Errorf("the second login gave sub %v, sid %v after %v, %v", again.ID["sub"], again.ID["sid"], first.ID["sub"], first.ID["sid"])
	}
}

// readableQR checks the card against DESIGN.md §3.4: at least four CSS pixels a module, dark
// on white in both schemes, and the key in groups of four.
func readableQR(t *testing.T, b *browser.Session) {
	t.Helper()
	type card struct {
		Module      float64
		White, Dark string
	}
	got := browser.Eval[card](b, `(() => {
		const svg = document.querySelector("svg.qr-code");
		return {
			Module: svg.getBoundingClientRect().width / svg.viewBox.baseVal.width,
			White: getComputedStyle(svg.querySelector("rect")).fill, Dark: getComputedStyle(svg.querySelector("path")).fill,
		};
	})()`)
	if got.Module < 4 || got.White != "rgb(255, 255, 255)" || got.Dark != "rgb(0, 0, 0)" {
		t.Errorf("the QR code: %+v", got)
	}
	groups := strings.Fields(b.TextOf(".qr-groups"))
	for _, g := range groups {
		if len(g) != 4 {
			t.Errorf("the key is shown as %q", groups)
		}
	}
	if link := b.Attribute(`a[href^="otpauth:"]`, "href"); !strings.Contains(link, "secret="+strings.Join(groups, "")+"&") {
		t.Errorf("the key %q is not that of the link", groups)
	}
}

// atPortal checks that the person is logged in at the portal.
func atPortal(t *testing.T, site *practice.Site, b *browser.Session, p *practice.Person) {
	t.Helper()
	if b.URL() != site.Portal+"/" || b.TextOf("h1") != p.LoggedIn || b.TextOf("#user-email") != p.Email {
		t.Fatalf("at %s, which says:\n%s", b.URL(), b.Text())
	}
}

// claimsDocument is /claims.json.
type claimsDocument struct {
	ID       map[string]any `json:"id_token"`
	Userinfo map[string]any `json:"userinfo"`
}

func claims(t *testing.T, site *practice.Site, b *browser.Session) claimsDocument {
	t.Helper()
	tab := b.NewTab()
	defer tab.Close()
	tab.Open(site.Portal + "/claims.json")
	var c claimsDocument
	if err := json.Unmarshal([]byte(tab.Text()), &c); err != nil {
		t.Fatalf("/claims.json: %v\n%s", err, tab.Text())
	}
	return c
}

func checkClaims(t *testing.T, site *practice.Site, c claimsDocument, p *practice.Person, v visitor) {
	t.Helper()
	want := map[string]any{
		"iss": site.Issuer, "aud": "demo-portal", "email": p.Email, "given_name": "Zoë", "family_name": "d'Ancona-Núñez",
		"acr": "urn:omgevingsloket-id:practice", "account_type": "natural_person",
	}
	if v.kind == practice.Bedrijf {
		want["account_type"] = "legal_person"
	}
	for name, value := range want {
		if got := c.ID[name]; got != value {
			t.Errorf("ID token: %s is %v, want %v", name, got, value)
		}
	}
	if c.Userinfo["sub"] != c.ID["sub"] || c.Userinfo["locale"] != v.lang || c.ID["amr"] != nil {
		t.Errorf("userinfo %v beside ID token %v", c.Userinfo, c.ID)
	}
	represents, _ := c.ID["represents"].(map[string]any)
	if (represents["organization_name"] == "Bau & Söhne GmbH") != (v.kind == practice.Bedrijf) {
		t.Errorf("represents %v", represents)
	}
	issued, _ := c.ID["iat"].(float64)
	if expires, _ := c.ID["exp"].(float64); expires <= issued || expires-issued > 300 {
		t.Errorf("the ID token is good for %v seconds", expires-issued)
	}
}
