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

// chaining and pooling match the statements that extend the chain of the audit log
// and the pool before it.
var (
	chaining = regexp.MustCompile(`(?i)\b(INSERT\s+INTO|UPDATE)\s+(audit_events|audit_head)\b`)
	pooling  = regexp.MustCompile(`(?i)\b(INSERT\s+INTO|UPDATE)\s+audit_pool\b`)
)

// Only DB.pool adds events to the pool, and only changeOnce calls it. Only chainOnce adds
// events to the chain.
func TestEventsEnterByOneFunction(t *testing.T) {
	t.Parallel()
	paths, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	chained, pooled, calls := map[string]int{}, map[string]int{}, map[string]map[string]int{"pool": {}, "pooling": {}}
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
					chained[where] += len(chaining.FindAllString(n.Value, -1))
					pooled[where] += len(pooling.FindAllString(n.Value, -1))
				case *ast.CallExpr:
					if name, ok := n.Fun.(*ast.SelectorExpr); ok && calls[name.Sel.Name] != nil {
						calls[name.Sel.Name][where]++
					}
				}
				return true
			})
		}
	}
	wantOnly(t, "statements that add to the chain", chained, "chain.go chainOnce", 2)
	if pooled["chain.go pooling"] != 1 {
		t.Errorf("%d statements that add to the pool in pooling, want 1", pooled["chain.go pooling"])
	}
	delete(pooled, "chain.go pooling")
	wantOnly(t, "statements that add to the pool", pooled, "chain.go pool", 1)
	wantOnly(t, "calls of pool", calls["pool"], "tx.go changeOnce", 1)
	wantOnly(t, "calls of pooling", calls["pooling"], "tx.go withEvent", 1)
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
