package journey

import (
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"omgevingsloket-id/e2e/browser"
	"omgevingsloket-id/e2e/practice"
)

// atQR returns a person with a browser that shows the QR code.
func atQR(t *testing.T, site *practice.Site, options ...browser.Option) (*browser.Session, *practice.Person) {
	t.Helper()
	p := site.Person(t, practice.Burger, practice.Dutch)
	site.Client(t).Apply(p)
	b := browser.New(t, options...)
	b.Open(site.Portal + "/login")
	p.LogIn(b)
	p.Reveal(b)
	return b, p
}

// gone fails the test if the QR code is visible in the picture of the screen, in the text,
// or anywhere in the document.
func gone(t *testing.T, b *browser.Session, p *practice.Person) {
	t.Helper()
	png := filepath.Join(t.TempDir(), "screen.png")
	b.Screenshot(png)
	if codes := browser.QRCodes(t, png); len(codes) > 0 {
		t.Errorf("at %s the screen shows %q", b.URL(), codes)
	}
	document := b.HTML()
	for _, trace := range []string{p.Phone.Secret, p.Phone.Secret[:4], "otpauth:", `class="qr-code"`} {
		if strings.Contains(document, trace) {
			t.Errorf("at %s the document holds %q", b.URL(), trace)
		}
	}
}

// ways are browsers in which Back and Forward behave differently.
var ways = map[string][]browser.Option{
	"bfcache":            {browser.BFCache()},
	"no-bfcache":         {browser.NoBFCache()},
	"noscript":           {browser.NoScript(), browser.BFCache()},
	"noscript-nobfcache": {browser.NoScript(), browser.NoBFCache()},
}

// kept reports whether Back restores a page of the provider from the browser's cache, in
// spite of no-store. It is the control of the tests below: without it, "Back shows nothing"
// could mean that this browser never restores a page.
func kept(b *browser.Session, site *practice.Site) bool {
	b.Open(site.Issuer + "/help")
	browser.Eval[any](b, `window.kept = true; null`)
	b.Open(site.Issuer + "/privacy")
	b.Back()
	return browser.Eval[bool](b, `window.kept === true`)
}

// TestEN02_Back goes back to the QR code from the next page, from another page of the
// provider, and from another site.
func TestEN02_Back(t *testing.T) {
	site := practice.Start(t)
	for way, options := range ways {
		for where, leave := range map[string]func(*browser.Session, *practice.Person){
			"next step":   func(b *browser.Session, p *practice.Person) { b.Click(p.NextStep) },
			"help":        func(b *browser.Session, _ *practice.Person) { b.Open(site.Issuer + "/help") },
			"other site":  func(b *browser.Session, _ *practice.Person) { b.Open(site.Portal + "/mail") },
			"empty page":  func(b *browser.Session, _ *practice.Person) { b.Open("about:blank") },
			"same again":  func(b *browser.Session, _ *practice.Person) { b.Open(b.URL()) },
			"into a page": func(b *browser.Session, p *practice.Person) { b.Open(b.URL() + "#main"); b.Click(p.NextStep) },
		} {
			if elsewhere := where != "next step" && where != "into a page"; way != "bfcache" && elsewhere && (way != "noscript" || where != "help") {
				continue // without a cache the page one comes back from does not matter
			}
			t.Run(way+"/"+where, func(t *testing.T) {
				t.Parallel()
				b, p := atQR(t, site, options...)
				leave(b, p)
				if where != "into a page" {
					gone(t, b, p)
				}
				b.Back()
				gone(t, b, p)
				b.Reload() // sends the form again
				gone(t, b, p)
				b.Back()
				gone(t, b, p)
				b.Forward()
				gone(t, b, p)
				b.Problems() // "confirm form resubmission" and the like
				if got, want := kept(b, site), !strings.Contains(way, "no-bfcache") && !strings.Contains(way, "nobfcache"); got != want {
					t.Errorf("this browser keeps pages in memory: %v, want %v", got, want)
				}
			})
		}
	}
}

// TestEN01_Reload reloads the QR code, with whatever the browser then sends.
func TestEN01_Reload(t *testing.T) {
	site := practice.Start(t)
	for way, options := range ways {
		t.Run(way, func(t *testing.T) {
			t.Parallel()
			b, p := atQR(t, site, options...)
			b.Reload()
			gone(t, b, p)
			p.EnterCode(b) // it was scanned
			atPortal(t, site, b, p)
		})
	}
}

// TestEN03_OtherTabs opens the address of the first tab in another tab, in a browser that was
// closed and opened again, and in another browser.
func TestEN03_OtherTabs(t *testing.T) {
	site := practice.Start(t)
	t.Run("duplicate", func(t *testing.T) {
		t.Parallel()
		b, p := atQR(t, site)
		twin := b.Duplicate()
		p.Arrive(twin, "login/code")
		gone(t, twin, p)
		p.EnterCode(twin)
		atPortal(t, site, twin, p)
	})
	t.Run("restart", func(t *testing.T) {
		t.Parallel()
		b, p := atQR(t, site)
		address := b.URL()
		b = b.Restart()
		b.Open(address) // as "restore the last tabs" does
		p.Arrive(b, "web/error")
		gone(t, b, p)
		b.Open(site.Portal + "/login")
		p.LogIn(b)
		p.EnterCode(b)
		atPortal(t, site, b, p)
	})
	t.Run("second browser", func(t *testing.T) {
		t.Parallel()
		b, p := atQR(t, site)
		other := browser.New(t)
		other.Open(b.URL())
		p.Arrive(other, "web/error") // not its login
		other.Open(site.Portal + "/login")
		p.LogIn(other)
		p.Arrive(other, "login/code")
		gone(t, other, p)
	})
	t.Run("tab beside the button", func(t *testing.T) {
		t.Parallel()
		p := site.Person(t, practice.Burger, practice.Dutch)
		site.Client(t).Apply(p)
		b := browser.New(t)
		b.Open(site.Portal + "/login")
		p.LogIn(b)
		p.Arrive(b, "enrol/enrol")
		late := b.Duplicate()
		p.Arrive(late, "enrol/enrol")
		p.Reveal(b)
		late.Click(p.ShowQR)
		p.Arrive(late, "login/code")
		gone(t, late, p)
	})
}

// TestEN04_AtOnce presses the button 64 times at the same time, in two logins in one browser
// each.
func TestEN04_AtOnce(t *testing.T) {
	site := practice.Start(t)
	p := site.Person(t, practice.Burger, practice.Dutch)
	site.Client(t).Apply(p)
	const each = 32
	var presses []*http.Request
	var visitors []*practice.Client
	for range 2 {
		c := site.Client(t).LogIn(p).On("enrol/enrol")
		for range each {
			presses, visitors = append(presses, c.Form()), append(visitors, c)
		}
	}
	bodies := make([]string, len(presses))
	var wg sync.WaitGroup
	for i := range presses {
		wg.Go(func() { bodies[i] = visitors[i].Raw(presses[i]) })
	}
	wg.Wait()
	shown := 0
	for _, body := range bodies {
		if strings.Contains(body, "otpauth:") {
			shown++
		}
	}
	if shown != 1 {
		t.Errorf("%d of %d answers hold a QR code, want one", shown, len(bodies))
	}
	if state := site.Command("account", "show", p.Email).Stdout; strings.Count(state, "account.qr_shown") != 1 {
		t.Errorf("the audit log says:\n%s", state)
	}
}

// TestEN05_LooksThatAreNoVisit requests the QR code in every way except pressing the button.
// None shows it or uses it up.
func TestEN05_LooksThatAreNoVisit(t *testing.T) {
	site := practice.Start(t)
	p := site.Person(t, practice.Burger, practice.Dutch)
	site.Client(t).Apply(p)
	c := site.Client(t).LogIn(p).On("enrol/enrol")
	press := c.Form()
	address := press.URL.String()
	for _, look := range []struct {
		method, header, value string
	}{
		{http.MethodGet, "", ""}, {http.MethodHead, "", ""}, {http.MethodOptions, "", ""},
		{http.MethodGet, "Sec-Purpose", "prefetch"}, {http.MethodGet, "Sec-Purpose", "prefetch;prerender"},
		{http.MethodPost, "Sec-Purpose", "prefetch"}, {http.MethodPost, "Origin", "http://127.0.0.1:1"},
		{http.MethodPost, "Sec-Fetch-Site", "cross-site"}, {http.MethodPut, "", ""},
	} {
		r := press.Clone(t.Context())
		r.Method = look.method
		r.Body = http.NoBody
		if look.method == http.MethodPost {
			r.Body, _ = press.GetBody()
		}
		if look.header != "" {
			r.Header.Del("Origin") // which alone is enough
			r.Header.Set(look.header, look.value)
		}
		if body := c.Raw(r); strings.Contains(body, "otpauth:") || strings.Contains(body, "qr-code") {
			t.Errorf("%s %s (%s: %s) shows the QR code", look.method, address, look.header, look.value)
		}
	}
	c.Get(address).Enrol(p) // it can still be shown
}

// TestEN06_NothingIsKept looks in the places where browsers store data.
func TestEN06_NothingIsKept(t *testing.T) {
	site := practice.Start(t)
	b, p := atQR(t, site)
	if got := b.Header("Cache-Control"); got != "no-store" {
		t.Errorf("Cache-Control: %s", got)
	}
	b.Click(p.NextStep)
	traces := browser.Eval[string](b, `(async () => JSON.stringify([
		{...localStorage}, {...sessionStorage}, history.state, await caches.keys(),
		(await navigator.serviceWorker.getRegistrations()).length, (await indexedDB.databases()).length, document.cookie,
	]))()`)
	if traces != `[{},{},null,[],0,0,""]` {
		t.Errorf("the browser keeps %s", traces)
	}
	for _, c := range b.Cookies() {
		if strings.Contains(c.Value, p.Phone.Secret) {
			t.Errorf("cookie %s holds the secret", c.Name)
		}
	}
}
