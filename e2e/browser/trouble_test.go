package browser

import (
	"crypto/tls"
	"fmt"
	"image/color"
	"image/png"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/boombuler/barcode"
	"github.com/boombuler/barcode/qr"

	"omgevingsloket-id/e2e/testenv"
)

// recorder is a testing.TB that keeps a failure instead of failing, to test the messages.
type recorder struct {
	testing.TB
	messages []string
	cleanups []func()
}

func (r *recorder) Helper()          {}
func (r *recorder) Cleanup(f func()) { r.cleanups = append(r.cleanups, f) }
func (r *recorder) Errorf(format string, args ...any) {
	r.messages = append(r.messages, fmt.Sprintf(format, args...))
}
func (r *recorder) Fatalf(format string, args ...any) {
	r.Errorf(format, args...)
	panic(r) // a Fatalf ends the test function
}

// verdict runs f with a new browser and a shorter patience, and returns the failure of f,
// or "".
func verdict(t *testing.T, f func(*Session)) string {
	r := &recorder{TB: t}
	func() {
		defer func() {
			if p := recover(); p != nil && p != any(r) {
				panic(p)
			}
		}()
		s := New(r)
		s.patience = 300 * time.Millisecond
		f(s)
	}()
	for _, f := range slices.Backward(r.cleanups) {
		f()
	}
	return strings.Join(r.messages, "\n")
}

func TestWhatCannotBeDoneFails(t *testing.T) {
	s := newSite(t, map[string]http.HandlerFunc{"/": show(`<main><p>Dit is de pagina.
		<form action="/"><button disabled>Uit</button> <button>Twee</button> <button>Twee</button>
		<button style="position:absolute;top:200px;left:0">Bedekt</button>
		<div id="lid" style="position:absolute;top:100px;left:0;width:500px;height:300px;background:white"></div>
		<button style="display:none">Verborgen</button>
		<input name="kort" maxlength="3"><input name="weg" hidden><input type="radio" name="soort" value="a"></form></main>`)})
	for name, c := range map[string]struct {
		act  func(*Session)
		want string
	}{
		"no such button": {func(b *Session) { b.Click("Inloggen") }, "no button, link, DisclosureTriangle has this name"},
		"part of a name": {func(b *Session) { b.Click("Twe") }, "has this name"},
		"two of a name":  {func(b *Session) { b.Click("Twee") }, "there are 2 of role button"},
		"disabled":       {func(b *Session) { b.Click("Uit") }, "is disabled"},
		"covered":        {func(b *Session) { b.Click("Bedekt") }, `covered by <div id="lid"`},
		"hidden button":  {func(b *Session) { b.Click("Verborgen") }, "has this name"},
		"no such field":  {func(b *Session) { b.Fill("email", "x") }, "there are 0 of visible fields named email"},
		"hidden field":   {func(b *Session) { b.Fill("weg", "x") }, "there are 0 of"},
		"too long":       {func(b *Session) { b.Fill("kort", "1234") }, `the field holds "123"`},
		"no such choice": {func(b *Session) { b.Choose("soort", "b") }, "there are 0 of choices"},
		"text":           {func(b *Session) { b.WaitText("elders") }, `"elders" is not on the page`},
		"address":        {func(b *Session) { b.WaitURL(func(string) bool { return false }) }, "the browser is elsewhere"},
		"back":           {func(b *Session) { b.settings.history = loads; b.Back(); b.Back() }, "cannot go -1"},
		"no choice":      {func(b *Session) { b.Back() }, "need BFCache or NoBFCache"},
		"nobody listens": {func(b *Session) { b.Open("http://" + testenv.FreeAddr(t)) }, "ERR_CONNECTION_REFUSED"},
	} {
		t.Run(name, func(t *testing.T) {
			got := verdict(t, func(b *Session) { b.Open(s.URL); c.act(b) })
			if !strings.Contains(got, c.want) {
				t.Errorf("the test was told:\n%s\nwant: %s", got, c.want)
			}
			if name == "no such button" && (!strings.Contains(got, "Dit is de pagina.") || !strings.Contains(got, s.URL)) {
				t.Errorf("the message does not say what is on the screen:\n%s", got)
			}
		})
	}
}

func TestProblemsAreCollected(t *testing.T) {
	strict := []string{"Content-Security-Policy", "default-src 'none'; form-action 'self'"}
	pages := map[string]http.HandlerFunc{
		"/good":    show(`<main>goed</main><script>console.log("niets aan de hand")</script>`),
		"/error":   show(`<script>console.error("mis", 7)</script>`),
		"/throw":   show(`<script>throw new Error("kapot")</script>`),
		"/inline":  show(`<script>document.title = "x"</script>`, strict...),
		"/style":   show(`<p style="color:red">x`, strict...),
		"/image":   show(`<img src="/niet-daar.png" alt="">`),
		"/stray":   show(`<img src="https://example.org/pixel.gif" alt="">`),
		"/blocked": show(`<form action="http://localhost:1/" method="post"><button>Weg</button></form>`, strict...),
	}
	reads := func(address string) http.HandlerFunc {
		page := show(`<main>x</main><script>fetch("` + address + `").then(() => document.querySelector("main").append("gelezen"))</script>`)
		return func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "text/html; charset=utf-8") // before the status
			w.WriteHeader(http.StatusForbidden)
			page(w, r)
		}
	}
	pages["/again"], pages["/other"] = reads("/again"), reads("/missing")
	s := newSite(t, pages)
	for path, want := range map[string]string{"/again": "", "/other": "status 404: " + s.URL + "/missing"} {
		got := verdict(t, func(b *Session) { b.Open(s.URL + path); b.WaitText("gelezen") })
		if (got == "") != (want == "") || !strings.Contains(got, want) {
			t.Errorf("%s: the test was told %q, want %q", path, got, want)
		}
	}
	for path, want := range map[string]string{
		"/good": "", "/error": "console error: mis 7", "/throw": "exception: Error: kapot",
		"/inline": "Content Security Policy", "/style": "Content Security Policy",
		"/image": "status 404: " + s.URL + "/niet-daar.png", "/stray": "request to another machine: https://example.org/pixel.gif",
		"/missing": "", // the status of a page is left to the test
	} {
		got := verdict(t, func(b *Session) { b.Open(s.URL + path) })
		if (got == "") != (want == "") || !strings.Contains(got, want) {
			t.Errorf("%s: the test was told %q, want %q", path, got, want)
		}
	}
	b := New(t)
	b.Open(s.URL + "/blocked")
	b.Click("Weg")
	if got := strings.Join(b.Problems(), "\n"); b.URL() != s.URL+"/blocked" || !strings.Contains(got, "form-action") {
		t.Errorf("a blocked form: at %s, problems %q", b.URL(), got)
	}
	// Problems were read, so they do not fail this test, and are not reported again.
	if again := b.Problems(); len(again) != 0 {
		t.Errorf("again: %q", again)
	}
	b = New(t, NoScript())
	b.Open(s.URL + "/style")
	if got := b.Problems(); len(got) == 0 {
		t.Error("without scripts, a violation goes unnoticed")
	}
}

func TestAxe(t *testing.T) {
	policy := []string{"Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; img-src 'self'; form-action 'none'"}
	s := newSite(t, map[string]http.HandlerFunc{
		"/good": show(`<main><h1>Goed</h1><p>Leesbaar.</p></main>`, policy...),
		"/bad": show(`<main><h1>Fout</h1><h4>Kop</h4><p style="color:#ccc;background:#fff">bleek</p><input name="x">
			<div><button style="padding:0;width:9px;height:9px;font-size:8px">A</button><button style="padding:0;width:9px;height:9px;font-size:8px">B</button></div></main>`, policy...),
	})
	for _, options := range [][]Option{nil, {NoScript()}} {
		b := New(t, options...)
		b.Open(s.URL + "/good")
		if found := b.Axe(); len(found) != 0 {
			t.Errorf("a good page: %v", found)
		}
		b.Open(s.URL + "/bad")
		var rules []string
		for _, v := range b.Axe() {
			rules = append(rules, v.Rule)
		}
		for _, rule := range []string{"color-contrast", "label", "heading-order", "target-size"} {
			if !slices.Contains(rules, rule) {
				t.Errorf("rule %s found nothing; found: %v", rule, rules)
			}
		}
	}
}

func TestQR(t *testing.T) {
	const secret = "otpauth://totp/Omgevingsloket:jan@example.org?secret=JBSWY3DPEHPK3PXP&issuer=Omgevingsloket"
	code, err := qr.Encode(secret, qr.M, qr.Auto)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	s := newSite(t, map[string]http.HandlerFunc{
		"/":     show(`<style>:root{color-scheme:light dark}</style><main><div style="height:1500px">` + svg(code) + `</div></main>`),
		"/none": show(`<main>geen code</main>`),
	})
	for _, options := range [][]Option{nil, {Phone(), Dark(), NoScript()}} {
		b := New(t, options...)
		b.Open(s.URL)
		whole, part := filepath.Join(dir, "whole.png"), filepath.Join(dir, "part.png")
		b.Screenshot(whole)
		b.ScreenshotElement("svg", part)
		if got := QR(t, whole); got != secret {
			t.Errorf("the page says %q", got)
		}
		if got := QR(t, part); got != secret {
			t.Errorf("the element says %q", got)
		}
		size := dimensions(t, whole)
		if scale := size[0] / map[bool]int{true: 390, false: 1280}[b.settings.phone]; size[1] < 1500*scale {
			t.Errorf("the picture of the page is %v", size)
		}
		b.Open(s.URL + "/none")
		b.Screenshot(whole)
		if got := QRCodes(t, whole); got != nil {
			t.Errorf("a page without a code says %q", got)
		}
	}
}

// svg draws a code as dark squares of four pixels on white.
func svg(code barcode.Barcode) string {
	var path strings.Builder
	size := code.Bounds().Dx()
	for y := range size {
		for x := range size {
			if code.At(x, y) == color.Color(color.Black) {
				fmt.Fprintf(&path, "M%d %dh1v1h-1z", x+4, y+4)
			}
		}
	}
	n := size + 8
	return fmt.Sprintf(`<svg width="%d" height="%d" viewBox="0 0 %d %d"><rect width="%d" height="%d" fill="#fff"/><path d="%s" fill="#000"/></svg>`,
		4*n, 4*n, n, n, n, n, &path)
}

func dimensions(t *testing.T, path string) [2]int {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	c, err := png.DecodeConfig(f)
	if err != nil {
		t.Fatal(err)
	}
	return [2]int{c.Width, c.Height}
}

func TestTLS(t *testing.T) {
	page := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		http.SetCookie(w, &http.Cookie{Name: "__Host-name", Value: "x", Path: "/", Secure: true})
		write(w, "<main>veilig</main>")
	})
	ours := httptest.NewUnstartedServer(page)
	ours.TLS = &tls.Config{Certificates: []tls.Certificate{testenv.TLS(t).Server}}
	ours.StartTLS()
	t.Cleanup(ours.Close)
	b := New(t)
	b.Open(ours.URL)
	if b.Text() != "veilig" || b.Cookie("__Host-name") == nil {
		t.Errorf("%s; cookies %v", b.describe(), b.Cookies())
	}
	strange := httptest.NewTLSServer(page)
	t.Cleanup(strange.Close)
	if got := verdict(t, func(b *Session) { b.Open(strange.URL) }); !strings.Contains(got, "ERR_CERT_AUTHORITY_INVALID") {
		t.Errorf("a certificate of nobody's: %q", got)
	}
}

func TestNames(t *testing.T) {
	s := newSite(t, map[string]http.HandlerFunc{"/": show(`<a href="/">Start</a><button aria-label="Sluiten">×</button><button hidden>Weg</button>`)})
	b := New(t)
	b.Open(s.URL)
	if got := b.Names(); !slices.Equal(got, []string{"Sluiten", "Start"}) {
		t.Errorf("names: %q", got)
	}
}
