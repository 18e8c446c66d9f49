package templates_test

import (
	"crypto/sha256"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"omgevingsloket-id/templates"
)

// pages returns every HTML template by path, without its comments.
func pages(t *testing.T) map[string]string {
	t.Helper()
	comment := regexp.MustCompile(`(?s)\{\{-? ?/\*.*?\*/ ?-?\}\}`)
	found := map[string]string{}
	err := fs.WalkDir(templates.FS, ".", func(name string, _ fs.DirEntry, err error) error {
		if err != nil || path.Ext(name) != ".html" {
			return err
		}
		text, err := fs.ReadFile(templates.FS, name)
		found[name] = comment.ReplaceAllString(string(text), "")
		return err
	})
	if err != nil || len(found) == 0 {
		t.Fatalf("reading the templates: %v (%d found)", err, len(found))
	}
	return found
}

// The content security policy forbids these; a browser would drop them without a word.
func TestTemplatesFitTheContentSecurityPolicy(t *testing.T) {
	forbidden := map[string]*regexp.Regexp{
		"a style attribute":   regexp.MustCompile(`(?i)<[^>]*\sstyle\s*=`),
		"a style element":     regexp.MustCompile(`(?i)<style`),
		"an inline script":    regexp.MustCompile(`(?i)<script(?:\s+(?:defer|async|type="[^"]*"))*\s*>`),
		"an event attribute":  regexp.MustCompile(`(?i)<[a-z][^>]*\son[a-z]+\s*=`),
		"a data: address":     regexp.MustCompile(`(?i)["'(]\s*data:`),
		"a javascript: one":   regexp.MustCompile(`(?i)javascript:`),
		"another site's file": regexp.MustCompile(`(?i)<(?:script|link|img|iframe)[^>]*(?:src|href)="https?:`),
	}
	for name, text := range pages(t) {
		if strings.HasPrefix(name, "mail/") {
			continue
		}
		for what, pattern := range forbidden {
			if found := pattern.FindString(text); found != "" {
				t.Errorf("%s has %s: %s", name, what, found)
			}
		}
	}
	for _, sheet := range []string{"site.css", "console.css", "theme.css"} {
		if regexp.MustCompile(`url\(|@import`).MatchString(static(t, sheet)) {
			t.Errorf("%s fetches something", sheet)
		}
	}
}

// classes returns the classes in the class attributes of a template. One that the template completes ends in a hyphen:
// "width-" for width-{{.}}.
func classes(text string) []string {
	var found []string
	for _, match := range regexp.MustCompile(`\sclass="((?:[^"{]|\{\{[^}]*\}\})*)"`).FindAllStringSubmatch(text, -1) {
		found = append(found, strings.Fields(regexp.MustCompile(`\{\{[^}]*\}\}`).ReplaceAllString(match[1], " "))...)
	}
	return found
}

// ruled returns the classes that the selectors of a built style sheet name.
func ruled(sheet string) map[string]bool {
	found := map[string]bool{}
	sheet = regexp.MustCompile(`(?s)/\*.*?\*/`).ReplaceAllString(sheet, "")
	for _, match := range regexp.MustCompile(`\.(-?[A-Za-z_][\w-]*)`).FindAllStringSubmatch(sheet, -1) {
		found[match[1]] = true
	}
	return found
}

// A class without a rule is a page that looks wrong, or a style sheet that was not built again. Only the pages of the
// console link console.css.
func TestEveryClassHasARule(t *testing.T) {
	t.Parallel()
	site, console := ruled(static(t, "site.css")), ruled(static(t, "console.css"))
	for name, text := range pages(t) {
		if strings.HasPrefix(name, "mail/") {
			continue
		}
		for _, class := range classes(text) {
			if !strings.HasSuffix(class, "-") && !site[class] && !(console[class] && strings.HasPrefix(name, "console/")) {
				t.Errorf("%s: class %q has no rule in the style sheets of its page", name, class)
			}
		}
	}
}

// A rule for a class that no template has is left over, and what only the console needs is not in the sheet of citizens.
func TestEveryRuleHasAClass(t *testing.T) {
	t.Parallel()
	citizens, everybody := map[string]bool{}, map[string]bool{}
	for name, text := range pages(t) {
		for _, class := range classes(text) {
			everybody[class] = true
			if !strings.HasPrefix(name, "console/") {
				citizens[class] = true
			}
		}
	}
	for sheet, used := range map[string]map[string]bool{"site.css": citizens, "console.css": everybody} {
		found := ruled(static(t, sheet))
		if len(found) < 10 {
			t.Errorf("%s names %d classes, want at least 10", sheet, len(found))
		}
		for class := range found {
			completed := class[:strings.LastIndex(class, "-")+1]
			if !used[class] && !used[completed] {
				t.Errorf("%s has rules for class %q, which no template of its pages has", sheet, class)
			}
		}
	}
}

// Rules in no layer win over those in one, so that whatever an operator writes in custom.css counts, however specific
// our selector is. Their values of theme.css count because ours are in no layer either, and come first.
func TestOperatorsRulesWin(t *testing.T) {
	t.Parallel()
	order := regexp.MustCompile(`@layer ([a-z, ]+);`).FindStringSubmatch(source(t, "layers.css"))
	if order == nil {
		t.Fatal("layers.css states no order")
	}
	layers := strings.Split(order[1], ", ")
	citizens := slices.DeleteFunc(slices.Clone(layers), func(name string) bool { return name == "console" })
	for sheet, want := range map[string][]string{
		"site.css":    append([]string{strings.Join(layers, ",") + ";"}, citizens...),
		"console.css": {"console"},
		"theme.css":   {":root", "@media (prefers-color-scheme: dark)", "@media print"},
	} {
		if got := outermost(static(t, sheet)); !slices.Equal(got, want) {
			t.Errorf("%s consists of %q, want %q", sheet, got, want)
		}
	}
}

// outermost returns what the rules of a style sheet begin with that are in no other: the names of layers, and the
// prelude of everything else. A statement that orders layers keeps its semicolon.
func outermost(sheet string) []string {
	var found []string
	depth, begin := 0, 0
	sheet = regexp.MustCompile(`(?s)/\*.*?\*/`).ReplaceAllString(sheet, "")
	add := func(end int) {
		found = append(found, strings.TrimPrefix(strings.TrimSpace(sheet[begin:end]), "@layer "))
	}
	for i, c := range sheet {
		switch {
		case c == '{':
			if depth == 0 {
				add(i)
			}
			depth++
		case c == '}':
			depth--
			begin = i + 1
		case c == ';' && depth == 0:
			add(i + 1)
			begin = i + 1
		}
	}
	return found
}

// css/built.sha256 holds what the last build read and what it wrote. Together with the two tests of classes it says that
// the sheets are those that the sources give; the test needs no Node.
func TestStyleSheetsAreBuilt(t *testing.T) {
	t.Parallel()
	want := map[string]string{} // by path in templates/css
	for line := range strings.Lines(source(t, "built.sha256")) {
		sum, name, ok := strings.Cut(strings.TrimSpace(line), "  ")
		if !ok {
			t.Fatalf("built.sha256 has the line %q", line)
		}
		want[name] = sum
	}
	files := []string{"build.mjs", "package.json", "package-lock.json"}
	for prefix, folder := range map[string]string{"": "css", "../static/": "static"} {
		found, err := fs.Glob(os.DirFS(folder), "*.css")
		if err != nil || len(found) == 0 {
			t.Fatalf("Glob(%s/*.css) = %q, %v", folder, found, err)
		}
		for _, name := range found {
			files = append(files, prefix+name)
		}
	}
	for _, name := range files {
		if got := fmt.Sprintf("%x", sha256.Sum256([]byte(source(t, name)))); got != want[name] {
			t.Errorf("sha256(templates/css/%s) = %s, want %q: run make css", name, got, want[name])
		}
		delete(want, name)
	}
	for name := range want {
		t.Errorf("templates/css/%s is gone: run make css", name)
	}
}

// WCAG 2.2, 1.4.3 (text, 4.5:1) and 1.4.11 (controls and focus, 3:1), for our own theme in both schemes.
func TestThemeContrast(t *testing.T) {
	light, dark, found := strings.Cut(static(t, "theme.css"), "prefers-color-scheme: dark")
	if !found {
		t.Fatal("theme.css has no dark scheme")
	}
	grounds := []string{"ground", "surface", "accent-soft"}
	pairs := []struct {
		front   string
		backs   []string
		atLeast float64
	}{
		{"text", append(grounds, "error-soft", "warning-soft", "success-soft", "info-soft"), 7},
		{"text-subtle", grounds, 4.5},
		{"accent", grounds, 4.5},
		{"accent-strong", grounds, 4.5},
		{"on-accent", []string{"accent", "accent-strong"}, 4.5},
		{"error", []string{"ground", "error-soft"}, 4.5},
		{"warning", []string{"ground", "warning-soft"}, 4.5},
		{"success", []string{"ground", "success-soft"}, 4.5},
		{"info", []string{"ground", "info-soft"}, 4.5},
		{"on-ribbon", []string{"ribbon"}, 7},
		{"line-control", []string{"ground", "surface"}, 3},
		{"focus", []string{"ground", "surface", "focus-gap"}, 3},
	}
	for scheme, text := range map[string]string{"light": light, "dark": light + dark} {
		colours := map[string]float64{}
		for _, match := range regexp.MustCompile(`--olid-([a-z-]+): #([0-9a-f]{6});`).FindAllStringSubmatch(text, -1) {
			colours[match[1]] = luminance(t, match[2]) // the last one wins, as in the browser
		}
		for _, pair := range pairs {
			for _, back := range pair.backs {
				if got := contrast(colour(t, colours, pair.front), colour(t, colours, back)); got < pair.atLeast {
					t.Errorf("%s: %s on %s is %.2f to 1, want %.1f", scheme, pair.front, back, got, pair.atLeast)
				}
			}
		}
	}
}

// source returns a file of the folder from which the style sheets are built.
func source(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("css", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func static(t *testing.T, name string) string {
	t.Helper()
	text, err := fs.ReadFile(templates.FS, "static/"+name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func colour(t *testing.T, colours map[string]float64, name string) float64 {
	t.Helper()
	value, set := colours[name]
	if !set {
		t.Fatalf("theme.css does not set --olid-%s", name)
	}
	return value
}

// luminance is the relative luminance of WCAG 2.2 for a colour written as six hexadecimal digits.
func luminance(t *testing.T, hex string) float64 {
	t.Helper()
	var sum float64
	for i, weight := range []float64{0.2126, 0.7152, 0.0722} {
		value, err := strconv.ParseUint(hex[2*i:2*i+2], 16, 8)
		if err != nil {
			t.Fatal(err)
		}
		channel := float64(value) / 255
		if channel <= 0.04045 {
			channel /= 12.92
		} else {
			channel = math.Pow((channel+0.055)/1.055, 2.4)
		}
		sum += weight * channel
	}
	return sum
}

func contrast(a, b float64) float64 {
	return (max(a, b) + 0.05) / (min(a, b) + 0.05)
}

// Z8: with a mouse the QR code comes first and the button that opens the app is not
// there; elsewhere they are as in the page.
func TestZ8_QRCodeFirstWithAMouse(t *testing.T) {
	t.Parallel()
	const mouse = "@media (hover:hover) and (pointer:fine){.qr-app{display:none}.qr-card{order:-1}"
	if sheet := static(t, "site.css"); !strings.Contains(sheet, mouse) || strings.Count(sheet, ".qr-app") != 1 {
		t.Errorf("site.css lacks %s, or has other rules of .qr-app", mouse)
	}
}
