package audit_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"omgevingsloket-id/pkg/audit"
	"omgevingsloket-id/templates"
)

// Every action that the code names is in the list, and every action of the
// list is named by the code. What the running program writes is held against
// the list as well, in every test of package main.
func TestActionsAreThoseOfTheCode(t *testing.T) {
	var all []string
	var subjects []string
	for _, g := range audit.Groups {
		for _, a := range g.Actions {
			if slices.Contains(all, a) {
				t.Error(a, "stands twice")
			}
			subject, _, _ := strings.Cut(a, ".")
			all, subjects = append(all, a), append(subjects, subject)
		}
	}
	texts := catalogue(t)
	named := map[string]bool{}
	shape := regexp.MustCompile(`^[a-z]+\.[a-z_]+$`)
	for place, literal := range literals(t) {
		subject, _, _ := strings.Cut(literal, ".")
		if !shape.MatchString(literal) || !slices.Contains(subjects, subject) {
			continue
		}
		named[literal] = true
		if !slices.Contains(all, literal) && !strings.Contains(texts, literal) {
			t.Errorf("%s: %s is not in audit.Groups", place, literal)
		}
	}
	for _, a := range all {
		if !named[a] {
			t.Errorf("%s is in audit.Groups, and nothing writes it", a)
		}
	}
	if audit.Known("account.") || audit.Known("") || !audit.Known("account.blocked") {
		t.Error("Known")
	}
}

// catalogue gives the sections and keys of the texts, which look like actions.
func catalogue(t *testing.T) string {
	t.Helper()
	files, err := fs.Glob(templates.FS, "locales/*.nl.toml")
	if err != nil || len(files) == 0 {
		t.Fatal(err, files)
	}
	var out strings.Builder
	for _, file := range files {
		text, err := fs.ReadFile(templates.FS, file)
		if err != nil {
			t.Fatal(err)
		}
		section := ""
		for line := range strings.Lines(string(text)) {
			if strings.HasPrefix(line, "[") {
				section = strings.Trim(strings.TrimSpace(line), "[]")
			} else if key, _, ok := strings.Cut(line, " ="); ok {
				out.WriteString(section + "." + key + "\n")
			}
		}
	}
	return out.String()
}

// literals gives every string in the code that is no test: place -> text.
func literals(t *testing.T) map[string]string {
	t.Helper()
	out := map[string]string{}
	files := token.NewFileSet()
	for _, dir := range []string{"pkg", "op", "storage", "cmd"} {
		err := filepath.WalkDir(filepath.Join("../..", dir), func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") ||
				strings.Contains(path, "storagetest") || strings.HasSuffix(path, "pkg/audit/actions.go") {
				return err
			}
			file, err := parser.ParseFile(files, path, nil, 0)
			if err != nil {
				return err
			}
			ast.Inspect(file, func(n ast.Node) bool {
				if l, ok := n.(*ast.BasicLit); ok && l.Kind == token.STRING {
					if text, err := strconv.Unquote(l.Value); err == nil {
						out[files.Position(l.Pos()).String()] = text
					}
				}
				return true
			})
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return out
}
