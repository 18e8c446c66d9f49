package testenv

import (
	"os"
	"testing"
)

// Long skips a test that is too slow for every push. `make long` runs it: it sets LONG_TESTS
// and tests the packages whose test files contain "Long(t)". The name does not begin with
// OLID_, since the program reads those as settings.
func Long(t testing.TB) {
	t.Helper()
	if os.Getenv("LONG_TESTS") == "" {
		t.Skip("too slow for every push: make long")
	}
}
