package web_test

import (
	"html/template"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"omgevingsloket-id/e2e/pages"
	"omgevingsloket-id/op/web"
)

// written returns the text of a part.
func written(t *testing.T) func(template.HTML, error) string {
	return func(h template.HTML, err error) string {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return string(h)
	}
}

// A part is rendered for each language and style sheet, and again with a new theme.
func TestOnce(t *testing.T) {
	t.Parallel()
	k, text := newKit(t), written(t)
	links := func(target, sheet string) string {
		p := k.Pages.Page(get(target), "web.error.internal.title")
		p.StyleSheet = sheet
		first := text(p.Once("head-links"))
		if again := text(p.Once("head-links")); again != first {
			t.Errorf("Once = %q, and then %q", first, again)
		}
		return first
	}
	plain, english, console := links("/", ""), links("/?lang=en", ""), links("/", "console.css")
	if plain == english || plain == console || strings.Contains(plain, "console.css") || !strings.Contains(console, "console.css") {
		t.Errorf("Once = %q, in English %q, in the console %q", plain, english, console)
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "custom.css"), []byte("a{}"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := k.Pages.ReloadTheme(dir); err != nil {
		t.Fatal(err)
	}
	if got := links("/", ""); !strings.Contains(got, "custom.css") {
		t.Errorf("with the new theme Once = %q", got)
	}
	if _, err := k.Pages.Page(get("/"), "web.error.internal.title").Once("field-made"); err == nil {
		t.Error("Once(a template that needs more than a Part) = nil, want an error")
	}
}

// A field is rendered once only if nothing was typed in it and nothing is wrong with it.
func TestFieldOnce(t *testing.T) {
	t.Parallel()
	k, text := newKit(t), written(t)
	field := func(change func(*web.Field)) web.Field {
		p := k.Pages.Page(get("/"), "web.error.internal.title")
		p.Template = "test/page"
		f := web.Field{Page: p, Name: "email", Label: "Label", Same: true}
		change(&f)
		return f
	}
	first := text(field(func(*web.Field) {}).Once("field-made"))
	if !strings.Contains(first, `name="email"`) || text(field(func(*web.Field) {}).Once("field-made")) != first {
		t.Errorf("Once = %q", first)
	}
	for name, change := range map[string]func(*web.Field){
		"not Same":  func(f *web.Field) { f.Same = false },
		"a value":   func(f *web.Field) { f.Value = "a@example.com" },
		"a problem": func(f *web.Field) { f.Page.Wrong("email", "web.error.internal.title") },
	} {
		if got := text(field(change).Once("field-made")); got != "" {
			t.Errorf("%s: Once = %q, want none", name, got)
		}
	}
}

// Stale is called for a part that holds something of one page, and for no other.
func TestStale(t *testing.T) {
	t.Parallel()
	k, text := newKit(t), written(t)
	var stale []string
	k.Pages.Stale = func(part string) { stale = append(stale, part) }
	for _, label := range []string{"one", "other"} {
		p := k.Pages.Page(get("/"), "web.error.internal.title")
		text(p.Once("foot-nav"))
		text(web.Field{Page: p, Name: "a", Label: label, Same: true}.Once("field-made"))
	}
	if len(stale) != 1 || stale[0] != "field-made" {
		t.Errorf("stale parts: %q", stale)
	}
}

// Parts never hold what is of one request: pages of two browsers share no form token.
func TestPartsHoldNothingOfARequest(t *testing.T) {
	t.Parallel()
	d := pages.New(t)
	var pagesOf []string
	for _, token := range []string{"first-token", "second-token"} {
		p := d.Page(get("/"), "web.error.internal.title")
		p.CSRF, p.RequestID, p.Client = token, token, token
		w := httptest.NewRecorder()
		for _, name := range []string{"head", "errors", "form", "foot"} {
			if err := d.Templates().ExecuteTemplate(w, name, p); err != nil {
				t.Fatal(err)
			}
		}
		pagesOf = append(pagesOf, w.Body.String())
	}
	if one, other := pagesOf[0], pagesOf[1]; strings.ReplaceAll(one, "first-token", "second-token") != other || strings.Contains(other, "first-token") {
		t.Errorf("pages of two requests:\n%s\n%s", one, other)
	}
}
