package home

import (
	"testing"

	"omgevingsloket-id/e2e/pages"
)

func TestPagesFitTheirStructs(t *testing.T) {
	t.Parallel()
	pages.Check(t, "home", map[string]any{
		"home/home": &homePage{}, "home/help": &textPage{}, "home/accessibility": &accessibilityPage{}, "home/privacy": &textPage{}, "home/terms": &textPage{},
	})
}
