package templates_test

import (
	"io/fs"
	"math"
	"path"
	"regexp"
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
	for _, sheet := range []string{"site.css", "theme.css"} {
		if regexp.MustCompile(`url\(|@import`).MatchString(static(t, sheet)) {
			t.Errorf("%s fetches something", sheet)
		}
	}
}

// A class without a rule is a page that looks wrong, or a style sheet that was not built again.
func TestEveryClassHasARule(t *testing.T) {
	sheet := static(t, "site.css")
	attribute := regexp.MustCompile(`\sclass="((?:[^"{]|\{\{[^}]*\}\})*)"`)
	action := regexp.MustCompile(`\{\{[^}]*\}\}`)
	for name, text := range pages(t) {
		if strings.HasPrefix(name, "mail/") {
			continue
		}
		for _, match := range attribute.FindAllStringSubmatch(text, -1) {
			for _, class := range strings.Fields(action.ReplaceAllString(match[1], " ")) {
				if strings.HasSuffix(class, "-") { // completed by the template: width-{{.}}
					continue
				}
				if !regexp.MustCompile(`\.` + regexp.QuoteMeta(class) + `(?:[^\w-]|$)`).MatchString(sheet) {
					t.Errorf("%s: class %q has no rule in site.css", name, class)
				}
			}
		}
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
