package main

import (
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"omgevingsloket-id/e2e/site"
)

// OF-14: no address from outside is fetched except a client's jwks_uri
// (TestR212_OnlyPublicAddresses): no other code makes requests.
func TestOF14_OneFetcher(t *testing.T) {
	t.Parallel()
	allowed := map[string]bool{
		"../../op/provider/jwksuri.go": true,
		"../../op/web/errors.go":       true, // renders a page for a request that is not sent
		"operate.go":                   true, // `ready` calls its own server
		"../internal/portal/client.go": true, // the stand-in for a portal is a client
	}
	var found []string
	for _, root := range []string{"../../op", "../../pkg", "../../storage", "."} {
		site.Must(t, filepath.WalkDir(root, func(path string, d os.DirEntry, err error) error {
			if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
				return err
			}
			text, err := os.ReadFile(path)
			for _, call := range []string{"http.Get(", "http.Post(", "http.PostForm(", "http.Head(", "http.Client{", "http.DefaultClient", "http.Transport{", "http.NewRequest"} {
				if strings.Contains(string(text), call) && !allowed[path] {
					found = append(found, path+": "+call)
				}
			}
			return err
		}))
	}
	for _, f := range found {
		t.Error("makes requests:", f)
	}
}

// Y30: a file that an operator writes is read with secret.ReadFile, or with a reader
// that passes it to secret.FileText; what else reads files is named here.
func TestY30_OneReader(t *testing.T) {
	t.Parallel()
	allowed := map[string]bool{
		"../../pkg/secret/file.go":     true, // is the reader
		"../../pkg/config/config.go":   true, // the key ring: ParseKeyRing calls FileText
		"target.go":                    true, // config.Load calls FileText for secrets; YAML has its own rule for marks
		"audit.go":                     true, // an export, which proves itself byte for byte
		"demo/officials.go":            true, // JSON that the demo wrote
		"../../pkg/password/leaked.go": true, // hashes, gigabytes of them, which a tool wrote
	}
	for _, root := range []string{"../../op", "../../pkg", "../../storage", "../portal", "../internal", "."} {
		site.Must(t, filepath.WalkDir(root, func(path string, d os.DirEntry, err error) error {
			if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
				return err
			}
			text, err := os.ReadFile(path)
			for _, call := range []string{"os.ReadFile", "os.Open(", "ioutil.ReadFile", "tls.LoadX509KeyPair", "ListenAndServeTLS"} {
				if strings.Contains(string(text), call) && !allowed[path] {
					t.Errorf("%s: %s", path, call)
				}
			}
			return err
		}))
	}
}

// The law of the house (README, "The law"): which packages may import which. The test
// parses the imports itself, so that the test cache cannot hide a change.
func TestLaw(t *testing.T) {
	t.Parallel()
	const root = "../.."
	checked := 0
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (strings.HasPrefix(d.Name(), ".") && path != root || d.Name() == "node_modules") {
			return fs.SkipDir
		}
		if filepath.Ext(path) != ".go" || strings.HasSuffix(path, "_test.go") {
			return nil
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		from, err := filepath.Rel(root, filepath.Dir(path))
		if err != nil {
			return err
		}
		for _, spec := range file.Imports {
			imported, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				return err
			}
			if why := forbidden(filepath.ToSlash(from), imported); why != "" {
				t.Errorf("%s imports %s: %s", path, imported, why)
			}
			checked++
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if checked < 500 {
		t.Errorf("only %d imports were looked at: is the root right?", checked)
	}
}

func forbidden(from, imported string) string {
	const module = "omgevingsloket-id/"
	own := strings.HasPrefix(imported, module)
	to := strings.TrimPrefix(imported, module)
	in := func(path, room string) bool { return path == room || strings.HasPrefix(path, room+"/") }
	foreign := func(names ...string) bool {
		for _, n := range names {
			if in(imported, n) {
				return true
			}
		}
		return false
	}
	sql := foreign("database/sql", "modernc.org/sqlite", "github.com/jackc/pgx/v5", "github.com/pressly/goose/v3")
	redis := foreign("github.com/redis/go-redis/v9")
	web := foreign("net/http", "html/template")
	switch {
	case foreign("github.com/zitadel/oidc/v3") && from != "op/provider":
		return "the protocol library stays inside op/provider"
	case in(from, "pkg") && (web || sql || redis):
		return "pkg knows no HTTP, SQL or Redis"
	case in(from, "pkg") && own && !in(to, "pkg"):
		return "pkg imports pkg alone"
	case in(from, "storage") && web:
		return "storage knows no HTTP"
	case in(from, "storage") && own && !in(to, "pkg") && !in(to, "storage"):
		return "storage imports pkg"
	case in(from, "op") && (sql || redis):
		return "op knows no database"
	case in(from, "op/console") && from != "op/console" && to == "op/console":
		return ""
	case in(from, "op") && own && !in(to, "pkg") && !in(to, "templates") && to != "op/web" && to != "op/flow" && to != from:
		return "rooms of op import pkg, templates, op/web and op/flow, never each other; console rooms op/console too"
	case (from == "op/web" || in(from, "op/console")) && to == "op/flow":
		return "the dispatcher of a login belongs to the rooms of a login"
	case in(from, "templates") && own:
		return "templates imports nothing of ours"
	case !in(from, "cmd") && !in(from, "e2e") && own && in(to, "cmd"):
		return "only cmd and e2e know everyone"
	case !in(from, "e2e") && own && in(to, "e2e"):
		return "nothing but tests imports e2e"
	}
	return ""
}

// Each clause of the law is broken once, to see that it is enforced.
func TestLawCatches(t *testing.T) {
	t.Parallel()
	for _, c := range [][2]string{
		{"pkg/account", "net/http"}, {"pkg/account", "database/sql"}, {"pkg/session", "github.com/redis/go-redis/v9"},
		{"pkg/account", "omgevingsloket-id/storage/sql"}, {"storage/sql", "net/http"}, {"storage/sql", "omgevingsloket-id/op/web"},
		{"op/login", "database/sql"}, {"op/login", "omgevingsloket-id/op/enrol"}, {"op/login", "omgevingsloket-id/storage/sql"},
		{"op/login", "github.com/zitadel/oidc/v3/pkg/op"}, {"templates", "omgevingsloket-id/pkg/mail"}, {"pkg/mail", "omgevingsloket-id/cmd/internal/portal"},
		{"op/web", "omgevingsloket-id/op/login"}, {"storage/redis", "omgevingsloket-id/e2e/testenv"},
		{"op/console/review", "omgevingsloket-id/op/console/staff"}, {"op/console", "omgevingsloket-id/op/console/staff"}, {"op/login", "omgevingsloket-id/op/console"},
		{"op/web", "omgevingsloket-id/op/flow"}, {"op/console/review", "omgevingsloket-id/op/flow"}, {"storage/sql", "omgevingsloket-id/cmd/omgevingsloket-id/app"},
	} {
		if forbidden(c[0], c[1]) == "" {
			t.Errorf("%s may import %s", c[0], c[1])
		}
	}
	for _, c := range [][2]string{
		{"op/login", "omgevingsloket-id/op/web"}, {"op/login", "omgevingsloket-id/op/flow"}, {"op/console/review", "omgevingsloket-id/op/console"},
		{"op/console/review", "omgevingsloket-id/op/web"}, {"e2e/site", "omgevingsloket-id/cmd/omgevingsloket-id/app"},
	} {
		if why := forbidden(c[0], c[1]); why != "" {
			t.Errorf("forbidden(%s, %s) = %q, want none", c[0], c[1], why)
		}
	}
}

// Every package has a package comment.
func TestPackageComments(t *testing.T) {
	t.Parallel()
	const root = "../.."
	documented := map[string]bool{}
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (strings.HasPrefix(d.Name(), ".") && path != root || d.Name() == "node_modules" || d.Name() == "testdata") {
			return fs.SkipDir
		}
		if filepath.Ext(path) != ".go" || strings.HasSuffix(path, "_test.go") {
			return nil
		}
		source, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, source, parser.PackageClauseOnly|parser.ParseComments)
		if err != nil {
			return err
		}
		dir := filepath.Dir(path)
		documented[dir] = documented[dir] || len(strings.TrimSpace(file.Doc.Text())) > 40
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for dir, ok := range documented {
		if !ok {
			t.Errorf("%s has no package comment that says what it owns", dir)
		}
	}
}
