package web_test

import (
	"io/fs"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/BurntSushi/toml"

	"omgevingsloket-id/op/web"
	"omgevingsloket-id/pkg/account"
	"omgevingsloket-id/pkg/claim"
	"omgevingsloket-id/templates"
)

// text is an entry of the catalogue in one language. A plural has the forms one
// and other.
type text map[string]string

func (x text) plural() bool { return len(x) > 1 }

var placeholder = regexp.MustCompile(`\{\{\.([A-Za-z]+)\}\}`)

// placeholders returns the names in the forms of x, and Count for a plural.
func (x text) placeholders() []string {
	found := map[string]bool{}
	if x.plural() {
		found["Count"] = true // chooses the form
	}
	for _, form := range x {
		for _, match := range placeholder.FindAllStringSubmatch(form, -1) {
			found[match[1]] = true
		}
	}
	return slices.Sorted(maps.Keys(found))
}

// files returns the names of the files with texts, without language and extension,
// such as "console-review".
func files(t *testing.T) []string {
	t.Helper()
	found := map[string]bool{}
	all, err := fs.Glob(templates.FS, "locales/*")
	if err != nil || len(all) == 0 {
		t.Fatal(err, all)
	}
	for _, name := range all {
		room, _, _ := strings.Cut(path.Base(name), ".")
		found[room] = true
	}
	return slices.Sorted(maps.Keys(found))
}

// texts reads the texts of a language, by key. A key begins with the name of its
// file.
func texts(t *testing.T, lang string) map[string]text {
	t.Helper()
	out := map[string]text{}
	for _, name := range files(t) {
		source, err := fs.ReadFile(templates.FS, "locales/"+name+"."+lang+".toml")
		if err != nil {
			t.Fatal(err)
		}
		var table map[string]any
		if err := toml.Unmarshal(source, &table); err != nil {
			t.Fatal(name, err)
		}
		for first := range table {
			if first != name {
				t.Errorf("%s.%s.toml has keys that begin with %q, want %q", name, lang, first, name)
			}
		}
		flatten(t, out, "", table)
	}
	return out
}

func flatten(t *testing.T, out map[string]text, prefix string, table map[string]any) {
	t.Helper()
	one, hasOne := table["one"].(string)
	other, hasOther := table["other"].(string)
	if hasOne && hasOther && len(table) == 2 {
		out[strings.TrimSuffix(prefix, ".")] = text{"one": one, "other": other}
		return
	}
	for name, value := range table {
		switch value := value.(type) {
		case map[string]any:
			flatten(t, out, prefix+name+".", value)
		case string:
			out[prefix+name] = text{"other": value}
		default:
			t.Errorf("%s is a %T", prefix+name, value)
		}
	}
}

// Every text that is used exists in every language, with the same placeholders, and
// every text is used.
func TestTexts(t *testing.T) {
	t.Parallel()
	mentions := collect(t)
	for _, reason := range []account.BlockReason{account.NotScanned, account.EnrolmentCodes, account.EnrolmentLate, account.TooManyCodes, account.Reported, account.Reopened} {
		mentions = append(mentions, mention{where: "account.BlockReason", room: "login", key: "login.blocked.why_" + string(reason), exact: true})
	}
	for _, name := range claim.Asked(claim.Scopes(), claim.Scopes(), claim.Request{}) {
		if name != "email_verified" {
			mentions = append(mentions, mention{where: "claim.Asked", room: "web", key: "web.claim." + name, exact: true})
		}
	}
	first := texts(t, web.Langs[0].Code)
	for _, lang := range web.Langs {
		all := texts(t, lang.Code)
		for _, m := range mentions {
			if len(m.keys(all)) == 0 {
				t.Errorf("%s: no text %s (%s)", lang.Code, m, m.where)
			}
		}
		for key, x := range all {
			if want, got := first[key].placeholders(), x.placeholders(); first[key] == nil || !slices.Equal(want, got) {
				t.Errorf("%s: %s is %q there and %q in %s", lang.Code, key, x, first[key], web.Langs[0].Code)
			}
			for form, words := range x {
				if words == "" {
					t.Errorf("%s: %s (%s) is empty", lang.Code, key, form)
				}
			}
		}
		if len(all) != len(first) {
			t.Errorf("%d texts in %s, %d in %s", len(all), lang.Code, len(first), web.Langs[0].Code)
		}
	}
	used := map[string]bool{}
	for _, m := range mentions {
		for _, key := range m.keys(first) {
			used[key] = true
		}
	}
	for _, key := range slices.Sorted(maps.Keys(first)) {
		if !used[key] {
			t.Errorf("%s is not used", key)
		}
	}
}

// A room uses its own texts and those of its kit: web and layout, and for a room
// of the console those of console.
func TestRoomsUseTheirOwnTexts(t *testing.T) {
	t.Parallel()
	for _, m := range collect(t) {
		of, _, _ := strings.Cut(m.key, ".")
		kit := of == "web" || of == "layout" || of == "console" && strings.HasPrefix(m.room, "console-")
		if of != m.room && !kit {
			t.Errorf("%s uses %s, a text of %s", m.where, m, of)
		}
	}
}

// For a missing text the catalogue calls Missing and returns the key.
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
