package sql

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// chaining matches the statements that extend the chain of the audit log.
var chaining = regexp.MustCompile(`(?i)\b(INSERT\s+INTO|UPDATE)\s+(audit_events|audit_head)\b`)

// Events are added to the audit log by appendEvent alone, which changeOnce alone
// calls.
func TestEventsEnterByOneFunction(t *testing.T) {
	t.Parallel()
	paths, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	statements, calls := map[string]int{}, map[string]int{}
	for _, path := range paths {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range file.Decls {
			where := path
			if f, ok := d.(*ast.FuncDecl); ok {
				where = path + " " + f.Name.Name
			}
			ast.Inspect(d, func(n ast.Node) bool {
				switch n := n.(type) {
				case *ast.BasicLit:
					statements[where] += len(chaining.FindAllString(n.Value, -1))
				case *ast.CallExpr:
					if name, ok := n.Fun.(*ast.Ident); ok && name.Name == "appendEvent" {
						calls[where]++
					}
				}
				return true
			})
		}
	}
	wantOnly(t, "statements that add to the chain", statements, "tx.go appendEvent", 3)
	wantOnly(t, "calls of appendEvent", calls, "tx.go changeOnce", 1)
}

func wantOnly(t *testing.T, what string, got map[string]int, place string, want int) {
	t.Helper()
	for where, n := range got {
		if where != place && n > 0 {
			t.Errorf("%s in %s: %d, want them in %s only", what, where, n, place)
		}
	}
	if got[place] != want {
		t.Errorf("%s in %s: %d, want %d", what, place, got[place], want)
	}
}
