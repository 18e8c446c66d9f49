package web_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"omgevingsloket-id/op/web"
	"omgevingsloket-id/pkg/secret"
)

// Every cookie is out of reach of scripts and other sites; over TLS its name
// binds it to this host (RFC 6265bis §4.1.3).
func TestCookieAttributes(t *testing.T) {
	t.Parallel()
	const year = 365 * 24 * 60 * 60
	for name, c := range map[string]struct {
		set    func(*web.Cookies, http.ResponseWriter)
		cookie string
		maxAge int // -1 = removed
		strict bool
	}{
		"EnsureBrowser": {func(k *web.Cookies, w http.ResponseWriter) { k.EnsureBrowser(w, get("/")) }, "olid-browser", 0, false},
		"SetSession":    {func(k *web.Cookies, w http.ResponseWriter) { k.SetSession(w, handle(secret.KindSession, "s")) }, "olid-session", 0, false},
		"DropSession":   {func(k *web.Cookies, w http.ResponseWriter) { k.DropSession(w) }, "olid-session", -1, false},
		"EnsureDevice":  {func(k *web.Cookies, w http.ResponseWriter) { k.EnsureDevice(w, get("/")) }, "olid-device", year, false},
		"Prove": {func(k *web.Cookies, w http.ResponseWriter) {
			k.Prove(w, get("/"), handle(secret.KindDevice, "d"), "jo@example.com")
		}, "olid-known", year, false},
		"SetStaff":       {func(k *web.Cookies, w http.ResponseWriter) { k.SetStaff(w, handle(secret.KindStaff, "s")) }, "olid-staff", 0, true},
		"SetStaff, none": {func(k *web.Cookies, w http.ResponseWriter) { k.SetStaff(w, "") }, "olid-staff", -1, true},
		"SetInvite": {func(k *web.Cookies, w http.ResponseWriter) {
			k.SetLink(w, secret.KindInvite, handle(secret.KindInvite, "s"))
		}, "olid-invite", 60 * 60, false},
		"SetInvite, none": {func(k *web.Cookies, w http.ResponseWriter) { k.SetLink(w, secret.KindInvite, "") }, "olid-invite", -1, false},
		"SetDraft": {func(k *web.Cookies, w http.ResponseWriter) {
			k.SetDraft(w, handle(secret.KindApplication, "s"), 72*time.Hour)
		}, "olid-apply", 72 * 60 * 60, false},
		"DropDraft": {func(k *web.Cookies, w http.ResponseWriter) { k.DropDraft(w) }, "olid-apply", -1, false},
		"SetLang":   {func(k *web.Cookies, w http.ResponseWriter) { k.SetLang(w, "EN") }, "olid-lang", year, false},
		"Turn":      {func(k *web.Cookies, w http.ResponseWriter) { k.Turn(w) }, "olid-turn", 0, false},
	} {
		for _, secure := range []bool{false, true} {
			k, w := web.Cookies{FormKey: []byte("key"), Secure: secure, Rand: strings.NewReader(strings.Repeat("random", 20))}, httptest.NewRecorder()
			c.set(&k, w)
			set := w.Result().Cookies()
			if len(set) != 1 {
				t.Errorf("%s sets %v, want one cookie", name, set)
				continue
			}
			want := http.Cookie{Name: c.cookie, Path: "/", HttpOnly: true, Secure: secure, MaxAge: c.maxAge, SameSite: http.SameSiteLaxMode}
			if secure {
				want.Name = "__Host-" + c.cookie
			}
			if c.strict {
				want.SameSite = http.SameSiteStrictMode
			}
			got := *set[0]
			if got.Value, got.Raw = "", ""; got.String() != want.String() || (set[0].Value == "") != (c.maxAge < 0) {
				t.Errorf("%s (over TLS: %t) sets %q with value %q, want %q", name, secure, got.String(), set[0].Value, want.String())
			}
		}
	}
	k, w := web.Cookies{}, httptest.NewRecorder()
	if k.SetLang(w, "de"); len(w.Result().Cookies()) > 0 {
		t.Errorf("SetLang(de) sets %v, want none", w.Result().Cookies())
	}
}

// DO-01: all browsers that logged in with an address have one name before strangers, so
// that logging in often, or in many browsers, takes no more of the queue.
func TestDO01_OneNameForEachAddress(t *testing.T) {
	t.Parallel()
	k := web.Cookies{FormKey: []byte("key")}
	name := func(device, address string) string {
		w, r := httptest.NewRecorder(), get("/")
		d := handle(secret.KindDevice, device)
		k.Prove(w, r, d, address)
		r.AddCookie(&http.Cookie{Name: "olid-device", Value: d.Reveal()})
		for _, c := range w.Result().Cookies() {
			r.AddCookie(c)
		}
		return k.Proven(r, address)
	}
	one := name("a", "jo@example.com")
	if other := name("b", "Jo@example.com"); one == "" || other != one {
		t.Errorf("two browsers of one address: %q and %q, want one name", one, other)
	}
	if other := name("a", "ann@example.com"); other == "" || other == one {
		t.Errorf("one browser and two addresses: %q and %q, want two names", one, other)
	}
}

// A handle is read from the one cookie of its name, and only if it is of the
// right kind.
func TestCookieHandles(t *testing.T) {
	t.Parallel()
	link := func(kind secret.Kind) func(*web.Cookies, *http.Request) (secret.Text, bool) {
		return func(k *web.Cookies, r *http.Request) (secret.Text, bool) { return k.Link(r, kind) }
	}
	readers := map[string]struct {
		kind secret.Kind
		read func(*web.Cookies, *http.Request) (secret.Text, bool)
	}{
		"olid-browser": {secret.KindBrowser, (*web.Cookies).Browser},
		"olid-session": {secret.KindSession, (*web.Cookies).Session},
		"olid-staff":   {secret.KindStaff, (*web.Cookies).Staff},
		"olid-invite":  {secret.KindInvite, link(secret.KindInvite)},
		"olid-disavow": {secret.KindDisavow, link(secret.KindDisavow)},
		"olid-undo":    {secret.KindUndo, link(secret.KindUndo)},
		"olid-reset":   {secret.KindPassword, link(secret.KindPassword)},
		"olid-apply":   {secret.KindApplication, (*web.Cookies).Draft},
		"olid-device": {secret.KindDevice, func(k *web.Cookies, r *http.Request) (secret.Text, bool) {
			d := k.Device(r)
			return d, d != ""
		}},
	}
	for name, reader := range readers {
		right, other := handle(reader.kind, "a").Reveal(), handle(reader.kind, "b").Reveal()
		for what, c := range map[string]struct {
			secure  bool
			cookies string
			want    string // "" = none
		}{
			"its cookie":               {false, name + "=" + right, right},
			"its cookie over TLS":      {true, "__Host-" + name + "=" + right, right},
			"among others":             {false, "x=1; " + name + "=" + right + "; y=2", right},
			"no cookie":                {false, "", ""},
			"plain name over TLS":      {true, name + "=" + right, ""},
			"prefix without TLS":       {false, "__Host-" + name + "=" + right, ""},
			"two":                      {false, name + "=" + right + "; " + name + "=" + other, ""},
			"two alike":                {false, name + "=" + right + "; " + name + "=" + right, ""},
			"another kind":             {false, name + "=" + handle(secret.KindCode, "a").Reveal(), ""},
			"cut off":                  {false, name + "=" + right[:len(right)-1], ""},
			"longer":                   {false, name + "=" + right + "a", ""},
			"empty":                    {false, name + "=", ""},
			"another cookie's content": {false, "olid-lang=" + right, ""},
		} {
			k, r := web.Cookies{Secure: c.secure}, get("/")
			r.Header.Set("Cookie", c.cookies)
			if got, ok := reader.read(&k, r); got.Reveal() != c.want || ok != (c.want != "") {
				t.Errorf("%s with %s = %q, %t, want %q", name, what, got.Reveal(), ok, c.want)
			}
		}
	}
}

// A browser keeps its secret and its device; only a browser without gets new
// ones.
func TestEnsureCookies(t *testing.T) {
	t.Parallel()
	k := newKit(t).Cookies
	r, w := get("/"), httptest.NewRecorder()
	first := k.EnsureBrowser(w, r)
	if got := w.Result().Cookies(); len(got) != 1 || got[0].Value != first.Reveal() {
		t.Errorf("EnsureBrowser() = %q and sets %v, want it set", first.Reveal(), got)
	}
	w = httptest.NewRecorder()
	if again := k.EnsureBrowser(w, r); again != first || len(w.Result().Cookies()) > 0 {
		t.Errorf("EnsureBrowser(again) = %q and sets %v, want %q and none", again.Reveal(), w.Result().Cookies(), first.Reveal())
	}
	if other := k.EnsureBrowser(httptest.NewRecorder(), get("/")); other == first {
		t.Errorf("EnsureBrowser(another browser) = %q, want another secret", other.Reveal())
	}
	r, w = get("/"), httptest.NewRecorder()
	device := k.EnsureDevice(w, r)
	r.AddCookie(w.Result().Cookies()[0])
	w = httptest.NewRecorder()
	if again := k.EnsureDevice(w, r); again != device || len(w.Result().Cookies()) != 1 {
		t.Errorf("EnsureDevice(again) = %q and sets %v, want %q for another year", again.Reveal(), w.Result().Cookies(), device.Reveal())
	}
}
