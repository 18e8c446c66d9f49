package web_test

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"omgevingsloket-id/op/web"
	"omgevingsloket-id/pkg/secret"
)

// newKit returns the parts of a site without configuration; change may alter
// what it is made from.
func newKit(t *testing.T, change ...func(*web.Options)) *web.Kit {
	t.Helper()
	catalog, err := web.LoadCatalog()
	if err != nil {
		t.Fatal(err)
	}
	o := web.Options{
		Settings: web.Settings{Issuer: "http://localhost"}, Catalog: catalog, FormKey: []byte("key"), Log: slog.New(slog.DiscardHandler),
		Now: func() time.Time { return time.Date(2026, time.March, 2, 12, 0, 0, 0, time.UTC) }, Rand: strings.NewReader(strings.Repeat("random", 1000)),
	}
	for _, c := range change {
		c(&o)
	}
	k, err := web.New(o)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// at changes the issuer.
func at(issuer string) func(*web.Options) { return func(o *web.Options) { o.Settings.Issuer = issuer } }

// get returns a request for a page.
func get(target string) *http.Request { return httptest.NewRequest(http.MethodGet, target, nil) }

// browser returns the cookie of a new browser, and its form token.
func browser(k *web.Kit) (cookie *http.Cookie, token string) {
	r := get("/")
	k.Cookies.EnsureBrowser(httptest.NewRecorder(), r)
	return r.Cookies()[0], k.Pages.Page(r, "web.error.internal.title").CSRF
}

// handle returns a handle whose secret is this letter, repeated.
func handle(kind secret.Kind, letter string) secret.Text {
	return secret.New(strings.NewReader(strings.Repeat(letter, 64)), kind)
}
