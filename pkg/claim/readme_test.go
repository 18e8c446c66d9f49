package claim_test

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"omgevingsloket-id/pkg/claim"
)

// Y23: README says which scopes give which claims.
func TestY23_ReadmeHasTheClaims(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, table, found := strings.Cut(string(text), "\n| scope | claims |\n")
	if !found {
		t.Fatal("README has no table of scopes")
	}
	table, _, _ = strings.Cut(table, "\n\n")
	rows := map[string][]string{}
	for line := range strings.Lines(table) {
		var words []string
		for _, m := range regexp.MustCompile("`([^`]*)`").FindAllStringSubmatch(line, -1) {
			words = append(words, m[1])
		}
		if len(words) > 0 {
			rows[words[0]] = words[1:]
		}
	}
	if len(rows["openid"]) == 0 || len(rows) != len(claim.Scopes()) {
		t.Errorf("README has the scopes %v, want %q", rows, claim.Scopes())
	}
	for _, scope := range claim.Scopes() {
		if scope == "openid" { // its claims are not of an account
			continue
		}
		got, want := slices.Sorted(slices.Values(rows[scope])), claim.Wanted([]string{scope}, []string{"openid", scope}, claim.Request{}, claim.InUserInfo)
		if !slices.Equal(got, want) {
			t.Errorf("README: scope %s gives %q, want %q", scope, got, want)
		}
	}
}
