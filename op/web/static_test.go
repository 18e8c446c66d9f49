package web_test

import (
	"net/http"
	"os"
	"path/filepath"
	"testing"

	"omgevingsloket-id/op/web"
)

// An asset is served under the hash of its content only, with its type, for good.
func TestStatic(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for name, content := range map[string]string{"custom.css": "/* own */", "wordmark.svg": "<svg/>", "evil.js": "alert(1)"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	k := newKit(t, func(o *web.Options) { o.Settings.ThemeDir = dir })
	p := k.Pages.Page(get("/"), "web.error.internal.title")
	for name, kind := range map[string]string{"site.css": "text/css; charset=utf-8", "custom.css": "text/css; charset=utf-8", "wordmark.svg": "image/svg+xml"} {
		w := send(k, get(p.StaticURL(name)))
		if w.Code != http.StatusOK || w.Header().Get("Content-Type") != kind || w.Header().Get("Cache-Control") != "public, max-age=31536000, immutable" {
			t.Errorf("GET %s = %d, %q, %q, want 200, %q, for good", p.StaticURL(name), w.Code, w.Header().Get("Content-Type"), w.Header().Get("Cache-Control"), kind)
		}
	}
	if got := send(k, get(p.StaticURL("custom.css"))).Body.String(); got != "/* own */" {
		t.Errorf("GET custom.css = %q, want the operator's", got)
	}
	if got := p.StaticURL("evil.js"); got != "" {
		t.Errorf("StaticURL(evil.js) = %q, want none: no asset of an operator", got)
	}
	if plain := newKit(t).Pages.Page(get("/"), "web.error.internal.title"); plain.StaticURL("custom.css") == p.StaticURL("custom.css") {
		t.Errorf("StaticURL(custom.css) = %q with and without a theme, want another", p.StaticURL("custom.css"))
	}
	for _, target := range []string{"/static/", "/static/site.css", "/static/000000000000/site.css"} {
		if w := send(k, get(target)); w.Code != http.StatusNotFound {
			t.Errorf("GET %s = %d, want 404", target, w.Code)
		}
	}
}
