package config

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"
)

// probe returns a value of the setting's type that is no default, as text and
// as a value.
func probe(t *testing.T, s setting) (text string, want any) {
	t.Helper()
	switch s.value.Interface().(type) {
	case time.Duration:
		return "77m", 77 * time.Minute
	case int:
		return "7", 7
	case bool:
		return "true", true
	case []string:
		return "10.1.2.3, 10.9.0.0/16", []string{"10.1.2.3", "10.9.0.0/16"}
	case Clients:
		return "[{id: probe, name: Probe}]", "probe"
	}
	if s.value.Kind() == reflect.String {
		return "null", "null" // a text like any other
	}
	t.Fatalf("%s: there is no probe for the type %s", s.path, s.value.Type())
	return "", nil
}

func TestEverySettingFromTheEnvironment(t *testing.T) {
	t.Parallel()
	all := settings(&Config{})
	if len(all) < 50 {
		t.Fatalf("settings() has %d, want at least 50", len(all))
	}
	seen := map[string]string{}
	for _, s := range all {
		if other := seen[s.env()]; other != "" {
			t.Errorf("%s and %s share %s", s.path, other, s.env())
		}
		seen[s.env()] = s.path

		text, want := probe(t, s)
		c := Default(Practice)
		fs := c.readEnv(func(name string) string {
			if name == "OLID_"+strings.ToUpper(strings.ReplaceAll(s.path, ".", "_")) {
				return text
			}
			return ""
		})
		if len(fs) > 0 {
			t.Errorf("%s=%s: readEnv() = %v, want no faults", s.env(), text, fs)
			continue
		}
		var got any
		for _, after := range settings(&c) {
			if after.path != s.path {
				continue
			}
			switch v := after.value.Interface().(type) {
			case Clients:
				got = v[0].ID
			default:
				got = v
				if after.value.Kind() == reflect.String {
					got = after.value.String()
				}
			}
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s=%s is read as %v, want %v", s.env(), text, got, want)
		}
		// A value of the wrong type is refused.
		switch s.value.Kind() {
		case reflect.Int, reflect.Int64, reflect.Bool:
			for _, bad := range []string{"null", "x", "1.5", "1,000"} {
				if err := s.setText(bad); err == nil {
					t.Errorf("%s=%s is accepted", s.env(), bad)
				}
			}
		}
	}
}

// Every secret can come from a file, and every setting that looks like a
// secret has the type secret.Text.
func TestSecretsHaveFiles(t *testing.T) {
	t.Parallel()
	all := settings(&Config{})
	n := 0
	for _, s := range all {
		if s.secret() {
			n++
			if twin, ok := otherForm(s, all); !ok || twin.secret() {
				t.Errorf("%s has no %s_file", s.path, s.path)
			}
		}
	}
	if n < 4 {
		t.Errorf("there are %d secrets, want at least 4", n)
	}
}

// TestEverySettingIsDocumented checks the comments of the structs.
func TestEverySettingIsDocumented(t *testing.T) {
	t.Parallel()
	fset := token.NewFileSet()
	documented := map[string]bool{}
	for _, name := range []string{"config.go", "sections.go"} {
		file, err := parser.ParseFile(fset, name, nil, parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			spec, ok := n.(*ast.TypeSpec)
			if !ok {
				return true
			}
			if st, ok := spec.Type.(*ast.StructType); ok {
				for _, f := range st.Fields.List {
					if len(f.Names) == 1 && f.Names[0].IsExported() && strings.HasPrefix(f.Doc.Text(), f.Names[0].Name+" ") && len(f.Doc.Text()) > 30 {
						documented[spec.Name.Name+"."+f.Names[0].Name] = true
					}
				}
			}
			return true
		})
	}
	var check func(typ reflect.Type)
	check = func(typ reflect.Type) {
		for f := range typ.Fields() {
			if !f.IsExported() {
				continue
			}
			if !documented[typ.Name()+"."+f.Name] {
				t.Errorf("%s.%s has no comment that starts with its name and describes it", typ.Name(), f.Name)
			}
			if f.Type.Kind() == reflect.Struct {
				check(f.Type)
			}
		}
	}
	check(reflect.TypeFor[Config]())
}

const examplePath = "../../deploy/omgevingsloket-id.example.yaml"

// exampleWhole returns the example with its inactive settings (#key: value, no
// space after the #) made active, and the lines of those settings.
func exampleWhole(t *testing.T) (root *yaml.Node, inactive map[int]bool) {
	t.Helper()
	text, err := os.ReadFile(examplePath)
	if err != nil {
		t.Fatal(err)
	}
	inactive = map[int]bool{}
	lines := strings.Split(string(text), "\n")
	for i, line := range lines {
		indent := line[:len(line)-len(strings.TrimLeft(line, " "))]
		if rest, ok := strings.CutPrefix(line[len(indent):], "#"); ok && rest != "" && rest[0] != ' ' && rest[0] != '#' {
			lines[i] = indent + rest
			inactive[i+1] = true
		}
	}
	var doc yaml.Node
	if err := yaml.Unmarshal([]byte(strings.Join(lines, "\n")), &doc); err != nil {
		t.Fatal(err)
	}
	return doc.Content[0], inactive
}

func flatten(node *yaml.Node, prefix string, into map[string]*yaml.Node) {
	for i := 0; i+1 < len(node.Content); i += 2 {
		path, value := prefix+node.Content[i].Value, node.Content[i+1]
		into[path] = value
		if value.Kind == yaml.MappingNode {
			flatten(value, path+".", into)
		}
	}
}

// TestExampleShowsEverySetting checks that each setting is in the example, has
// a comment and the right type, and shows its default where it is inactive.
func TestExampleShowsEverySetting(t *testing.T) {
	t.Parallel()
	shown := map[string]*yaml.Node{}
	root, inactive := exampleWhole(t)
	flatten(root, "", shown)
	defaults := Default(Production)
	values := settings(&defaults)
	for _, s := range values {
		node, ok := shown[s.path]
		if !ok {
			t.Errorf("%s is not in the example", s.path)
			continue
		}
		before := s.value.Interface()
		if err := s.set(node); err != nil {
			t.Errorf("%s: the example does not decode: %v", s.path, err)
		}
		zero := reflect.ValueOf(before).IsZero() || s.path == "clients"
		if inactive[node.Line] && !zero && !reflect.DeepEqual(before, s.value.Interface()) {
			t.Errorf("%s: the example says %s, the default is %v", s.path, node.Value, before)
		}
	}
	known := []string{}
	for _, s := range values {
		known = append(known, s.path)
	}
	for path := range shown {
		if !slices.ContainsFunc(known, func(k string) bool { return k == path || strings.HasPrefix(k, path+".") }) {
			t.Errorf("the example has %s, which is no setting", path)
		}
	}
}

func TestExampleShowsEveryClientKey(t *testing.T) {
	t.Parallel()
	root, _ := exampleWhole(t)
	shown := map[string]*yaml.Node{}
	flatten(root, "", shown)
	entry := map[string]*yaml.Node{}
	flatten(shown["clients"].Content[0], "", entry)
	for _, key := range clientKeys() {
		if entry[key] == nil && key != "jwks" { // mentioned in the comment of jwks_uri
			t.Errorf("clients: %s is not in the example", key)
		}
	}
}

// TestExampleValidates checks that the example is valid once the files that it
// names exist.
func TestExampleValidates(t *testing.T) {
	t.Parallel()
	raw, err := os.ReadFile(examplePath)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	text := strings.ReplaceAll(string(raw), "/etc/omgevingsloket-id/", dir+"/")
	for name, content := range map[string]string{
		"master.keys":  "production-1 QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUE=\n",
		"database_url": "postgres://olid:x@localhost/olid\n",
		"redis_url":    "redis://localhost\n",
		"smtp_url":     "smtp://olid:x@mx.example\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	path := filepath.Join(dir, "omgevingsloket-id.yaml")
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil { // it holds no secret
		t.Fatal(err)
	}
	c, err := Load(path, func(string) string { return "" }, os.ReadFile)
	if err != nil {
		t.Fatal(err)
	}
	if c.Environment != Production || len(c.Clients) == 0 {
		t.Errorf("the example is of %s with %d clients, want %s with some", c.Environment, len(c.Clients), Production)
	}
}

func TestNearest(t *testing.T) {
	t.Parallel()
	keys := []string{"idle", "absolute"}
	for key, want := range map[string]string{"idel": "idle", "Idle": "idle", "absolut": "absolute", "zzzzzzzz": "", "": ""} {
		if got := nearest(key, keys); got != want {
			t.Errorf("%q: %q, want %q", key, got, want)
		}
	}
	if nearest("x", nil) != "" {
		t.Error("nearest() of no keys is not empty")
	}
}

func TestPrivate(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		mode        os.FileMode
		owner, self int
		want        bool
	}{
		{0o600, 1000, 1000, true}, {0o400, 1000, 1000, true}, {0o700, 1000, 1000, true},
		{0o640, 1000, 1000, false}, {0o604, 1000, 1000, false}, {0o660, 0, 0, false}, {0o640, 0, 0, false},
		{0o640, 0, 1000, true}, {0o440, 0, 1000, true}, // systemd's credentials, Kubernetes with fsGroup
		{0o660, 0, 1000, false}, {0o644, 0, 1000, false}, {0o641, 0, 1000, false},
		{0o640, 1001, 1000, false}, // of another user
	} {
		if got := private(c.mode, c.owner, c.self); got != c.want {
			t.Errorf("private(%04o, owner %d, self %d) = %v, want %v", c.mode, c.owner, c.self, got, c.want)
		}
	}
}
