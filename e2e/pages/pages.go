// Package pages checks the templates of a room against the structs they are rendered with, for
// the tests of the rooms. A field or method that a template uses and a struct lacks fails
// here, also in a branch that no other test renders.
package pages

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"text/template/parse"

	"github.com/jba/templatecheck"

	"omgevingsloket-id/op/web"
)

// New returns the renderer of a site, for tests that render a page without a server.
func New(t testing.TB) *web.Renderer {
	t.Helper()
	catalog, err := web.LoadCatalog()
	if err != nil {
		t.Fatal(err)
	}
	k, err := web.New(web.Options{Settings: web.Settings{Issuer: "http://localhost"}, Catalog: catalog})
	if err != nil {
		t.Fatal(err)
	}
	return k.Pages
}

// Check type-checks each page (by name, such as "login/code") against a value of its struct.
// The map must be complete: every page under prefix in templates, and every name that the
// code in this folder renders.
func Check(t *testing.T, prefix string, structs map[string]any) {
	t.Helper()
	k := New(t)
	for name, data := range structs {
		page := k.Templates().Lookup(name)
		if page == nil {
			t.Errorf("there is no page %s", name)
			continue
		}
		if err := templatecheck.CheckHTML(page, data); err != nil {
			t.Errorf("%s with %T: %v", name, data, err)
		}
	}
	for _, page := range k.Templates().Templates() {
		if _, listed := structs[page.Name()]; !listed && path.Dir(page.Name()) == prefix && !parse.IsEmptyTree(page.Tree.Root) {
			t.Errorf("page %s is not checked", page.Name())
		}
	}
	for _, name := range rendered(t) {
		if _, listed := structs[name]; !listed {
			t.Errorf("the code renders %s, which is not checked", name)
		}
	}
}

// rendered returns the names in calls of Render in this folder.
func rendered(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		tree, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(tree, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok {
				return true
			}
			if f, ok := call.Fun.(*ast.SelectorExpr); ok && f.Sel.Name == "Render" && len(call.Args) == 4 {
				if literal, ok := call.Args[2].(*ast.BasicLit); ok {
					if name, err := strconv.Unquote(literal.Value); err == nil {
						names = append(names, name)
					}
				}
			}
			return true
		})
	}
	return names
}

// HideNothing fails when a field of a page hides one of the frame that the page embeds: the
// menu would show that field instead of the frame's.
func HideNothing(t *testing.T, frame any, structs map[string]any) {
	t.Helper()
	of := reflect.TypeOf(frame)
	shared := map[string]bool{}
	for _, f := range reflect.VisibleFields(of) {
		shared[f.Name] = true
	}
	if !shared["Who"] || !shared["Menu"] || !shared["Title"] {
		t.Fatalf("%v has the fields %v", of, shared)
	}
	framed := 0
	for name, p := range structs {
		if embedded, ok := reflect.TypeOf(p).Elem().FieldByName(of.Name()); !ok || !embedded.Anonymous {
			continue
		}
		framed++
		for f := range reflect.TypeOf(p).Elem().Fields() {
			if !f.Anonymous && shared[f.Name] {
				t.Errorf("%s: field %s hides that of every page", name, f.Name)
			}
		}
	}
	if framed == 0 {
		t.Errorf("no page embeds %v", of)
	}
}
