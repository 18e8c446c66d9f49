package web_test

import (
	"os"
	"path/filepath"
	"testing"

	"omgevingsloket-id/op/web"
)

// A site that cannot be served is refused at its start.
func TestNewRefuses(t *testing.T) {
	t.Parallel()
	catalog, err := web.LoadCatalog()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "theme.css"), 0o700); err != nil {
		t.Fatal(err)
	}
	for name, s := range map[string]web.Settings{
		"an issuer that is no address": {Issuer: "http://%zz"}, "a theme that cannot be read": {Issuer: "http://localhost", ThemeDir: dir},
	} {
		if k, err := web.New(web.Options{Settings: s, Catalog: catalog}); err == nil {
			t.Errorf("New(%s) = %v, nil, want an error", name, k)
		}
	}
}
