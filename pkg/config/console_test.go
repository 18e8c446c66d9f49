package config

import (
	"strings"
	"testing"
	"time"
)

func TestConsole(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		env            Environment
		origin, listen string
		says           string
	}{
		{Practice, "", "", ""},
		{Production, "", "", ""},
		{Production, "https://beheer.example.nl", ":8082", ""},
		{Practice, "http://127.0.0.1:8082", "127.0.0.1:8082", ""},
		{Production, "https://beheer.example.nl", "", "but not both"},
		{Production, "", ":8082", "but not both"},
		{Production, "http://beheer.example.nl", ":8082", "console.origin"},
		{Production, "https://id.example.nl:8443", ":8082", "the issuer's own host"},
		{Production, "https://beheer.example.nl/console", ":8082", "has a path"},
		{Production, "https://beheer.example.nl/", ":8082", "slash"},
		{Production, "https://beheer.example.nl?x", ":8082", "query"},
		{Production, "https://beheer.example.nl", "nonsense", "console.listen"},
	} {
		config := Config{Environment: c.env, Issuer: "https://id.example.nl", Console: Console{Origin: c.origin, Listen: c.listen}}
		var fs faults
		config.checkConsole(&fs)
		said := ""
		if err := fs.join(); err != nil {
			said = err.Error()
		}
		if (c.says == "") != (said == "") || !strings.Contains(said, c.says) {
			t.Errorf("%s %q %q: %q, want %q", c.env, c.origin, c.listen, said, c.says)
		}
	}
}

// X19: a domain that no address can have would allow nobody.
func TestX19_Domains(t *testing.T) {
	t.Parallel()
	for domain, ok := range map[string]bool{
		"gov.example": true, "Gov.Example": true, "münchen.example": true, "mail.gov.example": true,
		"": false, "example": false, "@gov.example": false, "bas@gov.example": false, "*.gov.example": false, "https://gov.example": false, "gov example": false,
	} {
		config := Config{Console: Console{ViewsPerHour: 1, Domains: []string{"first.example", domain}}}
		var fs faults
		config.checkOfficials(&fs)
		if err := fs.join(); (err == nil) != ok || !ok && !strings.Contains(err.Error(), "console.domains[1]") {
			t.Errorf("console.domains with %q: %v, want a fault: %t", domain, err, !ok)
		}
	}
}

func TestOfficials(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		views int
		delay time.Duration
		says  string
	}{
		{100, 0, ""}, {1, 168 * time.Hour, ""}, {0, 0, "console.views_per_hour"}, {-1, 0, "console.views_per_hour"},
		{1, -time.Second, "helpdesk.address_delay"}, {1, 168*time.Hour + 1, "helpdesk.address_delay"},
	} {
		config := Config{Console: Console{ViewsPerHour: c.views}, Helpdesk: Helpdesk{AddressDelay: c.delay}}
		var fs faults
		config.checkOfficials(&fs)
		said := ""
		if err := fs.join(); err != nil {
			said = err.Error()
		}
		if (c.says == "") != (said == "") || !strings.Contains(said, c.says) {
			t.Errorf("%d %s: %q, want %q", c.views, c.delay, said, c.says)
		}
	}
}
