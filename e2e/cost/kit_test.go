package cost

import (
	"encoding/json"
	"maps"
	"slices"
	"testing"

	"omgevingsloket-id/e2e/load/seed"
	"omgevingsloket-id/e2e/site"
	"omgevingsloket-id/pkg/secret"
)

// seedOf returns the key in the authenticator app of an account.
func seedOf(a seed.Account) secret.Text { return secret.Text(a.Key) }

func decode(t testing.TB, text string) map[string]any {
	t.Helper()
	out := map[string]any{}
	site.Must(t, json.Unmarshal([]byte(text), &out))
	return out
}

func sortedNames[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
