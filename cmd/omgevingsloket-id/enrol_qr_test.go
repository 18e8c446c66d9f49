package main

import (
	"html"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pquerna/otp"

	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/config"
	"omgevingsloket-id/storage/storagetest"
)

// toEnrol brings a new browser to the page with the button 'Toon QR-code'.
func (s *site) toEnrol(email string) *browser {
	s.t.Helper()
	return s.browser().authorize(newRequest("web", callbackURI)).submit("email", email, "password", testPassword).at("/enrol")
}

// reveals tells whether an answer shows a secret in any of its forms.
func reveals(body string) bool {
	return strings.Contains(body, "otpauth:") || strings.Contains(body, "qr-groups") || strings.Contains(body, "qr-code")
}

// 64 clicks at two servers, in four browsers: one QR code, ever.
func TestEN04_OneRevealOfMany(t *testing.T) {
	s := newSite(t, func(c *config.Config) { onServers(t)(c); c.Password.Wait = time.Minute })
	a := s.person(testEmail)
	servers := []*site{s, s.twin(0)}
	const crowd = 64
	var requests [crowd]*http.Request
	var browsers []*browser
	for i := range 4 {
		browsers = append(browsers, servers[i%2].toEnrol(testEmail))
	}
	for i := range crowd {
		requests[i] = browsers[i%4].form()
	}
	var shown, onward atomic.Int64
	atOnce(crowd, func(i int) {
		got := browsers[i%4].send(requests[i])
		switch to := got.header.Get("Location"); {
		case got.status == http.StatusOK && reveals(got.body):
			shown.Add(1)
		case got.status == http.StatusSeeOther && strings.HasPrefix(to, "/login/code?") && got.body == "",
			got.status == http.StatusServiceUnavailable && !reveals(got.body): // a crowd on a slow machine
			onward.Add(1)
		}
	})
	if shown.Load() != 1 || onward.Load() != crowd-1 {
		t.Errorf("%d showed a QR code and %d led on, want 1 and %d", shown.Load(), onward.Load(), crowd-1)
	}
	count := 0
	for _, e := range s.happened(a) {
		if e.Action == "account.qr_shown" {
			count++
		}
	}
	if got := s.reload(a); count != 1 || got.State != account.QRShown {
		t.Errorf("%d times on the record, %s", count, got.State)
	}
}

// Nothing but the button reveals: not GET, HEAD, a prefetch or a prerender.
// After the QR, the same POST, its GET, reload and every other browser lead
// to the code page.
func TestEN01_EN03_EN05_OnlyTheButtonReveals(t *testing.T) {
	s := newSite(t, nil)
	a := s.person(testEmail)
	b, other := s.toEnrol(testEmail), s.toEnrol(testEmail)
	query := b.url.RawQuery
	look := func(when string) {
		t.Helper()
		for _, method := range []string{http.MethodGet, http.MethodHead, http.MethodOptions, http.MethodPut} {
			for _, purpose := range []string{"", "prefetch", "prefetch;prerender"} {
				for _, path := range []string{"/enrol?" + query, "/enrol/qr?" + query} {
					req := b.request(method, path, nil)
					if purpose != "" {
						req.Header.Set("Sec-Purpose", purpose)
					}
					got := b.send(req)
					if reveals(got.body) {
						t.Fatalf("%s: %s %s reveals", when, method, path)
					}
					if purpose != "" && method == http.MethodGet && got.status != http.StatusServiceUnavailable {
						t.Errorf("%s: a %s gets %d", when, purpose, got.status)
					}
				}
			}
		}
	}
	look("before")
	if got := s.reload(a); got.State != account.AwaitingEnrolment || got.Factor.Sealed != nil {
		t.Fatalf("looking changed the account: %s", got.State)
	}
	again := b.formTo("/enrol/qr?" + query)
	b.submit().at("/enrol/qr").is(http.StatusOK).scan()
	if b.header.Get("Cache-Control") != "no-store" || !reveals(b.body) {
		t.Fatal("not the QR page:", b.header)
	}
	if strings.Contains(b.body, "?lang=") {
		t.Error("the language switch leads away from the QR code")
	}
	look("after")
	if got := b.send(again); got.status != http.StatusSeeOther || got.body != "" || !strings.HasPrefix(got.header.Get("Location"), "/login/code?") {
		t.Errorf("the same POST: %d %s", got.status, got.header.Get("Location"))
	}
	if other.submit().at("/login/code"); reveals(other.body) {
		t.Error("another browser sees the QR code")
	}
	turn := b.cookies()["olid-turn"]
	if b.get("/login/code?" + query); b.cookies()["olid-turn"] == turn || b.cookies()["olid-turn"] == "" {
		t.Error("the code page leaves the cookies as they were, and the QR page in the browser's memory")
	}
	b.submit("code", b.code()).answered()
}

// The browser that saw the QR need not be the one that types the code; the
// password was right in both. Another account's code is wrong.
func TestEN11_CodeFromAnotherBrowser(t *testing.T) {
	s := newSite(t, nil)
	a, b := s.shown(testEmail)
	_, stranger := s.shown("other@example.com")
	other := s.browser().authorize(newRequest("web", callbackURI)).submit("email", testEmail, "password", testPassword).at("/login/code")
	page := other.url.String()
	other.submit("code", stranger.code()).at("/login/code").is(http.StatusUnprocessableEntity)
	other.post("/login/code?"+b.url.RawQuery, "code", b.code()).is(http.StatusGone)
	if got := s.reload(a); got.State != account.QRShown {
		t.Fatal(got.State)
	}
	other.get(page).submit("code", b.code()).answered()
	if m := s.mails(testEmail); len(m) != 1 || m[0] != "factor-linked" {
		t.Error("mails:", m)
	}
}

// When the change is not written, or nobody heard that it was, no QR leaves.
func TestEN10_NoQRWithoutCommit(t *testing.T) {
	for fault, want := range map[storagetest.Fault]account.State{storagetest.NotWritten: account.AwaitingEnrolment, storagetest.Written: account.QRShown} {
		s, calls := watched(t, nil)
		a := s.person(testEmail)
		b := s.toEnrol(testEmail)
		calls.Once("Accounts.Reveal", fault)
		again := b.form()
		if b.submit().is(http.StatusServiceUnavailable); reveals(b.body) || b.header.Get("Retry-After") == "" {
			t.Error("fault", fault, ": a QR code, or no Retry-After")
		}
		if got := s.reload(a).State; got != want {
			t.Error("fault", fault, ":", got)
		}
		b.do(again)
		if shown := reveals(b.body); shown != (want == account.AwaitingEnrolment) {
			t.Error("fault", fault, ": the second click shows a QR code:", shown)
		}
	}
}

// What a client sends beside the button is refused, and nothing of it gets
// into the secret.
func TestEN16_NothingIsTheClientsChoice(t *testing.T) {
	s := newSite(t, nil)
	s.person(testEmail)
	b := s.toEnrol(testEmail)
	for _, field := range []string{"secret", "issuer", "account", "digits", "period", "algorithm", "email"} {
		if got := b.send(b.formTo("/enrol/qr?"+b.url.RawQuery, field, "JBSWY3DPEHPK3PXP")); got.status != http.StatusBadRequest || reveals(got.body) {
			t.Errorf("%s: %d", field, got.status)
		}
	}
	b.post("/enrol/qr?" + b.url.RawQuery + "&secret=JBSWY3DPEHPK3PXP&digits=8&email=evil@example.com").at("/enrol/qr").scan()
	if key := b.otpauth(); key.Secret() != b.seed.Reveal() || len(key.Secret()) != 32 || key.Digits() != otp.DigitsSix || key.AccountName() != testEmail {
		t.Error(key.URL())
	}
}

var otpauthLink = regexp.MustCompile(`href="(otpauth:[^"]*)"`)

// otpauth reads the address on the QR page with a parser that is not ours.
func (b *browser) otpauth() *otp.Key {
	b.s.t.Helper()
	m := otpauthLink.FindStringSubmatch(b.body)
	if m == nil {
		b.s.t.Fatal("no otpauth address on the page")
	}
	key, err := otp.NewKeyFromURL(html.UnescapeString(m[1]))
	must(b.s.t, err)
	return key
}

// Whatever is allowed in an address, the label stays a label.
func TestEN18_LabelInjection(t *testing.T) {
	s := newSite(t, nil)
	for _, email := range []string{
		"a&secret=jbswy3dpehpk3pxp@example.com", "a%26issuer=x@example.com", "a?issuer=evil@example.com", "a#x@example.com",
		"a+b=c/d@example.com", "`$(id)`{}|~@example.com", "o'neil!*@example.com",
	} {
		local, domain, _ := strings.Cut(email, "@")
		email = strings.NewReplacer("(", "", ")", "").Replace(local) + "@" + domain
		s.person(email)
		key := s.toEnrol(email).submit().at("/enrol/qr").scan().otpauth()
		u, err := url.Parse(key.URL())
		if err != nil || key.Issuer() != "Omgevingsloket" || key.AccountName() != email || len(u.Query()) != 2 || len(u.Query()["secret"]) != 1 {
			t.Errorf("%s: %s", email, key.URL())
		}
	}
}

// The secret is sealed to its row, and stands nowhere else in the database.
func TestEN19_SecretAtRest(t *testing.T) {
	s := newSite(t, nil)
	a, b := s.shown(testEmail)
	if strings.Contains(string(a.Factor.Sealed), b.seed.Reveal()) || len(a.Factor.Sealed) == 0 {
		t.Error("the secret is not sealed")
	}
	plain, err := s.stores.ring.Open(a.Factor.Sealed, account.FactorAAD(a.ID, a.Unblocks))
	if err != nil || string(plain) != b.seed.Reveal() {
		t.Error("sealed to another row:", err)
	}
	if _, err := s.stores.ring.Open(a.Factor.Sealed, account.FactorAAD(a.ID, a.Unblocks+1)); err == nil {
		t.Error("an old secret opens in a new enrolment")
	}
	for _, e := range s.happened(a) {
		for _, v := range e.Details {
			if strings.Contains(v, b.seed.Reveal()) {
				t.Error("on the record:", e.Action)
			}
		}
	}
}
