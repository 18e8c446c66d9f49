package home_test

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"omgevingsloket-id/e2e/site"
	"omgevingsloket-id/pkg/config"
)

// Z3: the front page and help lead to the status of an application.
func TestZ3_StatusIsLinked(t *testing.T) {
	t.Parallel()
	s := site.New(t, nil)
	for _, path := range []string{"/", "/help"} {
		s.Browser().Get(path).Is(200).Says(`href="/apply/status/find"`)
	}
}

// Z5: on practice nobody is asked to declare that what they type is true.
func TestZ5_PracticeSpeaksOfPractice(t *testing.T) {
	t.Parallel()
	practice := site.New(t, nil)
	production, _ := site.NewProduction(t)
	for path, word := range map[string]string{"/": "DigiD", "/terms": "naar waarheid"} {
		for s, want := range map[*site.Site]bool{practice: false, production: true} {
			b := s.Browser()
			b.Lang = "nl"
			if got := strings.Contains(b.Get(path).Is(200).Body, word); got != want {
				t.Errorf("practice %v: %s says %q: %v, want %v", s == practice, path, word, got, want)
			}
		}
	}
}

// Z13: security.txt has a contact for security, else the helpdesk, and is valid for
// less than a year from each serving (RFC 9116 §2.5).
func TestZ13_SecurityTxt(t *testing.T) {
	t.Parallel()
	field := regexp.MustCompile(`(?m)^(Contact|Expires|Canonical): (.+)$`)
	for _, c := range []struct {
		setting  string
		helpdesk config.Helpdesk
		contact  string
	}{
		{"security@id.example", config.Helpdesk{URL: "https://desk.example/"}, "mailto:security@id.example"},
		{"https://id.example/cvd", config.Helpdesk{}, "https://id.example/cvd"},
		{"", config.Helpdesk{URL: "https://desk.example/", Email: "help@desk.example"}, "https://desk.example/"},
		{"", config.Helpdesk{Email: "help@desk.example"}, "mailto:help@desk.example"},
		{"", config.Helpdesk{}, "tel:+31881234567"},
	} {
		s, _ := site.NewProduction(t, func(conf *config.Config) {
			conf.SecurityContact, conf.Helpdesk.URL, conf.Helpdesk.Email = c.setting, c.helpdesk.URL, c.helpdesk.Email
			conf.Helpdesk.Phone = "+31 (0)88 123 45 67"
		})
		b := s.Browser()
		var expires []time.Time
		for range 2 {
			b.Get("/.well-known/security.txt").Is(http.StatusOK)
			fields := map[string]string{}
			for _, match := range field.FindAllStringSubmatch(b.Body, -1) {
				if fields[match[1]] != "" && match[1] == "Expires" {
					t.Error("two fields Expires")
				}
				fields[match[1]] = match[2]
			}
			if fields["Contact"] != c.contact || fields["Canonical"] != s.Config.Issuer+"/.well-known/security.txt" {
				t.Errorf("%q: %v, want the contact %s", c.setting, fields, c.contact)
			}
			if u, err := url.Parse(fields["Contact"]); err != nil || u.Scheme == "" {
				t.Errorf("%q: the contact is no URI: %v", c.setting, err)
			}
			at, err := time.Parse(time.RFC3339, fields["Expires"])
			site.Must(t, err)
			if left := at.Sub(s.Clock.Now()); left < 24*time.Hour || left > 365*24*time.Hour {
				t.Errorf("it is valid for %s", left)
			}
			expires = append(expires, at)
			s.Clock.Add(48 * time.Hour)
		}
		if !expires[1].After(expires[0]) {
			t.Errorf("Expires stays at %s", expires[0])
		}
	}
}

// Z13: the accessibility statement has the status, contact and date of the operator,
// or says that there are none, and what was not tested.
func TestZ13_AccessibilityStatement(t *testing.T) {
	t.Parallel()
	nl := func(s *site.Site) *site.Browser {
		b := s.Browser()
		b.Lang = "nl"
		return b.Get("/toegankelijkheid").At("/accessibility").Is(http.StatusOK)
	}
	b := nl(site.New(t, nil))
	for _, want := range []string{"Toegankelijkheidsverklaring", "nog geen status vastgesteld", "nog geen datum", `href="/help"`, "niet laten onderzoeken door een onafhankelijk bureau"} {
		b.Says(want)
	}
	if strings.Contains(b.Body, "voldoet volledig") || strings.Contains(b.Body, "ombudsman") {
		t.Error("states what the operator did not")
	}
	stated := config.Accessibility{Status: "B", Date: "2026-05-04", Organisation: "Gemeente Voorbeeld", ReportURL: "https://voorbeeld.example/onderzoek", Email: "toegankelijk@voorbeeld.example"}
	for _, status := range []string{"A", "B", "C", "D"} {
		stated.Status = status
		b := nl(site.New(t, func(c *config.Config) { c.Accessibility = stated }))
		for _, want := range []string{"Status " + status + ":", "4 mei 2026", stated.Organisation, stated.ReportURL, "mailto:" + stated.Email, "ombudsman"} {
			b.Says(want)
		}
	}
}
