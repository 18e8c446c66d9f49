package provider

import (
	"testing"

	"omgevingsloket-id/e2e/pages"
)

func TestPagesFitTheirStructs(t *testing.T) {
	t.Parallel()
	pages.Check(t, "provider", map[string]any{
		"provider/logout": &logoutPage{}, "provider/logged_out": &logoutPage{},
	})
}
