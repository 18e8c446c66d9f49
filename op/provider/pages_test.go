package provider

import (
	"testing"

	"omgevingsloket-id/e2e/pages"
)

func TestPagesFitTheirStructs(t *testing.T) {
	t.Parallel()
	pages.Check(t, "logout", map[string]any{
		"logout/ask": &logoutPage{}, "logout/done": &logoutPage{},
	})
}
