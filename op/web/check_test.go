package web

import (
	"errors"
	"html/template"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/nicksnyder/go-i18n/v2/i18n"
)

// Check parses every page and every text, and names what is invalid. Until then, a page
// without templates is an error, and a text that cannot be parsed is missing.
func TestCheck(t *testing.T) {
	t.Parallel()
	catalog, err := LoadCatalog()
	if err != nil {
		t.Fatal(err)
	}
	k, err := New(Options{Settings: Settings{Issuer: "http://localhost"}, Catalog: catalog, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	if err := k.Pages.Check(); err != nil {
		t.Errorf("Check() = %v, want nil", err)
	}
	page, room := errors.New("page a"), errors.New("texts of b")
	k.Pages.pages = func() (*template.Template, error) { return nil, page }
	k.Pages.Catalog.rooms["b"] = func() (map[string]*i18n.Localizer, error) { return nil, room }
	if err := k.Pages.Check(); !errors.Is(err, page) || !errors.Is(err, room) {
		t.Errorf("Check() = %v, want both errors", err)
	}
	if k.Pages.Templates() != nil {
		t.Error("Templates() returns templates that cannot be parsed")
	}
	missing := ""
	catalog.Missing = func(_, key string) { missing = key }
	if got := catalog.Text("nl", "b.text"); got != "b.text" || missing != got {
		t.Errorf("Text(b.text) = %q, missing %q", got, missing)
	}
	w := httptest.NewRecorder()
	if err := k.Pages.Render(w, http.StatusOK, "web/error", nil); !errors.Is(err, page) || w.Body.Len() > 0 {
		t.Errorf("Render = %v, wrote %q", err, w.Body)
	}
}

// A file of texts with an error is named.
func TestParseTexts(t *testing.T) {
	t.Parallel()
	if _, err := parseTexts(fstest.MapFS{"locales/web.nl.toml": {Data: []byte("[web")}}, "web"); err == nil || !strings.Contains(err.Error(), "locales/web.nl.toml") {
		t.Errorf("parseTexts = %v, want an error that names the file", err)
	}
}
