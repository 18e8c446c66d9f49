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

// Every constant of this package is in its list exactly once, and every action
// is used by the code.
func TestVocabularyIsWhole(t *testing.T) {
	t.Parallel()
	constants := constantsOf(t, "actions.go", "actor.go", "audit.go")
	var actions []audit.Action
	used := map[audit.ObjectKind]bool{}
	for _, g := range audit.Groups {
		for _, a := range g.Actions() {
			actions = append(actions, a)
			used[a.Object()] = true
			if got := a.Group(); got != g {
				t.Errorf("%q.Group() = %q, want %q", a, got, g)
			}
			if !slices.Contains(audit.ObjectKinds, a.Object()) {
				t.Errorf("%q.Object() = %q, want one of %q", a, a.Object(), audit.ObjectKinds)
			}
		}
	}
	sameSet(t, "the actions of Groups", actions, constants["Action"])
	sameSet(t, "Groups", audit.Groups, constants["Group"])
	sameSet(t, "ObjectKinds", audit.ObjectKinds, constants["ObjectKind"])
	sameSet(t, "ActorKinds", audit.ActorKinds, constants["ActorKind"])
	for _, k := range audit.ObjectKinds {
		if !used[k] {
			t.Errorf("no action is about a %q", k)
		}
	}
	names := map[string]bool{}
	for _, f := range code(t) {
		ast.Inspect(f.file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.SelectorExpr:
				if x, ok := n.X.(*ast.Ident); ok && x.Name == "audit" {
					names[n.Sel.Name] = true
				}
			case *ast.Ident:
				names[n.Name] = names[n.Name] || f.inside && !strings.HasSuffix(f.path, "actions.go")
			}
			return true
		})
	}
	for value, name := range constants["Action"] {
		if !names[name] {
			t.Errorf("nothing writes or reads audit.%s (%q)", name, value)
		}
	}
}

func TestKnown(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		action audit.Action
		known  bool
		group  audit.Group
		object audit.ObjectKind
	}{
		{audit.AccountBlocked, true, audit.GroupAccount, audit.ObjectAccount},
		{audit.AccountSearched, true, audit.GroupHelpdesk, audit.ObjectSearch},
		{audit.DocumentViewed, true, audit.GroupReview, audit.ObjectApplication},
		{audit.GrantRevoked, true, audit.GroupAccount, audit.ObjectClient},
		{"account.", false, "", ""},
		{"", false, "", ""},
	} {
		if known, group, object := audit.Known(c.action), c.action.Group(), c.action.Object(); known != c.known || group != c.group || object != c.object {
			t.Errorf("%q: Known, Group, Object = %t, %q, %q, want %t, %q, %q", c.action, known, group, object, c.known, c.group, c.object)
		}
	}
}

// Code outside this package uses the constants of the vocabulary and makes
// events and actors with the package's functions.
func TestCodeUsesTheVocabulary(t *testing.T) {
	t.Parallel()
	texts := catalogue(t)
	for _, f := range code(t) {
		if f.inside {
			continue
		}
		for _, p := range problems(f.file, texts) {
			t.Errorf("%s: %s", f.set.Position(p.at), p.text)
		}
	}
}

func TestProblemsAreFound(t *testing.T) {
	t.Parallel()
	for line, want := range map[string]string{
		`f("account.blocked")`:                                     "literal",
		`x := "account." + "blocked"`:                              "",
		`f("account.title")`:                                       "",
		`by.Did("account.renamed", id, now)`:                       "looks like",
		`by.Did(audit.Action("account." + x), id, now)`:            "conversion",
		`by.Did(audit.Action(x), id, now)`:                         "",
		`f("SELECT 1 FROM audit_events WHERE x = 'key.moved'")`:    "literal",
		`f("SELECT 1 FROM audit_events WHERE actor_kind='staff'")`: "SQL",
		`f("WHERE object_kind = 'account' AND x = 1")`:             "SQL",
		`f("WHERE outcome <> 'ok'")`:                               "SQL",
		`f("WHERE actor_kind = '" + string(audit.ActorStaff))`:     "",
		`f(audit.Event{})`:                                         "composite",
		`f(audit.Actor{Kind: audit.ActorStaff})`:                   "composite",
		`f(audit.Filter{ActorKind: audit.ActorStaff})`:             "",
		`f(audit.Filter{ActorKind: "staff"})`:                      "kind",
		`e.ObjectKind = "staff"`:                                   "kind",
		`e.A, e.Outcome = 1, "ok"`:                                 "kind",
		`_ = e.ActorKind == "holder"`:                              "kind",
		`_ = "holder" != e.ActorKind`:                              "kind",
		`s.EventsAbout(ctx, "account", id, 1)`:                     "kind",
		`s.EventsAbout(ctx, audit.ObjectAccount, id, 1)`:           "",
		`f(audit.ObjectKind("account"))`:                           "conversion",
		`_ = f.ObjectKind != ""`:                                   "",
		`f("account", "staff", "ok")`:                              "",
	} {
		file, err := parser.ParseFile(token.NewFileSet(), "x.go", "package x\nfunc x() {\n"+line+"\n}", 0)
		if err != nil {
			t.Fatal(line, err)
		}
		got := problems(file, []string{"account.title"})
		if found := len(got) > 0; found != (want != "") || found && !strings.Contains(got[0].text, want) {
			t.Errorf("problems(%s) = %v, want %q", line, got, want)
		}
	}
}

type problem struct {
	at   token.Pos
	text string
}

var (
	quoted = regexp.MustCompile(`'([a-z]+\.[a-z_]+)'`)
	kindIs = regexp.MustCompile(`\b(actor_kind|object_kind|outcome|action)\s*(=|<>|!=|IN\s*\()\s*'[a-z]`)
	shape  = regexp.MustCompile(`^([a-z]+)\.[a-z_]+$`)
	typed  = []string{"ActorKind", "ObjectKind", "Outcome"}
)

// looksLikeAction reports whether a text has the form of an action about a
// subject that actions have.
func looksLikeAction(text string) bool {
	m := shape.FindStringSubmatch(text)
	return m != nil && slices.ContainsFunc(audit.Groups, func(g audit.Group) bool {
		return slices.ContainsFunc(g.Actions(), func(a audit.Action) bool { return strings.HasPrefix(string(a), m[1]+".") })
	})
}

// problems returns where a file spells out a value for which the package has a
// constant or a function. texts are the keys of texts, which may look like
// actions.
func problems(file *ast.File, texts []string) (out []problem) {
	add := func(n ast.Node, text string) { out = append(out, problem{n.Pos(), text}) }
	kind := func(name, value ast.Expr) {
		if text, ok := literal(value); ok && text != "" && slices.Contains(typed, lastName(name)) {
			add(value, "a literal "+strconv.Quote(text)+" of a kind or an outcome; use the constant of package audit")
		}
	}
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.BasicLit:
			text, ok := literal(n)
			if !ok {
				return true
			}
			switch {
			case audit.Known(audit.Action(text)) || slices.ContainsFunc(quoted.FindAllStringSubmatch(text, -1), func(m []string) bool { return audit.Known(audit.Action(m[1])) }):
				add(n, "the literal of an action, "+strconv.Quote(text)+"; use the constant of package audit")
			case looksLikeAction(text) && !slices.Contains(texts, text):
				add(n, strconv.Quote(text)+" looks like an action, and is not in the vocabulary")
			case kindIs.MatchString(text):
				add(n, "SQL with the literal of a kind or an outcome; pass the constant of package audit")
			}
		case *ast.CompositeLit:
			if s, ok := n.Type.(*ast.SelectorExpr); ok && lastName(s.X) == "audit" && (s.Sel.Name == "Event" || s.Sel.Name == "Actor") {
				add(n, "a composite literal of audit."+s.Sel.Name+"; use Actor.Did, or a function that returns an Actor")
			}
		case *ast.KeyValueExpr:
			kind(n.Key, n.Value)
		case *ast.BinaryExpr:
			kind(n.X, n.Y)
			kind(n.Y, n.X)
		case *ast.AssignStmt:
			for i, to := range n.Lhs {
				if len(n.Rhs) == len(n.Lhs) {
					kind(to, n.Rhs[i])
				}
			}
		case *ast.CallExpr:
			if name := lastName(n.Fun); name == "EventsAbout" && len(n.Args) > 1 {
				kind(ast.NewIdent("ObjectKind"), n.Args[1])
			} else if s, ok := n.Fun.(*ast.SelectorExpr); ok && lastName(s.X) == "audit" && (name == "Action" || slices.Contains(typed, name)) {
				ast.Inspect(n.Args[0], func(in ast.Node) bool {
					if l, ok := in.(*ast.BasicLit); ok && l.Kind == token.STRING {
						add(l, "a conversion of the literal "+l.Value+"; use the constant of package audit")
					}
					return true
				})
			}
		}
		return true
	})
	return out
}

// catalogue returns the sections and keys of the texts.
func catalogue(t *testing.T) (out []string) {
	t.Helper()
	files, err := fs.Glob(templates.FS, "locales/*.nl.toml")
	if err != nil || len(files) == 0 {
		t.Fatal(err, files)
	}
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
				out = append(out, section+"."+key)
			}
		}
	}
	return out
}

func literal(e ast.Expr) (string, bool) {
	l, ok := e.(*ast.BasicLit)
	if !ok || l.Kind != token.STRING {
		return "", false
	}
	text, err := strconv.Unquote(l.Value)
	return text, err == nil
}

// lastName returns the name of an identifier, or the selected one: b of a.b.
func lastName(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.Ident:
		return e.Name
	case *ast.SelectorExpr:
		return e.Sel.Name
	}
	return ""
}

func sameSet[T ~string](t *testing.T, what string, got []T, want map[string]string) {
	t.Helper()
	seen := map[T]bool{}
	for _, v := range got {
		if _, ok := want[string(v)]; !ok || seen[v] {
			t.Errorf("%s: %q is no constant, or stands twice", what, v)
		}
		seen[v] = true
	}
	for value, name := range want {
		if !seen[T(value)] {
			t.Errorf("%s: %s (%q) is missing", what, name, value)
		}
	}
}

// constantsOf returns the typed string constants of this package's files:
// type -> value -> name.
func constantsOf(t *testing.T, paths ...string) map[string]map[string]string {
	t.Helper()
	out := map[string]map[string]string{}
	for _, path := range paths {
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			v, ok := n.(*ast.ValueSpec)
			if !ok || v.Type == nil || len(v.Values) != 1 {
				return true
			}
			text, ok := literal(v.Values[0])
			if !ok {
				return true
			}
			of := lastName(v.Type)
			if out[of] == nil {
				out[of] = map[string]string{}
			}
			if twice := out[of][text]; twice != "" {
				t.Errorf("%s and %s are both %q", twice, v.Names[0].Name, text)
			}
			out[of][text] = v.Names[0].Name
			return true
		})
	}
	return out
}

type source struct {
	path   string
	set    *token.FileSet
	file   *ast.File
	inside bool // in package audit
}

// code parses all code that is no test.
func code(t *testing.T) (out []source) {
	t.Helper()
	set := token.NewFileSet()
	for _, dir := range []string{"pkg", "op", "storage", "cmd"} {
		err := filepath.WalkDir(filepath.Join("../..", dir), func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") || strings.Contains(path, "storagetest") {
				return err
			}
			file, err := parser.ParseFile(set, path, nil, 0)
			out = append(out, source{path, set, file, strings.HasPrefix(filepath.ToSlash(path), "../../pkg/audit/")})
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return out
}
