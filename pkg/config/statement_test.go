package config

import (
	"strings"
	"testing"
)

func TestZ13_Statement(t *testing.T) {
	t.Parallel()
	whole := Accessibility{Status: "A", Date: "2026-12-31", Organisation: "Gemeente Voorbeeld", ReportURL: "https://a.example/r", Email: "a@a.example"}
	for path, change := range map[string]func(*Accessibility){
		"":                           func(*Accessibility) {},
		"accessibility.status":       func(a *Accessibility) { a.Status = "E" },
		"accessibility.date":         func(a *Accessibility) { a.Date = "31-12-2026" },
		"accessibility.organisation": func(a *Accessibility) { a.Organisation = " " },
		"accessibility.report_url":   func(a *Accessibility) { a.ReportURL = "" },
		"accessibility.email":        func(a *Accessibility) { a.Email = "nobody" },
	} {
		c := Config{Accessibility: whole}
		change(&c.Accessibility)
		var fs faults
		c.checkAccessibility(&fs)
		if path == "" && len(fs) != 0 || path != "" && (len(fs) != 1 || fs[0].Path != path) {
			t.Errorf("%s: faults %v", path, fs)
		}
	}
	var fs faults
	Config{}.checkAccessibility(&fs)
	Config{Accessibility: Accessibility{Status: "C", Date: "2026-12-31", Organisation: "X"}}.checkAccessibility(&fs)
	if len(fs) != 0 {
		t.Errorf("no statement, and one of first measures: faults %v", fs)
	}
}

func TestZ13_SecurityContact(t *testing.T) {
	t.Parallel()
	for setting, want := range map[string]string{
		"security@a.example": "mailto:security@a.example", "a%b@a.example": "mailto:a%25b@a.example", "https://a.example/cvd": "https://a.example/cvd", "": "",
	} {
		conf := Config{SecurityContact: setting}
		var fs faults
		conf.checkSecurityContact(&fs)
		if got := conf.SecurityURI(); got != want || len(fs) != 0 {
			t.Errorf("SecurityURI() with %q = %q, %v, want %q", setting, got, fs, want)
		}
	}
	for _, bad := range []string{"http://a.example", "a.example", "https://", "mailto:a@a.example", "https://u:p@a.example", "a@a.example\nContact: mailto:x@x.example"} {
		var fs faults
		Config{SecurityContact: bad}.checkSecurityContact(&fs)
		if len(fs) != 1 || !strings.HasPrefix(fs[0].Path, "security_contact") {
			t.Errorf("%q: faults %v, want one", bad, fs)
		}
	}
}
