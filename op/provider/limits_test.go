package provider

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"omgevingsloket-id/pkg/authreq"
	"omgevingsloket-id/pkg/client"
	"omgevingsloket-id/pkg/config"
	"omgevingsloket-id/pkg/grant"
)

// Y25: README has the limits and lifetimes, as they are.
func TestY25_ReadmeHasTheLimits(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, table, _ := strings.Cut(string(text), "### Limits and lifetimes\n")
	table, _, found := strings.Cut(table, "\n### ")
	if !found {
		t.Fatal("README has no limits and lifetimes")
	}
	rows := map[string]string{}
	for line := range strings.Lines(table) {
		if cells := strings.Split(line, "|"); len(cells) == 4 {
			rows[strings.TrimSpace(cells[1])] = cells[2]
		}
	}
	defaults := config.Default(config.Production)
	general, nlgov := NewPolicy(client.General, "", false), NewPolicy(client.NLGov, "", false)
	if general.AssertionLifetime != nlgov.AssertionLifetime {
		t.Error("the policies differ in the lifetime of an assertion, which README does not say")
	}
	count := func(d, unit time.Duration, name string) string { return fmt.Sprintf(" %d %s", d/unit, name) }
	seconds := func(d time.Duration) string { return count(d, time.Second, "seconds") }
	minutes := func(d time.Duration) string { return count(d, time.Minute, "minutes") }
	days := func(d time.Duration) string { return count(d, 24*time.Hour, "days") }
	size := func(name string) string { return fmt.Sprintf(" %d bytes", authorizeForm.Fields[name]) }
	for row, want := range map[string][]string{
		"code":             {seconds(grant.CodeLifetime)},
		"ID token":         {minutes(idTokenLifetime)},
		"access token":     {minutes(accessTokenLifetime)},
		"session":          {minutes(defaults.Session.Idle) + " without use", count(defaults.Session.Absolute, time.Hour, "hours at most")},
		"login":            {minutes(authreq.Lifetime)},
		"pushed request":   {seconds(authreq.PushedLifetime)},
		"client assertion": {fmt.Sprintf(" %d seconds ahead", general.AssertionLifetime)},
		"your clock":       {seconds(clockSkew) + " ahead", seconds(general.Behind) + " behind"},
		"signing keys":     {days(defaults.Keys.Publish) + " before", days(defaults.Keys.Retain) + " after"},
		"address of a request, with everything in it": {fmt.Sprintf(" %d kB", longestBody>>10)},
		"`state`":                           {size("state")},
		"`nonce`":                           {size("nonce")},
		"`redirect_uri`":                    {size("redirect_uri")},
		"`claims`":                          {size("claims")},
		"`state` and `nonce` under `nlgov`": {fmt.Sprintf(" %d characters", shortestState)},
	} {
		for _, text := range want {
			if !strings.Contains(rows[row], text) {
				t.Errorf("README: %s is %q, want%s", row, rows[row], text)
			}
		}
		delete(rows, row)
	}
	delete(rows, "what")
	delete(rows, "---")
	for row := range rows {
		t.Errorf("README: nothing checks the row %q", row)
	}
}
