package enrol_test

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

	"omgevingsloket-id/e2e/site"
	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/config"
	"omgevingsloket-id/storage/storagetest"
)

// Z8: the button that opens the app on this phone, and the key, stand before the QR code.
func TestZ8_AppBeforeTheCode(t *testing.T) {
	t.Parallel()
	s := site.New(t, nil)
	s.Person(site.Email)
	b := s.ToEnrol(site.Email).Submit()
	app, key, code := strings.Index(b.Body, `class="qr-app"`), strings.Index(b.Body, `class="qr-groups"`), strings.Index(b.Body, `class="qr-code"`)
	if app < 0 || key < app || code < key {
		t.Errorf("the button is at %d, the key at %d, the code at %d", app, key, code)
	}
}

// 64 clicks at two servers, in four browsers: one QR code, ever.
func TestEN04_OneRevealOfMany(t *testing.T) {
	t.Parallel()
	s := site.New(t, func(c *config.Config) { site.OnServers(t)(c); c.Password.Wait = time.Minute })
	a := s.Person(site.Email)
	servers := []*site.Site{s, s.Twin(0)}
	const crowd = 64
	var requests [crowd]*http.Request
	var browsers []*site.Browser
	for i := range 4 {
		browsers = append(browsers, servers[i%2].ToEnrol(site.Email))
	}
	for i := range crowd {
		requests[i] = browsers[i%4].Form()
	}
	var shown, onward atomic.Int64
	site.AtOnce(crowd, func(i int) {
		got := browsers[i%4].Send(requests[i])
		switch to := got.Header.Get("Location"); {
		case got.Status == http.StatusOK && site.Reveals(got.Body):
			shown.Add(1)
		case got.Status == http.StatusSeeOther && strings.HasPrefix(to, "/login/code?") && got.Body == "",
			got.Status == http.StatusServiceUnavailable && !site.Reveals(got.Body): // a crowd on a slow machine
			onward.Add(1)
		}
	})
	if shown.Load() != 1 || onward.Load() != crowd-1 {
		t.Errorf("%d showed a QR code and %d led on, want 1 and %d", shown.Load(), onward.Load(), crowd-1)
	}
	count := 0
	for _, e := range s.Events(a) {
		if e.Action == "account.qr_shown" {
			count++
		}
	}
	if got := s.Reload(a); count != 1 || got.State != account.QRShown {
		t.Errorf("%d times in the audit log, %s", count, got.State)
	}
}

// Nothing but the button reveals: not GET, HEAD, a prefetch or a prerender.
// After the QR, the same POST, its GET, reload and every other browser lead
// to the code page.
func TestEN01_EN03_EN05_OnlyTheButtonReveals(t *testing.T) {
	t.Parallel()
	s := site.New(t, nil)
	a := s.Person(site.Email)
	b, other := s.ToEnrol(site.Email), s.ToEnrol(site.Email)
	query := b.URL.RawQuery
	look := func(when string) {
		t.Helper()
		for _, method := range []string{http.MethodGet, http.MethodHead, http.MethodOptions, http.MethodPut} {
			for _, purpose := range []string{"", "prefetch", "prefetch;prerender"} {
				for _, path := range []string{"/enrol?" + query, "/enrol/qr?" + query} {
					req := b.Request(method, path, nil)
					if purpose != "" {
						req.Header.Set("Sec-Purpose", purpose)
					}
					got := b.Send(req)
					if site.Reveals(got.Body) {
						t.Fatalf("%s: %s %s reveals", when, method, path)
					}
					if purpose != "" && method == http.MethodGet && got.Status != http.StatusForbidden {
						t.Errorf("%s: a %s gets %d", when, purpose, got.Status)
					}
				}
			}
		}
	}
	look("before")
	if got := s.Reload(a); got.State != account.AwaitingEnrolment || got.Factor.Sealed != nil {
		t.Fatalf("looking changed the account: %s", got.State)
	}
	again := b.FormTo("/enrol/qr?" + query)
	b.Submit().At("/enrol/qr").Is(http.StatusOK).Scan()
	if b.Header.Get("Cache-Control") != "no-store" || !site.Reveals(b.Body) {
		t.Fatal("not the QR page:", b.Header)
	}
	if strings.Contains(b.Body, "?lang=") {
		t.Error("the language switch leads away from the QR code")
	}
	look("after")
	if got := b.Send(again); got.Status != http.StatusSeeOther || got.Body != "" || !strings.HasPrefix(got.Header.Get("Location"), "/login/code?") {
		t.Errorf("the same POST: %d %s", got.Status, got.Header.Get("Location"))
	}
	if other.Submit().At("/login/code"); site.Reveals(other.Body) {
		t.Error("another browser sees the QR code")
	}
	turn := b.Cookies()["olid-turn"]
	if b.Get("/login/code?" + query); b.Cookies()["olid-turn"] == turn || b.Cookies()["olid-turn"] == "" {
		t.Error("the code page leaves the cookies as they were, and the QR page in the browser's memory")
	}
	b.Submit("code", b.Code()).Answered()
}

// The browser that saw the QR need not be the one that types the code; the
// password was right in both. Another account's code is wrong.
func TestEN11_CodeFromAnotherBrowser(t *testing.T) {
	t.Parallel()
	s := site.New(t, nil)
	a, b := s.Shown(site.Email)
	_, stranger := s.Shown("other@example.com")
	other := s.Browser().Authorize(site.NewRequest("web", site.CallbackURI)).Submit("email", site.Email, "password", site.Password).At("/login/code")
	page := other.URL.String()
	other.Submit("code", stranger.Code()).At("/login/code").Is(http.StatusUnprocessableEntity)
	other.Post("/login/code?"+b.URL.RawQuery, "code", b.Code()).Is(http.StatusGone)
	if got := s.Reload(a); got.State != account.QRShown {
		t.Fatal(got.State)
	}
	other.Get(page).Submit("code", b.Code()).Answered()
	if m := s.Mails(site.Email); len(m) != 1 || m[0] != "factor-linked" {
		t.Error("mails:", m)
	}
}

// When the change is not written, or the answer of the store was lost, no QR
// leaves. The page says what to do if the QR code counts as shown (W11).
func TestEN10_W11_NoQRWithoutCommit(t *testing.T) {
	t.Parallel()
	for fault, want := range map[storagetest.Fault]account.State{storagetest.NotWritten: account.AwaitingEnrolment, storagetest.Written: account.QRShown} {
		s, calls := site.NewWatched(t, nil)
		a := s.Person(site.Email)
		b := s.ToEnrol(site.Email)
		calls.Once("Accounts.ShowQR", fault)
		again := b.Form()
		if b.Submit().Is(http.StatusServiceUnavailable); site.Reveals(b.Body) || b.Header.Get("Retry-After") == "" {
			t.Error("fault", fault, ": a QR code, or no Retry-After")
		}
		b.Says("QR-code niet gescand?").Says("/enrol?login=")
		if got := s.Reload(a).State; got != want {
			t.Error("fault", fault, ":", got)
		}
		b.Do(again)
		if shown := site.Reveals(b.Body); shown != (want == account.AwaitingEnrolment) {
			t.Error("fault", fault, ": the second click shows a QR code:", shown)
		}
	}
}

// What a client sends beside the button is refused, and nothing of it gets
// into the secret.
func TestEN16_NothingIsTheClientsChoice(t *testing.T) {
	t.Parallel()
	s := site.New(t, nil)
	s.Person(site.Email)
	b := s.ToEnrol(site.Email)
	for _, field := range []string{"secret", "issuer", "account", "digits", "period", "algorithm", "email"} {
		if got := b.Send(b.FormTo("/enrol/qr?"+b.URL.RawQuery, field, "JBSWY3DPEHPK3PXP")); got.Status != http.StatusBadRequest || site.Reveals(got.Body) {
			t.Errorf("%s: %d", field, got.Status)
		}
	}
	b.Post("/enrol/qr?" + b.URL.RawQuery + "&secret=JBSWY3DPEHPK3PXP&digits=8&email=evil@example.com").At("/enrol/qr").Scan()
	if key := otpauth(b); key.Secret() != b.Seed.Reveal() || len(key.Secret()) != 32 || key.Digits() != otp.DigitsSix || key.AccountName() != site.Email {
		t.Error(key.URL())
	}
}

var otpauthLink = regexp.MustCompile(`href="(otpauth:[^"]*)"`)

// otpauth reads the address on the QR page with a parser that is not ours.
func otpauth(b *site.Browser) *otp.Key {
	b.Site.T.Helper()
	m := otpauthLink.FindStringSubmatch(b.Body)
	if m == nil {
		b.Site.T.Fatal("no otpauth address on the page")
	}
	key, err := otp.NewKeyFromURL(html.UnescapeString(m[1]))
	site.Must(b.Site.T, err)
	return key
}

// Whatever is allowed in an address, the label stays a label.
func TestEN18_LabelInjection(t *testing.T) {
	t.Parallel()
	s := site.New(t, nil)
	for _, email := range []string{
		"a&secret=jbswy3dpehpk3pxp@example.com", "a%26issuer=x@example.com", "a?issuer=evil@example.com", "a#x@example.com",
		"a+b=c/d@example.com", "`$(id)`{}|~@example.com", "o'neil!*@example.com",
	} {
		local, domain, _ := strings.Cut(email, "@")
		email = strings.NewReplacer("(", "", ")", "").Replace(local) + "@" + domain
		s.Person(email)
		key := otpauth(s.ToEnrol(email).Submit().At("/enrol/qr").Scan())
		u, err := url.Parse(key.URL())
		if err != nil || key.Issuer() != "Omgevingsloket" || key.AccountName() != email || len(u.Query()) != 2 || len(u.Query()["secret"]) != 1 {
			t.Errorf("%s: %s", email, key.URL())
		}
	}
}

// The secret is sealed to its row, and stands nowhere else in the database.
func TestEN19_SecretAtRest(t *testing.T) {
	t.Parallel()
	s := site.New(t, nil)
	a, b := s.Shown(site.Email)
	if strings.Contains(string(a.Factor.Sealed), b.Seed.Reveal()) || len(a.Factor.Sealed) == 0 {
		t.Error("the secret is not sealed")
	}
	plain, err := s.Stores.Ring.Open(a.Factor.Sealed, account.FactorAAD(a.ID, a.Unblocks))
	if err != nil || string(plain) != b.Seed.Reveal() {
		t.Error("sealed to another row:", err)
	}
	if _, err := s.Stores.Ring.Open(a.Factor.Sealed, account.FactorAAD(a.ID, a.Unblocks+1)); err == nil {
		t.Error("an old secret opens in a new enrolment")
	}
	for _, e := range s.Events(a) {
		for _, v := range e.Details {
			if strings.Contains(v, b.Seed.Reveal()) {
				t.Error("in the audit log:", e.Action)
			}
		}
	}
}
