package web

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path"
	"strings"
	"sync"

	"omgevingsloket-id/templates"
)

// assets are the static files. Their addresses hold the hash of the content, so
// that browsers may cache them without limit.
type assets struct {
	urls  map[string]string // name -> URL path
	files map[string]asset  // URL path -> file
	parts sync.Map          // partKey -> template.HTML, which has these addresses
}

type asset struct {
	body []byte
	kind string
}

// operatorAssets are the files that an operator's theme may have: values for our
// design tokens, additional rules, and a wordmark.
var operatorAssets = []string{"theme.css", "custom.css", "wordmark.svg"}

// kinds are the media types of assets, by extension. Package mime reads those of the
// machine, which takes long.
var kinds = map[string]string{".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}

func loadAssets(themeDir string) (*assets, error) {
	a := &assets{urls: map[string]string{}, files: map[string]asset{}}
	own, err := fs.Sub(templates.FS, "static")
	if err != nil {
		return nil, err
	}
	names, err := fs.Glob(own, "*")
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		if err := a.add(own, name); err != nil {
			return nil, err
		}
	}
	if themeDir == "" {
		return a, nil
	}
	for _, name := range operatorAssets {
		if err := a.add(os.DirFS(themeDir), name); err != nil && !os.IsNotExist(err) {
			return nil, fmt.Errorf("branding.theme_dir: %w", err)
		}
	}
	return a, nil
}

func (a *assets) add(dir fs.FS, name string) error {
	body, err := fs.ReadFile(dir, name)
	if err != nil {
		return err
	}
	sum := sha256.Sum256(body)
	url := "/static/" + hex.EncodeToString(sum[:6]) + "/" + name
	kind, ok := kinds[path.Ext(name)]
	if !ok {
		return fmt.Errorf("static/%s: no media type for %q", name, path.Ext(name))
	}
	a.urls[name] = url
	a.files[url] = asset{body: body, kind: kind}
	return nil
}

func (a *assets) url(name string) string { return a.urls[name] }

// ReloadTheme reads the operator's theme from a folder again; "" is none. Addresses
// on pages that browsers show go on working.
func (d *Renderer) ReloadTheme(dir string) error {
	fresh, err := loadAssets(dir)
	if err != nil {
		return err
	}
	for url, file := range d.static.Load().files {
		if _, ok := fresh.files[url]; !ok {
			fresh.files[url] = file
		}
	}
	d.static.Store(fresh)
	return nil
}

// serveAsset serves a static file.
func (d *Renderer) serveAsset() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		f, ok := d.static.Load().files[r.URL.Path]
		if !ok || strings.Contains(r.URL.Path, "..") {
			http.Error(w, "not found", http.StatusNotFound)
			return
		}
		w.Header().Set("Content-Type", f.kind)
		w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
		_, _ = w.Write(f.body)
	})
}
