package web_test

import (
	"io/fs"
	"path"
	"regexp"
	"strings"
	"testing"

	"github.com/jba/templatecheck"

	"omgevingsloket-id/e2e/pages"
	"omgevingsloket-id/op/web"
	"omgevingsloket-id/templates"
)

func TestPagesFitTheirStructs(t *testing.T) { pages.Check(t, "web", web.Pages) }

// What is rendered once is made of nothing but a Part, or a control without its page.
func TestPartsFitTheirStructs(t *testing.T) {
	t.Parallel()
	once, made := regexp.MustCompile(`\{\{[^{}]*\.Once "([a-z-]+)"`), pages.New(t).Templates()
	found := 0
	err := fs.WalkDir(templates.FS, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || path.Ext(name) != ".html" {
			return err
		}
		text, err := fs.ReadFile(templates.FS, name)
		if err != nil {
			return err
		}
		for _, m := range once.FindAllStringSubmatch(string(text), -1) {
			found++
			var data any = &web.Part{}
			if strings.HasSuffix(m[1], "-made") {
				data = web.Field{}
			}
			if part := made.Lookup(m[1]); part == nil {
				t.Errorf("%s: there is no part %s", name, m[1])
			} else if err := templatecheck.CheckHTML(part, data); err != nil {
				t.Errorf("%s: part %s with %T: %v", name, m[1], data, err)
			}
		}
		return nil
	})
	if err != nil || found < 6 {
		t.Errorf("found %d parts, %v", found, err)
	}
}
