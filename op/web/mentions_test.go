package web_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"text/template/parse"

	"omgevingsloket-id/op/web"
	"omgevingsloket-id/templates"
)

// mention is a place in the code or in a template that names texts.
type mention struct {
	where   string         // file and line
	room    string         // such as "console-review"
	key     string         // of the text, or the beginning of the keys of several
	pattern *regexp.Regexp // matches the keys, if code completes key; nil otherwise
	exact   bool           // key is not that of an error page
	names   []string       // of the pairs in the call
}

func (m mention) String() string {
	if m.pattern != nil {
		return m.pattern.String()
	}
	return m.key
}

// keys returns the keys of the texts that m names. For the key of an error page
// those are its title and its text.
func (m mention) keys(all map[string]text) []string {
	var found []string
	if m.pattern != nil {
		for key := range all {
			if m.pattern.MatchString(key) {
				found = append(found, key)
			}
		}
		return found
	}
	if all[m.key] != nil {
		return []string{m.key}
	}
	if title, words := m.key+".title", m.key+".text"; !m.exact && all[title] != nil && all[words] != nil {
		return []string{title, words}
	}
	return nil
}

// keyArgument is the index of the text key in the arguments of a call; -1 means the
// last. For T and Wrong, name/value pairs follow.
var keyArgument = map[string]int{"T": 0, "Wrong": 1, "Page": -1, "Fail": 1}

// reader collects the mentions in code and templates.
type reader struct {
	set      *token.FileSet
	room     string   // of the file that is read
	files    []string // with texts
	mentions []mention
	problems []string          // calls that it cannot read
	seen     map[ast.Expr]bool // noted as the argument of a call
}

func (r *reader) problem(where, text string) { r.problems = append(r.problems, where+": "+text) }

// keyLike reports whether s has the form of a key, or of the beginning of one.
func (r *reader) keyLike(s string) bool {
	first, rest, dotted := strings.Cut(s, ".")
	return dotted && rest != "css" && slices.Contains(r.files, first) && strings.Trim(rest, "abcdefghijklmnopqrstuvwxyz0123456789_.") == ""
}

func (r *reader) code(file *ast.File) {
	for _, decl := range file.Decls {
		ast.Inspect(decl, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok {
				return true
			}
			called := ""
			switch f := call.Fun.(type) {
			case *ast.SelectorExpr:
				called = f.Sel.Name
			case *ast.Ident:
				called = f.Name
			}
			i, known := keyArgument[called]
			if i < 0 {
				i = len(call.Args) - 1
			}
			if !known || i < 0 || i >= len(call.Args) || call.Ellipsis.IsValid() {
				return true
			}
			var names []string
			if called == "T" || called == "Wrong" {
				names = r.names(call, call.Args[i+1:])
			}
			r.argument(decl, call.Args[i], called, names)
			return true
		})
		ast.Inspect(decl, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.ImportSpec:
				return false
			case *ast.BinaryExpr:
				r.elsewhere(n)
			case *ast.BasicLit:
				r.elsewhere(n)
			}
			return true
		})
	}
}

// names returns the names of the name/value pairs of a call.
func (r *reader) names(call ast.Node, pairs []ast.Expr) []string {
	var names []string
	for i, pair := range pairs {
		if i%2 == 1 {
			continue
		}
		literal, ok := pair.(*ast.BasicLit)
		if !ok || literal.Kind != token.STRING || i+1 == len(pairs) {
			r.problem(r.set.Position(call.Pos()).String(), "the pairs are not literal names with values")
			return names
		}
		names = append(names, unquote(literal))
	}
	return names
}

// argument notes the texts that the key of a call names: the key itself, or the
// literals that are assigned to the variable in that function.
func (r *reader) argument(decl ast.Decl, key ast.Expr, called string, names []string) {
	if variable, ok := key.(*ast.Ident); ok {
		literals := 0
		ast.Inspect(decl, func(n ast.Node) bool {
			set, ok := n.(*ast.AssignStmt)
			if !ok || set.Tok == token.ADD_ASSIGN || len(set.Lhs) != len(set.Rhs) {
				return true
			}
			for i, to := range set.Lhs {
				if to, ok := to.(*ast.Ident); ok && to.Name == variable.Name && r.mention(set.Rhs[i], true, names) {
					literals++
				}
			}
			return true
		})
		if literals > 0 {
			return
		}
	} else if r.mention(key, called != "Fail", names) {
		return
	}
	if len(names) > 0 {
		r.problem(r.set.Position(key.Pos()).String(), "the key cannot be read from the code")
	}
}

// elsewhere notes the text that e names outside the calls of keyArgument, such as
// in a table. Its texts have no placeholders.
func (r *reader) elsewhere(e ast.Expr) {
	if !r.seen[e] && r.keyLike(sum(e)[0]) {
		r.mention(e, false, nil)
	}
}

// mention notes the text that e names, and reports whether it names one.
func (r *reader) mention(e ast.Expr, exact bool, names []string) bool {
	parts := sum(e)
	if parts[0] == "" {
		return false
	}
	r.see(e)
	m := mention{where: r.set.Position(e.Pos()).String(), room: r.room, key: parts[0], exact: exact, names: names}
	if strings.HasSuffix(parts[len(parts)-1], "_") || strings.HasSuffix(parts[len(parts)-1], ".") {
		parts = append(parts, "")
	}
	if len(parts) > 1 {
		pattern := "^"
		for _, part := range parts {
			if part == "" {
				part = "[a-z0-9_]+"
			} else {
				part = regexp.QuoteMeta(part)
			}
			pattern += part
		}
		m.pattern = regexp.MustCompile(pattern + "$")
	}
	r.mentions = append(r.mentions, m)
	return true
}

// see marks e and its operands as noted.
func (r *reader) see(e ast.Expr) {
	r.seen[e] = true
	if b, ok := e.(*ast.BinaryExpr); ok {
		r.see(b.X)
		r.see(b.Y)
	}
}

// sum returns the literals of a + b + c, with "" for an operand that is not one.
func sum(e ast.Expr) []string {
	switch e := e.(type) {
	case *ast.BinaryExpr:
		if e.Op == token.ADD {
			return append(sum(e.X), sum(e.Y)...)
		}
	case *ast.BasicLit:
		if e.Kind == token.STRING {
			return []string{unquote(e)}
		}
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

// page notes the calls of T in the source of a template.
func (r *reader) page(where, source string) error {
	tree := parse.New(where)
	tree.Mode = parse.SkipFuncCheck
	set := map[string]*parse.Tree{}
	if _, err := tree.Parse(source, "", "", set); err != nil {
		return err
	}
	for _, defined := range set {
		r.template(where, defined.Root)
	}
	return nil
}

// template notes the calls of T below a node.
func (r *reader) template(where string, n parse.Node) {
	each := func(nodes ...parse.Node) {
		for _, n := range nodes {
			r.template(where, n)
		}
	}
	branch := func(b parse.BranchNode) {
		each(b.Pipe, b.List)
		if b.ElseList != nil {
			each(b.ElseList)
		}
	}
	switch n := n.(type) {
	case *parse.ListNode:
		each(n.Nodes...)
	case *parse.ActionNode:
		each(n.Pipe)
	case *parse.TemplateNode:
		if n.Pipe != nil {
			each(n.Pipe)
		}
	case *parse.IfNode:
		branch(n.BranchNode)
	case *parse.RangeNode:
		branch(n.BranchNode)
	case *parse.WithNode:
		branch(n.BranchNode)
	case *parse.PipeNode:
		for _, command := range n.Cmds {
			each(command)
		}
	case *parse.CommandNode:
		if callsT(n.Args[0]) {
			r.templateCall(where, n)
		}
		each(n.Args...)
	}
}

func callsT(n parse.Node) bool {
	var names []string
	switch n := n.(type) {
	case *parse.FieldNode:
		names = n.Ident
	case *parse.VariableNode:
		names = n.Ident
	}
	return len(names) > 0 && names[len(names)-1] == "T"
}

func (r *reader) templateCall(where string, call *parse.CommandNode) {
	var literals []string // the key and the names
	for i, arg := range call.Args[1:] {
		if i > 0 && i%2 == 0 {
			continue
		}
		s, ok := arg.(*parse.StringNode)
		if !ok {
			r.problem(where, call.String()+" has no literal key and names")
			return
		}
		literals = append(literals, s.Text)
	}
	if len(call.Args)%2 == 1 || len(literals) == 0 {
		r.problem(where, call.String()+" has no key with pairs")
		return
	}
	r.mentions = append(r.mentions, mention{where: where, room: r.room, key: literals[0], exact: true, names: literals[1:]})
}

// room returns the name of the files with the texts of a folder in op or in
// templates: "console-review" for "console/review".
func room(folder string) string { return strings.ReplaceAll(filepath.ToSlash(folder), "/", "-") }

// collect reads the code of op and the templates.
func collect(t *testing.T) []mention {
	t.Helper()
	r := &reader{set: token.NewFileSet(), files: files(t), seen: map[ast.Expr]bool{}}
	err := filepath.WalkDir("..", func(name string, _ fs.DirEntry, err error) error {
		if err != nil || filepath.Ext(name) != ".go" || strings.HasSuffix(name, "_test.go") {
			return err
		}
		tree, err := parser.ParseFile(r.set, name, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		folder, err := filepath.Rel("..", filepath.Dir(name))
		r.room = room(folder)
		r.code(tree)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	err = fs.WalkDir(templates.FS, ".", func(name string, _ fs.DirEntry, err error) error {
		if err != nil || path.Ext(name) != ".html" {
			return err
		}
		source, err := fs.ReadFile(templates.FS, name)
		if err != nil {
			return err
		}
		r.room = room(path.Dir(name))
		return r.page("templates/"+name, string(source))
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, problem := range r.problems {
		t.Error(problem)
	}
	return r.mentions
}

// The names in a call are the placeholders of its text, in every language. Where
// code completes the key, a text needs some of the names only, and texts that are
// named in full elsewhere may need others.
func TestPlaceholdersAreFilled(t *testing.T) {
	t.Parallel()
	mentions := collect(t)
	for _, lang := range web.Langs {
		all := texts(t, lang.Code)
		for _, p := range misfilled(all, mentions) {
			t.Errorf("%s: %s", lang.Code, p)
		}
	}
}

func misfilled(all map[string]text, mentions []mention) []string {
	var problems []string
	whole := map[string]bool{}
	for _, m := range mentions {
		whole[m.key] = whole[m.key] || m.pattern == nil
	}
	for _, m := range mentions {
		wanted := map[string]bool{}
		for _, key := range m.keys(all) {
			for _, name := range all[key].placeholders() {
				wanted[name] = true
				if !slices.Contains(m.names, name) && (m.pattern == nil || !whole[key]) {
					problems = append(problems, m.where+": no value for "+name+" of "+key)
				}
			}
		}
		for _, name := range m.names {
			if !wanted[name] {
				problems = append(problems, m.where+": "+m.String()+" has no placeholder "+name)
			}
		}
	}
	return problems
}

func TestMisfilledIsFound(t *testing.T) {
	t.Parallel()
	all := map[string]text{
		"login.plain": {"other": "Plain"}, "login.name": {"other": "Hello {{.Name}}"}, "login.two": {"other": "{{.A}} and {{.B}}"},
		"login.days":  {"one": "1 day", "other": "{{.Count}} days"},
		"login.why_a": {"other": "Because {{.Name}}"}, "login.why_b": {"other": "Because"},
		"login.gone.title": {"other": "Gone"}, "login.gone.text": {"other": "Gone {{.Name}}"},
	}
	for source, want := range map[string]string{
		`p.T("login.plain")`:                                        "",
		`p.T("login.plain", "Name", x)`:                             "has no placeholder Name",
		`p.T("login.name", "Name", x)`:                              "",
		`p.T("login.name")`:                                         "no value for Name",
		`p.T("login.name", "Nam", x)`:                               "no value for Name",
		`p.T("login.name", name, x)`:                                "not literal names",
		`p.T("login.name", "Name")`:                                 "not literal names",
		`p.Wrong("field", "login.two", "A", x, "B", y)`:             "",
		`p.Wrong("field", "login.two", "A", x)`:                     "no value for B",
		`p.T("login.days", "Count", 2)`:                             "",
		`p.T("login.days")`:                                         "no value for Count",
		`p.T("login.why_"+x, "Name", y)`:                            "",
		`p.T("login.why_" + x)`:                                     "no value for Name",
		`p.T("login.why_"+x, "Name", y, "Age", z)`:                  "has no placeholder Age",
		`p.T("login.why_a", "Name", y); p.T("login.why_" + x)`:      "",
		`key := "login.plain"; key = "login.name"; p.T(key)`:        "no value for Name",
		`key := "login.name"; p.T(key, "Name", x)`:                  "",
		`p.T(f.key, "Name", x)`:                                     "cannot be read",
		`p.T(f.key)`:                                                "",
		`table["login.name"]`:                                       "no value for Name",
		`Fail(404, "login.gone", nil)`:                              "no value for Name",
		`{{.T "login.plain"}}`:                                      "",
		`{{$.T "login.name" "Name" .Name}}`:                         "",
		`{{.Page.T "login.name"}}`:                                  "no value for Name",
		`{{if .X}}{{template "x" (.T "login.plain" "N" 1)}}{{end}}`: "has no placeholder N",
		`{{.T .Key}}`:                                               "no literal key",
		`{{range .X}}{{else}}{{$.T "login.two" "A" .A "B"}}{{end}}`: "no key with pairs",
	} {
		r := &reader{set: token.NewFileSet(), room: "login", files: []string{"login"}, seen: map[ast.Expr]bool{}}
		if strings.HasPrefix(source, "{{") {
			if err := r.page("x.html", source); err != nil {
				t.Fatal(source, err)
			}
		} else {
			file, err := parser.ParseFile(r.set, "x.go", "package x\nfunc x() {\n"+source+"\n}", parser.SkipObjectResolution)
			if err != nil {
				t.Fatal(source, err)
			}
			r.code(file)
		}
		got := strings.Join(append(r.problems, misfilled(all, r.mentions)...), "; ")
		if (got == "") != (want == "") || !strings.Contains(got, want) {
			t.Errorf("%s: %q, want %q", source, got, want)
		}
	}
}
