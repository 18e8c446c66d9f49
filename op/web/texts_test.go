package web_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/BurntSushi/toml"

	"omgevingsloket-id/op/web"
	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/claim"
	"omgevingsloket-id/templates"
)

// texts reads a catalogue: key -> text; the forms of a plural are one key.
func texts(t *testing.T, lang string) map[string]string {
	t.Helper()
	files, err := fs.Glob(templates.FS, "locales/*."+lang+".toml")
	if err != nil || len(files) == 0 {
		t.Fatal(err, files)
	}
	out := map[string]string{}
	var walk func(prefix string, table map[string]any)
	walk = func(prefix string, table map[string]any) {
		_, one := table["one"].(string)
		other, many := table["other"].(string)
		if one && many && len(table) == 2 {
			out[strings.TrimSuffix(prefix, ".")] = other
			return
		}
		for name, v := range table {
			switch v := v.(type) {
			case map[string]any:
				walk(prefix+name+".", v)
			case string:
				if _, twice := out[prefix+name]; twice {
					t.Errorf("%s: %s stands in two files", lang, prefix+name)
				}
				out[prefix+name] = v
			}
		}
	}
	for _, file := range files {
		text, err := fs.ReadFile(templates.FS, file)
		if err != nil {
			t.Fatal(err)
		}
		var table map[string]any
		if err := toml.Unmarshal(text, &table); err != nil {
			t.Fatal(file, err)
		}
		walk("", table)
	}
	return out
}

// mentions is what code and templates say of texts.
type mentions struct {
	asked    map[string]string // key that has to exist -> where it is asked for
	literals map[string]bool   // every string in the code
	built    [][2]string       // beginning and end of keys that are put together
}

func (m *mentions) template(name, text string) {
	for _, found := range regexp.MustCompile(`\.T "([^"]+)"`).FindAllStringSubmatch(text, -1) {
		m.asked[found[1]] = name
	}
}

// keyArgument tells which argument of a call is a text key.
var keyArgument = map[string]int{"T": 0, "Wrong": 1, "Page": -1, "Fail": 1}

func (m *mentions) code(name string, tree ast.Node) {
	ask := func(e ast.Expr, endings ...string) {
		if literal, ok := e.(*ast.BasicLit); ok && literal.Kind == token.STRING {
			for _, ending := range endings {
				m.asked[unquote(literal)+ending] = name
			}
		}
	}
	ast.Inspect(tree, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.ImportSpec:
			return false
		case *ast.BasicLit:
			m.literals[unquote(n)] = true
		case *ast.CallExpr:
			called := ""
			switch f := n.Fun.(type) {
			case *ast.SelectorExpr:
				called = f.Sel.Name
			case *ast.Ident:
				called = f.Name
			}
			i, known := keyArgument[called]
			if i < 0 {
				i = len(n.Args) - 1
			}
			if known && i >= 0 && i < len(n.Args) {
				if called == "Fail" {
					ask(n.Args[i], ".title", ".text")
				} else {
					ask(n.Args[i], "")
				}
			}
		case *ast.KeyValueExpr:
			if field, ok := n.Key.(*ast.Ident); ok && field.Name == "Key" {
				if literal, ok := n.Value.(*ast.BasicLit); ok && strings.HasPrefix(unquote(literal), "error.") {
					ask(literal, ".title", ".text")
				}
			}
		case *ast.BinaryExpr:
			if parts := sum(n); len(parts) > 1 && strings.Contains(parts[0], ".") && parts[0] != "" {
				m.built = append(m.built, [2]string{parts[0], parts[len(parts)-1]})
			}
		}
		return true
	})
}

// sum gives the literals of a + b + c, "" for what is none.
func sum(e ast.Expr) []string {
	if b, ok := e.(*ast.BinaryExpr); ok && b.Op == token.ADD {
		return append(sum(b.X), sum(b.Y)...)
	}
	if literal, ok := e.(*ast.BasicLit); ok && literal.Kind == token.STRING {
		return []string{unquote(literal)}
	}
	return []string{""}
}

func unquote(l *ast.BasicLit) string {
	s, err := strconv.Unquote(l.Value)
	if err != nil {
		return l.Value
	}
	return s
}

func collect(t *testing.T) *mentions {
	t.Helper()
	m := &mentions{asked: map[string]string{}, literals: map[string]bool{}}
	for _, root := range []string{"..", "../../pkg/application", "../../pkg/intake", "../../pkg/document"} {
		err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
			if err != nil || filepath.Ext(path) != ".go" || strings.HasSuffix(path, "_test.go") {
				return err
			}
			tree, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
			if err == nil {
				m.code(path, tree)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	err := fs.WalkDir(templates.FS, ".", func(path string, _ fs.DirEntry, err error) error {
		if err != nil || filepath.Ext(path) != ".html" {
			return err
		}
		text, err := fs.ReadFile(templates.FS, path)
		m.template(path, regexp.MustCompile(`(?s)\{\{-? ?/\*.*?\*/ ?-?\}\}`).ReplaceAllString(string(text), ""))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// Every text that is asked for exists in every language, with the same gaps
// to fill; no text waits for nobody.
func TestTexts(t *testing.T) {
	t.Parallel()
	m := collect(t)
	for _, reason := range []account.BlockReason{account.NotScanned, account.EnrolmentCodes, account.EnrolmentLate, account.TooManyCodes, account.Reported, account.Reopened} {
		m.asked["blocked.why_"+string(reason)] = "account.BlockReason"
	}
	for _, name := range claim.Names() {
		if name != "email_verified" {
			m.asked["claim."+name] = "claim.Asked"
		}
	}
	first := texts(t, web.Langs[0].Code)
	gaps := regexp.MustCompile(`\{\{\.[A-Za-z]+\}\}`)
	for _, lang := range web.Langs {
		all := texts(t, lang.Code)
		for key, where := range m.asked {
			if all[key] == "" {
				t.Errorf("%s: no text %s (%s)", lang.Code, key, where)
			}
		}
		for key, text := range all {
			want, got := gaps.FindAllString(first[key], -1), gaps.FindAllString(text, -1)
			slices.Sort(want)
			slices.Sort(got)
			if _, both := first[key]; !both || !slices.Equal(slices.Compact(want), slices.Compact(got)) {
				t.Errorf("%s: %s is %q there and %q in %s", lang.Code, key, text, first[key], web.Langs[0].Code)
			}
		}
		if len(all) != len(first) {
			t.Errorf("%d texts in %s, %d in %s", len(all), lang.Code, len(first), web.Langs[0].Code)
		}
	}
	for _, key := range slices.Sorted(maps.Keys(first)) {
		if !m.uses(key) {
			t.Errorf("nobody asks for %s", key)
		}
	}
}

func (m *mentions) uses(key string) bool {
	if _, asked := m.asked[key]; asked || m.literals[key] {
		return true
	}
	for _, ending := range []string{".title", ".text"} {
		if base, ok := strings.CutSuffix(key, ending); ok && m.literals[base] {
			return true
		}
	}
	return slices.ContainsFunc(m.built, func(b [2]string) bool {
		return len(key) > len(b[0])+len(b[1]) && strings.HasPrefix(key, b[0]) && strings.HasSuffix(key, b[1])
	})
}

// The catalogue reports what it lacks, and gives the key instead of nothing.
func TestCatalogReportsWhatIsMissing(t *testing.T) {
	t.Parallel()
	c, err := web.LoadCatalog()
	if err != nil {
		t.Fatal(err)
	}
	var missing []string
	c.Missing = func(lang, key string) { missing = append(missing, lang+" "+key) }
	if got := c.Text("nl", "no.such.text"); got != "no.such.text" || len(missing) != 1 || missing[0] != "nl no.such.text" {
		t.Error(got, missing)
	}
	for _, lang := range web.Langs {
		if got := c.Text(lang.Code, "login.title"); got == "login.title" || len(missing) != 1 {
			t.Error(lang.Code, got, missing)
		}
	}
	for wanted, lang := range map[string]string{"": "nl", "nl-BE": "nl", "en-GB,nl;q=0.5": "en", "de,nl;q=0.5": "nl", "fr": "en", "en nl": "en", "%%%": "nl", "x-klingon": "en"} {
		if got := c.Match(wanted); got != lang {
			t.Errorf("%q: %s, want %s", wanted, got, lang)
		}
	}
}
