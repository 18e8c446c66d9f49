package consent

import (
	"testing"

	"omgevingsloket-id/e2e/pages"
)

func TestPagesFitTheirStructs(t *testing.T) {
	t.Parallel()
	pages.Check(t, "consent", map[string]any{
		"consent/consent": &consentPage{},
	})
}
