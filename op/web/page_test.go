package web

import (
	"errors"
	"html/template"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// A page's own style sheet comes after those of every page, and the operator's custom.css last.
func TestPageLinksStyleSheets(t *testing.T) {
	t.Parallel()
	catalog, err := LoadCatalog()
	if err != nil {
		t.Fatal(err)
	}
	branded := t.TempDir()
	for _, name := range []string{"theme.css", "custom.css"} {
		if err := os.WriteFile(filepath.Join(branded, name), []byte("/* an operator's */"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		themeDir, styleSheet string
		want                 []string
	}{
		{"", "", []string{"theme.css", "site.css"}},
		{"", "console.css", []string{"theme.css", "site.css", "console.css"}},
		{branded, "", []string{"theme.css", "site.css", "custom.css"}},
		{branded, "console.css", []string{"theme.css", "site.css", "console.css", "custom.css"}},
	} {
		k, err := New(Options{Settings: Settings{Issuer: "http://localhost", ThemeDir: c.themeDir}, Catalog: catalog})
		if err != nil {
			t.Fatal(err)
		}
		p := k.Pages.Page(httptest.NewRequest("GET", "http://localhost/", nil), "web.error.internal.title")
		p.StyleSheet = c.styleSheet
		page := httptest.NewRecorder()
		if err := k.Pages.Render(page, http.StatusOK, "web/error", &errorPage{Page: p}); err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, link := range regexp.MustCompile(`<link rel="stylesheet" href="/static/[0-9a-f]{12}/([a-z.]+)">`).FindAllStringSubmatch(page.Body.String(), -1) {
			got = append(got, link[1])
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("sheets of a page with StyleSheet %q and ThemeDir %q = %q, want %q", c.styleSheet, c.themeDir, got, c.want)
		}
		theme := string(k.Pages.static.Load().files[k.Pages.static.Load().url("theme.css")].body)
		if own := theme == "/* an operator's */"; own != (c.themeDir != "") {
			t.Errorf("theme.css with ThemeDir %q = %q", c.themeDir, theme)
		}
	}
}

// When the error page cannot be rendered, the one that was rendered before the first page
// is sent.
func TestServeErrorLastWords(t *testing.T) {
	t.Parallel()
	catalog, err := LoadCatalog()
	if err != nil {
		t.Fatal(err)
	}
	k, err := New(Options{Settings: Settings{Issuer: "http://localhost"}, Catalog: catalog, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	k.Pages.ServeError(httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil), Fail(http.StatusForbidden, "web.error.foreign", nil))
	k.Pages.pages = func() (*template.Template, error) { return template.New(""), nil }
	w := httptest.NewRecorder()
	k.Pages.ServeError(w, httptest.NewRequest("GET", "/", nil), Fail(http.StatusForbidden, "web.error.foreign", errors.New("the cause")))
	title := catalog.Text("nl", "web.error.internal.title")
	if body := w.Body.String(); w.Code != http.StatusInternalServerError || w.Header().Get("Content-Type") != "text/html; charset=utf-8" || !strings.Contains(body, "<h1>"+title+"</h1>") || strings.Contains(body, "?lang=") {
		t.Errorf("ServeError(no templates) = %d, %q:\n%s, want 500 with the page %q, without a language switch", w.Code, w.Header().Get("Content-Type"), body, title)
	}
}
